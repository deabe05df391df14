"""Search over settings: begin a sweep, try out what it would do, or go on with one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import remove_temporaries
from sentiment_cli.cluster import refuse_cluster
from sentiment_cli.config import Config
from sentiment_cli.errors import UsageError
from sentiment_cli.extras import require
from sentiment_cli.locking import locked
from sentiment_cli.ray_cluster import RayWorkers
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import Chooser
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.space import apply_values, count_combinations
from sentiment_cli.search.study import load_optuna
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.creation import check_new, replacing_run
from sentiment_cli.workflows.own_reviews import own_root
from sentiment_cli.workflows.prepare import portable, prepare
from sentiment_cli.workflows.record import new_record, read_config
from sentiment_cli.workflows.sweep_checks import (
    Limits,
    check_search,
    common_config,
    count_trials,
    further_limits,
    nothing_possible,
    tell_extent,
)
from sentiment_cli.workflows.sweep_job import Drive
from sentiment_cli.workflows.sweep_loop import drive_here, run_trials
from sentiment_cli.workflows.sweep_result import SweepPlan, SweepResult, read_plan
from sentiment_cli.workflows.train import check_same_data, dry_run

# Their processes would find the variable, and wait for workers that never come.
_TRIALS = "Each trial of a sweep"
# Of a record that lacks it.
_UNKNOWN: dict[str, Any] = {
    "evaluate_test": True,
    "split_seed": None,
    "max_trials": None,
    "max_minutes": None,
    "jobs": 1,
    "seconds": {"total": 0.0},
}


def run_sweep(
    config: Config,
    output_dir: Path | str,
    plan: SearchPlan,
    limits: Limits,
    *,
    workers: RayWorkers | None = None,
    progress: Progress | None = None,
    command: str = "",
    config_name: str | None = None,
) -> SweepResult:
    """Search over settings: train a configuration with other values again and again, and keep the best of them.

    Every trial is an ordinary run in a process of its own, with the same division of the reviews; none reads the test
    part.

    Args:
        config: what all trials have in common.
        output_dir: the sweep's directory; it must not exist.
        plan: what is searched, and how.
        limits: how far it goes.
        workers: so many of a Ray cluster, each of which trains a trial; None: `Limits.jobs` on this machine.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.
        config_name: what the configuration is called, for the records.

    Returns:
        The result; its ``status`` is ``interrupted`` when a signal ended it.

    Raises:
        ConfigError: a setting or a value of it cannot be; nothing was trained.
        DataError: the reviews are missing or bad; nothing was written.
        Interrupted: a second signal came; the message is the command that continues.
        MissingExtraError: Optuna is not installed.
        RunError: the directory exists, or trial after trial failed.
        UsageError: there is nothing to search, or no such limits.
    """
    progress = progress or Silent()
    refuse_cluster(_TRIALS)
    sweep = Sweep(Path(output_dir))
    check_new(sweep, "sweep")
    common = common_config(portable(config))
    limits, drive = _choose_drive(limits, workers)
    if workers is not None and workers.count is None:
        raise UsageError("--ray needs --workers N: what a trial knows of others depends on how many run side by side.")
    chooser = check_search(common, plan, limits)
    trials = count_trials(chooser, limits)
    with StopRequest(progress.note) as stop:
        data = prepare(common, progress)
        record = {
            **new_record(common, data, command, config_name),
            "search": plan.to_dict(),
            "evaluate_test": config.training.evaluate_test,
            "split_seed": config.data.split_seed,
            "max_trials": trials,
            "max_minutes": limits.minutes,
            "jobs": limits.jobs or 1,
            "trials": [],
            "importances": {},
            "seconds": {"total": 0.0},
        }
        with replacing_run(sweep, common, record, progress.note, force=False):
            progress.note(f"Sweep: {sweep.path}")
        tell_extent(chooser, trials, progress)
        with locked(sweep.lock_path):
            return run_trials(sweep, chooser, record, progress, stop, drive)


def plan_sweep(
    config: Config,
    output_dir: Path | str,
    plan: SearchPlan,
    limits: Limits,
    *,
    progress: Progress | None = None,
) -> SweepPlan:
    """Check everything, do all up to the first steps of the first trial, and leave nothing behind; see `train.dry_run`.

    Args:
        config: as for `run_sweep`, and so the others.
        output_dir: as there.
        plan: as there.
        limits: as there.
        progress: as there.
    """
    progress = progress or Silent()
    sweep = Sweep(Path(output_dir))
    check_new(sweep, "sweep")
    common = common_config(config)
    chooser = check_search(common, plan, limits)
    trials, count = count_trials(chooser, limits), count_combinations(chooser.settings)
    first = chooser.choose([])
    if first is None:
        raise nothing_possible(plan)
    tell_extent(chooser, trials, progress)
    report = dry_run(apply_values(common, chooser.settings, first), sweep.path, progress=progress)
    return SweepPlan(sweep, plan, trials, None if count == float("inf") else int(count), first, report)


def resume_sweep(
    sweep: Sweep,
    limits: Limits | None = None,
    *,
    workers: RayWorkers | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> SweepResult:
    """Continue a sweep that was stopped, or search further; a trial that was under way goes on where it was.

    Args:
        sweep: the sweep.
        limits: how far it goes now; what is None there stays as it was.
        workers: of a Ray cluster, wherever it ran before; their number may be None, as it was then.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.

    Raises:
        Interrupted: as in `run_sweep`.
        RunError: there is nothing to do, the data or the configuration changed, or trial after trial failed.
        UsageError: it has more trials already.
    """
    progress = progress or Silent()
    refuse_cluster(_TRIALS)
    limits, drive = _choose_drive(limits or Limits(), workers)
    limits.check()
    load_optuna()
    with StopRequest(progress.note) as stop, locked(sweep.lock_path):
        record = {**_UNKNOWN, **sweep.read_record()}
        record["seconds"] = {**_UNKNOWN["seconds"], **record["seconds"]}
        common, plan = read_config(sweep, record), read_plan(sweep, record)
        chooser = Chooser(common, plan)
        record = {**record, **further_limits(sweep, chooser, record, limits)}
        remove_temporaries(sweep.path, deep=False)  # below, its runs have locks of their own
        root = own_root(sweep, record, common, progress)
        check_same_data(sweep, record, prepare(common, progress, root=root))
        record["commands"] = [*record.get("commands", []), command]
        return run_trials(sweep, chooser, record, progress, stop, drive)


def _choose_drive(limits: Limits, workers: RayWorkers | None) -> tuple[Limits, Drive]:
    """How trials are run, and how many side by side."""
    if workers is None:
        return limits, drive_here
    if limits.jobs is not None:
        raise UsageError("--jobs runs trials side by side on this machine; with --ray give --workers N.")
    from sentiment_cli.workflows.ray_sweep import drive_on_ray

    require("ray", "A search on a Ray cluster")
    return replace(limits, jobs=workers.count), partial(drive_on_ray, workers)
