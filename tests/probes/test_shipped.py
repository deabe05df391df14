"""Are the shipped probes whole, balanced, sensible English, and of their own domain?"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from sentiment_cli.config.yaml_source import read_yaml
from sentiment_cli.probes.cases import Case, make_cases
from sentiment_cli.probes.frames import neutral_sentences
from sentiment_cli.probes.schema import Inv, Mft
from sentiment_cli.probes.suite import Suite, load_shipped
from sentiment_cli.probes.templates import find_slots
from sentiment_cli.resources import shared_lexicons, shipped_probes

SUITES = {name: load_shipped(name) for name in shipped_probes()}
CASES = {(suite.name, name): make_cases(suite, name, 60, 0) for suite in SUITES.values() for name in suite.probes}
EVERY = list(CASES)
# Words that belong to one domain alone.
OWN = {
    "film": {"film", "films", "movie", "movies", "cinema", "plot", "script", "soundtrack", "cast", "acting", "actor"},
    "stay": {"guesthouse", "guesthouses", "breakfast", "bathroom", "bedroom", "hosts", "booked", "lounge", "terrace"},
}


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


def texts(cases: list[Case]) -> list[str]:
    return [text for case in cases for text in case.texts]


def test_there_are_probes_for_films_and_for_stays_with_the_same_names() -> None:
    assert list(SUITES) == ["film", "stay"]
    film, stay = SUITES.values()
    assert {name: (probe.type, probe.capability) for name, probe in film.probes.items()} == {
        name: (probe.type, probe.capability) for name, probe in stay.probes.items()
    }


@pytest.mark.parametrize(("suite", "name"), EVERY)
def test_a_probe_has_as_many_cases_as_are_asked_for_all_different_and_the_same_each_time(suite: str, name: str) -> None:
    cases = CASES[suite, name]
    few = {"neutral_negation"}  # dates and places leave fewer ways to say it
    assert len(cases) == 60 or (name in few and len(cases) >= 20)
    assert len(set(cases)) == len(cases)
    assert make_cases(SUITES[suite], name, 60, 0) == cases
    assert make_cases(SUITES[suite], name, 60, 1) != cases


@pytest.mark.parametrize(("suite", "name"), EVERY)
def test_labels_are_balanced_and_every_template_is_used(suite: str, name: str) -> None:
    probe = SUITES[suite].probes[name]
    counts = Counter(case.label for case in CASES[suite, name])
    assert max(counts.values()) - min(counts.values()) <= 1
    for label, templates in probe.groups:
        assert len(templates) <= counts[label]
    if isinstance(probe, Mft) and name != "neutral_negation":
        assert len(probe.templates) == 2


@pytest.mark.parametrize(("suite", "name"), EVERY)
def test_sentences_are_whole(suite: str, name: str) -> None:
    for case in CASES[suite, name]:
        text = case.texts[0]
        assert not set(text) & set("{}=\n")
        assert "  " not in text and text == text.strip()
        assert text[0].isupper() and text[-1] in ".?!"
        assert not re.search(r"\b(a [aeioAIO]|an [^aeiouhAEIOU])", text), text
        assert not re.search(r"\b(\w+) \1\b", text.lower()), text


@pytest.mark.parametrize(("suite", "name"), EVERY)
def test_no_sentence_is_of_the_other_domain(suite: str, name: str) -> None:
    (other,) = set(OWN) - {suite}
    for text in texts(CASES[suite, name]):
        assert not set(words(text)) & OWN[other], text


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_every_lexicon_of_a_file_is_used(suite: Suite) -> None:
    shared = read_yaml(shared_lexicons().read_bytes(), "lexicons.yaml").values
    used = {slot.lexicon for probe in suite.probes.values() for _, text in probe.located for slot in find_slots(text)}
    used |= {name for probe in suite.probes.values() if probe.changed for _, name in probe.changed.lexicons}
    assert set(suite.lexicons) - set(shared) == used - set(shared)


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_praise_and_blame_have_no_word_in_common(suite: Suite) -> None:
    good = {
        *suite.lexicons["good"],
        *suite.lexicons["good_by_degree"],
        *suite.lexicons["loved"],
        *suite.lexicons["better"],
    }
    bad = {*suite.lexicons["bad"], *suite.lexicons["bad_by_degree"], *suite.lexicons["hated"], *suite.lexicons["worse"]}
    assert not good & bad
    assert set(suite.lexicons["mildly_bad"]) <= set(suite.lexicons["bad_by_degree"])


@pytest.mark.parametrize("suite", SUITES.values(), ids=list(SUITES))
def test_neutral_sentences_have_none_of_the_words_of_opinions(suite: Suite) -> None:
    opinions = {
        word
        for name in (
            "good",
            "bad",
            "good_by_degree",
            "bad_by_degree",
            "love",
            "loved",
            "hate",
            "hated",
            "better",
            "worse",
        )
        for entry in suite.lexicons[name]
        for word in entry.split()
    }
    assert len(neutral_sentences(suite)) >= 20
    for sentence in neutral_sentences(suite):
        assert not set(words(sentence)) & (opinions - {"more"}), sentence


@pytest.mark.parametrize(("suite", "name"), [key for key in EVERY if SUITES[key[0]].probes[key[1]].changed])
def test_what_may_not_matter_keeps_the_words_of_opinions(suite: str, name: str) -> None:
    """But for typos, which may fall on one of them: that is their point."""
    probe = SUITES[suite].probes[name]
    if not isinstance(probe, Inv) or "typos" in name:
        return
    opinions = {word for entries in ("good", "bad", "loved", "hated") for word in SUITES[suite].lexicons[entries]}
    for before, after in (case.texts for case in CASES[suite, name]):
        assert [word for word in words(before) if word in opinions] == [
            word for word in words(after) if word in opinions
        ]
