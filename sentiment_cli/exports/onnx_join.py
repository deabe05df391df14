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
    named = [
        onnx.compose.add_prefix(model, f"network_{number}/", rename_inputs=False)
        for number, model in enumerate(models, start=1)
    ]
    means = [f"network_{number}/{_OUTPUT}" for number in range(1, len(models) + 1)]
    first = models[0].graph
    graph = onnx.helper.make_graph(
        [
            *(node for model in named for node in model.graph.node),
            onnx.helper.make_node("Mean", means, [_OUTPUT], name="mean"),
        ],
        first.name,
        [value for value in first.input if value.name == _INPUT],
        list(first.output),
        [tensor for model in named for tensor in model.graph.initializer],
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
