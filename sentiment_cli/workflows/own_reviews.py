"""Where are the reviews of a run, or of other data that it is evaluated on?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.config import Config
from sentiment_cli.config.data import Data
from sentiment_cli.data.source import NAMED_SOURCES, is_table
from sentiment_cli.errors import DataError, shorten_list
from sentiment_cli.importing.columns import ColumnNames, has_columns
from sentiment_cli.importing.kept import import_kept, source_root
from sentiment_cli.importing.result import read_result
from sentiment_cli.resources import expand_path
from sentiment_cli.runs import Run
from sentiment_cli.tabular.opening import open_table
from sentiment_cli.training.progress import Progress


@dataclass(frozen=True)
class OtherReviews:
    """Other data than those of a run.

    Args:
        root: their directory.
        name: what they are called.
        origin: the directory, or the table that it was made of; what they are known by later.
        source: ``bnb`` or ``imdb`` where they were asked for so, or the table; else None.
    """

    root: Path
    name: str
    origin: Path
    source: str | None


def own_root(run: Run, record: dict[str, Any], config: Config, progress: Progress) -> Path:
    """The directory of a run's reviews as it was; of a table it is made anew where the cache has lost any of it.

    Whether the reviews are still the same, the fingerprint says.

    Args:
        run: the run.
        record: of it.
        config: of it.
        progress: told of an import.

    Raises:
        DataError: they are gone, and so is the table, or it cannot be read any more.
    """
    root = Path(record.get("data", {}).get("root", ""))
    if not is_table(config.data.source):
        return root
    kept = read_result(root)
    if kept is not None and kept.is_whole:
        return root
    if not expand_path(config.data.source).is_file():
        if root.is_dir():
            return root
        raise DataError(
            f"The reviews of {run.path} are gone: neither {config.data.source} nor what was imported from it, "
            f"{root}, is there."
        )
    return import_kept(config.data, progress).directory


def other_reviews(source: str, config: Config, class_names: Sequence[str], progress: Progress) -> OtherReviews:
    """Other data for a run to be evaluated on.

    Args:
        source: ``bnb``, ``imdb``, a directory or a table. A table is read by the columns of the run where it has
            all of them; else they are found by their names.
        config: of the run.
        class_names: of the run.
        progress: told of an import.

    Raises:
        DataError: they are not there, or cannot be used; or a table has none of the classes.
    """
    if not is_table(source):
        root = source_root(Data(source=source), progress)
        named = source if source in NAMED_SOURCES else None
        return OtherReviews(root, named or root.resolve().name, root.resolve(), named)
    path = expand_path(source)
    result = import_kept(_like(config.data, source), progress, trains=False)
    if not set(result.class_names) & set(class_names):
        command = f"sentiment data import {shlex.quote(source)} --map VALUE,…=CLASS … --to DIR"
        raise DataError(
            f"{source} has the classes {shorten_list(result.class_names)}; the run knows {shorten_list(class_names)}. "
            f"Say which are which, and evaluate on what that makes: {command}"
        )
    name = path.name.removesuffix(".gz").rpartition(".")[0] or path.name
    return OtherReviews(result.directory, name, path.resolve(), str(path.resolve()))


def _like(data: Data, source: str) -> Data:
    """A table with the columns of another one, as far as it has them."""
    own = ColumnNames(data.text_column, data.label_column, data.id_column, data.rating_column)
    plain = Data(source=source)
    if not expand_path(source).is_file() or (own == ColumnNames() and data.label_map is None):
        return plain
    if not has_columns(open_table(expand_path(source)).columns, own):
        return plain
    keys = {"text_column", "label_column", "id_column", "rating_column", "label_map"}
    return plain.model_copy(update={key: getattr(data, key) for key in keys})
