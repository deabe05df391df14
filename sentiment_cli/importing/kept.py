"""Tables as data of a training: each is imported once into the user's cache, and found there again.

    <user cache>/imported/<digest of contents and settings>/   a directory of reviews

What is in the cache can be removed at any time: it is made again when it is needed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sentiment_cli.config.data import TABLE_KEYS, Data
from sentiment_cli.data.source import is_table, resolve_source
from sentiment_cli.errors import ConfigError, Problem
from sentiment_cli.importing.columns import ColumnNames
from sentiment_cli.importing.making import FORMAT_VERSION, checksum, make_directory
from sentiment_cli.importing.result import ImportResult, describe, read_result
from sentiment_cli.importing.settings import ImportSettings, open_inputs
from sentiment_cli.importing.writing import Workplace
from sentiment_cli.locking import locked
from sentiment_cli.resources import expand_path, imported_dir
from sentiment_cli.training.progress import Progress

_DIGITS = 16


def source_root(data: Data, progress: Progress, *, trains: bool = True) -> Path:
    """The directory of a source; a table is imported, unless it was before.

    Args:
        data: the source, and its columns where it is a table.
        progress: told how far an import is, and what was read.
        trains: whether a training is to follow, for which two classes are needed.

    Raises:
        ConfigError: keys for tables with a source that is none.
        DataError: the source is not there, or cannot be used.
    """
    if not is_table(data.source):
        given = [key for key in TABLE_KEYS if getattr(data, key) is not None]
        if given:
            what = f"is for tables; expected a file as data.source, received {data.source}, which is none"
            raise ConfigError([Problem("", f"data.{key}", what) for key in given])
        return resolve_source(data.source)
    return import_kept(data, progress, trains=trains).directory


def import_kept(data: Data, progress: Progress, *, trains: bool = True) -> ImportResult:
    """The import of a table in the user's cache, made now where it is not there; see `source_root`."""
    path, test = expand_path(data.source), expand_path(data.test_source) if data.test_source else None
    settings = table_settings(data)
    contents = {one: checksum(one) for one in (path, test) if one}
    digests = [contents[one] if one else None for one in (path, test)]
    key = json.dumps([FORMAT_VERSION, digests, settings.to_dict()], sort_keys=True)
    place = imported_dir() / hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]
    result = _read_kept(place)
    if result is None:
        workplace, lock = Workplace(place), imported_dir() / "locks" / f"{place.name}.lock"
        with locked(lock, wait=lambda: progress.note(f"Another process is importing {path}, and is waited for")):
            result = _read_kept(place)
            if result is None:
                inputs = open_inputs([path], test, settings)
                result = make_directory(
                    inputs, settings, workplace, progress, force=True, trains=trains, contents=contents
                )
    elif trains:
        result.check_classes()
    for line in describe(result):
        progress.note(line)
    for table in result.tables:
        for warning in table.warnings:
            progress.warn(warning)
    progress.note(f"Imported to {result.directory}")
    return result


def _read_kept(place: Path) -> ImportResult | None:
    result = read_result(place)
    return result if result is not None and result.is_whole else None


def table_settings(data: Data) -> ImportSettings:
    """What a configuration says of its table."""
    return ImportSettings(
        columns=ColumnNames(data.text_column, data.label_column, data.id_column, data.rating_column),
        label_map=data.label_map,
        classes=None if data.classes is None else tuple(data.classes),
    )
