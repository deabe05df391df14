"""From which probability on should a review be called positive, and what does another threshold than 0.5 change?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sentiment_cli.errors import RunError, UsageError, suggest
from sentiment_cli.evaluation.curves import OperatingPoints, compute_operating_points
from sentiment_cli.evaluation.intervals import (
    PairedCounts,
    accuracy_interval,
    difference_interval,
    macro_f1_interval,
    mcnemar_p_value,
)
from sentiment_cli.evaluation.metrics import compute_class_figures, compute_class_intervals, compute_macro_f1
from sentiment_cli.evaluation.outcomes import Outcomes, count_confusions

DEFAULT = 0.5
# What is to be as large as possible, and what is to be reached at the lowest price in the other.
MAXIMIZED = ("accuracy", "f1", "macro_f1")
REACHED = {"recall": "precision", "precision": "recall"}


@dataclass(frozen=True)
class Criterion:
    """What a threshold is chosen for.

    Args:
        metric: one of `MAXIMIZED` or `REACHED`.
        class_name: the class whose figure it is; None for accuracy and macro F1.
        level: what a recall or precision has to reach, in (0, 1]; None for what is maximized.
    """

    metric: str
    class_name: str | None = None
    level: float | None = None

    def __str__(self) -> str:
        """As it is written on the command line."""
        name = self.metric if self.class_name is None else f"{self.metric}.{self.class_name}"
        return name if self.level is None else f"{name}={self.level:g}"


@dataclass(frozen=True)
class FoundThreshold:
    """A threshold that was chosen on some reviews.

    Args:
        value: above it a review is called positive.
        criterion: what it was chosen for.
        examples: number of reviews that it was chosen on.
        figure: what the criterion's metric comes to on those.
    """

    value: float
    criterion: Criterion
    examples: int
    figure: float


@dataclass(frozen=True)
class ThresholdFigures:
    """What is decided at a threshold, and how that differs from 0.5 on the same reviews.

    Args:
        value: a review is called positive where its probability is above it.
        accuracy: share of right decisions.
        accuracy_interval: its 95 % interval.
        macro_f1: mean F1 of both classes.
        macro_f1_interval: its 95 % interval.
        classes: precision, recall, F1 and support by class name.
        class_intervals: the 95 % intervals of those; None for what is 0/0.
        confusion_matrix: rows actual, columns decided.
        counts: how often this threshold (first) and 0.5 (second) are right.
    """

    value: float
    accuracy: float
    accuracy_interval: list[float]
    macro_f1: float
    macro_f1_interval: list[float]
    classes: dict[str, dict[str, float]]
    class_intervals: dict[str, dict[str, list[float] | None]]
    confusion_matrix: list[list[int]]
    counts: PairedCounts

    @property
    def difference_interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy at this threshold minus that at 0.5, see `intervals`."""
        return difference_interval(self.counts)

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test of the two accuracies."""
        return mcnemar_p_value(self.counts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = asdict(self)
        del values["counts"]
        return {
            **values,
            "difference": self.counts.difference,
            "difference_interval": list(self.difference_interval),
            "p_value": self.p_value,
        }


def for_classes(criterion: Criterion, class_names: Sequence[str]) -> Criterion:
    """The same criterion with its class: the positive one where none is named.

    Raises:
        UsageError: there is no such class.
    """
    if criterion.metric in ("accuracy", "macro_f1"):
        return criterion
    name = criterion.class_name or class_names[1]
    if name not in class_names:
        raise UsageError(f'--threshold {criterion}: there is no class "{name}"; {suggest(name, class_names)}')
    return replace(criterion, class_name=name)


def find_threshold(outcomes: Outcomes, criterion: Criterion) -> FoundThreshold:
    """The threshold that serves a criterion best; of equally good ones that which is nearest to 0.5.

    A recall or precision is reached where the other of the two is highest: precision at recall and recall at precision,
    as Keras' metrics of those names.

    Args:
        outcomes: of two classes, with reviews of both; those that the threshold is chosen on, never test reviews.
        criterion: with the name of one of the two classes, or none.

    Raises:
        RunError: there are reviews of one class alone, or no threshold reaches what was asked for.
    """
    positive = outcomes.labels == 1
    points = compute_operating_points(outcomes.probabilities[:, 1], positive)
    if not points.positives or not points.negatives:
        raise RunError("No threshold can be found: the reviews to find it on are all of one class.")
    wanted = _metric(points, criterion.metric, criterion.class_name == outcomes.class_names[0])
    useful = (points.thresholds >= 0) & ~np.isnan(wanted)
    if criterion.level is None:
        goodness = wanted
    else:
        partner = REACHED[criterion.metric]
        goodness = _metric(points, partner, criterion.class_name == outcomes.class_names[0])
        useful &= ~np.isnan(goodness) & (wanted >= criterion.level)
        if not useful.any():
            raise _not_reached(points, wanted, criterion)
    places = np.flatnonzero(useful)
    best = places[goodness[places] >= goodness[places].max() - 1e-12]
    place = best[np.abs(points.thresholds[best] - DEFAULT).argmin()]
    return FoundThreshold(
        value=_rounded(points, int(place), outcomes.probabilities[:, 1]),
        criterion=criterion,
        examples=len(outcomes.labels),
        figure=float(wanted[place]),
    )


def compute_threshold_figures(outcomes: Outcomes, value: float) -> ThresholdFigures:
    """The figures of two classes where a review is called positive above ``value``."""
    decided = (outcomes.probabilities[:, 1] > value).astype(int)
    matrix = count_confusions(outcomes.labels, decided, 2)
    here, there = decided == outcomes.labels, outcomes.is_right
    counts = PairedCounts(*(int(np.sum(one)) for one in (here & there, here & ~there, ~here & there, ~here & ~there)))
    return ThresholdFigures(
        value=value,
        accuracy=float(here.mean()),
        accuracy_interval=list(accuracy_interval(int(here.sum()), len(here))),
        macro_f1=compute_macro_f1(matrix),
        macro_f1_interval=list(macro_f1_interval(matrix)),
        classes=compute_class_figures(matrix, outcomes.class_names),
        class_intervals=compute_class_intervals(matrix, outcomes.class_names),
        confusion_matrix=matrix.tolist(),
        counts=counts,
    )


def _metric(points: OperatingPoints, metric: str, is_first_class: bool) -> np.ndarray:
    """float64[m], at each threshold; nan where a precision is 0/0."""
    if metric == "macro_f1":
        return np.asarray((points.f1 + points.mirrored.f1) / 2)
    side = points.mirrored if is_first_class else points
    return np.asarray(getattr(side, metric))


def _rounded(points: OperatingPoints, place: int, scores: np.ndarray) -> float:
    """The shortest decimal number, or 0.5, that divides these reviews as the threshold at ``place`` does."""
    exact, above = float(points.thresholds[place]), points.true_positives[place] + points.false_positives[place]
    candidates = [DEFAULT, *(round(exact, digits) for digits in range(1, 17)), exact]
    return next(value for value in candidates if value >= 0 and np.sum(scores > value) == above)


def _not_reached(points: OperatingPoints, wanted: np.ndarray, criterion: Criterion) -> RunError:
    place = int(np.nanargmax(wanted))
    return RunError(
        f"No threshold reaches a {criterion.metric} of {criterion.level:g} for {criterion.class_name} on these "
        f"{points.positives + points.negatives:,} reviews; the highest is {wanted[place]:.4f}, at "
        f"{max(points.thresholds[place], 0):.4f}. Ask for less."
    )
