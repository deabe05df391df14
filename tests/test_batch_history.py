"""Do the rows of `batches.csv` say what the steps were like, few rows and the same whenever a training stopped?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli import batch_history
from sentiment_cli.batch_history import (
    COLUMNS,
    MOST_ROWS,
    BatchHistory,
    Step,
    check_shape,
    read_batches,
    write_batches,
)
from sentiment_cli.errors import RunError

HEADER = ",".join(COLUMNS)


def make_steps(count: int, per_epoch: int = 5, seed: int = 1) -> list[Step]:
    rng = np.random.default_rng(seed)
    return [
        Step(
            number // per_epoch + 1,
            number % per_epoch + 1,
            number + 1,
            int(rng.integers(1, 9)),
            float(rng.uniform(0, 9)),
            float(rng.integers(0, 2)),
            1e-3,
            float(rng.uniform(0, 3)),
        )
        for number in range(count)
    ]


def history_of(steps: list[Step]) -> BatchHistory:
    history = BatchHistory()
    for step in steps:
        history.add(step)
    return history


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(batch_history, "MOST_ROWS", 4)
    return 4


def test_a_row_holds_the_means_of_its_step(tmp_path: Path) -> None:
    write_batches(tmp_path / "batches.csv", history_of([Step(2, 3, 8, 4, 2.0, 3.0, 0.5, 0.125)]))
    # Of 4 reviews: loss 2 / 4, accuracy 3 / 4.
    assert (tmp_path / "batches.csv").read_text() == f"{HEADER}\n2,3,8,1,0.5,0.75,0.5,0.125\n"


def test_neighbours_become_one_where_there_are_too_many(few_rows: int) -> None:
    # Losses of 1 to 7 over one review each; the fifth step joins the first four in pairs.
    steps = [Step(1, n, n, 1, float(n), 0.0, n / 10, float(n)) for n in range(1, 8)]
    assert history_of(steps).to_csv().splitlines()[1:] == [
        "1,2,2,2,1.5,0,0.2,1.5",
        "1,4,4,2,3.5,0,0.4,3.5",
        "1,6,6,2,5.5,0,0.6,5.5",
        "1,7,7,1,7,0,0.7,7",
    ]
    more = [*steps, Step(1, 8, 8, 1, 8.0, 0.0, 0.8, 8.0), Step(2, 1, 9, 1, 9.0, 0.0, 0.9, 9.0)]
    assert [line.split(",")[:4] for line in history_of(more).to_csv().splitlines()[1:]] == [
        ["1", "4", "4", "4"],
        ["1", "8", "8", "4"],
        ["2", "1", "9", "1"],
    ]


def test_means_are_over_reviews_and_not_over_steps(few_rows: int) -> None:
    steps = [Step(1, n, n, reviews, loss, 0.0, 1.0, 1.0) for n, (reviews, loss) in enumerate([(9, 9), (1, 0)] * 3, 1)]
    assert history_of(steps).to_csv().splitlines()[1] == "1,2,2,2,0.9,0,1,1"


@given(count=st.integers(1, 60), stop=st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_stopped_anywhere_and_continued_the_rows_are_the_same_to_the_last_bit(count: int, stop: int) -> None:
    most, batch_history.MOST_ROWS = batch_history.MOST_ROWS, 8
    try:
        steps = make_steps(count)
        straight = history_of(steps)
        first = history_of(steps[:stop])
        first.to_csv()
        again = BatchHistory.from_array(first.to_array())
        for step in steps[stop:]:
            again.add(step)
        np.testing.assert_array_equal(again.to_array(), straight.to_array())
        assert again.to_csv() == straight.to_csv()
        assert len(straight) <= 8
        assert straight.to_array()[:, 3].sum() == count  # each step is in one block
    finally:
        batch_history.MOST_ROWS = most


def test_the_text_is_the_same_however_often_it_was_asked_for(few_rows: int) -> None:
    steps, history = make_steps(23), BatchHistory()
    for number, step in enumerate(steps, 1):
        history.add(step)
        assert history.to_csv() == history_of(steps[:number]).to_csv()


def test_a_million_steps_take_no_more_rows_than_allowed() -> None:
    history = history_of(make_steps(10_000))
    assert len(history) <= MOST_ROWS
    assert len(history) >= MOST_ROWS // 2
    assert len(history.to_csv()) < 400_000


@pytest.mark.parametrize("count", [0, 1, 7, 30])
def test_what_was_written_is_read_back(tmp_path: Path, count: int) -> None:
    steps = make_steps(count)
    write_batches(tmp_path / "batches.csv", history_of(steps))
    curves = read_batches(tmp_path / "batches.csv")
    assert len(curves) == count
    np.testing.assert_allclose(curves.loss, [step.loss_sum / step.reviews for step in steps], rtol=1e-6)
    np.testing.assert_array_equal(curves.step, np.arange(1, count + 1))
    if count:
        assert curves.steps_per_epoch == min(count, 5)
        np.testing.assert_allclose(curves.epochs_done, np.arange(1, count + 1) / min(count, 5))


GOOD = history_of(make_steps(6)).to_array()


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:, :8],
        lambda rows: rows[0],
        lambda rows: rows[:0],
        lambda rows: rows.astype(np.float32),
        lambda rows: np.where(rows == rows[2, 5], np.nan, rows),
        lambda rows: -rows,
        lambda rows: np.add(rows, [0, 0.5, 0, 0, 0, 0, 0, 0, 0]),
        lambda rows: rows[[0, 2, 3]],
        lambda rows: rows[::-1],
        lambda rows: np.concatenate([rows, np.add(rows[-1:], [0, 1, 2, 1, 0, 0, 0, 0, 0])]),
        lambda rows: np.zeros((MOST_ROWS + 1, 9)) + 1,
    ],
)
def test_an_array_that_no_training_made_is_refused(change: Any) -> None:
    BatchHistory.from_array(GOOD)
    with pytest.raises(ValueError, match="not the steps of a training"):
        BatchHistory.from_array(change(GOOD))


def test_a_shape_is_refused_before_it_takes_memory() -> None:
    for shape, dtype in (((10**9, 9), "<f8"), ((2, 10**9), "<f8"), ((2,), "<f8"), ((2, 9), "|O")):
        with pytest.raises(ValueError, match="not the steps"):
            check_shape(shape, dtype)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"batches.csv:1: expected the header epoch,batch.*received an empty file"),
        ("epoch,loss\n", r"batches.csv:1: expected the header .*received epoch,loss"),
        (f"{HEADER}\n1,1,1\n", r"batches.csv:2: expected 8 cells, received 3"),
        (f"{HEADER}\n1,1,1,1,x,0.5,0.1,1\n", r'batches.csv:2: loss: expected a number, received "x"'),
        (f"{HEADER}\n1,1,1,1,nan,0.5,0.1,1\n", r'batches.csv:2: loss: expected a number, received "nan"'),
        (f"{HEADER}\n1,1.5,1,1,1,0.5,0.1,1\n", r"batches.csv:2: batch: expected a whole number from 1"),
        (f"{HEADER}\n1,1,1e300,1,1,0.5,0.1,1\n", r"batches.csv:2: step: expected a whole number from 1"),
        (f"{HEADER}\n1,2,2,1,1,1,1,1\n1,2,2,1,1,1,1,1\n", r"batches.csv:3: step: expected 3 or more, since 2 is"),
        (f"{HEADER}\n2,1,3,1,1,1,1,1\n1,2,4,1,1,1,1,1\n", r"batches.csv:3: epoch: expected 2 or more, .* received 1"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "batches.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_batches(tmp_path / "batches.csv")


def test_a_run_of_an_earlier_version_is_told_apart_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"batches.csv is not there: .*earlier version has none; train it anew"):
        read_batches(tmp_path / "batches.csv")
