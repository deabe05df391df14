"""The exponential average of a network's weights over the steps of a training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf


class AveragedWeights:
    """An average beside the weights of a network, by ``tf.train.ExponentialMovingAverage``.

    Args:
        network: whose trainable weights are averaged; the average begins with them.
        iterations: variable, the steps done so far.
        share: which the average keeps of itself at each step, below 1. In step t it is at most (1 + t) / (10 + t), so
            that the average does not hold on to the random weights of the start.
    """

    def __init__(self, network: Any, iterations: Any, share: float) -> None:
        self._weights = [variable.value for variable in network.trainable_variables]
        self._average = tf.train.ExponentialMovingAverage(share, num_updates=iterations.value)
        self._average.apply(self._weights)
        self.variables = [self._average.average(weight) for weight in self._weights]

    def update(self) -> None:
        """Take in the weights as they are after a step."""
        self._average.apply(self._weights)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the average into the network for as long as the block lasts."""
        own = [weight.numpy() for weight in self._weights]
        for weight, average in zip(self._weights, self.variables, strict=True):
            weight.assign(average)
        try:
            yield
        finally:
            for weight, value in zip(self._weights, own, strict=True):
                weight.assign(value)
