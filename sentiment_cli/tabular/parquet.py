"""How is Parquet read as a table?"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.errors import DataError
from sentiment_cli.extras import require
from sentiment_cli.tabular.content import Content
from sentiment_cli.tabular.encoding import MARK
from sentiment_cli.tabular.header import name_columns
from sentiment_cli.tabular.records import BAD_BYTES, without_nul
from sentiment_cli.tabular.table import Reading, Row, Table
from sentiment_cli.tabular.values import as_text

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

# Rows are decoded so many at a time: 4 MB of IMDb's reviews.
_BATCH = 2_000
# Read at a time. As pyarrow does it by itself, all that was read ahead stays: 1 GB of a million reviews.
_BUFFER_BYTES = 1 << 20


def open_parquet(content: Content) -> Table:
    """Give the rows of a Parquet file, by batches: what is in memory at once is a batch and the pages around it.

    Raises:
        DataError: it is damaged.
        MissingExtraError: pyarrow is not installed.
    """
    with _opened(content.path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
    names, notes = name_columns(schema.names, len(schema.names))
    description = f"Parquet, {rows:,} {'row' if rows == 1 else 'rows'}"
    return Table(content.path, names, description, _reader(content.path, rows), [*notes, *_label_names(schema)])


def _opened(path: Path) -> ParquetFile:
    parquet, arrow = require("pyarrow.parquet", "Reading Parquet files"), require("pyarrow", "Reading Parquet files")
    try:
        return parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from None


def _reader(path: Path, count: int) -> Callable[[Reading], Iterator[Row]]:
    def read(state: Reading) -> Iterator[Row]:
        number = 0
        arrow = require("pyarrow", "Reading Parquet files")
        with _opened(path) as file:
            try:
                for batch in file.iter_batches(_BATCH, use_threads=False):
                    for values in zip(*map(_texts, batch.columns), strict=True):
                        number += 1
                        if MARK in values:
                            state.faults.add(BAD_BYTES, number)
                            continue
                        yield Row(number, without_nul(values, state, number), None)
                    state.tell(number / count)
            except (arrow.ArrowException, OSError) as error:
                raise _damaged(path, error) from None

    return read


def _texts(column: Any) -> list[str | None]:
    """The values of a column; `MARK` for a text that is not UTF-8, which no check kept out of the file."""
    try:
        return [as_text(value) for value in column.to_pylist()]
    except UnicodeDecodeError:
        return [_text(value) for value in column]


def _text(value: Any) -> str | None:
    try:
        return as_text(value.as_py())
    except UnicodeDecodeError:
        return MARK


def _damaged(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0].rstrip(".")
    return DataError(f"{path} cannot be read as Parquet: {reason}. Fetch or copy it again.")


def _label_names(schema: Any) -> list[str]:
    """What the numbers of a column mean, where the `datasets` library of Hugging Face has left word of it."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return []
    known = features.items() if isinstance(features, dict) else ()
    named = {column: feature.get("names") for column, feature in known if isinstance(feature, dict)}
    return [
        f'the file says what the numbers of "{column}" mean: {_map_options(names)}'
        for column, names in named.items()
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    ]


def _map_options(names: Sequence[str]) -> str:
    """What to give to ``data import``; names with blanks, or what a shell reads otherwise, take an option each."""
    pairs = [f"{number}={name}" for number, name in enumerate(names)]
    quoted = [shlex.quote(pair) for pair in pairs]
    return f'--map "{" ".join(pairs)}"' if quoted == pairs else " ".join(f"--map {pair}" for pair in quoted)
