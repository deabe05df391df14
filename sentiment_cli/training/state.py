"""Where a training stands, apart from its weights: the state of the loop over epochs, as data."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from sentiment_cli.batch_history import BatchHistory
from sentiment_cli.history import Epoch


@dataclass
class TrainingState:
    """Where a training stands.

    ``batches``, what its steps so far were like, goes with it, and is kept beside the rest: as an array, since it has
    thousands of numbers.

    Args:
        epoch: the epoch in progress, from 1.
        batch: how many of its batches are done.
        loss_sum: sum of the losses of its reviews so far.
        correct: its correct predictions so far.
        reviews: its reviews so far.
        seconds: the time spent on it so far.
        best_epoch: the epoch whose weights are kept as best; None before there is one.
        best_value: the monitored figure of that epoch.
        reference: the monitored figure that patience compares with.
        waited: epochs since it last improved.
        history: the finished epochs.
    """

    epoch: Annotated[int, Field(ge=1)] = 1
    batch: Annotated[int, Field(ge=0)] = 0
    loss_sum: float = 0.0
    correct: float = 0.0
    reviews: Annotated[int, Field(ge=0)] = 0
    seconds: float = 0.0
    best_epoch: Annotated[int, Field(ge=1)] | None = None
    best_value: float | None = None
    reference: float | None = None
    waited: Annotated[int, Field(ge=0)] = 0
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.batches = BatchHistory()

    def start_next_epoch(self) -> None:
        """Move on to the first batch of the next epoch."""
        self.epoch += 1
        self.batch, self.reviews = 0, 0
        self.loss_sum = self.correct = self.seconds = 0.0

    def to_json(self) -> str:
        """As text; numbers come back to the last bit."""
        return json.dumps(asdict(self), indent=1)


def parse_state(text: str) -> TrainingState:
    """What `TrainingState.to_json` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        state = TypeAdapter(TrainingState).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(
            f"not the state of a training: {': '.join([*map(str, first['loc']), first['msg']])}"
        ) from error
    if not all(0 <= seconds < math.inf for seconds in (state.seconds, *(row.seconds for row in state.history))):
        raise ValueError("not the state of a training: seconds that are no time")
    finished = [row.epoch for row in state.history]
    if finished != list(range(1, len(finished) + 1)) or state.epoch != len(finished) + 1:
        raise ValueError(f"not the state of a training: epoch {state.epoch} after {len(finished)} finished ones")
    if state.best_epoch is not None and state.best_epoch >= state.epoch:
        raise ValueError(f"not the state of a training: epoch {state.best_epoch} is the best, and did not end yet")
    if json.dumps(json.loads(text), indent=1) != state.to_json():
        raise ValueError("not the state of a training: other keys than it has, or whole numbers for others")
    return state
