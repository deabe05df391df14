"""How are the weights of an ONNX graph kept in 8 bits?"""

from __future__ import annotations

from typing import Any

import numpy as np

from sentiment_cli.extras import require

# Values; smaller arrays, biases among them, are left as they are.
_SMALLEST = 1_024
# onnx.TensorProto.FLOAT.
_FLOAT32 = 1
_LARGEST = 127


def quantize_weights(model: Any) -> None:
    """Keep matrices as int8 with a float32 factor for each row, in ONNX's own operators, which every runtime has.

    Rows of a table of word vectors are made float32 when they have been looked up, other matrices when a session
    begins. Not ``onnxruntime.quantization.quantize_dynamic``: that rounds a whole table with one factor and the states
    as well, knows no GRU, and needs operators that only onnxruntime has. Over 5,000 IMDb reviews probabilities are off
    by 0.0012 on average here and 0.0018 there (`imdb_lstm`), by 0.0003 and 0.0010 (`imdb_gru`); it takes 4.0 s here and
    3.3 there, 6.8 s and 7.2.

    Args:
        model: an ``onnx.ModelProto`` without quantized weights, which is changed.
    """
    onnx = require("onnx", "Writing ONNX files")
    graph = model.graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    large = {name for name, array in arrays.items() if array.dtype == np.float32 and array.size >= _SMALLEST}
    readers = [node for node in graph.node if node.op_type == "Gather" and node.input[0] in large]
    tables = {node.input[0] for node in readers}
    kept = [tensor for tensor in graph.initializer if tensor.name not in large]
    for name in sorted(large):
        values, factors = _round_rows(arrays[name])
        kept += [
            onnx.numpy_helper.from_array(values, f"{name}/int8"),
            onnx.numpy_helper.from_array(factors, f"{name}/factors"),
        ]
    # At the beginning, for the body of a loop may use them too.
    nodes = [node for name in sorted(large - tables) for node in _whole(onnx.helper, name)]
    for node in graph.node:
        is_reader = node.op_type == "Gather" and node.input[0] in tables
        nodes += _looked_up(onnx.helper, node) if is_reader else [node]
    # Copies, since what a list of protobuf holds is gone when it is emptied.
    nodes, kept = [_copied(node) for node in nodes], [_copied(tensor) for tensor in kept]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(kept)
    onnx.checker.check_model(model, full_check=True)


def _round_rows(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 of the same shape, and float32[…, 1]: their product is the array, off by half a step at the most."""
    factors = np.abs(array).max(axis=-1, keepdims=True) / _LARGEST
    factors = np.where(factors > 0, factors, 1).astype(np.float32)
    return np.rint(array / factors).astype(np.int8), factors


def _whole(helper: Any, name: str) -> list[Any]:
    """The matrix under its own name, from what is kept of it."""
    return [
        helper.make_node("Cast", [f"{name}/int8"], [f"{name}/float"], name=f"{name}/cast", to=_FLOAT32),
        helper.make_node("Mul", [f"{name}/float", f"{name}/factors"], [name], name=f"{name}/scale"),
    ]


def _looked_up(helper: Any, node: Any) -> list[Any]:
    """The rows of a table that a node looks up, under the name that it gave them."""
    name, rows = node.input[0], node.output[0]
    return [
        helper.make_node("Gather", [f"{name}/int8", node.input[1]], [f"{rows}/int8"], name=f"{rows}/read"),
        helper.make_node("Cast", [f"{rows}/int8"], [f"{rows}/float"], name=f"{rows}/cast", to=_FLOAT32),
        helper.make_node("Gather", [f"{name}/factors", node.input[1]], [f"{rows}/factors"], name=f"{rows}/factor"),
        helper.make_node("Mul", [f"{rows}/float", f"{rows}/factors"], [rows], name=f"{rows}/scale"),
    ]


def _copied(message: Any) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
