"""How does the perplexity of held-out texts fall from pass to pass of a language model?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from sentiment_cli.plots.history import ring
from sentiment_cli.plots.style import BLUE, current_look, fix_layout, house_style, points, room
from sentiment_cli.ticks import epoch_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 7.0  # inches of the screen look
# From this ratio of the largest to the smallest on, a linear axis would leave the last passes on one line.
_LOGARITHMIC_FROM = 5.0


def plot_perplexity(perplexities: Sequence[float]) -> Figure:
    """Perplexity over the passes, with a ring around the lowest, the first of several; logarithmic where it falls far.

    The loss of training is left out: it is over a sample of words, and not to be compared.

    Args:
        perplexities: of each pass, finite and at least 1.

    Raises:
        ValueError: there are none.
    """
    if not perplexities:
        raise ValueError("expected at least one pass, received none")
    width = room(_WIDTH)
    with house_style():
        figure = Figure(figsize=(width, min(4.2, 0.75 * width)), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))
        axes = figure.subplots()
        axes.set_title("Perplexity of held-out texts")
        _draw(axes, perplexities)
        _label(axes, perplexities, int(1.7 * width))
        fix_layout(figure)
    return figure


def _draw(axes: Axes, perplexities: Sequence[float]) -> None:
    best = int(np.argmin(perplexities))
    passes = range(1, len(perplexities) + 1)
    axes.plot(passes, perplexities, color=BLUE, linewidth=points(2.2), marker="o", markersize=points(5))
    axes.plot(best + 1, perplexities[best], color=BLUE, zorder=4, **ring())
    axes.annotate(
        f"{perplexities[best]:,.1f}",
        (best + 1, perplexities[best]),
        xytext=(0, points(11)),
        textcoords="offset points",
        ha="center",
        color=BLUE,
        fontweight="bold",
    )


def _label(axes: Axes, perplexities: Sequence[float], ticks: int) -> None:
    last = len(perplexities)
    margin = 0.5 if last == 1 else 0.05 * (last - 1)
    axes.set_xlim(1 - margin, last + margin)
    axes.set_xticks(epoch_ticks(last, ticks))
    axes.set_xlabel("pass")
    axes.margins(y=0.15)  # room for the ring and its number
    what = "perplexity" if current_look().is_paper else ""  # elsewhere the headline says it
    if max(perplexities) >= _LOGARITHMIC_FROM * min(perplexities):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=_steps(perplexities)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel(f"{what}, logarithmic".removeprefix(", "))
    else:
        axes.set_ylabel(what)
        axes.locator_params(axis="y", nbins=7)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _steps(perplexities: Sequence[float]) -> tuple[float, ...]:
    """The ticks within a power of ten, fewer where there are many powers."""
    powers = math.log10(max(perplexities) / min(perplexities))
    return (1.0, 2.0, 5.0) if powers < 3 else (1.0,)
