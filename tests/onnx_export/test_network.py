"""Does onnxruntime give the probabilities of Keras, whatever the network, the batch and the padding?"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from sentiment_cli import __version__
from sentiment_cli.config.model import Activation
from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError
from sentiment_cli.extras import MissingExtraError
from sentiment_cli.model.network import build_network
from sentiment_cli.onnx_export import write_onnx
from sentiment_cli.onnx_export.network import build_onnx

CELLS = ("simple_rnn", "gru", "lstm")
POOLINGS = (["last"], ["max"], ["mean"], ["attention"], ["mean", "last", "attention", "max"])
VOCABULARY, LENGTH = 11, 6
# As long as can be, one token, two windows of three of which the second has two tokens, one window.
REVIEWS = np.array([[2, 3, 4, 5, 6, 7], [8, 0, 0, 0, 0, 0], [9, 10, 1, 2, 3, 0], [4, 5, 6, 0, 0, 0]])


def make_config(*recurrent: dict[str, Any], **model: Any) -> Config:
    embedding = model.pop("embedding", {"dim": 4})
    return Config.model_validate(
        {
            "text": {"sequence_length": LENGTH},
            "model": {"embedding": embedding, "recurrent": list(recurrent), **model},
        }
    )


def make_network(config: Config, classes: int = 2, threads: int | None = None, scale: float = 0.35) -> Any:
    """A network whose every weight is random, biases too; small enough that nothing grows without a bound."""
    network = build_network(config, VOCABULARY, classes, threads=threads)
    rng = np.random.default_rng(1)
    network.set_weights([rng.normal(0, scale, weight.shape) for weight in network.get_weights()])
    return network


def by_keras(network: Any, token_ids: np.ndarray) -> np.ndarray:
    """float64[batch, classes]."""
    logits = np.asarray(network(token_ids, training=False), np.float64)
    if logits.shape[1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def by_onnx(model: Any, token_ids: np.ndarray) -> np.ndarray:
    content = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert [value.name for value in session.get_inputs()] == ["token_ids"]
    (probabilities,) = session.run(["probabilities"], {"token_ids": np.asarray(token_ids, np.int64)})
    return np.asarray(probabilities)


def check(config: Config, classes: int = 2, scale: float = 0.35) -> Any:
    """Compare both on the reviews, in a batch and under more padding; returns the model."""
    network = make_network(config, classes, scale=scale)
    model = build_onnx(config, network)
    expected = by_keras(network, REVIEWS)
    assert expected.shape == (len(REVIEWS), classes)
    assert np.ptp(expected, axis=0).min() > 1e-3  # reviews are told apart at all
    np.testing.assert_allclose(by_onnx(model, REVIEWS), expected, atol=1e-5)
    np.testing.assert_allclose(by_onnx(model, np.pad(REVIEWS, ((0, 0), (0, 5)))), expected, atol=1e-5)
    return model


def operators(model: Any) -> set[str]:
    return {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("pooling", POOLINGS, ids="+".join)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_direction_and_pooling_equals_keras(cell: str, bidirectional: bool, pooling: list[str]) -> None:
    check(make_config({"cell": cell, "units": 3, "bidirectional": bidirectional}, pooling=pooling))


@pytest.mark.parametrize("window", [1, 3, 4, 6])
@pytest.mark.parametrize("pooling", [["mean"], ["attention", "max", "mean"]], ids="+".join)
def test_windows_equal_keras(pooling: list[str], window: int) -> None:
    check(make_config({"cell": "gru", "units": 3, "bidirectional": True}, pooling=pooling, window=window))


@pytest.mark.parametrize(("cell", "bidirectional"), list(product(CELLS, (False, True))))
def test_windows_of_each_cell_and_direction_equal_keras(cell: str, bidirectional: bool) -> None:
    check(make_config({"cell": cell, "units": 3, "bidirectional": bidirectional}, pooling=["max"], window=4))


@pytest.mark.parametrize(("cell", "bidirectional"), list(product(CELLS, (False, True))))
def test_stacked_layers_equal_keras(cell: str, bidirectional: bool) -> None:
    first = {"cell": cell, "units": 3, "bidirectional": bidirectional}
    check(make_config(first, {**first, "units": 2}, {"cell": "gru", "units": 4}, pooling=["last", "max"]))


@pytest.mark.parametrize("activation", get_args(Activation))
def test_each_activation_of_cells_gates_and_dense_layers_equals_keras(activation: str) -> None:
    layers = (
        {"cell": "lstm", "units": 3, "activation": activation, "bidirectional": True},
        {"cell": "gru", "units": 3, "recurrent_activation": activation, "bidirectional": True},
        {"cell": "simple_rnn", "units": 3, "activation": activation},
    )
    dense = [{"units": 4, "activation": activation, "dropout": 0.5}]
    scale = 0.1 if activation == "exponential" else 0.35
    model = check(make_config(*layers, pooling=["last", "max"], dense=dense), 3, scale)
    in_runtime = activation in ("tanh", "sigmoid", "relu")
    assert operators(model) & {"LSTM", "GRU", "RNN", "Scan"} == ({"LSTM", "GRU", "RNN"} if in_runtime else {"Scan"})


@pytest.mark.parametrize(
    "layer",
    [
        {"cell": "simple_rnn", "activation": "gelu"},
        {"cell": "gru", "activation": "silu"},
        {"cell": "lstm", "recurrent_activation": "hard_sigmoid"},
    ],
)
@pytest.mark.parametrize("mask", [False, True])
def test_a_loop_with_and_without_a_mask_equals_keras(layer: dict[str, str], mask: bool) -> None:
    config = make_config({**layer, "units": 3}, pooling=["last", "mean"], embedding={"dim": 4, "mask": mask})
    assert "Scan" in operators(check(config))


@pytest.mark.parametrize("pooling", POOLINGS, ids="+".join)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_without_a_mask_the_padding_is_read_up_to_the_sequence_length(bidirectional: bool, pooling: list[str]) -> None:
    layer = {"cell": "lstm", "units": 3, "bidirectional": bidirectional}
    config = make_config(layer, pooling=pooling, embedding={"dim": 4, "mask": False})
    model = check(config)
    expected = by_keras(make_network(config), REVIEWS[1:2])
    np.testing.assert_allclose(by_onnx(model, REVIEWS[1:2, :1]), expected, atol=1e-5)


def test_dropout_is_for_training_alone() -> None:
    layer = {"cell": "lstm", "units": 3, "dropout": 0.5, "recurrent_dropout": 0.5}
    model = check(make_config(layer, embedding={"dim": 4, "dropout": 0.5, "word_dropout": 0.5}, dropout=0.5))
    assert "Dropout" not in operators(model)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_there_is_a_probability_for_every_class(classes: int) -> None:
    model = check(make_config({"cell": "gru", "units": 3}), classes)
    np.testing.assert_allclose(by_onnx(model, REVIEWS).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("model", [{}, {"pooling": "max", "window": 3}, {"embedding": {"dim": 4, "mask": False}}])
def test_a_review_is_the_same_alone_and_an_empty_one_is_an_unknown_token(model: dict[str, Any]) -> None:
    built = build_onnx(config := make_config({"cell": "lstm", "units": 3}, **model), make_network(config))
    together = by_onnx(built, REVIEWS)
    for row, expected in zip(REVIEWS, together, strict=True):
        np.testing.assert_allclose(
            by_onnx(built, row[None, : max(np.count_nonzero(row), 1)]), expected[None], atol=1e-6
        )
    unknown = by_onnx(built, np.array([[1]]))
    np.testing.assert_allclose(by_onnx(built, np.zeros((2, 4))), np.repeat(unknown, 2, axis=0), atol=1e-6)
    assert abs(unknown - together).max() > 1e-3


def test_a_token_that_the_vocabulary_does_not_have_is_refused() -> None:
    config = make_config({"cell": "lstm", "units": 3})
    with pytest.raises(Exception, match="out of data bounds"):
        by_onnx(build_onnx(config, make_network(config)), np.array([[VOCABULARY]]))


class TestWriteOnnx:
    CONFIG = make_config({"cell": "lstm", "units": 3, "bidirectional": True}, pooling=["last", "max"])

    def test_writes_a_compiled_network_with_what_is_said_of_it(self, tmp_path: Path) -> None:
        network = make_network(self.CONFIG, threads=1)
        path = tmp_path / "new" / "model.onnx"
        write_onnx(path, self.CONFIG, VOCABULARY, network, {"classes": '["bad", "good"]'})
        np.testing.assert_allclose(by_onnx(path.read_bytes(), REVIEWS), by_keras(network, REVIEWS), atol=1e-5)
        model = onnx.load(path)
        assert {one.key: one.value for one in model.metadata_props} == {"classes": '["bad", "good"]'}
        assert (model.producer_name, model.producer_version) == ("sentiment", __version__)
        assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]

    def test_takes_operators_that_runtimes_have_had_for_years(self, tmp_path: Path) -> None:
        write_onnx(tmp_path / "model.onnx", self.CONFIG, VOCABULARY, make_network(self.CONFIG))
        model = onnx.load(tmp_path / "model.onnx")
        assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
        assert model.ir_version == 8
        (lstm,) = (node for node in model.graph.node if node.op_type == "LSTM")
        assert lstm.input[4]  # the lengths of the reviews

    def test_writes_the_same_bytes_for_the_same_network(self, tmp_path: Path) -> None:
        network = make_network(self.CONFIG)
        for name in ("one.onnx", "two.onnx"):
            write_onnx(tmp_path / name, self.CONFIG, VOCABULARY, network)
        assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()

    def test_refuses_more_weights_than_a_file_holds(self, tmp_path: Path) -> None:
        class Huge:
            def get_weights(self) -> list[np.ndarray]:
                return [np.broadcast_to(np.float32(0), (10_000_000, 64))]

        with pytest.raises(
            RunError, match=r"the network has 2\.6 GB of weights, and an ONNX file holds two\. Export it"
        ):
            write_onnx(tmp_path / "model.onnx", self.CONFIG, VOCABULARY, Huge())
        assert not list(tmp_path.iterdir())

    def test_without_onnx_says_what_installs_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "onnx", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'sentiment-cli\[export\]'"):
            write_onnx(tmp_path / "model.onnx", self.CONFIG, VOCABULARY, None)

    def test_keeps_the_weights_of_a_layer_under_its_name(self, tmp_path: Path) -> None:
        network = make_network(self.CONFIG)
        write_onnx(tmp_path / "model.onnx", self.CONFIG, VOCABULARY, network)
        kept = {
            one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(tmp_path / "model.onnx").graph.initializer
        }
        assert isinstance(network.get_layer("embedding"), keras.layers.Embedding)
        np.testing.assert_array_equal(kept["embedding/table"], network.get_layer("embedding").get_weights()[0])
        assert kept["bidirectional_lstm_0/W"].shape == (2, 12, 4)
