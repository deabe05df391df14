"""Logits of many reviews, in their order, whatever batches they are computed in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sentiment_cli.ahead import computed_ahead
from sentiment_cli.config.schema import Config
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.training.batches import scoring_batches

# Tokens in a batch at the most: bounds the memory of long reviews.
_TOKENS_IN_BATCH = 64_000


def compute_logits(
    score_step: Any,
    token_ids: TokenIds,
    *,
    batch_size: int,
    fixed_width: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Run the network over reviews without training.

    Args:
        score_step: from `training.step.build_score_step`.
        token_ids: n reviews.
        batch_size: reviews in a batch at the most.
        fixed_width: pad all batches to this width; None: to their own longest review.
        progress: called with the number of reviews of each batch that is done. It may raise, to stop.

    Returns:
        float32[n, 1 or classes], in the order of the reviews.
    """
    lengths = token_ids.lengths
    widths = (fixed_width,) if fixed_width else ()
    longest = fixed_width or int(lengths.max(initial=1))
    rows = max(min(batch_size, _TOKENS_IN_BATCH // longest), 1)
    results: list[np.ndarray] = []
    order: list[np.ndarray] = []
    batches = scoring_batches(lengths, rows, widths)
    padded = computed_ahead(lambda batch: token_ids.pad(batch.indices, batch.width), batches)
    for batch, ids in zip(batches, padded, strict=True):
        results.append(score_step(ids).numpy())
        order.append(batch.indices)
        if progress:
            progress(len(batch.indices))
    if not results:
        return np.zeros((0, 1), np.float32)
    unordered = np.concatenate(results)
    logits = np.empty_like(unordered)
    logits[np.concatenate(order)] = unordered
    return logits


@contextlib.contextmanager
def random_states_kept(network: Any) -> Iterator[None]:
    """Put the random states back that scoring moves, so that a validation may be stopped and done again.

    Recurrent cells with dropout draw their masks in scoring too, and leave them unused (Keras 3.15).
    """
    before = [(variable, variable.numpy()) for variable in network.non_trainable_variables]
    try:
        yield
    finally:
        for variable, value in before:
            variable.assign(value)


def fixed_width(config: Config) -> int | None:
    """The width that every batch must have, where the network reads padding; else None."""
    return None if config.model.embedding.mask else config.text.sequence_length
