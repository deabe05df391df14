"""Reviews in memory."""

from __future__ import annotations

import numpy as np

from sentiment_cli.data.reviews import ReviewSet, count_copies, repeated_texts


def review_set(*texts: str, labels: list[int] | None = None) -> ReviewSet:
    paths = [f"{index}.txt" for index in range(len(texts))]
    return ReviewSet(list(texts), np.array(labels or [0] * len(texts), np.int32), paths, ("bad", "good"))


def test_take_keeps_texts_labels_and_paths_together_in_the_order_asked_for() -> None:
    taken = review_set("a", "b", "c", labels=[0, 1, 0]).take(np.array([2, 1]))
    assert (taken.texts, taken.labels.tolist(), taken.paths) == (["c", "b"], [0, 1], ["2.txt", "1.txt"])
    assert taken.class_names == ("bad", "good")


def test_taking_nothing_leaves_an_empty_set_with_its_classes() -> None:
    nothing = review_set("a", "b").take(np.zeros(0, np.int64))
    assert len(nothing) == 0
    assert nothing.counts() == {"bad": 0, "good": 0}


def test_counts_name_classes_without_reviews() -> None:
    assert review_set("a", "b").counts() == {"bad": 2, "good": 0}


def test_the_first_of_equal_texts_is_not_a_repetition() -> None:
    assert repeated_texts(review_set("a", "b", "a", "a")).tolist() == [False, False, True, True]


def test_white_space_at_the_ends_makes_no_other_text() -> None:
    assert repeated_texts(review_set("a b", "\n a b\t", "a  b", "A b")).tolist() == [False, True, False, False]


def test_texts_of_others_count_as_seen() -> None:
    repeated = repeated_texts(review_set("a", "b", "c", "c"), review_set("b ", "x"))
    assert repeated.tolist() == [False, True, False, True]


def test_labels_make_no_difference_to_repetition() -> None:
    assert repeated_texts(review_set("a", "a", labels=[0, 1])).tolist() == [False, True]


def test_nothing_is_repeated_in_no_reviews() -> None:
    assert repeated_texts(review_set()).tolist() == []


def test_copies_in_another_part_are_counted_each_and_empty_ones_are_none() -> None:
    test = review_set("fine", " fine\n", "new", "", "dull")
    assert count_copies(test, review_set("fine", "dull", "", "other")) == 3
    assert count_copies(test, review_set("")) == 0
