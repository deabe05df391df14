"""Is the threshold that is found the one that trying them all finds, and do its figures hold?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.test_curves import two
from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.evaluation.intervals import PairedCounts, difference_interval, mcnemar_p_value
from sentiment_cli.evaluation.thresholds import (
    Criterion,
    compute_threshold_figures,
    find_threshold,
    for_classes,
)

# Good ones at 0.9, 0.8, 0.6 and 0.3, bad ones at 0.7, 0.2, 0.1 and 0.05.
SCORES, LABELS = [0.9, 0.8, 0.6, 0.3, 0.7, 0.2, 0.1, 0.05], [1, 1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("criterion", "value", "figure"),
    [
        (Criterion("accuracy"), 0.2, 7 / 8),  # halfway between 0.2 and 0.3, in as few digits as do the same
        (Criterion("f1", "b"), 0.2, 8 / 9),
        (Criterion("macro_f1"), 0.2, (8 / 9 + 6 / 7) / 2),
        (Criterion("recall", "b", 1.0), 0.2, 1.0),
        (Criterion("recall", "b", 0.5), 0.75, 0.5),  # as pure as can be: two of two
        (Criterion("precision", "b", 0.8), 0.2, 0.8),
        (Criterion("precision", "b", 1.0), 0.75, 1.0),
        (Criterion("recall", "a", 1.0), 0.75, 1.0),
        (Criterion("precision", "a", 1.0), 0.2, 1.0),
    ],
)
def test_a_threshold_for_eight_reviews_worked_out_by_hand(criterion: Criterion, value: float, figure: float) -> None:
    found = find_threshold(two(SCORES, LABELS), criterion)
    here = (np.array(SCORES) > found.value).tolist()
    assert here == (np.array(SCORES) > value).tolist()
    assert found.figure == pytest.approx(figure)
    assert len(str(found.value)) <= 4
    assert found.examples == 8


def test_a_half_stays_where_it_is_as_good_as_any() -> None:
    assert find_threshold(two([0.1, 0.4, 0.55, 0.9], [0, 0, 1, 1]), Criterion("accuracy")).value == 0.5


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1)), min_size=2, max_size=25).filter(
        lambda rows: len({label for _, label in rows}) == 2
    ),
    st.sampled_from(["accuracy", "f1", "recall", "precision"]),
)
@settings(max_examples=60, deadline=None)
def test_no_other_threshold_is_better(rows: list[tuple[int, int]], metric: str) -> None:
    scores, labels = np.array([score / 20 for score, _ in rows]), np.array([label for _, label in rows])
    level = 0.5 if metric in ("recall", "precision") else None
    criterion = Criterion(metric, None if metric == "accuracy" else "b", level)
    tried = [threshold / 40 for threshold in range(0, 41)]
    figures = {
        "accuracy": lambda called: np.mean(called == labels),
        "f1": lambda called: 2 * np.sum(called * labels) / (called.sum() + labels.sum()),
        "recall": lambda called: np.sum(called * labels) / labels.sum(),
        "precision": lambda called: np.sum(called * labels) / max(called.sum(), 1),
    }
    if level is None:
        best = max(figures[metric](scores > threshold) for threshold in tried)
        assert find_threshold(two(scores.tolist(), labels.tolist()), criterion).figure == pytest.approx(best)
        return
    other = {"recall": "precision", "precision": "recall"}[metric]
    reaching = [scores > threshold for threshold in tried if figures[metric](scores > threshold) >= level]
    reaching = [called for called in reaching if called.any()]
    try:
        found = find_threshold(two(scores.tolist(), labels.tolist()), criterion)
    except RunError:
        assert not reaching
        return
    assert figures[metric](scores > found.value) >= level
    assert figures[other](scores > found.value) == pytest.approx(max(map(figures[other], reaching)))


def test_what_no_threshold_reaches_is_said_with_what_one_does() -> None:
    outcomes = two([0.9, 0.6, 0.3], [0, 1, 0])
    with pytest.raises(RunError, match=r"No threshold reaches a precision of 0\.9 for b .* is 0\.5000, at 0\.4500"):
        find_threshold(outcomes, Criterion("precision", "b", 0.9))
    with pytest.raises(RunError, match="all of one class"):
        find_threshold(two([0.9, 0.6], [1, 1]), Criterion("accuracy"))


def test_probabilities_of_exactly_0_and_1_have_thresholds_within_that_range() -> None:
    for metric in ("accuracy", "f1"):
        found = find_threshold(two([1.0, 1.0, 0.0, 0.0], [1, 0, 1, 0]), Criterion(metric, "b"))
        assert 0 <= found.value <= 1


def test_the_figures_at_a_threshold_are_compared_with_those_at_a_half_on_the_same_reviews() -> None:
    figures = compute_threshold_figures(two(SCORES, LABELS), 0.25)
    assert figures.confusion_matrix == [[3, 1], [0, 4]]
    # At 0.5 the good one at 0.3 is wrong as well, and nothing else changes.
    assert figures.counts == PairedCounts(both_right=6, only_first=1, only_second=0, both_wrong=1)
    assert figures.accuracy == 7 / 8
    assert figures.classes["b"] == {"precision": 4 / 5, "recall": 1.0, "f1": 8 / 9, "support": 4}
    values = json.loads(json.dumps(figures.to_dict(), allow_nan=False))
    assert values["difference"] == 1 / 8
    assert values["difference_interval"] == list(difference_interval(figures.counts))
    assert values["p_value"] == mcnemar_p_value(figures.counts) == 1
    assert "counts" not in values


def test_at_a_half_nothing_changes_but_for_a_tie_which_the_first_class_has() -> None:
    outcomes = two([0.5, 0.5, 0.7], [0, 1, 1])
    assert compute_threshold_figures(outcomes, 0.5).confusion_matrix == outcomes.confusion_matrix.tolist()


def test_a_criterion_is_for_the_second_class_unless_another_is_named() -> None:
    assert for_classes(Criterion("f1"), ("bad", "good")) == Criterion("f1", "good")
    assert for_classes(Criterion("f1", "bad"), ("bad", "good")) == Criterion("f1", "bad")
    assert for_classes(Criterion("accuracy"), ("bad", "good")) == Criterion("accuracy")
    with pytest.raises(UsageError, match='did you mean "good"'):
        for_classes(Criterion("recall", "goods", 0.9), ("bad", "good"))
    assert [str(one) for one in (Criterion("recall", "good", 0.9), Criterion("f1", "a.b"), Criterion("accuracy"))] == [
        "recall.good=0.9",
        "f1.a.b",
        "accuracy",
    ]
