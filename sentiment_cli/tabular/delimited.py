"""How is a CSV, or a text file of other delimiters, read as a table?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.tabular.content import Content
from sentiment_cli.tabular.dialect import DELIMITERS, find_dialect
from sentiment_cli.tabular.encoding import Encoding
from sentiment_cli.tabular.header import name_columns, plain_name, warn_of_data
from sentiment_cli.tabular.lines import Sample, ending, open_lines, read_sample
from sentiment_cli.tabular.records import Dialect, Record, read_records
from sentiment_cli.tabular.table import Reading, Row, Table

_LOOK_AT = 1_000  # records
HEADER_AGAIN = "the header again"  # as in files that were put together
# The first line that Excel takes for the delimiter, in place of the one of its language.
_SEPARATOR_LINE = re.compile(r'sep=([^"\r\n])[\r\n]*', re.IGNORECASE)
# Written-out line ends are taken for what they mean where one of so many rows has them and none a real one.
_WRITTEN_OUT_SHARE = 0.01


@dataclass(frozen=True)
class _Form:
    r"""Everything that is decided before the first row is given.

    Args:
        content: the file.
        encoding: of its bytes.
        dialect: of its cells.
        skipped: lines before the first record.
        header: the first record, which names the columns; None where the table has none.
        written_out: ``\n`` in cells, as two characters, is read as a line end.
    """

    content: Content
    encoding: Encoding
    dialect: Dialect
    skipped: int
    header: list[str] | None
    written_out: bool


def open_delimited(content: Content, encoding: Encoding, delimiter: str | None, header: bool) -> Table:
    """Find out how the cells of a text file are separated, and give its rows.

    Args:
        content: the file.
        encoding: of its bytes.
        delimiter: one character; None: found out.
        header: whether the first row names the columns.

    Raises:
        DataError: it has no row, or the first one has another number of cells than the others.
        UsageError: no such delimiter.
    """
    _check_delimiter(delimiter)
    sample = read_sample(content, encoding)
    separator = _SEPARATOR_LINE.fullmatch(sample.lines[0]) if sample.lines else None
    skipped = int(separator is not None)
    delimiter = delimiter or (separator.group(1) if separator else None)
    sample = Sample(sample.lines[skipped:], sample.whole)
    dialect, width = find_dialect(sample, ending(content), delimiter)
    records = read_records(sample.lines, dialect, None, suspect=not encoding.sound)
    first = list(itertools.islice(records, _LOOK_AT))
    if header:
        _check_header(content, first, width)
    cells = [record.cells for record in first if record.cells]
    if not cells:
        raise DataError(f"{content.path} has no row; expected a table with a row for each review.")
    names, notes = name_columns(cells[0] if header else None, len(cells[0]) if header else width)
    written_out = _is_written_out(cells[int(header) :])
    form = _Form(content, encoding, dialect, skipped, cells[0] if header else None, written_out)
    notes = [note for note in (encoding.note, *notes) if note]
    if written_out:
        notes.append('"\\n" in cells, a backslash and an n, is read as a line end')
    warnings = warn_of_data(cells) if header else []
    return Table(content.path, names, _describe(form, len(names)), _reader(form, len(names)), notes, warnings)


def _reader(form: _Form, width: int) -> Callable[[Reading], Iterator[Row]]:
    def read(state: Reading) -> Iterator[Row]:
        lines = itertools.islice(open_lines(form.content, form.encoding, state.tell), form.skipped, None)
        records = read_records(lines, form.dialect, width, suspect=not form.encoding.sound)
        names = None if form.header is None else [plain_name(cell) for cell in form.header]
        if names:
            next(records, None)
        number = 0
        for line, cells, fault, mended in records:
            number += 1
            line += form.skipped
            if cells is None:
                state.faults.add(fault or "", line)
                continue
            if names and cells[-1].strip() == names[-1] and [plain_name(cell) for cell in cells] == names:
                state.faults.add(HEADER_AGAIN, line)
                continue
            if mended:
                state.mended.add(mended, line)
            if form.written_out:
                cells = [cell.replace("\\n", "\n") for cell in cells]
            yield Row(number, tuple(cells), line)

    return read


def _is_written_out(cells: Sequence[Sequence[str]]) -> bool:
    """Whether line ends are written as a backslash and an n, as in the sets of Zhang et al. 2015 (Yelp, Amazon)."""
    texts = ["\0".join(row) for row in cells]
    if any("\n" in text for text in texts):
        return False
    return sum("\\n" in text for text in texts) > max(1, _WRITTEN_OUT_SHARE * len(texts))


def _check_header(content: Content, records: Sequence[Record], usual: int) -> None:
    if records and records[0].fault:
        raise DataError(
            f"{content.path}:{records[0].line}: the first row, which names the columns, cannot be read: "
            f"{records[0].fault}. Mend it."
        )
    width, *others = [len(record.cells or ()) for record in records] or [usual]
    if others.count(usual) > max(1, others.count(width)) and width != usual:
        raise DataError(
            f"{content.path}: its first row has {width} {_cells(width)} and most others have {usual}; expected a "
            "header that names each column. Mend the first row, or use sentiment data import or predict --output with "
            "--no-header where it is a row as any, with --delimiter where the cells are separated by another character."
        )


def _check_delimiter(delimiter: str | None) -> None:
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise UsageError(
            f"A delimiter is one character, and no quote or line end; received {delimiter!r}. "
            "Usual ones: , ; | and a tab."
        )


def _describe(form: _Form, width: int) -> str:
    mark = form.dialect.delimiter
    kind = "TSV" if mark == "\t" and width > 1 else "CSV" if ending(form.content) == ".csv" or mark == "," else "text"
    parts = [kind, f"separated by {DELIMITERS.get(mark, mark)}" if width > 1 else "of one column"]
    parts += {"backslash": ["quotes escaped by backslashes"], "none": ["without quoting"]}.get(form.dialect.quotes, [])
    return ", ".join([*parts, f"in {form.encoding.name}", *(["gzipped"] if form.content.gzipped else [])])


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"
