"""Which cases are drawn, and are they the same ones every time?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sentiment_cli.errors import UsageError
from sentiment_cli.probes.cases import Case, change_reviews, make_cases
from sentiment_cli.probes.frames import Frame, choose_undecided, draw_frames, put_in_frames
from sentiment_cli.probes.polarity import find_polarity
from sentiment_cli.probes.suite import Suite, parse_suite

SHARED = {"letter": list("abcdefghij"), "city": ["Oslo", "Lima"], "neutral": ["One two.", "Three four.", "Five."]}
HEAD = "capability: c, description: d"


def suite(probe: str, shared: dict[str, list[str]] = SHARED) -> Suite:
    return parse_suite(f"probes:\n  p: {{{HEAD}, {probe}}}".encode(), "s.yaml", Path("s.yaml"), shared)


def cases(probe: str, count: int = 10, seed: int = 0) -> list[Case]:
    return make_cases(suite(probe), "p", count, seed)


def test_labels_and_templates_have_their_share() -> None:
    probe = 'type: mft, templates: {positive: ["{letter}", "{letter} {letter2}"], negative: ["no {letter}"]}'
    found = cases(probe, 11)
    assert Counter(case.label for case in found) == {"positive": 6, "negative": 5}
    assert Counter(len(case.texts[0]) for case in found if case.label == "positive") == {1: 3, 3: 3}


def test_a_template_without_more_combinations_leaves_its_place_to_the_others() -> None:
    found = cases('type: mft, templates: {positive: [only, "{letter}"]}', 8)
    assert len(found) == 8
    assert Case(("only",), "positive") in found


def test_there_are_no_more_cases_than_combinations_and_no_repeats() -> None:
    assert len(cases('type: mft, templates: {positive: ["{letter}", "{letter}"]}', 100)) == 10


def test_pairs_are_filled_with_the_same_words() -> None:
    found = cases('type: inv, templates: ["{letter} {city} => {letter} in {city}"]', 20)
    assert len(found) == 20
    for case in found:
        before, after = case.texts
        assert after == before.replace(" ", " in ")
        assert case.label is None


def test_texts_that_nothing_can_be_changed_in_are_no_cases() -> None:
    found = cases('type: inv, change: {swap: [city]}, templates: ["{letter}", "{letter} in {city}"]', 50)
    assert len(found) == 20
    assert all("in" in case.texts[0] for case in found)
    assert cases("type: inv, change: {swap: [city]}, templates: [nothing]") == []


def test_a_template_has_the_same_cases_whatever_others_there_are() -> None:
    alone = cases('type: mft, templates: {positive: ["{letter} {letter2}"]}', 5)
    beside = cases('type: mft, templates: {positive: [other, "{letter} {letter2}"], negative: ["{letter}"]}', 20)
    assert [case for case in beside if len(case.texts[0]) == 3][:5] == alone


REVIEWS = [
    ("1.txt", "to Oslo"),
    ("2.txt", "nowhere"),
    ("3.txt", "to Lima"),
    ("4.txt", "Oslo or Lima"),
    ("5.txt", "Oslo"),
]
SWAP = "type: inv, change: {swap: [city]}, templates: ['{city}']"


def test_reviews_that_nothing_can_be_changed_in_are_left_out() -> None:
    found = list(change_reviews(suite(SWAP), "p", REVIEWS, 3, 0))
    assert found == [
        Case(("to Oslo", "to Lima"), None, "1.txt"),
        Case(("to Lima", "to Oslo"), None, "3.txt"),
        Case(("Oslo", "Lima"), None, "5.txt"),
    ]
    assert list(change_reviews(suite(SWAP), "p", REVIEWS, 1, 0)) == found[:1]


def test_reviews_are_read_only_until_there_are_enough() -> None:
    reviews = iter(REVIEWS)
    list(change_reviews(suite(SWAP), "p", reviews, 1, 0))
    assert len(list(reviews)) >= len(REVIEWS) - 2


def test_a_probe_without_a_change_has_no_reviews() -> None:
    probe = suite("type: inv, templates: ['a => b']")
    assert list(change_reviews(probe, "p", REVIEWS, 3, 0)) == []


def test_frames_have_their_length_and_no_sentence_again_before_all_have_come() -> None:
    frames = draw_frames(suite(SWAP), 4, 0)
    assert len(set(frames)) == len(frames)
    for frame in frames:
        assert 4 <= len(frame.alone.split()) <= 5
    for frame in draw_frames(suite(SWAP), 8, 0):
        assert Counter(frame.alone.split(". "))["Five"] <= 2
    assert draw_frames(suite(SWAP), 4, 0) == frames


def test_without_neutral_sentences_there_is_no_frame() -> None:
    with pytest.raises(UsageError, match=r"--frame needs a lexicon called neutral in s\.yaml"):
        draw_frames(suite(SWAP, {"city": ["Oslo", "Lima"]}), 4, 0)


def test_texts_of_a_case_stand_in_the_same_frame() -> None:
    frames = [Frame("A.", "B."), Frame("", "C.")]
    found = put_in_frames([Case(("x", "y"), None), Case(("z",), "positive"), Case(("w",), None, "r")], frames)
    assert found == [
        Case(("A. x B.", "A. y B."), None),
        Case(("z C.",), "positive"),
        Case(("A. w B.",), None, "r"),
    ]


def test_the_frames_that_a_network_is_least_decided_about_are_kept() -> None:
    frames = [Frame("", name) for name in "abcd"]
    rows = [[0.9, 0.1], [0.45, 0.55], [0.5, 0.5], [0.2, 0.8]]
    assert choose_undecided(frames, rows, find_polarity(("bad", "good")), 2) == [frames[2], frames[1]]
    three = find_polarity(("bad", "fair", "good"), neutral="fair")
    rows = [[0.1, 0.6, 0.3], [0.05, 0.9, 0.05], [0.4, 0.4, 0.2], [0.3, 0.3, 0.4]]
    assert choose_undecided(frames, rows, three, 1) == [frames[1]]  # neutral, and neither of the others
    unknown = find_polarity(("x", "y", "z"))
    assert choose_undecided(frames, rows, unknown, 1) == [frames[2]]
