"""The trials of a sweep: begun, looked at and recorded until there are enough, however often that is broken off."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from sentiment_cli.errors import RunError
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import Chooser
from sentiment_cli.search.importance import compute_importances
from sentiment_cli.search.process import share_cores
from sentiment_cli.search.study import StudyJournal
from sentiment_cli.search.trial import Trial
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.plot_sweep import plot_result
from sentiment_cli.workflows.record import early_end_recorded, now, resume_command
from sentiment_cli.workflows.sweep_best import write_best
from sentiment_cli.workflows.sweep_notes import note_begin, note_end
from sentiment_cli.workflows.sweep_result import SweepResult, read_sweep
from sentiment_cli.workflows.trials import ActiveTrial, Search, TrialEnd, describe_trial

# Seconds between two looks at the trials, and between two notes of the time that was spent.
_LOOK, _NOTE = 0.2, 10.0
# So many failures in a row, and no trial that came to something, are no matter of settings.
_HOPELESS = 3


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


def run_trials(
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
            reason = _until_enough(job)
        finally:
            stop.graceful = False
            for active in job.active:
                active.kill()
        return _finish(job, reason)


def _until_enough(job: _Job) -> str:
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
        note_begin(job.progress, job.active[-1], job.trials, job.record)
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
    note_end(job.progress, trials[active.frozen.number], job.search.plan.metric, is_best=is_best)
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
