"""Make a directory of reviews of tables."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sentiment_cli.errors import DataError
from sentiment_cli.importing.reading import ReviewReader
from sentiment_cli.importing.result import ImportResult, ReadTable
from sentiment_cli.importing.settings import ImportSettings, Input
from sentiment_cli.importing.writing import Workplace
from sentiment_cli.training.progress import Progress

# Of the rules by which a table becomes a directory; others make another one.
FORMAT_VERSION = 1
# Rows after which the number of all is guessed from the share of the file that they take.
_GUESS_AFTER = 5000


def make_directory(
    inputs: Sequence[Input],
    settings: ImportSettings,
    workplace: Workplace,
    progress: Progress,
    *,
    force: bool = False,
    trains: bool = True,
    contents: Mapping[Path, str] | None = None,
) -> ImportResult:
    """Read tables and write their reviews into a directory that is whole or not there.

    The caller holds the lock of the workplace.

    Args:
        inputs: the tables, from `settings.open_inputs`.
        settings: what is to be made of them.
        workplace: of the directory that is made.
        progress: told how far the work is.
        force: see `writing.Workplace.begin`.
        trains: whether a training can follow, for which two classes are needed in each part.
        contents: checksums of the tables, by their paths, that the directory is known by; None: of any.

    Raises:
        DataError: a table or its classes cannot be used; nothing is left.
        OSError: the disk failed or is full; what was written is kept, and the same call goes on.
    """
    started = time.perf_counter()
    before = [(one.table.path, _stamp(one.table.path)) for one in inputs]
    checksums = [checksum(one.table.path) for one in inputs]
    for (path, _), found in zip(before, checksums, strict=True):
        if contents is not None and contents[path] != found:
            raise _changed(path)
    goes_on = workplace.begin(_work(inputs, checksums, settings), force=force)
    if goes_on:
        progress.note("Going on with an import that was broken off")
    try:
        reader = ReviewReader(inputs, settings, _Steps(inputs, progress))
        there = workplace.write(reader.reviews(), goes_on=goes_on)
        for path, stamp in before:
            if _stamp(path) != stamp:
                raise _changed(path)
        result = ImportResult(
            directory=workplace.target,
            tables=_told(inputs, checksums, reader.counts.rows, settings),
            settings=settings.to_dict(),
            reviews=reader.counts.reviews,
            findings=reader.counts.findings,
            merged=reader.counts.merged,
            seconds=time.perf_counter() - started,
            there_before=there,
            memory_bytes=reader.counts.size_bytes,
        )
        result.check_not_empty()
        if trains:
            result.check_classes()
        progress.phase("writing to the disk")
        workplace.finish(result)
    except DataError:
        workplace.discard()
        raise
    return result


class _Steps:
    """Passes on how many rows were read, and guesses how many there are."""

    def __init__(self, inputs: Sequence[Input], progress: Progress) -> None:
        self._inputs, self._progress = inputs, progress
        self._position = self._told = -1

    def __call__(self, position: int, rows: int) -> None:
        one = self._inputs[position]
        if position != self._position:
            self._position, self._told = position, 0
            self._progress.phase(f"importing {one.name}")
        if rows == _GUESS_AFTER and one.table.share_read > 0:
            self._progress.phase(f"importing {one.name}", round(rows / one.table.share_read))
            self._told = 0
        self._progress.advance(rows - self._told)
        self._told = rows


def checksum(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        DataError: it is not there, or cannot be read.
    """
    if not path.exists():
        raise DataError(f"No such file: {path} (looked from {Path.cwd()}).")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


def _changed(path: Path) -> DataError:
    return DataError(f"{path} changed while it was read; start again when nothing writes to it.")


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _work(inputs: Sequence[Input], checksums: Sequence[str], settings: ImportSettings) -> dict[str, Any]:
    """What decides every byte that is written."""
    tables = [
        {"sha256": found, "test": one.is_test, "columns": one.columns.names.to_dict()}
        for one, found in zip(inputs, checksums, strict=True)
    ]
    return {"format_version": FORMAT_VERSION, "tables": tables, **settings.to_dict()}


def _told(
    inputs: Sequence[Input], checksums: Sequence[str], rows: Sequence[int], settings: ImportSettings
) -> list[ReadTable]:
    has_test = any(one.is_test for one in inputs)

    def part(one: Input) -> str:
        if settings.test_fraction is not None:
            return "train and test"
        return "test" if one.is_test else "train" if has_test else ""

    return [
        ReadTable(
            path=str(one.table.path.resolve()),
            part=part(one),
            sha256=sha256,
            description=one.table.description,
            columns=one.columns.names.to_dict(),
            rows=count,
            notes=list(one.table.notes),
            warnings=list(one.table.warnings),
        )
        for one, sha256, count in zip(inputs, checksums, rows, strict=True)
    ]
