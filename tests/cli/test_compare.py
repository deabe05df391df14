"""Does `compare` say which run is better, by how much, and whether that could be chance?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.runs import Run
from sentiment_cli.workflows.compare import p_text

Cli = Callable[..., Result]
Make = Callable[..., Run]


def row(index: int, is_right: bool) -> Prediction:
    shares = {"bad": 0.25, "good": 0.75} if is_right else {"bad": 0.75, "good": 0.25}
    predicted = "good" if is_right else "bad"
    return Prediction(index, f"test/good/{index:03}.txt", "good", predicted, 0.75, 0.3, shares, 3, 0, 0)


@pytest.fixture
def make(workplace: Path) -> Make:
    """A run that is right where ``answers`` has a ``1``: ``make("first", "1101")``; no training."""

    def write(name: str, answers: str, split: str = "test", fingerprint: str | None = None) -> Run:
        run = Run(Path("runs") / name)
        run.path.mkdir(parents=True, exist_ok=True)
        run.write_record({"status": "finished", "data": {"fingerprint": "f", "test_fingerprint": fingerprint}})
        rows = [row(index, answer == "1") for index, answer in enumerate(answers)]
        write_predictions(run.predictions_path(split), rows, ["bad", "good"])
        return run

    return write


def test_the_text_has_accuracies_difference_counts_and_a_sentence(cli: Cli, make: Make) -> None:
    make("first", "1" * 30 + "1" * 7 + "0" + "0" * 12)
    make("other", "1" * 30 + "0" * 7 + "1" + "0" * 12)
    result = cli("compare", "first", "other")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:3] == [
        "reviews 50 (test)",
        "first accuracy 0.7400 (95 %: 0.604 to 0.841)",
        "other accuracy 0.6200 (95 %: 0.482 to 0.741)",
    ]
    # Two-sided, of eight tosses: 2 * (1 + 8) / 256.
    assert lines[3].startswith("difference +0.1200 (95 %: ")
    assert lines[3].endswith("), p = 0.0703")
    assert "other right other wrong" in lines
    assert "first right 30 7" in lines
    assert "first wrong 1 12" in lines
    assert lines[-1] == (
        "first is right on 7 reviews that other gets wrong, other on 1 that first gets wrong: "
        "the difference could be chance (p = 0.0703; its interval leaves 0 out: a close call)."
    )


def test_json_is_one_object_with_everything(cli: Cli, make: Make) -> None:
    make("first", "1110", "validation")
    make("other", "1001", "validation")
    result = cli("compare", "first", "other", "--split", "validation", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert list(value) == [
        "runs", "split", "examples", "class_names", "accuracy", "accuracy_interval", "difference",
        "difference_interval", "both_right", "only_first_right", "only_second_right", "both_wrong", "p_value",
        "sentence", "largest_differences",
    ]  # fmt: skip
    assert (value["runs"], value["split"], value["examples"]) == (["runs/first", "runs/other"], "validation", 4)
    assert (value["accuracy"], value["difference"], value["p_value"]) == ([0.75, 0.5], 0.25, 1.0)
    counts = ("both_right", "only_first_right", "only_second_right", "both_wrong")
    assert [value[key] for key in counts] == [1, 2, 1, 0]
    assert value["largest_differences"][0] == {
        "path": "test/good/001.txt",
        "actual": "good",
        "predicted": ["good", "bad"],
        "probability_of_actual": [0.75, 0.25],
    }


def test_a_large_difference_is_said_to_be_more_than_chance(cli: Cli, make: Make) -> None:
    make("first", "1" * 40)
    make("other", "0" * 39 + "1")
    last = cli("compare", "first", "other").stdout.splitlines()[-1]
    assert last.endswith("the difference is more than chance makes likely (p < 0.0001).")


def test_runs_that_agree_have_no_difference(cli: Cli, make: Make) -> None:
    make("first", "1101")
    make("other", "1101")
    result = cli("compare", "first", "other", "-v")
    assert result.stdout.splitlines()[-1] == (
        "first and other are right on the same reviews and wrong on the same: there is no difference."
    )
    assert "difference  +0.0000 (95 %: -" in result.stdout


def test_runs_that_are_right_equally_often_on_different_reviews_are_called_so(cli: Cli, make: Make) -> None:
    make("first", "1100")
    make("other", "1010")
    assert cli("compare", "first", "other").stdout.splitlines()[-1] == (
        "first is right on 1 review that other gets wrong, other on 1 that first gets wrong: "
        "they are right equally often."
    )


def test_verbose_lists_the_reviews_they_differ_about(cli: Cli, make: Make) -> None:
    make("first", "1101")
    make("other", "1111")
    assert "test/good/002.txt" not in cli("compare", "first", "other").stdout
    listed = cli("compare", "first", "other", "-v").stdout
    assert "test/good/002.txt   good     bad (0.750)   good (0.750)" in listed


def test_runs_of_one_name_are_called_by_their_paths(cli: Cli, make: Make, workplace: Path) -> None:
    make("first", "1101")
    make("../elsewhere/first", "1100")
    result = cli("compare", "first", "elsewhere/first", "--json")
    assert "runs/first is right on 1 review that elsewhere/first gets wrong" in json.loads(result.stdout)["sentence"]


def test_other_contents_under_the_same_names_are_refused(cli: Cli, make: Make) -> None:
    make("first", "1101", fingerprint="a" * 64)
    make("other", "1101", fingerprint="b" * 64)
    result = cli("compare", "first", "other")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: The test reviews of first and other have the same names and other contents (fingerprints "
        f"{'a' * 12} and {'b' * 12}); train both on the same data to compare them.\n"
    )


def test_a_run_that_was_trained_without_its_test_part_is_compared_on_it_all_the_same(cli: Cli, make: Make) -> None:
    make("first", "1101", fingerprint="a" * 64)
    make("other", "1101")
    assert cli("compare", "first", "other").exit_code == 0


def test_a_part_that_was_not_evaluated_is_named_with_the_command(cli: Cli, make: Make) -> None:
    make("first", "1101")
    make("other", "1101", "validation")
    result = cli("compare", "first", "other")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: runs/other has no predictions on its test part yet. Make them: "
        "sentiment evaluate runs/other --split test\n"
    )


@pytest.mark.parametrize(
    ("p_value", "shown"),
    [(1.0, "p = 1.00"), (0.418, "p = 0.42"), (0.0703125, "p = 0.0703"), (0.0496, "p = 0.0496"), (9e-5, "p < 0.0001")],
)
def test_a_p_value_is_rounded_but_never_across_one_in_twenty(p_value: float, shown: str) -> None:
    assert p_text(p_value) == shown
