"""Do commands that need no TensorFlow start without it? Several are asked in one fresh interpreter."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TENSORFLOW = {"tensorflow", "keras"}
SCHEMA = {"pydantic", "sentiment_cli.config.schema"}
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
COMMANDS = """
import json, sys
from sentiment_cli.cli import main

ended = []
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments, prog_name="sentiment")
    except SystemExit as end:
        ended.append({"code": end.code, "loaded": sorted(sys.modules)})
print(json.dumps(ended))
"""


def run_in_child(script: str, *arguments: str) -> Any:
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
    return json.loads(child.stdout.splitlines()[-1])


def run_commands(*commands: str) -> dict[str, tuple[int, set[str]]]:
    """Run commands in one child interpreter, one after the other; their exit codes, and what was loaded by then."""
    ended = run_in_child(COMMANDS, json.dumps([shlex.split(command) for command in commands]))
    return {command: (end["code"], set(end["loaded"])) for command, end in zip(commands, ended, strict=True)}


def codes(ended: dict[str, tuple[int, set[str]]]) -> dict[str, int]:
    return {command: code for command, (code, _) in ended.items()}


def loads(ended: dict[str, tuple[int, set[str]]], modules: set[str]) -> dict[str, set[str]]:
    """Which of these modules were loaded by the end of which command; those after it have them too."""
    return {command: found for command, (_, loaded) in ended.items() if (found := modules & loaded)}


def test_the_help_of_every_command_loads_no_heavy_library(workplace: Path) -> None:
    from sentiment_cli.cli import main

    result = run_in_child(EVERY_HELP)
    assert {"", *main.commands, "data check", "data import", "data stats"} == set(result["helped"])
    assert [name for name, ok in result["helped"].items() if not ok] == []
    assert HEAVY & set(result["loaded"]) == set()


def test_commands_end_without_tensorflow_and_the_schema_where_they_read_no_configuration(workplace: Path) -> None:
    run = workplace / "runs" / "first"
    run.mkdir(parents=True)
    (run / "run.json").write_text('{"status": "finished", "started": "2026-01-01"}', encoding="utf-8")
    plain = ["--version", "configs", "runs"]
    reading = ["configs lstm", "init lstm", "validate -c lstm", "data check bnb", "data stats bnb", "probe --list"]
    ended = run_commands(*plain, *reading)
    assert codes(ended) == dict.fromkeys([*plain, *reading], 0)
    assert loads(ended, TENSORFLOW) == {}
    assert loads({command: ended[command] for command in plain}, SCHEMA) == {}


def test_tables_are_imported_and_looked_at_without_tensorflow(workplace: Path) -> None:
    rows = "".join(f"review {number},{('bad', 'good')[number % 2]}\n" for number in range(20))
    (workplace / "t.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    commands = ["data import t.csv --to reviews", "data check t.csv"]
    ended = run_commands(*commands)
    assert codes(ended) == dict.fromkeys(commands, 0)
    assert loads(ended, TENSORFLOW | {"matplotlib"}) == {}
    # The second divides the reviews by scikit-learn, which looks for pandas.
    assert loads({commands[0]: ended[commands[0]]}, {"pandas", "pyarrow"}) == {}


def test_runs_are_listed_charted_compared_collected_and_reported_without_tensorflow(run_copy: Path) -> None:
    # The first has to be there within a second, and curves of letters need no picture.
    quick = ["misclassified tiny --vs tiny", "plot-history tiny --terminal --batches"]
    others = ["compare tiny tiny", "results tiny", "report tiny"]
    ended = run_commands(*quick, *others)
    assert codes(ended) == dict.fromkeys([*quick, *others], 0)
    assert loads(ended, TENSORFLOW) == {}
    assert loads({command: ended[command] for command in quick}, {"matplotlib", "sklearn"}) == {}
    assert ended[quick[0]][1] & SCHEMA == set()


@pytest.mark.slow
def test_a_baseline_that_was_computed_before_is_shown_without_tensorflow(workplace: Path) -> None:
    command = "baseline --limit 5"
    first, second = (run_commands(command)[command] for _ in range(2))
    assert (first[0], second[0]) == (0, 0)
    assert first[1] >= TENSORFLOW
    assert (TENSORFLOW | {"sklearn"}) & second[1] == set()


def test_what_fails_cheaply_fails_before_tensorflow_is_loaded(workplace: Path) -> None:
    expected = {
        "train --config no-such": 2,
        "train --set training.epochs=0": 2,
        "train --set 'pretrain={kind: word_vectors, file: no-such.txt}'": 1,
        "pretrain": 2,
        "pretrain --set pretrain.kind=word_vectors --data no/such/directory": 1,
        "train --data no/such/directory": 1,
        "train --resume no-such": 1,
        "train --workers 2": 2,
        "train --ray local --workers 1": 2,
        "train --ray local --seeds 2": 2,
        "train --set training.strategy=multi_worker": 2,
        "evaluate no-such": 1,
        "baseline --config no-such": 2,
        "baseline --data no/such/directory": 1,
        "baseline no-such": 1,
        "predict --run no-such text": 1,
        "explain": 2,
        "explain --run no-such text": 1,
        "misclassified": 1,
        "probe --run no-such": 1,
        "plot-history": 1,
        "compare no-such nor-this": 1,
        "compare -c no-such": 2,
        "compare -c lstm --cells gru --bidirectional no": 2,
        "compare -c lstm --data no/such/directory": 1,
        "compare --resume no-such": 1,
        "sweep -c no-such": 2,
        "sweep -c lstm --grid model.recurrent.0.units=0,8": 2,
        "sweep -c lstm --grid model.dropout=0,0.5 --data no/such/directory": 1,
        "sweep --resume no-such": 1,
        "export no-such --format onnx": 1,
        "evaluate no-such --cross-validate 3": 1,
        "results no-such": 1,
        "results": 1,
        "report no-such": 1,
    }
    ended = run_commands(*expected)
    assert codes(ended) == expected
    assert loads(ended, TENSORFLOW) == {}


def test_wrong_probes_are_refused_without_tensorflow(run_copy: Path) -> None:
    ended = run_commands("probe --probes no-such.yaml")
    assert codes(ended) == {"probe --probes no-such.yaml": 2}
    assert loads(ended, TENSORFLOW) == {}
