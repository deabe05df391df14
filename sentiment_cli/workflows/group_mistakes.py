"""How often is a run wrong on reviews of each kind, and which share of all its mistakes is that? Without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_cli.analysis.slices import SLICES, Slice, compute_slices
from sentiment_cli.errors import RunError, UsageError, suggest
from sentiment_cli.evaluation.intervals import accuracy_interval
from sentiment_cli.runs import Run
from sentiment_cli.workflows.kept_part import KeptPart, open_other, open_part

# What is told by the texts alone, where it was not kept.
_FROM_TEXTS = "negation"


@dataclass(frozen=True)
class Grouping:
    """The mistakes of a run on one part of its data, by traits of the reviews.

    Args:
        part: what the run keeps of it.
        slices: by trait, in the order that they were asked for.
        missing_texts: how many reviews could not be read where that was needed.
    """

    part: KeptPart
    slices: dict[str, list[Slice]]
    missing_texts: int

    @property
    def examples(self) -> int:
        """Number of reviews."""
        return len(self.part.predictions)

    @property
    def wrong(self) -> int:
        """Number of wrong predictions."""
        return len(self.part.wrong)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the error rate of all."""
        return accuracy_interval(self.wrong, self.examples)

    def share(self, one: Slice) -> float:
        """The share of all mistakes that are in a slice, in [0, 1]; 0 where there are none."""
        return one.wrong / max(self.wrong, 1)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each slice: plain values for tables and JSON."""
        return [self._row(one) for slices in self.slices.values() for one in slices]

    def _row(self, one: Slice) -> dict[str, Any]:
        low, high = one.interval
        return {
            "by": one.by,
            "name": one.name,
            "examples": one.examples,
            "wrong": one.wrong,
            "error_rate": one.error_rate,
            "error_rate_low": low,
            "error_rate_high": high,
            "share_of_errors": self.share(one),
        }

    def to_dict(self) -> dict[str, Any]:
        """The object of ``misclassified --group-by … --json``."""
        return {
            "run": str(self.part.run.path),
            "split": self.part.split,
            "examples": self.examples,
            "wrong": self.wrong,
            "error_rate": self.wrong / self.examples,
            "error_rate_interval": list(self.interval),
            "slices": self.rows(),
        }


def group_mistakes(run: Run, by: Sequence[str], *, split: str = "test", source: str | None = None) -> Grouping:
    """Error rates by traits, over all predictions of one part.

    Args:
        run: the run.
        by: one or more of `analysis.slices.SLICES`; each counts once.
        split: ``train``, ``validation`` or ``test``.
        source: other data that the run was evaluated on.

    Raises:
        RunError: that part was not evaluated, has no review, or a table is damaged.
        UsageError: there is no such trait.
    """
    for name in by:
        if name not in SLICES:
            raise UsageError(f"--group-by {name}: there is no such trait; {suggest(name, SLICES)}")
    part = open_part(run, split) if source is None else open_other(run, source)
    if not part.predictions:
        raise RunError(f"The predictions of {run.path} are empty, and so there is nothing to count.")
    traits = part.traits(part.predictions, with_texts=_FROM_TEXTS in by)
    unread = sum(row.negations is None for row in traits.values()) if _FROM_TEXTS in by else 0
    return Grouping(part, {name: compute_slices(part.predictions, traits, name) for name in by}, unread)
