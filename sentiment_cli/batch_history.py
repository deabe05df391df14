"""How did training go, step by step: the numbers of `batches.csv`, in few rows however long it takes.

Each row is about a block of steps that follow each other: one step at first. Where there are more than `MOST_ROWS`
blocks, neighbours become one, so that blocks have 2, 4, 8 and so on steps: a pure function of the steps, whenever a
training was stopped and continued.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sentiment_cli.atomic import write_text
from sentiment_cli.errors import RunError
from sentiment_cli.tables import read_csv

COLUMNS = ("epoch", "batch", "step", "steps", "loss", "accuracy", "learning_rate", "gradient_norm")
# Even. IMDb's 10 epochs of 157 steps are kept whole. A file has 300 kB at the most, as much as its checkpoint copy.
MOST_ROWS = 4096
_EPOCH, _BATCH, _STEP, _STEPS, _REVIEWS, _LOSS, _CORRECT, _RATE, _NORM = range(9)
_WIDTH = 9
_SUMS = (_STEPS, _REVIEWS, _LOSS, _CORRECT, _NORM)


class Step(NamedTuple):
    """What was measured in one step.

    Args:
        epoch: from 1.
        batch: within the epoch, from 1.
        step: within the training, from 1.
        reviews: of the batch.
        loss_sum: of its reviews, before the step changed the weights; finite.
        correct: of its reviews, likewise.
        learning_rate: of the step.
        gradient_norm: of the whole gradient before clipping; finite.
    """

    epoch: int
    batch: int
    step: int
    reviews: int
    loss_sum: float
    correct: float
    learning_rate: float
    gradient_norm: float


class BatchHistory:
    """The steps of a training so far, in blocks of equal length but for the last one, which may be shorter."""

    def __init__(self) -> None:
        self._rows = np.empty((MOST_ROWS, _WIDTH))
        self._count, self._block = 0, 1
        self._lines: list[str] = []  # of the blocks that are whole, which do not change any more

    def __len__(self) -> int:
        """Number of blocks."""
        return self._count

    def add(self, step: Step) -> None:
        """Add the next step; two microseconds."""
        last = self._count - 1
        if last >= 0 and self._rows[last, _STEPS] < self._block:
            row = self._rows[last]
            row[:_STEPS] = step[:3]
            row[_RATE] = step.learning_rate
            row[_STEPS] += 1
            row[_REVIEWS] += step.reviews
            row[_LOSS] += step.loss_sum
            row[_CORRECT] += step.correct
            row[_NORM] += step.gradient_norm
            return
        if self._count == MOST_ROWS:
            self._join_neighbours()
        self._rows[self._count] = (*step[:3], 1, *step[3:])
        self._count += 1

    def to_array(self) -> np.ndarray:
        """``float64[blocks, 9]``, a copy, for `from_array`."""
        return self._rows[: self._count].copy()

    @classmethod
    def from_array(cls, rows: np.ndarray) -> BatchHistory:
        """What `to_array` gave.

        Raises:
            ValueError: it is something else.
        """
        check_shape(rows.shape, rows.dtype.str)
        whole = rows[:, : _REVIEWS + 1]
        if not np.isfinite(rows).all() or (whole < 1).any() or (whole != np.floor(whole)).any():
            raise ValueError("not the steps of a training: numbers that none has")
        steps = rows[:, _STEPS]
        if (steps[:-1] != steps[0]).any() or steps[-1] > steps[0]:
            raise ValueError("not the steps of a training: blocks of different lengths")
        if (np.diff(rows[:, _STEP]) != steps[1:]).any():
            raise ValueError("not the steps of a training: a gap between them")
        made = cls()
        made._count, made._block = len(rows), int(steps[0])
        made._rows[: len(rows)] = rows
        return made

    def to_csv(self) -> str:
        """The text of ``batches.csv``; numbers with seven digits, as many as their single precision has."""
        whole = self._count
        if whole and self._rows[whole - 1, _STEPS] < self._block:
            whole -= 1
        self._lines += map(_line, self._rows[len(self._lines) : whole].tolist())
        return "\n".join([",".join(COLUMNS), *self._lines, *map(_line, self._rows[whole : self._count].tolist()), ""])

    def _join_neighbours(self) -> None:
        half = self._count // 2
        earlier, later = self._rows[: self._count : 2], self._rows[1 : self._count : 2].copy()
        later[:, _SUMS] += earlier[:, _SUMS]
        self._rows[:half] = later
        self._count, self._block, self._lines = half, 2 * self._block, []


def check_shape(shape: tuple[int, ...], dtype: str) -> None:
    """Raise a ValueError where an array cannot be one of `BatchHistory.to_array`, before it is read."""
    if len(shape) != 2 or shape[1] != _WIDTH or not 1 <= shape[0] <= MOST_ROWS or dtype != np.dtype(np.float64).str:
        raise ValueError(f"not the steps of a training: an array {shape} of {dtype}")


def _line(row: Sequence[float]) -> str:
    reviews, steps = row[_REVIEWS], row[_STEPS]
    measured = row[_LOSS] / reviews, row[_CORRECT] / reviews, row[_RATE], row[_NORM] / steps
    return ",".join([*(str(int(row[column])) for column in range(4)), *(f"{value:.7g}" for value in measured)])


@dataclass(frozen=True)
class BatchCurves:
    """What ``batches.csv`` says: arrays of one length, a number for each block of steps.

    Args:
        epoch: int64, of the last step of the block, from 1.
        batch: int64, of the last step within its epoch, from 1.
        step: int64, of the last step within the training, from 1.
        steps: int64, how many the block has.
        loss: float64, mean over the reviews of the block.
        accuracy: float64, in [0, 1], of the same reviews.
        learning_rate: float64, of the last step.
        gradient_norm: float64, mean over the steps, before clipping.
    """

    epoch: np.ndarray
    batch: np.ndarray
    step: np.ndarray
    steps: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    learning_rate: np.ndarray
    gradient_norm: np.ndarray

    def __len__(self) -> int:
        return len(self.step)

    @property
    def steps_per_epoch(self) -> int:
        """Number of steps in an epoch; of the first one, as many as there are so far."""
        if not len(self):
            return 0
        before = int(self.epoch[-1]) - 1
        return int(self.step[-1] - self.batch[-1]) // before if before else int(self.step[-1])

    @property
    def epochs_done(self) -> np.ndarray:
        """``float64``: how many epochs were done at the end of each block; 1.5 in the middle of the second."""
        return self.step / max(self.steps_per_epoch, 1)


def write_batches(path: Path, batches: BatchHistory) -> None:
    """Replace ``path``, whole or not at all."""
    write_text(path, batches.to_csv())


def read_batches(path: Path) -> BatchCurves:
    """What `write_batches` wrote; arrays of length 0 when no step was done.

    Raises:
        RunError: the file is missing, or damaged: the message names the line.
    """
    try:
        lines = list(read_csv(path.read_bytes().decode("utf-8")))
    except FileNotFoundError:
        raise RunError(
            f"{path} is not there: expected the figures of each step. A run that was trained by an earlier version "
            "has none; train it anew to see them."
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} cannot be read: expected a UTF-8 CSV file, received: {error}") from error
    if not lines or tuple(lines[0][1]) != COLUMNS:
        received = ",".join(lines[0][1]) if lines else "an empty file"
        raise RunError(f"{path}:1: expected the header {','.join(COLUMNS)}, received {received}.")
    rows = [_parse(path, line, cells) for line, cells in lines[1:]]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    whole = [np.array(column, np.int64) for column in columns[:4]]
    curves = BatchCurves(*whole, *(np.array(column, np.float64) for column in columns[4:]))
    _check_order(path, lines, curves)
    return curves


def _parse(path: Path, line: int, cells: list[str]) -> list[float]:
    if len(cells) != len(COLUMNS):
        raise RunError(f"{path}:{line}: expected {len(COLUMNS)} cells, received {len(cells)}: {','.join(cells)}")
    row = []
    for index, (column, cell) in enumerate(zip(COLUMNS, cells, strict=True)):
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        is_whole = index < 4
        if not math.isfinite(value) or (is_whole and not (value.is_integer() and 1 <= value < 2**53)):
            expected = "a whole number from 1" if is_whole else "a number"
            raise RunError(f'{path}:{line}: {column}: expected {expected}, received "{cell}".')
        row.append(value)
    return row


def _check_order(path: Path, lines: Sequence[tuple[int, list[str]]], curves: BatchCurves) -> None:
    for column, values, least in (("epoch", curves.epoch, 0), ("step", curves.step, 1)):
        wrong = np.flatnonzero(np.diff(values) < least)
        if len(wrong):
            before, received = values[wrong[0] : wrong[0] + 2]
            raise RunError(
                f"{path}:{lines[wrong[0] + 2][0]}: {column}: expected {before + least} or more, since {before} is "
                f"before it; received {received}."
            )
