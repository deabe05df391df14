"""How is a tall picture of many parts filled? From its top to its bottom, in inches of the screen look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from sentiment_cli.plots.style import QUIET, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EDGE, LEFT, RIGHT = 0.3, 0.85, 1.2  # of text; of axes, where numbers and scales of colours stand
TITLE_LINE, NOTE_LINE = 0.25, 0.2


class Sheet:
    """A figure and how far it is filled.

    Args:
        figure: as large as all of its parts together.
    """

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.width, self.height = (float(inches) for inches in figure.get_size_inches())
        self.top = self.height - 0.12

    def skip(self, inches: float) -> None:
        """Leave room."""
        self.top -= inches

    def headline(self, lines: Sequence[str]) -> None:
        """Bold lines."""
        self._write(lines, TITLE_LINE, fontsize=points(13), fontweight="bold")

    def note(self, lines: Sequence[str]) -> None:
        """Small lines."""
        self._write(lines, NOTE_LINE, fontsize=points(9.5), color=QUIET)

    def _write(self, lines: Sequence[str], height: float, **style: Any) -> None:
        for line in lines:
            self.skip(height)
            self.figure.text(EDGE / self.width, (self.top + 0.05) / self.height, line, va="baseline", **style)

    def canvas(self, height: float) -> Axes:
        """Axes without a frame over the whole width, whose units are inches."""
        axes = self._place(EDGE, self.width - 2 * EDGE, height)
        axes.set(xlim=(0, self.width - 2 * EDGE), ylim=(0, height))
        axes.axis("off")
        return axes

    def axes(self, height: float) -> Axes:
        """Axes with room for numbers at the left and a scale of colours at the right."""
        return self._place(LEFT, self.width - LEFT - RIGHT, height)

    def scale(self, height: float, image: Any) -> None:
        """The scale of colours of the axes that were placed last."""
        box = (
            (self.width - RIGHT + 0.15) / self.width,
            self.top / self.height,
            0.13 / self.width,
            height / self.height,
        )
        axes = self.figure.add_axes(box)
        bar: Any = self.figure.colorbar(image, cax=axes)
        bar.outline.set_visible(False)
        axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        axes.tick_params(length=points(2), labelsize=points(10))

    def _place(self, left: float, width: float, height: float) -> Axes:
        self.top -= height
        return self._at(left, width, height)

    def _at(self, left: float, width: float, height: float) -> Axes:
        box = (left / self.width, self.top / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)
