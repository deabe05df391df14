"""How is an export opened by its own runtime, as those do that know nothing of this package?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.exports.batches import Classify, in_batches
from sentiment_cli.exports.layout import SIGNATURE, ExportDirectory, Format
from sentiment_cli.extras import require
from sentiment_cli.machine import available_cores
from sentiment_cli.runtime import load_tensorflow


def open_export(directory: ExportDirectory, form: Format) -> Classify:
    """Open an export, a SavedModel by TensorFlow alone, an ONNX file by onnxruntime and the tokenizer beside it.

    Only for files that were just written here: a graph of TensorFlow and the tokenizer are code, and run.

    Args:
        directory: of the export.
        form: its format.

    Returns:
        From any number of texts but none to their probabilities, float32[n, classes].

    Raises:
        MissingExtraError: onnxruntime is not installed.
    """
    return in_batches(_open_saved_model(directory) if form == "saved_model" else _open_onnx(directory))


def _open_saved_model(directory: ExportDirectory) -> Classify:
    tf = load_tensorflow()
    module = tf.saved_model.load(str(directory.path))

    def classify(texts: Sequence[str]) -> np.ndarray:
        # Through the module, whose variables would be gone were it not kept.
        outputs = module.signatures[SIGNATURE](text=tf.constant(texts, dtype=tf.string))
        return np.asarray(outputs["probabilities"])

    return classify


def _open_onnx(directory: ExportDirectory) -> Classify:
    onnxruntime = require("onnxruntime", "Opening ONNX files")
    options = onnxruntime.SessionOptions()
    # By itself it takes a thread for each core of the machine, also where a container may use two of sixty-four.
    options.intra_op_num_threads = available_cores()
    session = onnxruntime.InferenceSession(str(directory.onnx_path), options, providers=["CPUExecutionProvider"])
    tokenizer = _load_tokenizer(directory.tokenizer_path)

    def classify(texts: Sequence[str]) -> np.ndarray:
        token_ids = np.array(tokenizer.encode_batch(texts), dtype=np.int64)
        return np.asarray(session.run(["probabilities"], {"token_ids": token_ids})[0])

    return classify


def _load_tokenizer(path: Path) -> Any:
    """The tokenizer of a file, not as a module: an import would leave compiled code beside it."""
    names: dict[str, Any] = {"__name__": "tokenizer", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return names["Tokenizer"].load(path.with_suffix(".json"))
