"""Which texts were met before, in 32 to 64 bytes each? A dict of Python's takes 200.

An open-addressing table in flat arrays, at most half full. Eight bytes of a digest stand for a text: of a million texts
two different ones are taken for the same with a chance of 3 in 100 million.
"""

from __future__ import annotations

import hashlib
from array import array
from typing import NamedTuple

_SMALLEST = 1024
_EMPTY = 0


class Before(NamedTuple):
    """What was said of a text when it was met first.

    Args:
        mark: a number of the caller's.
        place: likewise.
    """

    mark: int
    place: int


class Seen:
    """Digests, each with two numbers of its first occurrence."""

    def __init__(self) -> None:
        self._count = 0
        self._make(_SMALLEST)

    def __len__(self) -> int:
        return self._count

    @property
    def size_bytes(self) -> int:
        """Of memory, as it is now."""
        return sum(column.itemsize * len(column) for column in (self._digests, self._marks, self._places))

    def add(self, digest: int, mark: int = 0, place: int = 0) -> Before | None:
        """Remember a digest, unless it was met before; then, say what was said of it.

        Args:
            digest: from `digest_of`.
            mark: from 0 to 2^32 - 1.
            place: likewise.
        """
        digests, mask = self._digests, self._mask
        slot = digest & mask
        while (there := digests[slot]) != _EMPTY:
            if there == digest:
                return Before(self._marks[slot], self._places[slot])
            slot = (slot + 1) & mask
        digests[slot], self._marks[slot], self._places[slot] = digest, mark, place
        self._count += 1
        if 2 * self._count > mask:
            self._grow()
        return None

    def _make(self, size: int) -> None:
        self._mask = size - 1
        self._digests = array("Q", bytes(8 * size))
        self._marks = array("I", bytes(4 * size))
        self._places = array("I", bytes(4 * size))

    def _grow(self) -> None:
        before = zip(self._digests, self._marks, self._places, strict=True)
        self._make(2 * (self._mask + 1))
        digests, mask = self._digests, self._mask
        for digest, mark, place in before:
            if digest != _EMPTY:
                slot = digest & mask
                while digests[slot] != _EMPTY:
                    slot = (slot + 1) & mask
                digests[slot], self._marks[slot], self._places[slot] = digest, mark, place


def digest_of(text: str) -> int:
    """Eight bytes that stand for a text, never 0."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
