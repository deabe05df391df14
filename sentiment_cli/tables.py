"""Tables as CSV text that reads back as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""A table with ``\n`` line ends.

    Before Python 3.13 the csv module does not quote a cell for a lone carriage return in it, and then cannot read
    the row back; a table with one is quoted whole.
    """
    cells: list[list[Any]] = [list(header), *(list(row) for row in rows)]
    has_return = any("\r" in cell for row in cells for cell in row if isinstance(cell, str))
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL).writerows(cells)
    return buffer.getvalue()
