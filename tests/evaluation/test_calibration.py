"""Are calibration errors and bins those that one counts by hand, and is chance told from error?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from evaluation.test_curves import outcomes_of, two
from sentiment_cli.evaluation.calibration import compute_calibration

probabilities = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=60)


def test_the_errors_of_four_reviews_counted_by_hand() -> None:
    # Confidences 0.9 and 0.95 share a bin of fifteen, (14/15, 1] has the second: so three bins.
    #   0.9   right                 (13/15, 14/15]  |1 - 0.9|   * 1
    #   0.95  wrong, 0.97 right     (14/15, 1]      |1 - 1.92|      , of two
    #   0.6   wrong                 (8/15, 9/15]    |0 - 0.6|   * 1
    found = compute_calibration(two([0.9, 0.05, 0.97, 0.4], [1, 1, 1, 1]))
    assert found.ece == pytest.approx((0.1 + 0.92 + 0.6) / 4)
    assert found.mean_confidence == pytest.approx((0.9 + 0.95 + 0.97 + 0.6) / 4)
    assert found.brier == pytest.approx((0.1**2 + 0.95**2 + 0.03**2 + 0.6**2) / 4)
    assert [(one.examples, one.probability, one.share) for one in found.bins] == [
        (1, 0.6, 0.0),
        (1, 0.9, 1.0),
        (2, pytest.approx(0.96), 0.5),
    ]
    assert found.bins[0].high == pytest.approx(9 / 15)
    # Wilson's interval of 1 of 2: (0.5 + 0.9604 ± 1.96 * sqrt(0.125 + 0.2401)) / 2.9207.
    assert found.bins[2].interval == pytest.approx((0.0945, 0.9055), abs=5e-5)
    # Four bins of equal mass or more: each review is alone.
    assert found.adaptive_ece == pytest.approx((0.1 + 0.95 + 0.03 + 0.6) / 4)
    assert found.positive_bins is not None
    assert [one.examples for one in found.positive_bins] == [1, 1, 1, 1]
    assert [one.share for one in found.positive_bins] == [1.0] * 4


@given(probabilities)
@settings(max_examples=80, deadline=None)
def test_every_review_is_in_one_bin_and_the_error_is_the_mean_distance(rows: list[tuple[float, int]]) -> None:
    scores, labels = [score for score, _ in rows], [label for _, label in rows]
    found = compute_calibration(two(scores, labels))
    for bins in (found.bins, found.positive_bins or []):
        assert sum(one.examples for one in bins) == len(rows)
        assert all(one.low - 1e-9 <= one.probability <= one.high + 1e-9 for one in bins)
        assert all(one.interval[0] <= one.share <= one.interval[1] for one in bins)
    distances = [abs(one.share - one.probability) * one.examples for one in found.bins]
    assert found.ece == pytest.approx(sum(distances) / len(rows))
    assert found.brier == pytest.approx(float(np.mean((np.array(scores) - labels) ** 2)))
    assert abs(found.mean_confidence - np.mean(np.array(scores).round() == labels)) <= found.ece + 0.51


def test_the_order_of_equal_confidences_does_not_matter() -> None:
    scores, labels = [0.7] * 20 + [0.9] * 20, [1, 0] * 20
    order = np.random.default_rng(1).permutation(40)
    found = compute_calibration(two(scores, labels))
    shuffled = compute_calibration(two(np.array(scores)[order].tolist(), np.array(labels)[order].tolist()))
    assert shuffled.adaptive_ece == pytest.approx(found.adaptive_ece)
    assert found.adaptive_ece == pytest.approx((0.2 + 0.4) / 2)  # two bins, right for half of the reviews in both


def test_bins_of_equal_mass_hold_equally_many() -> None:
    """Thirty different confidences in fifteen bins are fifteen pairs, the error that of the pairs."""
    confidences = np.linspace(0.55, 0.97, 30)
    labels = np.array([0, 1] * 15)
    expected = np.abs(confidences.reshape(15, 2).sum(axis=1) - 1).sum() / 30
    assert compute_calibration(two(confidences.tolist(), labels.tolist())).adaptive_ece == pytest.approx(expected)


def test_what_chance_makes_of_a_calibrated_network_is_the_mean_over_many_draws() -> None:
    rng = np.random.default_rng(8)
    scores = rng.uniform(0, 1, 600)
    drawn = [compute_calibration(two(scores.tolist(), rng.binomial(1, scores).tolist())).ece for _ in range(60)]
    expected = compute_calibration(two(scores.tolist(), [0, 1] * 300)).chance_ece
    assert np.mean(drawn) == pytest.approx(expected, rel=0.1)


def test_the_brier_score_is_that_of_scikit_learn_for_two_and_for_three_classes() -> None:
    rng = np.random.default_rng(9)
    scores, labels = rng.uniform(0, 1, 50), rng.integers(0, 2, 50)
    found = compute_calibration(two(scores.tolist(), labels.tolist()))
    assert found.brier == pytest.approx(brier_score_loss(labels, scores))
    shares, labels = rng.dirichlet(np.ones(3), 50), rng.integers(0, 3, 50)
    found = compute_calibration(outcomes_of(shares, labels))
    assert found.brier == pytest.approx(np.mean(((shares - np.eye(3)[labels]) ** 2).sum(axis=1)))
    assert found.positive_bins is None


def test_one_sure_review_that_is_right_has_no_error() -> None:
    found = compute_calibration(two([1.0], [1]))
    assert found.figures == {"ece": 0, "adaptive_ece": 0, "chance_ece": 0, "brier": 0, "mean_confidence": 1}
