"""Does `evaluate` show the figures of a run, on every part and on other data, and hold its gates?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import write_reviews

Cli = Callable[..., Result]
KEYS = [
    "accuracy",
    "accuracy_interval",
    "average_precision",
    "calibration",
    "class_names",
    "classes",
    "confusion_matrix",
    "examples",
    "intervals",
    "linear_baseline",
    "loss",
    "macro_f1",
    "majority_baseline",
    "network",
    "roc_auc",
    "run",
    "split",
]


def test_json_is_one_object_with_exactly_the_keys_of_the_contract(cli: Cli, run_copy: Path) -> None:
    result = cli("evaluate", "tiny", "--json")
    value = json.loads(result.stdout)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert sorted(value) == KEYS
    assert (value["run"], value["split"], value["examples"]) == ("runs/tiny", "test", 16)
    assert value["class_names"] == list(value["classes"]) == ["bad", "good"]
    assert [sorted(row) for row in value["classes"].values()] == [["f1", "precision", "recall", "support"]] * 2
    assert [sum(row) for row in value["confusion_matrix"]] == [8, 8]  # rows are the actual classes, 8 reviews of each
    assert value["majority_baseline"] == 0.5


@pytest.mark.parametrize(("split", "examples"), [("train", 30), ("validation", 10)])
def test_every_part_can_be_evaluated(cli: Cli, run_copy: Path, split: str, examples: int) -> None:
    value = json.loads(cli("evaluate", "tiny", "--split", split, "--json").stdout)
    assert (value["split"], value["examples"]) == (split, examples)


def test_the_text_has_the_figures_of_the_json_object(cli: Cli, run_copy: Path) -> None:
    value = json.loads(cli("evaluate", "tiny", "--json").stdout)
    lines = [" ".join(line.split()) for line in cli("evaluate", "tiny").stdout.splitlines()]
    assert lines[:2] == ["run runs/tiny", "split test, 16 reviews"]
    low, high = value["accuracy_interval"]
    assert f"accuracy {value['accuracy']:.4f} (95 %: {low:.3f} to {high:.3f})" in lines
    assert "baseline 0.5000 (always the most frequent class)" in lines
    assert f"ROC AUC {value['roc_auc']:.4f}" in lines
    good = value["classes"]["good"]
    assert f"good {good['precision']:.4f} {good['recall']:.4f} {good['f1']:.4f} 8" in lines
    assert "actual \\ predicted bad good" in lines
    assert "bad {} {}".format(*value["confusion_matrix"][0]) in lines


def test_the_newest_finished_run_is_taken_and_said_on_stderr(cli: Cli, run_copy: Path) -> None:
    older = run_copy.with_name("older")
    shutil.copytree(run_copy, older)
    record = json.loads((older / "run.json").read_text(encoding="utf-8"))
    (older / "run.json").write_text(json.dumps({**record, "started": "2001-01-01"}), encoding="utf-8")
    newer = run_copy.with_name("unfinished")
    shutil.copytree(run_copy, newer)
    unfinished = {**record, "started": "2999-01-01", "status": "interrupted"}
    (newer / "run.json").write_text(json.dumps(unfinished), encoding="utf-8")
    result = cli("evaluate")
    assert result.stderr.splitlines()[0] == "Run: runs/tiny (the newest finished one)"
    assert "run       runs/tiny" in result.stdout


def test_other_data_are_evaluated_beside_the_run(cli: Cli, run_copy: Path, workplace: Path) -> None:
    write_reviews(workplace / "other", {"bad": ["dirty cold"], "good": ["lovely warm", "kind"]})
    result = cli("evaluate", "tiny", "--data", "other", "--json")
    value = json.loads(result.stdout)
    assert (value["split"], value["examples"], value["majority_baseline"]) == ("all", 3, 2 / 3)
    assert result.stderr.endswith("Files: runs/tiny/evaluations/other\n")
    assert (run_copy / "evaluations" / "other" / "predictions.csv").is_file()


def test_where_a_class_has_no_reviews_the_auc_is_null_and_said_to_be_undefined(
    cli: Cli, run_copy: Path, workplace: Path
) -> None:
    write_reviews(workplace / "other", {"good": ["lovely warm", "kind"]})
    assert json.loads(cli("evaluate", "tiny", "--data", "other", "--json").stdout)["roc_auc"] is None
    assert "ROC AUC   undefined (a class has no reviews)\n" in cli("evaluate", "tiny", "--data", "other").stdout


def test_split_and_other_data_exclude_each_other(cli: Cli, run_copy: Path) -> None:
    result = cli("evaluate", "tiny", "--data", "bnb", "--split", "train")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: --split train is for the run's own data; of other data the test part is used, or all.\n"
    )


def test_a_gate_that_holds_ends_with_0(cli: Cli, run_copy: Path) -> None:
    assert cli("evaluate", "tiny", "--fail-under", "accuracy=0", "--fail-under", "macro_f1=0").exit_code == 0


def test_gates_that_fail_end_with_3_and_are_all_said_after_the_result(cli: Cli, run_copy: Path) -> None:
    # Of one class alone: half of the accuracy at most is not enough, and the area is undefined.
    write_reviews(Path("other"), {"good": ["dirty cold rude loud", "lovely warm kind quiet"]})
    arguments = ["tiny", "--data", "other", "--fail-under", "macro_f1=0.999", "--fail-under", "roc_auc=0"]
    result = cli("evaluate", "-q", "--json", *arguments)
    value = json.loads(result.stdout)
    assert result.exit_code == 3
    assert result.stderr == (
        f"Gate failed: macro_f1 is {value['macro_f1']:.4f}, expected at least 0.999\n"
        "Gate failed: roc_auc is undefined, expected at least 0\n"
    )


@pytest.mark.parametrize("gate", ["accurcy=0.8", "accuracy=80", "accuracy", "accuracy=", "accuracy=nan", "=0.5"])
def test_a_gate_that_cannot_be_meant_is_refused_before_anything_is_loaded(cli: Cli, workplace: Path, gate: str) -> None:
    result = cli("evaluate", "--fail-under", gate)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: --fail-under: expected one of accuracy, macro_f1, roc_auc = a number from 0 to 1, received {gate!r}.\n"
    )


def test_class_names_are_no_markup(cli: Cli, run_copy: Path, workplace: Path) -> None:
    record = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    names = ["[red]bad", "[link=x]good"]
    write_reviews(workplace / "other", {name: ["lovely warm", "dirty cold"] for name in names})
    (run_copy / "run.json").write_text(json.dumps({**record, "class_names": names}), encoding="utf-8")
    result = cli("evaluate", "tiny", "--data", "other")
    assert result.exit_code == 0, result.stderr
    assert all(name in result.stdout for name in names)
