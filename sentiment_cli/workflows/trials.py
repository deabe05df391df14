"""The training of one trial of a sweep: begun or gone on with, looked at after each epoch, stopped when behind.

A trial is an ordinary run, trained by the ordinary command in a process of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentiment_cli.history import History, read_history
from sentiment_cli.locking import locked
from sentiment_cli.run_sets import Sweep
from sentiment_cli.runs import Run
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.process import TrialProcess
from sentiment_cli.search.pruning import first_epoch_behind
from sentiment_cli.search.space import Setting, Values
from sentiment_cli.search.study import StudyJournal, values_of
from sentiment_cli.search.trial import Trial, TrialState, best_epoch, trial_name
from sentiment_cli.training.progress import Progress

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class TrialEnd:
    """How a trial ended.

    Args:
        state: ``finished``, ``pruned`` or ``failed``; ``unfinished`` where it was asked to stop.
        value: the metric, of a finished one.
        reason: why it failed.
    """

    state: TrialState
    value: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Search:
    """What all trials of a sweep have in common.

    Args:
        sweep: where its files go.
        plan: what is searched, and how.
        journal: told of each trial and each of its epochs that counts.
        progress: told what happens.
    """

    sweep: Sweep
    plan: SearchPlan
    journal: StudyJournal
    progress: Progress


class ActiveTrial:
    """A trial that is under way.

    Args:
        search: that it belongs to.
        frozen: the trial, as the journal has it.
        cores: that its process may use; None: all.
    """

    def __init__(self, search: Search, frozen: FrozenTrial, cores: list[int] | None) -> None:
        self.frozen, self.cores = frozen, cores
        self.name = trial_name(frozen.number + 1)
        self.run, self.history = search.sweep.trial(self.name), History([])
        self._search, self._plan, self._journal = search, search.plan, search.journal
        self._settings = search.plan.settings
        self._process: TrialProcess | None = None
        self._is_behind = self._is_stopped = False

    @property
    def values(self) -> Values:
        """By key, as text."""
        return values_of(self.frozen, self._settings)

    @property
    def planned_epochs(self) -> int | None:
        """Epochs that it would have without being stopped; None before that is known."""
        return self._record().get("planned_epochs")

    def poll(self) -> TrialEnd | None:
        """Look at it: begin its process where it has none, stop it where it lags behind; None while it goes on."""
        over = self._process is not None and self._process.ended()  # before the look: nothing comes after it
        self._look()
        if self._process is None:
            return self._begin()
        return self._end() if over else None

    def stop(self) -> None:
        """Ask it to save what it did and end."""
        self._is_stopped = True
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()

    def _begin(self) -> TrialEnd | None:
        """Begin it, or go on where a killed sweep left it; it may have ended then, or be one to stop."""
        if self._is_behind:
            return TrialEnd("pruned")
        if self._is_stopped:
            return TrialEnd("unfinished")
        if self._record().get("status") == "finished":
            return self._finished()
        if self.run.path.exists():
            note = f"{self.run.path} is being written by another process, which is waited for"
            with locked(self.run.lock_path, wait=lambda: self._search.progress.note(note)):
                pass  # that of a killed sweep saves what it did, and ends
            if self._record().get("status") == "finished":
                return None  # it was done after all: the next look has its last epochs
        sweep = self._search.sweep
        arguments = train_arguments(sweep, self.run, self._settings, self.values)
        self._process = TrialProcess(arguments, sweep.log_path(self.name), self.cores)
        return None

    def _look(self) -> None:
        """Read what is new, and judge it as if each epoch had been looked at when it was over."""
        history = _read_history(self.run)
        if self._is_behind or len(history) <= len(self.history):
            return
        measured = history.values(self._plan.metric)
        trials = [trial for trial in self._journal.trials if trial.number != self.frozen.number]
        behind = first_epoch_behind(self._plan, trials, self.frozen, measured, self.planned_epochs)
        counted = history.rows[:behind]
        for epoch in counted[len(self.history) :]:
            self._journal.report(self.frozen, epoch.epoch, measured[epoch.epoch - 1])
            self._search.progress.advance(self._reviews, epoch.loss, epoch.accuracy)
        self.history = History(counted)
        if behind is not None:
            self._is_behind = True
            if self._process is not None:
                self._process.stop()

    def _end(self) -> TrialEnd:
        if self._is_behind:
            return TrialEnd("pruned")
        record = self._record()
        if record.get("status") == "finished":
            return self._finished()
        if self._is_stopped:
            return TrialEnd("unfinished")
        said = self._process.reason if self._process else None
        known = record.get("stop_reason") if record.get("status") == "failed" else None
        return TrialEnd("failed", reason=said or known or "it ended before it was done")

    def _finished(self) -> TrialEnd:
        value = kept_value(self.run, self._plan)
        if value is None:
            return TrialEnd("failed", reason=f"it has no {self._plan.metric}")
        return TrialEnd("finished", value)

    @property
    def _reviews(self) -> int:
        """In an epoch."""
        return int((self._record().get("reviews") or {}).get("train", 0))

    def _record(self) -> dict[str, Any]:
        return self.run.read_record() if self.run.record_path.exists() else {}


def train_arguments(sweep: Sweep, run: Run, settings: Sequence[Setting], values: Values) -> list[str]:
    """The command of a trial, without ``sentiment``: to train it, or to go on with it.

    Args:
        sweep: whose configuration it has.
        run: where it goes; it may have been begun.
        settings: what is searched over.
        values: by key, as text.
    """
    if run.path.exists():
        return ["train", "--resume", str(run.path)]
    chosen = [part for setting in settings for part in ("--set", f"{setting.key}={values[setting.key]}")]
    return ["train", "-c", str(sweep.config_path), *chosen, "--output-dir", str(run.path)]


def kept_value(run: Run, plan: SearchPlan) -> float | None:
    """The metric of the epoch that a finished run kept; None where it was not measured."""
    epoch = run.read_record().get("best_epoch")
    values = _read_history(run).values(plan.metric)
    if not isinstance(epoch, int) or not 1 <= epoch <= len(values):
        return None
    return values[epoch - 1] if math.isfinite(values[epoch - 1]) else None


def describe_trial(sweep: Sweep, plan: SearchPlan, frozen: FrozenTrial) -> Trial:
    """What the journal and the files of a run say of a trial."""
    number = frozen.number + 1
    run = sweep.trial(trial_name(number))
    values = values_of(frozen, plan.settings)
    record = run.read_record() if run.record_path.exists() else {}
    # The record's are those of calls that ended as they should; a kill leaves what the history has.
    spent = max((record.get("seconds") or {}).get("total", 0.0), sum(row.seconds for row in _read_history(run)))
    seconds = round(spent, 3) or None
    state = STATES[frozen.state.name]
    if state == "finished":
        epochs = int(record.get("epochs") or 0)
        return Trial(number, state, values, frozen.values[0], record.get("best_epoch"), epochs, seconds)
    reported = frozen.intermediate_values
    epoch = best_epoch(reported, plan)
    value = None if epoch is None else reported[epoch]
    return Trial(number, state, values, value, epoch, len(reported), seconds, frozen.user_attrs.get("reason"))


STATES: dict[str, TrialState] = {
    "COMPLETE": "finished",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "unfinished",
}


def _read_history(run: Run) -> History:
    """The epochs so far; none before the first is done."""
    return read_history(run.history_path) if run.history_path.exists() else History([])
