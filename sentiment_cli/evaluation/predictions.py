"""The table of single predictions that a run keeps: a row a review, readable without TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sentiment_cli.atomic import write_text
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import compute_losses, compute_probabilities
from sentiment_cli.tables import csv_text, read_table
from sentiment_cli.text.token_ids import TokenIds

_FIXED = ("id", "path", "actual", "predicted", "probability", "loss")
_COUNTS = ("tokens", "unknown", "cut")


@dataclass(frozen=True)
class Prediction:
    """What the network said of one review.

    Args:
        id: position of the review in its part, from 0.
        path: relative to the data root.
        actual: class name.
        predicted: class name.
        probability: of the predicted class.
        loss: cross-entropy in nats.
        probabilities: by class name.
        tokens: number of tokens before cutting.
        unknown: how many of those kept are not in the vocabulary.
        cut: tokens lost by cutting.
    """

    id: int
    path: str
    actual: str
    predicted: str
    probability: float
    loss: float
    probabilities: dict[str, float]
    tokens: int
    unknown: int
    cut: int

    @property
    def is_wrong(self) -> bool:
        """Whether the predicted class is not the actual one."""
        return self.actual != self.predicted

    @property
    def unknown_share(self) -> float:
        """The share of unknown words among those that were read, in [0, 1]; 0 where there are none."""
        return self.unknown / max(self.tokens - self.cut, 1)


def make_predictions(
    logits: np.ndarray, labels: np.ndarray, paths: Sequence[str], token_ids: TokenIds, class_names: Sequence[str]
) -> list[Prediction]:
    """One prediction a review, in the order of the reviews.

    Args:
        logits: float32[n, 1 or classes].
        labels: int32[n].
        paths: str[n].
        token_ids: n reviews.
        class_names: in the order of the labels.
    """
    probabilities = compute_probabilities(logits)
    predicted = probabilities.argmax(axis=1)
    losses = compute_losses(logits, labels).tolist()
    tokens, unknown, cut = token_ids.tokens.tolist(), token_ids.unknown.tolist(), token_ids.cut.tolist()
    return [
        Prediction(
            id=index,
            path=path,
            actual=class_names[actual],
            predicted=class_names[guess],
            probability=row[guess],
            loss=losses[index],
            probabilities=dict(zip(class_names, row, strict=True)),
            tokens=tokens[index],
            unknown=unknown[index],
            cut=cut[index],
        )
        for index, (path, actual, guess, row) in enumerate(
            zip(paths, labels.tolist(), predicted.tolist(), probabilities.tolist(), strict=True)
        )
    ]


def write_predictions(
    path: Path,
    predictions: Sequence[Prediction],
    class_names: Sequence[str],
    *,
    made_from_it: Iterable[Path] = (),
) -> None:
    """Write a table of predictions, whole or not at all.

    Args:
        path: the file.
        predictions: the rows.
        class_names: in the order of the labels.
        made_from_it: files that are removed where the table differs from the one that was there; before it is
            written, that a kill in between leaves none that is out of date.
    """
    header = [*_FIXED, *(f"p_{name}" for name in class_names), *_COUNTS]
    text = csv_text(header, (_cells(row, class_names) for row in predictions))
    if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
        for made in made_from_it:
            made.unlink(missing_ok=True)
    write_text(path, text)


def _cells(row: Prediction, class_names: Sequence[str]) -> list[object]:
    figures = [_number(row.probability), _number(row.loss), *(_number(row.probabilities[name]) for name in class_names)]
    return [row.id, row.path, row.actual, row.predicted, *figures, row.tokens, row.unknown, row.cut]


def read_predictions(path: Path) -> list[Prediction]:
    """Read what `write_predictions` wrote.

    Raises:
        RunError: the file is missing or damaged; the message names the line.
    """
    rows = read_table(path)
    header = rows[0][1] if rows else []
    class_names = [name.removeprefix("p_") for name in header[len(_FIXED) : -len(_COUNTS)]]
    if header != [*_FIXED, *(f"p_{name}" for name in class_names), *_COUNTS] or not class_names:
        raise RunError(f"{path}:1: expected the columns {','.join(_FIXED)},p_<class>…,{','.join(_COUNTS)}.")
    return [_parse_row(path, number, row, class_names) for number, row in rows[1:]]


def _parse_row(path: Path, number: int, row: list[str], class_names: list[str]) -> Prediction:
    if len(row) != len(_FIXED) + len(class_names) + len(_COUNTS):
        raise RunError(f"{path}:{number}: expected a cell for every column, received {len(row)}.")
    shares = row[len(_FIXED) : -len(_COUNTS)]
    try:
        probabilities = dict(zip(class_names, map(float, shares), strict=True))
        tokens, unknown, cut = map(int, row[-len(_COUNTS) :])
        probability, loss = float(row[4]), float(row[5])
        if not math.isfinite(probability + loss + sum(probabilities.values())):
            raise ValueError("expected numbers, received one that is infinite or none")
        if row[2] not in probabilities or row[3] not in probabilities:
            raise ValueError(f"expected classes with a column p_<class>, received {row[2]!r:.40} and {row[3]!r:.40}")
        return Prediction(int(row[0]), row[1], row[2], row[3], probability, loss, probabilities, tokens, unknown, cut)
    except ValueError as error:
        raise RunError(f"{path}:{number}: {error}.") from None


def _number(value: float) -> str:
    """Nine significant digits: all that a 32-bit number has."""
    return f"{value:.9g}"
