"""On which reviews does a network fail more? Error rates with their intervals, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sentiment_cli.plots.style import (
    BLUE,
    INK,
    QUIET,
    VERMILLION,
    bare_rows,
    fix_layout,
    house_style,
    points,
    room,
    shorten,
    write_headline,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.analysis.slices import Slice

_WIDTH = 8.5
_ROW_INCHES = 0.33
# Inches; in a column of a paper the intervals need all of it.
_ROOM_FOR_NUMBERS = 6.0
_NAMES = {
    "length": "words in the review",
    "unknown": "share of unknown words",
    "cut": "words lost by cutting",
    "rating": "star rating",
    "negation": "negations",
}


def plot_slices(slices: Mapping[str, Sequence[Slice]], *, title: str) -> Figure:
    """One panel a trait: a row for each slice with its error rate, the 95 % interval, and its numbers.

    A slice whose interval lies wholly above the error rate of all reviews has a vermillion diamond in place of a dot.

    Args:
        slices: by trait, in the order of the panels; each covers the same reviews.
        title: what was evaluated.

    Raises:
        ValueError: there is nothing to draw.
    """
    panels = {by: rows for by, rows in slices.items() if rows}
    if not panels:
        raise ValueError("expected at least one slice")
    first = next(iter(panels.values()))
    overall = sum(one.wrong for one in first) / sum(one.examples for one in first)
    heights = [len(rows) + 1.4 for rows in panels.values()]
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
        width = room(_WIDTH)
        figure = Figure(figsize=(width, _ROW_INCHES * sum(heights) + 1.2), layout=layout)
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
        for panel, (by, rows) in zip(axes, panels.items(), strict=True):
            _draw_panel(panel, by, rows, overall)
            if width >= _ROOM_FOR_NUMBERS:
                _write_numbers(panel, rows)
        marks = (f"dashed: all reviews, {100 * overall:.1f} %", "diamond: above that")
        legend = ("; " if width >= _ROOM_FOR_NUMBERS else "\n").join(marks)
        axes[-1].set_xlabel(f"error rate with its 95 % interval\n{legend}")
        axes[-1].xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axes[-1].xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
        axes[-1].set_xlim(left=0, right=min(1.0, _highest(panels) * 1.06))
        write_headline(figure, shorten(title, 80))
        fix_layout(figure)
    return figure


def _highest(panels: Mapping[str, Sequence[Slice]]) -> float:
    return max(one.interval[1] for rows in panels.values() for one in rows)


def _draw_panel(axes: Axes, by: str, rows: Sequence[Slice], overall: float) -> None:
    axes.axvline(overall, color=QUIET, linewidth=points(1.2), linestyle=(0, (4, 3)), zorder=1)
    for place, one in enumerate(rows):
        low, high = one.interval
        is_worse = low > overall
        color = VERMILLION if is_worse else BLUE
        axes.plot([low, high], [place, place], color=color, linewidth=points(2.4))
        axes.plot(one.error_rate, place, "D" if is_worse else "o", color=color, markersize=points(7))
    axes.set_yticks(range(len(rows)), [one.name for one in rows])
    axes.set(ylim=(len(rows) - 0.4, -0.6))
    axes.set_title(_NAMES.get(by, by), fontsize=points(11))
    bare_rows(axes)


def _write_numbers(axes: Axes, rows: Sequence[Slice]) -> None:
    """Beside the panel: how many reviews of each slice are wrong."""
    _write_at(axes, "wrong", (1, 1), ("axes fraction", "axes fraction"), (8, 2), color=QUIET)
    for place, one in enumerate(rows):
        numbers = f"{one.wrong:,} of {one.examples:,}"
        _write_at(axes, numbers, (1, place), ("axes fraction", "data"), (8, 0), va="center")


def _write_at(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    coordinates: tuple[str, str],
    shift: tuple[float, float],
    *,
    color: str = INK,
    va: str = "bottom",
) -> None:
    """A text so many points of the screen look to the right of and above a place."""
    right, up = map(points, shift)
    axes.annotate(
        text,
        place,
        xycoords=coordinates,
        xytext=(right, up),
        textcoords="offset points",
        va=va,
        fontsize=points(10),
        color=color,
    )
