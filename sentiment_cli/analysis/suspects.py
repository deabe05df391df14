"""Which labels are likely wrong? Confident learning, from predictions of reviews that were not learned from.

Source: Northcutt, Jiang and Chuang 2021, Journal of Artificial Intelligence Research 70, 1373-1411, arXiv:1911.00068,
section 3. What it estimates are the labels that the network contradicts with more confidence than it usually has for
the class that it would give; some of these are its own confident mistakes, so a person has to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment_cli.errors import DataError
from sentiment_cli.evaluation.predictions import Prediction


@dataclass(frozen=True)
class Suspect:
    """A label that is likely wrong.

    Args:
        prediction: of its review; ``actual`` is the given label.
        suggested: the class that it likely has.
        self_confidence: probability of the given label.
        margin: probability of the given label minus that of the most probable other one, in [-1, 1]; the lower, the
            more suspect (the paper's normalized margin).
    """

    prediction: Prediction
    suggested: str
    self_confidence: float
    margin: float


@dataclass(frozen=True)
class LabelNoise:
    """What confident learning finds in the labels of one part.

    Args:
        class_names: in the order of the table.
        thresholds: by class, the mean probability that its own reviews get; nan for a class without reviews.
        confident_joint: ``int64[classes, classes]``; rows are given labels, columns the classes that reviews reach the
            threshold of (the most probable one of several).
        joint: ``float64[classes, classes]``, the estimated shares of given and true labels among all reviews; it sums
            to 1.
        examples: number of reviews.
        suspects: the reviews off the diagonal of the confident joint, the lowest margin first; ties keep the order of
            the reviews.
    """

    class_names: list[str]
    thresholds: NDArray[np.float64]
    confident_joint: NDArray[np.int64]
    joint: NDArray[np.float64]
    examples: int
    suspects: list[Suspect]

    @property
    def estimated_errors(self) -> int:
        """About how many of all labels are wrong: the joint's share off its diagonal."""
        return round(float(1 - np.trace(self.joint)) * self.examples)


def find_suspects(predictions: Sequence[Prediction]) -> LabelNoise:
    """Rank labels by how clearly the predictions speak against them.

    Args:
        predictions: of reviews that the network did not learn from.

    Raises:
        DataError: there are none.
    """
    if not predictions:
        raise DataError("There are no predictions, and so no labels to doubt.")
    class_names = list(predictions[0].probabilities)
    place = {name: index for index, name in enumerate(class_names)}
    given = np.array([place[row.actual] for row in predictions])
    shares = np.array([list(row.probabilities.values()) for row in predictions])
    thresholds = compute_thresholds(shares, given)
    confident = confident_classes(shares, thresholds)
    joint = count_joint(given, confident, len(class_names))
    return LabelNoise(
        class_names=class_names,
        thresholds=thresholds,
        confident_joint=joint,
        joint=calibrate_joint(joint, np.bincount(given, minlength=len(class_names))),
        examples=len(predictions),
        suspects=_rank(predictions, class_names, shares, given, confident),
    )


def compute_thresholds(shares: NDArray[np.float64], given: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean probability of each class over the reviews that are labelled so (equation 2 of the paper).

    Args:
        shares: ``float64[n, classes]``, probabilities.
        given: ``int64[n]``, labels.

    Returns:
        ``float64[classes]``; nan for a class without reviews, whose threshold nothing reaches.
    """
    counts = np.bincount(given, minlength=shares.shape[1])
    sums = np.bincount(given, weights=shares[np.arange(len(given)), given], minlength=shares.shape[1])
    return np.asarray(np.divide(sums, counts, out=np.full(shares.shape[1], np.nan), where=counts > 0))


def confident_classes(shares: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The class that each review counts for: the most probable of those whose threshold it reaches.

    Returns:
        ``int64[n]``; -1 for a review that reaches none. The first of equally probable ones.
    """
    # A mean of equal numbers is off by rounding, which must not put all of them below it.
    reached = shares >= thresholds - 1e-12
    best = np.where(reached, shares, -1.0).argmax(axis=1)
    return np.where(reached.any(axis=1), best, -1)


def count_joint(given: NDArray[np.int64], confident: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """How many reviews with each given label (rows) count for each class (columns); equation 1."""
    counted = confident >= 0
    cells = np.bincount(given[counted] * classes + confident[counted], minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def calibrate_joint(counts: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The joint as shares of all reviews: each row is brought to the number of its labels (equation 3).

    A row without any confident review is put on the diagonal: nothing speaks against its labels.
    """
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.where(rows > 0, counts / np.maximum(rows, 1), np.eye(len(counts)))
    return np.asarray(shares * labels[:, None] / labels.sum())


def _rank(
    predictions: Sequence[Prediction],
    class_names: Sequence[str],
    shares: NDArray[np.float64],
    given: NDArray[np.int64],
    confident: NDArray[np.int64],
) -> list[Suspect]:
    every = np.arange(len(given))
    own = shares[every, given]
    others = shares.copy()
    others[every, given] = -np.inf
    margins = own - others.max(axis=1)
    found = np.flatnonzero((confident >= 0) & (confident != given))
    ranked = found[np.argsort(margins[found], kind="stable")]
    return [
        Suspect(predictions[index], class_names[confident[index]], float(own[index]), float(margins[index]))
        for index in ranked.tolist()
    ]
