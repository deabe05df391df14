"""Texts in a temporary file, read when they are asked for, so that a million reviews need no memory for their texts."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np

# Fewer bytes than these stay in memory; IMDb's training part has 33 MB.
_MOST_IN_MEMORY = 64_000_000


class _File:
    """A temporary file that several `StoredTexts` read; it is gone when the last of them is."""

    def __init__(self) -> None:
        self.opened = tempfile.SpooledTemporaryFile(max_size=_MOST_IN_MEMORY)  # noqa: SIM115
        self._lock = threading.Lock()

    def read(self, start: int, size: int) -> bytes:
        with self._lock:
            self.opened.seek(start)
            return self.opened.read(size)

    def __del__(self) -> None:
        self.opened.close()


class StoredTexts(Sequence[str]):
    """Texts in a file.

    Args:
        file: UTF-8, one text after the other.
        starts: int64[n], the first byte of each text.
        sizes: int64[n], its number of bytes.
    """

    def __init__(self, file: _File, starts: np.ndarray, sizes: np.ndarray) -> None:
        self._file, self._starts, self._sizes = file, starts, sizes

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        return self._file.read(int(self._starts[index]), int(self._sizes[index])).decode("utf-8")

    def take(self, indices: np.ndarray) -> StoredTexts:
        """The texts at these positions, in this order, in the same file."""
        return StoredTexts(self._file, self._starts[indices], self._sizes[indices])


def store_texts(texts: Iterable[str]) -> StoredTexts:
    """Write texts to a temporary file; few of them stay in memory."""
    file = _File()
    sizes = [file.opened.write(text.encode("utf-8")) for text in texts]
    lengths = np.array(sizes, dtype=np.int64)
    return StoredTexts(file, np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.int64), lengths)
