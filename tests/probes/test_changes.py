"""Do changes change exactly what they say, and nothing else?"""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sentiment_cli.probes.changes import (
    add_sentence,
    change_text,
    make_typos,
    rewrite_case,
    rewrite_contractions,
    rewrite_punctuation,
    swap_entry,
)
from sentiment_cli.probes.schema import Change

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=80) | st.lists(
    st.sampled_from(["lovely", "room", "isn't", "Anna", "the", "quiet,", "breakfast.", "über", "a", "Oslo!"]),
    max_size=12,
).map(" ".join)
SEEDS = st.integers(0, 1000)
NAMES = ["Anna", "Ruth", "Zoë"]
CITIES = ["Oslo", "Lima"]


def rng(seed: int = 0) -> random.Random:
    return random.Random(seed)


@given(text=TEXTS, count=st.integers(1, 5), seed=SEEDS)
@settings(max_examples=80, deadline=None)
@example(text="aaaa bbbb", count=1, seed=0)
@example(text="AAA¼", count=1, seed=0)
def test_a_typo_exchanges_two_neighbouring_letters_within_a_long_word(text: str, count: int, seed: int) -> None:
    changed = make_typos(text, count, rng(seed))
    if changed is None:
        return
    assert len(changed) == len(text)
    places = [index for index, (one, other) in enumerate(zip(text, changed, strict=True)) if one != other]
    assert 2 <= len(places) <= 2 * count and len(places) % 2 == 0
    for first, second in zip(places[::2], places[1::2], strict=True):
        assert second == first + 1
        assert (changed[first], changed[second]) == (text[second], text[first])
        assert text[first - 1 : second + 1].isalpha(), "it is within a word, and not at its beginning"


def test_as_many_words_as_are_asked_for_have_a_typo_or_all_that_can() -> None:
    text = "wonderful breakfast, lovely garden, and the bed was noon"
    changed = make_typos(text, 3, rng())
    assert changed is not None
    assert sum(one != other for one, other in zip(text.split(), changed.split(), strict=True)) == 3
    changed = make_typos(text, 100, rng())
    assert changed is not None
    different = [one for one, other in zip(text.split(), changed.split(), strict=True) if one != other]
    assert different == ["wonderful", "breakfast,", "lovely", "garden,", "noon"]


@pytest.mark.parametrize("text", ["", "the bed was ok", "aaaa bbbb", "1234 5678", "Wooo"])
def test_where_no_word_can_have_a_typo_nothing_is_changed(text: str) -> None:
    assert make_typos(text, 3, rng()) is None


@given(text=TEXTS, seed=SEEDS)
@settings(max_examples=80, deadline=None)
@example(text="Anna and Annabel saw Anna in Oslo.", seed=0)
def test_a_swap_keeps_everything_but_one_entry(text: str, seed: int) -> None:
    changed = swap_entry(text, [NAMES, CITIES], rng(seed))
    words = set(text.replace(".", " ").replace("!", " ").replace(",", " ").split())
    if changed is None:
        assert not any(words >= {name} and words & set(NAMES) != set(NAMES) for name in NAMES)
        return
    for entries in (NAMES, CITIES):
        for old in entries:
            for new in entries:
                if old != new and changed == text.replace(old, new).replace(f"{new}bel", f"{old}bel"):
                    return
    raise AssertionError(f"{text!r} became {changed!r}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An Irish film by Irish people", "A French film by French people"),
        ("It is an Irish film", "It is a French film"),
        ("Irish", "French"),
        ("Irishman", None),
        ("Irish and French", None),
        ("Irish's", "French's"),
    ],
)
def test_whole_words_are_swapped_everywhere_with_their_article(text: str, expected: str | None) -> None:
    assert swap_entry(text, [["Irish", "French"]], rng()) == expected


def test_a_swap_stays_within_its_lexicon() -> None:
    found = {swap_entry("Anna was in Oslo", [NAMES, CITIES], rng(seed)) for seed in range(30)}
    assert found == {"Ruth was in Oslo", "Zoë was in Oslo", "Anna was in Lima"}


def test_a_sentence_is_added_before_or_behind() -> None:
    assert add_sentence("One.", "Two.", before=True) == "Two. One."
    assert add_sentence("One.", "Two.", before=False) == "One. Two."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is not good and I did not like it.", "It isn't good and I didn't like it."),
        ("It isn't good and I didn't like it.", "It is not good and I did not like it."),
        ("I cannot say that they are bad.", "I can't say that they're bad."),
        ("I'm sure it won't rain.", "I am sure it will not rain."),
        ("Is not that odd? It IS NOT.", "Isn't that odd? It IS NOT."),
        ("It WAS NOT good.", "It WASN'T good."),
        ("it isn\u2019t good", "it is not good"),
        ("They have enjoyed it.", "They've enjoyed it."),
        ("Good, isn't it?", None),
        ("How tired we are.", None),
        ("Nothing here.", None),
        ("", None),
    ],
)
def test_contractions_are_written_out_or_made(text: str, expected: str | None) -> None:
    assert rewrite_contractions(text, rng()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good, very good!", "Good very good"),
        ("don't stop-gap", "don't stop-gap."),
        ("End.Start", "End Start"),
        ("plain", "plain."),
    ],
)
def test_punctuation_is_left_out_or_put_in(text: str, expected: str) -> None:
    assert rewrite_punctuation(text, rng()) == expected


@given(text=TEXTS, seed=SEEDS)
@settings(max_examples=50, deadline=None)
def test_in_another_case_the_letters_are_the_same(text: str, seed: int) -> None:
    assert rewrite_case(text, rng(seed)) in (text.lower(), text.upper())


LEXICONS = {"name": NAMES, "city": CITIES, "fact": ["It rained."]}
CHANGES = [
    {"swap": ["name", "city"]},
    {"add": "fact"},
    {"typos": 2},
    {"rewrite": "contractions"},
    {"rewrite": "punctuation"},
    {"rewrite": "case"},
]


@given(text=TEXTS, change=st.sampled_from(CHANGES), seed=SEEDS)
@settings(max_examples=80, deadline=None)
def test_a_change_gives_another_text_or_none_and_the_same_for_the_same_seed(
    text: str, change: dict[str, object], seed: int
) -> None:
    settings_ = Change.model_validate(change)
    changed = change_text(settings_, text, LEXICONS, rng(seed))
    assert changed == change_text(settings_, text, LEXICONS, rng(seed))
    assume(changed is not None)
    assert changed != text
