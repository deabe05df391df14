"""How are tables cut into blocks of reviews, one after the other, the same ones each time?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from sentiment_cli.errors import DataError
from sentiment_cli.scoring.columns import Columns
from sentiment_cli.tabular.table import Reading, Row, Table, Tally

NO_TEXT = "no text"
NO_NUMBER = "the network gives no finite probabilities"
# Rows in a row that cannot be read, which are in memory until one can: 100 MB of them are no matter of single rows.
_MOST_UNREAD = 1_000_000


class Review(NamedTuple):
    """A row that has a text.

    Args:
        file: position of its file among the inputs, from 0.
        row: its number there, from 1, see `tabular.table.Row`.
        line: that it starts on; None where there are no lines.
        id: as in the table; None where there is none.
        text: never blank; empty where it is not needed any more.
    """

    file: int
    row: int
    line: int | None
    id: str | None
    text: str


class BadRow(NamedTuple):
    """A row that has no prediction.

    Args:
        file: position of its file among the inputs, from 0.
        row: its number there, from 1.
        line: that it starts on; None where there are no lines.
        reason: why.
    """

    file: int
    row: int
    line: int | None
    reason: str


@dataclass(frozen=True)
class Block:
    """Rows that follow each other in the inputs.

    Args:
        number: of the part that it becomes, from 0; None where it has no review.
        reviews: at most as many as a part has.
        bad: rows among them that cannot be scored.
        share: of the inputs that was read up to here, from 0 to 1, by bytes.
    """

    number: int | None
    reviews: list[Review] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    share: float = 1.0

    def without_texts(self) -> Block:
        """The same, for where the texts are not needed any more."""
        return replace(self, reviews=[review._replace(text="") for review in self.reviews])


@dataclass(frozen=True)
class Source:
    """All reviews that are to be scored.

    Args:
        tables: in their order.
        columns: of each table.
        bytes: the size of each table's file.
        part_rows: reviews in a block.
    """

    tables: Sequence[Table]
    columns: Sequence[Columns]
    bytes: Sequence[int]
    part_rows: int

    def blocks(self) -> Iterator[Block]:
        """The blocks, of which one is in memory at a time.

        Each has ``part_rows`` reviews but for the last one, and for those with as many bad rows.

        Raises:
            DataError: a file cannot be read on.
        """
        number, block = 0, Block(0)
        for item, share in self._rows():
            if isinstance(item, Review):
                block.reviews.append(item)
            else:
                block.bad.append(item)
            if self.part_rows in (len(block.reviews), len(block.bad)):
                yield _numbered(block, share)
                number += bool(block.reviews)
                block = Block(number)
        if block.reviews or block.bad:
            yield _numbered(block, 1.0)

    def _rows(self) -> Iterator[tuple[Review | BadRow, float]]:
        """Every row of every table, with the share of the inputs that was read up to there."""
        total, before = max(sum(self.bytes), 1), 0
        for file, (table, columns, size) in enumerate(zip(self.tables, self.columns, self.bytes, strict=True)):
            faults = _Faults(table.path)
            reading = Reading(faults=faults)
            for item in _rows_of(table.read(reading), columns, file, faults):
                yield item, (before + reading.share * size) / total
            before += size


class _Faults(Tally):
    """Keeps each row that could not be read until it is taken, where a `Tally` keeps the first few.

    Args:
        path: of the table.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.waiting: list[tuple[str, int]] = []
        self._path = path

    def add(self, kind: str, place: int) -> None:
        """Count and keep one."""
        super().add(kind, place)
        self.waiting.append((kind, place))
        if len(self.waiting) >= _MOST_UNREAD:
            raise DataError(
                f"{self._path}: {_MOST_UNREAD:,} rows one after the other cannot be read, the last one: {kind}. Is it "
                "another form? Name --delimiter or --encoding, or leave the file out."
            )


def _rows_of(rows: Iterator[Row], columns: Columns, file: int, faults: _Faults) -> Iterator[Review | BadRow]:
    last, has_lines = 0, True
    for row in rows:
        has_lines = row.line is not None
        yield from _unread(faults, file, last, has_lines)
        last = row.number
        yield _look_at(row, columns, file)
    yield from _unread(faults, file, last, has_lines)


def _look_at(row: Row, columns: Columns, file: int) -> Review | BadRow:
    text = row.values[columns.text]
    if text is None or not text.strip():
        return BadRow(file, row.number, row.line, NO_TEXT)
    return Review(file, row.number, row.line, None if columns.id is None else row.values[columns.id], text)


def _unread(faults: _Faults, file: int, last: int, has_lines: bool) -> Iterator[BadRow]:
    """Those between the last row and this one: each has a number, see `tabular.table.Row`."""
    for number, (reason, place) in enumerate(faults.waiting, start=last + 1):
        yield BadRow(file, number, place if has_lines else None, reason)
    faults.waiting.clear()


def _numbered(block: Block, share: float) -> Block:
    return replace(block, number=block.number if block.reviews else None, share=share)
