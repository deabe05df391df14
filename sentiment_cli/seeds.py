"""What trainings came to that differ in their seeds alone: each of them, their mean and their spread."""

from __future__ import annotations

import shlex
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.errors import RunError
from sentiment_cli.runs import Run

FIGURES = ("accuracy", "loss")


@dataclass(frozen=True)
class Member:
    """One training of a group.

    Args:
        seed: its seed.
        run: the name of its directory in the group's.
        status: of its record; ``missing`` before it began.
        epochs: epochs done.
        best_epoch: the epoch that was chosen on validation.
        seconds: wall-clock time.
        validation: accuracy and loss; None without them.
        test: likewise.
    """

    seed: int
    run: str
    status: str
    epochs: int | None
    best_epoch: int | None
    seconds: float | None
    validation: dict[str, float] | None
    test: dict[str, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """A figure over the seeds.

    Args:
        mean: over the seeds.
        sd: standard deviation (n - 1); None of one seed.
    """

    mean: float
    sd: float | None


def read_member(run: Run, seed: int) -> Member:
    """What one training came to, from its files.

    Raises:
        RunError: a file is damaged.
    """
    if not run.record_path.exists():
        return Member(seed, run.path.name, "missing", None, None, None, None, None)
    record, metrics = run.read_record(), run.read_metrics()
    return Member(
        seed=seed,
        run=run.path.name,
        status=str(record.get("status")),
        epochs=record.get("epochs"),
        best_epoch=record.get("best_epoch"),
        seconds=(record.get("seconds") or {}).get("total"),
        validation=_figures(run, metrics, "validation"),
        test=_figures(run, metrics, "test"),
    )


def over_seeds(members: Sequence[Member], split: str) -> dict[str, Spread] | None:
    """Mean and spread of each figure on one part.

    Args:
        members: of the group.
        split: ``validation`` or ``test``.

    Returns:
        Spreads by figure over the members that were evaluated on it; None where none was.
    """
    known = [figures for member in members if (figures := getattr(member, split))]
    return {name: compute_spread([figures[name] for figures in known]) for name in FIGURES} if known else None


def compute_spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation (n - 1) of one value or more."""
    return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def _figures(run: Run, metrics: dict[str, Any], split: str) -> dict[str, float] | None:
    evaluation = metrics.get(split)
    if not evaluation:
        return None
    for name in FIGURES:
        if type(evaluation.get(name)) not in (int, float):
            raise RunError(
                f"{run.metrics_path}: {split}.{name}: expected a number, received {evaluation.get(name)!r}. "
                f"Make it anew: sentiment evaluate {shlex.quote(str(run.path))} --split {split}"
            )
    return {name: float(evaluation[name]) for name in FIGURES}
