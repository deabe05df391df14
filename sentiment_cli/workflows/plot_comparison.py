"""Draw how runs stand to each other, without TensorFlow."""

from __future__ import annotations

from pathlib import Path

from sentiment_cli.errors import RunError
from sentiment_cli.history import History, read_history
from sentiment_cli.picture_look import SCREEN, Look
from sentiment_cli.plots.comparison import Mark, plot_comparison
from sentiment_cli.plots.save import picture_format, save_figure
from sentiment_cli.plots.style import using
from sentiment_cli.runs import Run, single_runs
from sentiment_cli.workflows.entries import Entry
from sentiment_cli.workflows.standing import Standing


def plot_standing(standing: Standing, target: Path, look: Look = SCREEN) -> None:
    """Draw accuracies with intervals and the validation curves into one picture.

    Args:
        standing: of the runs.
        target: a file ending in .png, .svg or .pdf.
        look: of the picture.

    Raises:
        UsageError: the file has another ending.
    """
    picture_format(target)
    baselines = {"majority": standing.majority, **standing.linear}
    lowest = min(min(entry.interval[0] for entry in standing.entries), *standing.linear.values(), 1.0)
    if standing.majority < lowest - 0.1:  # it would squeeze the runs into a corner; the table has it
        baselines.pop("majority")
    marks = [_mark(entry) for entry in standing.entries]
    with using(look):
        save_figure(plot_comparison(marks, baselines, split=standing.split), target)


def check_picture(target: Path | None) -> None:
    """Raise a UsageError where a picture has another ending than .png, .svg and .pdf, before anything is read."""
    if target is not None:
        picture_format(target)


def _mark(entry: Entry) -> Mark:
    members = [] if entry.members is None else entry.members.mean(axis=1).tolist()
    return Mark(
        entry.name, entry.accuracy, entry.interval, members, [_history(run) for run in single_runs([entry.run])]
    )


def _history(run: Run) -> History:
    """Accuracies can be drawn where the curves are gone."""
    try:
        return read_history(run.history_path)
    except RunError:
        return History()
