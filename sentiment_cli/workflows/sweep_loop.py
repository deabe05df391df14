"""The trials of a sweep: begun, looked at and recorded until there are enough, however often that is broken off."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import Chooser
from sentiment_cli.search.importance import compute_importances
from sentiment_cli.search.process import share_cores
from sentiment_cli.search.study import StudyJournal, values_of
from sentiment_cli.search.trial import trial_name
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.plot_sweep import plot_result
from sentiment_cli.workflows.record import early_end_recorded, now
from sentiment_cli.workflows.sweep_best import write_best
from sentiment_cli.workflows.sweep_job import Drive, SweepJob
from sentiment_cli.workflows.sweep_result import SweepResult, read_sweep
from sentiment_cli.workflows.trial_training import TrialTraining
from sentiment_cli.workflows.trials import ActiveTrial, Search

# Seconds between two looks at the trials.
_LOOK = 0.2


def run_trials(
    sweep: Sweep, chooser: Chooser, record: dict[str, Any], progress: Progress, stop: StopRequest, drive: Drive
) -> SweepResult:
    """Run what is left of the trials, and let ``sweep.json`` tell how it stands, however it ends.

    Args:
        sweep: the sweep, whose lock is held.
        chooser: of its trials.
        record: of the sweep.
        progress: told what happens.
        stop: asked whether to go on.
        drive: how trials are run.
    """
    plan = chooser.plan
    journal = StudyJournal(sweep.study_path, chooser.settings, maximizes=plan.maximizes)
    job = SweepJob(Search(sweep, plan, record["jobs"], journal, progress), chooser, record, stop)
    with early_end_recorded(sweep, lambda status, reason: job.keep(status=status, stop_reason=reason, ended=now())):
        trials = job.trials
        job.keep(status="running", stop_reason=None, trials=[trial.to_dict() for trial in trials])
        write_best(job.sweep, job.chooser, job.record, trials)  # a kill may have come before that
        stop.graceful = True
        try:
            reason = drive(job)
        finally:
            stop.graceful = False
            for active in job.active:
                active.training.kill()
        return _finish(job, reason)


def drive_here(job: SweepJob) -> str:
    """Run the trials on this machine, a process for each, until there are enough; returns why it ended."""
    cores = share_cores(job.search.jobs)
    while True:
        reason = job.reason_to_stop
        if reason is None:
            reason = _fill(job, cores)
        else:
            for active in job.active:
                active.stop()
        if not job.active and reason is not None:
            return reason
        for active in list(job.active):
            job.poll(active)
        job.keep_time()
        time.sleep(_LOOK)


def _fill(job: SweepJob, cores: list[list[int] | None]) -> str | None:
    """Begin trials where there is room; why there are no more of them, or None."""
    while (chosen := job.next_trial()) is not None:
        if isinstance(chosen, str):
            return chosen
        used = [active.cores for active in job.active]
        free = next(place for place in cores if place is None or place not in used)
        values, plan = values_of(chosen, job.search.plan.settings), job.search.plan
        name, note = trial_name(chosen.number + 1), job.progress.note
        training = TrialTraining(job.sweep, plan, name, values, cores=free, note=note)
        job.begin(ActiveTrial(job.search, chosen, training, free))
    return None


def _finish(job: SweepJob, reason: str) -> SweepResult:
    """Say what mattered, draw it, and let the record tell that it is over."""
    if job.stop.exit_code is not None:
        job.keep(status="interrupted", stop_reason="interrupted", ended=now())
        return replace(read_sweep(job.sweep), exit_code=job.stop.exit_code)
    job.progress.phase("weighing settings")
    job.keep(importances=compute_importances(job.search.plan, job.search.journal.trials))
    plot_result(read_sweep(job.sweep), job.sweep.picture_path)
    job.keep(status="finished", stop_reason=reason, ended=now(), trials=[trial.to_dict() for trial in job.trials])
    return read_sweep(job.sweep)
