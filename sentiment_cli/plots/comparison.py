"""How do several runs compare: their accuracies with intervals, and their validation curves?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from sentiment_cli.history import History
from sentiment_cli.plots.style import INK, QUIET, fix_layout, house_style, points, room, run_color, shorten_all
from sentiment_cli.ticks import epoch_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 10.0  # inches of the screen look, as all here
_NARROW = 7.0  # below it the curves stand below the accuracies
_NAME_LENGTH = 30
# Colours repeat after ten runs; lines and marks tell them apart before, also in grey.
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
_BASELINE_DASHES = (":", "--", "-.")
_MARKS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class Mark:
    """One run, or one group of seeds.

    Args:
        name: no other is called so.
        accuracy: of the run, or of the group's ensemble, in [0, 1].
        interval: its 95 % interval.
        members: the accuracies of a group's networks; empty for a single run.
        histories: of the run, or of each network of a group; they may be empty, or have no validation.
    """

    name: str
    accuracy: float
    interval: tuple[float, float]
    members: Sequence[float]
    histories: Sequence[History]


def plot_comparison(marks: Sequence[Mark], baselines: Mapping[str, float], *, split: str, title: str = "") -> Figure:
    """Accuracies with 95 % intervals beside the validation accuracy over the epochs, a colour for each run.

    Of a group of seeds, the interval is that of its ensemble, the small points are its networks; its curve is their
    mean, in a band from the lowest to the highest. A curve goes as far as all of its networks do.

    Args:
        marks: at least one, first on top.
        baselines: accuracies by name, drawn as vertical lines.
        split: the part that the accuracies are of.
        title: a line above the picture.

    Raises:
        ValueError: there are no marks.
    """
    if not marks:
        raise ValueError("expected at least one run, received none")
    width, height = room(_WIDTH), 2.6 + 0.42 * max(len(marks), 4)
    is_narrow = width < _NARROW
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08, wspace=0.04)
        figure = Figure(figsize=(width, height + 3.2 if is_narrow else height), layout=layout)
        dots, curves = figure.subplots(2, 1, height_ratios=(height, 3.6)) if is_narrow else figure.subplots(1, 2)
        _draw_dots(dots, marks, baselines, split)
        _draw_curves(curves, marks, int(1.2 * width * (2 if is_narrow else 1)))
        _add_key(figure, marks, baselines, 2 if is_narrow else 3)
        if title:
            figure.suptitle(title, x=0.12 / width, ha="left", fontsize=points(12))
        fix_layout(figure)
    return figure


def _draw_dots(axes: Axes, marks: Sequence[Mark], baselines: Mapping[str, float], split: str) -> None:
    for row, mark in enumerate(marks):
        color = run_color(row)
        low, high = mark.interval
        place = row - 0.12 if mark.members else row
        axes.plot([low, high], [place, place], color=color, linewidth=points(2.2), zorder=3)
        axes.plot(mark.accuracy, place, color=color, marker=_mark(row), markersize=points(8), zorder=4)
        if mark.members:
            axes.plot(mark.members, [row + 0.2] * len(mark.members), color=color, zorder=3, **_spot())
    for index, accuracy in enumerate(baselines.values()):
        axes.axvline(accuracy, color=INK, linewidth=points(1.3), linestyle=_BASELINE_DASHES[index % 3], zorder=1)
    axes.set_title("Accuracy")
    axes.set_yticks(range(len(marks)), shorten_all([mark.name for mark in marks], _NAME_LENGTH))
    for row, label in enumerate(axes.get_yticklabels()):
        label.set(color=run_color(row), fontweight="bold", fontsize=points(11))
    axes.set_ylim(len(marks) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(f"accuracy on {split}, with its 95 % interval")


def _draw_curves(axes: Axes, marks: Sequence[Mark], ticks: int) -> None:
    last = 1
    for row, mark in enumerate(marks):
        values = _validation(mark)
        if not values.size:
            continue
        epochs = np.arange(1, values.shape[1] + 1)
        last = max(last, values.shape[1])
        color, mean = run_color(row), values.mean(axis=0)
        every = max(1, math.ceil(len(epochs) / 8))
        axes.plot(
            epochs,
            mean,
            color=color,
            linestyle=_DASHES[row % len(_DASHES)],
            marker=_mark(row),
            markevery=(row % every, every),
            markersize=points(5.5),
            zorder=3,
        )
        if len(values) > 1:
            axes.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=color, alpha=0.13, linewidth=0)
    axes.set_title("Validation accuracy")
    margin = 0.5 if last == 1 else 0.03 * (last - 1)
    axes.set_xlim(1 - margin, last + margin)
    axes.set_xticks(epoch_ticks(last, ticks))
    axes.set_xlabel("epoch")
    axes.margins(y=0.08)
    axes.locator_params(axis="y", nbins=7)
    if not axes.lines:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "no validation", transform=axes.transAxes, ha="center", va="center", color=QUIET)


def _validation(mark: Mark) -> np.ndarray:
    """Validation accuracies float64[networks, epochs], as many epochs as each has; empty without any."""
    curves = [history.values("val_accuracy") for history in mark.histories if history.has_validation]
    shortest = min(map(len, curves), default=0)
    return np.array([curve[:shortest] for curve in curves], dtype=np.float64)


def _add_key(figure: Figure, marks: Sequence[Mark], baselines: Mapping[str, float], columns: int) -> None:
    """What points, bands and lines mean; which run has which colour is said by the names at the left."""
    handles = []
    if any(mark.members for mark in marks):
        thick = points(2.2)
        handles = [
            Line2D([], [], color=INK, marker="o", markersize=points(8), linewidth=thick, label="ensemble of a group"),
            Line2D([], [], color=INK, label="one network of a group", **_spot()),
            Line2D([], [], color=INK, linewidth=points(8), alpha=0.18, label="lowest to highest of a group"),
        ]
    for index, (name, accuracy) in enumerate(baselines.items()):
        line: dict[str, Any] = {"linewidth": points(1.3), "linestyle": _BASELINE_DASHES[index % 3]}
        handles.append(Line2D([], [], color=INK, label=f"{name} {accuracy:.3f}", **line))
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=columns, columnspacing=1.8, fontsize=points(9.5))


def _spot() -> dict[str, Any]:
    """How one network of a group is drawn."""
    return {"linestyle": "none", "marker": "o", "markersize": points(5), "markerfacecolor": "white"}


def _mark(row: int) -> str:
    return _MARKS[row % len(_MARKS)]
