"""A sweep at work: the next trial, and what is kept when one ends, wherever its training runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sentiment_cli.errors import RunError
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.choosing import Chooser
from sentiment_cli.search.order import may_begin
from sentiment_cli.search.trial import Trial
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.record import resume_command
from sentiment_cli.workflows.sweep_best import write_best
from sentiment_cli.workflows.sweep_notes import note_begin, note_end
from sentiment_cli.workflows.trials import ActiveTrial, Search, TrialEnd, describe_trial

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Seconds between two notes of the time that was spent.
_NOTE = 10.0
# Where the first so many trials fail, and none that ended came to something, it is no matter of settings.
_HOPELESS = 3


@dataclass
class SweepJob:
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
    def reason_to_stop(self) -> str | None:
        """Why trials under way are stopped, and no others begun; None: there is none."""
        if self.stop.exit_code is not None:
            return "interrupted"
        minutes = self.record["max_minutes"]
        return f"{minutes:g} minutes are over" if minutes is not None and self.seconds >= 60 * minutes else None

    def keep(self, **changes: Any) -> None:
        """Write how the sweep stands."""
        self.record.update(changes, seconds={"total": round(self.seconds, 3)})
        self.clock = time.monotonic()
        self.sweep.write_record(self.record)

    def keep_time(self) -> None:
        """Write how much time was spent, every now and then."""
        if time.monotonic() - self.clock > _NOTE:
            self.keep()

    def next_trial(self) -> FrozenTrial | str | None:
        """The trial to begin or to go on with, after `reason_to_stop` has given none.

        Returns:
            The trial; or why there are no more of them; or None: one that is under way is waited for.
        """
        if len(self.active) >= self.search.jobs:
            return None
        trials = self.search.journal.trials
        taken = [active.frozen.number for active in self.active]
        waiting = (one for one in trials if not one.state.is_finished() and one.number not in taken)
        if (first := next(waiting, None)) is not None:
            return first
        most = self.record["max_trials"]
        if most is not None and len(trials) >= most:
            return "all trials done"
        if not may_begin(self.search.plan, trials, self.search.jobs):
            return None
        values = self.chooser.choose(trials, self.search.jobs)
        return "no other combination of values was found" if values is None else self.search.journal.begin(values)

    def begin(self, active: ActiveTrial) -> None:
        """Note that a trial is under way from now on."""
        self.active.append(active)
        trials = self.trials
        note_begin(self.progress, active, trials, self.record)
        self.keep(trials=[trial.to_dict() for trial in trials])

    def poll(self, active: ActiveTrial) -> TrialEnd | None:
        """Look at a trial, and keep what it came to where it has ended."""
        end = active.poll()
        if end is not None:
            self.end(active, end)
        return end

    def end(self, active: ActiveTrial, end: TrialEnd) -> None:
        """Keep what a trial came to; the journal first, of which all else is made."""
        self.active.remove(active)
        journal = self.search.journal
        if end.state == "finished" and end.value is not None:
            journal.finish(active.frozen, end.value)
        elif end.state == "pruned":
            journal.prune(active.frozen)
        elif end.state == "failed":
            journal.fail(active.frozen, end.reason or "it failed")
        trials = self.trials
        self.keep(trials=[trial.to_dict() for trial in trials])
        is_best = write_best(self.sweep, self.chooser, self.record, trials) == active.frozen.number + 1
        note_end(self.progress, trials[active.frozen.number], self.search.plan.metric, is_best=is_best)
        ended = [trial for trial in trials if trial.state != "unfinished"]
        judged = [*trials[:_HOPELESS], *ended]
        if len(ended) >= _HOPELESS and all(trial.state == "failed" for trial in judged):
            raise RunError(
                f"All {len(ended)} trials so far failed, the last one: {ended[-1].reason}\n"
                f"When that is mended, go on with {resume_command(self.sweep)}"
            )


# Begins trials, looks at them and records their ends until there are enough; it returns why it ended.
Drive = Callable[[SweepJob], str]
