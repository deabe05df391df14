"""Has each review a file name of its own, which every file system takes and which leads back to its row?"""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.analysis.traits import read_rating
from sentiment_cli.importing.names import FileNames, safe_id

ALLOWED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.%~")
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


def test_rows_number_the_reviews_where_there_are_no_ids() -> None:
    names = FileNames(have_ids=False)
    assert names.choose("train/good", 17, None, None) == ("0000017.txt", False)
    assert names.choose("train/good", 12_345_678, None, 8) == ("12345678_8.txt", False)


def test_ids_are_kept() -> None:
    names = FileNames(have_ids=True)
    chosen = [
        names.choose("good", row, name, None)[0] for row, name in enumerate(("127_9", "tt-1.a", "a/b ü"), start=1)
    ]
    assert chosen == ["127_9.txt", "tt-1.a.txt", "a%2Fb%20%C3%BC.txt"]


def test_an_id_that_is_taken_gets_its_row_in_any_case_of_letters() -> None:
    names = FileNames(have_ids=True)
    assert names.choose("good", 1, "Ab", None) == ("Ab.txt", False)
    assert names.choose("good", 2, "aB", None) == ("aB~2.txt", True)
    assert names.choose("good", 3, "aB", None) == ("aB~3.txt", True)
    assert names.choose("bad", 4, "Ab", None) == ("Ab.txt", False)


def test_an_id_says_no_stars_where_a_column_does() -> None:
    names = FileNames(have_ids=True, have_ratings=True)
    chosen = [
        names.choose("good", row, name, rating)
        for row, (name, rating) in enumerate((("127", 9), ("127_9", None), ("a__4", None), ("a", 4)), start=1)
    ]
    assert chosen == [("127_9.txt", False), ("127_9~2.txt", False), ("a__4~3.txt", False), ("a__4.txt", False)]
    assert [read_rating(f"good/{name}") for name, _ in chosen] == [9, None, None, 4]


def test_a_review_without_an_id_among_others_is_named_by_its_row() -> None:
    names = FileNames(have_ids=True)
    assert names.choose("good", 5, None, None) == ("~5.txt", False)
    assert names.choose("good", 6, "~5", None) == ("%7E5.txt", False)


def test_ids_that_no_file_may_have_are_changed_and_lead_back() -> None:
    for name in ("con", "NUL.a", ".hidden", "..", "lpt1", "../../x"):
        safe = safe_id(name)
        assert unquote(safe) == name
        assert safe[0] != "."
        assert safe.partition(".")[0].lower() not in ("con", "nul", "lpt1")


@given(IDS)
def test_an_id_is_read_back_from_a_name_that_every_file_system_takes(name: str) -> None:
    safe = safe_id(name)
    assert set(safe) <= ALLOWED
    assert "~" not in safe
    assert unquote(safe) == name


# Few of them, that end as names with stars do.
RATED_IDS = st.from_regex(r"1?_{0,2}1?", fullmatch=True).filter(len)


@given(
    st.lists(
        st.tuples(st.sampled_from(["bad", "good"]), IDS | RATED_IDS | st.none(), st.none() | st.integers(1, 10)),
        max_size=30,
    )
)
def test_no_two_reviews_have_one_name(reviews: list[tuple[str, str | None, int | None]]) -> None:
    names = FileNames(have_ids=True, have_ratings=True)
    chosen = [
        f"{place}/{names.choose(place, row, name, rating)[0]}".lower()
        for row, (place, name, rating) in enumerate(reviews, start=1)
    ]
    assert len(set(chosen)) == len(reviews)
    assert all(len(name) < 160 for name in chosen)


@given(IDS | st.none(), st.integers(1, 10))
def test_the_rating_is_read_back_from_the_name(name: str | None, rating: int) -> None:
    chosen, _ = FileNames(have_ids=name is not None).choose("good", 3, name, rating)
    assert read_rating(f"train/good/{chosen}") == rating
