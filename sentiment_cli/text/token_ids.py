"""Token ids of many reviews, one after the other, in memory or on disk: no padding, no strings, cut to length."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID

# Reviews; for flags of a few million tokens at a time.
_COUNTED_AT_ONCE = 16_384
# Fewer bytes than these stay in memory.
_MOST_IN_MEMORY = 64_000_000

Truncate = Literal["head", "tail", "head_tail"]


@dataclass(frozen=True)
class TokenIds:
    """The token ids of n reviews (IMDb's training part: 12 MB).

    Args:
        flat: integer[sum of lengths], 0 does not occur. It may be a file mapped into memory.
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
        counts = [np.zeros(0, np.int64)]
        for start in range(0, len(self), _COUNTED_AT_ONCE):
            offsets = self.offsets[start : start + _COUNTED_AT_ONCE + 1]
            flags = self.flat[offsets[0] : offsets[-1]] == UNKNOWN_ID
            counts.append(np.add.reduceat(flags, offsets[:-1] - offsets[0], dtype=np.int64))
            _let_go(self.flat)
        return np.concatenate(counts)

    def take(self, indices: np.ndarray) -> TokenIds:
        """Some of the reviews, int[m], in this order."""
        rows = [self.flat[self.offsets[i] : self.offsets[i + 1]] for i in indices.tolist()]
        offsets = np.concatenate([[0], np.cumsum(self.lengths[indices])]).astype(np.int64)
        return TokenIds(np.concatenate([self.flat[:0], *rows]), offsets, self.tokens[indices])

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
        lengths = self.offsets[indices + 1] - self.offsets[indices]
        batch = np.full((rows or len(indices), width), PADDING_ID, dtype=np.int32)
        columns = np.arange(width)
        filled = columns < lengths[:, None]
        batch[: len(indices)][filled] = self.flat[(self.offsets[:-1][indices][:, None] + columns)[filled]]
        _let_go(self.flat)
        batch[len(indices) :, 0] = UNKNOWN_ID
        return batch


def join_token_ids(parts: Iterable[TokenIds], vocabulary_size: int) -> TokenIds:
    """Put the token ids of several groups of reviews one after the other, many of them into a temporary file.

    Args:
        parts: taken one by one, so that they need not be in memory together.
        vocabulary_size: decides the type: two bytes an id up to 65,536 of them.
    """
    dtype = np.dtype(np.uint16 if vocabulary_size <= 2**16 else np.int32)
    lengths, tokens = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    with tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY) as file:
        for part in parts:
            file.write(part.flat.astype(dtype).tobytes())
            lengths.append(part.lengths)
            tokens.append(part.tokens)
        flat = _read_only(file, dtype)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    return TokenIds(flat, offsets, np.concatenate(tokens))


def _read_only(file: tempfile.SpooledTemporaryFile[bytes], dtype: np.dtype[Any]) -> np.ndarray:
    """What is in a file that was written: mapped where it is on disk."""
    size = file.tell()
    if size <= _MOST_IN_MEMORY:
        file.seek(0)
        return np.frombuffer(file.read(), dtype)
    file.flush()
    return np.asarray(np.memmap(cast(Any, file), dtype, mode="r"))


def _let_go(array: np.ndarray) -> None:
    """Take the pages of a mapped file out of this process; they stay in the system's cache, a page fault away.

    A million reviews are 400 MB, of which a batch needs 60 kB.
    """
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


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


def kept_positions(tokens: int, most: int, truncate: Truncate) -> np.ndarray:
    """Which tokens of a review are left by `cut_to_length`: int64[min(tokens, most)], ascending."""
    if tokens <= most:
        return np.arange(tokens)
    head = kept_at_head(most, truncate)
    return np.concatenate([np.arange(head), np.arange(tokens - (most - head), tokens)])
