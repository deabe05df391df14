"""Does a table read back as it was, and is nothing in it computed by a spreadsheet program?"""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.tables import csv_text, read_csv

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FORMULAS = st.builds(
    str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "'=", "''@", "＝", "＠"]), TEXTS
)


@given(st.lists(st.lists(TEXTS | FORMULAS, min_size=2, max_size=2), min_size=1))
def test_every_text_reads_back(rows: list[list[str]]) -> None:
    assert [cells for _, cells in read_csv(csv_text(["a", "b"], rows))] == [["a", "b"], *rows]


@given(TEXTS | FORMULAS)
def test_no_text_begins_as_a_formula_does(text: str) -> None:
    [cell, _] = list(csv.reader(io.StringIO(csv_text(["a", "b"], [[text, "x"]]), newline="")))[1]
    assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) or is_number(cell)


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("- dull", "'- dull"),
        ("@home", "'@home"),
        ("'quoted'", "'quoted'"),
        ("-1", "-1"),
        ("+2.5", "+2.5"),
        ("-0.5e-3", "-0.5e-3"),
        (-0.5, "-0.5"),
        ("+1 2", "'+1 2"),
        ("fine = fine", "fine = fine"),
    ],
)
def test_texts_are_marked_and_numbers_are_not(cell: object, written: str) -> None:
    assert csv_text(["a", "b"], [[cell, "x"]]) == f"a,b\n{written},x\n"


def test_lines_are_counted_and_empty_ones_left_out() -> None:
    assert list(read_csv('\ufeffa,b\r\n\r\n1,"2\n3"\r\n4,5\r\n')) == [
        (1, ["a", "b"]),
        (4, ["1", "2\n3"]),
        (5, ["4", "5"]),
    ]


def test_what_is_no_csv_is_named_with_its_line() -> None:
    with pytest.raises(csv.Error, match=r"^2: .*expected after"):
        list(read_csv('a,b\n"1"x,2\n'))
