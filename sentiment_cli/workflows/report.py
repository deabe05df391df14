"""Make a page about runs from what is in their directories, without TensorFlow."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import write_text
from sentiment_cli.config import load_config
from sentiment_cli.errors import ConfigError, DataError, RunError
from sentiment_cli.evaluation.comparison import compare_predictions
from sentiment_cli.evaluation.predictions import Prediction, read_predictions
from sentiment_cli.probes.outcomes import read_report as read_probes
from sentiment_cli.report.data import build_report
from sentiment_cli.report.page import render_page
from sentiment_cli.report.sources import Curve, Missing, RunFiles, TextChoice
from sentiment_cli.runs import Run, SeedGroup, evaluation_report_path, single_runs
from sentiment_cli.seeds import Member, read_member
from sentiment_cli.workflows.compare import CompareResult, compare_runs, p_text
from sentiment_cli.workflows.kept_part import KeptPart, open_other, open_part
from sentiment_cli.workflows.plot_history import read_runs

# In the place of a part of a run's own data.
OTHER = "other"


@dataclass(frozen=True)
class ReportResult:
    """A page and what is on it.

    Args:
        file: the page.
        runs: what it is about.
        split: the part that was predicted, ``other`` of other data.
        source: those other data; None for the run's own.
        reviews: number of different reviews on it.
        texts: how many of them have their text there.
        missing: what could not be shown, and the commands that make it.
    """

    file: Path
    runs: list[Run]
    split: str
    source: str | None
    reviews: int
    texts: int
    missing: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``report --json``."""
        return {
            "file": str(self.file),
            "bytes": self.file.stat().st_size,
            "runs": [str(run.path) for run in self.runs],
            "split": self.split,
            "data": self.source,
            "reviews": self.reviews,
            "texts": self.texts,
            "missing": self.missing,
        }


def write_report(
    runs: Sequence[Run],
    target: Path | None = None,
    *,
    split: str = "test",
    source: str | None = None,
    texts: TextChoice = "wrong",
) -> ReportResult:
    """Write a page about one run, or about several side by side.

    Args:
        runs: at least one; a run that is named twice is shown once. Of a group of seeds the ensemble is shown.
        target: the file; None: ``report.html`` in the (first) run, ``report-<split>.html`` of another part than the
            test part; of other data it lies beside the predictions on them.
        split: the part whose predictions are shown.
        source: other data that all of them were evaluated on, in place of a part of their own.
        texts: of which reviews the page has the texts.

    Raises:
        RunError: a file of a run is damaged, or one was not evaluated on the other data. What is only missing is said
            on the page.
    """
    distinct = list({run.path.resolve(): run for run in runs}.values())
    views = [
        _View(run, name, split if source is None else OTHER, source, _open_part(run, split, source))
        for run, name in zip(distinct, _names(distinct), strict=True)
    ]
    shown = _shown_paths(views, texts)
    files = [_read_run(view, shown) for view in views]
    report = build_report(files, split=views[0].split, source=source, texts=texts, comparisons=_compare(views))
    target = target or _own_file(views[0])
    write_text(target, render_page(report))
    missing = [f"{one.name}: {line}" for one in files for line in one.missing]
    counts = {key: len(report["reviews"][key]) for key in ("paths", "texts")}
    return ReportResult(target, distinct, views[0].split, source, counts["paths"], counts["texts"], missing)


def _names(runs: Sequence[Run]) -> list[str]:
    """What runs are called; by their directories where two have the same name."""
    names = [run.name for run in runs]
    return [name if names.count(name) == 1 else str(run.path) for run, name in zip(runs, names, strict=True)]


def _own_file(view: _View) -> Path:
    """Where a page lies that nobody named: one for each part and for other data, so that none replaces another."""
    if view.source is not None and view.part is not None:
        return evaluation_report_path(view.part.predictions_path.parent)
    return view.run.report_path(view.split)


@dataclass(frozen=True)
class _View:
    """A run and what it said of the reviews that the page is about.

    Args:
        run: the run.
        name: what it is called.
        split: a part of its own data, or `OTHER`.
        source: the other data.
        part: what it keeps of them; None where it was not evaluated.
    """

    run: Run
    name: str
    split: str
    source: str | None
    part: KeptPart | None

    @property
    def predictions(self) -> list[Prediction]:
        """All of them."""
        return self.part.predictions if self.part else []

    @property
    def evaluate(self) -> str:
        """The command that predicts those reviews."""
        which = f"--split {self.split}" if self.source is None else f"--data {shlex.quote(self.source)}"
        return f"sentiment evaluate {shlex.quote(str(self.run.path))} {which}"


def _read_run(view: _View, shown: Collection[str]) -> RunFiles:
    """All that the files of a run say.

    Args:
        view: the run.
        shown: paths of the reviews whose words are coloured.
    """
    run, part, predictions = view.run, view.part, view.predictions
    record = _known_of(run)
    explained = part.attributions([row for row in predictions if row.path in shown]) if part else {}
    files = RunFiles(
        name=view.name,
        path=str(run.path),
        record=record,
        configuration=_read_text(run.config_path),
        metrics=run.read_metrics(),
        members=_read_members(run),
        curves=_read_curves(run),
        predictions=predictions,
        validation=_read_validation(view),
        traits=part.traits(predictions) if part else {},
        texts={row.path: text for row in predictions if part and (text := part.text(row.path)) is not None},
        data_root=str(part.data_root) if part else "",
        spans={path: words.spans for path, words in explained.items()},
        has_words=part is not None and part.has_words,
        probes=read_probes(run.probes_path).to_dict() if run.probes_path.exists() else None,
        linear=_read_linear(run, record, view.split),
        knows_copies=part is not None and part.traits_path.exists(),
    )
    return replace(files, missing=_missing(view, files))


def _known_of(run: Run) -> dict[str, Any]:
    """The record; of a group with what its runs have in common, which is in the record of the first that began."""
    record = run.read_record()
    begun = [single for single in single_runs([run]) if single.path != run.path and single.record_path.exists()]
    shared = ("class_names", "data", "versions", "commit", "platform", "processor", "cores", "device", "threads")
    first = begun[0].read_record() if begun else {}
    return {key: first[key] for key in (*shared, "parameters", "vocabulary", "reviews") if key in first} | record


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None


def _open_part(run: Run, split: str, source: str | None) -> KeptPart | None:
    if source is not None:
        return open_other(run, source)
    run.read_record()
    return open_part(run, split) if run.predictions_path(split).exists() else None


def _read_validation(view: _View) -> list[Prediction]:
    """Where a threshold may be chosen; empty without a validation part."""
    if view.split == "validation":
        return view.predictions
    path = view.run.predictions_path("validation")
    return read_predictions(path) if path.exists() else []


def _shown_paths(views: Sequence[_View], texts: TextChoice) -> set[str]:
    """The reviews whose texts are on the page."""
    if texts == "none":
        return set()
    return {row.path for view in views for row in view.predictions if texts == "all" or row.is_wrong}


def _read_members(run: Run) -> list[Member]:
    if not isinstance(run, SeedGroup):
        return []
    return [read_member(single, seed) for single, seed in zip(run.members, run.read_record()["seeds"], strict=True)]


def _read_curves(run: Run) -> list[Curve]:
    """The histories of a run, or of those in a group, and what they show; none of a run that has not begun."""
    curves = []
    for single in single_runs([run]):
        if single.history_path.exists() or (single.record_path.exists() and _has_failed(single)):
            read = read_runs([single])
            (name,) = read.runs
            curves.append(Curve(single.path.name, read.curves[name].history, read.findings[name]))
    return curves


def _has_failed(run: Run) -> bool:
    """Then something is to be said of it even before its first epoch."""
    return run.read_record().get("status") in ("failed", "interrupted")


def _read_linear(run: Run, record: Mapping[str, Any], split: str) -> dict[str, float] | None:
    """The linear baselines on the same reviews, where they were computed before and the reviews are still those."""
    from sentiment_cli.baseline.kept import baselines_dir
    from sentiment_cli.data.prepare import prepare_data
    from sentiment_cli.workflows.baseline import known_accuracies

    root, known = record.get("data", {}).get("root"), record.get("data", {}).get("fingerprint")
    if not root or split not in ("validation", "test") or not baselines_dir().is_dir():
        return None
    try:
        config = load_config(run.config_path)
        data = prepare_data(config.data, config.split_seed, root=Path(root), with_test=split == "test")
    except (ConfigError, DataError, OSError):
        return None
    return known_accuracies(config, data, split) if data.fingerprint == known else None


def _missing(view: _View, files: RunFiles) -> list[Missing]:
    """What a reader might look for, with the commands that make it."""
    if not files.predictions:
        status = files.record.get("status")
        reason = "" if status == "finished" else f", and the run has not finished ({status})"
        return [Missing(f"There are no predictions on the {view.split} part{reason}. Make them:", view.evaluate)]
    lines, gone = [], len(files.predictions) - len(files.texts)
    if gone:
        are = "1 review is" if gone == 1 else f"{gone:,} reviews are"
        lines.append(Missing(f"{are} no longer in {files.data_root}: shown without the text."))
    if files.texts and not files.has_words:
        lines.append(Missing("Words are not coloured. Colour them:", f"{view.evaluate} --explain"))
    if files.texts and not files.knows_copies:
        lines.append(Missing("Copies of training reviews are not known. Find them:", view.evaluate))
    if not files.validation and len(files.class_names) == 2:
        lines.append(Missing("No threshold is suggested: there are no predictions on a validation part."))
    return lines


def _compare(views: Sequence[_View]) -> list[dict[str, Any]]:
    """The first run with each other one that was evaluated on the same part; why not, where that cannot be."""
    evaluated = [(index, view) for index, view in enumerate(views) if view.predictions]
    return [
        {"indices": [evaluated[0][0], index], **_compare_pair(evaluated[0][1], view)} for index, view in evaluated[1:]
    ]


def _compare_pair(first: _View, second: _View) -> dict[str, Any]:
    names = (first.name, second.name)
    try:
        if first.source is None:
            result = compare_runs(first.run, second.run, split=first.split)
        else:
            comparison = compare_predictions(first.predictions, second.predictions, names)
            result = CompareResult((first.run, second.run), names, first.source, comparison)
    except RunError as error:
        return {"names": names, "problem": str(error)}
    kept = ("examples", "accuracy", "accuracy_interval", "difference", "difference_interval")
    counts = ("both_right", "only_first_right", "only_second_right", "both_wrong", "p_value", "sentence")
    values = result.to_dict()
    shown = {key: values[key] for key in (*kept, *counts)}
    return {"names": names, "problem": None, "p_text": p_text(result.p_value), **shown}
