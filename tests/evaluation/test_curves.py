"""Do the points of the curves and their areas hold against counting by hand and scikit-learn?"""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from sentiment_cli.evaluation.curves import compute_average_precision, compute_curves, compute_operating_points
from sentiment_cli.evaluation.outcomes import Outcomes

ranked = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40)


def outcomes_of(probabilities: np.ndarray, labels: np.ndarray) -> Outcomes:
    """Predictions with these probabilities."""
    names = tuple("abcdef"[: probabilities.shape[1]])
    chosen = probabilities[np.arange(len(labels)), labels]
    losses = -np.log(np.maximum(chosen, 1e-300))
    return Outcomes(probabilities, labels, probabilities.argmax(axis=1), losses, names)


def two(scores: list[float], labels: list[int]) -> Outcomes:
    """Predictions of two classes, by the probability of the second."""
    positive = np.array(scores)
    return outcomes_of(np.stack([1 - positive, positive], axis=1), np.array(labels))


def test_the_points_are_those_that_one_counts_by_hand() -> None:
    points = compute_operating_points(np.array([0.9, 0.4, 0.4, 0.2]), np.array([True, True, False, False]))
    assert points.thresholds == pytest.approx([0.9, 0.65, 0.3, 0.1])
    assert points.true_positives.tolist() == [0, 1, 2, 2]
    assert points.false_positives.tolist() == [0, 0, 1, 2]
    assert points.recall.tolist() == [0, 0.5, 1, 1]
    assert points.false_positive_rate.tolist() == [0, 0, 0.5, 1]
    np.testing.assert_allclose(points.precision, [np.nan, 1, 2 / 3, 2 / 4])
    assert points.accuracy.tolist() == [0.5, 0.75, 0.75, 0.5]
    assert points.f1 == pytest.approx([0, 2 / 3, 4 / 5, 4 / 6])
    assert compute_average_precision(points) == pytest.approx(1 / 2 * 1 + 1 / 2 * 2 / 3)


@given(ranked)
@settings(max_examples=80, deadline=None)
def test_what_is_counted_is_what_lies_above_each_threshold(rows: list[tuple[int, bool]]) -> None:
    scores, positive = np.array([score / 8 for score, _ in rows]), np.array([is_positive for _, is_positive in rows])
    points = compute_operating_points(scores, positive)
    for threshold, true, false in zip(points.thresholds, points.true_positives, points.false_positives, strict=True):
        assert true == (positive & (scores > threshold)).sum()
        assert false == (~positive & (scores > threshold)).sum()
    mirrored = points.mirrored
    assert (mirrored.recall + points.false_positive_rate)[~np.isnan(mirrored.recall)] == pytest.approx(1)
    assert mirrored.accuracy == pytest.approx(points.accuracy)


@given(ranked.filter(lambda rows: len({positive for _, positive in rows}) == 2))
@settings(max_examples=80, deadline=None)
def test_areas_and_points_are_those_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([score / 8 for score, _ in rows]), np.array([int(positive) for _, positive in rows])
    [curves] = compute_curves(two(scores.tolist(), labels.tolist()), most=1000)
    assert curves.roc_auc == pytest.approx(roc_auc_score(labels, scores))
    assert curves.average_precision == pytest.approx(average_precision_score(labels, scores))
    false_rate, recall, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert curves.false_positive_rate == pytest.approx(false_rate)
    assert curves.true_positive_rate == pytest.approx(recall)
    assert (curves.recall[-1], curves.precision[0]) == (1.0, pytest.approx(_best_start(scores, labels)))


def _best_start(scores: np.ndarray, labels: np.ndarray) -> float:
    """The precision where the first positive reviews are found."""
    return float(labels[scores >= scores[labels == 1].max()].mean())


def test_more_classes_have_a_curve_each_against_the_rest_but_for_one_without_reviews() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(4), 60)
    labels = np.arange(60) % 3  # of the fourth class there is none
    curves = compute_curves(outcomes_of(probabilities, labels))
    assert [(one.class_name, one.examples) for one in curves] == [("a", 20), ("b", 20), ("c", 20)]
    for label, one in enumerate(curves):
        assert one.roc_auc == pytest.approx(roc_auc_score(labels == label, probabilities[:, label]))


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 0, 0]])
def test_one_class_alone_has_no_curve(labels: list[int]) -> None:
    assert compute_curves(two([0.2, 0.5, 1.0], labels)) == []


def test_a_thinned_curve_keeps_its_ends_and_stays_close_to_the_whole_one() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 5000)
    scores = 1 / (1 + np.exp(-rng.normal(2.0 * labels - 1, 1.5)))
    [whole], [thin] = (compute_curves(two(scores.tolist(), labels.tolist()), most=most) for most in (10**6, 200))
    assert len(thin.false_positive_rate) <= 200 and len(thin.recall) <= 200
    assert (thin.false_positive_rate[0], thin.false_positive_rate[-1]) == (0, 1)
    assert (thin.roc_auc, thin.average_precision) == (whole.roc_auc, whole.average_precision)
    along, few = (np.add(one.false_positive_rate, one.true_positive_rate) for one in (whole, thin))
    drawn = np.interp(along, few, thin.true_positive_rate)
    assert np.abs(drawn - whole.true_positive_rate).max() < 0.005  # a pixel or two of 400
    json.dumps(asdict(thin), allow_nan=False)


def test_probabilities_of_exactly_0_and_1_are_thresholds_like_others() -> None:
    points = compute_operating_points(np.array([1.0, 1.0, 0.0, 0.0]), np.array([True, False, False, True]))
    assert points.thresholds.tolist() == [1, 0.5, -0.5]
    assert points.true_positives.tolist() == [0, 1, 2]
