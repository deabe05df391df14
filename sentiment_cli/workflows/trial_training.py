"""The training of one trial of a sweep, in a process of its own: an ordinary run, trained by the ordinary command."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sentiment_cli.history import History, read_history
from sentiment_cli.locking import locked
from sentiment_cli.run_sets import Sweep
from sentiment_cli.runs import Run
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.process import TrialProcess
from sentiment_cli.search.space import Setting, Values


@dataclass(frozen=True)
class Standing:
    """How a training stands.

    Args:
        history: the epochs so far.
        planned_epochs: that it would have without being stopped; None before that is known.
        reviews: in an epoch; 0 before that is known.
        is_over: no process trains it any more.
        is_finished: it has done all that it was to do.
        value: the metric of the epoch that a finished one kept; None where it was not measured.
        reason: why it failed; None where it did not.
    """

    history: History = field(default_factory=lambda: History([]))
    planned_epochs: int | None = None
    reviews: int = 0
    is_over: bool = False
    is_finished: bool = False
    value: float | None = None
    reason: str | None = None


class Training(Protocol):
    """What a trial is told of its training, wherever that runs."""

    def look(self) -> Standing:
        """How it stands."""

    def begin(self) -> None:
        """Train, or go on."""

    def stop(self) -> None:
        """Save what was done and end."""

    def kill(self) -> None:
        """End at once."""


class TrialTraining:
    """A training on this machine.

    Args:
        sweep: that it belongs to.
        plan: of the search.
        name: of the trial.
        values: by key, as text.
        cores: that its process may use; None: all.
        note: told where another process is waited for.
    """

    def __init__(
        self,
        sweep: Sweep,
        plan: SearchPlan,
        name: str,
        values: Values,
        *,
        cores: list[int] | None = None,
        note: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.run = sweep.trial(name)
        self._sweep, self._plan, self._name, self._values = sweep, plan, name, values
        self._cores, self._note = cores, note
        self._process: TrialProcess | None = None
        self._was_done = False

    def look(self) -> Standing:
        """How it stands, by its files."""
        is_over = self._was_done or (self._process is not None and self._process.ended())  # nothing comes after it
        record = read_record(self.run)
        is_finished = record.get("status") == "finished"
        said = self._process.reason if self._process and is_over else None
        known = record.get("stop_reason") if record.get("status") == "failed" else None
        return Standing(
            history=read_epochs(self.run),
            planned_epochs=record.get("planned_epochs"),
            reviews=int((record.get("reviews") or {}).get("train", 0)),
            is_over=is_over,
            is_finished=is_finished,
            value=kept_value(self.run, self._plan) if is_finished else None,
            reason=None if is_finished else said or known,
        )

    def begin(self) -> None:
        """Begin its process, or go on where a killed sweep left it; nothing where it was done then."""
        if self.run.path.exists() and not self._is_finished():
            note = f"{self.run.path} is being written by another process, which is waited for"
            with locked(self.run.lock_path, wait=lambda: self._note(note)):
                pass  # that of a killed sweep saves what it did, and ends
        self._was_done = self._is_finished()
        if not self._was_done:
            arguments = train_arguments(self._sweep, self.run, self._plan.settings, self._values)
            self._process = TrialProcess(arguments, self._sweep.log_path(self._name), self._cores)

    def stop(self) -> None:
        """Ask it to save what it did and end."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End it at once; it goes on from its last checkpoint."""
        if self._process is not None:
            self._process.kill()

    def _is_finished(self) -> bool:
        return bool(read_record(self.run).get("status") == "finished")


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
    values = read_epochs(run).values(plan.metric)
    if not isinstance(epoch, int) or not 1 <= epoch <= len(values):
        return None
    return values[epoch - 1] if math.isfinite(values[epoch - 1]) else None


def read_epochs(run: Run) -> History:
    """The epochs so far; none before the first is done."""
    return read_history(run.history_path) if run.history_path.exists() else History([])


def read_record(run: Run) -> dict[str, Any]:
    """What is known about it; nothing before it has begun."""
    return run.read_record() if run.record_path.exists() else {}
