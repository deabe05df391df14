"""How did training go, epoch by epoch: the numbers of `history.csv` as data.

Standard library only: a history is read, compared and drawn without the framework that made it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sentiment_cli.atomic import write_text
from sentiment_cli.errors import RunError
from sentiment_cli.tables import csv_text, read_csv

COLUMNS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
Measure = Literal["loss", "accuracy", "val_loss", "val_accuracy"]
_OPTIONAL = ("val_loss", "val_accuracy")


@dataclass(frozen=True)
class Epoch:
    """What was measured in one pass over the training reviews.

    Args:
        epoch: its number, from 1.
        loss: mean over the training reviews while the weights were still changing; may be nan or inf.
        accuracy: in [0, 1], on the same reviews and in the same way.
        val_loss: mean over the validation reviews with the weights at the end of the epoch; None without validation.
        val_accuracy: in [0, 1]; None without validation.
        learning_rate: as it was at the end of the epoch.
        seconds: wall-clock time of the epoch, validation included.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float


@dataclass
class History:
    """The epochs of a run in order, numbered 1, 2, 3 and so on; empty before the first one is done.

    Args:
        rows: the epochs so far.
        kept_epoch: the epoch whose weights a run kept, where that is known; else the curves decide.

    Raises:
        ValueError: the numbers have a gap or do not begin with 1.
    """

    rows: list[Epoch] = field(default_factory=list)
    kept_epoch: int | None = None

    def __post_init__(self) -> None:
        rows, self.rows = self.rows, []
        for row in rows:
            self.append(row)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.rows)

    def append(self, row: Epoch) -> None:
        """Add the next epoch.

        Raises:
            ValueError: it is not the next one.
        """
        if row.epoch != len(self.rows) + 1:
            raise ValueError(f"expected epoch {len(self.rows) + 1}, received {row.epoch}")
        self.rows.append(row)

    @property
    def epochs(self) -> list[int]:
        """1, 2, … up to the last finished epoch."""
        return [row.epoch for row in self.rows]

    @property
    def has_validation(self) -> bool:
        """Whether any epoch was measured on validation reviews."""
        return any(row.val_loss is not None for row in self.rows)

    @property
    def best_epoch(self) -> int | None:
        """``kept_epoch``, or else the number of the epoch with the lowest validation loss, the earliest on a tie.

        Without validation the training loss decides. A loss that is not finite is never the best; None when
        no epoch has a finite one.
        """
        if self.kept_epoch is not None:
            return self.kept_epoch
        losses = self.values("val_loss" if self.has_validation else "loss")
        finite = [(loss, epoch) for epoch, loss in zip(self.epochs, losses, strict=True) if math.isfinite(loss)]
        return min(finite)[1] if finite else None

    def values(self, measure: Measure) -> list[float]:
        """One number an epoch; nan where it was not measured."""
        return [math.nan if (value := getattr(row, measure)) is None else float(value) for row in self.rows]


def read_history(path: Path) -> History:
    """The history that `write_history` wrote; empty when the file has a header and no epoch yet.

    Args:
        path: a CSV file with the header ``epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds``.

    Raises:
        RunError: the file is missing, or damaged: the message names the line, what was expected and received.
    """
    try:
        # A spreadsheet program that saves the file adds a mark at its beginning and \r\n, and that is fine.
        lines = list(read_csv(path.read_bytes().decode("utf-8")))
    except FileNotFoundError:
        raise RunError(f"{path} is not there: expected the history of a run, one row per finished epoch.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} cannot be read: expected a UTF-8 CSV file, received: {error}") from error
    _check_header(path, lines)
    return History([_parse_row(path, line, cells, number) for number, (line, cells) in enumerate(lines[1:], start=1)])


def write_history(path: Path, history: History) -> None:
    """Replace ``path`` with ``history``, whole or not at all; what is read back is equal to the last bit."""
    rows = ([int(row.epoch), *(_format_cell(getattr(row, name)) for name in COLUMNS[1:])] for row in history)
    write_text(path, csv_text(COLUMNS, rows))


def _format_cell(value: float | None) -> str:
    # repr is the shortest text that reads back equal; of a NumPy number it would be "np.float64(0.5)", hence float.
    return "" if value is None else repr(float(value))


def _check_header(path: Path, lines: Sequence[tuple[int, list[str]]]) -> None:
    expected = ",".join(COLUMNS)
    if not lines:
        raise RunError(f"{path}:1: expected the header {expected}, received an empty file.")
    line, cells = lines[0]
    if tuple(cells) != COLUMNS:
        missing = [column for column in COLUMNS if column not in cells]
        clause = f" (missing: {', '.join(missing)})" if missing else ""
        raise RunError(f"{path}:{line}: expected the header {expected}, received {','.join(cells)}{clause}.")


def _parse_row(path: Path, line: int, cells: list[str], number: int) -> Epoch:
    if len(cells) != len(COLUMNS):
        raise RunError(f"{path}:{line}: expected {len(COLUMNS)} cells, received {len(cells)}: {','.join(cells)}")
    if cells[0] != str(number):
        raise RunError(f'{path}:{line}: epoch: expected {number}, received "{cells[0]}"; epochs are 1, 2, 3 and so on.')
    named = dict(zip(COLUMNS, cells, strict=True))

    def required(column: str) -> float:
        return _parse_number(path, line, column, named[column])

    def optional(column: str) -> float | None:
        return required(column) if named[column] else None

    return Epoch(
        epoch=number,
        loss=required("loss"),
        accuracy=required("accuracy"),
        val_loss=optional("val_loss"),
        val_accuracy=optional("val_accuracy"),
        learning_rate=required("learning_rate"),
        seconds=required("seconds"),
    )


def _parse_number(path: Path, line: int, column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        expected = "a number or an empty cell" if column in _OPTIONAL else "a number"
        raise RunError(f'{path}:{line}: {column}: expected {expected}, received "{cell}".') from None
