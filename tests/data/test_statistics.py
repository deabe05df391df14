"""Figures of reviews against numbers worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.data.statistics import compute_statistics, count_shared, find_conflicts


def review_set(*reviews: tuple[str, int], prefix: str = "") -> ReviewSet:
    texts, labels = [text for text, _ in reviews], np.array([label for _, label in reviews], np.int32)
    paths = [f"{prefix}{index}.txt" for index in range(len(reviews))]
    return ReviewSet(texts, labels, paths, ("bad", "good"))


class TestComputeStatistics:
    def test_lengths_and_counts(self) -> None:
        # 1, 2, 3, 4 and 10 words: the median is 3, the quarter 2; 90 % lies between 4 and 10 at 4 + 0.6 * 6.
        texts = ["a", "a b", "a\nb\t c", "a b c d", "a b c d e f g h i j"]
        statistics = compute_statistics(review_set(*[(text, index % 2) for index, text in enumerate(texts)]))
        assert statistics.reviews == 5
        assert statistics.classes == {"bad": 3, "good": 2}
        assert statistics.words == pytest.approx(
            {"0": 1, "0.25": 2, "0.5": 3, "0.75": 4, "0.9": 7.6, "0.95": 8.8, "0.99": 9.76, "1": 10}
        )
        assert statistics.mean_words == 4
        assert (statistics.empty, statistics.duplicates, statistics.conflicts) == (0, 0, [])

    def test_empty_reviews_are_those_without_a_word(self) -> None:
        statistics = compute_statistics(review_set(("", 0), (" \n\u3000", 1), (".", 0)))
        assert statistics.empty == 2
        assert statistics.words["0"] == 0

    def test_duplicates_and_contradictions(self) -> None:
        statistics = compute_statistics(review_set(("x", 0), ("y", 0), ("x ", 0), ("y", 1), ("x", 0)))
        assert statistics.duplicates == 3
        assert statistics.conflicts == [["1.txt", "3.txt"]]

    def test_no_reviews_have_lengths_of_zero(self) -> None:
        statistics = compute_statistics(review_set())
        assert (statistics.reviews, statistics.empty, statistics.duplicates, statistics.mean_words) == (0, 0, 0, 0.0)
        assert set(statistics.words.values()) == {0.0}

    def test_all_values_can_be_written_as_json(self) -> None:
        values = compute_statistics(review_set(("x", 0), ("x", 1), ("y z", 1))).to_dict()
        assert json.loads(json.dumps(values)) == values


class TestFindConflicts:
    def test_are_found_across_parts(self) -> None:
        train = review_set(("x", 0), ("y", 1), prefix="train/")
        test = review_set(("y", 0), ("x", 0), prefix="test/")
        assert find_conflicts(train, test) == [["train/1.txt", "test/0.txt"]]

    def test_name_all_reviews_with_the_text(self) -> None:
        assert find_conflicts(review_set(("x", 0), ("x\n", 1), ("x", 0))) == [["0.txt", "1.txt", "2.txt"]]

    def test_are_by_class_name_not_by_label(self) -> None:
        turned = ReviewSet(["x"], np.array([0], np.int32), ["t.txt"], ("good", "bad"))
        assert find_conflicts(review_set(("x", 1)), turned) == []
        assert find_conflicts(review_set(("x", 0)), turned) == [["0.txt", "t.txt"]]

    def test_empty_texts_contradict_nothing(self) -> None:
        assert find_conflicts(review_set(("", 0), (" ", 1))) == []


class TestCountShared:
    def test_counts_the_reviews_of_the_second_part(self) -> None:
        first = review_set(("x", 0), ("x", 0), ("y", 0))
        second = review_set(("x ", 1), ("y", 0), ("y", 0), ("z", 0))
        assert count_shared(first, second) == 3
        assert count_shared(second, first) == 3
        assert count_shared(first, review_set()) == 0
