"""Look at reviews, without TensorFlow: what is wrong with them, and what they look like."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.config.data import Data
from sentiment_cli.data.contents import check_contents, read_text
from sentiment_cli.data.directory import Layout, Part, find_layout
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.data.splitting import TEST_FRACTION, split_stratified
from sentiment_cli.data.statistics import PartStatistics, compute_statistics, count_shared, find_conflicts
from sentiment_cli.errors import DataError
from sentiment_cli.importing.kept import source_root
from sentiment_cli.training.progress import Progress, Silent

# Chinese or Japanese text has one "word" a sentence.
_FEW_WORDS = 2.0


@dataclass(frozen=True)
class DataReport:
    """Whether reviews can be trained on.

    Args:
        root: the directory.
        files: number of reviews.
        classes: reviews by class, of all parts.
        problems: what forbids training.
        notes: what does not.
    """

    root: str
    files: int
    classes: dict[str, int]
    problems: list[str]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``data check --json``."""
        return asdict(self)


@dataclass(frozen=True)
class DataStatistics:
    """What reviews look like.

    Args:
        root: the directory.
        class_names: in the order of the labels.
        parts: figures by part.
        shared: test reviews whose text occurs in train; None without a test part.
        conflicts: texts that occur with different classes, each with the paths of its reviews.
    """

    root: str
    class_names: list[str]
    parts: dict[str, PartStatistics]
    shared: int | None
    conflicts: list[list[str]]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``data stats --json``."""
        return asdict(self)


def check_data(source: str | Data, progress: Progress | None = None) -> DataReport:
    """Look for everything that would make a training fail or go wrong in silence.

    Args:
        source: ``bnb``, ``imdb``, a directory or a table; or a section ``data`` that says more of the table.
        progress: told what happens; None: nobody is.

    Raises:
        DataError: the source is not there at all, or it is a table that cannot be read.
    """
    root = source_root(_data(source), progress or Silent())
    try:
        layout = find_layout(root)
    except DataError as error:
        first, *others = str(error).splitlines()
        return DataReport(str(root), 0, {}, [line.strip() for line in others] or [first], [])
    parts = [layout.train, *([layout.test] if layout.test else [])]
    report = check_contents(*parts)
    notes = [*layout.notes, *report.notes("error")]
    if layout.test is None:
        notes.append("no test part: one fifth of the reviews will be split off")
    counts = {name: sum(part.counts().get(name, 0) for part in parts) for name in layout.train.class_names}
    if report.files and report.words / report.files < _FEW_WORDS:
        notes.append("fewer than two words a review: a language without spaces? see text.split: character")
    problems = [*report.problems("error"), *_too_few(layout)]
    return DataReport(str(root), report.files, counts, problems, notes)


def _too_few(layout: Layout) -> list[str]:
    """What the divisions of a training with the default settings would fail with."""
    labels = layout.train.labels
    try:
        if layout.test is None:
            labels = labels[split_stratified(labels, TEST_FRACTION, seed=0)[0]]
        split_stratified(labels, Data().validation_fraction, seed=0)
    except DataError as error:
        return [str(error)]
    return []


def describe_data(source: str | Data, progress: Progress | None = None) -> DataStatistics:
    """Counts, lengths, duplicates and contradictions of reviews.

    Args:
        source: as for `check_data`.
        progress: as there.

    Raises:
        DataError: the reviews cannot be used.
    """
    progress = progress or Silent()
    layout = find_layout(source_root(_data(source), progress))
    report = check_contents(*([layout.train, layout.test] if layout.test else [layout.train]))
    problems = report.problems("replace")
    if problems:
        raise DataError(f"{layout.root} cannot be read:\n" + "\n".join(f"  {problem}" for problem in problems))
    for line in (*layout.notes, *report.notes("replace")):
        progress.note(line)
    train = _read(layout.train)
    parts = {"train": train} if layout.test is None else {"train": train, "test": _read(layout.test)}
    shared = count_shared(train, parts["test"]) if "test" in parts else None
    return DataStatistics(
        root=str(layout.root),
        class_names=list(layout.train.class_names),
        parts={name: compute_statistics(part) for name, part in parts.items()},
        shared=shared,
        conflicts=find_conflicts(*parts.values()),
    )


def _data(source: str | Data) -> Data:
    return source if isinstance(source, Data) else Data(source=source)


def _read(part: Part) -> ReviewSet:
    return ReviewSet(
        [read_text(part, path, "replace") or "" for path in part.paths], part.labels, list(part.paths), part.class_names
    )
