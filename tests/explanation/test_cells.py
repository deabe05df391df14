"""Are the gates and states from NumPy those of the Keras layers?"""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import keras
import numpy as np
import pytest

from sentiment_cli.config.model import Activation, Model
from sentiment_cli.explanation.cells import ACTIVATIONS, Direction, order_units, trace_cells

CELLS = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
IDS = np.array([3, 1, 4, 2, 2, 5])


def random_weights(settings: Model, seed: int = 1) -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    weights, width = {"embedding": [rng.normal(0, 0.7, (6, settings.embedding.dim))]}, settings.embedding.dim
    for index, layer in enumerate(settings.recurrent):
        gates, n = {"simple_rnn": 1, "gru": 3, "lstm": 4}[layer.cell], layer.units
        bias = (2, gates * n) if layer.cell == "gru" else (gates * n,)
        shapes = [(width, gates * n), (n, gates * n), bias] * (2 if layer.bidirectional else 1)
        name = f"{'bidirectional_' if layer.bidirectional else ''}{layer.cell}_{index}"
        weights[name] = [rng.normal(0, 0.7, shape) for shape in shapes]
        width = n * (2 if layer.bidirectional else 1)
    return {name: [array.astype(np.float32) for array in arrays] for name, arrays in weights.items()}


def keras_outputs(settings: Model, weights: dict[str, list[np.ndarray]], layer: int, direction: Direction) -> Any:
    """All outputs of a layer in one direction, in the order of the text."""
    outputs = weights["embedding"][0][IDS][None]
    for index, recurrent in enumerate(settings.recurrent[:layer]):
        options: dict[str, Any] = {"activation": recurrent.activation, "return_sequences": True}
        if recurrent.cell != "simple_rnn":
            options["recurrent_activation"] = recurrent.recurrent_activation or "sigmoid"
        made = CELLS[recurrent.cell](recurrent.units, **options)
        if recurrent.bidirectional:
            made = keras.layers.Bidirectional(made)
        made.build(outputs.shape)
        made.set_weights(next(value for name, value in weights.items() if name.endswith(f"{recurrent.cell}_{index}")))
        outputs = np.asarray(made(outputs))
    units = settings.recurrent[layer - 1].units
    return outputs[0, :, :units] if direction == "forward" else outputs[0, :, units:]


def model(*recurrent: dict[str, Any], **values: Any) -> Model:
    return Model.model_validate({"embedding": {"dim": 4}, "recurrent": list(recurrent), **values})


@pytest.mark.parametrize(("cell", "bidirectional", "layer"), list(product(CELLS, (False, True), (1, 2))))
def test_states_equal_the_outputs_of_the_keras_layer(cell: str, bidirectional: bool, layer: int) -> None:
    settings = model(
        {"cell": "gru", "units": 2, "bidirectional": True}, {"cell": cell, "units": 3, "bidirectional": bidirectional}
    )
    if layer == 1:
        settings = model({"cell": cell, "units": 3, "bidirectional": bidirectional})
    weights = random_weights(settings)
    for direction in ("forward", "backward") if bidirectional else ("forward",):
        trace = trace_cells(settings, weights, IDS, layer=layer, direction=direction)
        np.testing.assert_allclose(trace.state, keras_outputs(settings, weights, layer, direction), atol=1e-5)


@pytest.mark.parametrize("activation", get_args(Activation))
def test_every_activation_is_that_of_keras(activation: str) -> None:
    x = np.linspace(-7, 7, 141)
    expected = np.asarray(keras.activations.get(activation)(x.astype(np.float32)))
    np.testing.assert_allclose(ACTIVATIONS[activation](x), expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_other_activations_are_used_where_the_settings_say(cell: str) -> None:
    gates = {} if cell == "simple_rnn" else {"recurrent_activation": "hard_sigmoid"}
    settings = model({"cell": cell, "units": 3, "activation": "softsign", **gates})
    weights = random_weights(settings)
    trace = trace_cells(settings, weights, IDS, layer=1, direction="forward")
    np.testing.assert_allclose(trace.state, keras_outputs(settings, weights, 1, "forward"), atol=1e-5)


def test_an_lstm_of_one_unit_by_hand() -> None:
    # Input 1, no state: all gates sigmoid(0) = 1/2 but the candidate, tanh(1); then the second step the same.
    settings = model({"cell": "lstm", "units": 1}, embedding={"dim": 1})
    kernel = np.array([[0.0, 0.0, 1.0, 0.0]])
    weights = {"embedding": [np.ones((2, 1))], "lstm_0": [kernel, np.zeros((1, 4)), np.zeros(4)]}
    trace = trace_cells(settings, weights, np.array([1, 1]), layer=1, direction="forward")
    candidate = np.tanh(1)
    assert trace.memory is not None
    np.testing.assert_allclose(trace.memory[:, 0], [candidate / 2, candidate / 4 + candidate / 2], rtol=1e-6)
    np.testing.assert_allclose(trace.state[:, 0], np.tanh(trace.memory[:, 0]) / 2, rtol=1e-6)
    assert list(trace.panels) == ["forget gate", "input gate", "output gate", "cell state", "output"]


def test_windows_begin_afresh() -> None:
    settings = model({"cell": "gru", "units": 3, "bidirectional": True}, pooling="max", window=4)
    weights = random_weights(settings)
    whole = trace_cells(settings, weights, IDS, layer=1, direction="backward")
    plain = settings.model_copy(update={"window": None})
    parts = [trace_cells(plain, weights, ids, layer=1, direction="backward") for ids in (IDS[:4], IDS[4:])]
    np.testing.assert_array_equal(whole.state, np.concatenate([part.state for part in parts]))
    assert whole.gates["update"].shape == (6, 3)


def test_units_that_move_with_the_prediction_come_first() -> None:
    growth = np.array([0.0, 1.0, 2.0])
    carried = np.array([[2.0, 0.0, 5.0], [1.0, 1.0, 5.0], [0.0, 2.0, 5.0]])
    assert order_units(carried, growth).tolist() == [1, 2, 0]
    assert order_units(carried, np.zeros(3)).tolist() == [2, 1, 0]  # by the last value
