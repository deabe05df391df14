"""Which learning rate does a range test suggest?

A training whose learning rate rises from step to step shows three ranges: nothing is learned, the loss falls, it rises
again (Smith 2017, Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186, section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from sentiment_cli.errors import SentimentError

# Standard deviation of the smoothing, in powers of ten of the learning rate.
_SMOOTHING = 0.15
# Steps whose median takes the place of each before that, for a single batch may lose twenty times as much.
_MEDIAN = 7
# Of the smoothed loss over its lowest so far.
_DIVERGED = 4.0
# The last steps that divergence is judged by: in a single batch the loss may be anything.
_RECENT = 8
# The part of the test, at its start, that shows the loss without learning.
_START = 0.2
# A fall counts from so many standard deviations of the start on, and from this share of the loss.
_NOISE, _LEAST_FALL = 3.0, 0.005
# The suggestion is the rate of the lowest loss over this. With a tenth, which others take, `imdb_lstm` reaches 0.872 on
# validation, with a thirtieth, its shipped rate, 0.887: in 200 steps a recurrent network shows no harm of a large rate.
_MARGIN = 30.0


@dataclass(frozen=True)
class Sweep:
    """One training with rising learning rates.

    Args:
        rates: of its steps, ascending.
        losses: the mean of each batch, as many as steps were done: fewer than rates where it diverged.
    """

    rates: Sequence[float]
    losses: Sequence[float]


@dataclass(frozen=True)
class RangeTest:
    """What several sweeps come to.

    Args:
        rates: float64[n], ascending, up to where most sweeps diverged.
        losses: float64[n], the median over the sweeps.
        smoothed: float64[n].
        lowest: the rate of the lowest smoothed loss; None where the loss does not fall.
        suggestion: what to train with; None likewise.
        still_falling: the lowest loss is that of the largest rate: a larger one may be better still.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    lowest: float | None
    suggestion: float | None
    still_falling: bool

    def to_dict(self) -> dict[str, Any]:
        """The object of ``find-lr --json``."""
        return {
            "suggestion": self.suggestion,
            "lowest": self.lowest,
            "still_falling": self.still_falling,
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "smoothed": self.smoothed.tolist(),
        }


def rising_rates(lowest: float, highest: float, steps: int) -> list[float]:
    """Learning rates in even steps of their logarithm, both ends included."""
    return [float(rate) for rate in np.geomspace(lowest, highest, steps)]


def has_diverged(losses: Sequence[float]) -> bool:
    """Whether the median of the last steps is far above the lowest such median before."""
    if len(losses) < 2 * _RECENT:
        return False
    medians = np.median(np.reshape(losses[: len(losses) // _RECENT * _RECENT], (-1, _RECENT)), axis=1)
    return bool(np.median(losses[-_RECENT:]) > _DIVERGED * medians.min())


def summarize(sweeps: Sequence[Sweep], rates: Sequence[float]) -> RangeTest:
    """The median over the sweeps, smoothed, and the learning rate that it suggests.

    Args:
        sweeps: at least one.
        rates: all rates that there were to be, from `rising_rates`.

    Raises:
        SentimentError: most sweeps had no finite loss in their first step.
    """
    table = np.full((len(sweeps), len(rates)), np.inf)
    for row, sweep in zip(table, sweeps, strict=True):
        row[: len(sweep.losses)] = sweep.losses
    median = np.median(table, axis=0)
    reached = int(np.isfinite(median).sum())
    if not reached:
        raise SentimentError(
            "The loss or a gradient of the first step is no finite number, before anything was learned. Try tanh in "
            "place of an activation without a bound."
        )
    kept, losses = np.asarray(rates[:reached], np.float64), median[:reached]
    smoothed = _smooth(kept, losses)
    at = _find_lowest(losses, smoothed, int(_START * len(rates)))
    if at is None:
        return RangeTest(kept, losses, smoothed, None, None, False)
    lowest = float(kept[at])
    return RangeTest(kept, losses, smoothed, lowest, _round(lowest / _MARGIN), at == len(rates) - 1)


def _find_lowest(losses: np.ndarray, smoothed: np.ndarray, start: int) -> int | None:
    """Where the smoothed loss is lowest; None where that is not below what chance makes of the start."""
    if len(losses) <= start or start < 2:
        return None
    at = int(np.argmin(smoothed))
    before = float(np.mean(losses[:start]))
    least = max(_NOISE * float(np.std(smoothed[:start])), _LEAST_FALL * before)
    return at if before - smoothed[at] > least and at >= start else None


def _smooth(rates: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Means with the weights of a normal distribution over the logarithm of the rate: no lag, as a running mean has."""
    losses = median_filter(losses, _MEDIAN, mode="nearest")
    if len(rates) < 2:
        return np.asarray(losses)
    deviation = _SMOOTHING * (len(rates) - 1) / np.log10(rates[-1] / rates[0])  # in steps
    reach = math.ceil(min(8 * deviation, len(rates)))

    def weigh(values: np.ndarray) -> np.ndarray:
        return np.asarray(gaussian_filter1d(values, deviation, mode="constant", radius=reach))

    shares = weigh(np.ones_like(losses))  # beyond both ends there is nothing
    return np.asarray(weigh(losses) / shares)


def _round(rate: float) -> float:
    """Two significant digits: the test knows no more."""
    return float(f"{rate:.1e}") if math.isfinite(rate) else rate
