"""Are two tables joined by their reviews, counted right, and refused where they do not belong together?"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.comparison import compare_predictions
from sentiment_cli.evaluation.intervals import PairedCounts
from sentiment_cli.evaluation.predictions import Prediction

NAMES = ("A", "B")


def row(index: int, probability_of_good: float, actual: str = "good") -> Prediction:
    """Of the review ``test/<index>.txt``; good where it is likelier than one half."""
    shares = {"bad": 1 - probability_of_good, "good": probability_of_good}
    predicted = max(shares, key=shares.__getitem__)
    return Prediction(index, f"test/{index}.txt", actual, predicted, shares[predicted], 0.5, shares, 3, 0, 0)


#          both right  only A        only A        only B        both wrong
A = [row(0, 0.9), row(1, 0.8), row(2, 0.9), row(3, 0.4), row(4, 0.1)]
B = [row(0, 0.7), row(1, 0.3), row(2, 0.1), row(3, 0.7), row(4, 0.2)]


def test_who_is_right_on_which_reviews_is_counted() -> None:
    assert compare_predictions(A, B, NAMES).counts == PairedCounts(1, 2, 1, 1)
    assert compare_predictions(B, A, NAMES).counts == PairedCounts(1, 1, 2, 1)


def test_the_divided_reviews_come_with_the_largest_distance_first() -> None:
    divided = compare_predictions(A, B, NAMES).divided
    assert [(pair.first.id, round(pair.distance, 9)) for pair in divided] == [(2, 0.8), (1, 0.5), (3, 0.3)]


def test_reviews_are_joined_by_their_paths_and_never_by_their_places() -> None:
    shuffled = random.Random(1).sample(B, len(B))
    renumbered = [replace(prediction, id=place) for place, prediction in enumerate(shuffled)]
    assert renumbered != B
    assert compare_predictions(A, renumbered, NAMES).counts == PairedCounts(1, 2, 1, 1)


def test_two_wrong_classes_are_both_wrong_though_they_differ() -> None:
    shares = {"bad": 0.1, "fair": 0.2, "good": 0.7}
    first = Prediction(0, "0.txt", "bad", "good", 0.7, 1.0, shares, 3, 0, 0)
    second = replace(first, predicted="fair")
    assert compare_predictions([first], [second], NAMES).counts == PairedCounts(0, 0, 0, 1)


def test_classes_in_another_order_are_the_same_classes() -> None:
    turned = [replace(item, probabilities=dict(reversed(item.probabilities.items()))) for item in B]
    assert compare_predictions(A, turned, NAMES).counts == PairedCounts(1, 2, 1, 1)


def test_other_reviews_are_refused_with_their_number_and_some_of_them() -> None:
    with pytest.raises(RunError) as caught:
        compare_predictions(A, [*B[:3], row(7, 0.5)], NAMES)
    assert str(caught.value).startswith(
        "A and B were evaluated on different reviews: 2 only in A (test/3.txt, test/4.txt); 1 only in B (test/7.txt). "
    )


def test_other_classes_are_refused() -> None:
    renamed = [replace(item, probabilities={"neg": 0.5, "pos": 0.5}) for item in B]
    with pytest.raises(RunError, match="A knows the classes bad, good, B the classes neg, pos; only runs with the "):
        compare_predictions(A, renamed, NAMES)


def test_a_review_of_another_class_is_refused() -> None:
    with pytest.raises(RunError, match=r"1 reviews have another class in B than in A: test/3.txt\. "):
        compare_predictions(A, [*B[:3], replace(B[3], actual="bad"), B[4]], NAMES)


def test_a_review_that_is_there_twice_and_an_empty_table_are_refused() -> None:
    with pytest.raises(RunError, match=r"The predictions of B have test/1.txt 2 times; expected one row for each"):
        compare_predictions(A, [*B, B[1]], NAMES)
    with pytest.raises(RunError, match="The predictions of A are empty"):
        compare_predictions([], B, NAMES)
