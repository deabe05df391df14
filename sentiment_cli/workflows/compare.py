"""Compare two runs on the same reviews, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.comparison import Comparison, Pair, compare_predictions
from sentiment_cli.evaluation.intervals import accuracy_interval, difference_interval, mcnemar_p_value
from sentiment_cli.runs import Run
from sentiment_cli.workflows.entries import read_table

# What most readers take for rare; the p-value stands beside it for those who do not.
RARE = 0.05
_LISTED = 5


@dataclass(frozen=True)
class CompareResult:
    """Two runs on one part of their data.

    Args:
        runs: the two.
        names: what they are called: their names, or their paths where those are the same.
        split: the part.
        comparison: what was counted.
    """

    runs: tuple[Run, Run]
    names: tuple[str, str]
    split: str
    comparison: Comparison

    @property
    def accuracies(self) -> list[float]:
        """Of both, in [0, 1]."""
        counts = self.comparison.counts
        return [right / counts.examples for right in (counts.first_right, counts.second_right)]

    @property
    def intervals(self) -> list[tuple[float, float]]:
        """The 95 % intervals of both accuracies, each for itself."""
        counts = self.comparison.counts
        return [accuracy_interval(right, counts.examples) for right in (counts.first_right, counts.second_right)]

    @property
    def difference_interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference, see `evaluation.intervals.difference_interval`."""
        return difference_interval(self.comparison.counts)

    @property
    def p_value(self) -> float:
        """Of McNemar's exact test."""
        return mcnemar_p_value(self.comparison.counts)

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        counts, (first, second) = self.comparison.counts, self.names
        if not self.comparison.divided:
            return f"{first} and {second} are right on the same reviews and wrong on the same: there is no difference."
        return (
            f"{first} is right on {_reviews(counts.only_first)} that {second} gets wrong, {second} on "
            f"{counts.only_second:,} that {first} gets wrong: {self._verdict}."
        )

    @property
    def _verdict(self) -> str:
        if self.comparison.counts.difference == 0:
            return "they are right equally often"
        could_be_chance, (low, high) = self.p_value >= RARE, self.difference_interval
        likely = "could be chance" if could_be_chance else "is more than chance makes likely"
        # The interval and the exact test are made in two ways, and may fall on two sides of a close call.
        side = "leaves 0 out" if could_be_chance else "has 0 in it"
        close = f"; its interval {side}: a close call" if could_be_chance != (low <= 0 <= high) else ""
        return f"the difference {likely} ({p_text(self.p_value)}{close})"

    @property
    def largest_differences(self) -> list[Pair]:
        """The reviews that one labels correctly and the other, with the largest distance, does not; five at most."""
        return self.comparison.divided[:_LISTED]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``compare --json``."""
        counts = self.comparison.counts
        return {
            "runs": [str(run.path) for run in self.runs],
            "split": self.split,
            "examples": counts.examples,
            "class_names": self.comparison.class_names,
            "accuracy": self.accuracies,
            "accuracy_interval": [list(interval) for interval in self.intervals],
            "difference": counts.difference,
            "difference_interval": list(self.difference_interval),
            "both_right": counts.both_right,
            "only_first_right": counts.only_first,
            "only_second_right": counts.only_second,
            "both_wrong": counts.both_wrong,
            "p_value": self.p_value,
            "sentence": self.sentence,
            "largest_differences": [_pair_values(pair) for pair in self.largest_differences],
        }


def compare_runs(first: Run, second: Run, *, split: str = "test") -> CompareResult:
    """Compare two runs on one part of their data: the same reviews, joined by their paths.

    What is compared is two networks, not two configurations: with another seed each would be another one.

    Args:
        first: a run.
        second: another, with the same classes.
        split: ``train``, ``validation`` or ``test``.

    Raises:
        RunError: a part was not evaluated, a table is damaged, or the reviews or classes differ.
    """
    same_name = first.name == second.name
    names = (str(first.path), str(second.path)) if same_name else (first.name, second.name)
    tables = read_table(first, split), read_table(second, split)
    comparison = compare_predictions(*tables, names)
    check_same_contents(first, second, split, names)
    return CompareResult((first, second), names, split, comparison)


def p_text(p_value: float) -> str:
    """A p-value for people: ``p = 0.42``, ``p = 0.0703``, ``p < 0.0001``."""
    if p_value < 0.0001:
        return "p < 0.0001"
    return f"p = {p_value:.2f}" if p_value >= 0.1 else f"p = {p_value:.3g}"


def check_same_contents(first: Run, second: Run, split: str, names: tuple[str, str]) -> None:
    """Raise a RunError where files of the same names hold other texts; runs know theirs by a fingerprint."""
    known = [run.read_record().get("data", {}) for run in (first, second)]
    of_test = [data.get("test_fingerprint") if split == "test" else None for data in known]
    # A run that was trained without its test part does not know the contents of that.
    mine, theirs = of_test if any(of_test) else [data.get("fingerprint") for data in known]
    if mine and theirs and mine != theirs:
        raise RunError(
            f"The {split} reviews of {names[0]} and {names[1]} have the same names and other contents "
            f"(fingerprints {mine[:12]} and {theirs[:12]}); train both on the same data to compare them."
        )


def _reviews(count: int) -> str:
    return f"{count:,} {'review' if count == 1 else 'reviews'}"


def _pair_values(pair: Pair) -> dict[str, Any]:
    actual = pair.first.actual
    return {
        "path": pair.first.path,
        "actual": actual,
        "predicted": [pair.first.predicted, pair.second.predicted],
        "probability_of_actual": [pair.first.probabilities[actual], pair.second.probabilities[actual]],
    }
