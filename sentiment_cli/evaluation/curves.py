"""What would be counted at every threshold: the points of the ROC and precision-recall curves, and their areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sentiment_cli.evaluation.outcomes import Outcomes


@dataclass(frozen=True)
class OperatingPoints:
    """The counts at all thresholds that tell reviews apart, from "none is positive" to "all are".

    A review is called positive where its probability is above the threshold.

    Args:
        thresholds: float64[m], descending: halfway between neighbouring probabilities; the first is the highest
            probability itself, the last is below all of them, and negative where one of them is 0.
        true_positives: int[m], ascending: positive reviews that are called so.
        false_positives: int[m], ascending: others that are called positive.
        positives: number of positive reviews.
        negatives: number of others.
    """

    thresholds: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray
    positives: int
    negatives: int

    @property
    def recall(self) -> np.ndarray:
        """float64[m]: the share of positive reviews that are called so; nan where there are none."""
        return _shares(self.true_positives, np.full(len(self.thresholds), self.positives))

    @property
    def false_positive_rate(self) -> np.ndarray:
        """float64[m]: the share of the others that are called positive; nan where there are none."""
        return _shares(self.false_positives, np.full(len(self.thresholds), self.negatives))

    @property
    def precision(self) -> np.ndarray:
        """float64[m]: the share of those called positive that are; nan at the first point, where none is."""
        return _shares(self.true_positives, self.true_positives + self.false_positives)

    @property
    def accuracy(self) -> np.ndarray:
        """float64[m]: the share of right answers."""
        right = self.true_positives + self.negatives - self.false_positives
        return np.asarray(right / (self.positives + self.negatives))

    @property
    def f1(self) -> np.ndarray:
        """float64[m]: F1 of the positive class; 0/0 is 0."""
        called = self.true_positives + self.false_positives
        return np.asarray(np.nan_to_num(_shares(2 * self.true_positives, called + self.positives)))

    @property
    def mirrored(self) -> OperatingPoints:
        """The same thresholds seen from the other class, of which a review is where it is not called positive."""
        return OperatingPoints(
            self.thresholds,
            self.negatives - self.false_positives,
            self.positives - self.true_positives,
            self.negatives,
            self.positives,
        )


@dataclass(frozen=True)
class Curves:
    """Both curves of one class against the rest, thinned to what can be seen; plain lists, ready for JSON.

    Args:
        class_name: the class that counts as positive.
        examples: number of its reviews.
        roc_auc: area under the ROC curve, in [0, 1].
        average_precision: area under the steps of the precision-recall curve, in [0, 1].
        false_positive_rate: ascending, from 0 to 1; of the ROC curve's points.
        true_positive_rate: ascending, from 0 to 1; for each of those.
        recall: ascending; of the precision-recall curve's points.
        precision: for each of those.
    """

    class_name: str
    examples: int
    roc_auc: float
    average_precision: float
    false_positive_rate: list[float]
    true_positive_rate: list[float]
    recall: list[float]
    precision: list[float]


@dataclass(frozen=True)
class OperatingPoint:
    """Where on the curves a decision is made.

    Args:
        label: what it is called, as ``0.5``.
        false_positive_rate: in [0, 1].
        recall: in [0, 1].
        precision: in [0, 1]; None where no review is called positive.
    """

    label: str
    false_positive_rate: float
    recall: float
    precision: float | None


def operating_point(label: str, matrix: np.ndarray) -> OperatingPoint | None:
    """The point of a confusion matrix int[2, 2], rows actual; None where a class has no review."""
    (_, false), (_, true) = matrix.tolist()
    negatives, positives = matrix.sum(axis=1).tolist()
    if not negatives or not positives:
        return None
    called = false + true
    return OperatingPoint(label, false / negatives, true / positives, true / called if called else None)


def compute_operating_points(scores: np.ndarray, positive: np.ndarray) -> OperatingPoints:
    """Count at every threshold in one pass over the sorted scores.

    Args:
        scores: float64[n], the higher the more likely positive; n at least 1.
        positive: bool[n].
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.r_[np.flatnonzero(np.diff(ranked)), len(ranked) - 1]  # of each group of equal scores
    hits = np.cumsum(positive[order])[last]
    values = ranked[last]
    lowest = values[-1] / 2 if values[-1] > 0 else values[-1] - 0.5
    return OperatingPoints(
        thresholds=np.r_[values[0], (values[:-1] + values[1:]) / 2, lowest],
        true_positives=np.r_[0, hits],
        false_positives=np.r_[0, last + 1 - hits],
        positives=int(hits[-1]),
        negatives=len(scores) - int(hits[-1]),
    )


def compute_average_precision(points: OperatingPoints) -> float | None:
    """The mean of the precisions at which each positive review is found; None where there is none.

    The area below the steps of the precision-recall curve, not below straight lines between its points, which would
    promise too much (Davis and Goadrich 2006, Proceedings of ICML, 233-240).
    """
    if not points.positives:
        return None
    gained = np.diff(points.true_positives) / points.positives
    return float(np.sum(gained * points.precision[1:]))


def compute_curves(outcomes: Outcomes, most: int = 300) -> list[Curves]:
    """Both curves of the positive one of two classes, or of each of more classes against the rest.

    Args:
        outcomes: predictions with the actual classes.
        most: number of points in a curve, at least 2.

    Returns:
        In the order of the classes. One that has no review, or all of them, has no curve and is left out.
    """
    wanted = [1] if outcomes.classes == 2 else range(outcomes.classes)
    found = (_class_curves(outcomes, label, most) for label in wanted)
    return [curves for curves in found if curves is not None]


def _class_curves(outcomes: Outcomes, label: int, most: int) -> Curves | None:
    points = compute_operating_points(outcomes.probabilities[:, label], outcomes.labels == label)
    average_precision = compute_average_precision(points)
    if average_precision is None or not points.negatives:
        return None
    false_rate, recall, precision = points.false_positive_rate, points.recall, points.precision
    area = float(np.sum(np.diff(false_rate) * (recall[1:] + recall[:-1]) / 2))
    roc = _thin(false_rate + recall, most)
    # The first point calls nothing positive, and has no precision; those that find nothing new are of no use.
    useful = 1 + np.flatnonzero(np.diff(points.true_positives))
    found = useful[_thin(recall[useful], most)]
    return Curves(
        class_name=outcomes.class_names[label],
        examples=points.positives,
        roc_auc=area,
        average_precision=average_precision,
        false_positive_rate=false_rate[roc].tolist(),
        true_positive_rate=recall[roc].tolist(),
        recall=recall[found].tolist(),
        precision=precision[found].tolist(),
    )


def _thin(along: np.ndarray, most: int) -> np.ndarray:
    """Indices of at most ``most`` points at even distances along a curve, the first and the last among them."""
    if len(along) <= most:
        return np.arange(len(along))
    places = np.searchsorted(along, np.linspace(along[0], along[-1], most))
    return np.unique(np.r_[0, places[1:-1], len(along) - 1])


def _shares(counts: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """``counts / totals``, nan where a total is 0."""
    return np.asarray(np.divide(counts, totals, out=np.full(len(counts), np.nan), where=totals > 0))
