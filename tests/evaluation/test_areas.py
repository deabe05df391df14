"""Is the interval of the area DeLong's, and does it hold for few reviews and for more classes?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from evaluation.test_curves import outcomes_of, two
from sentiment_cli.evaluation.areas import compute_roc_area
from sentiment_cli.evaluation.outcomes import Outcomes


def delong_error(scores: np.ndarray, positive: np.ndarray) -> float:
    """The standard error as DeLong et al. define it: every pair of reviews, one by one."""
    pairs = np.array([[(x > y) + (x == y) / 2 for y in scores[~positive]] for x in scores[positive]])
    rows, columns = pairs.mean(axis=1), pairs.mean(axis=0)
    return math.sqrt(rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns))


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def test_area_and_error_are_those_of_all_pairs() -> None:
    rng = np.random.default_rng(5)
    labels = np.array([0] * 40 + [1] * 25)
    scores = np.round(1 / (1 + np.exp(-rng.normal(labels, 1.2))), 1)  # with ties
    area = compute_roc_area(two(scores.tolist(), labels.tolist()))
    assert area is not None
    assert area.value == pytest.approx(roc_auc_score(labels, scores))
    half = 1.959964 * delong_error(scores, labels == 1) / (area.value * (1 - area.value))
    assert [logit(limit) for limit in area.interval] == pytest.approx(
        [logit(area.value) - half, logit(area.value) + half], rel=1e-6
    )


def test_of_three_classes_the_error_is_that_of_the_mean_over_redrawn_reviews() -> None:
    rng = np.random.default_rng(6)
    labels = np.repeat([0, 1, 2], 150)
    logits = rng.normal(0, 1, (450, 3)) + np.eye(3)[labels]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    area = compute_roc_area(outcomes_of(shares, labels))
    assert area is not None
    assert area.value == pytest.approx(roc_auc_score(labels, shares, multi_class="ovr"))
    low, high = (logit(limit) for limit in area.interval)
    error = (high - low) / 2 / 1.959964 * area.value * (1 - area.value)
    drawn = [_redrawn_area(rng, shares, labels) for _ in range(200)]
    assert error == pytest.approx(np.std(drawn), rel=0.15)  # 200 draws tell it to 5 %


def _redrawn_area(rng: np.random.Generator, shares: np.ndarray, labels: np.ndarray) -> float:
    """The area of as many reviews of each class, drawn with replacement."""
    rows = np.concatenate([rng.choice(np.flatnonzero(labels == label), 150) for label in range(3)])
    area = compute_roc_area(outcomes_of(shares[rows], labels[rows]))
    assert area is not None
    return area.value


@pytest.mark.parametrize(
    ("scores", "labels", "value", "interval"),
    [
        # All pairs in order: two pairs that share no review, and Wilson's interval of 2 of 2: 2 / (2 + 3.8415).
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 1.0, (0.3424, 1.0)),
        # One positive review above one of two: half of 1, Wilson: (0.5 + 1.9207 ± 1.96 * sqrt(0.25 + 0.9604)) / 4.8415.
        ([0.1, 0.5, 0.9], [0, 1, 0], 0.5, (0.0546, 0.9454)),
        ([0.1, 0.9], [1, 0], 0.0, (0.0, 0.7935)),
        ([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1], 0.5, (0.0945, 0.9055)),
    ],
)
def test_where_no_spread_can_be_seen_the_interval_is_wide(
    scores: list[float], labels: list[int], value: float, interval: tuple[float, float]
) -> None:
    area = compute_roc_area(two(scores, labels))
    assert area is not None
    assert area.value == value
    assert area.interval == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize("each", range(1, 60))
def test_the_area_of_classes_that_are_told_apart_is_one_and_no_more(each: int) -> None:
    labels = np.repeat([0, 1], each)
    shares = np.stack([1 - labels * 0.9, labels * 0.9], axis=1)
    area = compute_roc_area(Outcomes(shares, labels, labels, np.zeros(2 * each), ("bad", "good")))
    assert area is not None
    assert area.value == 1


def test_a_class_without_reviews_has_no_area() -> None:
    assert compute_roc_area(two([0.2, 0.7], [1, 1])) is None
