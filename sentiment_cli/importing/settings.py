"""What is to be made of tables: their columns, their classes, their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentiment_cli.errors import DataError
from sentiment_cli.importing.columns import ColumnNames, Columns, find_columns
from sentiment_cli.tabular.opening import open_table
from sentiment_cli.tabular.table import Table


@dataclass(frozen=True)
class ImportSettings:
    """How rows become reviews.

    Args:
        columns: those that are named; others are found.
        label_map: see `labels.Labels`.
        classes: likewise.
        test_fraction: share of the texts that become the test part, in (0, 1); None: there is none of its own.
        seed: decides which; copies of a text are in one part.
        drop_duplicates: leave out rows whose text occurs before or in the test part.
        encoding: of CSV and JSON lines; None: found out.
        delimiter: of CSV; None: found out.
        header: whether the first row of a table names its columns.
    """

    columns: ColumnNames = field(default_factory=ColumnNames)
    label_map: Mapping[str, str] | None = None
    classes: tuple[str, ...] | None = None
    test_fraction: float | None = None
    seed: int = 0
    drop_duplicates: bool = False
    encoding: str | None = None
    delimiter: str | None = None
    header: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values, everything that decides what becomes of a table."""
        return {
            "columns": self.columns.to_dict(),
            "label_map": None if self.label_map is None else dict(self.label_map),
            "classes": None if self.classes is None else sorted(self.classes),
            "test_fraction": self.test_fraction,
            "seed": self.seed if self.test_fraction else None,
            "drop_duplicates": self.drop_duplicates,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "header": self.header,
        }


@dataclass(frozen=True)
class Input:
    """A table that can be read.

    Args:
        table: the table.
        columns: where its columns are.
        is_test: whether its rows are the test part.
        name: what places in it are called by.
    """

    table: Table
    columns: Columns
    is_test: bool
    name: str

    def place(self, number: int) -> str:
        """A row or line of it, as people and editors write it."""
        return f"{self.name}:{number}"


def open_inputs(paths: Sequence[Path], test: Path | None, settings: ImportSettings) -> list[Input]:
    """Open tables and find their columns; that of the test part comes first, so that copies of its texts are known.

    Raises:
        DataError: a file is not there or no table, its columns cannot be told, or it is given twice.
    """
    every = [*([test] if test else []), *paths]
    resolved = [path.resolve() for path in every]
    for path in every:
        if resolved.count(path.resolve()) > 1:
            raise DataError(f"{path} is given twice; each table is read once.")
    names = [path.name for path in every]
    inputs = []
    for path in every:
        table = open_table(path, encoding=settings.encoding, delimiter=settings.delimiter, header=settings.header)
        columns = find_columns(table.columns, settings.columns, str(path))
        name = path.name if names.count(path.name) == 1 else str(path)
        inputs.append(Input(table, columns, path == test, name))
    return inputs
