"""What is right, what is found, and how pure is it, as the threshold of the positive class moves from 0 to 1?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sentiment_cli.plots.style import (
    INK,
    QUIET,
    fix_layout,
    house_style,
    points,
    room,
    run_color,
    shorten,
    wrap_headline,
    write_headline,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.evaluation.curves import OperatingPoints

_WIDTH = 7.0  # inches of the screen look
_STEPS = 201
_DASHES = ("-", "--", "-.", ":")


def plot_threshold(counted: OperatingPoints, value: float, *, title: str, positive: str) -> Figure:
    """Accuracy, and precision, recall and F1 of the positive class, over the threshold, with 0.5 and ``value`` marked.

    Args:
        counted: of the evaluated reviews.
        value: the threshold that was chosen, in [0, 1].
        title: what was evaluated; wrapped where it is long.
        positive: the name of the positive class.
    """
    width = room(_WIDTH)
    headline = wrap_headline(title, width)
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
        figure = Figure(figsize=(width, min(4.7, 0.8 * width) + 0.26 * len(headline)), layout=layout)
        axes = figure.subplots()
        _draw_curves(axes, counted, shorten(positive, 24))
        _draw_threshold(axes, 0.5, "0.5", QUIET, "left" if value < 0.5 else "right")
        if value != 0.5:
            _draw_threshold(axes, value, f"{value:.4g}", INK, "right" if value < 0.5 else "left")
        axes.set_xlabel(f"threshold: called {shorten(positive, 24)} where its probability is above")
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        figure.legend(loc="outside lower center", ncols=2, columnspacing=2.2)
        write_headline(figure, "\n".join(headline))
        fix_layout(figure)
    return figure


def _draw_curves(axes: Axes, counted: OperatingPoints, positive: str) -> None:
    steps = np.linspace(0, 1, _STEPS)
    # The thresholds descend; a step has the counts of the first one that is not above it.
    places = np.minimum(np.searchsorted(-counted.thresholds, -steps), len(counted.thresholds) - 1)
    curves = {
        "accuracy": counted.accuracy,
        f"precision of {positive}": counted.precision,
        f"recall of {positive}": counted.recall,
        f"F1 of {positive}": counted.f1,
    }
    for index, (label, values) in enumerate(curves.items()):
        axes.plot(steps, values[places], color=run_color(index), linestyle=_DASHES[index], label=label)


def _draw_threshold(axes: Axes, value: float, label: str, color: str, side: str) -> None:
    axes.axvline(value, color=color, linewidth=points(1.2))
    offset = (points(4) if side == "left" else -points(4), points(5))
    axes.annotate(label, (value, 0.0), xytext=offset, textcoords="offset points", ha=side, color=color)
