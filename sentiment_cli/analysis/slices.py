"""Where does a network fail more: error rates by length, unknown words, cutting, star rating and negation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.intervals import accuracy_interval
from sentiment_cli.evaluation.predictions import Prediction

UNKNOWN = "not known"
_NO_TRAITS = Traits(None, None, None)


@dataclass(frozen=True)
class Slice:
    """The reviews of one part that are alike in one trait.

    Args:
        by: which trait, one of `SLICES`.
        name: what they have in common, as ``101 to 200 words``.
        examples: number of reviews, at least 1.
        wrong: how many of them are misclassified.
    """

    by: str
    name: str
    examples: int
    wrong: int

    @property
    def error_rate(self) -> float:
        """Share of wrong predictions, in [0, 1]."""
        return self.wrong / self.examples

    @property
    def accuracy(self) -> float:
        """Share of right predictions, in [0, 1]."""
        return 1 - self.error_rate

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % score interval of the error rate."""
        return accuracy_interval(self.wrong, self.examples)


def compute_slices(predictions: Sequence[Prediction], traits: Mapping[str, Traits], by: str) -> list[Slice]:
    """Count reviews and mistakes for each value of a trait.

    Args:
        predictions: of one part.
        traits: of its reviews, by path; those of a review that has none are not known.
        by: one of `SLICES`.

    Returns:
        In the order of the values, those that are not known last; values without a review are left out.
    """
    examples: dict[tuple[int, str], int] = defaultdict(int)
    wrong: dict[tuple[int, str], int] = defaultdict(int)
    place = _PLACES[by]
    for row in predictions:
        key = place(row, traits.get(row.path, _NO_TRAITS))
        examples[key] += 1
        wrong[key] += row.is_wrong
    return [Slice(by, key[1], examples[key], wrong[key]) for key in sorted(examples)]


def slice_name(prediction: Prediction, traits: Traits | None, by: str) -> str:
    """The name of the slice that a review is in."""
    return _PLACES[by](prediction, traits or _NO_TRAITS)[1]


# Each gives the order and the name of a review's slice.
_Place = Callable[[Prediction, Traits], tuple[int, str]]


def _by_length(row: Prediction, _: Traits) -> tuple[int, str]:
    """Lengths double from slice to slice, since they spread over orders of magnitude (IMDb: 10 to 2,500 words)."""
    edges = (25, 50, 100, 200, 400, 800)
    place = sum(row.tokens > edge for edge in edges)
    if place == len(edges):
        return place, f"over {edges[-1]} words"
    return place, f"up to {edges[0]} words" if place == 0 else f"{edges[place - 1] + 1} to {edges[place]} words"


def _by_unknown(row: Prediction, _: Traits) -> tuple[int, str]:
    edges = (0.0, 0.02, 0.05, 0.1, 0.2)
    names = ("none unknown", "up to 2 %", "2 to 5 %", "5 to 10 %", "10 to 20 %", "over 20 % unknown")
    share = row.unknown_share
    place = sum(share > edge for edge in edges)
    return place, names[place]


def _by_cut(row: Prediction, _: Traits) -> tuple[int, str]:
    share = row.cut / max(row.tokens, 1)
    names = ("read whole", "up to a quarter cut", "a quarter to a half cut", "over a half cut")
    place = sum(share > edge for edge in (0.0, 0.25, 0.5))
    return place, names[place]


def _by_rating(_: Prediction, traits: Traits) -> tuple[int, str]:
    if traits.rating is None:
        return 99, "no rating"
    return traits.rating, f"{traits.rating} {'star' if traits.rating == 1 else 'stars'}"


def _by_negation(_: Prediction, traits: Traits) -> tuple[int, str]:
    if traits.negations is None:
        return 99, UNKNOWN
    names = ("no negation", "1 negation", "2 or 3 negations", "4 to 7 negations", "8 negations and more")
    place = sum(traits.negations > edge for edge in (0, 1, 3, 7))
    return place, names[place]


_PLACES: dict[str, _Place] = {
    "length": _by_length,
    "unknown": _by_unknown,
    "cut": _by_cut,
    "rating": _by_rating,
    "negation": _by_negation,
}
SLICES = tuple(_PLACES)
