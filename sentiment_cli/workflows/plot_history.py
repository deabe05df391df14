"""Draw the curves of one or several runs and say what they show, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.batch_history import BatchCurves, read_batches
from sentiment_cli.curves import RunCurves, Smoothing
from sentiment_cli.diagnosis import Case, Finding, diagnose
from sentiment_cli.diagnosis.case import TextFigures, text_figures
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.history import History, read_history
from sentiment_cli.picture_look import SCREEN, Look
from sentiment_cli.runs import Run, single_runs


@dataclass(frozen=True)
class PlotResult:
    """What the curves of runs show.

    Args:
        picture: the file that they were drawn into; None: none.
        curves: by the name of the run.
        findings: of each run, likewise.
        smoothing: of the curves.
    """

    picture: Path | None
    curves: dict[str, RunCurves]
    findings: dict[str, list[Finding]]
    smoothing: Smoothing

    @property
    def runs(self) -> list[str]:
        """Their names."""
        return list(self.curves)

    @property
    def sentences(self) -> list[str]:
        """What the curves of each run show; of several, with the name of the run."""
        return [self._named(name, findings[0].sentence) for name, findings in self.findings.items()]

    @property
    def further(self) -> list[tuple[str, str | None]]:
        """What else there is to say, and what to try, run by run."""
        said: list[tuple[str, str | None]] = []
        for name, (first, *rest) in self.findings.items():
            if first.command:
                said.append((self._named(name, "Try:") if len(self.findings) > 1 else "", first.command))
            said += [(self._named(name, finding.sentence), finding.command) for finding in rest]
        return said

    @property
    def best_epochs(self) -> dict[str, int | None]:
        """By run."""
        return {name: run.history.best_epoch for name, run in self.curves.items()}

    def to_dict(self) -> dict[str, Any]:
        """The object of ``plot-history --json``."""
        return {
            "picture": None if self.picture is None else str(self.picture),
            "sentences": dict(zip(self.runs, self.sentences, strict=True)),
            "best_epochs": self.best_epochs,
            "diagnosis": {name: [one.to_dict() for one in findings] for name, findings in self.findings.items()},
        }

    def _named(self, name: str, sentence: str) -> str:
        return sentence if len(self.findings) == 1 else f"{name}: {sentence}"


def plot_runs(
    runs: Sequence[Run],
    target: Path | None = None,
    *,
    look: Look = SCREEN,
    smoothing: Smoothing | None = None,
    with_batches: bool = False,
) -> PlotResult:
    """Draw accuracy and loss of runs into one picture.

    Args:
        runs: at least one; they may differ in length and in whether they have a validation part. A group of seeds
            stands for its runs.
        target: a file ending in .png, .svg or .pdf; None: ``plots/history.png`` of the first run.
        look: of the picture.
        smoothing: of the curves.
        with_batches: draw training step by step.

    Raises:
        RunError: a history is missing or damaged, or with ``with_batches`` a run has no figures of its steps.
        UsageError: the file has another ending.
    """
    from sentiment_cli.plots.history import plot_history
    from sentiment_cli.plots.save import picture_format, save_figure
    from sentiment_cli.plots.style import using

    target = target or runs[0].plots_dir / "history.png"
    picture_format(target)
    result = read_runs(runs, smoothing=smoothing, with_batches=with_batches)
    histories = {name: run.history for name, run in result.curves.items()}
    batches = {name: run.batches for name, run in result.curves.items() if run.batches is not None}
    headline = result.sentences[0] if len(histories) == 1 else None
    with using(look):
        figure = plot_history(histories, sentence=headline, batches=batches, smoothing=result.smoothing)
        save_figure(figure, target)
    return PlotResult(target, result.curves, result.findings, result.smoothing)


def read_runs(runs: Sequence[Run], *, smoothing: Smoothing | None = None, with_batches: bool = False) -> PlotResult:
    """The curves of runs and what they show; as `plot_runs`, without a picture."""
    curves: dict[str, RunCurves] = {}
    findings: dict[str, list[Finding]] = {}
    # A run that is named twice is drawn once.
    distinct = list({run.path.resolve(): run for run in single_runs(runs)}.values())
    for run in distinct:
        name = run.name if run.name not in curves else str(run.path.resolve())
        history = _read(run)
        curves[name] = RunCurves(history, read_batches(run.batches_path) if with_batches else None)
        findings[name] = diagnose(_case(run, history))
    return PlotResult(None, curves, findings, smoothing or Smoothing())


def _read(run: Run) -> History:
    """The history of a run, with the epoch that it kept where its record says that.

    A training that failed or was stopped before it had something to save has no epochs, and yet something to say.
    """
    record = run.read_record()
    if record.get("status") in ("failed", "interrupted") and not run.history_path.exists():
        return History()
    history = read_history(run.history_path)
    kept = record.get("best_epoch")
    return History(history.rows, kept) if isinstance(kept, int) and 1 <= kept <= len(history) else history


def _case(run: Run, history: History) -> Case:
    """What is known of a run; what cannot be read of its evaluations and steps is not known."""
    validation = _validation(run)
    chance = validation.get("majority_baseline")
    return Case(
        path=str(run.path),
        history=history,
        record=run.read_record(),
        batches=_batches(run),
        chance_accuracy=float(chance) if isinstance(chance, (int, float)) else None,
        validation=validation,
        texts=_texts(run),
        group=str(run.path.parent) if run.group else None,
    )


def _validation(run: Run) -> dict[str, Any]:
    try:
        return dict(run.read_metrics().get("validation", {}))
    except RunError:  # the curves can be drawn all the same
        return {}


def _batches(run: Run) -> BatchCurves | None:
    try:
        return read_batches(run.batches_path)
    except RunError:
        return None


def _texts(run: Run) -> TextFigures | None:
    """Of validation, which is a sample of what is trained on; else of another part that was predicted."""
    for split in ("validation", "train", "test"):
        path = run.predictions_path(split)
        if path.exists():
            try:
                return text_figures(split, read_predictions(path))
            except RunError:
                return None
    return None
