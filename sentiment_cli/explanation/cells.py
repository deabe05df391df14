"""What happens inside a recurrent cell from word to word? Its gates and states, by NumPy alone from its weights.

The equations are Keras' (`recurrent.cells` has them with their sources), for every activation that a configuration
may name. Nothing here is compiled or batched: it is for looking at one review, and a second opinion on the layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_cli.config.model import Model, Recurrent

Direction = Literal["forward", "backward"]
_erf = np.vectorize(math.erf, otypes=[np.float64])
# Klambauer et al. 2017 (arXiv:1706.02515).
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-np.logaddexp(0, -x)))


def _elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
    "elu": _elu,
    "selu": lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * _elu(np.minimum(x, 0))),
    "gelu": lambda x: x * (1 + _erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "exponential": np.exp,
}
# What a picture shows of each kind of cell, from top to bottom.
GATES = {"simple_rnn": (), "gru": ("update", "reset"), "lstm": ("forget", "input", "output")}


@dataclass(frozen=True)
class CellTrace:
    """The inside of one layer, in one direction, over what the network reads.

    Args:
        cell: ``simple_rnn``, ``gru`` or ``lstm``.
        layer: from 1.
        direction: ``forward`` or ``backward``; steps are in the order of the text in both.
        gates: float32[steps, units] by name, see `GATES`.
        candidate: float32[steps, units], what the gates let in.
        memory: float32[steps, units], the cell state of an LSTM; None for other cells.
        state: float32[steps, units], the output.
    """

    cell: str
    layer: int
    direction: Direction
    gates: dict[str, np.ndarray]
    candidate: np.ndarray
    memory: np.ndarray | None
    state: np.ndarray

    @property
    def panels(self) -> dict[str, np.ndarray]:
        """What is worth a look: the gates, the cell state of an LSTM, and the state."""
        named = {f"{name} gate": values for name, values in self.gates.items()}
        memory = {} if self.memory is None else {"cell state": self.memory}
        return {**named, **memory, "state" if self.memory is None else "output": self.state}

    @property
    def carried(self) -> np.ndarray:
        """What is carried from word to word: the cell state of an LSTM, else the state."""
        return self.state if self.memory is None else self.memory

    def first(self, steps: int) -> CellTrace:
        """Of the first steps alone, which leaves the padding out."""
        return CellTrace(
            self.cell,
            self.layer,
            self.direction,
            {name: values[:steps] for name, values in self.gates.items()},
            self.candidate[:steps],
            None if self.memory is None else self.memory[:steps],
            self.state[:steps],
        )


def trace_cells(
    settings: Model, weights: Mapping[str, Sequence[np.ndarray]], ids: np.ndarray, *, layer: int, direction: Direction
) -> CellTrace:
    """Read a review as the network does, up to one layer.

    Args:
        settings: the ``model`` section.
        weights: of the layers ``embedding`` and ``<cell>_<index>`` or ``bidirectional_<cell>_<index>``, as Keras
            orders them.
        ids: int[steps], the tokens, without padding where the network skips it.
        layer: from 1.
        direction: ``backward`` for bidirectional layers only.
    """
    inputs = weights["embedding"][0][ids].astype(np.float64)
    window = settings.window or len(ids)
    traces = [
        _trace_window(settings, weights, inputs[start : start + window], layer, direction)
        for start in range(0, len(ids), window)
    ]
    return _join(traces)


def _trace_window(
    settings: Model, weights: Mapping[str, Sequence[np.ndarray]], inputs: np.ndarray, layer: int, direction: Direction
) -> CellTrace:
    for index, recurrent in enumerate(settings.recurrent[:layer]):
        name = f"{recurrent.cell}_{index}"
        arrays = weights[f"bidirectional_{name}" if recurrent.bidirectional else name]
        forward = _run(recurrent, arrays[:3], inputs, index + 1, "forward")
        backward = _run(recurrent, arrays[3:], inputs, index + 1, "backward") if recurrent.bidirectional else None
        inputs = forward.state if backward is None else np.concatenate([forward.state, backward.state], axis=1)
    chosen = forward if direction == "forward" else backward
    if chosen is None:
        raise ValueError(f"layer {layer} reads in one direction; received {direction!r}")
    return chosen


def _run(
    settings: Recurrent, arrays: Sequence[np.ndarray], inputs: np.ndarray, layer: int, direction: Direction
) -> CellTrace:
    kernel, recurrent, bias = (array.astype(np.float64) for array in arrays)
    step = {"simple_rnn": _simple_rnn, "gru": _gru, "lstm": _lstm}[settings.cell]
    state = memory = np.zeros(recurrent.shape[0])
    projected = inputs @ kernel + (bias[0] if settings.cell == "gru" else bias)
    second = bias[1] if settings.cell == "gru" else 0.0
    rows = []
    for x in projected[:: -1 if direction == "backward" else 1]:
        gates, candidate, memory, state = step(settings, x, state @ recurrent + second, state, memory)
        rows.append((*gates, candidate, memory, state))
    columns = [np.asarray(column, np.float32) for column in zip(*rows, strict=True)]
    if direction == "backward":
        columns = [column[::-1] for column in columns]
    *opened, candidate, kept, states = columns
    return CellTrace(
        settings.cell,
        layer,
        direction,
        dict(zip(GATES[settings.cell], opened, strict=True)),
        candidate,
        kept if settings.cell == "lstm" else None,
        states,
    )


_Step = tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray, np.ndarray]


def _simple_rnn(settings: Recurrent, x: np.ndarray, p: np.ndarray, state: np.ndarray, memory: np.ndarray) -> _Step:
    state = ACTIVATIONS[settings.activation](x + p)
    return (), state, memory, state


def _gru(settings: Recurrent, x: np.ndarray, p: np.ndarray, state: np.ndarray, memory: np.ndarray) -> _Step:
    gate, activation = ACTIVATIONS[settings.recurrent_activation or "sigmoid"], ACTIVATIONS[settings.activation]
    (xz, xr, xh), (pz, pr, ph) = np.split(x, 3), np.split(p, 3)
    update, reset = gate(xz + pz), gate(xr + pr)
    candidate = activation(xh + reset * ph)
    return (update, reset), candidate, memory, update * state + (1 - update) * candidate


def _lstm(settings: Recurrent, x: np.ndarray, p: np.ndarray, state: np.ndarray, memory: np.ndarray) -> _Step:
    gate, activation = ACTIVATIONS[settings.recurrent_activation or "sigmoid"], ACTIVATIONS[settings.activation]
    i, f, c, o = np.split(x + p, 4)
    entering, forget, leaving, candidate = gate(i), gate(f), gate(o), activation(c)
    memory = forget * memory + entering * candidate
    return (forget, entering, leaving), candidate, memory, leaving * activation(memory)


def _join(traces: Sequence[CellTrace]) -> CellTrace:
    """Windows one after the other."""
    first = traces[0]
    memory = [trace.memory for trace in traces if trace.memory is not None]
    return CellTrace(
        first.cell,
        first.layer,
        first.direction,
        {name: np.concatenate([trace.gates[name] for trace in traces]) for name in first.gates},
        np.concatenate([trace.candidate for trace in traces]),
        np.concatenate(memory) if memory else None,
        np.concatenate([trace.state for trace in traces]),
    )


def order_units(carried: np.ndarray, growth: np.ndarray) -> np.ndarray:
    """The units, those that move with the prediction first and those that move against it last.

    Args:
        carried: float[steps, units].
        growth: float[steps], the log-odds after each step.

    Returns:
        int64[units], by the correlation over the steps; where there is none (a constant), by the last value of the
        unit, in the middle.
    """
    moves, against = carried - carried.mean(axis=0), growth - growth.mean()
    size = np.sqrt((moves**2).sum(axis=0) * (against**2).sum())
    correlation = np.divide(against @ moves, size, out=np.zeros(carried.shape[1]), where=size > 1e-12)
    return np.lexsort((-carried[-1], -np.round(correlation, 12)))
