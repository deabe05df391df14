"""How is a file opened as a table, whatever form it has?"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sentiment_cli.errors import DataError
from sentiment_cli.tabular.table import Reading, Row, Table


def open_table(path: Path, *, encoding: str | None = None, delimiter: str | None = None, header: bool = True) -> Table:
    """Find out what a file is and give its rows.

    Args:
        path: the file.
        encoding: a name that Python knows; None: found out and said.
        delimiter: one character, of CSV; None: found out and said.
        header: whether the first row names the columns; otherwise they are named ``1``, ``2``, ….

    Raises:
        DataError: it is no table, none that can be read, or it is damaged.
        UsageError: no such encoding, or no such delimiter.
        MissingExtraError: the library that reads it is not installed.
    """
    encoding, delimiter = encoding or "utf-8-sig", delimiter or ","
    with path.open(encoding=encoding, newline="") as file:
        first = next(csv.reader(file, delimiter=delimiter), [])
    if not first:
        raise DataError(f"{path} is empty; expected a table.")
    columns = tuple(first) if header else tuple(str(number) for number in range(1, len(first) + 1))

    def read(reading: Reading) -> Iterator[Row]:
        with path.open(encoding=encoding, newline="") as file:
            reader, line, number = csv.reader(file, delimiter=delimiter), 1, 0
            for cells in reader:
                start, line = line, reader.line_num + 1
                if (header and start == 1) or not cells:
                    continue
                number += 1
                if len(cells) != len(columns):
                    reading.faults.add("too few cells" if len(cells) < len(columns) else "too many cells", start)
                    continue
                yield Row(number, tuple(cells), start)

    return Table(path, columns, "CSV, separated by commas, in UTF-8", read)
