"""How does ONNX say a recurrent layer of Keras?

By the operators ``RNN``, ``GRU`` and ``LSTM``, with the lengths of the reviews for a mask, where its activations
are those that all runtimes have; by ``Scan`` with the equations of the cell where they are others. Time comes first
everywhere here: values are float32[time, rows, features].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.config.model import Recurrent
from sentiment_cli.onnx_export.activations import activate
from sentiment_cli.onnx_export.graph import Graph

_OPERATORS = {"simple_rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
_NAMES = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
# How often the first activation of the operator (of the gates) and the other come in it.
_ACTIVATIONS = {"simple_rnn": (0, 1), "gru": (1, 1), "lstm": (1, 2)}
# Keras has i f c o, ONNX i o f c; of a GRU both have z r h.
_GATES = {"simple_rnn": (0,), "gru": (0, 1, 2), "lstm": (0, 3, 1, 2)}


@dataclass(frozen=True)
class Steps:
    """Where there is something to read.

    Args:
        lengths: int32[rows], steps of each row.
        present: bool[time, rows, 1], the same for each step.
    """

    lengths: str
    present: str


@dataclass(frozen=True)
class Weights:
    """Those of one direction, as Keras has them.

    Args:
        kernel: float32[features, gates * units].
        recurrent: float32[units, gates * units].
        bias: float32[gates * units], or float32[2, gates * units] of a GRU: of the input and of the state.
    """

    kernel: np.ndarray
    recurrent: np.ndarray
    bias: np.ndarray


def add_recurrent(
    graph: Graph, settings: Recurrent, name: str, weights: Sequence[np.ndarray], x: str, steps: Steps | None
) -> tuple[str, str]:
    """Add a recurrent layer.

    Args:
        graph: where it is added.
        settings: of the layer.
        name: of its weights in the graph.
        weights: of the Keras layer, three for each direction.
        x: float32[time, rows, features].
        steps: None: all steps of all rows are read.

    Returns:
        All outputs float32[time, rows, directions * units], which mean nothing where there is nothing to read, and the
        last one of each row and direction, float32[rows, directions * units].
    """
    directions = [Weights(*weights[start : start + 3]) for start in range(0, len(weights), 3)]
    if {settings.activation, settings.recurrent_activation or "sigmoid"} <= _NAMES.keys():
        return _add_operator(graph, settings, name, directions, x, steps)
    results = [
        _add_scan(graph, settings, f"{name}/{index}", direction, (x, steps), backwards=index == 1)
        for index, direction in enumerate(directions)
    ]
    outputs, states = zip(*results, strict=True)
    return _side_by_side(graph, outputs), _side_by_side(graph, states)


def _add_operator(
    graph: Graph, settings: Recurrent, name: str, directions: Sequence[Weights], x: str, steps: Steps | None
) -> tuple[str, str]:
    cell, count = settings.cell, len(directions)
    of_gates, others = _ACTIVATIONS[cell]
    gates = _NAMES[settings.recurrent_activation or "sigmoid"]
    options = {"linear_before_reset": 1} if cell == "gru" else {}
    outputs, state = graph.add_many(
        _OPERATORS[cell],
        2,
        x,
        graph.constant(np.stack([_gates_first(cell, one.kernel) for one in directions]), f"{name}/W"),
        graph.constant(np.stack([_gates_first(cell, one.recurrent) for one in directions]), f"{name}/R"),
        graph.constant(np.stack([_both_biases(cell, one.bias) for one in directions]), f"{name}/B"),
        steps.lengths if steps else "",
        hidden_size=settings.units,
        direction="bidirectional" if count == 2 else "forward",
        activations=([gates] * of_gates + [_NAMES[settings.activation]] * others) * count,
        **options,
    )
    side_by_side = graph.add("Transpose", outputs, perm=[0, 2, 1, 3])
    last = graph.add("Transpose", state, perm=[1, 0, 2])
    features = count * settings.units
    return (
        graph.add("Reshape", side_by_side, graph.integers(0, 0, features)),
        graph.add("Reshape", last, graph.integers(0, features)),
    )


def _gates_first(cell: str, matrix: np.ndarray) -> np.ndarray:
    """float32[inputs, gates * units] of Keras as float32[gates * units, inputs] in the order of ONNX."""
    gates = np.split(matrix, len(_GATES[cell]), axis=-1)
    return np.concatenate([gates[index] for index in _GATES[cell]], axis=-1).T


def _both_biases(cell: str, bias: np.ndarray) -> np.ndarray:
    """float32[2 * gates * units]: of the input, then of the state, which only a GRU of Keras has."""
    both = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    return _gates_first(cell, both).T.reshape(-1)


def _add_scan(
    graph: Graph, settings: Recurrent, name: str, weights: Weights, read: tuple[str, Steps | None], *, backwards: bool
) -> tuple[str, str]:
    """One direction, step by step; where there is nothing to read, the state stays as it is."""
    x, steps = read
    units, gates = settings.units, len(_GATES[settings.cell])
    input_bias = weights.bias if weights.bias.ndim == 1 else weights.bias[0]
    kernel = graph.constant(weights.kernel, f"{name}/kernel")
    projected = graph.add("Add", graph.add("MatMul", x, kernel), graph.constant(input_bias, f"{name}/bias"))
    states = [graph.fresh(f"{name}/{kind}_before") for kind in _STATES[settings.cell]]
    step, present = graph.fresh(f"{name}/input"), graph.fresh(f"{name}/present")

    body = Graph(outer=graph)
    new = _STEPS[settings.cell](body, settings, _Cell(name, weights, step, states))
    if steps:
        new = [body.add("Where", present, after, before) for after, before in zip(new, states, strict=True)]
    output = body.add("Identity", new[0])
    sequences = [body.tensor(step, "float32", ["rows", gates * units])]
    if steps:
        sequences.append(body.tensor(present, "bool", ["rows", 1]))
    inner = [body.tensor(before, "float32", ["rows", units]) for before in states]
    outer = [body.tensor(after, "float32", ["rows", units]) for after in [*new, output]]

    zeros = _zeros(graph, x, units)
    scanned = [projected, *([steps.present] if steps else [])]
    way = {"scan_input_directions": [1] * len(scanned), "scan_output_directions": [1]} if backwards else {}
    last, *_, outputs = graph.add_many(
        "Scan",
        len(states) + 1,
        *[zeros] * len(states),
        *scanned,
        body=body.body(name, [*inner, *sequences], outer),
        num_scan_inputs=len(scanned),
        **way,
    )
    return outputs, last


@dataclass(frozen=True)
class _Cell:
    """What a step of `_add_scan` begins with: its weights, its input times the kernel, and the states before."""

    name: str
    weights: Weights
    step: str
    states: list[str]


def _step_rnn(body: Graph, settings: Recurrent, cell: _Cell) -> list[str]:
    recurrent = body.constant(cell.weights.recurrent, f"{cell.name}/recurrent")
    total = body.add("Add", cell.step, body.add("MatMul", cell.states[0], recurrent))
    return [activate(body, settings.activation, total)]


def _step_gru(body: Graph, settings: Recurrent, cell: _Cell) -> list[str]:
    (before,), gate = cell.states, settings.recurrent_activation or "sigmoid"
    recurrent = body.constant(cell.weights.recurrent, f"{cell.name}/recurrent")
    bias = body.constant(cell.weights.bias[1], f"{cell.name}/recurrent_bias")
    sizes = body.integers(*[settings.units] * 3)
    of_state = body.add("Add", body.add("MatMul", before, recurrent), bias)
    input_z, input_r, input_h = body.add_many("Split", 3, cell.step, sizes, axis=-1)
    state_z, state_r, state_h = body.add_many("Split", 3, of_state, sizes, axis=-1)
    update = activate(body, gate, body.add("Add", input_z, state_z))
    reset = activate(body, gate, body.add("Add", input_r, state_r))
    new = activate(body, settings.activation, body.add("Add", input_h, body.add("Mul", reset, state_h)))
    kept, rest = body.add("Mul", update, before), body.add("Sub", body.number(1), update)
    return [body.add("Add", kept, body.add("Mul", rest, new))]


def _step_lstm(body: Graph, settings: Recurrent, cell: _Cell) -> list[str]:
    (before, memory), gate = cell.states, settings.recurrent_activation or "sigmoid"
    recurrent = body.constant(cell.weights.recurrent, f"{cell.name}/recurrent")
    total = body.add("Add", cell.step, body.add("MatMul", before, recurrent))
    gates = body.add_many("Split", 4, total, body.integers(*[settings.units] * 4), axis=-1)
    taken, kept, shown = (activate(body, gate, gates[index]) for index in (0, 1, 3))
    new = activate(body, settings.activation, gates[2])
    memory = body.add("Add", body.add("Mul", kept, memory), body.add("Mul", taken, new))
    return [body.add("Mul", shown, activate(body, settings.activation, memory)), memory]


_STATES = {"simple_rnn": ("state",), "gru": ("state",), "lstm": ("state", "memory")}
_STEPS: dict[str, Callable[[Graph, Recurrent, _Cell], list[str]]] = {
    "simple_rnn": _step_rnn,
    "gru": _step_gru,
    "lstm": _step_lstm,
}


def _zeros(graph: Graph, x: str, units: int) -> str:
    """The state before the first step: float32[rows, units] for x float32[time, rows, features]."""
    rows = graph.add("Shape", x, start=1, end=2)
    return graph.add("Expand", graph.number(0), graph.add("Concat", rows, graph.integers(units), axis=0))


def _side_by_side(graph: Graph, values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else graph.add("Concat", *values, axis=-1)
