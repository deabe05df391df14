"""Draw the curves of one or several runs, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.diagnosis import describe_history
from sentiment_cli.errors import RunError
from sentiment_cli.history import History, read_history
from sentiment_cli.picture_look import SCREEN, Look
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.save import picture_format, save_figure
from sentiment_cli.plots.style import using
from sentiment_cli.runs import Run, single_runs


@dataclass(frozen=True)
class PlotResult:
    """A picture and what it shows.

    Args:
        picture: the file.
        runs: the run of each sentence.
        sentences: what the curves of each run show.
        best_epochs: by run.
    """

    picture: Path
    runs: list[str]
    sentences: list[str]
    best_epochs: dict[str, int | None]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``plot-history --json``."""
        sentences = dict(zip(self.runs, self.sentences, strict=True))
        return {"picture": str(self.picture), "sentences": sentences, "best_epochs": self.best_epochs}


def plot_runs(runs: Sequence[Run], target: Path | None = None, *, look: Look = SCREEN) -> PlotResult:
    """Draw accuracy and loss of runs into one picture.

    Args:
        runs: at least one; they may differ in length and in whether they have a validation part. A group of seeds
            stands for its runs.
        target: a file ending in .png, .svg or .pdf; None: ``plots/history.png`` of the first run.
        look: of the picture.

    Raises:
        RunError: a history is missing or damaged.
        UsageError: the file has another ending.
    """
    target = target or runs[0].plots_dir / "history.png"
    picture_format(target)
    histories: dict[str, History] = {}
    sentences = []
    # A run that is named twice is drawn once.
    distinct = list({run.path.resolve(): run for run in single_runs(runs)}.values())
    for run in distinct:
        name = run.name if run.name not in histories else str(run.path.resolve())
        histories[name] = _read(run)
        sentence = describe_history(histories[name], chance_accuracy=_chance(run))
        sentences.append(sentence if len(distinct) == 1 else f"{name}: {sentence}")
    headline = sentences[0] if len(distinct) == 1 else None
    best = {name: history.best_epoch for name, history in histories.items()}
    with using(look):
        save_figure(plot_history(histories, sentence=headline), target)
    return PlotResult(target, list(histories), sentences, best)


def _read(run: Run) -> History:
    """The history of a run, with the epoch that it kept where its record says that."""
    history = read_history(run.history_path)
    kept = run.read_record().get("best_epoch")
    return History(history.rows, kept) if isinstance(kept, int) and 1 <= kept <= len(history) else history


def _chance(run: Run) -> float | None:
    """The share of the most frequent class in the validation part, where it was evaluated."""
    try:
        share = run.read_metrics().get("validation", {}).get("majority_baseline")
    except RunError:  # the curves can be drawn all the same
        return None
    return float(share) if isinstance(share, (int, float)) else None
