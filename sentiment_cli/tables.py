"""Tables as CSV text that reads back as it was, and that a spreadsheet program shows and does not compute."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sentiment_cli.errors import RunError

# What spreadsheet programs take for the beginning of a formula (OWASP, "CSV Injection"), behind any marks of ours.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""A table with ``\n`` line ends.

    A text that would be computed as a formula has a ``'`` before it, which says "this is text" to a spreadsheet
    program, and which `read_csv` takes away; numbers have none.

    Before Python 3.13 the csv module does not quote a cell for a lone carriage return in it, and then cannot read
    the row back; a table with one is quoted whole.
    """
    cells = [[_mark(cell) for cell in row] for row in ([*header], *rows)]
    has_return = any("\r" in cell for row in cells for cell in row if isinstance(cell, str))
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL).writerows(cells)
    return buffer.getvalue()


def read_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table that `csv_text` made, each with the number of its last line, from 1; empty ones are left out.

    Raises:
        csv.Error: a row is no CSV; the message is ``<line>: <what is wrong>``.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    has_marks = "'" in text  # to look for them in each cell takes longer than the rest
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, [_unmark(cell) for cell in cells] if has_marks else cells
    except csv.Error as error:
        raise csv.Error(f"{reader.line_num}: {error}") from None


def read_table(path: Path) -> list[tuple[int, list[str]]]:
    """The rows of a file that holds what `csv_text` made, each with the number of its last line.

    Raises:
        RunError: the file is missing, is not UTF-8 or no CSV.
    """
    try:
        return list(read_csv(path.read_bytes().decode("utf-8")))
    except csv.Error as error:
        raise RunError(f"{path}:{error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None


def _mark(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) and not _is_number(cell) else cell


def _unmark(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _is_number(cell: str) -> bool:
    with contextlib.suppress(ValueError):
        float(cell)
        return cell.strip() == cell
    return False
