"""Do templates become the sentences that they say, each way to fill them once?"""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.probes.templates import _SHUFFLED, article, draw_values, fill, find_faults, find_slots

LEXICONS = {"thing": ["film", "score", "idea"], "good": ["good", "excellent"], "one": ["only"]}


def sentences(template: str, seed: int = 0) -> list[str]:
    return [fill(template, values) for values in draw_values(template, LEXICONS, random.Random(seed))]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("no slot", ["no slot"]),
        ("{one}, {one} and {One}", ["only, only and Only"]),
        ("{good}", ["excellent", "good"]),
        ("{a:good} {thing}", ["a good film", "a good idea", "a good score", "an excellent film", "an excellent idea",
                              "an excellent score"]),
        ("{A:one}", ["An only"]),
        ("{good} {good2}", ["excellent good", "good excellent"]),
    ],
)  # fmt: skip
def test_every_way_to_fill_a_template_comes_once(template: str, expected: list[str]) -> None:
    assert sorted(sentences(template)) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("excellent film", "an"),
        ("good film", "a"),
        ("honest film", "an"),
        ("hour", "an"),
        ("house", "a"),
        ("unique film", "a"),
        ("uninviting room", "an"),
        ("useful map", "a"),
        ("European film", "a"),
        ("Egyptian film", "an"),
        ("one-sided film", "a"),
        ("ugly room", "an"),
    ],
)
def test_the_article_goes_by_sound(word: str, expected: str) -> None:
    assert article(word) == expected


def test_slots_say_their_lexicon_number_article_and_capital() -> None:
    slots = find_slots("{Thing} {thing2} {a:good} {A:good2} {two_words}")
    assert [(slot.key, slot.lexicon, slot.article, slot.capital) for slot in slots] == [
        ("thing", "thing", False, True),
        ("thing2", "thing", False, False),
        ("good", "good", True, False),
        ("good2", "good", True, True),
        ("two_words", "two_words", False, False),
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{thing} {good}", []),
        ("{thng}", [("thng", "there is no lexicon for {thng}")]),
        ("{one} {one2}", [("", "it needs 2 entries of one, which has 1")]),
        (
            "{thing",
            [("", "a brace that belongs to no slot; expected slots such as {name}, {name2}, {Name} or {a:name}")],
        ),
        ("{}", [("", "a brace that belongs to no slot; expected slots such as {name}, {name2}, {Name} or {a:name}")]),
    ],
)
def test_what_cannot_be_filled_is_found(template: str, expected: list[tuple[str, str]]) -> None:
    assert list(find_faults(template, LEXICONS)) == expected


WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5, unique=True)


@given(first=WORDS, second=WORDS, seed=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_draws_are_all_combinations_without_repeats_and_the_same_for_the_same_seed(
    first: list[str], second: list[str], seed: int
) -> None:
    template, lexicons = "{x} {y} {y2} {x}", {"x": first, "y": second}
    drawn, again = (
        [fill(template, values) for values in draw_values(template, lexicons, random.Random(seed))] for _ in range(2)
    )
    pairs = itertools.product(first, itertools.permutations(second, 2))
    assert sorted(drawn) == sorted(f"{x} {y} {y2} {x}" for x, (y, y2) in pairs)
    assert drawn == again


def test_of_very_many_combinations_some_are_drawn_without_repeats_and_without_listing_all() -> None:
    lexicons = {name: [f"{name}{number}" for number in range(1000)] for name in "abcdefgh"}
    template = " ".join(f"{{{name}}}" for name in lexicons)
    drawn = [
        fill(template, values) for values in itertools.islice(draw_values(template, lexicons, random.Random(1)), 500)
    ]
    assert len(set(drawn)) == 500


def test_beyond_the_size_that_is_shuffled_all_combinations_still_come() -> None:
    side = int(_SHUFFLED**0.5) + 2
    lexicons = {"a": [str(n) for n in range(side)], "b": [str(n) for n in range(side)]}
    drawn = {(values["a"], values["b"]) for values in draw_values("{a} {b}", lexicons, random.Random(0))}
    assert len(drawn) == side**2
