"""Does what a network says come true as often as it says so: the reliability diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

from sentiment_cli.plots.style import (
    BLUE,
    QUIET,
    current_look,
    fix_layout,
    house_style,
    points,
    room,
    shorten,
    wrap_headline,
    write_headline,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.evaluation.calibration import Bin, Calibration

_WIDTH = 6.0  # inches of the screen look


def plot_calibration(calibration: Calibration, *, title: str, positive: str = "") -> Figure:
    """Above, how often what was said came true, with 95 % intervals; below, how often it was said.

    Of two classes the probability of the positive one is drawn, of more that of the predicted class.

    Args:
        calibration: of one evaluation.
        title: what was evaluated; wrapped where it is long.
        positive: the name of the positive class of two.
    """
    bins = calibration.bins if calibration.positive_bins is None else calibration.positive_bins
    what = "the predicted class" if calibration.positive_bins is None else shorten(positive, 24)
    width = room(_WIDTH)
    headline = wrap_headline(title, width)
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06)
        figure = Figure(figsize=(width, 1.1 * width + 0.26 * len(headline)), layout=layout)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _draw_shares(upper, bins)
        _draw_counts(lower, bins)
        upper.set_ylabel(_truth(calibration, what))
        lower.set_xlabel(f"probability of {what}, as said")
        if not current_look().is_paper:  # there the caption says it
            upper.set_title(_summary(calibration), fontsize=points(11), fontweight="normal", color=QUIET)
        write_headline(figure, "\n".join(headline))
        fix_layout(figure)
    return figure


def _truth(calibration: Calibration, what: str) -> str:
    return "share that was right" if calibration.positive_bins is None else f"share that was {what}"


def _summary(calibration: Calibration) -> str:
    return f"expected calibration error {calibration.ece:.3f}; chance alone gives {calibration.chance_ece:.3f}"


def _draw_shares(axes: Axes, bins: list[Bin]) -> None:
    axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=points(1.2))
    axes.vlines(
        [one.probability for one in bins],
        [one.interval[0] for one in bins],
        [one.interval[1] for one in bins],
        color=BLUE,
        linewidth=points(1.6),
    )
    places, shares = [one.probability for one in bins], [one.share for one in bins]
    # No line between them: of few reviews it would be a zigzag that means nothing.
    axes.plot(places, shares, color=BLUE, linestyle="none", marker="o", markersize=points(6))
    axes.text(0.03, 0.96, "more often than said", color=QUIET, va="top")
    axes.text(0.97, 0.04, "less often than said", color=QUIET, ha="right")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])


def _draw_counts(axes: Axes, bins: list[Bin]) -> None:
    axes.bar(
        [one.low for one in bins],
        [one.examples for one in bins],
        [one.high - one.low for one in bins],
        align="edge",
        color=BLUE,
        edgecolor="white",
        linewidth=points(1),
    )
    axes.set_ylabel("reviews")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.locator_params(axis="y", nbins=4, integer=True)
