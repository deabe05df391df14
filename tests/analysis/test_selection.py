"""Does a selection leave out what it should, keep the order, and refuse what cannot be meant?"""

from __future__ import annotations

import math

import pytest

from sentiment_cli.analysis.selection import Selection, select
from sentiment_cli.errors import UsageError
from sentiment_cli.evaluation.predictions import Prediction


def row(
    index: int, actual: str, predicted: str, probability: float, *, loss: float = 1.0, tokens: int = 5
) -> Prediction:
    other = "good" if predicted == "bad" else "bad"
    shares = {name: probability if name == predicted else 1 - probability for name in sorted((predicted, other))}
    return Prediction(index, f"{index}.txt", actual, predicted, probability, loss, shares, tokens, 0, 0)


ROWS = [
    row(0, "bad", "good", 0.6, loss=0.9, tokens=30),
    row(1, "good", "bad", 0.9, loss=2.3, tokens=10),
    row(2, "good", "bad", 0.6, loss=0.9, tokens=30),
    row(3, "bad", "good", 0.75, loss=1.4, tokens=40),
    row(4, "bad", "bad", 0.99, loss=0.01, tokens=5),
]
TEXTS = {"0.txt": "The  staff\nwas KIND", "1.txt": "straße", "2.txt": "the staff", "3.txt": None, "4.txt": "kind"}


def found(**asked: object) -> list[int]:
    items = select(ROWS, Selection(**asked), prediction=lambda item: item, text=lambda item: TEXTS[item.path])  # type: ignore[arg-type]
    return [item.id for item in items]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"sort": "confidence"}, [4, 1, 3, 0, 2]),
        ({"sort": "loss"}, [1, 3, 0, 2, 4]),
        ({"sort": "length"}, [3, 0, 2, 1, 4]),
        ({"sort": "length", "reverse": True}, [4, 1, 0, 2, 3]),
        ({"sort": "confidence", "reverse": True, "actual": "good"}, [2, 1]),
        ({"reverse": True}, [4, 3, 2, 1, 0]),
        ({"actual": "bad"}, [0, 3, 4]),
        ({"predicted": "bad"}, [1, 2, 4]),
        ({"actual": "good", "predicted": "good"}, []),
        ({"kind": "fp"}, [0, 3]),
        ({"kind": "fn"}, [1, 2]),
        ({"min_probability": 0.75}, [1, 3, 4]),
        ({"max_probability": 0.75}, [0, 2, 3]),
        ({"min_probability": 0.6, "max_probability": 0.6}, [0, 2]),
        ({"contains": "kind"}, [0, 4]),
        ({"contains": "THE STAFF was"}, [0]),
        ({"contains": "STRASSE"}, [1]),
        ({"contains": "the", "actual": "good", "sort": "loss"}, [2]),
        ({"sort": "loss", "top": 2}, [1, 3, 0, 2, 4]),  # cutting is the caller's
    ],
)
def test_a_selection_keeps_what_meets_every_condition(asked: dict[str, object], ids: list[int]) -> None:
    assert found(**asked) == ids


def test_texts_are_read_only_of_what_meets_the_other_conditions() -> None:
    read: list[int] = []

    def text(item: Prediction) -> str:
        read.append(item.id)
        return ""

    select(ROWS, Selection(actual="good", contains="x"), prediction=lambda item: item, text=text)
    select(ROWS, Selection(actual="good"), prediction=lambda item: item, text=text)
    assert read == [1, 2]


def test_a_selection_by_order_alone_leaves_nothing_out() -> None:
    assert not Selection(sort="loss", top=3).is_filter
    assert Selection(max_probability=1.0).is_filter
    assert Selection(contains="").is_filter


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"actual": "Good"}, '--actual Good: the run has no such class; did you mean "good"?'),
        ({"predicted": "=1+1"}, "--predicted =1+1: the run has no such class; known: bad, good"),
        (
            {"min_probability": 0.9, "max_probability": 0.8},
            "--min-probability 0.9 is above --max-probability 0.8; nothing can be in it.",
        ),
        ({"min_probability": math.nan}, "--min-probability: expected a number from 0 to 1, received nan."),
        ({"max_probability": 1.5}, "--max-probability: expected a number from 0 to 1, received 1.5."),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Selection(**asked).check(["bad", "good"])  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_false_positives_are_of_two_classes_alone() -> None:
    Selection(kind="fp").check(["bad", "good"])
    with pytest.raises(UsageError) as caught:
        Selection(kind="fp").check(["bad", "fair", "good"])
    assert str(caught.value) == (
        "--kind fp is for two classes, of which the second is the positive one; the run has 3 (bad, fair, good). "
        "Use --actual and --predicted."
    )
