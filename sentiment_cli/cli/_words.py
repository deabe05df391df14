"""How are words coloured in a terminal by what they did for a prediction?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_cli.cli._output import printable

if TYPE_CHECKING:
    from rich.text import Text

    from sentiment_cli.analysis.attributions import Span

BLUE, VERMILLION = (0, 114, 178), (213, 94, 0)  # as in `plots.style`
# Of the largest score in a review; what is weaker has no colour.
_FAINT = 0.1


def coloured(text: str, spans: Sequence[Span]) -> Text:
    """A text with its words on blue (scores above 0) or vermillion, the stronger the deeper; printable, in one line.

    Args:
        text: a review or a part of it.
        spans: of its words, with the signs of `analysis.attributions.towards_second`.
    """
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    from sentiment_cli.analysis.attributions import segments

    line = Text()
    most = max((abs(span.score) for span in spans), default=0.0)
    for segment in segments(text, spans):
        strength = abs(segment.score) / most if segment.score and most else 0.0
        shade = BLUE if (segment.score or 0) > 0 else VERMILLION
        style = None
        if strength >= _FAINT:
            style = Style(
                color="white", bgcolor=Color.from_rgb(*(round(part * (0.35 + 0.65 * strength)) for part in shade))
            )
        line.append(printable(segment.text), style)
    return line
