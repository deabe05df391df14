"""Is every review that one of two classifiers gets wrong in the outcome that it belongs to?"""

from __future__ import annotations

import pytest

from sentiment_cli.analysis.versus import compare_mistakes
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import Prediction


def rows(guesses: str, order: str = "01234") -> list[Prediction]:
    """Good reviews 0 to 4, each taken for good (g) or bad (b)."""
    shares = {"b": ("bad", {"bad": 0.8, "good": 0.2}), "g": ("good", {"bad": 0.2, "good": 0.8})}
    return [
        Prediction(int(index), f"{index}.txt", "good", shares[guess][0], 0.8, 0.2, shares[guess][1], 3, 0, 0)
        for index, guess in sorted(zip(order, guesses, strict=True))
    ]


def test_broken_fixed_and_wrong_in_both_are_told_apart_in_the_order_of_this_table() -> None:
    found = compare_mistakes(rows("bgbgb"), rows("ggbbg", "43210"), ("this", "other"))
    # Review:  0 1 2 3 4;  this: b g b g b;  other: g b b g g
    assert [(each.pair.first.id, each.outcome) for each in found.changes] == [
        (0, "broken"),
        (1, "fixed"),
        (2, "both-wrong"),
        (4, "broken"),
    ]
    counts = found.counts
    assert (counts.both_right, counts.only_first, counts.only_second, counts.both_wrong) == (1, 1, 2, 1)
    assert found.p_value == 1.0  # one of three disagreements or fewer: 2 * (1 + 3) / 8


def test_the_mistake_is_the_wrong_prediction_of_the_two() -> None:
    fixed, both = compare_mistakes(rows("ggbgg"), rows("gbbgg"), ("this", "other")).changes
    assert fixed.mistake is fixed.pair.second and fixed.mistake.is_wrong
    assert both.mistake is both.pair.first and both.mistake.is_wrong


def test_reviews_that_differ_are_refused() -> None:
    with pytest.raises(RunError, match="were evaluated on different reviews"):
        compare_mistakes(rows("bgbgb"), rows("ggbb", "4321"), ("this", "other"))
