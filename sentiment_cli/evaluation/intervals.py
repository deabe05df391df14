"""How far may the accuracy on all such reviews be from the one that was counted on some of them?

Each review counts as an independent draw. What another seed would change is in no interval of a single run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# The normal distribution holds 95 % between -Z and Z.
_Z = 1.959963984540054


@dataclass(frozen=True)
class PairedCounts:
    """How often two classifiers are right on the same reviews.

    Args:
        both_right: reviews that both label correctly.
        only_first: that only the first labels correctly.
        only_second: that only the second does.
        both_wrong: that neither does.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int

    @property
    def examples(self) -> int:
        """Number of reviews."""
        return self.both_right + self.only_first + self.only_second + self.both_wrong

    @property
    def first_right(self) -> int:
        """Reviews that the first labels correctly."""
        return self.both_right + self.only_first

    @property
    def second_right(self) -> int:
        """Reviews that the second labels correctly."""
        return self.both_right + self.only_second

    @property
    def difference(self) -> float:
        """Accuracy of the first minus that of the second, in [-1, 1]."""
        return (self.only_first - self.only_second) / self.examples


def accuracy_interval(correct: int, count: int) -> tuple[float, float]:
    """The 95 % score interval of an accuracy; within [0, 1], and with a width also where none or all are right.

    Source: Wilson 1927, Journal of the American Statistical Association 22, 209-212; recommended by Brown, Cai and
    DasGupta 2001, Statistical Science 16, 101-133.

    Args:
        correct: number of right predictions.
        count: number of predictions, at least 1.

    Returns:
        Lower and upper limit.

    Raises:
        ValueError: the numbers are those of no evaluation.
    """
    if not 0 <= correct <= count or count < 1:
        raise ValueError(f"expected 0 <= correct <= count and a count of at least 1, received {correct} of {count}")
    share = correct / count
    centre = share + _Z**2 / (2 * count)
    half = _Z * math.sqrt(share * (1 - share) / count + (_Z / (2 * count)) ** 2)
    scale = 1 + _Z**2 / count
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if correct == 0 else (centre - half) / scale
    high = 1.0 if correct == count else (centre + half) / scale
    return low, high


def difference_interval(counts: PairedCounts) -> tuple[float, float]:
    """The 95 % interval of the difference of two accuracies on the same reviews; within [-1, 1].

    The score intervals of both accuracies, combined by their correlation over the reviews. Unlike the plain normal
    interval it keeps a width where the two never disagree, and stays within its range.

    Source: Newcombe 1998, Statistics in Medicine 17, 2635-2650, method 10.

    Args:
        counts: of at least one review.

    Returns:
        Lower and upper limit of the first accuracy minus the second.

    Raises:
        ValueError: there are no reviews.
    """
    first, second = counts.first_right / max(counts.examples, 1), counts.second_right / max(counts.examples, 1)
    first_low, first_high = accuracy_interval(counts.first_right, counts.examples)
    second_low, second_high = accuracy_interval(counts.second_right, counts.examples)
    correlation = _corrected_correlation(counts)
    below = _combine(first - first_low, second_high - second, correlation)
    above = _combine(first_high - first, second - second_low, correlation)
    return counts.difference - below, counts.difference + above


def mcnemar_p_value(counts: PairedCounts) -> float:
    """How likely chance alone would divide the disagreements at least as unevenly, in [0, 1].

    Two classifiers that are equally good win each disagreement with probability one half; two-sided and exact. 1
    where they never disagree. Accurate to eight digits up to a million disagreements.

    Source: McNemar 1947, Psychometrika 12, 153-157.
    """
    fewer = min(counts.only_first, counts.only_second)
    trials = counts.only_first + counts.only_second
    constant = math.lgamma(trials + 1) - trials * math.log(2)
    terms = (math.exp(constant - math.lgamma(k + 1) - math.lgamma(trials - k + 1)) for k in range(fewer + 1))
    return min(1.0, 2 * math.fsum(terms))


def _corrected_correlation(counts: PairedCounts) -> float:
    """Phi of the four counts; where positive, its numerator is corrected for continuity by half the reviews."""
    first_wrong, second_wrong = counts.examples - counts.first_right, counts.examples - counts.second_right
    product = counts.first_right * first_wrong * counts.second_right * second_wrong
    if product == 0:
        return 0.0
    excess = float(counts.both_right * counts.both_wrong - counts.only_first * counts.only_second)
    if excess > 0:
        excess = max(excess - counts.examples / 2, 0.0)
    return excess / math.sqrt(product)


def _combine(first: float, second: float, correlation: float) -> float:
    """The length of a difference of two distances that are correlated."""
    return math.sqrt(max(first**2 - 2 * correlation * first * second + second**2, 0.0))
