"""Are reviews counted in the slice that they belong to, each once?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.analysis.slices import SLICES, Slice, compute_slices, slice_name
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.predictions import Prediction


def prediction(path: str, *, wrong: bool = False, tokens: int = 10, unknown: int = 0, cut: int = 0) -> Prediction:
    predicted = "bad" if wrong else "good"
    return Prediction(0, path, "good", predicted, 0.9, 0.1, {"bad": 0.1, "good": 0.9}, tokens, unknown, cut)


def test_error_rates_are_counted_in_the_order_of_the_values() -> None:
    rows = [prediction("a", tokens=300), prediction("b", tokens=25, wrong=True), prediction("c", tokens=201)]
    slices = compute_slices(rows, {}, "length")
    assert slices == [Slice("length", "up to 25 words", 1, 1), Slice("length", "201 to 400 words", 2, 0)]
    assert (slices[0].error_rate, slices[1].accuracy) == (1.0, 1.0)


def test_the_interval_is_wilsons() -> None:
    # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3: 81 of 263.
    low, high = Slice("cut", "read whole", 263, 81).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize(
    ("by", "row", "traits", "name"),
    [
        ("length", prediction("a", tokens=0), None, "up to 25 words"),
        ("length", prediction("a", tokens=26), None, "26 to 50 words"),
        ("length", prediction("a", tokens=801, cut=301), None, "over 800 words"),
        ("unknown", prediction("a"), None, "none unknown"),
        ("unknown", prediction("a", tokens=100, unknown=2), None, "up to 2 %"),
        ("unknown", prediction("a", tokens=100, cut=50, unknown=10), None, "10 to 20 %"),
        ("unknown", prediction("a", tokens=0, unknown=1), None, "over 20 % unknown"),
        ("cut", prediction("a"), None, "read whole"),
        ("cut", prediction("a", tokens=100, cut=25), None, "up to a quarter cut"),
        ("cut", prediction("a", tokens=100, cut=51), None, "over a half cut"),
        ("rating", prediction("a"), Traits(0, 1, None), "1 star"),
        ("rating", prediction("a"), Traits(0, None, None), "no rating"),
        ("rating", prediction("a"), None, "no rating"),
        ("negation", prediction("a"), Traits(3, None, None), "2 or 3 negations"),
        ("negation", prediction("a"), Traits(8, None, None), "8 negations and more"),
        ("negation", prediction("a"), Traits(None, 4, None), "not known"),
    ],
)
def test_a_review_is_in_the_slice_that_its_trait_says(
    by: str, row: Prediction, traits: Traits | None, name: str
) -> None:
    assert slice_name(row, traits, by) == name


def test_ratings_are_in_the_order_of_their_numbers_and_those_without_one_last() -> None:
    traits = {"a": Traits(0, 10, None), "b": Traits(0, 9, None), "d": Traits(0, 1, None)}
    names = [one.name for one in compute_slices([prediction(path) for path in "abcd"], traits, "rating")]
    assert names == ["1 star", "9 stars", "10 stars", "no rating"]


counts = st.integers(0, 2000)


@given(st.sampled_from(SLICES), st.lists(st.tuples(st.booleans(), counts, counts, counts), max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_review_is_in_one_slice(by: str, drawn: list[tuple[bool, int, int, int]]) -> None:
    rows = [
        prediction(str(index), wrong=wrong, tokens=tokens, unknown=unknown, cut=min(cut, tokens))
        for index, (wrong, tokens, unknown, cut) in enumerate(drawn)
    ]
    slices = compute_slices(rows, {}, by)
    assert sum(one.examples for one in slices) == len(rows)
    assert sum(one.wrong for one in slices) == sum(row.is_wrong for row in rows)
    assert {slice_name(row, None, by) for row in rows} == {one.name for one in slices}
