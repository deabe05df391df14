"""How good predictions are: the figures of one evaluation, by scikit-learn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.evaluation.intervals import accuracy_interval


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
        majority_baseline: the accuracy of always predicting this part's most frequent class.
        classes: precision, recall, F1 and support by class name; a precision or recall of 0/0 is 0.
        confusion_matrix: rows actual, columns predicted.
        class_names: in the order of rows and columns.
    """

    examples: int
    loss: float
    accuracy: float
    accuracy_interval: list[float]
    macro_f1: float
    roc_auc: float | None
    majority_baseline: float
    classes: dict[str, dict[str, float]]
    confusion_matrix: list[list[int]]
    class_names: list[str]

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
    """All figures of one evaluation.

    Args:
        logits: float32[n, 1 or classes], n at least 1.
        labels: int32[n].
        class_names: in the order of the labels.
    """
    # One second, which a prediction without figures need not wait.
    from sklearn.metrics import precision_recall_fscore_support

    probabilities = compute_probabilities(logits)
    predicted = probabilities.argmax(axis=1)
    every = np.arange(len(class_names))
    matrix = np.bincount(labels * len(every) + predicted, minlength=len(every) ** 2).reshape(len(every), len(every))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    return Evaluation(
        examples=len(labels),
        loss=float(compute_losses(logits, labels).mean()),
        accuracy=float((predicted == labels).mean()),
        accuracy_interval=list(accuracy_interval(int(matrix.trace()), len(labels))),
        macro_f1=float(np.mean(f1[matrix.sum(axis=0) + matrix.sum(axis=1) > 0])),
        roc_auc=_roc_auc(probabilities, labels),
        majority_baseline=float(np.bincount(labels).max() / len(labels)),
        classes={
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in zip(class_names, precision, recall, f1, support, strict=True)
        },
        confusion_matrix=matrix.tolist(),
        class_names=list(class_names),
    )


def _roc_auc(probabilities: np.ndarray, labels: np.ndarray) -> float | None:
    from sklearn.metrics import roc_auc_score

    classes = probabilities.shape[1]
    if len(np.unique(labels)) < classes:
        return None
    if classes == 2:
        return float(roc_auc_score(labels, probabilities[:, 1]))
    return float(roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"))
