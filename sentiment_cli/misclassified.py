"""Which predictions of a run are wrong, the most confident first, with the texts where they still are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.data.contents import Policy, decode_review, look_at
from sentiment_cli.evaluation.predictions import Prediction


@dataclass(frozen=True)
class Misclassified:
    """A wrong prediction.

    Args:
        prediction: the row of the run's table.
        text: the review; None where the file is gone or cannot be read.
    """

    prediction: Prediction
    text: str | None


def find_misclassified(
    predictions: Sequence[Prediction], data_root: Path, policy: Policy, top: int | None = None
) -> list[Misclassified]:
    """The wrong predictions with their texts.

    Args:
        predictions: of one part.
        data_root: what their paths are relative to.
        policy: how the run decoded bytes that are no UTF-8.
        top: at most so many.

    Returns:
        Most confident first; ties keep the order of the reviews.
    """
    wrong = sorted((row for row in predictions if row.is_wrong), key=lambda row: -row.probability)
    return [Misclassified(row, read_review(data_root, row.path, policy)) for row in wrong[:top]]


def read_review(data_root: Path, path: str, policy: Policy) -> str | None:
    """The text of a review below ``data_root``; None where it cannot be read, or lies outside of it."""
    try:
        root = data_root.resolve()
        file = (root / path).resolve()
        if not file.is_relative_to(root) or look_at(str(file)):
            return None
        return decode_review(file.read_bytes(), policy)
    except (OSError, ValueError):  # gone, not UTF-8, or a path that no file can have
        return None
