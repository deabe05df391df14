"""The learning rate in each step of a training."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from sentiment_cli.config.training import Schedule, Training


def learning_rate(settings: Training, steps: int) -> Any:
    """The learning rate of an optimizer: a number, or a function of the step.

    Args:
        settings: the ``training`` section.
        steps: of the whole training.
    """
    if settings.schedule is None:
        return settings.learning_rate
    return WarmUpAndDecay(settings.learning_rate, settings.schedule, steps)


class WarmUpAndDecay(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A line up from 0, then half a cosine or a line down to 0, or no fall; 0 after the last step.

    Args:
        highest: the learning rate between rise and fall.
        schedule: which share of the steps it rises in, and how it falls.
        steps: of the whole training.
    """

    def __init__(self, highest: float, schedule: Schedule, steps: int) -> None:
        self._highest, self._decay, self._steps = highest, schedule.decay, steps
        self._warmup = round(schedule.warmup * steps)

    def __call__(self, step: Any) -> Any:
        """The learning rate of one step, from 0."""
        done = ops.cast(step, "float32")
        rising = (done + 1) / max(self._warmup, 1)
        progress = ops.clip((done - self._warmup) / max(self._steps - self._warmup, 1), 0, 1)
        falling = {
            "cosine": lambda: (1 + ops.cos(math.pi * progress)) / 2,
            "linear": lambda: 1 - progress,
            "none": lambda: ops.ones_like(progress),
        }[self._decay]()
        return self._highest * ops.where(done < self._warmup, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """Never asked for: optimizers are built from the configuration."""
        raise NotImplementedError
