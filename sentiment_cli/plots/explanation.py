"""What did a network do with a review? Its words in colours, the prediction as it grew, and the inside of a cell."""

from __future__ import annotations

import textwrap
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from sentiment_cli.explanation.cells import order_units
from sentiment_cli.plots.coloured_text import LINE, Piece, cut_into_pieces, draw_lines, lay_out, shade, text_width
from sentiment_cli.plots.sheet import EDGE, LEFT, NOTE_LINE, RIGHT, TITLE_LINE, Sheet
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
    shorten,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.explanation.cells import CellTrace
    from sentiment_cli.explanation.result import Explanation

WIDTH = 10.0  # inches, as all of the following, where no other width is asked for
_GROWTH, _PANEL, _LEGEND_LINE = 1.7, 1.05, 0.3
_BELOW_LONG, _ABOVE_PANEL = 0.75, 0.42
_LABEL_SIZE = 10.0  # points, of a word below the panels
# Words in the picture's text; inches for a word below the panels. More words cannot be read at half width.
_MOST_TEXT, _WORD_WIDTH = 450, 0.198
_LONGEST_LABEL = 16
_NAMED = 6
_DIVERGING = LinearSegmentedColormap.from_list("sides", [VERMILLION, "#ffffff", BLUE])
_OPEN = LinearSegmentedColormap.from_list("open", ["#ffffff", "#8a8a8a", "#111111"])


def plot_explanation(found: Explanation, *, title: str) -> Figure:
    """One picture of an explanation, from top to bottom: the text, the growth of the probability, gates and states.

    A word's colour is as strong as its score, relative to the largest. Of a long text the words around the strongest
    ones are shown, in the text and, fewer, in the cell; the growth is always that of all words.

    Args:
        found: with or without the inside of a cell.
        title: whose network it is.
    """
    with house_style():
        figure = Figure(figsize=(room(WIDTH), 1.0))
        FigureCanvasAgg(figure)  # which measures the words
        plan = _make_plan(figure, found, title)
        figure.set_size_inches(room(WIDTH), plan.height)
        sheet = Sheet(figure)
        sheet.headline(plan.headline)
        _draw_legend(sheet, found, plan)
        largest = float(np.abs(found.scores).max(initial=0.0))
        draw_lines(sheet.canvas(LINE * len(plan.lines)), plan.lines, largest)
        sheet.skip(0.6)
        axes = sheet.axes(_GROWTH)
        _draw_growth(axes, found, plan)
        sheet.skip(plan.below_growth)
        for number, name in enumerate(plan.panels):
            sheet.skip(_ABOVE_PANEL)
            axes = sheet.axes(_PANEL)
            _draw_panel(sheet, axes, found, name, plan)
            _name_words(axes, plan, named=number == len(plan.panels) - 1)
        if plan.panels:
            sheet.skip(plan.names)
            sheet.note(plan.notes)
        fix_layout(figure)
    return figure


@dataclass(frozen=True)
class _Plan:
    """What stands in a picture, and how much room it takes.

    Args:
        headline: lines above all.
        legend: pieces of it, as many as fit into each line.
        lines: of the text.
        panels: names of the heat maps.
        shown: the words below them.
        labels: these words.
        names: inches that they take.
        is_long: there are more words.
        notes: lines below all.
    """

    headline: list[str]
    legend: list[str]
    lines: list[list[Piece]]
    panels: list[str]
    shown: range
    labels: list[str]
    names: float
    is_long: bool
    notes: list[str]

    @property
    def below_growth(self) -> float:
        if self.is_long:
            return _BELOW_LONG
        return 0.0 if self.panels else self.names

    @property
    def height(self) -> float:
        """Of the whole picture."""
        head = 0.12 + TITLE_LINE * len(self.headline) + _LEGEND_LINE * len(self.legend) + 0.12
        panels = (_ABOVE_PANEL + _PANEL) * len(self.panels)
        end = self.names + NOTE_LINE * len(self.notes) if self.panels else 0.0
        return head + LINE * len(self.lines) + 0.6 + _GROWTH + self.below_growth + panels + end + 0.15


def _make_plan(figure: Figure, found: Explanation, title: str) -> _Plan:
    width = room(WIDTH)
    shown = window_of_most(found.scores, max(int((width - LEFT - RIGHT) / _WORD_WIDTH), 5))
    labels = [_label(token.text) for token in found.reading.read[shown.start : shown.stop]]
    pieces = cut_into_pieces(found, window_of_most(found.scores, _MOST_TEXT))
    is_long = len(found.scores) > len(shown)
    note = "" if found.cell is None else _units_note(found.cell, shown if is_long else None, found.networks)
    legend = "stronger: added more to the log-odds"
    if any(token.is_unknown for token in found.reading.read):
        legend += "    underlined: not in the vocabulary"
    beside = sum(_side_width(figure, side) for side in found.sides)
    fits = beside + text_width(figure, legend, size=10.5) < width - 2 * EDGE
    return _Plan(
        headline=[] if current_look().is_paper else textwrap.wrap(_headline(found, title), int(8.8 * width)),
        legend=[legend] if fits else ["", *textwrap.wrap(legend, int(11 * width))],
        lines=lay_out(figure, pieces, width - 2 * EDGE),
        panels=[] if found.cell is None else list(found.cell.panels),
        shown=shown,
        labels=labels,
        names=0.25 + max(text_width(figure, label, size=_LABEL_SIZE) for label in labels),
        is_long=is_long,
        notes=textwrap.wrap(note, int(13.5 * width)),
    )


def window_of_most(scores: np.ndarray, most: int) -> range:
    """The ``most`` words in a row whose scores are the largest together, in size; all where there are no more.

    The first of several; float[n] scores, n at least 1.
    """
    if len(scores) <= most:
        return range(len(scores))
    sums = np.convolve(np.abs(scores), np.ones(most), "valid")
    start = int(np.argmax(np.round(sums, 9)))
    return range(start, start + most)


def _headline(found: Explanation, title: str) -> str:
    head = f"{title}: {found.predicted}, probability {found.probabilities[found.predicted]:.3f}"
    if found.explained == found.predicted:
        return head
    return f"{head}; explained is {found.explained}, probability {found.probabilities[found.explained]:.3f}"


def _side_width(figure: Figure, side: str) -> float:
    return 0.45 + text_width(figure, shorten(side, 40), size=10.5)


def _draw_legend(sheet: Sheet, found: Explanation, plan: _Plan) -> None:
    axes = sheet.canvas(_LEGEND_LINE * len(plan.legend) + 0.12)
    x, y = 0.0, _LEGEND_LINE * len(plan.legend) - 0.1
    style: dict[str, Any] = {"fontsize": points(10.5), "color": QUIET}
    for side, sign in zip(found.sides, (1, -1), strict=True):
        axes.add_patch(Rectangle((x, y - 0.02), 0.16, 0.16, facecolor=shade(sign, 1), edgecolor="none"))
        axes.text(x + 0.23, y, shorten(side, 40), **style)
        x += _side_width(sheet.figure, side)
    for number, line in enumerate(plan.legend):
        axes.text(0.0 if number else x, y - _LEGEND_LINE * number, line, **style)


def _draw_growth(axes: Axes, found: Explanation, plan: _Plan) -> None:
    """The probability over the words read; a window of them is shaded, and the strongest words are named."""
    growth = found.growth
    axes.set_title(f"Probability of {shorten(found.explained, 40)} after each word", fontsize=points(11.5))
    axes.set(xlim=(0.5, growth.lengths[-1] + 0.5), ylim=(-0.02, 1.02), yticks=[0, 0.5, 1])
    marker = "" if plan.is_long else "o"
    size: dict[str, Any] = {"linewidth": points(1.6), "markersize": points(4)}
    axes.plot(growth.lengths, growth.probabilities, color=INK, marker=marker, **size)
    if not plan.is_long:
        _name_words(axes, plan, named=not plan.panels)
        return
    window = plan.shown
    if plan.panels:
        axes.axvspan(window.start + 0.5, window.stop + 0.5, color="#e8e8e8", zorder=0)
    is_wide = room(WIDTH) > 7
    axes.set_xlabel("words read" + (", those of the panels below shaded" if plan.panels and is_wide else ""))
    axes.xaxis.set_major_locator(MaxNLocator(max(int(0.8 * room(WIDTH)), 2), integer=True))
    _name_strongest(axes, found)


def _name_strongest(axes: Axes, found: Explanation) -> None:
    """Ticks above the curve at the strongest words, where there is room for their names."""
    apart = 0.95 / (room(WIDTH) - LEFT - RIGHT) * len(found.scores)  # two names must not overlap
    taken: list[tuple[int, str]] = []
    for index in np.argsort(-np.abs(found.scores), kind="stable").tolist():
        if len(taken) < _NAMED and all(abs(index - other) > apart for other, _ in taken):
            taken.append((index, _label(found.reading.read[index].text)))
    after = found.growth.after_each()
    levels = np.exp(-np.logaddexp(0, -after))
    for index, label in taken:
        color = VERMILLION if _color_sign(found, index) < 0 else BLUE
        axes.plot([index + 1], [levels[index]], "o", color=color, markersize=points(6), zorder=4)
        upper = levels[index] < 0.5
        axes.annotate(
            label,
            (index + 1, levels[index]),
            xytext=(0, points(9 if upper else -9)),
            textcoords="offset points",
            ha="center",
            va="bottom" if upper else "top",
            color=color,
            fontsize=points(10.5),
            fontweight="bold",
            path_effects=[withStroke(linewidth=points(3), foreground="white")],  # where the curve crosses it
        )


def _color_sign(found: Explanation, index: int) -> float:
    """The sign of a word's colour: with two classes that of the second one."""
    turned = len(found.class_names) == 2 and found.explained == found.class_names[0]
    score = float(found.scores[index])
    return -score if turned else score


def _draw_panel(sheet: Sheet, axes: Axes, found: Explanation, name: str, plan: _Plan) -> None:
    """A heat map: the units from bottom to top, the words from left to right."""
    cell, shown = found.cell, plan.shown
    if cell is None:
        raise ValueError("this is a bug in sentiment_cli: there is no cell to draw")
    values = cell.panels[name]
    order = order_units(cell.carried, found.growth.after_each())
    is_gate = name.endswith("gate")
    values = values[shown.start : shown.stop]
    limits = _limits(values) if is_gate else (-_largest(values), _largest(values))
    image = axes.imshow(
        values.T[order],
        aspect="auto",
        interpolation="nearest",
        cmap=_OPEN if is_gate else _DIVERGING,
        vmin=limits[0],
        vmax=limits[1],
        extent=(shown.start + 0.5, shown.stop + 0.5, len(order), 0),
    )
    axes.set_title(_panel_title(cell, name), fontsize=points(11.5), pad=points(5))
    axes.set_yticks([])
    axes.set_ylabel(f"{len(order)} unit{'s' if len(order) > 1 else ''}")
    axes.grid(visible=False)
    sheet.scale(_PANEL, image)


def _limits(values: np.ndarray) -> tuple[float, float]:
    """The range of a gate, for most stay in a small part of 0 to 1 and all would look grey there."""
    low, high = float(values.min()), float(values.max())
    middle, half = (low + high) / 2, max((high - low) / 2, 0.05)
    return middle - half, middle + half


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max(initial=1e-6))


_MEANING = {
    "forget gate": "dark: keeps what it holds",
    "input gate": "dark: lets the word in",
    "output gate": "dark: shows what it holds",
    "update gate": "dark: keeps what it holds",
    "reset gate": "dark: reads what it holds",
}


def _panel_title(cell: CellTrace, name: str) -> str:
    kind = {"simple_rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}[cell.cell]
    side = "" if cell.direction == "forward" else ", backward"
    meaning = f" ({_MEANING[name]})" if name in _MEANING and room(WIDTH) > 7 else ""
    return f"{kind}, layer {cell.layer}{side}: {name}{meaning}"


def _units_note(cell: CellTrace, window: range | None, networks: int) -> str:
    carried = "cell state" if cell.memory is not None else "state"
    note = (
        f"Units are sorted: those whose {carried} rises with the log-odds on top, those that fall with it at the bottom"
    )
    if networks > 1:
        note += f". They are those of the first of {networks} networks that predict together"
    return note if window is None else f"{note}. Words {window.start + 1:,} to {window.stop:,}"


def _name_words(axes: Axes, plan: _Plan, *, named: bool) -> None:
    """The words below axes, or no words."""
    axes.set_xlim(plan.shown.start + 0.5, plan.shown.stop + 0.5)
    if not named:
        axes.set_xticks([])
        return
    places = [index + 1 for index in plan.shown]
    axes.set_xticks(places, plan.labels, rotation=90, fontsize=points(_LABEL_SIZE), color=INK)
    axes.tick_params(axis="x", length=0)


def _label(word: str) -> str:
    """A word in a few letters; a mark where it has none that can be drawn."""
    drawable = "".join(c for c in word if c.isprintable() and unicodedata.category(c) != "Zs")
    most = _LONGEST_LABEL // 2 if any(unicodedata.east_asian_width(c) == "W" for c in drawable) else _LONGEST_LABEL
    return shorten(drawable, most) if drawable else "␣" if word.isspace() else "–"
