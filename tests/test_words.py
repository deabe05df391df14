"""Are words coloured by their scores, and nothing else?"""

from __future__ import annotations

import pytest

from sentiment_cli.analysis.attributions import Span
from sentiment_cli.cli import _words
from sentiment_cli.cli._words import coloured, in_terminal, word_style
from sentiment_cli.plots.style import BLUE, VERMILLION


def test_colours_are_those_of_the_pictures() -> None:
    assert (_words.BLUE, _words.VERMILLION) == (BLUE, VERMILLION)


def test_strength_and_side_of_a_word() -> None:
    # Three quarters of blue's distance from white at full strength: 255 - 0.75 (255 - 0x00, 255 - 0x72, 255 - 0xB2).
    assert word_style(2.0, 2.0) == "black on #4095c5 bold"
    assert word_style(-2.0, 2.0) == "black on #e08640 bold"
    assert "bold" not in word_style(0.5, 2.0)
    assert word_style(0.1, 2.0) == word_style(0.0, 0.0) == ""


def test_pieces_that_were_not_read_give_way_to_a_note() -> None:
    shown = coloured("one two three", [Span(0, 3, 1.0)], underlined=[(8, 13)], left_out=[(3, 8, "1 word not read")])
    assert shown.plain == "one … 1 word not read … three"
    styles = {shown.plain[span.start : span.end].strip(): str(span.style) for span in shown.spans}
    assert (styles["one"], styles["three"]) == ("black on #4095c5 bold", "underline")
    assert coloured("cut kept", [], left_out=[(0, 4, "1 word not read")]).plain == "… 1 word not read … kept"


def test_a_text_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_words, "wants_color", lambda: True)
    assert "\x1b[2J" not in in_terminal(coloured("a\x1b[2Jb [bold]c[/bold] :smile:", []))
    assert "[bold]c[/bold] :smile:" in in_terminal(coloured("[bold]c[/bold] :smile:", []))


def test_no_terminal_no_colour() -> None:
    assert in_terminal(coloured("good", [Span(0, 4, 1.0)]), "", "end") == "good\n\nend"
