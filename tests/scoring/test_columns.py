"""Are the columns of texts and ids found, and is there a question where they cannot be?"""

from __future__ import annotations

import pytest

from sentiment_cli.errors import DataError
from sentiment_cli.scoring.columns import Columns, find_columns


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (["whatever"], Columns(0, None)),
        (["id", "text"], Columns(1, 0)),
        (["ID", "Review Text", "stars"], Columns(1, 0)),
        (["title", "body"], Columns(1, None)),
        (["review", "comment"], Columns(0, None)),
    ],
)
def test_columns_are_found_by_their_names(known: list[str], expected: Columns) -> None:
    assert find_columns(known, None, None, "a.csv") == expected


def test_named_columns_are_taken() -> None:
    assert find_columns(["id", "text", "other", "key"], "other", "key", "a.csv") == Columns(2, 3)


@pytest.mark.parametrize(
    ("known", "text", "ids", "message"),
    [
        (["a", "b"], None, None, r'a\.csv: expected a column that is called text, .* received "a", "b"; name it'),
        (["text", "review"], None, None, r'a\.csv: "text" and "review" could each be the column of texts'),
        (["text"], "txt", None, r'--text txt: there is no column "txt"; did you mean "text"\?'),
        (["text", "id"], None, "ident", r'--id ident: there is no column "ident"'),
    ],
)
def test_what_cannot_be_told_is_asked(known: list[str], text: str | None, ids: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_columns(known, text, ids, "a.csv")


def test_what_is_scored_is_told_and_a_name_that_may_be_a_review_is_doubted() -> None:
    known = ["key", "review"]
    assert Columns(1, 0).describe(known) == 'texts from "review", ids from "key"'
    assert Columns(1, None).describe(known) == 'texts from "review", no ids'
    assert Columns(1, None).doubt(known) is Columns(0, None).doubt(["Review Text"]) is None
    assert Columns(0, None).doubt(["A great film"]) == (
        'the first row, "A great film", is taken for the name of its one column; where it is a review: --no-header'
    )
    assert len(Columns(0, None).doubt(["word " * 500]) or "") < 200
