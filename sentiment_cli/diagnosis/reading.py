"""What do the curves of a training run show, in one sentence with numbers?

Every sentence states what was measured; advice is a suggestion ("may", "usually"). A curve moves from epoch to
epoch even where nothing happens, so a rise or a fall only counts when it is larger than that jitter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from sentiment_cli.history import History, Measure

# With two points every change looks like a trend.
MIN_EPOCHS = 3
# Accuracy this little above chance is what a few hundred reviews give by luck.
CHANCE_MARGIN = 0.02
# A change has to be this many times the curve's jitter. Flat curves with 3 % of normal jitter, whose best epoch is
# only the luckiest one, are then called overfitting in 8 of 100 cases with 4 epochs, 4 with 10 and 2 with 30; curves
# with 2 % that do climb by 0.05 an epoch, in 84 of 100 with 5 epochs and in all from 8 on (1,000 simulated each).
RISE_JITTER, FALL_JITTER = 6.0, 2.5
# The second way to a rise, for curves that fell steeply at first, which counts as jitter: it looks at the epochs
# since the best alone, so many at least. It adds one false alarm in 100 to those above.
LASTING_EPOCHS, LASTING_JITTER = 4, 4.0
_LASTING_RISE, _FAR = 0.10, 0.25  # relative
_RISE, _FALL, _FLOOR = 0.02, 0.01, 0.001  # relative, relative, absolute: below these nobody would see it in a plot


Kind = Literal[
    "no epoch",
    "not finite",
    "too few epochs",
    "at chance",
    "nothing carries over",
    "not learning",
    "training rises",
    "no validation",
    "overfitting",
    "possibly overfitting",
    "both rise",
    "still improving",
    "not clear yet",
    "levelled off",
]


@dataclass(frozen=True)
class Reading:
    """What the curves show.

    Args:
        kind: in a word or three.
        sentence: with epochs and numbers, without a line break.
    """

    kind: Kind
    sentence: str


@dataclass(frozen=True)
class _Curve:
    """The epochs in which a loss was measured, and the losses; all finite, at least `MIN_EPOCHS` of them."""

    epochs: list[int]
    losses: list[float]

    @property
    def best(self) -> int:
        """Index of the lowest loss, the earliest on a tie."""
        return self.losses.index(min(self.losses))

    @property
    def jitter(self) -> float:
        """Typical distance of a point from the straight line between its neighbours; 0 on a straight line.

        The turning point is left out: there the distance is the shape of the curve.
        """
        return _jitter(self.losses, [i for i in range(1, len(self.losses) - 1) if i != self.best])

    @property
    def rise(self) -> float:
        """How far the loss climbed since its best epoch, by the median of the last (up to three) epochs."""
        after = self.losses[self.best + 1 :]
        return median(after[-3:]) - self.losses[self.best] if after else 0.0

    @property
    def fall(self) -> float:
        """How far the loss fell of late: median of the last epochs against that of as many before them."""
        width = max(min(3, len(self.losses) // 2), len(self.losses) // 4)
        return median(self.losses[-2 * width : -width]) - median(self.losses[-width:])

    @property
    def rises(self) -> bool:
        best, after = self.losses[self.best], self.losses[self.best + 1 :]
        if self.rise > max(_RISE * best, RISE_JITTER * self.jitter, _FLOOR):
            return True
        if len(after) < LASTING_EPOCHS:
            return False
        # Far above its best from the next epoch on, it need not climb any further. This adds no false alarm to those
        # above, and one to three in 100 to those of curves with 5 % of jitter.
        if min(after) > (1 + _LASTING_RISE) * best:
            return True
        # A quarter above the best for three epochs is seen by everybody, however jumpy the curve, and so is one for
        # half of the epochs that has not come back; a tenth is where the curve climbs on the whole.
        lowest = min(after[-3:])
        stays_far = median(after) > (1 + _FAR) * best and median(after[-3:]) > (1 + _RISE) * best
        jitter = LASTING_JITTER * _jitter(after, range(1, len(after) - 1))
        climbs = lowest > (1 + _RISE) * best and _climbs(after)
        return (
            lowest > (1 + _FAR) * best
            or stays_far
            or (climbs and self.rise > max(_LASTING_RISE * best, jitter, _FLOOR))
        )

    @property
    def falls(self) -> bool:
        best, last = self.losses[self.best], self.losses[-1]
        near_best = last - best <= max(_RISE * best, 2 * self.jitter)
        return near_best and self.fall > max(_FALL * last, FALL_JITTER * self.jitter, _FLOOR)


def describe_history(
    history: History, *, chance_accuracy: float | None = None, chance_margin: float = CHANCE_MARGIN
) -> str:
    """The sentence of `read_curves`."""
    return read_curves(history, chance_accuracy=chance_accuracy, chance_margin=chance_margin).sentence


def read_curves(
    history: History, *, chance_accuracy: float | None = None, chance_margin: float = CHANCE_MARGIN
) -> Reading:
    """One sentence that says what the curves show.

    The first of these that holds: no epoch yet; a loss that is not finite; too few epochs; accuracy at chance;
    training loss not falling; no validation; overfitting; still improving; not clear yet; levelled off.

    Args:
        history: of a run, finished or not.
        chance_accuracy: what always guessing the most frequent class gives, in (0, 1); None: not known, and
            chance is not mentioned.
        chance_margin: so much above chance is still chance; see `luck`.
    """
    if not history.rows:
        return Reading("no epoch", "No epoch has finished yet, so there are no curves to read.")
    found = _not_finite(history)
    if found is None and len(history) < MIN_EPOCHS:
        found = _too_few(history)
    if found is None and chance_accuracy is not None:
        found = _at_chance(history, chance_accuracy, chance_margin)
    return found or _not_learning(history) or _validation(history)


def luck(chance_accuracy: float, reviews: int) -> float:
    """How far above chance the accuracy on so many reviews comes by luck: two standard deviations, 0.02 at least.

    Half of the way to 1 at the most, that rare classes leave room for learning.
    """
    share = min(max(chance_accuracy, 0.0), 1.0)
    margin = max(CHANCE_MARGIN, 2 * math.sqrt(share * (1 - share) / max(reviews, 1)))
    return min(margin, (1 - share) / 2)


def _not_finite(history: History) -> Reading | None:
    for row in history:
        for name, loss in (("training", row.loss), ("validation", row.val_loss)):
            if loss is not None and not math.isfinite(loss):
                return Reading(
                    "not finite",
                    f"The {name} loss is {loss} at epoch {row.epoch}, not a finite number; "
                    "a lower training.learning_rate or a training.clip_norm usually prevents that.",
                )
    return None


def _too_few(history: History) -> Reading:
    last = history.rows[-1]
    part = "training" if last.val_loss is None or last.val_accuracy is None else "validation"
    loss = last.loss if last.val_loss is None else last.val_loss
    accuracy = last.accuracy if part == "training" else last.val_accuracy
    return Reading(
        "too few epochs",
        f"{_count(len(history))} {'is' if len(history) == 1 else 'are'} too few to see a trend: "
        f"{part} loss {_number(loss)} and accuracy {_number(accuracy)} at epoch {last.epoch}.",
    )


def _at_chance(history: History, chance: float, margin: float) -> Reading | None:
    limit = chance + margin
    training = _sustained(history.values("accuracy"))
    validation = _sustained(history.values("val_accuracy"))
    if validation is not None and validation > limit:
        return None
    if training is not None and training <= limit:
        parts = f"training {_number(training)}" + ("" if validation is None else f", validation {_number(validation)}")
        return Reading(
            "at chance",
            f"Stuck at chance: after {_count(len(history))} accuracy has not held above {_number(limit)} "
            f"({parts} at best), and always guessing the most frequent class gives {_number(chance)}.",
        )
    if validation is not None and training is not None:
        return Reading(
            "nothing carries over",
            f"Nothing learnt carries over: training accuracy held {_number(training)}, but validation accuracy stayed "
            f"at chance (it held {_number(validation)} at best; the most frequent class gives {_number(chance)}).",
        )
    return None


def _not_learning(history: History) -> Reading | None:
    curve = _curve(history, "loss")
    # The median of so few epochs would lie in the middle of the fall.
    first, last = curve.losses[0], median(curve.losses[-3:]) if len(curve.losses) > 5 else curve.losses[-1]
    if last < first * (1 - _FALL):
        return None
    low = curve.best
    if curve.losses[low] < first * (1 - _FALL) and curve.rises:
        return Reading(
            "training rises",
            f"The training loss fell to {_number(curve.losses[low])} at epoch {curve.epochs[low]} and rose again to "
            f"{_number(curve.losses[-1])} at epoch {curve.epochs[-1]}; a lower training.learning_rate may help.",
        )
    return Reading(
        "not learning",
        f"The training loss is not falling: {_number(first)} at epoch 1, {_number(curve.losses[-1])} at epoch "
        f"{curve.epochs[-1]}; another training.learning_rate or a larger model may help.",
    )


def _validation(history: History) -> Reading:
    if not history.has_validation:
        first, last = history.rows[0], history.rows[-1]
        return Reading(
            "no validation",
            f"No validation, so overfitting cannot be seen: training loss went from {_number(first.loss)} to "
            f"{_number(last.loss)} and accuracy went from {_number(first.accuracy)} to {_number(last.accuracy)} "
            f"in {_count(len(history))}.",
        )
    curve = _curve(history, "val_loss")
    if len(curve.losses) < MIN_EPOCHS:
        what = f"Validation was measured in {_count(len(curve.losses))} of {len(history)}, too few to see a trend."
        return Reading("too few epochs", what)
    if curve.rises:
        return _rising(history, curve)
    return _improving(curve) if curve.falls else _level(history, curve)


def _rising(history: History, curve: _Curve) -> Reading:
    best, best_epoch, last_epoch = curve.losses[curve.best], curve.epochs[curve.best], curve.epochs[-1]
    validation = (
        f"validation loss rose from {_number(best)} at epoch {best_epoch} to {_number(curve.losses[-1])} at epoch"
    )
    before, after = history.rows[best_epoch - 1].loss, history.rows[last_epoch - 1].loss
    if after >= before:
        return Reading(
            "both rise",
            f"Both losses rise after epoch {best_epoch}: {validation} {last_epoch}, training loss from "
            f"{_number(before)} to {_number(after)}; a lower training.learning_rate may help.",
        )
    # One epoch after the best is a rise, not yet a trend.
    kind: Kind = "overfitting" if last_epoch - best_epoch > 1 else "possibly overfitting"
    return Reading(
        kind,
        f"{kind.capitalize()} from epoch {best_epoch + 1}: {validation} {last_epoch} while training loss fell from "
        f"{_number(before)} to {_number(after)}{_accuracy_clause(history, best_epoch)}.",
    )


def _accuracy_clause(history: History, best_epoch: int) -> str:
    """Loss and accuracy may disagree: confident mistakes cost loss while more reviews are right."""
    accuracies = history.values("val_accuracy")
    at_best, later = accuracies[best_epoch - 1], accuracies[best_epoch:]
    highest = max(later, key=lambda value: -math.inf if math.isnan(value) else value)
    if not highest > at_best + 0.005:
        return ""
    epoch = best_epoch + 1 + later.index(highest)
    return f", though validation accuracy still went from {_number(at_best)} to {_number(highest)} at epoch {epoch}"


def _improving(curve: _Curve) -> Reading:
    highest = curve.losses.index(max(curve.losses))  # mostly epoch 1, unless the loss jumped and came back
    return Reading(
        "still improving",
        f"Still improving: validation loss fell from {_number(curve.losses[highest])} at epoch "
        f"{curve.epochs[highest]} to {_number(curve.losses[-1])} at epoch {curve.epochs[-1]}, "
        "so more epochs may help.",
    )


def _level(history: History, curve: _Curve) -> Reading:
    if curve.losses[-1] < (1 - _RISE) * min(curve.losses[:-1]):
        return Reading(
            "not clear yet",
            f"Not clear yet: validation loss is lowest at the last epoch, {curve.epochs[-1]} "
            f"({_number(curve.losses[-1])}), but fell by no more than it jumps from epoch to epoch; "
            "more epochs would tell.",
        )
    return Reading(
        "levelled off",
        f"Levelled off: validation loss was lowest at epoch {curve.epochs[curve.best]} "
        f"({_number(curve.losses[curve.best])}) and neither clearly rises nor falls up to epoch {curve.epochs[-1]} "
        f"({_number(curve.losses[-1])}), with training loss at {_number(history.rows[-1].loss)}.",
    )


def _jitter(losses: Sequence[float], inner: Iterable[int]) -> float:
    """Median distance of the points at ``inner`` from the straight line between their neighbours."""
    return median([abs(losses[i] - (losses[i - 1] + losses[i + 1]) / 2) for i in inner] or [0.0])


def _climbs(losses: Sequence[float]) -> bool:
    """Whether the later of two epochs has the higher loss in three of four pairs (Kendall's tau of 0.5)."""
    pairs = list(itertools.combinations(losses, 2))
    return sum(later > earlier for earlier, later in pairs) >= 0.75 * len(pairs)


def _curve(history: History, measure: Measure) -> _Curve:
    pairs = zip(history.epochs, history.values(measure), strict=True)
    measured = [(epoch, loss) for epoch, loss in pairs if not math.isnan(loss)]
    return _Curve([epoch for epoch, _ in measured], [loss for _, loss in measured])


def _sustained(values: list[float]) -> float | None:
    """The highest value that held for more than one epoch: best running median of three; None when not measured."""
    measured = [value for value in values if math.isfinite(value)]
    windows = [measured[i : i + 3] for i in range(max(1, len(measured) - 2))]
    return max(median(window) for window in windows) if measured else None


def _count(epochs: int) -> str:
    return f"{epochs} epoch" if epochs == 1 else f"{epochs} epochs"


def _number(value: float | None) -> str:
    """Three decimals; two significant digits where these would all be zero."""
    if value is None:
        return "unknown"
    return f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.3f}"
