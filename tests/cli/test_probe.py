"""Does `probe` show what it found in every form, fail where a gate says so, and can no probe harm who reads it?"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sentiment_cli.cli.probe import DOMAINS
from sentiment_cli.probes.suite import load_suite
from sentiment_cli.resources import shipped_probes
from sentiment_cli.runs import Run

Cli = Callable[..., Result]
MINE = r"""
lexicons: {nasty: [dirty, rude, awful]}
probes:
  turned:
    type: mft
    capability: words
    description: The other way round.
    templates: {positive: ["{nasty} {nasty2} \e[31m[red]x[/red] \u202e"]}
  calm:
    type: inv
    capability: change
    description: Marks do not matter.
    change: {rewrite: punctuation}
    templates: ["{nasty} room."]
  fair: {type: mft, capability: words, description: Neither., templates: {neutral: [the room]}}
"""


@pytest.fixture
def mine(run_copy: Path) -> Path:
    path = Path("mine.yaml")
    path.write_text(MINE, encoding="utf-8")
    return path


def result(cli: Cli, *arguments: str | Path) -> dict[str, Any]:
    found = cli("probe", "--json", *arguments)
    assert (found.exit_code, found.stdout.count("\n")) == (0, 1), found.stderr
    value: dict[str, Any] = json.loads(found.stdout)
    return value


def test_json_is_one_object_with_the_run_and_every_probe(cli: Cli, mine: Path) -> None:
    value = result(cli, "--run", "tiny", "--probes", mine, "--cases", "6")
    assert list(value) == ["run", "seed", "cases", "frame", "split", "polarity", "neutral", "probes"]
    assert (value["run"], value["cases"], value["split"]) == ("runs/tiny", 6, None)
    turned, calm, fair = value["probes"]
    assert (turned["name"], turned["cases"], turned["failures"], turned["failure_rate"]) == ("turned", 6, 6, 1.0)
    assert turned["failure_interval"] == pytest.approx([0.6097, 1.0], abs=1e-4)  # 1 / (1 + 1.96² / 6)
    assert (calm["cases"], calm["failures"], calm["type"]) == (3, 0, "inv")
    assert (fair["cases"], fair["failure_rate"]) == (0, None)
    assert fair["skipped"].startswith("the run has no class for neutral")
    assert Run(Path("runs/tiny")).probes_path.exists()


def test_the_table_shows_rates_the_worst_failures_and_what_was_skipped_harmlessly(cli: Cli, mine: Path) -> None:
    found = cli("probe", "--probes", mine)
    assert found.exit_code == 0
    lines = [" ".join(line.split()) for line in found.stdout.splitlines()]
    assert "words turned mft 6 6 1.00 (0.61 to 1.00)" in lines
    assert "change calm inv 3 0 0.00 (0.00 to 0.56)" in lines
    (skipped,) = (line for line in lines if line.startswith("skipped, since the run has no class for neutral"))
    assert skipped.endswith(": fair")
    assert "turned, 6 of 6 fail. The other way round." in lines
    assert "[red]x[/red]" in found.stdout
    assert not set(found.stdout) & set("\x1b\u202e")
    assert lines[-1] == "2 probes, 9 cases, 6 failures"
    assert found.stdout.count("expected good, found bad") == 1
    assert cli("probe", "--probes", mine, "-v").stdout.count("expected good, found bad") == 5
    assert cli("probe", "--probes", mine, "--top", "0").stdout.count("expected") == 0


def test_csv_and_jsonl_have_a_line_for_each_probe(cli: Cli, mine: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("probe", "--probes", mine, "--format", "csv").stdout)))
    assert [(row["suite"], row["probe"], row["cases"], row["failures"]) for row in rows] == [
        ("mine", "turned", "6", "6"),
        ("mine", "calm", "3", "0"),
        ("mine", "fair", "0", "0"),
    ]
    assert rows[2]["failure_rate"] == rows[2]["low"] == ""
    lines = [json.loads(line) for line in cli("probe", "--probes", mine, "--format", "jsonl").stdout.splitlines()]
    assert lines == result(cli, "--probes", mine)["probes"]


def test_a_file_is_a_list_or_a_picture_by_its_ending(cli: Cli, mine: Path) -> None:
    found = cli("probe", "--probes", mine, "-o", "found.csv")
    assert (found.exit_code, found.stdout) == (0, "")
    assert Path("found.csv").read_text(encoding="utf-8").startswith("suite,probe,")
    found = cli("probe", "--probes", mine, "-o", "found.svg")
    assert found.exit_code == 0 and "turned" in found.stdout
    assert "<svg" in Path("found.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("gates", "code", "lines"),
    [
        (["1"], 0, []),
        (["0.5"], 3, ["Gate failed: 1.0000 of mine/turned fail, expected at most 0.5"]),
        (["change=0", "calm=0", "mine/calm=0"], 0, []),
        (["words=0.9", "calm=0"], 3, ["Gate failed: 1.0000 of mine/turned fail, expected at most 0.9"]),
        (["fair=0.9"], 3, ["Gate failed: fair was skipped, expected at most 0.9 to fail"]),
    ],
)
def test_a_gate_ends_with_three(cli: Cli, mine: Path, gates: list[str], code: int, lines: list[str]) -> None:
    found = cli("probe", "-q", "--probes", mine, *(f"--fail-over={gate}" for gate in gates))
    assert found.exit_code == code
    assert found.stderr.splitlines() == lines
    assert "turned" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail-over", "turnd=0.1"], 'no probe and no capability "turnd" is tried; did you mean "turned"?'),
        (["--fail-over", "2"], "expected X or NAME=X with a number from 0 to 1, received '2'"),
        (["--fail-over", "nan"], "received 'nan'"),
        (["--only", "turnd"], 'No probe and no capability "turnd"; did you mean "turned"?'),
        (["--positive", "god"], '--positive: the run has no class "god"; did you mean "good"?'),
        (["--json", "--format", "csv"], "--json and --format csv exclude each other"),
        (["--list", "--init"], "--list, --show and --init exclude each other"),
        (["--show", "trned"], 'did you mean "turned"?'),
        (["--frame", "20"], "--frame needs a lexicon called neutral in mine.yaml"),
    ],
)
def test_what_cannot_be_meant_is_refused(cli: Cli, mine: Path, arguments: list[str], message: str) -> None:
    found = cli("probe", "-q", "--probes", mine, *arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert message in found.stderr


def test_a_wrong_file_is_refused_with_its_lines(cli: Cli, run_copy: Path) -> None:
    Path("wrong.yaml").write_text("probes:\n  a: {type: mtf}\n  b: 3\n", encoding="utf-8")
    found = cli("probe", "-q", "--probes", "wrong.yaml")
    assert found.exit_code == 2
    assert found.stderr == (
        "Error: 2 problems in the file of probes\n"
        "wrong.yaml:2: probes.a.type: expected one of 'mft', 'inv' or 'dir', received the text \"mtf\"; "
        'did you mean "mft"?\n'
        "wrong.yaml:3: probes.b: expected keys and values, received 3\n"
    )


def test_a_part_of_the_probes_is_not_kept(cli: Cli, mine: Path) -> None:
    found = cli("probe", "--probes", mine, "--only", "turned,change")
    assert "Not kept in the run, since --only leaves some out" in found.stderr
    assert not Run(Path("runs/tiny")).probes_path.exists()


def test_probes_are_listed_and_shown_without_a_run(cli: Cli, workplace: Path) -> None:
    listed = json.loads(cli("probe", "--list", "--json").stdout)["probes"]
    assert {row["suite"] for row in listed} == set(shipped_probes()) == set(DOMAINS) - {"all"}
    assert "simple_negation" in cli("probe", "--list", "--domain", "film").stdout
    shown = cli("probe", "--show", "film/names_swapped").stdout
    assert "swap:" in shown and "For example:\n  same: " in shown
    assert len(json.loads(cli("probe", "--show", "typos", "--json").stdout)["probes"]) == 2


def test_a_starter_file_is_written_once_and_works(cli: Cli, run_copy: Path) -> None:
    assert cli("probe", "--init", "-o", "my.yaml").stdout == "my.yaml\n"
    assert load_suite(Path("my.yaml")).name == "my"
    assert cli("probe", "--probes", "my.yaml", "--cases", "2").exit_code == 0
    found = cli("probe", "--init", "-o", "my.yaml")
    assert (found.exit_code, found.stderr) == (
        1,
        "Error: my.yaml exists; choose another file with -o, or replace it with --force.\n",
    )
    assert cli("probe", "--init", "-o", "my.yaml", "--force").exit_code == 0
