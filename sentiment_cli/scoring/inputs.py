"""Which files are scored, in which order, and what tells them from others?"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.tabular.content import look_at, reading
from sentiment_cli.tabular.encoding import MARK, find_encoding
from sentiment_cli.tabular.lines import open_lines
from sentiment_cli.tabular.opening import open_table
from sentiment_cli.tabular.records import BAD_BYTES, without_nul
from sentiment_cli.tabular.table import Reading, Row, Table

_LINE_ENDINGS = (".txt", ".txt.gz")


@dataclass(frozen=True)
class InputFile:
    """One file of reviews.

    Args:
        file: its path, as it was given.
        bytes: its size.
        sha256: of what is in it.
    """

    file: str
    bytes: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the manifest."""
        return asdict(self)


def find_files(given: Sequence[Path], output: Path) -> list[Path]:
    """The files that are meant: of a directory all that are in it, at any depth, by name; links are followed.

    Those whose names begin with ``.`` or ``_`` are left out, as Spark and Hadoop do (``_SUCCESS``).

    Args:
        given: files and directories.
        output: where the predictions go.

    Raises:
        DataError: one is not there or cannot be read, a directory has no file, or something is meant twice.
        UsageError: the output lies in a directory that is read, and would be read the next time; or a file lies in the
            output, where it would be replaced.
    """
    found: list[Path] = []
    for path in given:
        files = _files_in(path, output) if path.is_dir() else [path]
        if not files:
            raise DataError(f"{path} has no file; expected tables (CSV, TSV, JSON lines, Parquet, Excel).")
        found += files
    seen: dict[Path, Path] = {}
    for path in found:
        if path.resolve().is_relative_to(output.resolve()):
            raise UsageError(f"{path}, which is read, lies in --output {output}. Name a directory of its own.")
        if (before := seen.setdefault(path.resolve(), path)) is not path:
            raise DataError(f"{path} is the same file as {before}, and would be scored twice. Name it once.")
    return found


def fingerprint(path: Path) -> InputFile:
    """What tells a file from others: it is read once, wholly.

    Raises:
        DataError: it cannot be read.
    """
    with reading(path), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return InputFile(str(path), file.tell(), digest)


def stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of a file, which writing changes and which cost no reading; None: it is not there."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_size, found.st_mtime_ns
    return None


def open_input(path: Path, *, encoding: str | None, delimiter: str | None, header: bool) -> Table:
    """A file as a table: each line of ``.txt`` is a review, in a column called ``text``; else see `open_table`.

    Raises:
        DataError, UsageError, MissingExtraError: see `open_table`.
    """
    if not path.name.lower().endswith(_LINE_ENDINGS) or delimiter is not None:
        return open_table(path, encoding=encoding, delimiter=delimiter, header=header)
    content = look_at(path)
    if content.kind != "text":
        return open_table(path, encoding=encoding, header=header)
    found = find_encoding(content, encoding)

    def read(state: Reading) -> Any:
        for number, line in enumerate(open_lines(content, found, state.tell), start=1):
            if not found.sound and MARK in line:
                state.faults.add(BAD_BYTES, number)
            else:
                yield Row(number, without_nul((line.rstrip("\r\n"),), state, number), number)

    return Table(path, ("text",), f"lines, in {found.name}", read, [found.note] if found.note else [])


def _files_in(directory: Path, output: Path) -> list[Path]:
    found: list[tuple[Path, Path]] = []
    seen: dict[Path, Path] = {}
    for name, directories, files in os.walk(directory, followlinks=True, onerror=_unreadable):
        place = Path(name)
        if output.resolve().is_relative_to(place.resolve()):
            raise UsageError(f"--output {output} lies in {place}, which is read. Name a directory outside of it.")
        if (before := seen.setdefault(place.resolve(), place)) is not place:
            raise DataError(f"{place} is the same directory as {before}, and would be scored twice. Remove the link.")
        directories[:] = filter(_is_meant, directories)
        paths = (place / file for file in filter(_is_meant, files))
        found += ((path.relative_to(directory), path) for path in paths if path.is_file())
    return [path for _, path in sorted(found)]


def _is_meant(name: str) -> bool:
    return name[0] not in "._"


def _unreadable(error: OSError) -> NoReturn:
    raise DataError(f"{error.filename} cannot be read: {error.strerror}.") from None
