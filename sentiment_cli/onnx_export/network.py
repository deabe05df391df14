"""Which ONNX graph gives the probabilities of a network?

It is built from the weights by hand. tf2onnx translates TensorFlow's graph, in which Keras' loop over time with a mask
becomes a ``Loop`` of some twenty nodes a step, where ONNX has an operator for each cell: 42 ms instead of 16 for an
LSTM 32 on 64 reviews of up to 200 tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli import __version__
from sentiment_cli.atomic import replacing
from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError
from sentiment_cli.extras import require
from sentiment_cli.model.network import stock_copy
from sentiment_cli.onnx_export.activations import activate
from sentiment_cli.onnx_export.graph import Graph
from sentiment_cli.onnx_export.pooling import Outputs, add_pooling
from sentiment_cli.onnx_export.recurrent import Steps, add_recurrent
from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID

# What protobuf can write is less than this; the nodes take a few kilobytes of it.
_MOST_BYTES = 2**31 - 2**20
# onnx.TensorProto.INT32.
_INT32 = 6


def write_onnx(
    path: Path, config: Config, vocabulary_size: int, network: Any, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a network as an ONNX file, whole or not at all.

    Its input is ``token_ids`` int64[batch, time], padded on the right with 0 to any length (a row of nothing but
    padding is read as one unknown token); its output ``probabilities`` float32[batch, classes], one for every class,
    also of two.

    Args:
        path: ``….onnx``.
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        network: from `model.network.build_network`, with its weights, in stock Keras layers or not.
        metadata: texts that are kept in the file (``metadata_props``), such as the names of the classes.

    Raises:
        MissingExtraError: onnx is not installed.
        RunError: the weights are more than an ONNX file holds, two gigabytes.
    """
    onnx = require("onnx", "Exporting to ONNX")
    size = sum(weight.nbytes for weight in network.get_weights())
    if size > _MOST_BYTES:
        raise RunError(
            f"{path}: the network has {size / 1e9:.1f} GB of weights, and an ONNX file holds two. "
            "Export it as a SavedModel, or train one with fewer text.max_tokens or a smaller model.embedding.dim."
        )
    model = build_onnx(config, stock_copy(network, config, vocabulary_size))
    onnx.helper.set_model_props(model, dict(metadata or {}))
    with replacing(path) as temporary:
        onnx.save(model, str(temporary))


def build_onnx(config: Config, network: Any) -> Any:
    """The ``onnx.ModelProto`` of a network in stock Keras layers, see `write_onnx`."""
    graph = Graph()
    token_ids = graph.tensor("token_ids", "int64", ["batch", "time"])
    pooled = _add_reading(graph, config, network, _add_tokens(graph, config, "token_ids"))
    for index, dense in enumerate(config.model.dense):
        pooled = activate(graph, dense.activation, _add_dense(graph, network, f"dense_{index}", pooled))
    logits = _add_dense(graph, network, "logits", pooled)
    classes = max(network.output_shape[-1], 2)
    graph.rename(_add_probabilities(graph, logits, classes), "probabilities")
    return graph.model(
        "sentiment",
        [token_ids],
        [graph.tensor("probabilities", "float32", ["batch", classes])],
        producer_name="sentiment",
        producer_version=__version__,
        doc_string="token_ids: padded on the right with 0; unknown tokens are 1. probabilities: of every class.",
    )


def _add_tokens(graph: Graph, config: Config, token_ids: str) -> str:
    """The ids int64[batch, time] that are read: an empty row gets its unknown token, and the width is made to fit."""
    if not config.model.embedding.mask:
        # Padding is read, so that there is as much of it as in training.
        width = config.text.sequence_length
        token_ids = graph.add("Slice", _pad(graph, token_ids, width), *_columns(graph, width))
    highest = graph.add("ReduceMax", token_ids, axes=[1], keepdims=1)
    is_empty = graph.add("Equal", highest, graph.integers(PADDING_ID))
    first = graph.add("Equal", _positions(graph, token_ids), graph.integers(0))
    return graph.add("Where", graph.add("And", is_empty, first), graph.integers(UNKNOWN_ID), token_ids)


def _pad(graph: Graph, token_ids: str, count: int) -> str:
    """So many columns of padding more, on the right."""
    return graph.add("Pad", token_ids, graph.integers(0, 0, 0, count), graph.constant(np.int64(PADDING_ID)))


def _columns(graph: Graph, end: int) -> tuple[str, str, str]:
    """Arguments of a Slice of the first so many columns."""
    return graph.integers(0), graph.integers(end), graph.integers(1)


def _positions(graph: Graph, token_ids: str) -> str:
    """The number of each column from 0: int64[time]."""
    time = graph.add("Squeeze", graph.add("Shape", token_ids, start=1), graph.integers(0))
    return graph.add("Range", graph.constant(np.int64(0)), time, graph.constant(np.int64(1)))


def _add_reading(graph: Graph, config: Config, network: Any, token_ids: str) -> str:
    """Embedding, recurrent layers and pooling: float32[batch, features]."""
    settings = config.model
    rows = token_ids if settings.window is None else _add_windows(graph, token_ids, settings.window)
    present, steps = _add_steps(graph, rows) if settings.embedding.mask else ("", None)
    table = graph.constant(_weights(network, "embedding")[0], "embedding/table")
    x, last = graph.add("Gather", table, graph.add("Transpose", rows, perm=[1, 0])), ""
    for index, layer in enumerate(settings.recurrent):
        name = f"{'bidirectional_' if layer.bidirectional else ''}{layer.cell}_{index}"
        x, last = add_recurrent(graph, layer, name, _weights(network, name), x, steps)
    if settings.pooling == ["last"]:
        return last
    values = graph.add("Transpose", x, perm=[1, 0, 2])
    if settings.window is not None:
        features = settings.recurrent[-1].units * (2 if settings.recurrent[-1].bidirectional else 1)
        values, present = _join(graph, token_ids, values, features), _join(graph, token_ids, present, 1)
    names = ("attention_features", "attention_score") if "attention" in settings.pooling else ()
    weights = {name: _weights(network, name) for name in names}
    return add_pooling(graph, settings.pooling, Outputs(values, present or None, last), weights)


def _add_windows(graph: Graph, token_ids: str, window: int) -> str:
    """int64[batch * windows, window]: those of a review one after the other, the last one padded."""
    time = graph.add("Shape", token_ids, start=1)
    whole = graph.add("Div", graph.add("Add", time, graph.integers(window - 1)), graph.integers(window))
    end = graph.add("Mul", whole, graph.integers(window))
    padded = _pad(graph, token_ids, window - 1)
    kept = graph.add("Slice", padded, graph.integers(0), end, graph.integers(1))
    return graph.add("Reshape", kept, graph.integers(-1, window))


def _add_steps(graph: Graph, rows: str) -> tuple[str, Steps]:
    """Where there is a token, bool[rows, time, 1], and what is read: of a window without tokens the first step."""
    is_token = graph.add("Not", graph.add("Equal", rows, graph.integers(PADDING_ID)))
    is_first = graph.add("Equal", _positions(graph, rows), graph.integers(0))
    read = graph.add("Or", is_token, is_first)
    lengths = graph.add("ReduceSum", graph.add("Cast", read, to=_INT32), graph.integers(1), keepdims=0)
    time_first = graph.add("Transpose", read, perm=[1, 0])
    step = graph.add("Unsqueeze", time_first, graph.integers(2))
    return graph.add("Unsqueeze", is_token, graph.integers(2)), Steps(lengths, step)


def _join(graph: Graph, token_ids: str, value: str, features: int) -> str:
    """``[batch * windows, window, features]`` as ``[batch, windows * window, features]``."""
    batch = graph.add("Shape", token_ids, end=1)
    return graph.add("Reshape", value, graph.add("Concat", batch, graph.integers(-1, features), axis=0))


def _add_dense(graph: Graph, network: Any, name: str, x: str) -> str:
    kernel, bias = _weights(network, name)
    product = graph.add("MatMul", x, graph.constant(kernel, f"{name}/kernel"))
    return graph.add("Add", product, graph.constant(bias, f"{name}/bias"))


def _add_probabilities(graph: Graph, logits: str, classes: int) -> str:
    """float32[batch, classes]; two classes have one logit, of the second."""
    if classes > 2:
        return graph.add("Softmax", logits, axis=-1)
    second = graph.add("Sigmoid", logits)
    return graph.add("Concat", graph.add("Sub", graph.number(1), second), second, axis=-1)


def _weights(network: Any, name: str) -> list[np.ndarray]:
    return [np.asarray(weight) for weight in network.get_layer(name).get_weights()]
