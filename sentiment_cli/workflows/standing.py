"""How several runs stand to each other on the same reviews, and what may be concluded, without TensorFlow."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.evaluation.comparison import compare_predictions
from sentiment_cli.evaluation.intervals import PairedCounts, difference_interval, mcnemar_p_value
from sentiment_cli.evaluation.multiple import adjust_holm
from sentiment_cli.evaluation.over_seeds import MeanDifference, compare_over_seeds
from sentiment_cli.runs import Run
from sentiment_cli.workflows.baseline import recorded_accuracies
from sentiment_cli.workflows.compare import RARE, CompareResult, check_same_contents, p_text
from sentiment_cli.workflows.entries import Entry, read_entries

# With two seeds each the interval is twice as wide as with five, where seeds vary as much as reviews do.
_FEW_SEEDS = 2
Against = Literal["first", "best"]


@dataclass(frozen=True)
class Pairing:
    """Two of the entries.

    Args:
        first: the name of one.
        second: of the other.
        counts: how often which of them is right; of groups, their ensembles.
        p_value: of McNemar's exact test of these counts.
        p_adjusted: after Holm's correction for all pairings.
        over_seeds: of two groups of seeds, the comparison of their means; else None.
        over_seeds_adjusted: its p-value after the correction.
    """

    first: str
    second: str
    counts: PairedCounts
    p_value: float
    p_adjusted: float
    over_seeds: MeanDifference | None
    over_seeds_adjusted: float | None

    @property
    def verdict_p(self) -> float:
        """The p-value that decides: over seeds and reviews where there are seeds, else over reviews."""
        return self.p_adjusted if self.over_seeds_adjusted is None else self.over_seeds_adjusted

    @property
    def difference(self) -> float:
        """What it decides about: the first minus the second."""
        return self.counts.difference if self.over_seeds is None else self.over_seeds.difference

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of that difference, for itself: it is not widened for the number of pairings."""
        return difference_interval(self.counts) if self.over_seeds is None else self.over_seeds.interval

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        low, high = difference_interval(self.counts)
        means = self.over_seeds and {**asdict(self.over_seeds), "p_adjusted": self.over_seeds_adjusted}
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.counts.difference,
            "difference_interval": [low, high],
            "both_right": self.counts.both_right,
            "only_first_right": self.counts.only_first,
            "only_second_right": self.counts.only_second,
            "both_wrong": self.counts.both_wrong,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "over_seeds": means,
        }


@dataclass(frozen=True)
class Standing:
    """Runs on one part of the data that they have in common.

    Args:
        entries: at least two, in the order given.
        split: the part.
        against: what the others are compared with: the first of them, or the best.
        pairings: with the first, the first and each other one; with the best, all pairs, since which one is the best
            was seen on the same reviews.
        majority: the accuracy of always predicting the most frequent class.
        linear: those of the linear baselines, by name, where they were computed before.
    """

    entries: list[Entry]
    split: str
    against: Against
    pairings: list[Pairing]
    majority: float
    linear: dict[str, float] = field(default_factory=dict)

    @property
    def reference(self) -> Entry:
        """The entry that the others are compared with; of several best ones the first."""
        return self.entries[0] if self.against == "first" else max(self.entries, key=self.accuracy)

    def accuracy(self, entry: Entry) -> float:
        """What is compared: between groups of seeds alone the mean of the networks, else each one's own."""
        return entry.over_seeds.mean if self.over_seeds and entry.over_seeds else entry.accuracy

    @property
    def over_seeds(self) -> bool:
        """Whether all are groups of seeds, so that what is compared is a way of training."""
        return all(pairing.over_seeds is not None for pairing in self.pairings)

    def pairing(self, entry: Entry) -> Pairing | None:
        """The pairing of an entry with the reference; None for the reference itself."""
        return self.between(entry.name, self.reference.name)

    @property
    def pair(self) -> CompareResult:
        """The first two in detail."""
        first, second = self.entries[:2]
        names = first.name, second.name
        comparison = compare_predictions(first.predictions, second.predictions, names)
        return CompareResult((first.run, second.run), names, self.split, comparison)

    @property
    def sentence(self) -> str:
        """What may be concluded, in plain words."""
        others = [entry for entry in self.entries if entry is not self.reference]
        groups: dict[str, list[str]] = {"better": [], "worse": [], "chance": []}
        for entry in others:
            groups[self._kind(entry)].append(self._described(entry))
        head = f"{self.reference.name} has {self._measure} {self.accuracy(self.reference):.4f} on {self.split}"
        head += f", the highest of {len(self.entries)}." if self.against == "best" else "."
        said = [head]
        if groups["worse"]:
            said.append(f"It is better than {_joined(groups['worse'])} by more than chance makes likely.")
        if groups["better"]:
            said.append(f"It is worse than {_joined(groups['better'])} by more than chance makes likely.")
        if groups["chance"]:
            said.append(f"The difference to {_joined(groups['chance'])} could be luck.")
        return " ".join([*said, self._about, *self._about_linear])

    def _kind(self, entry: Entry) -> str:
        pairing = self.pairing(entry)
        if pairing is None or pairing.verdict_p >= RARE:
            return "chance"
        return "worse" if self.accuracy(entry) < self.accuracy(self.reference) else "better"

    def _described(self, entry: Entry) -> str:
        pairing = self.pairing(entry)
        difference = self.accuracy(self.reference) - self.accuracy(entry)
        return f"{entry.name} ({difference:+.4f}, {p_text(pairing.verdict_p if pairing else 1.0)})"

    @property
    def _measure(self) -> str:
        return "a mean accuracy over its seeds of" if self.over_seeds else "an accuracy of"

    @property
    def _about(self) -> str:
        corrected = f"p is corrected for {len(self.pairings)} comparisons" if len(self.pairings) > 1 else ""
        if self.over_seeds:
            said = "Seeds and reviews both count as chance"
            fewest = min(len(entry.members) for entry in self.entries if entry.members is not None)
            said += f", and {fewest} seeds can tell only large differences" if fewest <= _FEW_SEEDS else ""
        else:
            said = "Only the reviews count as chance: these are networks, and another seed would make others"
        chosen = "the epochs were chosen on these reviews" if self.split == "validation" else ""
        return f"{'; '.join(filter(None, [said, corrected, chosen]))}."

    @property
    def _about_linear(self) -> list[str]:
        """Whether a recurrent network is worth its time here."""
        if not self.linear:
            return []
        name, bar = max(self.linear.items(), key=lambda item: item[1])
        above = [entry.name for entry in self.entries if self.accuracy(entry) > bar]
        which = "None of them reaches" if not above else f"{_joined(above)} {'is' if len(above) == 1 else 'are'} above"
        return [f"{which} the linear bag of words ({name}, {bar:.4f})."]

    def between(self, first: str, second: str) -> Pairing | None:
        """The pairing of two entries by their names, in either order; None where they were not compared."""
        return next((one for one in self.pairings if {one.first, one.second} == {first, second}), None)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``compare --json``; of two runs, with the counts of the pair."""
        own = {
            "entries": [entry.to_dict() for entry in self.entries],
            "against": self.against,
            "reference": self.reference.name,
            "comparisons": [pairing.to_dict() for pairing in self.pairings],
            "baselines": {"majority": self.majority, **self.linear},
            "conclusion": self.sentence,
        }
        if len(self.entries) == 2:
            return {**self.pair.to_dict(), **own}
        head = {
            "runs": [str(entry.run.path) for entry in self.entries],
            "split": self.split,
            "examples": len(self.entries[0].predictions),
            "class_names": list(self.entries[0].predictions[0].probabilities),
        }
        return {**head, "sentence": self.sentence, **own}


def compare_many(
    runs: Sequence[Run],
    *,
    split: str = "test",
    against: Against = "first",
    linear: Mapping[str, float] | None = None,
    names: Sequence[str] | None = None,
) -> Standing:
    """Compare runs on one part of their data: the same reviews, joined by their paths.

    A group of seeds stands for its ensemble; two groups are compared by the means of their networks as well.

    Args:
        runs: two or more, with the same classes.
        split: ``train``, ``validation`` or ``test``.
        against: ``first`` or ``best``.
        linear: the accuracies of linear baselines; None: those that were computed before for the first run.
        names: what the runs are called, all different; None: by their own names.

    Raises:
        RunError: a part was not evaluated, a table is damaged, or the reviews or classes differ.
        UsageError: there are fewer than two runs.
    """
    if len(runs) < 2:
        raise UsageError(f"There is nothing to compare {runs[0].path if runs else 'nothing'} with; name another run.")
    entries = read_entries(runs, split, names)
    for entry in entries[1:]:
        both = entries[0].name, entry.name
        compare_predictions(entries[0].predictions, entry.predictions, both)
        check_same_contents(entries[0].run, entry.run, split, both)
    counts = Counter(row.actual for row in entries[0].predictions)
    majority = max(counts.values()) / len(entries[0].predictions)
    pairs = itertools.combinations(entries, 2) if against == "best" else ((entries[0], one) for one in entries[1:])
    known = _recorded(entries[0].run, split) if linear is None else dict(linear)
    return Standing(entries, split, against, _pairings(list(pairs)), majority, known)


def _recorded(run: Run, split: str) -> dict[str, float]:
    try:
        return recorded_accuracies(run, split) or {}
    except RunError:  # what is compared can be compared all the same
        return {}


def _pairings(pairs: list[tuple[Entry, Entry]]) -> list[Pairing]:
    counts = [_counts(first, second) for first, second in pairs]
    means = [_means(first, second) for first, second in pairs]
    if None in means:  # groups beside single runs: all by their ensembles, so that what is compared is of one kind
        means = [None] * len(pairs)
    p_values = [mcnemar_p_value(each) for each in counts]
    adjusted = adjust_holm(p_values)
    adjusted_means = iter(adjust_holm([each.p_value for each in means if each is not None]))
    return [
        Pairing(
            first=first.name,
            second=second.name,
            counts=counts[at],
            p_value=p_values[at],
            p_adjusted=adjusted[at],
            over_seeds=means[at],
            over_seeds_adjusted=None if means[at] is None else next(adjusted_means),
        )
        for at, (first, second) in enumerate(pairs)
    ]


def _counts(first: Entry, second: Entry) -> PairedCounts:
    mine, theirs = first.right, second.right[_order(first, second)]
    both, only_first, only_second = (mine & theirs).sum(), (mine & ~theirs).sum(), (~mine & theirs).sum()
    return PairedCounts(int(both), int(only_first), int(only_second), int((~mine & ~theirs).sum()))


def _means(first: Entry, second: Entry) -> MeanDifference | None:
    if first.members is None or second.members is None or len(first.predictions) < 2:
        return None
    return compare_over_seeds(first.members, second.members[:, _order(first, second)])


def _order(first: Entry, second: Entry) -> np.ndarray:
    """Where the reviews of the first table are in the second."""
    places = {row.path: at for at, row in enumerate(second.predictions)}
    return np.array([places[row.path] for row in first.predictions])


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
