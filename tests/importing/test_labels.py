"""Which cell means which class, and which values are refused as names of classes?"""

from __future__ import annotations

import pytest

from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.importing.labels import MOST_CLASSES, Labels, parse_map


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), None),
        (("1,2=negative 4,5=positive",), {"1": "negative", "2": "negative", "4": "positive", "5": "positive"}),
        (("1=a", "2=b"), {"1": "a", "2": "b"}),
        (("very bad,bad=bad", "very good=good one"), {"very bad": "bad", "bad": "bad", "very good": "good one"}),
        (("1.0, 2 =a", "TRUE=b"), {"1": "a", "2": "a", "True": "b"}),
    ],
)
def test_maps_are_read(texts: tuple[str, ...], expected: dict[str, str] | None) -> None:
    assert parse_map(texts) == expected


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (("1,2",), "expected VALUE,…=CLASS"),
        (("=a",), "expected VALUE,…=CLASS"),
        (("1=a 2=",), "received '2='"),
        (("1=a 1=b",), 'the value "1" is given two classes, a and b'),
        (("1=a", "2=a"), "expected values of at least two classes, received a"),
    ],
)
def test_maps_that_cannot_be_meant_are_refused(texts: tuple[str, ...], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse_map(texts)


def test_each_value_is_a_class_without_a_map() -> None:
    labels = Labels()
    assert [labels.class_of(value) for value in ("good", "5", "not so good")] == ["good", "5", "not so good"]
    assert labels.merged() == {}


def test_values_that_differ_in_case_are_the_class_of_the_first() -> None:
    labels = Labels()
    assert [labels.class_of(value) for value in ("Good", "good", "GOOD", "bad")] == ["Good", "Good", "Good", "bad"]
    assert labels.merged() == {"Good": ["good", "GOOD"]}


def test_values_whose_accents_are_composed_otherwise_are_one_class() -> None:
    labels = Labels()
    assert [labels.class_of(value) for value in ("\u00e9l\u00e9gant", "e\u0301le\u0301gant")] == [
        "\u00e9l\u00e9gant"
    ] * 2


def test_a_map_leaves_other_values_out_but_those_that_are_called_as_a_class() -> None:
    labels = Labels({"1": "bad", "5.0": "good"})
    values = ("1", "5", "3", "good", "Bad")
    assert [labels.class_of(value) for value in values] == ["bad", "good", None, "good", "bad"]


def test_a_map_may_exchange_the_names_of_classes() -> None:
    labels = Labels({"good": "bad", "bad": "good"})
    assert [labels.class_of(value) for value in ("good", "bad", "GOOD")] == ["bad", "good", "bad"]


def test_a_map_that_tells_cases_apart_does_so() -> None:
    labels = Labels({"p": "some", "P": "many"})
    assert [labels.class_of(value) for value in ("p", "P")] == ["some", "many"]


def test_names_of_a_map_that_differ_in_case_are_one_class() -> None:
    labels = Labels({"1": "Bad", "2": "bad", "5": "good"})
    assert [labels.class_of(value) for value in ("2", "1", "5", "BAD")] == ["Bad", "Bad", "good", "Bad"]


def test_a_class_of_a_map_is_spelled_as_it_is_wanted() -> None:
    labels = Labels({"1": "bad", "5": "good"}, classes=("Bad", "Good"))
    assert [labels.class_of(value) for value in ("5", "1")] == ["Good", "Bad"]


def test_only_wanted_classes_are_taken_in_the_spelling_that_is_wanted() -> None:
    labels = Labels(classes=("Good", "bad"))
    assert [labels.class_of(value) for value in ("good", "bad", "neutral")] == ["Good", "bad", None]


@pytest.mark.parametrize(
    "name",
    [
        *("a/b", "..", ".x", "x.", "con", "CON.a", "a\tb", "?", "a" * 101),
        *("unsup", "__MACOSX", "train", "Test", "import.json"),
    ],
)
def test_names_that_no_directory_can_have_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"data\.label_map"):
        Labels().class_of(name)
    with pytest.raises(DataError, match=r"data\.label_map"):
        Labels({"1": name, "2": "b"}).class_of("1")


def test_a_name_that_is_refused_does_not_matter_where_it_is_left_out() -> None:
    assert Labels(classes=("a", "b")).class_of("a/b") is None


def test_a_column_of_something_else_is_refused() -> None:
    labels = Labels()
    for number in range(MOST_CLASSES):
        labels.class_of(f"user{number}")
    with pytest.raises(DataError, match=f"more than {MOST_CLASSES} different values, such as user0, user1"):
        labels.class_of("one more")


def test_any_number_of_values_may_be_left_out() -> None:
    labels = Labels({"1": "a", "2": "b"})
    assert {labels.class_of(str(number)) for number in range(3, 3 * MOST_CLASSES)} == {None}
    assert labels.class_of("2") == "b"
