"""What does a source mean: ``bnb``, ``imdb``, a directory, or a table?"""

from __future__ import annotations

from pathlib import Path

from sentiment_cli.data import imdb
from sentiment_cli.errors import DataError
from sentiment_cli.resources import absolute_path, bundled_reviews, expand_path

NAMED_SOURCES = ("bnb", "imdb")
# Of a file that is not there, its ending alone says that a table was meant.
_TABLES = (".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")


def is_table(source: str) -> bool:
    """Whether a source is a file, or is called as a table is."""
    if source in NAMED_SOURCES:
        return False
    path = expand_path(source)
    return path.is_file() or (not path.exists() and path.name.lower().removesuffix(".gz").endswith(_TABLES))


def resolve_source(source: str) -> Path:
    """The directory of a source that is no table.

    Raises:
        DataError: it is not there; the message says what to do.
    """
    if source == "bnb":
        return bundled_reviews()
    if source == "imdb":
        return imdb.require()
    path = expand_path(source)
    if path.is_dir():
        return path
    if path.exists():
        raise DataError(f"{source} is a file; expected a directory with one directory of .txt reviews for each class.")
    raise DataError(
        f"No such directory: {source} (looked from {Path.cwd()}). Known sources beside directories: bnb, imdb."
    )


def portable_source(source: str) -> str:
    """A source that means the same from any working directory."""
    return source if source in NAMED_SOURCES else absolute_path(source)
