"""How do accuracy and loss of one or several runs go over the epochs?"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from sentiment_cli.curves import PANELS, Curve, Panel, RunCurves, Smoothing, best_point, extent, run_curves
from sentiment_cli.plots.style import (
    INK,
    QUIET,
    current_look,
    fix_layout,
    house_style,
    points,
    room,
    run_color,
    shorten_all,
)
from sentiment_cli.ticks import epoch_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.batch_history import BatchCurves
    from sentiment_cli.history import History

WIDTH = 10.0  # inches of the screen look, as all here
_NARROW = 7.0  # below it the panels stand one above the other
_NAME_LENGTH = 38  # two legend entries of this length fit side by side
_LETTER = 0.077  # width of one in the legend, on average; line and spaces of an entry take 0.85
_LETTERS_AN_INCH = 11  # of the sentence
_FAINT = 0.35  # opacity of what was measured, behind what is smoothed
_MANY = 300  # points, which together would be a broad band


def ring() -> dict[str, Any]:
    """What marks the best epoch: a circle around the point."""
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": points(10),
        "markerfacecolor": "none",
        "markeredgewidth": points(2.0),
    }


def plot_history(
    histories: Mapping[str, History],
    *,
    sentence: str | None = None,
    batches: Mapping[str, BatchCurves] | None = None,
    smoothing: Smoothing | None = None,
) -> Figure:
    """Accuracy and loss side by side, a colour for each run, training dashed and validation solid.

    In a narrow look loss stands below accuracy. A ring marks the best epoch of a run, at the value that was measured.
    Values that are not finite or were not measured leave gaps, and a value without neighbours is a point. Behind a
    smoothed curve lies the measured one, faintly.

    Args:
        histories: name to history, at least one, in the order of the legend; they may differ in length, be
            empty, or have no validation.
        sentence: a line above the picture, wrapped where it is long.
        batches: name to the figures of the steps; training is then drawn step by step, for every run.
        smoothing: of the curves; None: epochs as measured, steps by a width that fits.

    Raises:
        ValueError: there are no histories.
    """
    if not histories:
        raise ValueError("expected at least one history, received none")
    smoothing = smoothing or Smoothing()
    runs = {name: RunCurves(history, (batches or {}).get(name)) for name, history in histories.items()}
    note = smoothing.sentence(runs)
    width = room(WIDTH)
    headline = [] if current_look().is_paper else textwrap.wrap(sentence or "", int(width * _LETTERS_AN_INCH))
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
        figure = Figure(figsize=(width, _height(histories, len(headline) + bool(note))), layout=layout)
        rows = 2 if width < _NARROW else 1
        for axes, panel in zip(_panels(figure, rows), PANELS, strict=True):
            axes.set_title(panel.capitalize())
            for index, run in enumerate(runs.values()):
                _draw_run(axes, run, panel, smoothing, run_color(index))
            _label_epochs(axes, *extent(runs), int(1.2 * width * rows))
        if rows == 2:
            figure.axes[0].set_xlabel("")  # the panel below has it
        _add_legends(figure, histories, note)
        if headline:
            figure.suptitle("\n".join(headline), x=0.12 / width, ha="left", fontsize=points(12))
        fix_layout(figure)
    return figure


def _panels(figure: Figure, rows: int) -> list[Axes]:
    return list(figure.subplots(rows, 2 // rows, squeeze=False).flat)


def _height(histories: Mapping[str, History], lines: int) -> float:
    """Inches; the panels keep theirs however many runs and lines of text there are."""
    labels = _run_labels(histories)
    lines += math.ceil(len(labels) / _legend_columns(labels))
    return (5.4 if room(WIDTH) < _NARROW else 4.2) + 0.24 * lines


def _draw_run(axes: Axes, run: RunCurves, panel: Panel, smoothing: Smoothing, color: str) -> None:
    for curve in run_curves(run, panel, smoothing):
        _draw_curve(axes, curve, color)
    best = best_point(run.history, panel)
    if best is not None:
        axes.plot(*best, color=color, zorder=4, **ring())


def _draw_curve(axes: Axes, curve: Curve, color: str) -> None:
    if curve.raw:
        many = len(curve.xs) > _MANY
        width, faint = (0.5, _FAINT / 1.5) if many else (1.0, _FAINT)
        axes.plot(curve.xs, curve.ys, color=color, alpha=faint, linewidth=points(width), zorder=1.5)
        return
    solid = curve.part == "validation"
    axes.plot(
        curve.xs,
        curve.ys,
        color=color,
        linestyle="-" if solid else "--",
        linewidth=points(2.2 if solid else 1.6),
        marker="o",
        markersize=points(6),
        # Filled for validation, open for training: a point has no dashes to tell it by.
        markerfacecolor=color if solid else "white",
        markevery=_lonely(curve.ys),
        zorder=3 if solid else 2,
    )


def _lonely(values: list[float]) -> list[int]:
    """Places with a value and none on either side, where a line would not show."""
    gaps = [True, *map(math.isnan, values), True]
    return [i for i in range(len(values)) if gaps[i] and gaps[i + 2] and not gaps[i + 1]]


def _label_epochs(axes: Axes, first: float, last: float, ticks: int) -> None:
    margin = 0.5 if last == first else 0.03 * (last - first)
    axes.set_xlim(first - margin, last + margin)
    axes.set_xticks(epoch_ticks(max(int(last), 1), ticks))
    axes.set_xlabel("epoch")
    axes.margins(y=0.08)  # a ring at the edge stays whole
    axes.locator_params(axis="y", nbins=7)
    if not any(np.isfinite(np.asarray(line.get_ydata(), dtype=float)).any() for line in axes.lines):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "nothing to draw", transform=axes.transAxes, ha="center", va="center", color=QUIET)


def _add_legends(figure: Figure, histories: Mapping[str, History], note: str | None) -> None:
    """What the lines mean goes above the right panel, which run has which colour below both."""
    is_narrow = room(WIDTH) < _NARROW
    key = figure.axes[-1].legend(
        handles=_line_handles(figure.axes[-1], histories),
        loc="lower right",
        bbox_to_anchor=(1.0, 1.005),
        borderaxespad=0.2,
        borderpad=0.2,
        ncols=3,
        columnspacing=0.9 if is_narrow else 1.2,
        handlelength=1.8 if is_narrow else 2.1,
        handletextpad=0.5,
        fontsize=points(10),
    )
    key.set_in_layout(False)  # it lies in the height of the titles; the layout would leave a second line for it
    labels = _run_labels(histories)
    runs = [Line2D([], [], color=run_color(i), linewidth=points(4), label=label) for i, label in enumerate(labels)]
    legend = figure.legend(
        handles=runs, loc="outside lower center", ncols=_legend_columns(labels), columnspacing=2.2, title=note
    )
    legend.get_title().set(fontsize=points(10), color=QUIET)


def _line_handles(axes: Axes, histories: Mapping[str, History]) -> list[Line2D]:
    point = "o" if any(line.get_markevery() for line in axes.lines) else ""
    thin, size = points(1.6), points(6)
    handles = [
        _handle("training", linestyle="--", linewidth=thin, marker=point, markerfacecolor="white", markersize=size)
    ]
    if any(history.has_validation for history in histories.values()):
        handles.append(_handle("validation", linestyle="-", linewidth=points(2.2), marker=point, markersize=size))
    if any(history.best_epoch for history in histories.values()):
        handles.append(_handle("best epoch", **ring()))
    return handles


def _handle(label: str, **look: Any) -> Line2D:
    return Line2D([], [], color=INK, label=label, **look)


def _run_labels(histories: Mapping[str, History]) -> list[str]:
    names = shorten_all(list(histories), min(_NAME_LENGTH, max(int((room(WIDTH) - 0.85) / _LETTER) - 16, 8)))
    return [f"{name}: {_outcome(history)}" for name, history in zip(names, histories.values(), strict=True)]


def _outcome(history: History) -> str:
    if not history.rows:
        return "no epoch yet"
    return "no finite loss" if history.best_epoch is None else f"best epoch {history.best_epoch}"


def _legend_columns(labels: list[str]) -> int:
    """As many columns as fit."""
    fitting = int((room(WIDTH) + 0.1) / (_LETTER * max(map(len, labels)) + 0.85))
    return max(1, min(fitting, 4, len(labels)))
