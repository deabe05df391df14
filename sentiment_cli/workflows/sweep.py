"""Search over settings: choose what the next trial is, train it, record what it came to, until there are enough."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import remove_temporaries
from sentiment_cli.config import Config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import RunError
from sentiment_cli.locking import locked
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import Chooser
from sentiment_cli.search.importance import compute_importances
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.process import share_cores
from sentiment_cli.search.space import apply_values, count_combinations, short_names
from sentiment_cli.search.study import StudyJournal, load_optuna
from sentiment_cli.search.trial import Trial
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.creation import replacing_run
from sentiment_cli.workflows.plot_sweep import plot_result
from sentiment_cli.workflows.prepare import portable, prepare
from sentiment_cli.workflows.record import early_end_recorded, new_record, now, read_config, resume_command
from sentiment_cli.workflows.sweep_best import write_best
from sentiment_cli.workflows.sweep_checks import (
    Limits,
    check_new,
    check_search,
    common_config,
    count_trials,
    further_limits,
    nothing_possible,
    tell_extent,
)
from sentiment_cli.workflows.sweep_result import SweepPlan, SweepResult, read_plan, read_sweep
from sentiment_cli.workflows.train import check_same_data, dry_run
from sentiment_cli.workflows.trials import ActiveTrial, Search, TrialEnd, describe_trial

# Seconds between two looks at the trials, and between two notes of the time that was spent.
_LOOK, _NOTE = 0.2, 10.0
# So many failures in a row, and no trial that came to something, are no matter of settings.
_HOPELESS = 3
# Of a record that lacks it.
_UNKNOWN: dict[str, Any] = {
    "evaluate_test": True,
    "split_seed": None,
    "max_trials": None,
    "max_minutes": None,
    "jobs": 1,
    "seconds": {"total": 0.0},
}


@dataclass
class _Job:
    """A sweep at work; everything cheap about it was checked.

    Args:
        search: what all trials have in common.
        chooser: of the next trial.
        record: of the sweep, kept up to date here and in ``sweep.json``.
        stop: asked whether to go on.
        active: the trials under way.
        clock: when the record was last told of the time that was spent.
    """

    search: Search
    chooser: Chooser
    record: dict[str, Any]
    stop: StopRequest
    active: list[ActiveTrial] = field(default_factory=list)
    clock: float = field(default_factory=lambda: time.monotonic())

    @property
    def sweep(self) -> Sweep:
        """Where the files go."""
        return self.search.sweep

    @property
    def progress(self) -> Progress:
        """Told what happens."""
        return self.search.progress

    @property
    def trials(self) -> list[Trial]:
        """All so far, from their files."""
        return [describe_trial(self.sweep, self.search.plan, one) for one in self.search.journal.trials]

    @property
    def seconds(self) -> float:
        """Of all calls together."""
        return float(self.record["seconds"]["total"]) + time.monotonic() - self.clock

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        minutes = self.record["max_minutes"]
        return minutes is not None and self.seconds >= 60 * minutes

    def keep(self, **changes: Any) -> None:
        """Write how the sweep stands."""
        self.record.update(changes, seconds={"total": round(self.seconds, 3)})
        self.clock = time.monotonic()
        self.sweep.write_record(self.record)


def run_sweep(
    config: Config,
    output_dir: Path | str,
    plan: SearchPlan,
    limits: Limits,
    *,
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
    sweep = Sweep(Path(output_dir))
    check_new(sweep)
    common = common_config(portable(config))
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
            return _run_recorded(sweep, chooser, record, progress, stop)


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
    check_new(sweep)
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
    sweep: Sweep, limits: Limits | None = None, *, progress: Progress | None = None, command: str = ""
) -> SweepResult:
    """Continue a sweep that was stopped, or search further; a trial that was under way goes on where it was.

    Args:
        sweep: the sweep.
        limits: how far it goes now; what is None there stays as it was.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.

    Raises:
        Interrupted: as in `run_sweep`.
        RunError: there is nothing to do, the data or the configuration changed, or trial after trial failed.
        UsageError: it has more trials already.
    """
    progress, limits = progress or Silent(), limits or Limits()
    limits.check()
    load_optuna()
    with StopRequest(progress.note) as stop, locked(sweep.lock_path):
        record = {**_UNKNOWN, **sweep.read_record()}
        record["seconds"] = {**_UNKNOWN["seconds"], **record["seconds"]}
        common, plan = read_config(sweep, record), read_plan(sweep, record)
        chooser = Chooser(common, plan)
        record = {**record, **further_limits(sweep, chooser, record, limits)}
        remove_temporaries(sweep.path, deep=False)  # below, its runs have locks of their own
        check_same_data(sweep, record, _prepare_again(common, record, progress))
        record["commands"] = [*record.get("commands", []), command]
        return _run_recorded(sweep, chooser, record, progress, stop)


def _prepare_again(common: Config, record: dict[str, Any], progress: Progress) -> PreparedData:
    return prepare(common, progress, root=Path(record.get("data", {}).get("root", "")))


def _run_recorded(
    sweep: Sweep, chooser: Chooser, record: dict[str, Any], progress: Progress, stop: StopRequest
) -> SweepResult:
    """Run what is left of the trials, and let ``sweep.json`` tell how it stands, however it ends."""
    plan = chooser.plan
    journal = StudyJournal(sweep.study_path, chooser.settings, maximizes=plan.maximizes)
    job = _Job(Search(sweep, plan, journal, progress), chooser, record, stop)
    with early_end_recorded(sweep, lambda status, reason: job.keep(status=status, stop_reason=reason, ended=now())):
        trials = job.trials
        job.keep(status="running", stop_reason=None, trials=[trial.to_dict() for trial in trials])
        write_best(job.sweep, job.chooser, job.record, trials)  # a kill may have come before that
        stop.graceful = True
        try:
            reason = _run_trials(job)
        finally:
            stop.graceful = False
            for active in job.active:
                active.kill()
        return _finish(job, reason)


def _run_trials(job: _Job) -> str:
    """Begin trials, look at them and record their ends until there are enough; returns why it ended."""
    cores = share_cores(job.record["jobs"])
    while True:
        reason = _reason_to_stop(job)
        if reason is None:
            reason = _fill(job, cores)
        elif job.active:
            for active in job.active:
                active.stop()
        if not job.active and reason is not None:
            return reason
        for active in list(job.active):
            if end := active.poll():
                job.active.remove(active)
                _record_end(job, active, end)
        if time.monotonic() - job.clock > _NOTE:
            job.keep()
        time.sleep(_LOOK)


def _reason_to_stop(job: _Job) -> str | None:
    if job.stop.exit_code is not None:
        return "interrupted"
    return f"{job.record['max_minutes']:g} minutes are over" if job.is_late else None


def _fill(job: _Job, cores: list[list[int] | None]) -> str | None:
    """Begin trials where there is room; why there are no more of them, or None."""
    while len(job.active) < len(cores):
        taken = [active.frozen.number for active in job.active]
        trials = job.search.journal.trials
        waiting = [one for one in trials if not one.state.is_finished() and one.number not in taken]
        if not waiting:
            most = job.record["max_trials"]
            if most is not None and len(trials) >= most:
                return "all trials done"
            values = job.chooser.choose(trials)
            if values is None:
                return "no other combination of values was found"
            waiting = [job.search.journal.begin(values)]
        used = [active.cores for active in job.active]
        free = next(place for place in cores if place is None or place not in used)
        job.active.append(ActiveTrial(job.search, waiting[0], free))
        _tell_begin(job, job.active[-1])
        job.keep(trials=[trial.to_dict() for trial in job.trials])
    return None


def _record_end(job: _Job, active: ActiveTrial, end: TrialEnd) -> None:
    """Keep what a trial came to; the journal first, of which all else is made."""
    journal = job.search.journal
    if end.state == "finished" and end.value is not None:
        journal.finish(active.frozen, end.value)
    elif end.state == "pruned":
        journal.prune(active.frozen)
    elif end.state == "failed":
        journal.fail(active.frozen, end.reason or "it failed")
    trials = job.trials
    job.keep(trials=[trial.to_dict() for trial in trials])
    is_best = write_best(job.sweep, job.chooser, job.record, trials) == active.frozen.number + 1
    _tell_end(job, trials[active.frozen.number], is_best=is_best)
    ended = [trial for trial in trials if trial.state != "unfinished"]
    if len(ended) >= _HOPELESS and all(trial.state == "failed" for trial in ended):
        raise RunError(
            f"All {len(ended)} trials so far failed, the last one: {ended[-1].reason}\n"
            f"When that is mended, go on with {resume_command(job.sweep)}"
        )


def _finish(job: _Job, reason: str) -> SweepResult:
    """Say what mattered, draw it, and let the record tell that it is over."""
    if job.stop.exit_code is not None:
        job.keep(status="interrupted", stop_reason="interrupted", ended=now())
        return replace(read_sweep(job.sweep), exit_code=job.stop.exit_code)
    job.progress.phase("weighing settings")
    job.keep(importances=compute_importances(job.search.plan, job.search.journal.trials))
    plot_result(read_sweep(job.sweep), job.sweep.picture_path)
    job.keep(status="finished", stop_reason=reason, ended=now())
    return read_sweep(job.sweep)


def _tell_begin(job: _Job, active: ActiveTrial) -> None:
    names, most = short_names(list(active.values)), job.record["max_trials"]
    number = active.frozen.number + 1
    said = ", ".join(f"{names[key]} {text}" for key, text in active.values.items())
    verb = "goes on" if active.run.path.exists() else said
    job.progress.note(f"Trial {number}{f' of {most}' if most else ''}: {verb}{_time_left(job)}")
    job.progress.phase(active.name)


def _time_left(job: _Job) -> str:
    """How long all trials will still take, once that is known."""
    seconds = [trial.seconds for trial in job.trials if trial.state == "finished" and trial.seconds]
    most = job.record["max_trials"]
    if not seconds or most is None:
        return ""
    left = most - sum(trial.state != "unfinished" for trial in job.trials)
    minutes = sum(seconds) / len(seconds) * left / job.record["jobs"] / 60
    return f"; at most {max(minutes, 0.1):.1f} min left"


def _tell_end(job: _Job, trial: Trial, *, is_best: bool) -> None:
    value = "" if trial.value is None else f"{job.search.plan.metric} {trial.value:.4f} after epoch {trial.epoch}"
    if trial.state == "finished":
        seconds = f", {trial.seconds:.0f} s" if trial.seconds else ""
        job.progress.note(f"  {trial.name}: {value}{seconds}{'; best so far' if is_best else ''}")
    elif trial.state == "pruned":
        job.progress.note(f"  {trial.name}: stopped after epoch {trial.epochs}, behind the others; {value}")
    elif trial.state == "failed":
        job.progress.warn(f"{trial.name} failed: {trial.reason}")
