"""How is a file opened as a table, whatever form it has?"""

from __future__ import annotations

from pathlib import Path

from sentiment_cli.errors import UsageError
from sentiment_cli.tabular.content import look_at
from sentiment_cli.tabular.delimited import open_delimited
from sentiment_cli.tabular.encoding import find_encoding
from sentiment_cli.tabular.excel import open_excel
from sentiment_cli.tabular.json_lines import is_json_lines, open_json_lines
from sentiment_cli.tabular.parquet import open_parquet
from sentiment_cli.tabular.table import Table


def open_table(path: Path, *, encoding: str | None = None, delimiter: str | None = None, header: bool = True) -> Table:
    """Find out what a file is and give its rows.

    Text files are read once for that, wholly: only so it is known that they are UTF-8.

    Args:
        path: the file: CSV, TSV or with other delimiters, or JSON lines, each of them plain or gzipped; Parquet; Excel.
            Its bytes say which it is, and its ending only where they leave it open.
        encoding: of a text file, a name that Python knows; None: found out and said.
        delimiter: of a CSV, one character; None: found out and said.
        header: whether the first row of a CSV or a sheet names the columns; otherwise they are named ``1``, ``2``, ….

    Raises:
        DataError: it is not there, is no table or none that can be read, is damaged, or its encoding cannot be told.
        UsageError: no such encoding or delimiter, or one for a kind of file that has none.
        MissingExtraError: the library that reads it is not installed.
    """
    content = look_at(path)
    if content.kind != "text":
        _refuse(path, content.kind, {"encoding": encoding, "delimiter": delimiter})
        return open_parquet(content) if content.kind == "parquet" else open_excel(content, header)
    found = find_encoding(content, encoding)
    if delimiter is None and is_json_lines(content, found):
        return open_json_lines(content, found)
    return open_delimited(content, found, delimiter, header)


def _refuse(path: Path, kind: str, options: dict[str, str | None]) -> None:
    """Raise a UsageError where an option is given that this kind of file has no use for."""
    for name, value in options.items():
        if value is not None:
            raise UsageError(
                f"{path} is {kind.title()}, which knows its {name} itself; received {value!r}. Leave it out."
            )
