"""Does the table of predictions survive its file, and is damage named?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import Prediction, make_predictions, read_predictions, write_predictions
from sentiment_cli.text.token_ids import cut_to_length

# Class and file names may hold anything but NUL, and halves of surrogate pairs are no text.
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
shares = st.floats(0, 1, width=32)
counts = st.integers(0, 10**6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[Prediction]]:
    classes = draw(st.lists(names, min_size=2, max_size=4, unique=True))
    some_class = st.sampled_from(classes)
    rows = draw(
        st.lists(
            st.tuples(names, some_class, some_class, shares, st.floats(0, 2.0**100, width=32), counts, counts, counts),
            max_size=5,
        )
    )
    return classes, [
        Prediction(index, path, actual, predicted, share, loss, dict.fromkeys(classes, share), *rest)
        for index, (path, actual, predicted, share, loss, *rest) in enumerate(rows)
    ]


@given(tables())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back_equal_in_single_precision(
    tmp_path: Path, table: tuple[list[str], list[Prediction]]
) -> None:
    classes, rows = table
    write_predictions(tmp_path / "predictions.csv", rows, classes)
    read = read_predictions(tmp_path / "predictions.csv")
    assert [in_single_precision(row) for row in read] == [in_single_precision(row) for row in rows]


def in_single_precision(row: Prediction) -> tuple[object, ...]:
    figures = [np.float32(value) for value in (row.probability, row.loss, *row.probabilities.values())]
    return (
        row.id,
        row.path,
        row.actual,
        row.predicted,
        figures,
        list(row.probabilities),
        row.tokens,
        row.unknown,
        row.cut,
    )


def some_rows() -> list[Prediction]:
    # Two reviews of three tokens at most two of which are kept; the token 1 is unknown.
    token_ids = cut_to_length(np.array([2, 1, 3, 1]), np.array([3, 1]), 2, "head")
    logits = np.array([[math.log(3)], [math.log(3)]])
    return make_predictions(logits, np.array([1, 0]), ["test/good/a.txt", "test/bad/b.txt"], token_ids, ["bad", "good"])


def test_a_row_holds_what_was_computed_and_counted() -> None:
    right, wrong = some_rows()
    assert (right.id, right.path, right.actual, right.predicted) == (0, "test/good/a.txt", "good", "good")
    # odds of 3 to 1
    assert right.probabilities == pytest.approx({"bad": 0.25, "good": 0.75})
    assert (right.probability, right.loss) == pytest.approx((0.75, -math.log(0.75)))
    assert (right.tokens, right.unknown, right.cut) == (3, 1, 1)
    assert (wrong.id, wrong.actual, wrong.predicted) == (1, "bad", "good")
    assert (wrong.probability, wrong.loss) == pytest.approx((0.75, -math.log(0.25)))
    assert (wrong.tokens, wrong.unknown, wrong.cut) == (1, 1, 0)
    assert [row.is_wrong for row in (right, wrong)] == [False, True]


def test_the_file_reads_as_the_contract_says(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", some_rows(), ["bad", "good"])
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == (
        "id,path,actual,predicted,probability,loss,p_bad,p_good,tokens,unknown,cut\n"
        "0,test/good/a.txt,good,good,0.75,0.287682072,0.25,0.75,3,1,1\n"
        "1,test/bad/b.txt,bad,good,0.75,1.38629436,0.25,0.75,1,1,0\n"
    )


HEADER = "id,path,actual,predicted,probability,loss,p_bad,p_good,tokens,unknown,cut\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ":1: expected the columns id,path"),
        ("id,path\n", ":1: expected the columns id,path"),
        ("id,path,actual,predicted,probability,loss,tokens,unknown,cut\n", ":1: expected the columns"),
        (HEADER + "0,a,bad,bad,0.5,0.1,0.5,0.5,3,0\n", ":2: expected a cell for every column, received 10."),
        (HEADER + "0,a,bad,bad,0.5,0.1,0.5,0.5,3,0,x\n", ":2: invalid literal for int"),
        (HEADER + "0,a,bad,bad,half,0.1,0.5,0.5,3,0,0\n", ":2: could not convert string to float: 'half'"),
        (
            HEADER + "0,a,bad,bad,0.5,nan,0.5,0.5,3,0,0\n",
            ":2: expected numbers, received one that is infinite",
        ),
        (
            HEADER + "0,a,bad,bad,0.5,0.1,inf,0.5,3,0,0\n",
            ":2: expected numbers, received one that is infinite",
        ),
        (
            HEADER + "0,a,bed,bad,0.5,0.1,0.5,0.5,3,0,0\n",
            ":2: expected classes with a column p_<class>, received",
        ),
        (HEADER + '0,"a,bad', ":2: unexpected end of data."),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RunError) as caught:
        read_predictions(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_what_was_made_from_another_table_is_gone_before_that_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, made, rows = tmp_path / "p.csv", tmp_path / "curves.png", some_rows()
    write_predictions(path, rows, ["bad", "good"], made_from_it=[made])
    made.touch()
    write_predictions(path, rows, ["bad", "good"], made_from_it=[made])
    assert made.exists()

    monkeypatch.setattr("sentiment_cli.evaluation.predictions.write_text", lambda *_: pytest.fail("as a kill does"))
    with pytest.raises(pytest.fail.Exception):
        write_predictions(path, rows[:1], ["bad", "good"], made_from_it=[made])
    assert not made.exists()


def test_bytes_that_are_no_text_and_a_missing_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    with pytest.raises(RunError, match=r"p\.csv cannot be read"):
        read_predictions(path)
    path.write_bytes(HEADER.encode() + b"\xff\xfe\n")
    with pytest.raises(RunError, match=r"p\.csv cannot be read"):
        read_predictions(path)


def test_a_table_without_rows_is_a_table(tmp_path: Path) -> None:
    write_predictions(tmp_path / "p.csv", [], ["bad", "good"])
    assert read_predictions(tmp_path / "p.csv") == []
