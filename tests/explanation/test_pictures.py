"""Does a picture of an explanation show the words that it is about, and fit every text?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from sentiment_cli.config.data import TextSettings
from sentiment_cli.explanation.cells import CellTrace
from sentiment_cli.explanation.growth import Growth
from sentiment_cli.explanation.reading import make_reading
from sentiment_cli.explanation.result import Explanation
from sentiment_cli.plots.coloured_text import cut_into_pieces, lay_out, shade
from sentiment_cli.plots.explanation import plot_explanation, window_of_most


def explanation(text: str, scores: list[float], most: int = 500, truncate: str = "tail", **values: Any) -> Explanation:
    settings = TextSettings.model_validate(
        {"standardize": "lower", "sequence_length": most, "truncate": truncate, "max_tokens": 50}
    )
    words = text.lower().split()
    reading = make_reading(settings, text, text.lower(), words, ["", "[UNK]", "good", "bad", "the"])
    count = len(reading.ids)
    states = np.linspace(-1, 1, 3 * count, dtype=np.float32).reshape(count, 3)
    defaults = {
        "reading": reading,
        "class_names": ("neg", "pos"),
        "explained": "neg",
        "probabilities": {"neg": 0.75, "pos": 0.25},
        "scores": np.array(scores),
        "log_odds": 1.0,
        "baseline": 0.0,
        "baseline_kind": "unknown",
        "points": 8,
        "growth": Growth(np.arange(1, count + 1), np.linspace(-1, 1, count)),
        "cell": CellTrace("gru", 1, "forward", {"update": states, "reset": states}, states, None, states),
    }
    return Explanation(**{**defaults, **values})


def test_pieces_have_the_signs_of_colours_and_what_stands_between() -> None:
    pieces = cut_into_pieces(explanation("Good <b> zzz\nBAD!", [1.0, 0.5, 0.25, -2.0]), range(4))
    assert [(piece.text, piece.score, piece.is_unknown) for piece in pieces] == [
        ("Good", -1.0, False),
        ("<b>", -0.5, True),
        ("zzz", -0.25, True),
        ("BAD!", 2.0, True),
    ]


@pytest.mark.parametrize(
    ("truncate", "shown", "texts"),
    [
        ("tail", range(2), ["… 2 words not read …", "the", "bad"]),
        ("head", range(2), ["good", "the", "… 2 words not read …"]),
        ("head_tail", range(2), ["good", "… 2 words not read …", "bad"]),
        ("head", range(1), ["good", "… 1 word after …"]),
        ("tail", range(1, 2), ["… 1 word before …", "bad"]),
    ],
)
def test_what_was_cut_is_a_note(truncate: str, shown: range, texts: list[str]) -> None:
    found = explanation("good the the bad", [1.0, -1.0], most=2, truncate=truncate)
    assert [piece.text for piece in cut_into_pieces(found, shown)] == texts


def test_lines_are_no_wider_than_their_room() -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    text = "good " * 30 + "x" * 300
    lines = lay_out(figure, cut_into_pieces(explanation(text, [0.1] * 31), range(31)), 3.0)
    assert len(lines) > 5
    assert all(piece.left >= 0 and piece.left + piece.width <= 3.01 for line in lines for piece in line)
    assert "".join(piece.text for line in lines for piece in line) == text.replace(" ", "")


def test_a_text_from_right_to_left_begins_at_the_right_and_keeps_other_words_in_their_order() -> None:
    figure = Figure()
    FigureCanvasAgg(figure)
    ((first, good, bad),) = lay_out(figure, cut_into_pieces(explanation("מצוין good bad", [1, 1, 1]), range(3)), 5.0)
    assert first.left + first.width == pytest.approx(5.0)
    assert good.left < bad.left < first.left


def test_the_window_is_where_scores_are_large() -> None:
    assert window_of_most(np.array([0.0, 0.0, -5.0, 1.0, 0.0, 0.0]), 2) == range(2, 4)
    assert window_of_most(np.zeros(9), 4) == range(4)
    assert window_of_most(np.ones(3), 4) == range(3)


def test_colours_are_as_strong_as_scores() -> None:
    assert shade(0.001, 1.0) is None
    strong, weak = shade(1.0, 1.0), shade(0.5, 1.0)
    assert strong is not None and weak is not None
    assert to_hex(strong) == "#59a3cd"  # 255 - 0.65 (255 - 0x00, 255 - 0x72, 255 - 0xB2)
    assert all(s <= w for s, w in zip(strong, weak, strict=True))


@pytest.mark.parametrize(
    "text", ["good", "good the bad " * 40, "$x$ \\frac _a_ ^", "ممتاز 😀 很好！ good", "x" * 500, "<script> \x1b[31m"]
)
def test_any_text_makes_a_picture(text: str) -> None:
    count = len(text.split())
    found = explanation(text, [0.5, -1.0, 0.0] * (count // 3) + [0.25] * (count % 3))
    figure = plot_explanation(found, title="a$b$c")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "Probability of neg after each word" in titles
    assert any("update gate" in title for title in titles) and any(title.endswith("state") for title in titles)
    figure.draw_without_rendering()


def test_without_a_cell_there_is_the_growth_alone() -> None:
    figure = plot_explanation(explanation("good bad", [1.0, -1.0], cell=None), title="run")
    named = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert named == ["Probability of neg after each word"]


def test_more_classes_have_sides_for_and_against() -> None:
    found = explanation(
        "good bad", [1.0, -1.0], class_names=("a", "neg", "=1+1"), probabilities={"a": 0.1, "neg": 0.6, "=1+1": 0.3}
    )
    assert found.sides == ("towards neg", "against neg")
    assert [span.score for span in found.colors] == [1.0, -1.0]
    assert found.strongest(1) == [("good", 1, 1.0)]


def test_whose_cell_is_shown_is_said_where_networks_predict_together() -> None:
    def notes(networks: int) -> str:
        return " ".join(
            text.get_text()
            for text in plot_explanation(explanation("good bad", [1.0, -1.0], networks=networks), title="run").texts
        )

    assert "those of the first of 3 networks" in notes(3)
    assert "networks" not in notes(1)
