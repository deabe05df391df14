"""In which batches the reviews are seen: grouped by length, as a function of the seed and the epoch alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.config.training import Training

# Reviews are sorted by length within so many batches; the batches are then shuffled. With 50 the useful share
# of a batch's tokens is 95 % and more on IMDb, and no batch sees only one length of review for long.
WINDOW_BATCHES = 50


@dataclass(frozen=True)
class Batch:
    """Which reviews are in a step.

    Args:
        indices: int64[m], positions of the reviews, m at most the batch size.
        width: columns of the padded batch.
    """

    indices: np.ndarray
    width: int


def training_batches(lengths: np.ndarray, batch_size: int, widths: Sequence[int], seed: int, epoch: int) -> list[Batch]:
    """The batches of one epoch, in their order.

    Args:
        lengths: int64[n], tokens of each review.
        batch_size: reviews in a batch; the rest of n makes one smaller batch.
        widths: the widths that may be used, ascending, the last at least the longest review; empty: any.
        seed: of the run.
        epoch: from 1.

    Returns:
        Batches that hold every review once.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(lengths))
    batches: list[np.ndarray] = []
    for start in range(0, len(order), WINDOW_BATCHES * batch_size):
        window = order[start : start + WINDOW_BATCHES * batch_size]
        window = window[np.argsort(lengths[window], kind="stable")]
        batches += [window[first : first + batch_size] for first in range(0, len(window), batch_size)]
    return [_batch(batches[index], lengths, widths) for index in rng.permutation(len(batches))]


def endless_batches(
    lengths: np.ndarray, batch_size: int, widths: Sequence[int], seed: int, first: int
) -> Iterator[Batch]:
    """The batches of one epoch after another, from batch ``first`` of all on; otherwise as `training_batches`.

    All are of one size: the reviews that make no whole batch are left out of an epoch.
    """
    size = min(batch_size, len(lengths))
    in_epoch = len(lengths) // size
    for epoch in itertools.count(1 + first // in_epoch):
        batches = training_batches(lengths, size, widths, seed, epoch)
        yield from [batch for batch in batches if len(batch.indices) == size][first % in_epoch :]
        first = 0


def steps_per_epoch(settings: Training, reviews: int) -> int:
    """The steps of one epoch, of which one may have fewer reviews."""
    return max(-(-reviews // settings.batch_size), 1)


def planned_epochs(settings: Training, reviews: int) -> int:
    """The epochs of a training on so many reviews: those asked for, or more, until ``min_steps`` are reached."""
    return max(settings.epochs, -(-settings.min_steps // steps_per_epoch(settings, reviews)))


def scoring_batches(lengths: np.ndarray, batch_size: int, widths: Sequence[int] = ()) -> list[Batch]:
    """Batches for a pass without training: sorted by length, longest first, so that memory fails early."""
    order = np.argsort(-lengths, kind="stable")
    batches = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    return [_batch(indices, lengths, widths) for indices in batches]


def choose_widths(lengths: np.ndarray, batch_size: int, most: int) -> list[int]:
    """A few widths that keep padding small, for a step that is compiled once for each width.

    The batches of one epoch are cut by their own longest review into ``most`` groups of equal number.

    Args:
        lengths: int64[n], tokens of each review, n at least 1.
        batch_size: reviews in a batch.
        most: number of widths at the most.

    Returns:
        Ascending widths; the last is the longest review.
    """
    sorted_lengths = np.sort(lengths)
    longest = sorted_lengths[batch_size - 1 :: batch_size] if len(lengths) > batch_size else sorted_lengths[-1:]
    quantiles = np.quantile(longest, np.arange(1, most + 1) / most, method="inverted_cdf")
    return sorted({int(width) for width in quantiles} | {int(sorted_lengths[-1])})


def _batch(indices: np.ndarray, lengths: np.ndarray, widths: Sequence[int]) -> Batch:
    longest = int(lengths[indices].max())
    return Batch(indices, next((width for width in widths if width >= longest), longest))
