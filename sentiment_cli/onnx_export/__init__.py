"""A network as an ONNX graph, and the tokenizer that goes with it as one file of plain Python."""

from sentiment_cli.onnx_export.files import tokenizer_source, write_tokenizer
from sentiment_cli.onnx_export.network import write_onnx

__all__ = ["tokenizer_source", "write_onnx", "write_tokenizer"]
