"""Is what is notable about a review said, and nothing else?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentiment_cli.analysis.reasons import describe_reasons
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.predictions import Prediction

PLAIN = Prediction(0, "a.txt", "neg", "pos", 0.9, 2.3, {"neg": 0.1, "pos": 0.9}, 100, 5, 0)
NONE = Traits(0, None, None)


def test_of_an_ordinary_review_there_is_nothing_to_say() -> None:
    assert describe_reasons(PLAIN, NONE) == []
    assert describe_reasons(PLAIN, Traits(None, None, None)) == []


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"cut": 9}, []),
        ({"cut": 10}, ["cut: 10 of 100 words not read"]),
        ({"tokens": 1912, "cut": 1412}, ["cut: 1,412 of 1,912 words not read"]),
        ({"unknown": 9}, []),
        ({"unknown": 12}, ["12 % unknown words"]),
        ({"tokens": 400}, []),
        ({"tokens": 401}, ["long: 401 words"]),
        ({"tokens": 9, "unknown": 0}, []),
        ({"tokens": 4, "unknown": 0}, ["only 4 known words"]),
        ({"tokens": 3, "unknown": 2}, ["only 1 known word", "67 % unknown words"]),
        ({"tokens": 1, "unknown": 1}, ["no known word", "100 % unknown words"]),
        ({"tokens": 0, "unknown": 0}, ["no known word"]),
    ],
)
def test_what_was_counted_is_named_above_its_limit(changed: dict[str, int], reasons: list[str]) -> None:
    assert describe_reasons(replace(PLAIN, **changed), NONE) == reasons


@pytest.mark.parametrize(
    ("traits", "reasons"),
    [
        (Traits(7, 3, None), []),
        (Traits(8, 8, None), ["8 negations"]),
        (Traits(0, 4, None), ["mild rating (4 of 10)"]),
        (Traits(9, 7, "train/pos/1_9.txt"), ["copy of train/pos/1_9.txt", "mild rating (7 of 10)", "9 negations"]),
    ],
)
def test_traits_are_named_the_most_telling_first(traits: Traits, reasons: list[str]) -> None:
    assert describe_reasons(PLAIN, traits) == reasons


def test_a_close_call_is_one_between_the_two_most_probable_classes() -> None:
    close = replace(PLAIN, probability=0.45, probabilities={"bad": 0.15, "neg": 0.4, "pos": 0.45})
    assert describe_reasons(close, NONE) == ["close call (0.45 against 0.40)"]
    assert describe_reasons(replace(PLAIN, probability=0.61, probabilities={"neg": 0.39, "pos": 0.61}), NONE) == []


def test_the_share_of_unknown_words_is_of_those_that_were_read() -> None:
    assert replace(PLAIN, tokens=60, cut=20, unknown=10).unknown_share == 0.25
    assert replace(PLAIN, tokens=0, unknown=0).unknown_share == 0.0
