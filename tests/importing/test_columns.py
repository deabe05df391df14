"""Are the columns of a table found by their names, and is nothing guessed where two could be meant?"""

from __future__ import annotations

import pytest

from sentiment_cli.errors import DataError
from sentiment_cli.importing.columns import ColumnNames, find_columns, has_columns


@pytest.mark.parametrize(
    ("known", "text", "label"),
    [
        (("text", "label"), 0, 1),
        (("Label", "Text"), 1, 0),
        (("Id", "Score", "Summary", "Text"), 3, 1),  # Amazon Fine Food
        (("review_id", "stars", "useful", "text"), 3, 1),  # Yelp
        (("tweet_id", "airline_sentiment", "sentiment", "text"), 3, 2),
        (("Review Text", "Rating"), 0, 1),
        (("comment", "review", "class", "rating"), 1, 2),  # the names of the first group come first
    ],
)
def test_usual_names_are_found(known: tuple[str, ...], text: int, label: int) -> None:
    found = find_columns(known, ColumnNames(), "x.csv")
    assert (found.text, found.label, found.id, found.rating) == (text, label, None, None)
    assert found.names == ColumnNames(known[text], known[label])


def test_named_columns_are_taken_whatever_they_are_called() -> None:
    found = find_columns(("a", "b", "c", "d"), ColumnNames("c", "a", "d", "b"), "x.csv")
    assert (found.text, found.label, found.id, found.rating) == (2, 0, 3, 1)


def test_one_column_may_hold_classes_and_ratings() -> None:
    found = find_columns(("text", "stars"), ColumnNames(rating="stars"), "x.csv")
    assert (found.label, found.rating) == (1, 1)


def test_of_thousands_of_columns_the_first_are_named() -> None:
    with pytest.raises(DataError, match=r'the columns "c0", "c1", .*, "c49" and 9950 more\.$'):
        find_columns([f"c{number}" for number in range(10_000)], ColumnNames(), "x.csv")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DataError) as caught:
        find_columns(("text", "review", "stars", "user"), ColumnNames(label="star", id="users"), "x.csv")
    assert str(caught.value) == (
        "x.csv: its columns cannot be used as they are:\n"
        '  "text" and "review" could each be the column of the texts; name it (--text, data.text_column)\n'
        '  there is no column "star"; did you mean "stars"?\n'
        '  there is no column "users"; did you mean "user"?\n'
        '  It has the columns "text", "review", "stars", "user".'
    )


def test_no_known_name_is_an_error_that_says_what_is_known() -> None:
    with pytest.raises(DataError) as caught:
        find_columns(("1", "2"), ColumnNames(), "x.csv")
    lines = str(caught.value).splitlines()
    assert lines[1].endswith("(text, review, reviews, …); name it (--text, data.text_column)")
    assert lines[2].endswith("(label, labels, sentiment, …); name it (--label, data.label_column)")


def test_texts_and_classes_are_two_columns() -> None:
    with pytest.raises(DataError, match="cannot be that of the texts and that of the classes"):
        find_columns(("text", "label"), ColumnNames(text="label"), "x.csv")


def test_a_table_has_columns_where_it_has_all_that_are_named() -> None:
    assert has_columns(("a", "b"), ColumnNames(text="a"))
    assert not has_columns(("a", "b"), ColumnNames(text="a", id="c"))
