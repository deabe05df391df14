"""Which predictions does a list show, and in which order?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from sentiment_cli.errors import UsageError, suggest
from sentiment_cli.evaluation.predictions import Prediction

Sort = Literal["confidence", "loss", "length"]
Kind = Literal["fp", "fn"]
_FIGURES: dict[Sort, Callable[[Prediction], float]] = {
    "confidence": lambda row: row.probability,
    "loss": lambda row: row.loss,
    "length": lambda row: row.tokens,
}

Item = TypeVar("Item")


@dataclass(frozen=True)
class Selection:
    """What is asked for; every condition has to hold.

    Args:
        actual: only this class.
        predicted: only what was taken for this class.
        min_probability: of the predicted class, inclusive.
        max_probability: likewise.
        contains: only reviews whose text has this in it, whatever the case and white space.
        kind: only false positives (``fp``: taken for the second of two classes) or false negatives (``fn``).
        sort: by what; the largest first. None: the items keep their order.
        reverse: the other end of that order first.
        top: at most so many; None: all.
    """

    actual: str | None = None
    predicted: str | None = None
    min_probability: float | None = None
    max_probability: float | None = None
    contains: str | None = None
    kind: Kind | None = None
    sort: Sort | None = None
    reverse: bool = False
    top: int | None = None

    @property
    def is_filter(self) -> bool:
        """Whether it may leave predictions out."""
        limits = (self.actual, self.predicted, self.min_probability, self.max_probability, self.contains, self.kind)
        return any(value is not None for value in limits)

    def check(self, class_names: Sequence[str]) -> None:
        """Raise a UsageError for what cannot be asked of predictions of these classes."""
        for option, name in (("--actual", self.actual), ("--predicted", self.predicted)):
            if name is not None and name not in class_names:
                raise UsageError(f"{option} {name}: the run has no such class; {suggest(name, class_names)}")
        if self.kind is not None and len(class_names) != 2:
            raise UsageError(
                f"--kind {self.kind} is for two classes, of which the second is the positive one; the run has "
                f"{len(class_names)} ({', '.join(class_names)}). Use --actual and --predicted."
            )
        low, high = self.min_probability, self.max_probability
        for option, limit in (("--min-probability", low), ("--max-probability", high)):
            if limit is not None and not 0 <= limit <= 1:
                raise UsageError(f"{option}: expected a number from 0 to 1, received {limit:g}.")
        if low is not None and high is not None and low > high:
            raise UsageError(f"--min-probability {low:g} is above --max-probability {high:g}; nothing can be in it.")


def select(
    items: Iterable[Item],
    selection: Selection,
    *,
    prediction: Callable[[Item], Prediction],
    text: Callable[[Item], str | None],
) -> list[Item]:
    """The items that a selection means, in its order; ties keep theirs, also where the other end comes first.

    Args:
        items: whatever has a prediction.
        selection: what is asked for, ``top`` aside: the caller wants to know how many there are.
        prediction: of an item.
        text: of an item, None where it is gone; asked for only where a text has to contain something, and of the items
            that meet all other conditions.
    """
    found = [item for item in items if _matches(prediction(item), selection)]
    if selection.contains is not None:
        wanted = _plain(selection.contains)
        found = [item for item in found if wanted in _plain(text(item) or "")]
    if selection.sort is None:
        return found[::-1] if selection.reverse else found
    figure, sign = _FIGURES[selection.sort], 1 if selection.reverse else -1
    return sorted(found, key=lambda item: sign * figure(prediction(item)))


def _plain(text: str) -> str:
    """Without differences in case and white space."""
    return " ".join(text.casefold().split())


def _matches(row: Prediction, selection: Selection) -> bool:
    return (
        selection.actual in (None, row.actual)
        and selection.predicted in (None, row.predicted)
        and (selection.min_probability is None or row.probability >= selection.min_probability)
        and (selection.max_probability is None or row.probability <= selection.max_probability)
        and (selection.kind is None or selection.kind == _kind(row))
    )


def _kind(row: Prediction) -> Kind | None:
    """Of a wrong prediction of two classes."""
    if not row.is_wrong:
        return None
    return "fp" if row.predicted == list(row.probabilities)[1] else "fn"
