"""How is a review drawn with its words in colours? In lines, from right to left where it reads so."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from sentiment_cli.analysis.attributions import segments
from sentiment_cli.plots.style import BLUE, INK, QUIET, VERMILLION, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentiment_cli.explanation.result import Explanation

LINE = 0.27  # inches from line to line
SIZE = 11.0  # points of the screen look
# Black letters keep a contrast above 7 : 1 on the strongest colour.
_STRENGTH = 0.65
_RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True)
class Piece:
    """A part of the text that is drawn as one: a word, or what stands between two.

    Args:
        text: without white space.
        score: of the word, with the sign that colours have; None: it has none.
        is_unknown: a word that is not in the vocabulary.
        is_note: not a part of the review.
        has_space: white space stands before it.
        left: inches from the left edge; a line is laid out from there.
        width: inches.
    """

    text: str
    score: float | None = None
    is_unknown: bool = False
    is_note: bool = False
    has_space: bool = True
    left: float = 0.0
    width: float = 0.0


def cut_into_pieces(found: Explanation, shown: range) -> list[Piece]:
    """The text of an explanation, from the first to the last of the words that are shown.

    Args:
        found: the explanation.
        shown: which of the tokens that were read.
    """
    reading = found.reading
    places = [token.place for token in reading.read[shown.start : shown.stop] if token.place]
    if not places:
        return [Piece("(no word)", is_note=True)]
    is_first, is_last = shown.start == 0, shown.stop == len(reading.ids)
    gaps = [gap for gap in reading.gaps() if gap[0] >= places[0][0] or is_first]
    start, end = 0 if is_first else places[0][0], len(reading.text) if is_last else places[-1][1]
    unknown = {token.place[0] for token in reading.read if token.place and token.is_unknown}
    pieces = [] if is_first else [_note(shown.start, "before")]
    for a, b, count in (*gaps, (end, end, 0)):
        a, b = min(a, end), min(b, end)
        if a >= start:
            pieces += _words(found, start, a, unknown)
        if count and b <= end and a < b:
            pieces.append(_note(count, "not read"))
        start = max(start, b)
    left = len(reading.ids) - shown.stop
    return pieces if is_last else [*pieces, _note(left, "after")]


def _note(count: int, what: str) -> Piece:
    return Piece(f"… {count:,} {'word' if count == 1 else 'words'} {what} …", is_note=True)


def _words(found: Explanation, start: int, end: int, unknown: set[int]) -> list[Piece]:
    """The pieces of a part of the text, with each word's score."""
    spans = [s._replace(start=s.start - start, end=s.end - start) for s in found.colors if start <= s.start < end]
    pieces: list[Piece] = []
    position, has_space = start, True
    for segment in segments(found.reading.text[start:end], spans):
        is_word = segment.score is not None
        for index, text in enumerate(segment.text.split() if not is_word else [" ".join(segment.text.split())]):
            space = has_space or bool(index) or segment.text[:1].isspace()
            pieces.append(Piece(_drawable(text), segment.score, is_word and position in unknown, has_space=space))
        has_space = segment.text[-1:].isspace()
        position += len(segment.text)
    return [piece for piece in pieces if piece.text]


def _drawable(text: str) -> str:
    """Without what steers terminals or turns the direction of what follows."""
    return "".join(c for c in text if c.isprintable() or unicodedata.category(c) == "Zs")


def lay_out(figure: Figure, pieces: Sequence[Piece], width: float) -> list[list[Piece]]:
    """Lines of pieces with their places, at most ``width`` inches wide.

    What is wider by itself is cut. A text whose first letter is of a script from right to left begins at the right.
    """
    space = text_width(figure, "n n") - text_width(figure, "nn")
    lines: list[list[Piece]] = [[]]
    used = 0.0
    for group in _groups(_cut(figure, pieces, width)):
        size = sum(piece.width for piece in group)
        before = space if group[0].has_space and lines[-1] else 0.0
        if used + before + min(size, width) > width and lines[-1]:
            lines.append([])
            used, before = 0.0, 0.0
        for piece in group:
            if used + before + piece.width > width and lines[-1]:  # of a group that no line can hold
                lines.append([])
                used, before = 0.0, 0.0
            lines[-1].append(replace(piece, left=used + before))
            used, before = used + before + piece.width, 0.0
    if _reads_leftwards(pieces):
        return [[piece for run in _runs(line) for piece in _mirrored(run, width)] for line in lines]
    return lines


def _runs(line: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces of a line that reads from right to left: each alone, but words of other scripts in a row together."""
    kinds = [_direction(piece.text) for piece in line]
    runs: list[list[Piece]] = []
    last = None  # the place of the last piece from left to right, while none from right to left came after it
    for piece, kind in zip(line, kinds, strict=True):
        if kind == "L" and last is not None:
            between = [one for run in runs[last + 1 :] for one in run]
            runs = [*runs[:last], [*runs[last], *between, piece]]
        else:
            runs.append([piece])
            last = len(runs) - 1 if kind == "L" else last
        if kind == "R":
            last = None
    return runs


def _mirrored(run: Sequence[Piece], width: float) -> list[Piece]:
    """A run in its place from the right edge, its own pieces from left to right."""
    start, end = run[0].left, run[-1].left + run[-1].width
    return [replace(piece, left=width - end + piece.left - start) for piece in run]


def _direction(text: str) -> str:
    """``L`` or ``R``, as its first letter is read; empty: it has none."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    first = next((kind for kind in kinds if kind in ("L", *_RIGHT_TO_LEFT)), "")
    return "R" if first in _RIGHT_TO_LEFT else first


def _groups(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """What has no white space within and stays on a line."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if piece.has_space or not groups:
            groups.append([piece])
        else:
            groups[-1].append(piece)
    return groups


def _cut(figure: Figure, pieces: Sequence[Piece], width: float) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        size = text_width(figure, piece.text, style="italic" if piece.is_note else "normal")
        if size <= width:
            found.append(replace(piece, width=size))
            continue
        step = max(int(len(piece.text) * width / size * 0.9), 1)
        parts = [piece.text[start : start + step] for start in range(0, len(piece.text), step)]
        found += [
            replace(piece, text=part, width=min(text_width(figure, part), width), has_space=piece.has_space and not n)
            for n, part in enumerate(parts)
        ]
    return found


def text_width(figure: Figure, text: str, *, size: float = SIZE, style: str = "normal") -> float:
    """In inches of the screen look; the figure has a canvas that can measure."""
    label = figure.text(0, 0, text, fontsize=points(size), style=style)
    width = label.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi / points(1)  # type: ignore[attr-defined]
    label.remove()
    return float(width)


def _reads_leftwards(pieces: Sequence[Piece]) -> bool:
    return _direction("".join(piece.text for piece in pieces if not piece.is_note)) == "R"


def draw_lines(axes: Axes, lines: Sequence[Sequence[Piece]], largest: float) -> None:
    """Draw lines into axes whose units are inches, the first at its top.

    Args:
        axes: as wide as the lines and `LINE` high for each.
        lines: from `lay_out`.
        largest: the score of full strength, in size.
    """
    top = axes.get_ylim()[1]
    for number, line in enumerate(lines):
        y = top - (number + 0.68) * LINE
        for piece in line:
            color = None if piece.score is None else shade(piece.score, largest)
            if color:
                corner, size = (piece.left - 0.015, y - 0.065), (piece.width + 0.03, LINE * 0.9)
                axes.add_patch(Rectangle(corner, *size, facecolor=color, edgecolor="none", zorder=0.5))
            ink, style = (QUIET, "italic") if piece.is_note else (INK, "normal")
            axes.text(piece.left, y, piece.text, fontsize=points(SIZE), color=ink, style=style, va="baseline")
            if piece.is_unknown:
                axes.plot([piece.left, piece.left + piece.width], [y - 0.04] * 2, color=INK, linewidth=points(0.9))


def shade(score: float, largest: float) -> tuple[float, float, float] | None:
    """From white to blue (above 0) or vermillion (below) with the size of a score; None: too weak to be seen."""
    share = min(abs(score) / largest, 1.0) if largest else 0.0
    if share < 0.04:
        return None
    channels = np.array(to_rgb(BLUE if score > 0 else VERMILLION))
    red, green, blue = 1 - _STRENGTH * share * (1 - channels)
    return float(red), float(green), float(blue)
