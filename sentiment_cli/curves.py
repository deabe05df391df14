"""Which curves say how training went: of epochs or of single steps, as measured or smoothed. Nothing is drawn here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sentiment_cli.batch_history import BatchCurves
from sentiment_cli.history import History, Measure

Panel = Literal["accuracy", "loss"]
Part = Literal["training", "validation"]
PANELS: tuple[Panel, ...] = ("accuracy", "loss")
# More is no number of a network, and the arithmetic of axes overflows.
_LARGEST = 1e100
# Without a width that was asked for, steps are smoothed so that about so many independent points are left.
_POINTS_OF_STEPS = 60


@dataclass(frozen=True)
class Curve:
    """One line.

    Args:
        part: of the reviews.
        xs: in epochs, ascending.
        ys: as many; nan where there is nothing to draw.
        raw: whether it is the measurement behind a smoothed curve, which is drawn faintly.
    """

    part: Part
    xs: list[float]
    ys: list[float]
    raw: bool = False


@dataclass(frozen=True)
class RunCurves:
    """What is drawn of one run.

    Args:
        history: of its epochs.
        batches: of its steps; None: training is drawn by epochs.
    """

    history: History
    batches: BatchCurves | None = None


@dataclass(frozen=True)
class Smoothing:
    """How curves are smoothed: each point becomes the mean of those around it.

    Args:
        width: number of epochs or, of steps, of steps; None: steps by a width that fits, epochs not at all.
    """

    width: int | None = None

    def of_epochs(self, *, with_batches: bool) -> int:
        """Number of epochs that a point of the epochs' curves is the mean of; 1: as measured."""
        return 1 if with_batches or self.width is None else self.width

    def of_steps(self, batches: BatchCurves) -> int:
        """The same of steps."""
        if self.width is not None:
            return self.width
        return max(int(batches.steps.sum()) // _POINTS_OF_STEPS, 1)

    def sentence(self, runs: Mapping[str, RunCurves], *, behind: str = "faint") -> str | None:
        """What a legend has to say of it; None where everything is drawn as measured.

        Args:
            runs: what is drawn.
            behind: how the measurements look.
        """
        batches = [run.batches for run in runs.values() if run.batches is not None]
        if batches:
            widths = sorted({self.of_steps(one) for one in batches})
            if widths[-1] == 1:
                return "training: each step"
            steps = f"{widths[0]:,}" if len(widths) == 1 else f"{widths[0]:,} to {widths[-1]:,}"
            return f"training: mean of {steps} steps, centred" + ("; faint: as measured" if behind == "faint" else "")
        width = self.of_epochs(with_batches=False)
        return None if width == 1 else f"lines: mean of {width} epochs, centred; {behind}: as measured"


def run_curves(run: RunCurves, panel: Panel, smoothing: Smoothing) -> list[Curve]:
    """The curves of a run in one panel, raw ones first."""
    epochs = [float(epoch) for epoch in run.history.epochs]
    if run.batches is None:
        curves = _curves("training", epochs, run.history.values(panel), smoothing.of_epochs(with_batches=False))
    else:
        curves = _curves(
            "training",
            [float(x) for x in run.batches.epochs_done],
            [float(y) for y in getattr(run.batches, panel)],
            max(round(smoothing.of_steps(run.batches) / float(run.batches.steps.max(initial=1))), 1),
        )
    if run.history.has_validation:
        measure: Measure = "val_accuracy" if panel == "accuracy" else "val_loss"
        width = smoothing.of_epochs(with_batches=run.batches is not None)
        curves += _curves("validation", epochs, run.history.values(measure), width)
    return sorted(curves, key=lambda curve: not curve.raw)


def extent(runs: Mapping[str, RunCurves]) -> tuple[float, float]:
    """The first and the last point of an axis in epochs: the ends of epochs or, of steps, what lies before them too."""
    last = float(max(1, *(len(run.history) for run in runs.values())))
    batches = [run.batches for run in runs.values() if run.batches is not None and len(run.batches)]
    return (0.0, max(last, *(float(one.epochs_done[-1]) for one in batches))) if batches else (1.0, last)


def best_point(history: History, panel: Panel) -> tuple[float, float] | None:
    """The best epoch and its value as measured, on validation where there is one; None where no epoch is the best."""
    if history.best_epoch is None:
        return None
    measure: Measure = panel
    if history.has_validation:
        measure = "val_accuracy" if panel == "accuracy" else "val_loss"
    return float(history.best_epoch), drawable(history.values(measure))[history.best_epoch - 1]


def drawable(values: Sequence[float]) -> list[float]:
    """The same, with nan for what is not finite or too large for an axis."""
    return [value if abs(value) < _LARGEST else math.nan for value in values]


def smooth(values: Sequence[float], width: int) -> list[float]:
    """The mean of the ``width`` values around each, fewer at the ends; gaps stay gaps and count for nobody.

    The window is as wide on either side, so that a turning point stays where it is; an even width has one more before.

    Args:
        values: nan for a gap.
        width: at least 1.
    """
    known = np.array([0.0 if math.isnan(value) else value for value in values])
    counted = np.array([not math.isnan(value) for value in values], np.float64)
    before, after = width // 2, (width - 1) // 2
    # Sums of windows from running sums would lose the digits of small values behind large ones.
    found = []
    for index, value in enumerate(values):
        window = slice(max(index - before, 0), index + after + 1)
        found.append(math.nan if math.isnan(value) else float(known[window].sum() / counted[window].sum()))
    return found


def _curves(part: Part, xs: list[float], ys: Sequence[float], width: int) -> list[Curve]:
    measured = drawable(ys)
    if width == 1:
        return [Curve(part, xs, measured)]
    return [Curve(part, xs, measured, raw=True), Curve(part, xs, smooth(measured, width))]
