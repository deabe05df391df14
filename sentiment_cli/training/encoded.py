"""Reviews as the network sees them, and a batch of them as the step takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.text.token_ids import TokenIds


@dataclass(frozen=True)
class EncodedSet:
    """Reviews as the network sees them.

    Args:
        token_ids: n reviews.
        labels: int32[n].
        paths: str[n], what they are called.
    """

    token_ids: TokenIds
    labels: np.ndarray
    paths: Sequence[str]


@dataclass(frozen=True)
class Arrays:
    """A batch as the step takes it, see `step.build_train_step`.

    Args:
        token_ids: int32[rows, width].
        labels: int32[rows].
        weights: float32[rows].
        present: float32[rows].
        unlabelled: int32[rows, width], or None.
        indices: int[count], which reviews they are; the other rows fill up.
    """

    token_ids: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    present: np.ndarray
    unlabelled: np.ndarray | None
    indices: np.ndarray

    @property
    def count(self) -> int:
        """Number of reviews."""
        return len(self.indices)
