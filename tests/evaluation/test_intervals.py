"""Are the intervals and the test those that were published, and do they behave as such things have to?"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.evaluation.intervals import (
    PairedCounts,
    accuracy_interval,
    difference_interval,
    f1_interval,
    macro_f1_interval,
    mcnemar_p_value,
    mean_interval,
)

numbers = st.integers(0, 2000)
tables = st.builds(PairedCounts, numbers, numbers, numbers, numbers).filter(lambda counts: counts.examples > 0)


def mirrored(counts: PairedCounts) -> PairedCounts:
    """The same reviews, first and second exchanged."""
    return PairedCounts(counts.both_right, counts.only_second, counts.only_first, counts.both_wrong)


@pytest.mark.parametrize(
    ("correct", "count", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_an_accuracy_is_the_published_one(correct: int, count: int, low: float, high: float) -> None:
    assert accuracy_interval(correct, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**6).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_the_limits_are_where_the_accuracy_is_1_96_standard_errors_away(case: tuple[int, int]) -> None:
    """That is how Wilson defines them; the formula is the solution."""
    correct, count = case
    limits = accuracy_interval(correct, count)
    assert 0 <= limits[0] <= correct / count <= limits[1] <= 1
    for limit in limits:
        error = math.sqrt(limit * (1 - limit) / count)
        assert abs(correct / count - limit) == pytest.approx(1.959964 * error, rel=1e-4, abs=1e-9)


@given(st.integers(1, 1000))
def test_all_right_and_none_right_are_mirrored_and_reach_the_end_exactly(count: int) -> None:
    low, high = accuracy_interval(0, count)
    assert (low, accuracy_interval(count, count)[1]) == (0.0, 1.0)
    assert accuracy_interval(count, count)[0] == pytest.approx(1 - high)
    assert high > 0


@pytest.mark.parametrize(("correct", "count"), [(0, 0), (-1, 5), (6, 5)])
def test_numbers_of_no_evaluation_are_refused(correct: int, count: int) -> None:
    with pytest.raises(ValueError, match=f"received {correct} of {count}"):
        accuracy_interval(correct, count)


@pytest.mark.parametrize(
    ("counts", "low", "high", "digits"),
    [
        # Altman, Machin, Bryant and Gardner 2000, Statistics with Confidence, table 6.2.
        (PairedCounts(14, 5, 0, 22), 0.011, 0.226, 3),
        # Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33, 2850-2875: airway hyper-responsiveness.
        (PairedCounts(1, 1, 7, 12), -0.507, -0.026, 3),
        # Newcombe 1998, Statistics in Medicine 17, 2635-2650, method 10.
        (PairedCounts(36, 12, 2, 0), 0.0569, 0.3404, 4),
        (PairedCounts(36, 14, 0, 0), 0.1528, 0.4167, 4),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    counts: PairedCounts, low: float, high: float, digits: int
) -> None:
    assert [round(limit, digits) for limit in difference_interval(counts)] == [low, high]


def test_a_difference_worked_out_by_hand() -> None:
    """Of 100 reviews 70 both right, 10 and 5 only one, 15 none: accuracies 0.80 and 0.75, correlated.

    Score intervals 0.7112 to 0.8666 and 0.6570 to 0.8245; phi = (70 * 15 - 10 * 5 - 50) / sqrt(80 * 20 * 75 * 25).
    """
    phi = 950 / math.sqrt(3_000_000)
    below = math.sqrt(0.0888**2 - 2 * phi * 0.0888 * 0.0745 + 0.0745**2)
    above = math.sqrt(0.0666**2 - 2 * phi * 0.0666 * 0.0930 + 0.0930**2)
    assert difference_interval(PairedCounts(70, 10, 5, 15)) == pytest.approx((0.05 - below, 0.05 + above), abs=2e-4)


@given(tables)
def test_the_interval_holds_the_difference_stays_in_range_and_mirrors(counts: PairedCounts) -> None:
    low, high = difference_interval(counts)
    assert -1 - 1e-12 <= low <= counts.difference <= high <= 1 + 1e-12
    assert difference_interval(mirrored(counts)) == pytest.approx((-high, -low), abs=1e-12)


def test_two_that_never_disagree_still_have_an_interval() -> None:
    low, high = difference_interval(PairedCounts(160, 0, 0, 40))
    assert low == pytest.approx(-high)
    assert 0.001 < high < 0.1


def test_no_reviews_have_no_interval() -> None:
    with pytest.raises(ValueError, match="count of at least 1"):
        difference_interval(PairedCounts(0, 0, 0, 0))


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (3, 3, 1.0),
        (0, 5, 2 / 32),
        (7, 1, 2 * (1 + 8) / 256),  # 0.070 in Fagerland, Lydersen and Laake 2014
        (8, 2, 2 * (1 + 10 + 45) / 1024),
    ],
)
def test_the_p_value_is_counted_by_hand(only_first: int, only_second: int, p: float) -> None:
    assert mcnemar_p_value(PairedCounts(100, only_first, only_second, 7)) == pytest.approx(p)


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_p_value_is_that_of_whole_numbers(only_first: int, only_second: int) -> None:
    trials = only_first + only_second
    tail = sum(math.comb(trials, k) for k in range(min(only_first, only_second) + 1))
    expected = min(Fraction(1), Fraction(2 * tail, 2**trials))
    assert mcnemar_p_value(PairedCounts(0, only_first, only_second, 0)) == pytest.approx(float(expected), rel=1e-9)


def test_a_million_disagreements_keep_their_digits() -> None:
    """501,000 to 499,000: two standard errors, so that the normal approximation with its correction is exact."""
    z = (2000 - 1) / math.sqrt(10**6)
    expected = math.erfc(z / math.sqrt(2))
    assert mcnemar_p_value(PairedCounts(0, 501_000, 499_000, 0)) == pytest.approx(expected, rel=1e-5)


def test_the_interval_of_an_f1_is_wilsons_of_the_share_that_it_is_made_of() -> None:
    # 8 right and 2 mistakes: F1 = 16 / 18. Wilson of 8 of 10: (0.8 + 0.1921 ± 1.96 * sqrt(0.016 + 0.0096)) / 1.3841,
    # which is 0.4902 and 0.9433; twice that by one more.
    assert f1_interval(8, 2) == pytest.approx((2 * 0.49016 / 1.49016, 2 * 0.94332 / 1.94332), abs=5e-5)
    assert f1_interval(0, 5)[0] == 0 and f1_interval(0, 5)[1] > 0.5
    assert f1_interval(5, 0)[1] == 1 and f1_interval(5, 0)[0] < 0.8
    with pytest.raises(ValueError, match="count of at least 1"):
        f1_interval(0, 0)


@pytest.mark.parametrize(
    "matrix", [[[430, 70], [40, 260]], [[880, 20], [60, 40]], [[90, 20, 10], [15, 200, 25], [5, 30, 105]]]
)
def test_the_interval_of_a_macro_f1_is_that_of_redrawn_reviews(matrix: list[list[int]]) -> None:
    counts = np.array(matrix)
    rng = np.random.default_rng(7)
    drawn = rng.multinomial(counts.sum(), counts.ravel() / counts.sum(), size=4000).reshape(-1, *counts.shape)
    right = np.diagonal(drawn, axis1=1, axis2=2)
    scores = (2 * right / (drawn.sum(axis=1) + drawn.sum(axis=2))).mean(axis=1)
    low, high = macro_f1_interval(counts)
    assert (low + high) / 2 == pytest.approx(scores.mean(), abs=0.004)
    assert (high - low) / 2 == pytest.approx(1.96 * scores.std(), rel=0.06)  # 4,000 draws tell it to 1 %


@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.integers(0, 30), min_size=n * n, max_size=n * n)))
@settings(deadline=None)
def test_the_interval_of_a_macro_f1_holds_it_and_stays_within_0_and_1(cells: list[int]) -> None:
    size = math.isqrt(len(cells))
    matrix = np.array(cells).reshape(size, size)
    if not matrix.sum():
        with pytest.raises(ValueError, match="at least one review"):
            macro_f1_interval(matrix)
        return
    ends = matrix.sum(axis=0) + matrix.sum(axis=1)
    macro_f1 = (2 * matrix.diagonal()[ends > 0] / ends[ends > 0]).mean()
    low, high = macro_f1_interval(matrix)
    assert -1e-12 <= low <= macro_f1 + 1e-12
    assert macro_f1 - 1e-12 <= high <= 1 + 1e-12
    assert low < high


def test_a_perfect_macro_f1_has_the_width_of_its_classes() -> None:
    """No spread can be seen, so the classes are taken to vary together: three right of three, twice."""
    assert macro_f1_interval(np.array([[3, 0], [0, 3]])) == pytest.approx(f1_interval(3, 0))


def test_the_interval_of_a_mean_is_1_96_standard_errors_wide_on_both_sides() -> None:
    # 1, 2, 3, 6: mean 3, squares 4 + 1 + 0 + 9 = 14, variance 14 / 3, error sqrt(14 / 12).
    half = 1.959964 * math.sqrt(14 / 12)
    assert mean_interval(np.array([1.0, 2.0, 3.0, 6.0])) == pytest.approx((3 - half, 3 + half))
    assert mean_interval(np.array([1.0])) is None
