"""How is an Excel workbook read as a table? Its first sheet, row by row; the texts of its cells are all in memory."""

from __future__ import annotations

import contextlib
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sentiment_cli.errors import DataError, shorten_list
from sentiment_cli.extras import require
from sentiment_cli.tabular.content import Content, reading
from sentiment_cli.tabular.header import name_columns, warn_of_data
from sentiment_cli.tabular.records import TOO_MANY
from sentiment_cli.tabular.table import Reading, Row, Table
from sentiment_cli.tabular.values import as_text

_LOOK_AT = 1_000  # rows
_TELL_EVERY = 1_000
# What openpyxl raises for files that are not as they should be; a SyntaxError is one of XML, a RuntimeError of parts
# that are encrypted, or compressed in another way than those of workbooks.
_DAMAGES = (
    *(KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


def open_excel(content: Content, header: bool) -> Table:
    """Give the rows of the first sheet of a workbook; of a formula, the value that it had when it was saved.

    Args:
        content: the file.
        header: whether the first row that has anything in it names the columns.

    Raises:
        DataError: it is damaged, or the sheet is empty.
        MissingExtraError: openpyxl is not installed.
    """
    with _opened(content.path) as book:
        sheets = [sheet.title for sheet in _sheets(book)]
        first = [cells for _, cells in _take(_rows(book, content.path), _LOOK_AT)]
    if not first:
        raise DataError(f"{content.path}: its first sheet is empty; expected a table with a row for each review.")
    names, notes = name_columns(first[0] if header else None, len(first[0]) if header else max(map(len, first)))
    if len(sheets) > 1:
        left = shorten_list([f'"{name}"' for name in sheets[1:]])
        notes.append(f'of {len(sheets)} sheets the first is read, "{sheets[0]}"; left out: {left}')
    found = warn_of_data(first) if header else []
    description = f'Excel, sheet "{sheets[0]}"'
    return Table(content.path, names, description, _reader(content.path, len(names), header), notes, found)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A workbook, of which nothing but the texts of its cells is in memory."""
    openpyxl = require("openpyxl", "Reading Excel files")
    # A file and not its path: openpyxl refuses endings that it does not know.
    with reading(path), path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of styles and other parts that are not read
                book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except _DAMAGES as error:
            raise _damaged(path, error) from None
        with contextlib.closing(book):
            if not book.worksheets:
                raise DataError(f"{path} has no sheet of cells; expected a table with a row for each review.")
            yield book


def _sheets(book: Any) -> list[Any]:
    """The sheets that are shown, or all where none is."""
    return [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or list(book.worksheets)


def _rows(book: Any, path: Path) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    """The rows of the first sheet that have anything in them, up to the last cell that has, with their places."""
    sheet = _sheets(book)[0]
    # Some programs write a wrong size, of one cell for example, and the rest would not be given.
    sheet.reset_dimensions()
    try:
        for place, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            values = [as_text(cell) for cell in cells]
            while values and not values[-1]:
                values.pop()
            if values:
                yield place, tuple(values)
    except _DAMAGES as error:
        raise _damaged(path, error) from None


def _take(rows: Iterator[tuple[int, tuple[str | None, ...]]], most: int) -> list[tuple[int, tuple[str | None, ...]]]:
    return [row for _, row in zip(range(most), rows, strict=False)]


def _reader(path: Path, width: int, header: bool) -> Callable[[Reading], Iterator[Row]]:
    def read(state: Reading) -> Iterator[Row]:
        with _opened(path) as book:
            last = max(_sheets(book)[0].max_row or 0, 1)
            rows = _rows(book, path)
            if header:
                next(rows, None)
            for number, (place, values) in enumerate(rows, start=1):
                if number % _TELL_EVERY == 0:
                    state.tell(min(place / last, 1.0))
                if len(values) > width:
                    state.faults.add(TOO_MANY, place)
                    continue
                yield Row(number, values + (None,) * (width - len(values)), place)

    return read


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be read as an Excel workbook ({error}). Open it in Excel, or save it as CSV.")
