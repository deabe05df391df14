"""One trial of a sweep: its training begun or gone on with, judged after each epoch, stopped when behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment_cli.history import History
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.order import known_before
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.pruning import first_epoch_behind
from sentiment_cli.search.space import Values
from sentiment_cli.search.study import StudyJournal, values_of
from sentiment_cli.search.trial import Trial, TrialState, best_epoch, trial_name
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.trial_training import Standing, Training, read_epochs, read_record

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
        jobs: how many run side by side.
        journal: told of each trial and each of its epochs that counts.
        progress: told what happens.
    """

    sweep: Sweep
    plan: SearchPlan
    jobs: int
    journal: StudyJournal
    progress: Progress


class ActiveTrial:
    """A trial that is under way.

    Args:
        search: that it belongs to.
        frozen: the trial, as the journal has it.
        training: what trains it.
        cores: that this takes on this machine; None: all, or those of another one.
    """

    def __init__(self, search: Search, frozen: FrozenTrial, training: Training, cores: list[int] | None = None) -> None:
        self.frozen, self.training, self.cores = frozen, training, cores
        self.name = trial_name(frozen.number + 1)
        self.run, self.history = search.sweep.trial(self.name), History([])
        self.is_behind = False
        self._search = search
        self._has_begun = self._is_stopped = False

    @property
    def values(self) -> Values:
        """By key, as text."""
        return values_of(self.frozen, self._search.plan.settings)

    def poll(self) -> TrialEnd | None:
        """Look at it: let its training begin or go on, stop it where it lags behind; None while it goes on."""
        standing = self.training.look()
        self._judge(standing)
        if not self._has_begun:
            return self._begin()
        return self._end(standing) if standing.is_over else None

    def stop(self) -> None:
        """Ask it to save what it did and end."""
        self._is_stopped = True
        self.training.stop()

    def _begin(self) -> TrialEnd | None:
        """Begin, unless a killed sweep left it behind the others, or it is not to go on."""
        if self.is_behind:
            return TrialEnd("pruned")
        if self._is_stopped:
            return TrialEnd("unfinished")
        self.training.begin()
        self._has_begun = True
        return None

    def _judge(self, standing: Standing) -> None:
        """Read what is new, and judge it as if each epoch had been looked at when it was over."""
        history = standing.history
        if self.is_behind or len(history) <= len(self.history):
            return
        journal, plan = self._search.journal, self._search.plan
        measured = history.values(plan.metric)
        others = known_before(journal.trials, self.frozen.number, self._search.jobs)
        behind = first_epoch_behind(plan, others, self.frozen, measured, standing.planned_epochs)
        counted = history.rows[:behind]
        for epoch in counted[len(self.history) :]:
            journal.report(self.frozen, epoch.epoch, measured[epoch.epoch - 1])
            self._search.progress.advance(standing.reviews, epoch.loss, epoch.accuracy)
        self.history = History(counted)
        if behind is not None:
            self.is_behind = True
            self.training.stop()

    def _end(self, standing: Standing) -> TrialEnd:
        if self.is_behind:
            return TrialEnd("pruned")
        if standing.is_finished and standing.value is None:
            return TrialEnd("failed", reason=f"it has no {self._search.plan.metric}")
        if standing.is_finished:
            return TrialEnd("finished", standing.value)
        if self._is_stopped:
            return TrialEnd("unfinished")
        return TrialEnd("failed", reason=standing.reason or "it ended before it was done")


def describe_trial(sweep: Sweep, plan: SearchPlan, frozen: FrozenTrial) -> Trial:
    """What the journal and the files of a run say of a trial."""
    number = frozen.number + 1
    run = sweep.trial(trial_name(number))
    values, record = values_of(frozen, plan.settings), read_record(run)
    # The record's are those of calls that ended as they should; a kill leaves what the history has.
    spent = max((record.get("seconds") or {}).get("total", 0.0), sum(row.seconds for row in read_epochs(run)))
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
