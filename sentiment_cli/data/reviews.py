"""Reviews: texts, labels and where they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.data.texts import StoredTexts


@dataclass(frozen=True)
class ReviewSet:
    """The reviews of one part, in a fixed order.

    Args:
        texts: str[n].
        labels: int32[n], indices of ``class_names``.
        paths: str[n], relative to the data root, with ``/``.
        class_names: in the order of the labels; the second of two is the positive one.
    """

    texts: Sequence[str]
    labels: np.ndarray
    paths: list[str]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: np.ndarray) -> ReviewSet:
        """The reviews at these positions, in this order."""
        chosen, texts = indices.tolist(), self.texts
        return ReviewSet(
            texts.take(indices) if isinstance(texts, StoredTexts) else [texts[index] for index in chosen],
            self.labels[indices],
            [self.paths[index] for index in chosen],
            self.class_names,
        )

    def counts(self) -> dict[str, int]:
        """The number of reviews of each class."""
        numbers = np.bincount(self.labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))


def repeated_texts(reviews: ReviewSet, others: ReviewSet | None = None) -> np.ndarray:
    """Which texts occur before in ``reviews``, or anywhere in ``others``.

    Texts are equal when they are equal but for white space at their ends. Empty ones repeat nothing.

    Returns:
        bool[n], True for a repeated one.
    """
    seen = {text_digest(text) for text in others.texts} if others is not None else set()
    repeated = np.zeros(len(reviews), dtype=bool)
    for index, text in enumerate(reviews.texts):
        key = text_digest(text)
        repeated[index] = key != EMPTY_DIGEST and key in seen
        seen.add(key)
    return repeated


def count_copies(reviews: ReviewSet, others: ReviewSet) -> int:
    """How many of ``reviews`` have a text that occurs in ``others``, as `repeated_texts` compares them."""
    known = {text_digest(text) for text in others.texts} - {EMPTY_DIGEST}
    return sum(text_digest(text) in known for text in reviews.texts)


def text_digest(text: str) -> bytes:
    """Sixteen bytes that stand for a text without the white space at its ends, in place of a thousand."""
    return hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).digest()


EMPTY_DIGEST = text_digest("")
