"""How does ONNX say the pooling over time? See `model.pooling`; windows stand one after the other here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.onnx_export.graph import Graph

# Below every output of an activation that is not of astronomical size, as in `model.pooling`.
_LOWEST = -1e30


@dataclass(frozen=True)
class Outputs:
    """What is pooled.

    Args:
        values: float32[batch, time, features].
        present: bool[batch, time, 1], where there is a token; None: everywhere.
        last: float32[batch, features], the last output.
    """

    values: str
    present: str | None
    last: str


def add_pooling(
    graph: Graph, kinds: Sequence[str], outputs: Outputs, weights: Mapping[str, Sequence[np.ndarray]]
) -> str:
    """Pool over time: float32[batch, len(kinds) * features].

    Args:
        graph: where it is added.
        kinds: as in ``model.pooling``.
        outputs: of the last recurrent layer.
        weights: of ``attention_features`` and ``attention_score``, where there is attention.
    """
    pooled = [_add_kind(graph, kind, outputs, weights) for kind in kinds]
    return pooled[0] if len(pooled) == 1 else graph.add("Concat", *pooled, axis=-1)


def _add_kind(graph: Graph, kind: str, outputs: Outputs, weights: Mapping[str, Sequence[np.ndarray]]) -> str:
    if kind == "last":
        return outputs.last
    if kind == "max":
        return graph.add("ReduceMax", _where_present(graph, outputs, outputs.values, _LOWEST), axes=[1], keepdims=0)
    if kind == "mean":
        return _mean(graph, outputs)
    share = _attention(graph, outputs, weights)
    return _sum(graph, graph.add("Mul", share, outputs.values))


def _mean(graph: Graph, outputs: Outputs) -> str:
    if outputs.present is None:
        return graph.add("ReduceMean", outputs.values, axes=[1], keepdims=0)
    count = _sum(graph, graph.add("Cast", outputs.present, to=_FLOAT))
    return graph.add("Div", _sum(graph, _where_present(graph, outputs, outputs.values, 0)), count)


def _attention(graph: Graph, outputs: Outputs, weights: Mapping[str, Sequence[np.ndarray]]) -> str:
    """The share of each step: float32[batch, time, 1]."""
    (inner, bias), (outer,) = weights["attention_features"], weights["attention_score"]
    projected = graph.add("MatMul", outputs.values, graph.constant(inner, "attention_features/kernel"))
    features = graph.add("Tanh", graph.add("Add", projected, graph.constant(bias, "attention_features/bias")))
    score = graph.add("MatMul", features, graph.constant(outer, "attention_score/kernel"))
    return graph.add("Softmax", _where_present(graph, outputs, score, _LOWEST), axis=1)


def _where_present(graph: Graph, outputs: Outputs, values: str, otherwise: float) -> str:
    if outputs.present is None:
        return values
    return graph.add("Where", outputs.present, values, graph.number(otherwise))


def _sum(graph: Graph, values: str) -> str:
    return graph.add("ReduceSum", values, graph.integers(1), keepdims=0)


# onnx.TensorProto.FLOAT.
_FLOAT = 1
