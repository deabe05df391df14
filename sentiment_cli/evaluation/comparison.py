"""Which of two classifiers is better on the same reviews, and could that be chance?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sentiment_cli.errors import RunError, shorten_list
from sentiment_cli.evaluation.intervals import PairedCounts
from sentiment_cli.evaluation.predictions import Prediction


@dataclass(frozen=True)
class Pair:
    """What two classifiers said of one review.

    Args:
        first: the prediction of one.
        second: the prediction of the other, for the same review.
    """

    first: Prediction
    second: Prediction

    @property
    def is_divided(self) -> bool:
        """Whether exactly one of the two is right."""
        return self.first.is_wrong != self.second.is_wrong

    @property
    def distance(self) -> float:
        """How much more probable the actual class is to one than to the other, in [0, 1]."""
        actual = self.first.actual
        return abs(self.first.probabilities[actual] - self.second.probabilities[actual])


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same reviews.

    Args:
        counts: how often which of them is right.
        divided: the reviews that exactly one labels correctly, those they differ the most about first; ties are in
            the order of the first one's table.
        class_names: in the order of the first one's table.
    """

    counts: PairedCounts
    divided: list[Pair]
    class_names: list[str]


def compare_predictions(
    first: Sequence[Prediction], second: Sequence[Prediction], names: tuple[str, str]
) -> Comparison:
    """Join two tables of predictions by the paths of the reviews, and count.

    Args:
        first: one table, in any order.
        second: the other.
        names: of the two, for messages.

    Raises:
        RunError: a table is empty or names a review twice, or the tables differ in classes, reviews, or actual classes.
    """
    mine, theirs = (_by_path(rows, name) for rows, name in zip((first, second), names, strict=True))
    class_names = _same_classes(first[0], second[0], names)
    _check_same_reviews(mine, theirs, names)
    pairs = [Pair(row, theirs[path]) for path, row in mine.items()]
    divided = [pair for pair in pairs if pair.is_divided]
    only_first = sum(pair.second.is_wrong for pair in divided)
    both_wrong = sum(pair.first.is_wrong and pair.second.is_wrong for pair in pairs)
    both_right = len(pairs) - len(divided) - both_wrong
    counts = PairedCounts(both_right, only_first, len(divided) - only_first, both_wrong)
    return Comparison(counts, sorted(divided, key=lambda pair: -pair.distance), class_names)


def _by_path(rows: Sequence[Prediction], name: str) -> dict[str, Prediction]:
    if not rows:
        raise RunError(f"The predictions of {name} are empty; there is nothing to compare.")
    path, times = Counter(row.path for row in rows).most_common(1)[0]
    if times > 1:
        raise RunError(f"The predictions of {name} have {path} {times} times; expected one row for each review.")
    return {row.path: row for row in rows}


def _same_classes(first: Prediction, second: Prediction, names: tuple[str, str]) -> list[str]:
    mine, theirs = list(first.probabilities), list(second.probabilities)
    if set(mine) != set(theirs):
        raise RunError(
            f"{names[0]} knows the classes {', '.join(mine)}, {names[1]} the classes {', '.join(theirs)}; "
            "only runs with the same classes can be compared."
        )
    return mine


def _check_same_reviews(
    mine: Mapping[str, Prediction], theirs: Mapping[str, Prediction], names: tuple[str, str]
) -> None:
    missing = [*_lacking(mine, theirs, names[0]), *_lacking(theirs, mine, names[1])]
    if missing:
        raise RunError(
            f"{names[0]} and {names[1]} were evaluated on different reviews: {'; '.join(missing)}. "
            "Only runs on the same reviews can be compared: the same data, limit, and for validation the same seed."
        )
    relabelled = [path for path, row in mine.items() if row.actual != theirs[path].actual]
    if relabelled:
        raise RunError(
            f"{len(relabelled):,} reviews have another class in {names[1]} than in {names[0]}: "
            f"{shorten_list(relabelled, 3)}. Evaluate both runs on the same data."
        )


def _lacking(here: Mapping[str, Prediction], there: Mapping[str, Prediction], name: str) -> list[str]:
    """A clause on the reviews that only one table has; none where there are none."""
    alone = [path for path in here if path not in there]
    return [f"{len(alone):,} only in {name} ({shorten_list(alone, 3)})"] if alone else []
