"""The learning rate in each step of a training."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from sentiment_cli.config.training import Schedule, Training
from sentiment_cli.training.batches import steps_per_epoch


def learning_rate(settings: Training, steps: int) -> Any:
    """The learning rate of an optimizer: a number, or a function of the step.

    Args:
        settings: the ``training`` section.
        steps: of the whole training.
    """
    if settings.schedule is None:
        return settings.learning_rate
    return WarmUpAndDecay(settings.learning_rate, settings.schedule, steps)


class StepRates:
    """The learning rates of single steps, for people to read.

    They are computed for a whole epoch at once: asking the optimizer costs a tenth of a millisecond at each step, and
    computed from where a training goes on, vectors of another length could have other last bits.

    Args:
        settings: the ``training`` section.
        reviews: of the training part.
        epochs: of the whole training.
    """

    def __init__(self, settings: Training, reviews: int, epochs: int) -> None:
        self._steps = steps_per_epoch(settings, reviews)
        self._rate = learning_rate(settings, epochs * self._steps)
        self._epoch, self._rates = 0, np.empty(0)

    def step(self, epoch: int, batch: int) -> int:
        """The number of a step within the training; all from 1."""
        return (epoch - 1) * self._steps + batch

    def of(self, epoch: int, batch: int) -> float:
        """The learning rate of a step; both numbers from 1."""
        if not callable(self._rate):
            return float(self._rate)
        if epoch != self._epoch:
            first = (epoch - 1) * self._steps
            self._rates = np.asarray(self._rate(np.arange(first, first + self._steps)), np.float64)
            self._epoch = epoch
        return float(self._rates[min(batch, self._steps) - 1])


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
