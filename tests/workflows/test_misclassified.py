"""Are the wrong predictions listed with their texts, the most confident first, and nothing outside of the data?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import write_reviews

from sentiment_cli.data.contents import MAX_REVIEW_BYTES
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.misclassified import find_misclassified, read_review
from sentiment_cli.runs import Run
from sentiment_cli.workflows.misclassified import list_misclassified


def row(index: int, actual: str, predicted: str, probability: float, path: str | None = None) -> Prediction:
    shares = (
        {"bad": 1 - probability, "good": probability}
        if predicted == "good"
        else {"bad": probability, "good": 1 - probability}
    )
    return Prediction(
        index, path or f"test/{actual}/{index:03}.txt", actual, predicted, probability, 0.5, shares, 3, 0, 0
    )


ROWS = [
    row(0, "bad", "good", 0.6),
    row(1, "bad", "bad", 0.99),
    row(2, "good", "bad", 0.9),
    row(3, "good", "bad", 0.6),
    row(4, "bad", "good", 0.75),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_reviews(tmp_path / "data" / "test", {name: [f"{name} {i}" for i in range(5)] for name in ("bad", "good")})
    return tmp_path / "data"


def test_only_wrong_ones_the_most_confident_first_and_ties_in_the_order_of_the_reviews(root: Path) -> None:
    found = find_misclassified(ROWS, root, "error")
    assert [(item.prediction.id, item.text) for item in found] == [
        (2, "good 2"),
        (4, "bad 4"),
        (0, "bad 0"),
        (3, "good 3"),
    ]


@pytest.mark.parametrize(("top", "ids"), [(None, [2, 4, 0, 3]), (2, [2, 4]), (0, []), (99, [2, 4, 0, 3])])
def test_top_takes_the_first_ones(root: Path, top: int | None, ids: list[int]) -> None:
    assert [item.prediction.id for item in find_misclassified(ROWS, root, "error", top)] == ids


def test_a_text_that_is_gone_is_none_and_the_others_are_there(root: Path) -> None:
    (root / "test/bad/004.txt").unlink()
    assert [item.text for item in find_misclassified(ROWS, root, "error")] == ["good 2", None, "bad 0", "good 3"]


@pytest.mark.parametrize("path", ["../secret.txt", "test/../../secret.txt", "/etc/hostname", "link.txt"])
def test_nothing_outside_of_the_data_is_read(root: Path, path: str) -> None:
    (root.parent / "secret.txt").write_text("secret", encoding="utf-8")
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    assert read_review(root, path, "error") is None


def test_what_is_no_plain_file_of_some_size_is_a_missing_text(root: Path) -> None:
    os.mkfifo(root / "pipe.txt")
    (root / "huge.txt").touch()
    os.truncate(root / "huge.txt", MAX_REVIEW_BYTES + 1)
    assert read_review(root, "pipe.txt", "error") is None
    assert read_review(root, "huge.txt", "error") is None
    assert read_review(Path("/dev"), "zero", "error") is None


def test_a_path_that_no_file_can_have_is_a_missing_text(root: Path) -> None:
    assert read_review(root, "test/bad/\0.txt", "error") is None
    assert read_review(root, "x" * 5000, "error") is None


def test_bytes_that_are_no_text_are_read_as_the_run_did(root: Path) -> None:
    (root / "bad.txt").write_bytes(b"\xef\xbb\xbfcaf\xe9\r\n")
    assert read_review(root, "bad.txt", "error") is None
    assert read_review(root, "bad.txt", "replace") == "caf\ufffd\n"


def test_the_list_of_a_run_counts_all_and_gives_the_top(run_copy: Path, root: Path) -> None:
    run = Run(run_copy)
    record = run.read_record()
    record["data"]["root"] = str(root)
    run.write_record(record)
    write_predictions(run.predictions_path("test"), ROWS, ["bad", "good"])
    result = list_misclassified(run, top=2)
    assert (result.examples, result.wrong, result.missing_texts) == (5, 4, 0)
    assert [item.text for item in result.rows] == ["good 2", "bad 4"]
    shutil.rmtree(root)
    result = list_misclassified(run)
    assert (result.wrong, result.missing_texts) == (4, 4)


def test_a_part_that_was_not_evaluated_is_named_with_the_command(run_copy: Path) -> None:
    with pytest.raises(RunError) as caught:
        list_misclassified(Run(run_copy), split="train")
    command = "sentiment evaluate runs/tiny --split train"
    assert str(caught.value).endswith(
        f"has no predictions on its train part yet. Make them: {command}".replace("runs/tiny", str(run_copy))
    )
