"""Draw what came of a sweep, without TensorFlow and Optuna."""

from __future__ import annotations

from pathlib import Path

from sentiment_cli.picture_look import SCREEN, Look
from sentiment_cli.plots.save import picture_format, save_figure
from sentiment_cli.plots.style import using
from sentiment_cli.plots.sweep import plot_sweep
from sentiment_cli.workflows.sweep_result import SweepResult


def plot_result(result: SweepResult, target: Path, look: Look = SCREEN) -> None:
    """Draw the trials of a sweep and which settings mattered into one picture.

    Args:
        result: of the sweep.
        target: a file ending in .png, .svg or .pdf.
        look: of the picture.

    Raises:
        UsageError: the file has another ending.
    """
    picture_format(target)
    count, best = len(result.trials), result.best
    title = f"{result.sweep.name}, {count} {'trial' if count == 1 else 'trials'}"
    if best and best.value is not None:
        title += f": the best reaches {best.value:.4f}"
    with using(look):
        save_figure(plot_sweep(result.trials, result.plan, result.importances, title=title), target)
