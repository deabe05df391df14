"""Does `export` say what it wrote and how far it is from the run, and refuse what cannot be?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]


def test_it_says_what_was_written_how_it_was_checked_and_how_long_it_takes(cli: Cli, run_copy: Path) -> None:
    result = cli("export", "--format", "onnx", "--measure")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == f"export      {Path('runs/tiny/exports/onnx')}"
    assert lines[1] == "format      ONNX"
    assert lines[3].startswith("checked     10 validation reviews, by onnxruntime ")
    assert lines[4].startswith("difference  ")
    assert lines[4].endswith(" of a probability at the most; no label differs")
    assert [line.split("  ")[0].strip() for line in lines[8:]] == ["this package", "model.keras", "export"]
    assert result.stderr.splitlines() == [
        f"Run: {Path('runs/tiny')} (the newest finished one)",
        f"To try it: python {Path('runs/tiny/exports/onnx/example.py')} < reviews.txt",
    ]


def test_8_bits_are_shown_with_both_accuracies_and_json_is_one_object(cli: Cli, run_copy: Path, tmp_path: Path) -> None:
    plain = cli("export", "tiny", "--format", "onnx", "--quantize", "-o", tmp_path / "small")
    assert plain.stdout.splitlines()[1] == "format      ONNX, weights in 8 bits"
    accuracy = json.loads((run_copy / "metrics.json").read_text(encoding="utf-8"))["validation"]["accuracy"]
    assert plain.stdout.splitlines()[5].endswith(f", of the run {accuracy:.4f}")
    again = cli("export", "tiny", "--format", "onnx", "--quantize", "-o", tmp_path / "small", "--force", "--json")
    value = json.loads(again.stdout)
    assert again.stdout.count("\n") == 1
    assert (value["format"], value["quantized"], value["latency"]) == ("onnx", True, None)
    assert value["size_bytes"] == sum(value["files"].values())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "Missing option '--format'"),
        (["--format", "pickle"], 2, "'pickle' is not one of 'saved_model', 'onnx'"),
        (["--format", "saved_model", "--quantize"], 2, "Expected --format onnx with it"),
        (["--format", "onnx", "--reviews", "0"], 2, "--reviews"),
        (["--format", "onnx", "-o", "runs"], 1, "runs exists and is no export"),
        (["no-such", "--format", "onnx"], 1, 'No run "no-such"'),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, run_copy: Path, arguments: list[str], code: int, message: str) -> None:
    result = cli("export", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
