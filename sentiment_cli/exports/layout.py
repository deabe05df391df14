"""What an export's directory holds, and what its ``export.json`` says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Format = Literal["saved_model", "onnx"]
FORMATS: tuple[Format, ...] = get_args(Format)
TITLES: dict[Format, str] = {"saved_model": "TensorFlow SavedModel", "onnx": "ONNX"}
FORMAT_VERSION = 1
# Of a SavedModel.
SIGNATURE = "serving_default"

RECORD_FILE = "export.json"
README_FILE = "README.md"
EXAMPLE_FILE = "example.py"


@dataclass(frozen=True)
class ExportDirectory:
    """An export's directory.

    Args:
        path: the directory itself; it need not exist yet.
    """

    path: Path

    @property
    def record_path(self) -> Path:
        """What was exported from where, and what the checks came to."""
        return self.path / RECORD_FILE

    @property
    def onnx_path(self) -> Path:
        """The ONNX graph, from token ids to probabilities."""
        return self.path / "model.onnx"

    @property
    def tokenizer_path(self) -> Path:
        """The code, without dependencies, that turns texts into token ids for it."""
        return self.path / "tokenizer.py"

    @property
    def is_export(self) -> bool:
        """Whether there is an export, which another one may replace."""
        try:
            record = json.loads(self.record_path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return False
        return isinstance(record, dict) and record.get("format") in FORMATS

    def file_sizes(self) -> dict[str, int]:
        """Bytes of every file below it, by its path with slashes, in alphabetical order."""
        files = (path for path in self.path.rglob("*") if path.is_file())
        return dict(sorted((path.relative_to(self.path).as_posix(), path.stat().st_size) for path in files))


def describe_interface(form: Format, classes: int) -> dict[str, Any]:
    """What goes in and comes out, for ``export.json``.

    Args:
        form: the format.
        classes: number of classes.
    """
    probabilities = {"name": "probabilities", "type": "float32", "shape": ["batch", classes]}
    if form == "saved_model":
        text = {"name": "text", "type": "string", "shape": ["batch"]}
        labels = {"name": "label", "type": "string", "shape": ["batch"]}
        names = {"name": "class_names", "type": "string", "shape": ["batch", classes]}
        return {"signature": SIGNATURE, "inputs": [text], "outputs": [probabilities, labels, names]}
    token_ids = {"name": "token_ids", "type": "int64", "shape": ["batch", "time"]}
    return {"inputs": [token_ids], "outputs": [probabilities]}
