"""Are the figures those that one counts by hand?"""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from sentiment_cli.evaluation.intervals import accuracy_interval, f1_interval
from sentiment_cli.evaluation.metrics import (
    compute_evaluation,
    compute_losses,
    compute_metrics,
    compute_probabilities,
)
from sentiment_cli.evaluation.outcomes import collect_outcomes
from sentiment_cli.evaluation.predictions import Prediction, make_predictions
from sentiment_cli.text.token_ids import TokenIds

TWO, THREE = ("bad", "good"), ("bad", "fair", "good")


def hard(predicted: list[int], classes: int) -> np.ndarray:
    """Logits that are sure of these classes."""
    if classes == 2:
        return np.array([[4.0 if guess else -4.0] for guess in predicted], np.float32)
    return (np.eye(classes)[predicted] * 4).astype(np.float32)


def test_two_classes_counted_by_hand() -> None:
    #            predicted bad  good
    # actual bad            3     2
    #        good           1     4
    labels = np.array([0] * 5 + [1] * 5, np.int32)
    result = compute_metrics(hard([0, 0, 0, 1, 1, 0, 1, 1, 1, 1], 2), labels, TWO)
    assert result.confusion_matrix == [[3, 2], [1, 4]]
    assert result.examples == 10
    assert result.accuracy == 0.7
    # By Wilson's formula, with z * z = 3.8415: (0.7 + 0.1921 ± 1.96 * sqrt(0.021 + 0.0096)) / 1.3841.
    assert result.accuracy_interval == pytest.approx([0.3968, 0.8922], abs=5e-5)
    assert result.majority_baseline == 0.5
    # F1 = 2 right / (2 right + both kinds of mistake): 6 / 9 and 8 / 11.
    assert result.classes["bad"] == pytest.approx({"precision": 3 / 4, "recall": 3 / 5, "f1": 6 / 9, "support": 5})
    assert result.classes["good"] == pytest.approx({"precision": 4 / 6, "recall": 4 / 5, "f1": 8 / 11, "support": 5})
    assert result.macro_f1 == pytest.approx((6 / 9 + 8 / 11) / 2)
    # Of 25 pairs 3 * 4 are in order and 3 * 1 + 2 * 4 tied.
    assert result.roc_auc == pytest.approx((12 + 11 / 2) / 25)
    # In order of the scores: 4 of 6 good ones found at once, the fifth with the rest.
    assert result.average_precision == pytest.approx(4 / 5 * 4 / 6 + 1 / 5 * 5 / 10)
    # Seven right at logit 4, three wrong.
    right, wrong = np.log1p(np.exp(-4)), np.log1p(np.exp(4))
    assert result.loss == pytest.approx((7 * right + 3 * wrong) / 10)


def test_three_classes_counted_by_hand_with_one_that_is_never_predicted() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2, 2], np.int32)
    result = compute_metrics(hard([0, 2, 0, 2, 2, 2, 0], 3), labels, THREE)
    assert result.confusion_matrix == [[1, 0, 1], [1, 0, 1], [1, 0, 2]]
    assert result.accuracy == pytest.approx(3 / 7)
    assert result.majority_baseline == pytest.approx(3 / 7)
    # 0 / 0 is 0: nothing was called fair.
    assert result.classes["fair"] == {"precision": 0, "recall": 0, "f1": 0, "support": 2}
    assert result.classes["bad"] == pytest.approx({"precision": 1 / 3, "recall": 1 / 2, "f1": 2 / 5, "support": 2})
    assert result.macro_f1 == pytest.approx((2 / 5 + 0 + 4 / 7) / 3)


def test_the_intervals_are_those_of_the_counts() -> None:
    labels = np.array([0] * 5 + [1] * 5, np.int32)
    result = compute_metrics(hard([0, 0, 0, 1, 1, 0, 1, 1, 1, 1], 2), labels, TWO)
    bad = result.intervals["classes"]["bad"]
    assert bad["precision"] == list(accuracy_interval(3, 4))
    assert bad["recall"] == list(accuracy_interval(3, 5))
    assert bad["f1"] == list(f1_interval(3, 3))
    for name in ("loss", "macro_f1", "roc_auc"):
        low, high = result.intervals[name]
        assert low < getattr(result, name) < high
    # All ten say 0.982, seven of them rightly.
    assert result.calibration["mean_confidence"] == pytest.approx(1 / (1 + np.exp(-4)))
    assert result.calibration["ece"] == pytest.approx(1 / (1 + np.exp(-4)) - 0.7)


@given(st.integers(2, 4), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_the_figures_of_classes_are_those_of_scikit_learn(classes: int, rows: list[tuple[int, int]]) -> None:
    labels, predicted = (np.array(column) % classes for column in zip(*rows, strict=True))
    result = compute_metrics(np.eye(classes)[predicted] * 4, labels, tuple("abcd"[:classes]))
    figures = precision_recall_fscore_support(labels, predicted, labels=range(classes), zero_division=0)
    for key, column in zip(("precision", "recall", "f1", "support"), figures, strict=True):
        assert [row[key] for row in result.classes.values()] == pytest.approx(column)
    json.dumps(result.to_dict(), allow_nan=False)


def test_one_review_has_all_figures_but_those_that_need_two() -> None:
    result = compute_metrics(np.array([[2.0]], np.float32), np.array([1], np.int32), TWO)
    assert result.intervals["loss"] is result.intervals["roc_auc"] is result.average_precision is None
    assert result.intervals["classes"]["bad"] == {"precision": None, "recall": None, "f1": None}
    assert result.intervals["macro_f1"] == list(f1_interval(1, 0))
    json.dumps(result.to_dict(), allow_nan=False)


def test_the_rows_of_a_table_of_predictions_give_the_same_figures() -> None:
    rng = np.random.default_rng(10)
    logits, labels = rng.normal(0, 2, (50, 3)).astype(np.float32), rng.integers(0, 3, 50).astype(np.int32)
    ids = TokenIds(np.ones(50, np.uint16), np.arange(51), np.ones(50, np.int64))
    rows = make_predictions(logits, labels, [str(number) for number in range(50)], ids, THREE)
    assert compute_evaluation(collect_outcomes(rows)) == compute_metrics(logits, labels, THREE)


def test_rows_without_a_class_that_they_name_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        collect_outcomes([])
    row = Prediction(0, "0.txt", "odd", "a", 0.5, 0.7, {"a": 0.5, "b": 0.5}, 1, 0, 0)
    with pytest.raises(ValueError, match="'odd' is none of the classes a, b"):
        collect_outcomes([row])


@pytest.mark.parametrize("names", [TWO, THREE])
def test_a_class_without_reviews_leaves_the_auc_undefined_and_the_rest_is_there(names: tuple[str, ...]) -> None:
    labels = np.array([1, 1, 1], np.int32)
    result = compute_metrics(hard([1, 0, 1], len(names)), labels, names)
    assert result.roc_auc is result.average_precision is result.intervals["roc_auc"] is None
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.majority_baseline == 1
    assert len(result.confusion_matrix) == len(names)
    assert list(result.classes) == list(names)
    json.dumps(result.to_dict(), allow_nan=False)


def brute_force_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """The share of pairs of a positive and a negative review that are in order; a tie is half a pair."""
    pairs = list(product(scores[positive], scores[~positive]))
    return sum((one > other) + (one == other) / 2 for one, other in pairs) / len(pairs)


@given(st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_the_auc_of_two_classes_is_that_of_all_pairs(rows: list[tuple[int, bool]]) -> None:
    logits, labels = np.array([[score] for score, _ in rows], np.float32), np.array([int(good) for _, good in rows])
    result = compute_metrics(logits, labels, TWO)
    if len(set(labels.tolist())) < 2:
        assert result.roc_auc is None
    else:
        assert result.roc_auc == pytest.approx(brute_force_auc(logits[:, 0], labels == 1))


def test_the_auc_of_three_classes_is_the_mean_of_each_against_the_rest() -> None:
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 1, (30, 3)).astype(np.float32), np.arange(30) % 3
    shares = compute_probabilities(logits)
    expected = np.mean([brute_force_auc(shares[:, label], labels == label) for label in range(3)])
    assert compute_metrics(logits, labels, THREE).roc_auc == pytest.approx(expected)


def test_probabilities_sum_to_one_and_do_not_overflow() -> None:
    logits = np.array([[1000.0], [-1000.0], [0.0], [2.0]], np.float32)
    shares = compute_probabilities(logits)
    assert shares[:3].tolist() == [[0, 1], [1, 0], [0.5, 0.5]]
    assert shares[3, 1] == pytest.approx(1 / (1 + np.exp(-2)))
    several = compute_probabilities(np.array([[1000.0, 0.0, -1000.0], [1.0, 1.0, 1.0]]))
    assert several[0].tolist() == [1, 0, 0]
    np.testing.assert_allclose(several[1], 1 / 3)


def test_a_sure_mistake_has_its_whole_loss_though_its_probability_is_zero() -> None:
    logits = np.array([[1000.0], [-1000.0]], np.float32)
    assert compute_losses(logits, np.array([0, 0])).tolist() == [1000, 0]


def test_a_tie_goes_to_the_first_class_as_in_training() -> None:
    from sentiment_cli.training.objective import is_correct

    logits, labels = np.zeros((2, 1), np.float32), np.array([0, 1], np.int32)
    assert compute_metrics(logits, labels, TWO).confusion_matrix == [[1, 0], [1, 0]]
    assert np.asarray(is_correct(labels, logits)).tolist() == [True, False]


def test_the_loss_is_that_of_the_training() -> None:
    from sentiment_cli.training.objective import cross_entropy

    rng = np.random.default_rng(2)
    for columns in (1, 3):
        logits = rng.normal(0, 3, (20, columns)).astype(np.float32)
        labels = rng.integers(0, max(columns, 2), 20).astype(np.int32)
        np.testing.assert_allclose(compute_losses(logits, labels), cross_entropy(labels, logits), rtol=1e-4, atol=1e-6)
