"""Is a network right as often as it says: reliability bins, expected calibration error, Brier score."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.evaluation.intervals import accuracy_interval
from sentiment_cli.evaluation.outcomes import Outcomes

BINS = 15  # as in Guo et al. 2017, section 5


@dataclass(frozen=True)
class Bin:
    """Reviews of about the same probability.

    Args:
        low: lower end of the bin, exclusive but for 0.
        high: upper end, inclusive.
        examples: number of reviews in it, at least 1.
        probability: their mean probability.
        share: how many of them it came true for.
        interval: the 95 % score interval of that share.
    """

    low: float
    high: float
    examples: int
    probability: float
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Calibration:
    """How far confidence is from accuracy; all in [0, 1], but for the Brier score of more than two classes.

    Args:
        ece: expected calibration error: the mean distance of confidence and accuracy over 15 bins of equal width.
        adaptive_ece: the same over 15 bins of equally many reviews.
        chance_ece: what ``ece`` would come to by chance, were every confidence exact; never 0, as bins are finite.
        brier: mean squared distance of probability and outcome: of the positive one of two classes, in [0, 1]; summed
            over the classes where there are more, in [0, 2].
        mean_confidence: mean probability of the predicted class; above the accuracy: over-confident.
        bins: of the confidence, those without reviews left out.
        positive_bins: of the probability of the positive one of two classes; None for more classes.
    """

    ece: float
    adaptive_ece: float
    chance_ece: float
    brier: float
    mean_confidence: float
    bins: list[Bin]
    positive_bins: list[Bin] | None

    @property
    def figures(self) -> dict[str, float]:
        """The single numbers by name."""
        return {key: getattr(self, key) for key in ("ece", "adaptive_ece", "chance_ece", "brier", "mean_confidence")}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, the bins included."""
        return asdict(self)


def compute_calibration(outcomes: Outcomes, bins: int = BINS) -> Calibration:
    """Compare confidence and accuracy.

    Sources: Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599, section 2, equations 3 and 5 (bins of equal width);
    Nixon et al. 2019, arXiv:1904.01685, section 3 (bins of equal mass); Brier 1950, Monthly Weather Review 78, 1-3.

    Args:
        outcomes: predictions with the actual classes.
        bins: number of bins over [0, 1], and of bins of equal mass.
    """
    confidences, is_right = outcomes.confidences, outcomes.is_right
    edges = np.linspace(0, 1, bins + 1)
    positive = None
    if outcomes.classes == 2:
        positive = _make_bins(outcomes.probabilities[:, 1], outcomes.labels == 1, edges)
    return Calibration(
        ece=_error(confidences, is_right, _places(confidences, edges)),
        adaptive_ece=_error(confidences, is_right, _places(confidences, _equal_mass_edges(confidences, bins))),
        chance_ece=_chance_error(confidences, _places(confidences, edges)),
        brier=_brier(outcomes),
        mean_confidence=float(confidences.mean()),
        bins=_make_bins(confidences, is_right, edges),
        positive_bins=positive,
    )


def _places(probabilities: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each, whose upper end belongs to it."""
    return np.asarray(np.searchsorted(edges[1:-1], probabilities, side="left"))


def _equal_mass_edges(probabilities: np.ndarray, bins: int) -> np.ndarray:
    """Where to cut for equally many in each bin; equal ones share a bin, whatever their order."""
    ordered = np.sort(probabilities)
    cuts = np.ceil(np.arange(1, bins) * len(ordered) / bins).astype(int) - 1
    return np.asarray(np.r_[0, np.unique(ordered[cuts]), 1])


def _error(probabilities: np.ndarray, came_true: np.ndarray, places: np.ndarray) -> float:
    gaps = np.bincount(places, weights=came_true) - np.bincount(places, weights=probabilities)
    return float(np.abs(gaps).sum() / len(probabilities))


def _chance_error(probabilities: np.ndarray, places: np.ndarray) -> float:
    """The number that comes true in a bin is near a normal one, whose mean distance is 0.8 standard deviations."""
    variances = np.bincount(places, weights=probabilities * (1 - probabilities))
    return float(math.sqrt(2 / math.pi) * np.sqrt(variances).sum() / len(probabilities))


def _brier(outcomes: Outcomes) -> float:
    distances = outcomes.probabilities - np.eye(outcomes.classes)[outcomes.labels]
    if outcomes.classes == 2:
        distances = distances[:, 1:]
    return float((distances**2).sum(axis=1).mean())


def _make_bins(probabilities: np.ndarray, came_true: np.ndarray, edges: np.ndarray) -> list[Bin]:
    places, number = _places(probabilities, edges), len(edges) - 1
    counts = np.bincount(places, minlength=number).tolist()
    true = np.bincount(places, weights=came_true, minlength=number).tolist()
    sums = np.bincount(places, weights=probabilities, minlength=number).tolist()
    return [
        Bin(
            low=float(edges[place]),
            high=float(edges[place + 1]),
            examples=count,
            probability=sums[place] / count,
            share=true[place] / count,
            interval=accuracy_interval(int(true[place]), count),
        )
        for place, count in enumerate(counts)
        if count
    ]
