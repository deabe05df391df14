"""What does one classifier get right that another gets wrong, and the other way round?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sentiment_cli.evaluation.comparison import Pair, compare_predictions
from sentiment_cli.evaluation.intervals import PairedCounts, difference_interval, mcnemar_p_value
from sentiment_cli.evaluation.predictions import Prediction

Outcome = Literal["broken", "fixed", "both-wrong"]
OUTCOMES: tuple[Outcome, ...] = ("broken", "fixed", "both-wrong")


@dataclass(frozen=True)
class Change:
    """A review that at least one of two classifiers gets wrong.

    Args:
        pair: both predictions; ``first`` is this one's, ``second`` the other's.
        outcome: ``broken``: the other is right and this one wrong; ``fixed``: the other is wrong and this one right.
    """

    pair: Pair
    outcome: Outcome

    @property
    def mistake(self) -> Prediction:
        """The wrong prediction of the two; this one's, where both are wrong."""
        return self.pair.second if self.outcome == "fixed" else self.pair.first


@dataclass(frozen=True)
class Versus:
    """Two classifiers on the same reviews.

    Args:
        counts: how often which is right; ``first`` is this one, ``second`` the other.
        changes: the reviews that one of them gets wrong, in the order of this one's table.
    """

    counts: PairedCounts
    changes: list[Change]

    @property
    def difference_interval(self) -> tuple[float, float]:
        """95 % interval of this one's accuracy minus the other's, see `evaluation.intervals.difference_interval`."""
        return difference_interval(self.counts)

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test."""
        return mcnemar_p_value(self.counts)


def compare_mistakes(this: Sequence[Prediction], other: Sequence[Prediction], names: tuple[str, str]) -> Versus:
    """Find what changes from one table of predictions to another, of the same reviews.

    Args:
        this: the table that is looked at.
        other: what it is compared with, in any order.
        names: of the two, for messages.

    Raises:
        RunError: the tables differ in classes, reviews or actual classes, see `comparison.compare_predictions`.
    """
    counts = compare_predictions(this, other, names).counts
    others = {row.path: row for row in other}
    pairs = (Pair(row, others[row.path]) for row in this)
    return Versus(counts, [Change(pair, outcome) for pair in pairs if (outcome := _outcome(pair))])


def _outcome(pair: Pair) -> Outcome | None:
    """None where both are right."""
    if pair.first.is_wrong:
        return "both-wrong" if pair.second.is_wrong else "broken"
    return "fixed" if pair.second.is_wrong else None
