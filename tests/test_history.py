"""Does a history survive its file, and is damage named?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.history import COLUMNS, Epoch, History, read_history, write_history

HEADER = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds"
MISSING = "val_loss, val_accuracy, learning_rate, seconds"
ROW = "1,0.6,0.7,0.5,0.8,0.001,20.0"


def history(losses: list[float], val_losses: list[float] | None = None) -> History:
    validation: list[float | None] = [None] * len(losses) if val_losses is None else list(val_losses)
    rows = enumerate(zip(losses, validation, strict=True), start=1)
    return History([Epoch(n, loss, 0.7, val, None if val is None else 0.8, 1e-3, 20.0) for n, (loss, val) in rows])


numbers = st.floats(allow_nan=True, allow_infinity=True)
optional = st.none() | numbers
rows = st.lists(st.tuples(numbers, numbers, optional, optional, numbers, numbers), max_size=8)


@given(rows)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back_equal_to_the_last_bit(tmp_path: Path, rows: list[tuple[float, ...]]) -> None:
    written = History([Epoch(number, *row) for number, row in enumerate(rows, start=1)])
    write_history(tmp_path / "history.csv", written)
    # repr tells -0.0 from 0.0 and lets nan equal nan
    assert repr(read_history(tmp_path / "history.csv")) == repr(written)


def test_the_file_is_the_documented_one(tmp_path: Path) -> None:
    rows = [Epoch(1, 0.1 + 0.2, 0.5, None, None, 1e-3, 2.0), Epoch(2, math.nan, 1.0, math.inf, 0.25, 1e-5, 3.5)]
    write_history(tmp_path / "history.csv", History(rows))
    assert (tmp_path / "history.csv").read_bytes().decode() == (
        f"{HEADER}\n1,0.30000000000000004,0.5,,,0.001,2.0\n2,nan,1.0,inf,0.25,1e-05,3.5\n"
    )


def test_numpy_numbers_are_written_as_plain_ones(tmp_path: Path) -> None:
    one: Any = np.int64(1)
    half: Any = np.float32(0.5)
    write_history(tmp_path / "history.csv", History([Epoch(one, half, half, half, half, half, half)]))
    assert read_history(tmp_path / "history.csv").rows == [Epoch(1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)]


def test_a_history_before_its_first_epoch_survives(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", History())
    assert read_history(tmp_path / "history.csv") == History()


def test_a_file_saved_by_a_spreadsheet_program_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{ROW}\r\n\r\n".encode())
    assert read_history(path).rows == [Epoch(1, 0.6, 0.7, 0.5, 0.8, 0.001, 20.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f":1: expected the header {HEADER}, received an empty file."),
        (
            "epoch,loss,accuracy\n1,0.6,0.7\n",
            f":1: expected the header {HEADER}, received epoch,loss,accuracy (missing: {MISSING}).",
        ),
        (f"{HEADER}\n{ROW}\n2,0.5\n", ":3: expected 7 cells, received 2: 2,0.5"),
        (f"{HEADER}\n1,low,0.7,0.5,0.8,0.001,20\n", ':2: loss: expected a number, received "low".'),
        (f"{HEADER}\n1,,0.7,0.5,0.8,0.001,20\n", ':2: loss: expected a number, received "".'),
        (f"{HEADER}\n1,0.6,0.7,-,0.8,0.001,20\n", ':2: val_loss: expected a number or an empty cell, received "-".'),
        (f"{HEADER}\n{ROW}\n3{ROW[1:]}\n", ':3: epoch: expected 2, received "3"; epochs are 1, 2, 3 and so on.'),
        (f"{HEADER}\n{ROW}\n{ROW}\n", ':3: epoch: expected 2, received "1"; epochs are 1, 2, 3 and so on.'),
        (f"{HEADER}\n0{ROW[1:]}\n", ':2: epoch: expected 1, received "0"; epochs are 1, 2, 3 and so on.'),
        (f"{HEADER}\n{ROW}\n\n2,?,0.7,,,0.001,20\n", ':4: loss: expected a number, received "?".'),
    ],
)
def test_damage_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(RunError) as caught:
        read_history(path)
    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'epoch,"loss\n', None])
def test_what_is_no_csv_text_is_an_error_of_the_run(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "history.csv"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(RunError, match=r"history\.csv cannot be read: expected a UTF-8 CSV file, received: "):
        read_history(path)


def test_a_missing_file_is_an_error_of_the_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"history\.csv is not there"):
        read_history(tmp_path / "history.csv")


@pytest.mark.parametrize(
    ("losses", "val_losses", "best"),
    [
        ([0.6, 0.4, 0.2], [0.5, 0.4, 0.6], 2),
        ([0.6, 0.4, 0.2], [0.5, 0.4, 0.4], 2),  # a tie: the earliest
        ([0.6, 0.2, 0.4], None, 2),
        ([0.6, 0.2, 0.2], None, 2),
        ([0.6, 0.4, 0.2], [math.nan, 0.4, -math.inf], 2),
        ([0.6, 0.4], [math.nan, math.inf], None),  # the training loss does not step in for a broken validation
        ([math.nan], None, None),
        ([], None, None),
    ],
)
def test_the_best_epoch_has_the_lowest_loss(losses: list[float], val_losses: list[float] | None, best: int) -> None:
    assert history(losses, val_losses).best_epoch == best


def test_epochs_are_appended_in_order_only() -> None:
    growing = history([0.6])
    growing.append(Epoch(2, 0.5, 0.7, None, None, 1e-3, 1.0))
    assert growing.epochs == [1, 2]
    assert growing.values("loss") == [0.6, 0.5]
    with pytest.raises(ValueError, match="expected epoch 3, received 5"):
        growing.append(Epoch(5, 0.5, 0.7, None, None, 1e-3, 1.0))
    with pytest.raises(ValueError, match="expected epoch 1, received 2"):
        History(growing.rows[1:])


def test_what_was_not_measured_is_nan_in_a_column() -> None:
    assert all(math.isnan(value) for value in history([0.6, 0.5]).values("val_loss"))
    assert not history([0.6, 0.5]).has_validation
    assert history([0.6], [0.5]).has_validation


def test_the_columns_are_the_fields_of_an_epoch() -> None:
    assert ",".join(COLUMNS) == HEADER
    assert tuple(Epoch.__dataclass_fields__) == COLUMNS
