"""Does `evaluate` show the figures of a run, on every part and on other data, and hold its gates?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import write_reviews

pytestmark = pytest.mark.usefixtures("undrawn")

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
    "slices",
    "split",
    "threshold",
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
    for name, key in (("loss", "loss"), ("macro F1", "macro_f1"), ("ROC AUC", "roc_auc")):
        low, high = value["intervals"][key]
        assert f"{name} {value[key]:.4f} (95 %: {low:.3f} to {high:.3f})" in lines
    assert f"avg prec {value['average_precision']:.4f} (area under precision and recall of good)" in lines
    found = value["calibration"]
    assert (
        f"ECE {found['ece']:.4f} (chance alone: {found['chance_ece']:.4f}); says {found['mean_confidence']:.4f} on "
        f"average, is right in {value['accuracy']:.4f}"
    ) in lines
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
    arguments += ["--fail-under", "recall.bad=0", "--fail-over", "ece=0"]
    result = cli("evaluate", "-q", "--json", *arguments)
    value = json.loads(result.stdout)
    assert result.exit_code == 3
    low, high = value["intervals"]["macro_f1"]
    assert result.stderr == (
        f"Gate failed: macro_f1 is {value['macro_f1']:.4f} (95 %: {low:.4f} to {high:.4f}), expected at least 0.999\n"
        "Gate failed: roc_auc is undefined, expected at least 0\n"
        "Gate failed: recall.bad is undefined, expected at least 0\n"
        f"Gate failed: ece is {value['calibration']['ece']:.4f}, expected at most 0\n"
    )


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--fail-under", "accuracy", "expected METRIC=X, received no limit."),
        ("--fail-under", "accurcy=0.8", "expected METRIC=X, received the metric 'accurcy'; did you mean \"accuracy\"?"),
        ("--fail-under", "accuracy=80", "expected a number from 0 to 1, received '80'."),
        ("--fail-under", "accuracy=nan", "expected a number from 0 to 1, received 'nan'."),
        ("--fail-under", "accuracy=", "expected a number from 0 to 1, received ''."),
        ("--fail-under", "accuracy.pos=0.8", "accuracy is a figure of all classes together; expected accuracy=0.8."),
        ("--fail-under", "recall=0.8", "recall is a figure of one class; expected recall.CLASS=0.8."),
        ("--fail-under", "ece=0.05", "ece is the better the smaller it is; use --fail-over."),
        ("--fail-over", "recall.pos=1", "recall is the better the larger it is; use --fail-under."),
        ("--fail-over", "loss=inf", "expected a number from 0 on, received 'inf'."),
        ("--threshold", "1.5", "expected a number from 0 to 1, accuracy, f1, macro_f1, recall=X or precision=X."),
        ("--threshold", "recall", "expected what the recall has to reach, above 0 and up to 1, as recall=0.95."),
        ("--threshold", "accuracy=1", "accuracy is made as large as it can be; expected accuracy alone."),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_loaded(
    cli: Cli, workplace: Path, option: str, value: str, message: str
) -> None:
    result = cli("evaluate", option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {option} {value}: {message}\n"


@pytest.mark.parametrize("value", ["accuracy", "=0.5", "accuracy_high=1", "average_precision_low=0.5", "loss=x"])
def test_a_gate_without_a_known_metric_and_a_number_is_refused(cli: Cli, workplace: Path, value: str) -> None:
    result = cli("evaluate", "--fail-under", value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: --fail-under {value}: ")


def test_a_gate_or_threshold_for_a_class_that_there_is_not_is_refused(cli: Cli, run_copy: Path) -> None:
    result = cli("evaluate", "tiny", "--fail-under", "recall.goood=0.8")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == ('Error: --fail-under recall.goood: the run has no class "goood"; did you mean "good"?\n')
    result = cli("evaluate", "tiny", "--threshold", "f1.goood")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == 'Error: --threshold f1.goood: there is no class "goood"; did you mean "good"?\n'
    result = cli("evaluate", "tiny", "--by", "rating,lenght")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == 'Error: --by: there is no trait "lenght"; did you mean "length"?\n'


@pytest.mark.usefixtures("drawn")
def test_slices_and_threshold_are_shown_and_the_gates_hold_at_the_threshold(cli: Cli, run_copy: Path) -> None:
    arguments = ["evaluate", "tiny", "--by", "length,rating", "--by", "length", "--threshold", "0.999"]
    gates = ["--fail-under", "recall_low.good=0.3", "--fail-under", "f1.bad=0.1", "--fail-over", "loss=99"]
    result = cli(*arguments, *gates, "--json")
    value = json.loads(result.stdout)
    assert list(value["slices"]) == ["length", "rating"]
    assert [row["name"] for row in value["slices"]["rating"]] == ["no rating"]
    assert value["slices"]["rating"][0]["accuracy"] == pytest.approx(value["accuracy"])
    assert value["slices"]["rating"][0]["mean_confidence"] == pytest.approx(value["calibration"]["mean_confidence"])
    # Nothing of so small a network is that sure: all are called bad.
    found = value["threshold"]
    assert (found["value"], found["criterion"], found["found_on"]) == (0.999, None, None)
    assert found["confusion_matrix"] == [[8, 0], [8, 0]]
    assert found["difference"] == pytest.approx(0.5 - value["accuracy"])
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1:] == [
        "Gate failed: recall.good is 0.0000 (95 %: 0.0000 to 0.3244) at the threshold 0.999, "
        "expected at least 0.3 at its lower end"
    ]
    assert all((run_copy / "plots" / f"{name}.png").stat().st_size > 1000 for name in ("slices", "threshold"))
    lines = [" ".join(line.split()) for line in cli(*arguments, "-v").stdout.splitlines()]
    assert "length reviews wrong accuracy 95 % confidence" in lines
    assert "good where its probability is above 0.999" in lines
    assert "above 0.5 above 0.999" in lines
    [recall] = [line for line in lines if line.startswith("recall of bad ")]
    assert recall.endswith(" 1.0000 (0.676 to 1.000)")  # Wilson of 8 of 8: 8 / (8 + 3.8415)
    assert any(line.startswith("The accuracy changes by ") for line in lines)
    assert any(line.startswith("Brier ") for line in lines)
    low, high = value["intervals"]["classes"]["good"]["recall"]
    assert f"{value['classes']['good']['recall']:.4f} ({low:.3f} to {high:.3f})" in "\n".join(lines)


def test_a_threshold_is_found_on_validation_and_asked_for_where_that_is_missing(cli: Cli, run_copy: Path) -> None:
    value = json.loads(cli("evaluate", "tiny", "--threshold", "macro_f1", "--json").stdout)["threshold"]
    assert value["criterion"] == "macro_f1"
    assert value["found_on"]["split"] == "validation" and value["found_on"]["examples"] == 10
    (run_copy / "predictions-validation.csv").unlink()
    result = cli("evaluate", "tiny", "--threshold", "recall=0.9")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: runs/tiny has no predictions on its validation part, on which a threshold is found. "
        "Make them: sentiment evaluate runs/tiny --split validation\n"
    )
    result = cli("evaluate", "tiny", "--split", "validation", "--threshold", "recall.bad=0.9")
    assert "good where its probability is above " in result.stdout
    assert "on 10 validation reviews, which are these; it was chosen on them" in result.stdout


def test_a_threshold_needs_two_classes(cli: Cli, run_copy: Path) -> None:
    record = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    (run_copy / "run.json").write_text(json.dumps({**record, "class_names": ["a", "b", "c"]}), encoding="utf-8")
    result = cli("evaluate", "tiny", "--threshold", "0.4")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: --threshold is for two classes; runs/tiny has 3: a, b, c.\n"


def test_figures_that_were_kept_before_there_were_intervals_are_still_read(cli: Cli, run_copy: Path) -> None:
    path = run_copy / "metrics.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    older = {
        split: {key: value for key, value in figures.items() if key not in ("calibration", "intervals", "roc_auc")}
        for split, figures in kept.items()
    }
    path.write_text(json.dumps(older), encoding="utf-8")
    for command in (["runs"], ["results", "runs/tiny"], ["compare", "tiny", "tiny"], ["plot-history", "tiny"]):
        result = cli(*command, "--json")
        assert result.exit_code == 0, result.stderr
        json.loads(result.stdout)


def test_class_names_are_no_markup(cli: Cli, run_copy: Path, workplace: Path) -> None:
    record = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    names = ["[red]bad", "[link=x]good"]
    write_reviews(workplace / "other", {name: ["lovely warm", "dirty cold"] for name in names})
    (run_copy / "run.json").write_text(json.dumps({**record, "class_names": names}), encoding="utf-8")
    result = cli("evaluate", "tiny", "--data", "other")
    assert result.exit_code == 0, result.stderr
    assert all(name in result.stdout for name in names)
