"""How is an ONNX graph put together, node by node?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sentiment_cli.extras import require

# The oldest with all that is used here; onnxruntime reads it since 1.12.
OPSET = 17
_IR_VERSION = 8


class Graph:
    """A graph that grows; values are named by strings, as ONNX has it.

    The body of a loop shares the constants of the graph around it.

    Args:
        outer: the graph that this one is a part of; None: the whole.
    """

    def __init__(self, outer: Graph | None = None) -> None:
        self._onnx = require("onnx", "Exporting to ONNX")
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = outer._constants if outer else {}
        self._counts: dict[str, int] = outer._counts if outer else {}

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node with one output, whose name is returned; an input ``""`` is left out."""
        return self.add_many(operator, 1, *inputs, **attributes)[0]

    def add_many(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """A node with several outputs, whose names are returned."""
        name = self._name(operator)
        names = [f"{name}:{index}" for index in range(outputs)] if outputs > 1 else [name]
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, names, name=name, **attributes))
        return names

    def constant(self, values: Any, name: str | None = None) -> str:
        """Numbers that do not change.

        Args:
            values: an array, or what makes one.
            name: of weights; None: named by what they are, once for equal ones.
        """
        array = np.asarray(values)
        name = name or f"{array.dtype}{array.tolist()}"
        if name not in self._constants:
            self._constants[name] = self._onnx.numpy_helper.from_array(array, name)
        return name

    def integers(self, *values: int) -> str:
        """Sizes, axes or positions: int64[len(values)]."""
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        """A float32 without dimensions."""
        return self.constant(np.float32(value))

    def rename(self, value: str, name: str) -> str:
        """The same value under a name for others."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name], name=name))
        return name

    def tensor(self, name: str, dtype: str, shape: Sequence[str | int]) -> Any:
        """The description of an input or an output.

        Args:
            name: of the value.
            dtype: as NumPy has it.
            shape: sizes, or the names of those that change.
        """
        number = self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self._onnx.helper.make_tensor_value_info(name, number, shape)

    def body(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """This graph as the body of a loop in the one around it."""
        return self._onnx.helper.make_graph(self._nodes, name, inputs, outputs)

    def fresh(self, name: str) -> str:
        """A name that nothing else has."""
        return self._name(name)

    def model(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any], **about: Any) -> Any:
        """The whole as a checked ``onnx.ModelProto``.

        Args:
            name: of the graph.
            inputs: from `tensor`.
            outputs: from `tensor`.
            about: fields of ``onnx.ModelProto``, such as ``doc_string``.
        """
        helper = self._onnx.helper
        graph = helper.make_graph(self._nodes, name, inputs, outputs, list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, **about)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _name(self, stem: str) -> str:
        count = self._counts[stem] = self._counts.get(stem, 0) + 1
        return f"{stem}_{count}"
