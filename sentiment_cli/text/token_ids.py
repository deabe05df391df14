"""Token ids of many reviews, one after the other in memory: no padding, no strings, cut to length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID

Truncate = Literal["head", "tail", "head_tail"]


@dataclass(frozen=True)
class TokenIds:
    """The token ids of n reviews (IMDb's training part: 23 MB).

    Args:
        flat: int32[sum of lengths], 0 does not occur.
        offsets: int64[n + 1]; review i is ``flat[offsets[i]:offsets[i + 1]]``, never empty.
        tokens: int64[n], number of tokens before cutting; 0 for an empty review.
    """

    flat: np.ndarray
    offsets: np.ndarray
    tokens: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """int64[n], tokens that are kept, at least 1."""
        return np.asarray(np.diff(self.offsets))

    @property
    def cut(self) -> np.ndarray:
        """int64[n], tokens that were lost by cutting."""
        return np.asarray(np.maximum(self.tokens - self.lengths, 0))

    @property
    def unknown(self) -> np.ndarray:
        """int64[n], how many of the tokens kept are not in the vocabulary; an empty review has one."""
        totals = np.concatenate([[0], np.cumsum(self.flat == UNKNOWN_ID)])
        return np.asarray(totals[self.offsets[1:]] - totals[self.offsets[:-1]])

    def pad(self, indices: np.ndarray, width: int, rows: int | None = None) -> np.ndarray:
        """A batch, padded on the right.

        Args:
            indices: int[m], the reviews.
            width: at least the longest of their lengths.
            rows: rows of the batch; those beyond m hold one unknown token each, since a row of nothing but
                padding makes cuDNN fail.

        Returns:
            int32[rows or m, width], 0 is padding.
        """
        lengths = self.lengths[indices]
        batch = np.full((rows or len(indices), width), PADDING_ID, dtype=np.int32)
        columns = np.arange(width)
        filled = columns < lengths[:, None]
        batch[: len(indices)][filled] = self.flat[(self.offsets[:-1][indices][:, None] + columns)[filled]]
        batch[len(indices) :, 0] = UNKNOWN_ID
        return batch


def cut_to_length(flat: np.ndarray, lengths: np.ndarray, most: int, truncate: Truncate) -> TokenIds:
    """Cut reviews to at most ``most`` tokens; an empty one becomes one unknown token.

    Args:
        flat: int[sum of lengths], the reviews' ids one after the other.
        lengths: int[n].
        most: ``text.sequence_length``.
        truncate: which part of a longer review is kept, see `kept_at_head`.
    """
    starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
    kept = np.minimum(lengths, most)
    offsets = np.concatenate([[0], np.cumsum(np.maximum(kept, 1))]).astype(np.int64)
    result = np.full(offsets[-1], UNKNOWN_ID, dtype=np.int32)
    review = np.repeat(np.arange(len(lengths)), np.maximum(kept, 1))
    position = np.arange(offsets[-1]) - offsets[:-1][review]
    # Positions beyond the head are counted from the review's end.
    head = np.where(lengths > most, kept_at_head(most, truncate), lengths)
    source = np.where(position < head[review], position, position + (lengths - kept)[review])
    filled = kept[review] > 0
    result[filled] = flat[(starts[review] + source)[filled]]
    return TokenIds(result, offsets, lengths.astype(np.int64))


def kept_at_head(most: int, truncate: Truncate) -> int:
    """How many of ``most`` kept tokens come from the start of a review that is longer; the rest from its end.

    ``head_tail`` keeps a quarter from the start, as Sun et al. 2019 (arXiv:1905.05583, section 5.3.1: 128 of
    510 tokens), where it beat head and tail alone on IMDb.
    """
    return {"head": most, "tail": 0, "head_tail": max(most // 4, 1)}[truncate]
