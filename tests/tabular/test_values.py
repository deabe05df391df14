"""When two cells are the same value, and when there is none."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.tabular.values import as_text, is_missing, label_value, plain_line_ends


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (("5", "5.0", " 5 ", "+5", "5.", "5.00", "\u00a05\t"), "5"),
        (("10", "10.0"), "10"),
        (("0", "-0", "0.0", "-0.0", "+0"), "0"),
        (("-1", "-1.0"), "-1"),
        (("4.5", "4.50", " 4.500"), "4.5"),
        (("True", "true", "TRUE", " true "), "True"),
        (("false", "False"), "False"),
        (("positive", " positive\n"), "positive"),
        (("none",), "none"),
        (("05",), "05"),
        (("4,5",), "4,5"),
        (("1e3",), "1e3"),
        (("Positive",), "Positive"),
        (("٥",), "٥"),
    ],
)
def test_cells_written_in_several_ways_are_one_value(cells: tuple[str, ...], value: str) -> None:
    assert [label_value(cell) for cell in cells] == [value] * len(cells)


@pytest.mark.parametrize("cell", [None, "", "  ", "NA", "N/A", "nan", "NaN", "None", "NULL", "null", "<NA>", " #N/A "])
def test_a_missing_value_is_none(cell: str | None) -> None:
    assert is_missing(cell)
    assert label_value(cell) is None


@given(st.text())
def test_a_value_is_its_own_value(cell: str) -> None:
    value = label_value(cell)
    assert value is None or label_value(value) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (4.5, "4.5"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (float("nan"), None),
        (None, None),
        (True, "True"),
        (b"caf\xc3\xa9", "café"),
        (["é", 1, None], '["é", 1, null]'),
        ({"a": datetime.date(2020, 1, 2)}, '{"a": "2020-01-02"}'),
        (datetime.datetime(2020, 1, 2, 3, 4), "2020-01-02 03:04:00"),
        (decimal.Decimal("1.50"), "1.50"),
    ],
)
def test_a_value_of_any_type_becomes_the_text_that_a_csv_would_hold(value: Any, text: str | None) -> None:
    assert as_text(value) == text


@given(st.text(alphabet="a\r\n"))
def test_line_ends_become_line_feeds(text: str) -> None:
    assert plain_line_ends(text).split("\n") == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert "\r" not in plain_line_ends(text)
