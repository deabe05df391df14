"""The bundled reviews are what their README says."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from sentiment_cli.data.contents import check_contents
from sentiment_cli.data.directory import Layout, find_layout
from sentiment_cli.resources import bundled_reviews


@pytest.fixture(scope="module")
def layout() -> Layout:
    return find_layout(bundled_reviews())


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The text of every review by its path, read strictly."""
    root = bundled_reviews()
    files = sorted(root.rglob("*.txt"))
    return {file.relative_to(root).as_posix(): file.read_bytes().decode("utf-8") for file in files}


def words(text: str) -> str:
    """A text without case, punctuation and white space."""
    return " ".join(re.findall(r"\w+", text.lower().replace("’", "'")))


def sentences(text: str) -> set[str]:
    return {words(sentence) for sentence in re.split(r"[.!?…;:]+|\n", text)} - {""}


def test_there_are_300_and_100_reviews_of_each_of_three_classes(layout: Layout) -> None:
    names = ("negative", "neutral", "positive")
    assert layout.train.counts() == dict.fromkeys(names, 300)
    assert layout.test is not None
    assert layout.test.counts() == dict.fromkeys(names, 100)
    assert layout.notes == []


def test_no_file_has_anything_to_remark_on(layout: Layout) -> None:
    assert layout.test is not None
    report = check_contents(layout.train, layout.test)
    assert (report.problems("error"), report.notes("error"), report.files) == ([], [], 1200)


def test_every_review_has_15_to_60_words(texts: dict[str, str]) -> None:
    lengths = {path: len(text.split()) for path, text in texts.items()}
    assert {path: length for path, length in lengths.items() if not 15 <= length <= 60} == {}


def test_every_file_holds_one_review_of_one_line(texts: dict[str, str]) -> None:
    assert [path for path, text in texts.items() if text != text.strip() + "\n" or text.count("\n") != 1] == []


def test_no_review_occurs_twice_however_it_is_punctuated(texts: dict[str, str]) -> None:
    places = defaultdict(list)
    for path, text in texts.items():
        places[words(text)].append(path)
    assert [paths for paths in places.values() if len(paths) > 1] == []


def test_train_and_test_share_no_sentence(texts: dict[str, str]) -> None:
    parts: dict[str, set[str]] = {"train": set(), "test": set()}
    for path, text in texts.items():
        parts[path.partition("/")[0]] |= {sentence for sentence in sentences(text) if " " in sentence}
    assert len(parts["test"]) > 600
    assert parts["train"] & parts["test"] == set()


def test_no_opening_is_shared_by_more_than_three_reviews(texts: dict[str, str]) -> None:
    # Templates would show here.
    openings: dict[str, int] = defaultdict(int)
    for text in texts.values():
        openings[words(text)[:40]] += 1
    assert max(openings.values()) <= 3


def test_the_readme_says_what_the_reviews_are() -> None:
    readme = " ".join((bundled_reviews() / "README.md").read_text(encoding="utf-8").split())
    for needed in (
        "300",
        "100",
        "15 to 60 words",
        "Licence: MIT",
        "not for publishing results",
        "share no review and no sentence",
    ):
        assert needed in readme
