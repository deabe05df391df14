"""What reviews look like: how many, how long, repeated, contradicting."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.data.reviews import ReviewSet, repeated_texts

QUANTILES = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class PartStatistics:
    """Figures of one part.

    Args:
        reviews: number of reviews.
        classes: number of reviews of each class.
        words: length in white-space separated words at each quantile, ``{"0.5": 174.0, …}``.
        mean_words: mean length in words.
        empty: reviews without a word.
        duplicates: reviews whose text occurs before in the same part.
        conflicts: texts that occur with more than one label, each with the paths of all its reviews.
    """

    reviews: int
    classes: dict[str, int]
    words: dict[str, float]
    mean_words: float
    empty: int
    duplicates: int
    conflicts: list[list[str]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def compute_statistics(reviews: ReviewSet) -> PartStatistics:
    """The figures of one part; lengths of an empty part are 0."""
    lengths = np.array([len(text.split()) for text in reviews.texts] or [0])
    return PartStatistics(
        reviews=len(reviews),
        classes=reviews.counts(),
        words={f"{q:g}": float(np.quantile(lengths, q)) for q in QUANTILES},
        mean_words=float(lengths.mean()),
        empty=int((lengths == 0).sum()) if len(reviews) else 0,
        duplicates=int(repeated_texts(reviews).sum()),
        conflicts=find_conflicts(reviews),
    )


def find_conflicts(*parts: ReviewSet) -> list[list[str]]:
    """Texts that occur with different classes: the paths of their reviews, in order; empty texts aside."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for part in parts:
        for text, label, path in zip(part.texts, part.labels.tolist(), part.paths, strict=True):
            found[text.strip()].append((part.class_names[label], path))
    return [
        [path for _, path in places]
        for text, places in found.items()
        if text and len({class_name for class_name, _ in places}) > 1
    ]


def count_shared(first: ReviewSet, second: ReviewSet) -> int:
    """How many reviews of ``second`` have a text that occurs in ``first``."""
    texts = {text.strip() for text in first.texts} - {""}
    return sum(text.strip() in texts for text in second.texts)
