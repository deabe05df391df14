"""Is a page whole, self-contained, and free of what a review could smuggle in?"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import jinja2
import pytest

from sentiment_cli.pages import misclassified_page


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text of each kind of element."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"<{tag}> is not closed in its place"

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


def row(**changed: Any) -> dict[str, Any]:
    values = {"path": "test/good/1.txt", "text": "warm", "actual": "good", "predicted": "bad"}
    return {**values, "probability": 0.9876, "loss": 4.391, **changed}


def test_a_wrong_prediction_is_shown_with_all_about_it() -> None:
    page = Page(misclassified_page("run: 1 of 2", [row()]))
    assert page.texts["h1"] == page.texts["title"] == ["run: 1 of 2"]
    assert page.texts["bdi"] == ["bad", "good", "test/good/1.txt"]
    assert [" ".join(text.split()) for text in page.texts["span"]] == ["predicted (0.988)", "actually", "loss 4.391"]
    assert page.texts["p"] == ["warm"]


def test_every_element_is_closed_and_the_order_is_kept() -> None:
    page = Page(misclassified_page("title", [row(text="first"), row(text="second"), row(text="third")]))
    assert page.open == []
    assert page.texts["p"] == ["first", "second", "third"]


def test_without_rows_it_says_that_nothing_is_wrong() -> None:
    assert Page(misclassified_page("title", [])).texts["p"] == ["No wrong predictions."]


def test_a_text_that_is_gone_is_told_from_an_empty_one() -> None:
    page = Page(misclassified_page("title", [row(text=None), row(text="")]))
    assert page.texts["em"] == ["The file is gone."]
    assert page.texts["p"] == ["", ""]


EVIL = "</p></title></style><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\"'{{ 7*7 }}{% raw %}"


@pytest.mark.parametrize("place", ["title", "text", "path", "actual", "predicted"])
def test_what_comes_from_outside_is_text_and_never_an_element_or_a_template(place: str) -> None:
    rows = [row()] if place == "title" else [row(**{place: EVIL})]
    page = Page(misclassified_page(EVIL if place == "title" else "title", rows))
    assert not {"script", "img"} & {tag for tag, _ in page.elements}
    assert any(EVIL in text for texts in page.texts.values() for text in texts)


def test_a_change_of_direction_ends_with_the_text_that_has_it() -> None:
    # Paragraphs and <bdi> keep U+202E to themselves; right-to-left reviews are shown from the right.
    page = Page(misclassified_page("title", [row(text="\u202egnorw", path="\u202etxt.1", predicted="\u202edab")]))
    assert page.texts["bdi"] == ["\u202edab", "good", "\u202etxt.1"]
    assert ("p", {"dir": "auto"}) in page.elements


def test_the_page_needs_no_network_and_runs_nothing() -> None:
    page = Page(misclassified_page("title", [row()]))
    assert not {"script", "link", "img", "iframe", "a"} & {tag for tag, _ in page.elements}
    assert not {"src", "href", "onclick"} & {name for _, attributes in page.elements for name in attributes}
    assert "url(" not in "".join(page.texts["style"])


def test_the_encoding_is_declared_first() -> None:
    source = misclassified_page("größe", [row()])
    assert source.startswith("<!doctype html>")
    assert source.index('<meta charset="utf-8">') < source.index("größe")


def test_a_row_without_a_value_is_a_mistake_and_not_an_empty_cell() -> None:
    with pytest.raises(jinja2.UndefinedError):
        misclassified_page("title", [{key: value for key, value in row().items() if key != "loss"}])
