"""How does ONNX say the activations of Keras? As operators that every runtime has, of opset 17 and older."""

from __future__ import annotations

import math
from collections.abc import Callable

from sentiment_cli.config.model import Activation
from sentiment_cli.onnx_export.graph import Graph


def activate(graph: Graph, kind: Activation, x: str) -> str:
    """Add the nodes of an activation (keras/src/activations, 3.15) and return its output, of the shape of ``x``."""
    return _ACTIVATIONS[kind](graph, x)


def _operator(name: str, **attributes: float) -> Callable[[Graph, str], str]:
    return lambda graph, x: graph.add(name, x, **attributes)


def _between(lowest: float, highest: float) -> Callable[[Graph, str], str]:
    return lambda graph, x: graph.add("Clip", x, graph.number(lowest), graph.number(highest))


def _gelu(graph: Graph, x: str) -> str:
    below = graph.add("Erf", graph.add("Mul", x, graph.number(math.sqrt(0.5))))
    return graph.add("Mul", graph.add("Mul", x, graph.number(0.5)), graph.add("Add", below, graph.number(1)))


def _silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def _mish(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Tanh", graph.add("Softplus", x)))


_ACTIVATIONS: dict[Activation, Callable[[Graph, str], str]] = {
    "tanh": _operator("Tanh"),
    "sigmoid": _operator("Sigmoid"),
    "relu": _operator("Relu"),
    "linear": lambda _, x: x,
    "elu": _operator("Elu"),
    "selu": _operator("Selu"),
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _operator("Softplus"),
    "softsign": _operator("Softsign"),
    "hard_sigmoid": _operator("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hard_tanh": _between(-1, 1),
    "leaky_relu": _operator("LeakyRelu", alpha=0.2),
    "relu6": _between(0, 6),
    "mish": _mish,
    "exponential": _operator("Exp"),
}
