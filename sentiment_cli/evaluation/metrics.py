"""How good predictions are: the figures of one evaluation, with their 95 % intervals.

Counted with numpy, since importing scikit-learn takes a second; the tests hold them against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.evaluation.areas import compute_roc_area
from sentiment_cli.evaluation.calibration import compute_calibration
from sentiment_cli.evaluation.curves import compute_average_precision, compute_operating_points
from sentiment_cli.evaluation.intervals import accuracy_interval, f1_interval, macro_f1_interval, mean_interval
from sentiment_cli.evaluation.outcomes import Outcomes


@dataclass(frozen=True)
class Evaluation:
    """The figures of one evaluation; fractions are in [0, 1].

    Args:
        examples: number of reviews.
        loss: mean cross-entropy in nats.
        accuracy: share of right predictions.
        accuracy_interval: its 95 % score interval, lower and upper limit.
        macro_f1: mean F1 of the classes that have a review or a prediction.
        roc_auc: of the second of two classes; for more, one class against the rest, macro-averaged. None where
            a class has no review.
        average_precision: likewise, see `curves.compute_average_precision`.
        majority_baseline: the accuracy of always predicting this part's most frequent class.
        classes: precision, recall, F1 and support by class name; a precision or recall of 0/0 is 0.
        confusion_matrix: rows actual, columns predicted.
        class_names: in the order of rows and columns.
        calibration: ``ece``, ``adaptive_ece``, ``chance_ece``, ``brier`` and ``mean_confidence``, see `calibration`.
        intervals: the 95 % intervals of ``loss``, ``macro_f1`` and ``roc_auc``, and below ``classes`` by class name
            those of ``precision``, ``recall`` and ``f1``; None where there is none.
    """

    examples: int
    loss: float
    accuracy: float
    accuracy_interval: list[float]
    macro_f1: float
    roc_auc: float | None
    average_precision: float | None
    majority_baseline: float
    classes: dict[str, dict[str, float]]
    confusion_matrix: list[list[int]]
    class_names: list[str]
    calibration: dict[str, float]
    intervals: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def compute_probabilities(logits: np.ndarray) -> np.ndarray:
    """Probabilities float64[n, classes] from logits float[n, 1 or classes]."""
    wide = logits.astype(np.float64)
    if wide.shape[1] == 1:
        wide = np.concatenate([np.zeros_like(wide), wide], axis=1)
    exponentials = np.exp(wide - wide.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def compute_log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Logarithms float64[n, classes] of the probabilities, exact where a probability rounds to 0."""
    wide = logits.astype(np.float64)
    if wide.shape[1] == 1:
        wide = np.concatenate([np.zeros_like(wide), wide], axis=1)
    highest = wide.max(axis=1, keepdims=True)
    return np.asarray(wide - (highest + np.log(np.exp(wide - highest).sum(axis=1, keepdims=True))))


def compute_losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The cross-entropy float64[n] of each review, exact where a probability rounds to 0."""
    return np.asarray(-compute_log_probabilities(logits)[np.arange(len(labels)), labels])


def compute_metrics(logits: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]) -> Evaluation:
    """All figures of one evaluation, from what the network gave.

    Args:
        logits: float32[n, 1 or classes], n at least 1.
        labels: int32[n].
        class_names: in the order of the labels.
    """
    return compute_evaluation(make_outcomes(logits, labels, class_names))


def make_outcomes(logits: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]) -> Outcomes:
    """Predictions as arrays, from the same."""
    probabilities = compute_probabilities(logits)
    losses = compute_losses(logits, labels)
    return Outcomes(probabilities, labels, probabilities.argmax(axis=1), losses, class_names)


def compute_evaluation(outcomes: Outcomes) -> Evaluation:
    """All figures of one evaluation; 25,000 reviews take 25 ms."""
    matrix, count = outcomes.confusion_matrix, len(outcomes.labels)
    classes = compute_class_figures(matrix, outcomes.class_names)
    area = compute_roc_area(outcomes)
    return Evaluation(
        examples=count,
        loss=float(outcomes.losses.mean()),
        accuracy=float(outcomes.is_right.mean()),
        accuracy_interval=list(accuracy_interval(int(matrix.trace()), count)),
        macro_f1=compute_macro_f1(matrix),
        roc_auc=area.value if area else None,
        average_precision=_average_precision(outcomes),
        majority_baseline=float(matrix.sum(axis=1).max() / count),
        classes=classes,
        confusion_matrix=matrix.tolist(),
        class_names=list(outcomes.class_names),
        calibration=compute_calibration(outcomes).figures,
        intervals={
            "loss": _as_list(mean_interval(outcomes.losses)),
            "macro_f1": list(macro_f1_interval(matrix)),
            "roc_auc": _as_list(area.interval if area else None),
            "classes": compute_class_intervals(matrix, outcomes.class_names),
        },
    )


def compute_class_figures(matrix: np.ndarray, class_names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Precision, recall, F1 and support by class name, from int[classes, classes], rows actual; 0/0 is 0."""
    return {
        name: {
            "precision": right / max(predicted, 1),
            "recall": right / max(actual, 1),
            "f1": 2 * right / max(actual + predicted, 1),
            "support": actual,
        }
        for name, right, actual, predicted in _class_counts(matrix, class_names)
    }


def compute_class_intervals(matrix: np.ndarray, class_names: Sequence[str]) -> dict[str, dict[str, list[float] | None]]:
    """The 95 % intervals of `compute_class_figures`; None for what is 0/0.

    A precision is taken as the share of as many reviews as were predicted to be of the class, not as a share of which
    that number, too, is by chance.
    """
    return {
        name: {
            "precision": list(accuracy_interval(right, predicted)) if predicted else None,
            "recall": list(accuracy_interval(right, actual)) if actual else None,
            "f1": list(f1_interval(right, actual + predicted - 2 * right)) if actual + predicted else None,
        }
        for name, right, actual, predicted in _class_counts(matrix, class_names)
    }


def compute_macro_f1(matrix: np.ndarray) -> float:
    """The mean F1 of the classes that have a review or a prediction, from int[classes, classes]."""
    ends = matrix.sum(axis=0) + matrix.sum(axis=1)
    return float(np.mean(2 * matrix.diagonal()[ends > 0] / ends[ends > 0]))


def _class_counts(matrix: np.ndarray, class_names: Sequence[str]) -> list[tuple[str, int, int, int]]:
    """Of each class its name, and how many are recognised, are of it, and are predicted to be."""
    columns = matrix.diagonal().tolist(), matrix.sum(axis=1).tolist(), matrix.sum(axis=0).tolist()
    return list(zip(class_names, *columns, strict=True))


def _average_precision(outcomes: Outcomes) -> float | None:
    if not np.bincount(outcomes.labels, minlength=outcomes.classes).all():
        return None
    wanted = [1] if outcomes.classes == 2 else range(outcomes.classes)
    found = [
        compute_average_precision(compute_operating_points(outcomes.probabilities[:, label], outcomes.labels == label))
        for label in wanted
    ]
    return float(np.mean([value for value in found if value is not None]))


def _as_list(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
