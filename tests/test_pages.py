"""Is a page whole, self-contained, and free of what a review could smuggle in?"""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsed_page import Page

from sentiment_cli.analysis.attributions import Attribution, Span
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.misclassified import Misclassified
from sentiment_cli.pages import Page as Head
from sentiment_cli.pages import mark_words, misclassified_page

SAID = Prediction(0, "test/good/1.txt", "good", "bad", 0.9876, 4.391, {"bad": 0.9876, "good": 0.0124}, 20, 1, 0)
PLAIN = Misclassified(SAID, "warm", Traits(0, None, None))


def row(**changed: Any) -> Misclassified:
    """A good review that was taken for a bad one; what is no field of the list is one of the prediction."""
    own = {key: value for key, value in changed.items() if key in ("text", "traits")}
    if spans := changed.pop("spans", None):
        own["attribution"] = Attribution(SAID.path, SAID.predicted, spans, 0.0)
    prediction = replace(SAID, **{key: value for key, value in changed.items() if key not in own})
    return replace(PLAIN, prediction=prediction, **own)


def page_of(*rows: Misclassified, title: str = "title", classes: tuple[str, ...] = ("bad", "good")) -> Page:
    return Page(misclassified_page(Head(title, class_names=classes), rows))


def test_a_wrong_prediction_is_shown_with_all_about_it() -> None:
    page = page_of(row(), title="run: 1 of 2")
    assert page.texts["h1"] == page.texts["title"] == ["run: 1 of 2"]
    assert page.texts["bdi"] == ["bad", "good", "test/good/1.txt"]
    assert [" ".join(text.split()) for text in page.texts["span"]] == ["predicted (0.988)", "actually", "loss 4.391"]
    assert page.texts["li"] == ["20 words", "5 % unknown", "0 negations"]
    assert page.texts["p"] == ["warm"]


def test_reasons_stand_out_from_what_is_only_counted() -> None:
    page = page_of(row(cut=12, tokens=40, traits=Traits(9, 7, "train/bad/3_1.txt")))
    assert page.texts["li"][:5] == ["40 words", "12 cut", "4 % unknown", "9 negations", "7 of 10 stars"]
    assert page.texts["bdi"][3:] == [
        "copy of train/bad/3_1.txt",
        "mild rating (7 of 10)",
        "cut: 12 of 40 words not read",
        "9 negations",
    ]
    assert [tag for tag, attributes in page.elements if attributes.get("class") == "why"] == ["li"] * 4


def test_every_element_is_closed_and_the_order_is_kept() -> None:
    page = page_of(row(text="first"), row(text="second"), row(text="third"))
    assert page.open == []
    assert page.texts["p"] == ["first", "second", "third"]


def test_without_rows_it_says_that_nothing_is_wrong() -> None:
    assert page_of().texts["p"] == ["No wrong predictions."]


def test_a_text_that_is_gone_is_told_from_an_empty_one() -> None:
    page = page_of(row(text=None), row(text=""))
    assert page.texts["em"] == ["The file is gone."]
    assert page.texts["p"] == ["", ""]


SPANS = (Span(0, 3, -1.0), Span(4, 7, 3.0), Span(8, 10, 0.1))


def test_words_are_coloured_by_the_class_that_they_speak_for() -> None:
    page = page_of(row(text="not bad at", spans=SPANS))
    # -1 and 3 for bad are 1 and -3 for good: 2 of 6 steps of blue, and all of vermillion.
    assert [attributes["class"] for tag, attributes in page.elements if tag == "mark"][2:] == ["a s2", "z s6"]
    assert page.texts["mark"] == ["word", "word", "not", "bad"]
    assert page.texts["p"][0].startswith(" speaks for ,  for ; the deeper")
    assert " ".join(page.texts["p"][-1].split()) == "for : +3.00, -1.00, +0.10"


def test_of_more_classes_words_speak_for_the_predicted_one_or_against_it() -> None:
    page = page_of(row(text="not bad at", spans=SPANS), classes=("bad", "fair", "good"))
    assert [attributes["class"] for tag, attributes in page.elements if tag == "mark"][2:] == ["z s2", "a s6"]
    assert page.texts["bdi"][:2] == ["the predicted class", "it"]


def test_without_words_there_is_no_legend() -> None:
    assert "mark" not in page_of(row()).texts


@given(st.text(), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.floats(-5, 5)), max_size=6))
def test_whatever_the_words_the_text_stays_as_it_is(text: str, places: list[tuple[int, int, float]]) -> None:
    source = mark_words(text, [Span(*place) for place in places])
    shown = Page(f"<p>{source}</p>")
    assert {tag for tag, _ in shown.elements} <= {"p", "mark"}
    pieces = re.split("<mark[^>]*>|</mark>", source)
    assert "".join(map(unescape, pieces)) == text


EVIL = "</p></title></style><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'{{ 7*7 }}{% raw %}"


@pytest.mark.parametrize("place", ["title", "text", "path", "actual", "predicted", "copy", "word", "class"])
def test_what_comes_from_outside_is_text_and_never_an_element_or_a_template(place: str) -> None:
    changed: dict[str, Any] = {
        "copy": {"traits": Traits(0, 1, EVIL)},
        "title": {},
        "class": {"text": "a", "spans": SPANS},
    }
    changed["word"] = {"text": EVIL, "spans": (Span(0, 4, 1.0), Span(4, len(EVIL), -1.0))}
    item = row(**changed.get(place, {place: EVIL}))
    classes = (EVIL, "bad") if place == "class" else ("bad", "good")
    page = page_of(item, title=EVIL if place == "title" else "title", classes=classes)
    assert not {"script", "img"} & {tag for tag, _ in page.elements}
    shown = EVIL[4:] if place == "word" else EVIL
    assert any(shown in text for texts in page.texts.values() for text in texts)


def test_a_change_of_direction_ends_with_the_text_that_has_it() -> None:
    # Paragraphs and <bdi> keep U+202E to themselves; right-to-left reviews are shown from the right.
    page = page_of(
        row(
            text="\u202egnorw", path="\u202etxt.1", predicted="\u202edab", probabilities={"\u202edab": 0.9, "good": 0.1}
        )
    )
    assert page.texts["bdi"] == ["\u202edab", "good", "\u202etxt.1"]
    assert ("p", {"dir": "auto"}) in page.elements


def test_the_page_needs_no_network_and_runs_nothing() -> None:
    page = page_of(row(text="not bad at", spans=SPANS))
    assert not {"script", "link", "img", "iframe", "a"} & {tag for tag, _ in page.elements}
    assert not {"src", "href", "onclick"} & {name for _, attributes in page.elements for name in attributes}
    assert "url(" not in "".join(page.texts["style"])
    policies = [attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_encoding_is_declared_first() -> None:
    source = misclassified_page(Head("größe"), [row()])
    assert source.startswith("<!doctype html>")
    assert source.index('<meta charset="utf-8">') < source.index("größe")
