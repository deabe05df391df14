"""Does `results` collect finished runs, each once, and show what they came to?"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from sentiment_cli import __version__
from sentiment_cli.checkout import package_commit
from sentiment_cli.runs import Run

Cli = Callable[..., Result]
Make = Callable[..., Run]


@pytest.fixture
def make(workplace: Path) -> Make:
    """A finished run with these figures: ``make("first", seed=1, accuracy=0.5)``; no training."""

    def write(name: str, *, seed: int = 1, accuracy: float = 0.75, units: int = 8, **changes: Any) -> Run:
        run = Run(Path("runs") / name)
        run.path.mkdir(parents=True, exist_ok=True)
        record = {
            "status": "finished",
            "ended": f"2026-03-0{seed}T10:00:00.000000+00:00",
            "config_name": "lstm",
            "config": {"model": {"units": units}, "training": {"epochs": 5, "seed": seed}},
            "commands": ["sentiment train", "sentiment train --resume first"],
            "seed": seed,
            "epochs": 5,
            "best_epoch": 3,
            "seconds": {"training": 1.5, "total": 2.5},
            "device": "CPU, 2 cores (asked for)",
            "processor": "AMD EPYC",
            "cores": 2,
            "versions": {"sentiment-cli": "0.1.0"},
            "commit": "c" * 40,
        }
        run.write_record({**record, **changes})
        figures = {"examples": 200, "accuracy": accuracy, "loss": 0.5}
        run.metrics_path.write_text(json.dumps({"test": figures, "validation": figures}), encoding="utf-8")
        return run

    return write


def test_a_trained_run_makes_a_row_of_what_its_files_say(cli: Cli, run_copy: Path) -> None:
    result = cli("results", "tiny", "-o", "results/tiny.csv", "--json")
    value = json.loads(result.stdout)
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert result.stderr == "Added to results/tiny.csv: tiny\n"
    assert list(value) == ["table", "results", "configurations"]
    (row,) = value["results"]
    record, figures = Run(run_copy).read_record(), Run(run_copy).read_metrics()["test"]
    assert (row["run"], row["split"], row["reviews"], row["seed"]) == ("tiny", "test", 16, 3)
    assert [row["accuracy_low"], row["accuracy_high"]] == figures["accuracy_interval"]
    assert (row["accuracy"], row["loss"]) == (figures["accuracy"], figures["loss"])
    assert (row["date"], row["command"]) == (record["ended"], "sentiment train -c tiny.yaml")
    assert (row["config"], row["version"], row["commit"]) == (None, __version__, package_commit())
    assert (row["seconds"], row["cores"]) == (record["seconds"]["total"], record["cores"])
    assert len(row["config_sha256"]) == 64


def test_figures_from_before_there_were_intervals_get_theirs(cli: Cli, make: Make) -> None:
    make("first", accuracy=0.725)
    (row,) = json.loads(cli("results", "first", "--json").stdout)["results"]
    assert (round(row["accuracy_low"], 4), round(row["accuracy_high"], 4)) == (0.6593, 0.7822)


def test_runs_are_appended_each_once(cli: Cli, make: Make, workplace: Path) -> None:
    make("first")
    make("second", seed=2)
    assert cli("results", "first").exit_code == 0
    assert cli("results", "first", "second").stderr == "Added to results/results.csv: second\n"
    again = cli("results", "second", "runs/first")
    assert again.stderr == "Added to results/results.csv: nothing, it has these runs already\n"
    with (workplace / "results" / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["run"], row["seed"]) for row in rows] == [("first", "1"), ("second", "2")]
    assert rows[0]["command"] == "sentiment train && sentiment train --resume first"


def test_a_run_that_was_trained_further_gets_another_row(cli: Cli, make: Make) -> None:
    make("first")
    cli("results", "first")
    make("first", ended="2026-03-09T10:00:00.000000+00:00")
    assert len(json.loads(cli("results", "first", "--json").stdout)["results"]) == 2


def test_without_runs_the_table_is_shown(cli: Cli, make: Make) -> None:
    make("first", accuracy=0.725)
    cli("results", "first")
    shown = cli("results")
    assert (shown.exit_code, shown.stderr) == (0, "")
    text = " ".join(shown.stdout.split())
    assert "first lstm test 0.7250 0.659 to 0.782 1 5 (3) 2.5 s" in text


def test_split_says_what_is_added_and_what_is_shown(cli: Cli, make: Make) -> None:
    make("first")
    cli("results", "first")
    cli("results", "first", "--split", "validation")
    parts = [row["split"] for row in json.loads(cli("results", "--json").stdout)["results"]]
    alone = [row["split"] for row in json.loads(cli("results", "--split", "validation", "--json").stdout)["results"]]
    assert (parts, alone) == (["test", "validation"], ["validation"])


def test_markdown_groups_seeds_of_the_same_settings(cli: Cli, make: Make) -> None:
    make("a", seed=1, accuracy=0.70)
    make("b", seed=2, accuracy=0.74)
    make("c", seed=3, accuracy=0.74, units=16)
    lines = cli("results", "a", "b", "c", "--markdown").stdout.splitlines()
    assert [line.split(" | ")[4:7] for line in lines[2:]] == [
        ["2", "0.7200 ± 0.0283", "2.5"],
        ["1", "0.7400", "2.5"],
    ]


def test_where_one_run_cannot_be_added_none_is(cli: Cli, make: Make) -> None:
    make("first")
    make("second", status="interrupted")
    result = cli("results", "first", "second")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == ("Error: runs/second has not finished (interrupted); only finished runs have results.\n")
    assert not Path("results").exists()


def test_a_part_that_was_not_evaluated_is_named_with_the_command(cli: Cli, make: Make) -> None:
    make("first")
    result = cli("results", "first", "--split", "train")
    assert result.stderr == (
        "Error: runs/first was not evaluated on its train part. Do that: sentiment evaluate runs/first --split train\n"
    )


@pytest.mark.parametrize("change", [{"seconds": {}}, {"config": {}}, {"versions": {}}], ids=str)
def test_a_record_that_lacks_something_is_named(cli: Cli, make: Make, change: dict[str, Any]) -> None:
    make("first", **change)
    result = cli("results", "first")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: runs/first/run.json or runs/first/metrics.json lacks what a row needs")
