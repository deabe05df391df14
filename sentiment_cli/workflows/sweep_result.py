"""What a sweep came to: a row for each trial, the best one, and what mattered, from its files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sentiment_cli.errors import ConfigError, RunError, shorten_list
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.space import Setting
from sentiment_cli.search.trial import Trial, best_trial, read_trial
from sentiment_cli.workflows.results import DryRun


@dataclass(frozen=True)
class SweepResult:
    """What a sweep came to.

    Args:
        sweep: where its files are.
        status: ``running``, ``finished``, ``interrupted`` or ``failed``.
        stop_reason: why it ended; None where it did not, or was killed.
        plan: what was searched, and how.
        trials: in their order.
        max_trials: how many there were to be; None: as many as the time allows.
        importances: the share of the results' variance that each setting explains, largest first; empty where it is
            not known.
        exit_code: 0, or what the signal asks for when interrupted.
    """

    sweep: Sweep
    status: str
    stop_reason: str | None
    plan: SearchPlan
    trials: list[Trial]
    max_trials: int | None
    importances: dict[str, float]
    exit_code: int = 0

    @property
    def best(self) -> Trial | None:
        """The finished trial with the best result; None before one has finished."""
        return best_trial(self.trials, self.plan)

    @property
    def counts(self) -> dict[str, int]:
        """How many trials are in each state."""
        counted = Counter(trial.state for trial in self.trials)
        return {state: counted[state] for state in ("finished", "pruned", "failed", "unfinished")}

    @property
    def ranking(self) -> list[Trial]:
        """The trials, best first: those that finished, then those that were stopped, then the others."""
        sign = -1 if self.plan.maximizes else 1
        order = list(self.counts)

        def place(trial: Trial) -> tuple[int, float, int]:
            return order.index(trial.state), sign * trial.value if trial.value is not None else 0.0, trial.number

        return sorted(self.trials, key=place)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``sweep --json``."""
        best = self.best
        return {
            "sweep": str(self.sweep.path),
            "status": self.status,
            "stop_reason": self.stop_reason,
            "metric": self.plan.metric,
            "sampler": self.plan.sampler,
            "seed": self.plan.seed,
            "max_trials": self.max_trials,
            "counts": self.counts,
            "trials": [self._row(trial) for trial in self.trials],
            "importances": self.importances,
            "best": {**self._row(best), "config": str(self.sweep.best_path)} if best else None,
            "picture": str(self.sweep.picture_path) if self.sweep.picture_path.exists() else None,
        }

    def _row(self, trial: Trial) -> dict[str, Any]:
        return {
            "number": trial.number,
            "run": str(self.sweep.path / trial.name),
            "state": trial.state,
            "settings": trial.settings,
            "value": trial.value,
            "epoch": trial.epoch,
            "epochs": trial.epochs,
            "seconds": trial.seconds,
            "reason": trial.reason,
        }


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep would do.

    Args:
        sweep: where it would go.
        plan: what would be searched, and how.
        max_trials: how many trials there would be; None: as many as the time allows.
        combinations: how many different ones there could be; None: without number.
        first: the values of the first trial, by key.
        report: what its training would be.
    """

    sweep: Sweep
    plan: SearchPlan
    max_trials: int | None
    combinations: int | None
    first: dict[str, str]
    report: DryRun

    @property
    def settings(self) -> list[Setting]:
        """What would be searched over."""
        return self.plan.settings

    @property
    def expected_seconds(self) -> float | None:
        """Of all trials, if all took as long as the first and none were stopped; None without a number of trials."""
        return None if self.max_trials is None else round(self.max_trials * self.report.expected_seconds, 1)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``sweep --dry-run --json``."""
        return {
            "sweep": str(self.sweep.path),
            **self.plan.to_dict(),
            "max_trials": self.max_trials,
            "combinations": self.combinations,
            "expected_seconds": self.expected_seconds,
            "first": {"settings": Trial(1, "unfinished", self.first).settings, **self.report.to_dict()},
        }


def read_sweep(sweep: Sweep) -> SweepResult:
    """What a sweep came to, from its record; neither Optuna nor TensorFlow is needed.

    Raises:
        RunError: a file is missing or damaged.
    """
    record = sweep.read_record()
    try:
        trials = [read_trial(row) for row in record.get("trials", [])]
    except ValueError as error:
        raise RunError(f"{sweep.record_path}: trials: {error}.") from None
    plan, importances = read_plan(sweep, record), record.get("importances", {})
    values = {f"trials.{place}": trial.values for place, trial in enumerate(trials)}
    _check_named(sweep, plan, {**values, "importances": importances})
    return SweepResult(
        sweep=sweep,
        status=str(record.get("status")),
        stop_reason=record.get("stop_reason"),
        plan=plan,
        trials=trials,
        max_trials=record.get("max_trials"),
        importances=importances,
    )


def _check_named(sweep: Sweep, plan: SearchPlan, named: dict[str, dict[str, Any]]) -> None:
    """Raise a RunError where a part of a record names settings that are not searched."""
    known = [setting.key for setting in plan.settings]
    for place, values in named.items():
        unknown = [key for key in values if key not in known]
        if unknown:
            raise RunError(
                f"{sweep.record_path}: {place}: expected settings that are searched ({', '.join(known)}), received "
                f"{shorten_list(unknown)}."
            )


def read_plan(sweep: Sweep, record: dict[str, Any]) -> SearchPlan:
    """What a sweep searches, and how.

    Raises:
        RunError: its record does not say so.
    """
    try:
        plan = SearchPlan.from_dict(record.get("search", {}))
        _ = plan.settings  # for its errors
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise RunError(f"{sweep.record_path}: search: {error}.") from None
    return plan
