"""Where does the loss fall and where does it rise, as the learning rate grows?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, NullFormatter

from sentiment_cli.plots.style import BLUE, INK, QUIET, VERMILLION, fix_layout, house_style, points, room, wrap_headline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.learning_rates import RangeTest

_WIDTH = 7.0  # inches of the screen look


def plot_learning_rates(test: RangeTest, *, title: str, current: float | None = None) -> Figure:
    """Loss over the learning rate, logarithmic, with the suggestion, the rate of the lowest loss and the present one.

    Args:
        test: with at least one step.
        title: what was tried; wrapped where it is long.
        current: the learning rate of the configuration; None: it is not marked.
    """
    width = room(_WIDTH)
    headline = wrap_headline(title, width)
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08)
        figure = Figure(figsize=(width, min(4.4, 0.75 * width) + 0.26 * (len(headline) - 1)), layout=layout)
        axes = figure.subplots()
        axes.set_title("\n".join(headline))
        axes.plot(test.rates, test.losses, color=BLUE, alpha=0.35, linewidth=points(1), label="median of the sweeps")
        axes.plot(test.rates, test.smoothed, color=BLUE, linewidth=points(2.2), label="smoothed")
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: _power(rate)))
        axes.xaxis.set_minor_formatter(NullFormatter())
        _fit_heights(axes, test)
        _mark(axes, test, current)
        axes.set(xlabel="learning rate, logarithmic", ylabel="training loss of a batch")
        axes.set_xlim(test.rates[0], test.rates[-1])
        figure.legend(loc="outside lower center", ncols=2)
        fix_layout(figure)
    return figure


def _fit_heights(axes: Axes, test: RangeTest) -> None:
    """Show where the loss falls; where it has diverged it may leave at the top."""
    start, low = float(test.smoothed[0]), float(test.smoothed.min())
    fall = max(start - low, 0.02 * start)
    axes.set_ylim(low - 0.6 * fall, start + 1.4 * fall)


def _mark(axes: Axes, test: RangeTest, current: float | None) -> None:
    marks = [(current, f"configured {current:g}", QUIET, ":")] if current is not None else []
    if test.suggestion is not None and test.lowest is not None:
        marks += [
            (test.lowest, f"lowest {test.lowest:.2g}", INK, "--"),
            (test.suggestion, f"suggested {test.suggestion:g}", VERMILLION, "-"),
        ]
    for level, (rate, label, color, dashes) in enumerate(marks):
        if rate is None or not test.rates[0] <= rate <= test.rates[-1]:
            continue
        axes.axvline(rate, color=color, linewidth=points(1.4), linestyle=dashes, zorder=1)
        # Each on its own line, and on the side that has room.
        at_left = rate > test.rates[0] ** 0.7 * test.rates[-1] ** 0.3
        axes.annotate(
            label,
            (rate, 0.03 + 0.075 * level),
            xycoords=("data", "axes fraction"),
            xytext=(-points(4) if at_left else points(4), 0),
            textcoords="offset points",
            ha="right" if at_left else "left",
            color=color,
            fontweight="bold" if color == VERMILLION else "normal",
        )


def _power(rate: float) -> str:
    """A power of ten without the zeros that Python puts into its exponent: ``1e-5``."""
    return f"{rate:g}" if rate >= 1e-3 else f"{rate:.0e}".replace("e-0", "e-")
