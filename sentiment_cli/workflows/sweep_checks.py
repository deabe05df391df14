"""Can a sweep be, how far does it go, and what is left of one that is continued?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sentiment_cli.config import Config
from sentiment_cli.errors import ConfigError, Problem, RunError, UsageError
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import MOST_COMBINATIONS, Chooser
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.space import check_space, count_combinations
from sentiment_cli.search.study import load_optuna
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.record import resume_command
from sentiment_cli.workflows.seeds import with_split_seed
from sentiment_cli.workflows.sweep_result import read_sweep

DEFAULT_TRIALS = 20


@dataclass(frozen=True)
class Limits:
    """How far a sweep goes.

    Args:
        trials: how many there are in the end; None: the whole grid, or as many as the time allows, or 20.
        minutes: of all calls together, after which trials are stopped and can be gone on with; None: no limit.
        jobs: how many trials run side by side; None: one.
    """

    trials: int | None = None
    minutes: float | None = None
    jobs: int | None = None

    def check(self) -> None:
        """Raise a UsageError where no sweep goes so far."""
        for option, value in (("--trials", self.trials), ("--max-minutes", self.minutes), ("--jobs", self.jobs)):
            if value is not None and not value > 0:
                raise UsageError(f"{option} {value}: expected more than 0.")
            if value == math.inf:
                raise UsageError(f"{option} {value}: expected a number; leave it out where there is no limit.")


def common_config(config: Config) -> Config:
    """What all trials have: one division of the reviews, and no look at the test part."""
    training = config.training.model_copy(update={"evaluate_test": False})
    return with_split_seed(config).model_copy(update={"training": training})


def check_search(common: Config, plan: SearchPlan, limits: Limits) -> Chooser:
    """Find what cannot be before anything is read.

    Args:
        common: what all trials have.
        plan: of the search.
        limits: how far it goes.

    Returns:
        What chooses the trials.

    Raises:
        ConfigError: a setting or a value of it cannot be, or there is nothing to compare trials by.
        MissingExtraError: Optuna is not installed.
        UsageError: there is nothing to search, or it is too much for a grid.
    """
    limits.check()
    settings = plan.settings
    if not settings:
        raise UsageError("Name what is searched over: --grid KEY=V1,V2 or --random KEY=log(a,b).")
    load_optuna()
    check_space(common, settings)
    if common.data.validation_fraction == 0:
        what = f"trials are compared by {plan.metric}, which needs a validation part; expected more than 0"
        raise ConfigError([Problem("sweep", "data.validation_fraction", what)])
    chooser = Chooser(common, plan)
    if plan.sampler == "grid":
        endless = [setting.key for setting in settings if setting.count == float("inf")]
        if endless:
            raise UsageError(f"--sampler grid: {', '.join(endless)} has values without number; list some of them.")
        if chooser.order is None:
            count = count_combinations(settings)
            raise UsageError(
                f"--sampler grid: there are {count:,.0f} combinations; expected {MOST_COMBINATIONS:,} at the most. "
                "Take --sampler random or tpe, which try some of them."
            )
        if not chooser.order:
            raise nothing_possible(plan)
    return chooser


def nothing_possible(plan: SearchPlan) -> ConfigError:
    """What to raise where values can be one by one, and no trial can have one of each."""
    what = "each value can be, but no combination of them that was looked at"
    return ConfigError([Problem("sweep", setting.key, what) for setting in plan.settings[:1]])


def count_trials(chooser: Chooser, limits: Limits) -> int | None:
    """How many trials there will be; None: as many as the time allows."""
    if chooser.plan.sampler == "grid":
        every = len(chooser.order or ())
        return every if limits.trials is None else min(limits.trials, every)
    return limits.trials or (None if limits.minutes else DEFAULT_TRIALS)


def tell_extent(chooser: Chooser, trials: int | None, progress: Progress) -> None:
    """Say what is left out."""
    if chooser.plan.sampler != "grid":
        return
    possible = len(chooser.order or ())
    written = int(count_combinations(chooser.settings))
    if possible < written:
        progress.note(f"{written - possible} of {written} combinations are left out: no configuration can have them")
    if trials is not None and trials < possible:
        progress.warn(f"the grid has {possible} combinations, of which {trials} are tried; all: --trials {possible}")


def further_limits(sweep: Sweep, chooser: Chooser, record: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """What changes in the record of a sweep that is continued.

    Raises:
        RunError: there is nothing to do.
        UsageError: it has more trials already.
    """
    rows = read_sweep(sweep).trials
    trials = record["max_trials"] if limits.trials is None else count_trials(chooser, limits)
    minutes = record["max_minutes"] if limits.minutes is None else limits.minutes
    if limits.trials is not None and limits.trials < len(rows):
        raise UsageError(f"--trials {limits.trials}: {sweep.path} has {len(rows)} trials already.")
    if minutes is not None and record["seconds"]["total"] >= 60 * minutes:
        raise RunError(
            f"The {minutes:g} minutes of {sweep.path} are over. To go on: {resume_command(sweep)} "
            f"--max-minutes {2 * minutes:g}"
        )
    has_ended = record.get("status") == "finished" and all(row.state != "unfinished" for row in rows)
    if has_ended and trials is not None and trials <= len(rows):
        further = f" To search further: {resume_command(sweep)} --trials {2 * len(rows)}"
        whole = chooser.plan.sampler == "grid" and len(rows) >= len(chooser.order or ())
        raise RunError(f"{sweep.path} has finished its {len(rows)} trials.{'' if whole else further}")
    return {"max_trials": trials, "max_minutes": minutes, "jobs": limits.jobs or record["jobs"]}
