"""What does a network find, and at what price, when the threshold moves: ROC and precision-recall curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from sentiment_cli.plots.style import (
    INK,
    QUIET,
    fix_layout,
    house_style,
    points,
    room,
    run_color,
    shorten_all,
    wrap_headline,
    write_headline,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.evaluation.curves import Curves, OperatingPoint

_WIDTH = 10.0  # inches of the screen look, as all here
_NARROW = 7.0  # below it the panels stand one above the other
_SHORT_NAME = 14  # letters; a longer one leaves the labels of the axes no room
_LETTER = 0.077  # width of one in the legend, on average; line and spaces of an entry take 0.85
# More lines could not be told apart.
_MOST_CURVES = 8


def plot_curves(curves: Sequence[Curves], examples: int, *, title: str, marks: Sequence[OperatingPoint] = ()) -> Figure:
    """The ROC curve and the precision-recall curve side by side, a colour for each class; dashed is chance.

    Of many classes the eight with the smallest areas are drawn.

    Args:
        curves: of one class or more, see `evaluation.curves.compute_curves`; where there is none, the panels say so.
        examples: number of reviews of all classes.
        title: what was evaluated; wrapped where it is long.
        marks: where a decision is made; drawn on both curves where there is one curve.
    """
    few = sorted(curves, key=lambda one: one.roc_auc)[:_MOST_CURVES]
    drawn = [one for one in curves if one in few]
    width = room(_WIDTH)
    rows = 2 if width < _NARROW else 1
    headline = wrap_headline(title, width)
    labels = _legend_labels(drawn) if len(drawn) > 1 else []
    height = rows * width * rows / 2 + 0.26 * (len(headline) + math.ceil(len(labels) / _legend_columns(labels, width)))
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
        figure = Figure(figsize=(width, height), layout=layout)
        roc, precision_recall = figure.subplots(rows, 2 // rows, squeeze=False).flat
        _draw_roc(roc, drawn)
        _draw_precision_recall(precision_recall, drawn, examples)
        if len(drawn) == 1:
            _draw_marks(roc, [(mark.label, mark.false_positive_rate, mark.recall) for mark in marks])
            _draw_marks(precision_recall, [(mark.label, mark.recall, mark.precision) for mark in marks])
        if labels:
            _add_legend(figure, labels, width)
        if len(curves) > len(drawn):
            headline[-1] += f": the {len(drawn)} of {len(curves)} classes with the smallest areas"
        write_headline(figure, "\n".join(headline))
        fix_layout(figure)
    return figure


def _draw_roc(axes: Axes, curves: Sequence[Curves]) -> None:
    axes.set_title("ROC curve")
    for index, one in enumerate(curves):
        color = run_color(index)
        axes.plot(one.false_positive_rate, one.true_positive_rate, color=color, label=f"area {one.roc_auc:.4f}")
    axes.plot([0, 1], [0, 1], label="by chance: area 0.5", **_chance(QUIET))
    axes.set_xlabel(f"false-positive rate: share of others called {_named(curves)}")
    axes.set_ylabel(f"recall: share of {_named(curves)} that is found")
    _finish(axes, curves, "lower right")


def _draw_precision_recall(axes: Axes, curves: Sequence[Curves], examples: int) -> None:
    axes.set_title("Precision-recall curve")
    for index, one in enumerate(curves):
        label = f"average precision {one.average_precision:.4f}"
        recall, precision = [0.0, *one.recall], [one.precision[0], *one.precision]
        # The area below these steps is the average precision.
        axes.plot(recall, precision, color=run_color(index), drawstyle="steps-pre", label=label)
    for index, one in enumerate(curves):
        share = one.examples / examples
        color = QUIET if len(curves) == 1 else run_color(index)
        axes.plot([0, 1], [share, share], label=f"by chance: precision {share:.4f}", **_chance(color))
    axes.set_xlabel(f"recall: share of {_named(curves)} that is found")
    axes.set_ylabel(f"precision: share of those called {_named(curves)} that are")
    _finish(axes, curves, "lower left")


def _chance(color: str) -> dict[str, Any]:
    return {"color": color, "linestyle": "--", "linewidth": points(1.2)}


def _named(curves: Sequence[Curves]) -> str:
    """The class, where there is one and its name is short."""
    name = " ".join(curves[0].class_name.split()) if len(curves) == 1 else ""
    return name if 0 < len(name) <= _SHORT_NAME else "the class"


def _draw_marks(axes: Axes, marks: Sequence[tuple[str, float, float | None]]) -> None:
    for label, x, y in marks:
        if y is None:  # nothing is called positive there
            continue
        axes.plot(x, y, color=INK, marker="o", markersize=points(7), linestyle="none", zorder=4)
        side = 1 if x < 0.5 else -1
        align = "left" if side > 0 else "right"
        offset = (points(9) * side, -points(5))
        axes.annotate(label, (x, y), xytext=offset, textcoords="offset points", ha=align, va="top", color=INK)


def _finish(axes: Axes, curves: Sequence[Curves], place: Literal["lower left", "lower right"]) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    if not curves:
        axes.text(0.35, 0.75, "a class has no reviews", ha="center", va="center", color=QUIET)
    elif len(curves) == 1:
        axes.legend(loc=place)


def _legend_labels(curves: Sequence[Curves]) -> list[str]:
    names = shorten_all([one.class_name for one in curves], _SHORT_NAME)
    return [
        f"{name}: area {one.roc_auc:.4f}, average precision {one.average_precision:.4f}"
        for name, one in zip(names, curves, strict=True)
    ]


def _legend_columns(labels: Sequence[str], width: float) -> int:
    """Two, where two of the longest fit side by side."""
    return 2 if 2 * (_LETTER * max(map(len, labels), default=0) + 0.85) <= width + 0.1 else 1


def _add_legend(figure: Figure, labels: Sequence[str], width: float) -> None:
    """Below both panels; beside the curves there is no room for more than one."""
    handles = [Line2D([], [], color=run_color(i), linewidth=points(4), label=label) for i, label in enumerate(labels)]
    columns = _legend_columns(labels, width)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, columnspacing=2.2)
