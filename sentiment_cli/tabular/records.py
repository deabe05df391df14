"""How do the lines of a CSV become records, and what is saved where quotes are not as they should be?

Python's `csv` reads what is sound, and strictly. Where it stumbles, or the number of cells is wrong, the lines of that
record are looked at again: a quote that was never closed costs the line that it stands on and not all lines up to the
next quote, and quotes within a quoted cell that were not doubled are taken as they stand.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sentiment_cli.tabular.encoding import UNDECODABLE
from sentiment_cli.tabular.table import Reading
from sentiment_cli.tabular.values import plain_line_ends

# A record over this is a quote that was never closed: IMDb's longest review has 14,000 characters.
MAX_CHARACTERS, MAX_LINES = 10_000_000, 2_000
# As far is looked for the end of a cell whose inner quotes are not doubled.
_MOST_MORE_LINES = 20
_QUOTES, _BLANKS = re.compile('"+'), re.compile(" *")
_ESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)\\"')

TOO_FEW, TOO_MANY = "too few cells", "too many cells"
UNCLOSED = "a quote that is never closed"
HUGE = f"a cell of over {MAX_CHARACTERS:,} characters"
BAD_BYTES = "bytes that are not of the encoding"
INNER_QUOTES = "quotes within quotes that were not doubled, taken as they stand"
NULS = "NUL characters, taken away"


@dataclass(frozen=True)
class Dialect:
    r"""How cells are told from each other.

    Args:
        delimiter: one character.
        quotes: ``doubled``: cells may stand in quotes, within which a quote is written twice; ``backslash``: it may
            also be written as ``\"``; ``none``: a quote is a character as any.
        spaces: white space behind a delimiter is not part of the cell.
    """

    delimiter: str = ","
    quotes: str = "doubled"
    spaces: bool = False


class Record(NamedTuple):
    """What a line, or several, hold.

    Args:
        line: where it starts, from 1.
        cells: None where it could not be read.
        fault: why there are no cells.
        mended: what was not as it should be though there are.
    """

    line: int
    cells: list[str] | None
    fault: str | None = None
    mended: str | None = None


class _Endless(Exception):
    """A record has more lines or characters than any."""


class _Feed:
    """Gives lines one by one, remembers those of the present record, and takes lines back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self._returned = iter(lines), deque[str]()
        self.taken: list[str] = []
        self.line = 1  # where the present record starts
        self._characters = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        self._characters += len(line)
        if len(self.taken) > MAX_LINES or self._characters > MAX_CHARACTERS:
            raise _Endless
        return line

    def begin(self) -> None:
        """The lines taken so far are done with."""
        self.line += len(self.taken)
        self.taken = []
        self._characters = 0

    def give_back(self, keep: int) -> None:
        """Take back all lines of the present record but the first so many."""
        self._returned.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]


def read_records(
    lines: Iterable[str], dialect: Dialect, width: int | None, *, suspect: bool = False
) -> Iterator[Record]:
    """Read records; blank lines are none.

    Args:
        lines: with their ends (line feed, carriage return, or both).
        dialect: how cells are told apart.
        width: the number of cells of a record; others are faults. None: any number is right.
        suspect: lines may hold what stands for undecodable bytes, or NUL.

    Yields:
        One for each record, in order. Line ends within cells are line feeds.
    """
    if dialect.quotes == "backslash":
        lines = (_ESCAPED_QUOTE.sub(r'\1""', line) if '\\"' in line else line for line in lines)
    feed = _Feed(lines)
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CHARACTERS))
    reader = _reader(feed, dialect)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _Endless):
            yield _mend(feed, dialect, width)
            continue
        if len(cells) != width or suspect:
            if not any(cell.strip() for cell in cells) and len(cells) < 2:
                continue
            yield _judge(feed, cells, dialect, width)
        elif len(feed.taken) > 1:
            yield Record(feed.line, [plain_line_ends(cell) for cell in cells])
        else:
            yield Record(feed.line, cells)


def _reader(lines: Iterable[str], dialect: Dialect) -> Iterator[list[str]]:
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quoting=csv.QUOTE_NONE if dialect.quotes == "none" else csv.QUOTE_MINIMAL,
        skipinitialspace=dialect.spaces,
        strict=True,
    )


def _judge(feed: _Feed, cells: list[str], dialect: Dialect, width: int | None) -> Record:
    """What becomes of a record that `csv` could read."""
    if width is not None and len(cells) > width and not any(cells[width:]):
        cells = cells[:width]  # delimiters at the end of the line
    if width is not None and len(cells) != width:
        return _mend(feed, dialect, width)
    return _finish(feed.line, cells)


def _finish(line: int, cells: list[str], mended: str | None = None) -> Record:
    """A record of the right number of cells, unless they hold what is no text."""
    if any(UNDECODABLE.search(cell) for cell in cells if not cell.isascii()):
        return Record(line, None, BAD_BYTES)
    if any("\0" in cell for cell in cells):
        cells, mended = [cell.replace("\0", "") for cell in cells], mended or NULS
    return Record(line, [plain_line_ends(cell) for cell in cells], None, mended)


def _mend(feed: _Feed, dialect: Dialect, width: int | None) -> Record:
    """What becomes of lines that `csv` stumbled over, or that have a wrong number of cells."""
    if len("".join(feed.taken)) > MAX_CHARACTERS:
        feed.give_back(1)
        return Record(feed.line, None, HUGE if len(feed.taken[0]) > MAX_CHARACTERS else UNCLOSED)
    read = len(feed.taken)
    if width is not None and width > 1 and dialect.quotes != "none":
        cells = None
        if not any(_is_sound(line, dialect, width) for line in feed.taken[1:]):
            cells = _split_with_inner_quotes(feed, dialect, width)
        if cells is not None:
            return _finish(feed.line, cells, INNER_QUOTES)
    feed.give_back(1)
    return Record(feed.line, None, _fault(feed.taken[0], read, dialect, width))


def _fault(line: str, read: int, dialect: Dialect, width: int | None) -> str:
    """Why a line that stands alone now gives no record."""
    try:
        cells = next(_reader([line], dialect), [])
    except csv.Error:
        return UNCLOSED
    if UNDECODABLE.search(line):
        return BAD_BYTES
    return TOO_FEW if len(cells) < (width or 0) else TOO_MANY


def _is_sound(line: str, dialect: Dialect, width: int) -> bool:
    """Whether a line alone is a record, with all its quotes in pairs."""
    return line.count('"') % 2 == 0 and any(
        cells is not None and len(cells) == width for cells in _splits(line, dialect, width)
    )


def _split_with_inner_quotes(feed: _Feed, dialect: Dialect, width: int) -> list[str] | None:
    """Cells, where a quote ends one only before a delimiter or the end of the line; takes more lines where it has to.

    Returns:
        None where the number of cells is wrong all the same; the lines taken are given back then.
    """
    first = len(feed.taken)
    while True:
        text = "".join(feed.taken)
        splits = _splits(text, dialect, width)
        cells = next((split for split in splits if split is not None and len(split) == width), None)
        if cells is not None:
            return cells
        too_many = all(split is not None and len(split) > width for split in splits[:2])
        enough = too_many or '"' not in text or len(feed.taken) >= first + _MOST_MORE_LINES
        if enough or not _take_another(feed, dialect, width):
            feed.give_back(first)
            return None


def _splits(text: str, dialect: Dialect, width: int) -> list[list[str] | None]:
    """The ways in which a text can be cut into cells, the likeliest first."""
    # Two quotes before a delimiter are one that was doubled; failing that, one that was not, and the end.
    splits = [_split(text, dialect, doubled) for doubled in (True, False)]
    return [*splits, _split_around(text, dialect.delimiter, width)]


def _take_another(feed: _Feed, dialect: Dialect, width: int) -> bool:
    """Take a line that is no record of its own; False where there is none."""
    try:
        return not _is_sound(next(feed), dialect, width)
    except (StopIteration, _Endless):
        return False


def _split(text: str, dialect: Dialect, doubled: bool) -> list[str] | None:
    """Cells of a record, by the rule of `_split_with_inner_quotes`; None where the last quoted one does not end."""
    text, cells, place = text.rstrip("\r\n"), [], 0
    while place <= len(text):
        if dialect.spaces:
            place = _BLANKS.match(text, place).end()  # type: ignore[union-attr]  # it matches nothing, too
        if text.startswith('"', place):
            end = _end_of_quoted(text, place + 1, dialect.delimiter, doubled)
            if end is None:
                return None
            cells.append(text[place + 1 : end].replace('""', '"'))
            place = end + 2
        else:
            end = text.find(dialect.delimiter, place)
            cells.append(text[place:] if end < 0 else text[place:end])
            place = len(text) + 1 if end < 0 else end + 1
    return cells


def _split_around(text: str, delimiter: str, width: int) -> list[str] | None:
    """Cells where one is quoted and has quotes before delimiters in it: those around it are counted from both ends."""
    parts = text.rstrip("\r\n").split(delimiter)
    first = next((place for place, part in enumerate(parts[:width]) if part.startswith('"')), None)
    if first is None or len(parts) < width:
        return None
    behind = len(parts) - (width - first - 1)
    inner, last = delimiter.join(parts[first:behind]), parts[behind:]
    if len(inner) < 2 or not inner.endswith('"') or any('"' in part or "\n" in part for part in last):
        return None
    return [*parts[:first], inner[1:-1].replace('""', '"'), *last]


def _end_of_quoted(text: str, start: int, delimiter: str, doubled: bool) -> int | None:
    """Where the quote is that ends a cell which begins at ``start``, behind its first quote."""
    for run in _QUOTES.finditer(text, start):
        if run.end() < len(text) and text[run.end()] != delimiter:
            continue
        if not doubled or len(run.group()) % 2 == 1:
            return run.end() - 1
    return None


def without_nul(values: tuple[str | None, ...], state: Reading, place: int) -> tuple[str | None, ...]:
    """The values without NUL characters, which no text has; counted where there are some."""
    if not any(value and "\0" in value for value in values):
        return values
    state.mended.add(NULS, place)
    return tuple(value and value.replace("\0", "") for value in values)
