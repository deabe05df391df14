"""Does `runs` list what is there, finished, unfinished or damaged?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Cli = Callable[..., Result]


def test_a_run_is_shown_with_its_figures(cli: Cli, run_copy: Path) -> None:
    record = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    metrics = json.loads((run_copy / "metrics.json").read_text(encoding="utf-8"))
    result = cli("runs")
    assert (result.exit_code, result.stderr) == (0, "")
    head, rule, row = result.stdout.splitlines()
    assert head.split() == ["run", "status", "epochs", "best", "parameters", "time", "validation", "test"]
    assert set(rule.strip()) == {"─"}
    cells = row.split()
    assert cells[:5] == ["tiny", "finished", "2", str(record["best_epoch"]), str(record["parameters"])]
    assert cells[-2:] == [f"{metrics[part]['accuracy']:.4f}" for part in ("validation", "test")]


def test_json_is_one_object_with_a_list_of_runs(cli: Cli, run_copy: Path) -> None:
    result = cli("runs", "--json")
    (row,) = json.loads(result.stdout)["runs"]
    assert result.stdout.count("\n") == 1
    assert (row["run"], row["status"], row["epochs"]) == ("tiny", "finished", 2)
    assert 0 <= row["test_accuracy"] <= 1


def test_runs_are_listed_oldest_first_with_unfinished_and_damaged_ones(cli: Cli, run_copy: Path) -> None:
    runs = run_copy.parent
    for name, content in (
        ("a-later", '{"status": "running", "started": "2999-01-01"}'),
        ("z-first", '{"status": "interrupted", "started": "2001-01-01", "epochs": 1, "best_epoch": null}'),
        ("broken", '{"status": "finished'),
    ):
        (runs / name).mkdir()
        (runs / name / "run.json").write_text(content, encoding="utf-8")
    (runs / "no-run").mkdir()
    result = cli("runs")
    rows = [line.split()[:2] for line in result.stdout.splitlines()[2:]]
    assert result.exit_code == 0
    assert rows == [["broken", "damaged"], ["z-first", "interrupted"], ["tiny", "finished"], ["a-later", "running"]]


def test_damaged_metrics_do_not_hide_the_other_runs(cli: Cli, run_copy: Path) -> None:
    shutil.copytree(run_copy, run_copy.with_name("other"))
    (run_copy / "metrics.json").write_text("[]", encoding="utf-8")
    rows = json.loads(cli("runs", "--json").stdout)["runs"]
    assert {row["run"]: row["status"] for row in rows} == {"other": "finished", "tiny": "damaged"}
    assert next(row["problem"] for row in rows if row["run"] == "tiny") == (
        "runs/tiny/metrics.json: expected a JSON object of objects."
    )


def test_without_runs_it_says_how_to_make_one(cli: Cli, workplace: Path) -> None:
    result = cli("runs")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"There are no runs in {workplace / 'runs'}. Train one: sentiment train\n"
    assert json.loads(cli("runs", "--json").stdout) == {"runs": [], "ladders": [], "sweeps": []}
