"""Words of a review coloured by what they added to a prediction, for a terminal."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sentiment_cli.cli._output import printable_lines, wants_color

if TYPE_CHECKING:
    from rich.text import Text

    from sentiment_cli.analysis.attributions import Span

# Of `plots.style`, which would load matplotlib.
BLUE, VERMILLION = "#0072B2", "#D55E00"
# Below this share of the strongest word's score a word has no colour.
_WEAKEST = 0.08
# Black on the strongest colour has a contrast of 6 : 1.
_STRENGTH = 0.75
_WIDTH = 120


def coloured(
    text: str,
    spans: Sequence[Span],
    *,
    underlined: Sequence[tuple[int, int]] = (),
    left_out: Sequence[tuple[int, int, str]] = (),
) -> Text:
    """A text for a terminal: blue behind words whose score is above 0, vermillion behind those below.

    The strength of a colour is that of the score, relative to the largest in the text.

    Args:
        text: any; nothing in it can steer the terminal.
        spans: with the signs that colours have, see `analysis.attributions.towards_second`.
        underlined: pieces of the text, such as unknown words.
        left_out: pieces in whose place a dim note stands.
    """
    from rich.text import Text

    shown = Text(printable_lines(text))
    largest = max((abs(span.score) for span in spans), default=0.0)
    for span in spans:
        style = word_style(span.score, largest)
        if style:
            shown.stylize(style, span.start, span.end)
    for start, end in underlined:
        shown.stylize("underline", start, end)
    return _with_notes(shown, left_out)


def word_style(score: float, largest: float) -> str:
    """The style of a word in a text whose strongest word has the score ``largest``; empty: none."""
    share = min(abs(score) / largest, 1.0) if largest else 0.0
    if share < _WEAKEST:
        return ""
    return f"black on {_mixed(BLUE if score > 0 else VERMILLION, share)}{' bold' if share > 0.5 else ''}"


def _mixed(color: str, share: float) -> str:
    """The colour on white, the stronger the larger the share."""
    channels = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - share * _STRENGTH * (255 - channel)):02x}" for channel in channels)


def _with_notes(text: Text, left_out: Sequence[tuple[int, int, str]]) -> Text:
    from rich.text import Text

    pieces: list[Any] = []
    done = 0
    for start, end, note in left_out:
        pieces += (
            [text[done:start], Text(f" … {note} … ", style="dim italic")]
            if start > done
            else [Text(f"… {note} … ", style="dim italic")]
        )
        done = end
    return Text.assemble(*pieces, text[done:]) if left_out else text


def in_terminal(*parts: Any) -> str:
    """Texts and tables of rich, one below the other, with colours where `wants_color` says so."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        force_terminal=wants_color(),
        width=shutil.get_terminal_size((_WIDTH, 24)).columns,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        console.print(part, overflow="fold")
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n")).rstrip("\n")
