"""Which class is taken for which: counts and shares of a confusion matrix."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle

from sentiment_cli.plots.style import (
    BLUE,
    INK,
    QUIET,
    VERMILLION,
    current_look,
    fix_layout,
    house_style,
    points,
    room,
    shorten_all,
    write_headline,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_LETTER = 0.095  # inches, of the labels
_FEW = 5  # up to so many classes the cells have room for large numbers and wrapped names
_CELL_INCHES = {1: 1.5, 2: 1.5, 3: 1.25, 4: 1.15, 5: 1.05}
# Full strength would put black numbers on dark blue; so black keeps a contrast above 7 : 1 in every cell.
_STRENGTH = 0.65
_EMPTY = "#f7f7f7"
# Where a look gives the width, the cells grow with it so far; where they would have to shrink below the second, they
# hold counts alone, and their letters do not shrink below the third.
_GROWTH, _SHARES_FROM, _SMALLEST = 1.6, 0.85, 0.7


@dataclass(frozen=True)
class _Measures:
    """How large everything is, in inches of the screen look.

    Args:
        cell: side of one.
        labels: the names of the classes as they are shown.
        slanted: whether those of the columns have to be.
        width: of the picture.
        letters: size of those in the cells, to what they have where there is room.
        has_shares: whether the cells have room for them.
    """

    cell: float
    labels: list[str]
    slanted: bool
    width: float
    letters: float = 1.0
    has_shares: bool = True


def plot_confusion_matrix(matrix: ArrayLike, class_names: Sequence[str], *, title: str) -> Figure:
    """A square of cells, each with its count and its share of the row: right answers blue, mistakes vermillion.

    The deeper the colour, the larger the share. A class without reviews has a row of zeros, and no shares.

    Args:
        matrix: int[n, n], n from 2 to about 20; rows are actual classes, columns predicted ones.
        class_names: n names in the order of rows and columns; long ones are wrapped or shortened.
        title: what was evaluated; wrapped where it is long.

    Raises:
        ValueError: the matrix does not fit the names, or has negative counts.
    """
    counts = np.asarray(matrix)
    size = len(class_names)
    if size == 0 or counts.shape != (size, size) or (counts < 0).any():
        raise ValueError(f"expected counts[{size}, {size}], none negative; received {counts.tolist()}")
    measures = _measure(counts, list(class_names))
    labels, width = measures.labels, measures.width
    headline = [] if current_look().is_paper else textwrap.wrap(" ".join(title.split()), int((width - 0.3) / 0.125))
    lines = max(label.count("\n") + 1 for label in labels)
    below = 0.7 * _label_inches(labels) if measures.slanted else 0.2 * lines
    height = size * measures.cell + below + 0.9 + 0.26 * len(headline)
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
        figure = Figure(figsize=(width, height), layout=layout)
        axes = figure.subplots()
        _draw_cells(axes, counts, measures)
        _label_axes(axes, labels, measures.slanted)
        edge = 0.1 / width
        write_headline(figure, "\n".join(headline))
        marks = "percentages" if measures.has_shares else "colour"
        note = f"{marks}: share of the row, the actual class" if width > 4 else f"{marks}: share of the row"
        figure.supxlabel(note, x=edge, ha="left", fontsize=points(9.5), color=QUIET)
        fix_layout(figure)
    return figure


def row_shares(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """``float64[n, n]``: each count divided by the sum of its row; nan in a row without any."""
    totals = counts.sum(axis=1, keepdims=True).astype(np.float64)
    shares = np.full(counts.shape, np.nan)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares


def _measure(counts: NDArray[np.integer], names: list[str]) -> _Measures:
    natural = _cell_inches(counts)
    labels, slanted = _labels(names, natural)
    wanted = max(len(names) * natural + _label_inches(labels) + 0.9, 4.5)
    width = room(wanted)
    if width == wanted:
        return _Measures(natural, labels, slanted, width)
    longest = int(0.3 * width / _LETTER)
    if not slanted and wanted > width:
        labels, slanted = shorten_all(names, longest), max(map(len, names)) * _LETTER > width / (len(names) + 1.5)
    elif slanted:
        labels = shorten_all(names, max(longest, 6))
    cell = min(_GROWTH * natural, max(width - _label_inches(labels) - 0.9, 1.0) / len(names))
    letters = min(max(cell / natural, _SMALLEST), 1.0)
    return _Measures(cell, labels, slanted, width, letters, has_shares=cell >= _SHARES_FROM * natural)


def _label_inches(labels: list[str]) -> float:
    return max(len(line) for label in labels for line in label.splitlines()) * _LETTER


def _cell_inches(counts: NDArray[np.integer]) -> float:
    """Room for the widest count, and for the line with its share below it."""
    digits = len(f"{counts.max():,}")
    few = len(counts) <= _FEW
    return max(_CELL_INCHES.get(len(counts), 0.7), (0.15 if few else 0.11) * digits + 0.14)


def _labels(names: list[str], cell: float) -> tuple[list[str], bool]:
    """The names as they are shown, and whether those of the columns have to be slanted."""
    letters = int(cell / _LETTER)
    wrapped = [textwrap.fill(name, letters, break_long_words=False) for name in shorten_all(names, 3 * letters)]
    if len(names) <= _FEW and all(len(line) <= letters for label in wrapped for line in label.splitlines()):
        return wrapped, False
    return shorten_all(names, 24), True


def _draw_cells(axes: Axes, counts: NDArray[np.integer], measures: _Measures) -> None:
    few = len(counts) <= _FEW
    for (row, column), share in np.ndenumerate(row_shares(counts)):
        count, right = int(counts[row, column]), row == column
        color = _shade(float(share), right=right) if count else _EMPTY
        axes.add_patch(
            Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor="white", linewidth=points(2))
        )
        text = axes.text(column, row, f"{count:,}", ha="center", va="bottom", color=INK if count else QUIET)
        text.set(fontsize=points(15 if few else 11) * measures.letters, fontweight="bold" if right else "normal")
        if not measures.has_shares or (not count and not few):
            text.set(va="center")  # most cells of many classes are empty: "0 %" in each would hide the others
            continue
        axes.text(
            column,
            row + 0.08,
            _percent(float(share)),
            ha="center",
            va="top",
            fontsize=points(11 if few else 9) * measures.letters,
            color=text.get_color(),
        )


def _percent(share: float) -> str:
    """One decimal; a share that is not 0 or 1 is never shown as 0 % or 100 %."""
    if math.isnan(share):
        return "–"
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    return "<0.1%" if share < 0.0005 else ">99.9%" if share > 0.9995 else f"{share:.1%}"


def _shade(share: float, *, right: bool) -> tuple[float, float, float]:
    """From white to the colour with the square root of the share, so that mistakes of 2 % are seen as well."""
    strength = _STRENGTH * math.sqrt(share)
    red, green, blue = (1 - strength * (1 - channel) for channel in to_rgb(BLUE if right else VERMILLION))
    return red, green, blue


def _label_axes(axes: Axes, labels: list[str], slanted: bool) -> None:
    places = range(len(labels))
    axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=(len(labels) - 0.5, -0.5), aspect="equal")
    axes.set_xlabel("predicted", labelpad=points(6))
    axes.set_ylabel("actual", labelpad=points(6))
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    if slanted:
        for tick in axes.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0, labelcolor=INK)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
