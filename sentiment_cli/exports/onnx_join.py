"""How do several ONNX graphs become one that gives the mean of their probabilities?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentiment_cli.extras import require

_INPUT, _OUTPUT = "token_ids", "probabilities"


def join_networks(models: Sequence[Any]) -> Any:
    """Put networks beside each other.

    Args:
        models: ``onnx.ModelProto`` of `onnx_export`, at least two, which read the same token ids.

    Returns:
        One with the same input and output.
    """
    onnx = require("onnx", "Writing ONNX files")
    named = [_renamed(model.graph, f"network_{number}/") for number, model in enumerate(models, start=1)]
    means = [f"network_{number}/{_OUTPUT}" for number in range(1, len(models) + 1)]
    first = models[0].graph
    graph = onnx.helper.make_graph(
        [
            *(node for graph in named for node in graph.node),
            onnx.helper.make_node("Mean", means, [_OUTPUT], name="mean"),
        ],
        first.name,
        [value for value in first.input if value.name == _INPUT],
        list(first.output),
        [tensor for graph in named for tensor in graph.initializer],
    )
    joined = onnx.helper.make_model(
        graph,
        opset_imports=models[0].opset_import,
        ir_version=models[0].ir_version,
        producer_name=models[0].producer_name,
        producer_version=models[0].producer_version,
        doc_string=models[0].doc_string,
    )
    onnx.checker.check_model(joined, full_check=True)
    return joined


def _renamed(graph: Any, prefix: str) -> Any:
    """A copy whose values and nodes have other names, all but the input.

    Not ``onnx.compose.add_prefix``: within the body of a loop that leaves the names of weights outside as they were.
    """
    copy = type(graph)()
    copy.CopyFrom(graph)
    _rename(copy, prefix)
    return copy


def _rename(graph: Any, prefix: str) -> None:
    for node in graph.node:
        node.name = prefix + node.name
        for names in (node.input, node.output):
            # An input without a name is one that is left out.
            names[:] = [prefix + name if name not in ("", _INPUT) else name for name in names]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, prefix)
    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = prefix + value.name if value.name != _INPUT else _INPUT
