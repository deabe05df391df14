"""What is a table of reviews, in whatever form it lies on the disk, and which of its rows could not be read?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_FIRST = 5  # as many places are named of each kind


class Row(NamedTuple):
    """One row.

    Args:
        number: from 1, in the order of the file; rows that could not be read have numbers too, so that a number means
            the same row whatever becomes of the others. A header and blank lines have none.
        values: one for each column; None where there is none (JSON, Parquet, Excel), never so in CSV. Line ends in
            texts are line feeds.
        line: the line that it starts on, from 1, in Excel the row of the sheet; None where there are none (Parquet).
    """

    number: int
    values: tuple[str | None, ...]
    line: int | None


@dataclass
class Tally:
    """How many rows something befell, by kind, and where the first ones are.

    Args:
        counts: by kind, in the order of their first occurrence.
        places: the first few of each kind: the line that the row starts on, where there are lines, else its number.
    """

    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)

    def add(self, kind: str, place: int) -> None:
        """Count one."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        first = self.places.setdefault(kind, [])
        if len(first) < _FIRST:
            first.append(place)

    @property
    def total(self) -> int:
        """Of all kinds."""
        return sum(self.counts.values())

    def clear(self) -> None:
        """Forget everything."""
        self.counts.clear()
        self.places.clear()


@dataclass
class Reading:
    """One passage through a table, told to the table by what reads it.

    Args:
        faults: see `Table`.
        mended: see `Table`.
        share: of the file that was read, from 0 to 1.
    """

    faults: Tally = field(default_factory=Tally)
    mended: Tally = field(default_factory=Tally)
    share: float = 0.0

    def tell(self, share: float) -> None:
        """So much of the file was read."""
        self.share = share


@dataclass
class Table:
    """A table of reviews, of any size: `rows` keeps one row, or one batch, in memory.

    Args:
        path: the file.
        columns: their names, each once; ``1``, ``2``, … where the table has no header.
        description: of its form, for the user: ``CSV, separated by semicolons, in windows-1252, gzipped``.
        notes: what was assumed and the user should know: a guessed encoding, the sheet that was taken.
        warnings: what is probably not meant: a first row that looks like data.
        read: makes the iterator of one passage.
        reading: the state of the last passage.
    """

    path: Path
    columns: tuple[str, ...]
    description: str
    read: Callable[[Reading], Iterator[Row]]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)

    def rows(self) -> Iterator[Row]:
        """All rows that can be read, in order, from the first one; the tallies start anew.

        Raises:
            DataError: the file cannot be read on: it ends within compressed data, or is damaged.
        """
        self.reading = Reading()
        yield from self.read(self.reading)
        self.reading.share = 1.0

    @property
    def faults(self) -> Tally:
        """The rows of the last passage that could not be read and were left out, by kind."""
        return self.reading.faults

    @property
    def mended(self) -> Tally:
        """The rows of the last passage that were given though something in them was not as it should be, by kind."""
        return self.reading.mended

    @property
    def share_read(self) -> float:
        """How much of the file the last passage has read, from 0 to 1."""
        return self.reading.share
