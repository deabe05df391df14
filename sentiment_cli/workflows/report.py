"""Make a page about runs from what is in their directories, without TensorFlow."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sentiment_cli.analysis.attributions import Attribution, read_attributions
from sentiment_cli.analysis.traits import Traits, find_traits, read_traits
from sentiment_cli.atomic import write_text
from sentiment_cli.config import Config, load_config
from sentiment_cli.diagnosis import describe_history
from sentiment_cli.errors import ConfigError, DataError, RunError
from sentiment_cli.evaluation.predictions import Prediction, read_predictions
from sentiment_cli.history import History, read_history
from sentiment_cli.misclassified import read_review
from sentiment_cli.report.data import build_report
from sentiment_cli.report.page import render_page
from sentiment_cli.report.sources import Curve, RunFiles, TextChoice
from sentiment_cli.runs import Run, single_runs
from sentiment_cli.workflows.compare import compare_runs, p_text

REPORT_FILE = "report.html"


@dataclass(frozen=True)
class ReportResult:
    """A page and what is on it.

    Args:
        file: the page.
        runs: what it is about.
        split: the part that was predicted.
        reviews: number of different reviews on it.
        texts: how many of them have their text there.
        missing: what could not be shown, and the commands that make it.
    """

    file: Path
    runs: list[Run]
    split: str
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
            "reviews": self.reviews,
            "texts": self.texts,
            "missing": self.missing,
        }


def write_report(
    runs: Sequence[Run], target: Path | None = None, *, split: str = "test", texts: TextChoice = "wrong"
) -> ReportResult:
    """Write a page about one run, or about several side by side.

    Args:
        runs: at least one; a run that is named twice is shown once. Of a group of seeds the ensemble is shown.
        target: the file; None: ``report.html`` in the (first) run.
        split: the part whose predictions are shown.
        texts: of which reviews the page has the texts.

    Raises:
        RunError: a file of a run is damaged. What is only missing is said on the page.
    """
    distinct = list({run.path.resolve(): run for run in runs}.values())
    report = build_report(
        [_read_run(run, name, split) for run, name in zip(distinct, _names(distinct), strict=True)],
        split=split,
        texts=texts,
        comparisons=_compare(distinct, split),
    )
    target = target or distinct[0].path / REPORT_FILE
    write_text(target, render_page(report))
    missing = [f"{run['name']}: {line}" for run in report["runs"] for line in run["missing"]]
    counts = {key: len(report["reviews"][key]) for key in ("paths", "texts")}
    return ReportResult(target, distinct, split, counts["paths"], counts["texts"], missing)


def _names(runs: Sequence[Run]) -> list[str]:
    """What runs are called; by their directories where two have the same name."""
    names = [run.name for run in runs]
    return [name if names.count(name) == 1 else str(run.path) for run, name in zip(runs, names, strict=True)]


def _read_run(run: Run, name: str, split: str) -> RunFiles:
    """All that the files of a run say."""
    record = _known_of(run)
    config = _read_config(run)
    predictions = _read_table(run, split)
    texts = _read_texts(predictions, record, config)
    files = RunFiles(
        name=name,
        path=str(run.path),
        record=record,
        configuration=_read_text(run.config_path),
        metrics=run.read_metrics(),
        curves=_read_curves(run),
        predictions=predictions,
        validation=_read_table(run, "validation"),
        traits=_read_traits(run, split, predictions, texts),
        texts=texts,
        attributions=_read_attributions(run, split),
        probes=_read_probes(run),
        linear=_read_linear(config, record, split),
    )
    return replace(files, missing=_missing(run, files, split))


def _known_of(run: Run) -> dict[str, Any]:
    """The record; of a group with what its runs have in common, which is in the record of the first that began."""
    record = run.read_record()
    begun = [single for single in single_runs([run]) if single.path != run.path and single.record_path.exists()]
    shared = ("class_names", "data", "versions", "commit", "platform", "processor", "cores", "device", "threads")
    first = begun[0].read_record() if begun else {}
    return {key: first[key] for key in (*shared, "parameters", "vocabulary", "reviews") if key in first} | record


def _read_config(run: Run) -> Config | None:
    """None where it is gone, or cannot be used any more: then nothing is known of how texts were read."""
    try:
        return load_config(run.config_path)
    except ConfigError:
        return None


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None


def _read_table(run: Run, split: str) -> list[Prediction]:
    path = run.predictions_path(split)
    return read_predictions(path) if path.exists() else []


def _read_texts(
    predictions: Sequence[Prediction], record: Mapping[str, Any], config: Config | None
) -> dict[str, str]:
    """The texts that are still there, by path; 25,000 take a second."""
    root, policy = record.get("data", {}).get("root"), config.data.encoding_errors if config else "replace"
    if not root:
        return {}
    found = ((row.path, read_review(Path(root), row.path, policy)) for row in predictions)
    return {path: text for path, text in found if text is not None}


def _read_curves(run: Run) -> list[Curve]:
    """The histories of a run, or of those in a group; none of a run that has not begun."""
    singles = [single for single in single_runs([run]) if single.history_path.exists()]
    return [_read_curve(single) for single in singles]


def _read_curve(run: Run) -> Curve:
    history = read_history(run.history_path)
    kept = run.read_record().get("best_epoch")
    if isinstance(kept, int) and 1 <= kept <= len(history):
        history = History(history.rows, kept)
    chance = run.read_metrics().get("validation", {}).get("majority_baseline")
    chance = float(chance) if isinstance(chance, int | float) else None
    return Curve(run.path.name, history, describe_history(history, chance_accuracy=chance))


def _read_traits(
    run: Run, split: str, predictions: Sequence[Prediction], texts: Mapping[str, str]
) -> dict[str, Traits]:
    """As the evaluation kept them; a run that was evaluated before there were any has those that its texts tell."""
    path = run.traits_path(split)
    if path.exists():
        return read_traits(path)
    paths = [row.path for row in predictions]
    return find_traits(paths, [texts.get(path) for path in paths])


def _read_attributions(run: Run, split: str) -> dict[str, Attribution]:
    path = run.attributions_path(split)
    return read_attributions(path) if path.exists() else {}


def _read_probes(run: Run) -> dict[str, Any] | None:
    return None


def _read_linear(config: Config | None, record: Mapping[str, Any], split: str) -> dict[str, float] | None:
    """The linear baselines on the same reviews, where they were computed before and the reviews are still those."""
    from sentiment_cli.baseline.kept import baselines_dir
    from sentiment_cli.data.prepare import prepare_data
    from sentiment_cli.workflows.baseline import known_accuracies

    root, known = record.get("data", {}).get("root"), record.get("data", {}).get("fingerprint")
    if config is None or not root or split == "train" or not baselines_dir().is_dir():
        return None
    try:
        data = prepare_data(config.data, config.split_seed, root=Path(root), with_test=split == "test")
    except (DataError, OSError):
        return None
    return known_accuracies(config, data, split) if data.fingerprint == known else None


def _missing(run: Run, files: RunFiles, split: str) -> list[str]:
    """What a reader might look for, with the command that makes it."""
    path = shlex.quote(str(run.path))
    if not files.predictions:
        status = files.record.get("status")
        again = "" if status == "finished" else f" The run is not finished ({status})."
        return [f"There are no predictions on the {split} part.{again} Make them: sentiment evaluate {path} --split {split}"]
    lines, root = [], files.record.get("data", {}).get("root")
    gone = len(files.predictions) - len(files.texts)
    if gone:
        are = "1 review is" if gone == 1 else f"{gone:,} reviews are"
        lines.append(f"{are} no longer in {root}: the page goes on without the text.")
    if not files.attributions:
        lines.append(f"Words are not coloured. Colour them: sentiment evaluate {path} --split {split} --explain")
    if not files.validation and len(files.class_names) == 2:
        lines.append("No threshold was chosen: there are no predictions on a validation part.")
    return lines


def _compare(runs: Sequence[Run], split: str) -> list[dict[str, Any]]:
    """The first run with each other one that was evaluated on the same part; why not, where that cannot be."""
    evaluated = [(index, run) for index, run in enumerate(runs) if run.predictions_path(split).exists()]
    return [_compare_pair(evaluated[0], other, split) for other in evaluated[1:]]


def _compare_pair(first: tuple[int, Run], second: tuple[int, Run], split: str) -> dict[str, Any]:
    indices, runs = (first[0], second[0]), (first[1], second[1])
    names = _names(runs)
    try:
        result = compare_runs(*runs, split=split)
    except RunError as error:
        return {"indices": indices, "names": names, "problem": str(error)}
    values = result.to_dict()
    del values["largest_differences"], values["class_names"]
    return {**values, "indices": indices, "names": names, "problem": None, "p_text": p_text(result.p_value)}
