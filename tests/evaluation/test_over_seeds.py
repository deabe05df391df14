"""Is the comparison over seeds and reviews right where an independent answer is known?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sentiment_cli.evaluation.over_seeds import compare_over_seeds


def bits(*rows: str) -> np.ndarray:
    return np.array([[letter == "1" for letter in row] for row in rows])


def test_where_reviews_differ_alike_it_is_welchs_test_of_the_accuracies() -> None:
    # Each review is right by two of the first three networks and by one of the other three: no variance over reviews.
    first, second = bits("111111", "111000", "000111"), bits("100000", "010000", "001111")
    found = compare_over_seeds(first, second)
    expected = stats.ttest_ind(first.mean(axis=1), second.mean(axis=1), equal_var=False)
    assert found.difference == pytest.approx(1 / 3)
    assert found.reviews_error == pytest.approx(0, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert found.interval == pytest.approx((max(low, -1), min(high, 1)))


def test_where_seeds_do_not_differ_it_is_the_paired_test_over_the_reviews() -> None:
    generator = np.random.default_rng(0)
    mine, theirs = generator.random(80) < 0.8, generator.random(80) < 0.6
    found = compare_over_seeds(np.stack([mine, mine]), np.stack([theirs, theirs, theirs]))
    expected = stats.ttest_rel(mine.astype(float), theirs.astype(float))
    assert found.seeds_error == 0
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_both_variances_add_up_and_the_degrees_of_freedom_are_satterthwaites() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.random((3, 50)) < 0.9, generator.random((2, 50)) < 0.7
    difference = first.mean(axis=0) - second.mean(axis=0)
    parts = np.array([difference.var(ddof=1) / 50, first.mean(1).var(ddof=1) / 3, second.mean(1).var(ddof=1) / 2])
    degrees = parts.sum() ** 2 / (parts**2 / [49, 2, 1]).sum()
    found = compare_over_seeds(first, second)
    t = difference.mean() / np.sqrt(parts.sum())
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), degrees))
    assert found.interval[1] - found.difference == pytest.approx(stats.t.ppf(0.975, degrees) * np.sqrt(parts.sum()))


def test_turned_round_it_says_the_opposite() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.random((2, 40)) < 0.9, generator.random((2, 40)) < 0.7
    one, other = compare_over_seeds(first, second), compare_over_seeds(second, first)
    assert other.difference == pytest.approx(-one.difference)
    assert other.p_value == pytest.approx(one.p_value)
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))


def test_networks_that_are_all_right_on_the_same_reviews_do_not_differ() -> None:
    same = bits("1101", "1101")
    found = compare_over_seeds(same, same)
    assert (found.difference, found.interval, found.p_value) == (0, (0, 0), 1)


def test_all_against_none_is_as_likely_as_so_many_tosses() -> None:
    # 2 * 0.5 ** 6
    assert compare_over_seeds(bits("111111", "111111"), bits("000000", "000000")).p_value == pytest.approx(0.03125)


@pytest.mark.parametrize(
    ("first", "second"),
    [(bits("10"), bits("10", "01")), (bits("1", "0"), bits("1", "0")), (bits("10", "01"), bits("1", "0"))],
)
def test_one_seed_one_review_and_unlike_reviews_are_refused(first: np.ndarray, second: np.ndarray) -> None:
    with pytest.raises(ValueError, match="two seeds and reviews or more"):
        compare_over_seeds(first, second)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.03, 0.1])
def test_of_equal_groups_it_calls_few_different(seeds: int, spread: float) -> None:
    generator = np.random.default_rng(3)
    rejected = 0
    for _ in range(400):
        ease = generator.normal(1.4, 1, 1000)
        draws = (
            ease + generator.normal(0, spread, (seeds, 1)) + generator.normal(0, 0.6, (seeds, 1000)) > 0 for _ in "ab"
        )
        rejected += compare_over_seeds(*draws).p_value < 0.05
    assert rejected <= 40
