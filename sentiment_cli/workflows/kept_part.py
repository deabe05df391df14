"""What a run keeps of reviews that it was evaluated on: predictions, traits, words; and their texts, if still there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from sentiment_cli.analysis.attributions import Attribution, read_attributions
from sentiment_cli.analysis.traits import Traits, find_traits, read_traits
from sentiment_cli.data.contents import Policy
from sentiment_cli.data.review_files import ReviewFiles
from sentiment_cli.data.source import NAMED_SOURCES, resolve_source
from sentiment_cli.errors import DataError, RunError
from sentiment_cli.evaluation.predictions import Prediction, read_predictions
from sentiment_cli.resources import expand_path
from sentiment_cli.runs import Run, SeedGroup, evaluation_paths

_NO_TRAITS = Traits(None, None, None)


@dataclass(frozen=True)
class KeptPart:
    """Reviews as a run was evaluated on them.

    Args:
        run: the run.
        split: the part of its own data, ``cross-validation``, or what other data are called.
        predictions: all of them, in the order of the table.
        data_root: what their paths are relative to.
        files: reads their texts.
        predictions_path: the table.
        traits_path: where traits may be kept.
        attributions_path: where what the words added may be kept.
        evaluation: the options of ``sentiment evaluate`` that make it; None: those of a cross-validation, of the
            training and validation part.
    """

    run: Run
    split: str
    predictions: list[Prediction]
    data_root: Path
    files: ReviewFiles
    predictions_path: Path
    traits_path: Path
    attributions_path: Path
    evaluation: tuple[str, ...] | None = ()
    _texts: dict[str, str | None] = field(default_factory=dict)

    @property
    def class_names(self) -> list[str]:
        """In the order of the table; empty where it has no row."""
        return list(self.predictions[0].probabilities) if self.predictions else []

    def counted(self, noun: str) -> str:
        """What is counted in a sentence: ``test predictions``; of other data ``predictions on NAME``."""
        is_other = self.evaluation is not None and "--data" in self.evaluation
        return f"{noun} on {self.split}" if is_other else f"{self.split} {noun}"

    @property
    def wrong(self) -> list[Prediction]:
        """The wrong predictions."""
        return [row for row in self.predictions if row.is_wrong]

    @property
    def has_words(self) -> bool:
        """Whether it is kept what words added to the predictions."""
        return self.attributions_path.exists()

    def text(self, path: str) -> str | None:
        """A review; None where it is gone. Each is read once."""
        if path not in self._texts:
            self._texts[path] = self.files.read(path)
        return self._texts[path]

    def traits(self, rows: Sequence[Prediction], *, with_texts: bool = True) -> dict[str, Traits]:
        """Traits by path, as they were kept; else what can be seen now, where nothing is known of copies.

        Args:
            rows: whose.
            with_texts: read texts for what was not kept, to count negations.
        """
        if self.traits_path.exists():
            kept = read_traits(self.traits_path)
            return {row.path: kept.get(row.path, _NO_TRAITS) for row in rows}
        paths = [row.path for row in rows]
        return find_traits(paths, (self.text(path) if with_texts else None for path in paths))

    def attributions(self, rows: Sequence[Prediction]) -> dict[str, Attribution]:
        """What the words of reviews added, by path, for those where it was kept for the same predicted class."""
        if not self.has_words or not rows:
            return {}
        predicted = {row.path: row.predicted for row in rows}
        kept = read_attributions(self.attributions_path, predicted)
        return {path: found for path, found in kept.items() if found.predicted == predicted[path]}


def open_part(run: Run, split: str) -> KeptPart:
    """What a run keeps of one part.

    Raises:
        RunError: it was not evaluated, or a table is damaged.
    """
    record = run.read_record()
    predictions, traits, attributions = run.result_paths(split)
    if not predictions.exists():
        command = f"sentiment evaluate {shlex.quote(str(run.path))} --split {split}"
        raise RunError(f"{run.path} has no predictions on its {split} part yet. Make them: {command}")
    part = _open(run, record, split, predictions, traits, attributions)
    return part if split == "test" else replace(part, evaluation=("--split", split))


def open_other(run: Run, source: str) -> KeptPart:
    """What a run keeps of its evaluation on other data.

    Args:
        run: the run.
        source: as ``sentiment evaluate --data`` had it; the reviews themselves need not be there any more.

    Raises:
        RunError: it was not evaluated on them, or a table is damaged.
    """
    record = run.read_record()
    found = _find_evaluation(run, source)
    if found is None:
        command = f"sentiment evaluate {shlex.quote(str(run.path))} --data {shlex.quote(source)}"
        raise RunError(f"{run.path} was not evaluated on {source} yet. Do that: {command}")
    record = {**record, "data": {"root": evaluated_source(found)[0]}}
    part = _open(run, record, found.name, *evaluation_paths(found))
    return replace(part, evaluation=("--data", source))


def open_held_out(run: Run) -> KeptPart:
    """All reviews of the training and validation part, each predicted by a network that has not learned it.

    Raises:
        RunError: there was no cross-validation, or a table is damaged.
    """
    record, directory = run.read_record(), run.cross_validation_dir
    paths = evaluation_paths(directory)
    if not paths[0].exists():
        single = run.members[0] if isinstance(run, SeedGroup) else run
        command = f"sentiment evaluate {shlex.quote(str(single.path))} --cross-validate 5"
        raise RunError(
            f"{run.path} has learned its train part, so that its predictions there say nothing about the labels. "
            f"Let each review be predicted by a network that has not learned it: {command}"
            + (f", and then name {single.path}" if single is not run else "")
        )
    part = _open(run, record, "cross-validation", *paths)
    return replace(part, evaluation=None)


def _open(
    run: Run, record: dict[str, Any], split: str, predictions: Path, traits: Path, attributions: Path
) -> KeptPart:
    root = Path(str(record.get("data", {}).get("root", "")))
    files = ReviewFiles(root, _policy(run, record))
    return KeptPart(run, split, read_predictions(predictions), root, files, predictions, traits, attributions)


def _evaluations(run: Run) -> list[Path]:
    directory = run.evaluations_dir
    return sorted(directory.iterdir()) if directory.is_dir() else []


def _find_evaluation(run: Run, source: str) -> Path | None:
    """The evaluation on a source, by the place of its reviews.

    A named source may lie elsewhere by now, and is known by its name then. A directory that happens to be called so,
    ``./imdb``, is another source.
    """
    place, name = _place(source), source if source in NAMED_SOURCES else None

    def fit(directory: Path) -> int:
        origin, asked = evaluated_origin(directory), evaluated_source(directory)[1]
        if origin and origin == place:
            return 3 if asked == name else 2
        return int(bool(origin) and name is not None and asked == name)

    found = max(_evaluations(run), key=fit, default=None)
    return found if found is not None and fit(found) else None


def _place(source: str) -> str | None:
    """Where the reviews of a source are; None of a named one that is not there."""
    try:
        return str((resolve_source(source) if source in NAMED_SOURCES else expand_path(source)).resolve())
    except DataError:
        return None


def evaluated_origin(directory: Path) -> str:
    """Where the reviews of an evaluation on other data came from: their directory, or the table that it was made of.

    Empty where it cannot be read.
    """
    root, source = evaluated_source(directory)
    return source if root and source is not None and source not in NAMED_SOURCES else root


def evaluated_source(directory: Path) -> tuple[str, str | None]:
    """Where the reviews were that an evaluation on other data was of, and their source where they were asked for by it.

    The place is empty where it cannot be read. The source is ``bnb`` or ``imdb``, or the table that they were made of.
    """
    try:
        figures = json.loads((directory / "metrics.json").read_text(encoding="utf-8"))
        return str(figures["data"]), figures.get("source")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", None


def _policy(run: Run, record: dict[str, Any]) -> Policy:
    """From the record, where it is: to load the configuration takes 0.2 s."""
    data = (record.get("config") or {}).get("data")
    known: Any = data.get("encoding_errors") if isinstance(data, dict) else None
    if known in get_args(Policy):
        policy: Policy = known
        return policy
    from sentiment_cli.config import load_config

    return load_config(run.config_path).data.encoding_errors
