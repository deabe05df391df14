"""What does a search do, as its record says: settings, metric, and how trials are chosen and stopped?"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sentiment_cli.search.space import Setting, parse_space

Metric = Literal["val_accuracy", "val_loss"]
Sampler = Literal["tpe", "random", "grid"]
METRICS: tuple[Metric, ...] = ("val_accuracy", "val_loss")
SAMPLERS: tuple[Sampler, ...] = ("tpe", "random", "grid")


@dataclass(frozen=True)
class SearchPlan:
    """Everything that decides which trials there are, but for their results.

    Args:
        grid: the options ``--grid`` as they were written.
        drawn: likewise ``--random``.
        metric: what is best, of the epoch that a run keeps.
        sampler: ``tpe`` chooses from what earlier trials came to (Bergstra et al. 2011, NIPS 24), ``random`` draws,
            ``grid`` takes each combination once.
        prune: whether trials that lag behind are stopped.
        seed: of what is drawn.
    """

    grid: tuple[str, ...]
    drawn: tuple[str, ...]
    metric: Metric
    sampler: Sampler
    prune: bool
    seed: int

    @classmethod
    def make(
        cls,
        grid: Sequence[str],
        drawn: Sequence[str],
        *,
        metric: Metric = "val_accuracy",
        sampler: Sampler | None = None,
        prune: bool = True,
        seed: int = 1,
    ) -> SearchPlan:
        """A plan whose sampler follows from what is searched, where it is None: a grid alone is tried whole."""
        return cls(tuple(grid), tuple(drawn), metric, sampler or ("tpe" if drawn else "grid"), prune, seed)

    @functools.cached_property
    def settings(self) -> list[Setting]:
        """What is searched over.

        Raises:
            ConfigError: an option is not of the form that it has to have.
        """
        return parse_space(self.grid, self.drawn)

    @property
    def maximizes(self) -> bool:
        """Whether more is better."""
        return self.metric == "val_accuracy"

    def is_better(self, value: float, other: float) -> bool:
        """Whether one result is better than another one; an equal one is not."""
        return value > other if self.maximizes else value < other

    def to_dict(self) -> dict[str, Any]:
        """What the record of a sweep says of it."""
        return {
            "grid": list(self.grid),
            "random": list(self.drawn),
            "metric": self.metric,
            "sampler": self.sampler,
            "prune": self.prune,
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SearchPlan:
        """The plan that a record tells of.

        Raises:
            ValueError: it is not one of ours.
        """
        metric, sampler = values.get("metric"), values.get("sampler")
        if metric not in METRICS or sampler not in SAMPLERS:
            raise ValueError(f"expected a metric and a sampler, received {metric!r} and {sampler!r}")
        return cls(
            tuple(values["grid"]), tuple(values["random"]), metric, sampler, bool(values["prune"]), int(values["seed"])
        )
