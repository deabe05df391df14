"""Do commands that need no TensorFlow start without it? Each runs in an interpreter of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TENSORFLOW = {"tensorflow", "keras"}
HEAVY = TENSORFLOW | {"matplotlib", "sklearn", "numpy"}

# The last line that these print is a JSON object with what was loaded when they ended.
EVERY_HELP = """
import json, sys
import click
from click.testing import CliRunner
import sentiment_cli.cli

def commands(command, names):
    yield names
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, [*names, name])

helped = {}
for names in commands(sentiment_cli.cli.main, []):
    result = CliRunner().invoke(sentiment_cli.cli.main, [*names, "--help"], catch_exceptions=False)
    helped[" ".join(names)] = result.exit_code == 0 and result.output.startswith("Usage: ")
print(json.dumps({"helped": helped, "loaded": sorted(sys.modules)}))
"""
ONE_COMMAND = """
import json, sys
from sentiment_cli.cli import main

try:
    main(json.loads(sys.argv[1]), prog_name="sentiment")
except SystemExit as end:
    print(json.dumps({"code": end.code, "loaded": sorted(sys.modules)}))
"""


def run_in_child(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script in a child interpreter, in the current directory; what its last line says."""
    child = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    value: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return value


def run_command(*arguments: str) -> dict[str, Any]:
    return run_in_child(ONE_COMMAND, json.dumps(arguments))


def test_the_help_of_every_command_loads_no_heavy_library(workplace: Path) -> None:
    from sentiment_cli.cli import main

    result = run_in_child(EVERY_HELP)
    assert {"", *main.commands, "data check", "data import", "data stats"} == set(result["helped"])
    assert [name for name, ok in result["helped"].items() if not ok] == []
    assert HEAVY & set(result["loaded"]) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["configs"],
        ["configs", "lstm"],
        ["init", "lstm"],
        ["runs"],
        ["validate", "-c", "lstm"],
        ["data", "check", "bnb"],
        ["data", "stats", "bnb"],
        ["probe", "--list"],
    ],
    ids=" ".join,
)
def test_command_ends_without_tensorflow(workplace: Path, arguments: list[str]) -> None:
    run = workplace / "runs" / "first"
    run.mkdir(parents=True)
    (run / "run.json").write_text('{"status": "finished", "started": "2026-01-01"}', encoding="utf-8")
    result = run_command(*arguments)
    assert result["code"] == 0
    assert TENSORFLOW & set(result["loaded"]) == set()


def test_tables_are_imported_and_looked_at_without_tensorflow(workplace: Path) -> None:
    rows = "".join(f"review {number},{('bad', 'good')[number % 2]}\n" for number in range(20))
    (workplace / "t.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    for arguments in (["data", "import", "t.csv", "--to", "reviews"], ["data", "check", "t.csv"]):
        result = run_command(*arguments)
        assert result["code"] == 0
        assert (TENSORFLOW | {"matplotlib", "pandas", "pyarrow"}) & set(result["loaded"]) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["configs"], ["runs"]])
def test_command_that_reads_no_configuration_ends_without_its_schema(workplace: Path, arguments: list[str]) -> None:
    result = run_command(*arguments)
    assert result["code"] == 0
    assert {"pydantic", "sentiment_cli.config.schema"} & set(result["loaded"]) == set()


def test_runs_are_compared_collected_reported_and_listed_without_tensorflow(run_copy: Path) -> None:
    listing = ["misclassified", "tiny", "--vs", "tiny"]
    for arguments in (["compare", "tiny", "tiny"], ["results", "tiny"], ["report", "tiny"], listing):
        result = run_command(*arguments)
        assert result["code"] == 0
        assert TENSORFLOW & set(result["loaded"]) == set()
    # The last of them has to be there within a second.
    assert {"matplotlib", "sklearn"} & set(result["loaded"]) == set()


def test_curves_are_drawn_with_letters_without_tensorflow_and_matplotlib(run_copy: Path) -> None:
    result = run_command("plot-history", "tiny", "--terminal", "--batches")
    assert result["code"] == 0
    assert (TENSORFLOW | {"matplotlib", "sklearn"}) & set(result["loaded"]) == set()


def test_wrong_probes_are_refused_without_tensorflow(run_copy: Path) -> None:
    result = run_command("probe", "--probes", "no-such.yaml")
    assert result["code"] == 2
    assert TENSORFLOW & set(result["loaded"]) == set()


@pytest.mark.slow
def test_a_baseline_that_was_computed_before_is_shown_without_tensorflow(workplace: Path) -> None:
    first, second = (run_command("baseline", "--limit", "5") for _ in range(2))
    assert (first["code"], second["code"]) == (0, 0)
    assert set(first["loaded"]) >= TENSORFLOW
    assert (TENSORFLOW | {"sklearn"}) & set(second["loaded"]) == set()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["train", "--config", "no-such"], 2),
        (["train", "--set", "training.epochs=0"], 2),
        (["train", "--set", "pretrain={kind: word_vectors, file: no-such.txt}"], 1),
        (["pretrain"], 2),
        (["pretrain", "--set", "pretrain.kind=word_vectors", "--data", "no/such/directory"], 1),
        (["train", "--data", "no/such/directory"], 1),
        (["train", "--resume", "no-such"], 1),
        (["evaluate", "no-such"], 1),
        (["baseline", "--config", "no-such"], 2),
        (["baseline", "--data", "no/such/directory"], 1),
        (["baseline", "no-such"], 1),
        (["predict", "--run", "no-such", "text"], 1),
        (["explain"], 2),
        (["explain", "--run", "no-such", "text"], 1),
        (["misclassified"], 1),
        (["probe", "--run", "no-such"], 1),
        (["plot-history"], 1),
        (["compare", "no-such", "nor-this"], 1),
        (["compare", "-c", "no-such"], 2),
        (["compare", "-c", "lstm", "--cells", "gru", "--bidirectional", "no"], 2),
        (["compare", "-c", "lstm", "--data", "no/such/directory"], 1),
        (["compare", "--resume", "no-such"], 1),
        (["sweep", "-c", "no-such"], 2),
        (["sweep", "-c", "lstm", "--grid", "model.recurrent.0.units=0,8"], 2),
        (["sweep", "-c", "lstm", "--grid", "model.dropout=0,0.5", "--data", "no/such/directory"], 1),
        (["sweep", "--resume", "no-such"], 1),
        (["evaluate", "no-such", "--cross-validate", "3"], 1),
        (["results", "no-such"], 1),
        (["results"], 1),
        (["report", "no-such"], 1),
        (["export", "no-such", "--format", "onnx"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_fails_cheaply_fails_before_tensorflow_is_loaded(workplace: Path, arguments: list[str], code: int) -> None:
    result = run_command(*arguments)
    assert result["code"] == code
    assert TENSORFLOW & set(result["loaded"]) == set()
