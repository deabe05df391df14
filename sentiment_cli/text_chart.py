"""How are curves drawn with letters, for a terminal? In Braille, eight dots a letter, or in plain ASCII.

No library does it here: plotext 6.1 has 2.9 MB, takes 0.2 s to load and has changed its whole interface; plotille 6.0
writes 0.61439055 where an axis needs 0.6, and tells curves apart by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sentiment_cli.ticks import epoch_ticks, even_ticks, tick_labels

# The dots of U+2800 and what follows, by column and row of a letter.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800
_BEST = "O"
_INCHES_A_TICK = 4  # letters


@dataclass(frozen=True)
class Line:
    """One curve.

    Args:
        xs: ascending.
        ys: as many; nan where there is a gap.
        run: number of the run that it belongs to, from 0.
        style: ``solid``, ``dotted``, or ``points`` alone.
        best: a point to mark.
        letter: what it is made of in ASCII; None: stars, or dots where it is dotted.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    run: int
    style: str = "solid"
    best: tuple[float, float] | None = None
    letter: str | None = None


@dataclass(frozen=True)
class Span:
    """A piece of a row of letters.

    Args:
        text: the letters.
        run: the run whose colour they have; None: none.
    """

    text: str
    run: int | None = None


Row = list[Span]


@dataclass(frozen=True)
class Chart:
    """A panel.

    Args:
        title: above it.
        lines: later ones over earlier ones.
        x_range: first and last epoch of the axis.
        width: letters, axis and labels included; at least 30.
        height: rows of curves.
        unicode: Braille and box drawing; else ASCII.
    """

    title: str
    lines: Sequence[Line]
    x_range: tuple[float, float]
    width: int
    height: int = 12
    unicode: bool = True

    def rows(self) -> list[Row]:
        """Title, curves between their axes, and the numbers of the epochs: ``height + 3`` rows of ``width`` letters."""
        low, high = _range([y for line in self.lines for y in line.ys])
        ticks = even_ticks(low, high, max(self.height // 2, 2))
        labels = tick_labels(ticks)
        margin = max(map(len, labels), default=1)
        # On the right a letter names each run, at the height in which its curve ends.
        columns = self.width - margin - 3 - self._names
        canvas = _Canvas(columns, self.height, self.unicode, self.x_range, (low, high))
        for line in self.lines:
            canvas.draw(line)
        for line in self.lines:
            canvas.mark(line)
        at_row = {canvas.row_of(tick): label for tick, label in zip(ticks, labels, strict=True)}
        rows: list[Row] = [[Span(_fit(self.title, self.width))]]
        corner, bar, dash, tick = ("└", "│", "─", "┤") if self.unicode else ("+", "|", "-", "+")
        ends = self._ends(canvas)
        for number, drawn in enumerate(canvas.rows()):
            label = at_row.get(number, "")
            axis = tick if number in at_row else bar
            rows.append([Span(f"{label:>{margin}} {axis}"), *drawn, *self._named(ends.get(number, []))])
        rows.append([Span(f"{'':>{margin}} {corner}{dash * columns}{'':{self._names + 1}}")])
        rows.append([Span(self._epochs(canvas, margin))])
        return rows

    @property
    def _runs(self) -> int:
        return 1 + max((line.run for line in self.lines), default=0)

    @property
    def _names(self) -> int:
        """Letters on the right; of ten curves that end in one row not all have room."""
        return min(self._runs, 4) if self._runs > 1 else 0

    def _ends(self, canvas: _Canvas) -> dict[int, list[int]]:
        """The runs that end in each row, each once, by its last line."""
        last: dict[int, int] = {}
        for line in self.lines:
            known = [y for y in line.ys if not math.isnan(y)]
            if known and line.style != "points":
                last[line.run] = canvas.row_of(known[-1])
        found: dict[int, list[int]] = {}
        for run, row in last.items():
            found.setdefault(row, []).append(run)
        return found

    def _named(self, runs: list[int]) -> Row:
        if not self._names:
            return [Span(" ")]
        shown = runs if len(runs) <= self._names else [*runs[: self._names - 1]]
        more = "" if shown == runs else "+"
        used = len(shown) + len(more)
        return [Span(" "), *(Span(run_letter(run), run) for run in shown), Span(more + " " * (self._names - used))]

    def _epochs(self, canvas: _Canvas, margin: int) -> str:
        """The numbers of epochs below their columns, as many as do not touch each other."""
        text = [" "] * self.width
        for tick in epoch_ticks(max(int(self.x_range[1]), 1), canvas.columns // _INCHES_A_TICK):
            label = str(tick)
            start = margin + 2 + canvas.column_of(tick) - len(label) // 2
            start = min(start, self.width - len(label))
            if all(letter == " " for letter in text[max(start - 1, 0) : start + len(label) + 1]):
                text[start : start + len(label)] = label
        return "".join(text)


def run_letter(run: int) -> str:
    """What names a run at the end of its curve: A, B, C and so on."""
    return chr(ord("A") + run % 26)


@dataclass
class _Canvas:
    """A grid of letters, each of 2 by 4 dots in Braille, of 1 by 1 in ASCII."""

    columns: int
    height: int
    unicode: bool
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    dots: dict[tuple[int, int], int] = field(default_factory=dict)
    letters: dict[tuple[int, int], str] = field(default_factory=dict)
    owners: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def _across(self) -> int:
        return 2 if self.unicode else 1

    @property
    def _down(self) -> int:
        return 4 if self.unicode else 1

    def column_of(self, x: float) -> int:
        """The column of letters in which an epoch is."""
        return self._dot(x, 0.0)[0] // self._across

    def row_of(self, y: float) -> int:
        """The row of letters in which a value is, from the top."""
        return self._dot(self.x_range[0], y)[1] // self._down

    def draw(self, line: Line) -> None:
        """Join the points of a curve, and set those alone that have no neighbour."""
        for start, end in _segments(line):
            for x, y in _between(self._dot(*start), self._dot(*end)):
                # By place and not by count: of thousands of points each is a dot, and together they were solid.
                if line.style != "dotted" or start == end or not self.unicode or (x + y) % 3 == 0:
                    self._set(x, y, line)

    def mark(self, line: Line) -> None:
        """Put a letter on the best epoch."""
        if line.best is not None and not math.isnan(line.best[1]):
            x, y = self._dot(*line.best)
            place = x // self._across, y // self._down
            self.letters[place], self.owners[place] = _BEST, line.run

    def rows(self) -> Iterator[Row]:
        """The rows from the top, in pieces of one colour."""
        for row in range(self.height):
            spans: Row = []
            for column in range(self.columns):
                place = column, row
                letter = self.letters.get(place) or self._letter(place)
                owner = self.owners.get(place)
                if spans and spans[-1].run == owner:
                    spans[-1] = Span(spans[-1].text + letter, owner)
                else:
                    spans.append(Span(letter, owner))
            yield spans

    def _letter(self, place: tuple[int, int]) -> str:
        dots = self.dots.get(place, 0)
        return chr(_BLANK + dots) if self.unicode and dots else " "

    def _set(self, x: int, y: int, line: Line) -> None:
        place = x // self._across, y // self._down
        self.owners[place] = line.run
        if self.unicode:
            self.dots[place] = self.dots.get(place, 0) | _DOTS[x % 2][y % 4]
        else:
            self.letters[place] = line.letter or ("*" if line.style == "solid" else ".")

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        """The dot of a point, from the top left."""
        (left, right), (low, high) = self.x_range, self.y_range
        across, down = self.columns * self._across - 1, self.height * self._down - 1
        share = (x - left) / (right - left) if right > left else 0.5
        return round(min(max(share, 0), 1) * across), round((high - y) / (high - low) * down)


def _segments(line: Line) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Pairs of neighbouring points; a point without neighbours, and each of `points`, with itself."""
    points = list(zip(line.xs, line.ys, strict=True))
    for index, (x, y) in enumerate(points):
        if math.isnan(y):
            continue
        follows = index + 1 < len(points) and not math.isnan(points[index + 1][1])
        precedes = index > 0 and not math.isnan(points[index - 1][1])
        if line.style == "points" or not (follows or precedes):
            yield (x, y), (x, y)
        elif follows:
            yield (x, y), points[index + 1]


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line, both ends included."""
    (x, y), (right, bottom) = start, end
    steps = max(abs(right - x), abs(bottom - y))
    for step in range(steps + 1):
        share = step / steps if steps else 0
        yield round(x + share * (right - x)), round(y + share * (bottom - y))


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From the least to the largest value, with a little room; never empty."""
    known = [value for value in values if not math.isnan(value)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = 0.02 * (high - low) or max(abs(low) * 0.05, 1e-3)
    return low - room, high + room


def _fit(text: str, width: int) -> str:
    return f"{text[:width]:<{width}}"
