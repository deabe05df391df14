"""Are negations, ratings and copies found, and does their table survive its file?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.analysis.traits import (
    Traits,
    count_negations,
    find_traits,
    known_texts,
    read_rating,
    read_traits,
    write_traits,
)
from sentiment_cli.errors import RunError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Not bad, not at all.", 2),
        ("I didn't, I wouldn’t, I CAN'T and I cannot", 4),
        ("no nobody nothing none nowhere never neither nor", 8),
        ("hardly, barely, scarcely, without", 4),
        ("nothing-ness knot notable another cant", 1),
    ],
)
def test_negation_words_are_counted_as_words(text: str, count: int) -> None:
    assert count_negations(text) == count


@pytest.mark.parametrize(
    ("path", "rating"),
    [
        ("test/neg/127_3.txt", 3),
        ("12_10.txt", 10),
        ("train/unsup/5_0.txt", None),
        ("test/neg/5_11.txt", None),
        ("test/pos/a5_7.txt", None),
        ("test/pos/5_7.txt.bak", None),
        ("test/1_7.txt/a.txt", None),
    ],
)
def test_stars_are_read_from_names_like_those_of_imdb_alone(path: str, rating: int | None) -> None:
    assert read_rating(path) == rating


def test_copies_are_found_by_text_and_none_is_a_copy_of_itself_or_of_nothing() -> None:
    training = known_texts(["a.txt", "b.txt", "c.txt"], ["Same. ", " ", "Same."])
    found = find_traits(["t/1_9.txt", "a.txt", "e.txt", "gone.txt"], ["Same.\n", "Same.", "", None], training)
    assert found == {
        "t/1_9.txt": Traits(0, 9, "a.txt"),
        "a.txt": Traits(0, None, None),
        "e.txt": Traits(0, None, None),
        "gone.txt": Traits(None, None, None),
    }


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
rows = st.builds(Traits, st.none() | st.integers(0, 500), st.none() | st.integers(1, 10), st.none() | names)


@given(st.dictionaries(names, rows, max_size=6))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back_equal(tmp_path: Path, traits: dict[str, Traits]) -> None:
    write_traits(tmp_path / "traits.csv", traits)
    assert read_traits(tmp_path / "traits.csv") == traits


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ":1: expected the columns"),
        ("path,negations\n", ":1: expected the columns"),
        ("path,negations,rating,copy_of\na,1\n", ":2: expected 4 cells, received 2"),
        ("path,negations,rating,copy_of\na,many,,\n", ":2: invalid literal"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "traits.csv").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_traits(tmp_path / "traits.csv")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"traits\.csv cannot be read"):
        read_traits(tmp_path / "traits.csv")


@given(st.lists(st.sampled_from(["not", "No", "NOR", "isn't", "DON’T", "n't", "nothing", "knot", "cannot", "x", "it"])))
def test_each_negation_word_counts_once_whatever_stands_beside_it(words: list[str]) -> None:
    others = ("n't", "knot", "x", "it")
    assert count_negations(", ".join(words)) == sum(word not in others for word in words)
