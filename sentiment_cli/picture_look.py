"""Where is a picture going to be seen: on a screen, or in the column of a paper? No matplotlib is needed to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["screen", "paper"]
STYLES: tuple[Style, ...] = ("screen", "paper")
# Inches. A column of IEEE is 3.5 wide, of ACL 3.03, of ACM 3.33.
COLUMN = 3.3
NARROWEST, WIDEST = 2.0, 40.0
SCREEN_POINTS, PAPER_POINTS = 11.0, 8.0


@dataclass(frozen=True)
class Look:
    """How a picture looks.

    ``screen``: headlines, letters of 11 points, PNG of 150 dots an inch, as wide as the picture needs. ``paper``: no
    headlines, for there the caption says it; letters of 8 points at the size in which it is printed; text in vector
    files as text with its fonts; PNG of 300 dots an inch.

    Args:
        style: ``screen`` or ``paper``.
        width: of the finished picture, in inches, which is kept; None: what the picture needs.
    """

    style: Style = "screen"
    width: float | None = None

    @property
    def is_paper(self) -> bool:
        """Whether it is to be printed beside text."""
        return self.style == "paper"

    @property
    def font_size(self) -> float:
        """Of most letters, in points at the size in which the picture is shown."""
        return PAPER_POINTS if self.is_paper else SCREEN_POINTS

    @property
    def scale(self) -> float:
        """Of letters and lines, to those of the screen look."""
        return self.font_size / SCREEN_POINTS

    @property
    def dpi(self) -> int:
        """Dots an inch."""
        return 300 if self.is_paper else 150


SCREEN = Look()


def choose_look(style: Style | None, width: float | None) -> Look:
    """The look that a user asked for; paper without a width is one column wide."""
    return Look(style or "screen", COLUMN if style == "paper" and width is None else width)
