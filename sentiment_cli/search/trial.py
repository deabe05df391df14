"""What is one trial of a search: its values, how it ended, and what it came to?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from sentiment_cli.config.yaml_source import read_value
from sentiment_cli.search.plan import SearchPlan

TrialState = Literal["finished", "pruned", "failed", "unfinished"]


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Args:
        number: from 1.
        state: ``finished``; ``pruned``: stopped, for it lagged behind; ``failed``; ``unfinished``: it goes on, or
            can go on.
        values: by key, as text.
        value: the metric: of the epoch that was kept, or the best so far of a pruned trial; None before an epoch.
        epoch: that ``value`` is of.
        epochs: that were done, and counted.
        seconds: wall-clock time of the training, as far as it is known; None before an epoch.
        reason: why it failed.
    """

    number: int
    state: TrialState
    values: dict[str, str]
    value: float | None = None
    epoch: int | None = None
    epochs: int = 0
    seconds: float | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        """Of its run's directory."""
        return trial_name(self.number)

    @property
    def settings(self) -> dict[str, Any]:
        """By key, as plain values."""
        return {key: read_value(text, key) for key, text in self.values.items()}

    def to_dict(self) -> dict[str, Any]:
        """What the record of a sweep says of it; `read_trial` reads it."""
        return asdict(self)


def trial_name(number: int) -> str:
    """The directory of a trial, counted from 1."""
    return f"trial-{number:03}"


def read_trial(values: dict[str, Any]) -> Trial:
    """The trial that a record tells of.

    Raises:
        ValueError: it is none of ours.
    """
    known = {name: values[name] for name in Trial.__dataclass_fields__ if name in values}
    if not known.keys() >= {"number", "state", "values"} or known["state"] not in get_args(TrialState):
        raise ValueError(f"expected a trial with number, state and values, received {values}")
    return Trial(**known)


def best_trial(trials: Sequence[Trial], plan: SearchPlan) -> Trial | None:
    """The finished trial with the best result, the first one of equals; None before one has finished."""
    best: Trial | None = None
    for trial in trials:
        if trial.state != "finished" or trial.value is None:
            continue
        if best is None or best.value is None or plan.is_better(trial.value, best.value):
            best = trial
    return best


def best_epoch(values: Mapping[int, float], plan: SearchPlan) -> int | None:
    """The epoch with the best of some results, the first one of equals; None without a finite one."""
    best: int | None = None
    for epoch in sorted(values):
        if math.isfinite(values[epoch]) and (best is None or plan.is_better(values[epoch], values[best])):
            best = epoch
    return best
