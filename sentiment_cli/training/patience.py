"""Is an epoch better than those before it, and how long are worse ones put up with?"""

from __future__ import annotations

import math

from sentiment_cli.config.training import EarlyStopping
from sentiment_cli.history import Epoch
from sentiment_cli.training.state import TrainingState


def note_best(row: Epoch, state: TrainingState, monitor: str) -> bool:
    """Note an epoch in ``state`` where it is the best so far, as each is without validation; whether it is.

    Args:
        row: of the epoch.
        state: changed.
        monitor: the figure that decides, ``val_loss`` or ``val_accuracy``.
    """
    value = getattr(row, monitor)
    is_best = value is None or improves(value, state.best_value, monitor)
    if is_best:
        state.best_epoch, state.best_value = row.epoch, value
    return is_best


def count_patience(row: Epoch, state: TrainingState, stopping: EarlyStopping | None) -> None:
    """Count in ``state`` how many epochs have not improved.

    Args:
        row: of the latest epoch.
        state: changed.
        stopping: by which figure, and by how much; None: nothing is counted.
    """
    value = getattr(row, stopping.monitor) if stopping else None
    if stopping is None or value is None:
        return
    if improves(value, state.reference, stopping.monitor, stopping.min_delta):
        state.reference, state.waited = value, 0
    else:
        state.waited += 1


def patience_is_over(state: TrainingState, stopping: EarlyStopping | None) -> bool:
    """Whether as many epochs have not improved as are put up with; never where ``stopping`` is None."""
    return stopping is not None and state.waited >= stopping.patience


def improves(value: float, best: float | None, monitor: str, min_delta: float = 0.0) -> bool:
    """Whether a figure is better than the best so far; not-a-number never is, a tie is not."""
    if math.isnan(value):
        return False
    if best is None:
        return True
    return value > best + min_delta if monitor == "val_accuracy" else value < best - min_delta
