"""When a training is saved, and what happens where the disk does not take it."""

from __future__ import annotations

import contextlib
import errno
import math
import time
from dataclasses import dataclass, field
from typing import Any

from sentiment_cli.batch_history import write_batches
from sentiment_cli.errors import RunError
from sentiment_cli.history import History, write_history
from sentiment_cli.runs import Run
from sentiment_cli.training.averaging import AveragedWeights
from sentiment_cli.training.checkpoint import Snapshot, take_snapshot
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.state import TrainingState

# A disk without room, or a user without more of it.
_FULL = (errno.ENOSPC, errno.EDQUOT)
# Seconds between two writings of the steps' figures, which every checkpoint holds: an epoch may take less than a disk
# that flushes a file.
_BETWEEN_STEPS = 10.0


@dataclass
class Keeper:
    """Saves a training as it goes on. A full disk is told, and the training goes on: it may have room later.

    What is on the disk is at all times enough to go on from: first the best epoch is written, then the checkpoint that
    speaks of it.

    Args:
        checkpoints: where they go.
        run: whose files tell of the epochs and steps so far; None: they are in the checkpoints alone.
        network: what is trained.
        optimizer: likewise.
        average: of the weights, kept as best in their place; None: the weights are.
        interval: seconds between two checkpoints within an epoch, at the least.
        progress: told what could not be saved.
    """

    checkpoints: Checkpoints
    run: Run | None
    network: Any
    optimizer: Any
    average: AveragedWeights | None
    interval: float
    progress: Progress
    seconds: float = 0.0
    _saved: float = field(default_factory=time.perf_counter)
    _steps_written: float = -math.inf
    _best: tuple[Snapshot, int] | None = None
    _error: OSError | None = None

    @property
    def is_due(self) -> bool:
        """Whether the last time is long enough ago."""
        return time.perf_counter() - self._saved >= self.interval

    def begin(self, state: TrainingState) -> None:
        """Let the run's tables say what the checkpoint says that is gone on from: a kill may have come in between."""
        if not len(state.batches):
            return
        try:
            self._write_history(state)
            self._write_steps(state)
        except OSError as error:
            self.progress.warn(f"{self.checkpoints.directory.parent}: {error.strerror or error}: it is tried again.")

    def end(self, state: TrainingState) -> None:
        """Write the figures of all steps, those behind the last checkpoint of a training that failed included."""
        if self._error is not None or not len(state.batches):
            return
        try:
            self._write_steps(state)
        except OSError as error:
            self.progress.warn(f"{self.checkpoints.directory.parent}: {error.strerror or error}: batches.csv is old.")

    def epoch_done(self, state: TrainingState, *, is_best: bool) -> None:
        """Save, with the weights of the epoch where it is the best so far."""
        if is_best and state.best_epoch is not None:
            with self.weights_to_keep():
                self._best = take_snapshot(self.network, None, state), state.best_epoch
        self.save(state)

    def save(self, state: TrainingState) -> None:
        """Save now."""
        started = time.perf_counter()
        try:
            self._write_with_room(state)
        except OSError as error:
            self._error = error
            self.progress.warn(
                f"{self.checkpoints.directory}: {error.strerror or error}: nothing was saved now. What was saved "
                "before is kept, the training goes on, and it is tried again."
            )
        else:
            if self._error is not None:
                self.progress.note("Saved again")
            self._error = None
        finally:
            self._saved = time.perf_counter()
            self.seconds += self._saved - started

    def finish(self, state: TrainingState) -> None:
        """Raise a RunError where the end of a training still cannot be saved."""
        if self._error is not None:
            self.save(state)
        if self._error is not None:
            raise RunError(
                f"{self.checkpoints.directory}: {self._error.strerror or self._error}: the end of the training could "
                "not be saved. Make room; it then goes on from what was saved before."
            )

    def weights_to_keep(self) -> contextlib.AbstractContextManager[None]:
        """The average in place of the weights, where there is one."""
        return self.average.in_place() if self.average else contextlib.nullcontext()

    def _write_with_room(self, state: TrainingState) -> None:
        """Where the disk is full, elder checkpoints make room: what is new counts more than the case of damage."""
        while True:
            try:
                return self._write(state)
            except OSError as error:
                if error.errno not in _FULL or not self.checkpoints.make_room():
                    raise

    def _write(self, state: TrainingState) -> None:
        if self._best is not None:
            self.checkpoints.save_best(*self._best)
            self._best = None
        self.checkpoints.save_last(take_snapshot(self.network, self.optimizer, state, self.average), state)
        self._write_history(state)
        if time.perf_counter() - self._steps_written >= _BETWEEN_STEPS:
            self._write_steps(state)

    def _write_history(self, state: TrainingState) -> None:
        if self.run is not None:
            write_history(self.run.history_path, History(list(state.history)))

    def _write_steps(self, state: TrainingState) -> None:
        if self.run is not None:
            write_batches(self.run.batches_path, state.batches)
        self._steps_written = time.perf_counter()


class Onlooker(Keeper):
    """In the place of a keeper where another process saves the training: writes nothing."""

    @property
    def is_due(self) -> bool:
        """Never."""
        return False

    def begin(self, state: TrainingState) -> None:
        """Nothing."""

    def end(self, state: TrainingState) -> None:
        """Nothing."""

    def epoch_done(self, state: TrainingState, *, is_best: bool) -> None:
        """Nothing."""

    def save(self, state: TrainingState) -> None:
        """Nothing."""

    def finish(self, state: TrainingState) -> None:
        """Nothing."""
