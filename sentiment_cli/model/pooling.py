"""How the outputs over time become one vector a review: last state, maximum, mean, attention, also over windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras import layers, ops

from sentiment_cli.text.vocabulary import PADDING_ID

# Below every output of an activation that is not of astronomical size, and finite, so that gradients stay so.
_LOWEST = -1e30


@dataclass(frozen=True)
class Sequences:
    """What the recurrent layers read: whole reviews, or the windows of all reviews side by side.

    Args:
        token_ids: int32[n, time], padded on the right with 0.
        present: bool[n, time], where there is a token; None: padding counts as tokens.
        read: bool[n, time], what the layers read. An empty window has its first step read, and left out again
            by ``present``: a row of nothing but padding makes cuDNN fail.
        review: int32[n], ascending: the review that a window is of; None: the sequences are the reviews.
    """

    token_ids: Any
    present: Any
    read: Any
    review: Any


def whole_reviews(token_ids: Any, *, masked: bool) -> Sequences:
    """Read each review from its start to its end."""
    present = ops.not_equal(token_ids, PADDING_ID) if masked else None
    return Sequences(token_ids, present, present, None)


def cut_into_windows(token_ids: Any, window: int) -> Sequences:
    """Read the reviews in windows side by side, each from a fresh state (Johnson and Zhang 2016, arXiv:1602.02373).

    Args:
        token_ids: int32[batch, time].
        window: tokens in a window; the last one of a review is padded.
    """
    padded = ops.pad(token_ids, [[0, 0], [0, window - 1]], constant_values=PADDING_ID)
    windows = ops.extract_sequences(padded, window, window)
    rows = ops.cumsum(ops.ones_like(windows[:, :1, 0]), axis=0) - 1
    review = ops.reshape(rows + ops.zeros_like(windows[:, :, 0]), (-1,))
    flat = ops.reshape(windows, (-1, window))
    present = ops.not_equal(flat, PADDING_ID)
    is_first = ops.equal(ops.cumsum(ops.ones_like(flat), axis=1), 1)
    return Sequences(flat, present, ops.logical_or(present, is_first), review)


def pool(kinds: Sequence[str], sequences: Sequences, outputs: Any, state: Any) -> Any:
    """Pool the outputs of the last recurrent layer over time.

    Args:
        kinds: ``last`` (whole reviews only), ``max``, ``mean``, ``attention``; their results stand side by side.
        sequences: what was read.
        outputs: float32[n, time, features].
        state: float32[n, features], the last output.

    Returns:
        float32[batch, len(kinds) * features].
    """
    pooled = [state if kind == "last" else _POOLS[kind](outputs, sequences) for kind in kinds]
    return pooled[0] if len(pooled) == 1 else layers.Concatenate(name="pooling")(pooled)


def _maximum(outputs: Any, sequences: Sequences) -> Any:
    if sequences.present is not None:
        outputs = ops.where(ops.expand_dims(sequences.present, -1), outputs, _LOWEST)
    result = ops.max(outputs, axis=1)
    return result if sequences.review is None else ops.segment_max(result, sequences.review, sorted=True)


def _mean(outputs: Any, sequences: Sequences) -> Any:
    if sequences.present is None:
        return ops.mean(outputs, axis=1)
    present = ops.expand_dims(sequences.present, -1)
    total = ops.sum(ops.where(present, outputs, 0.0), axis=1)
    count = ops.sum(ops.cast(present, "float32"), axis=1)
    if sequences.review is not None:
        total = ops.segment_sum(total, sequences.review, sorted=True)
        count = ops.segment_sum(count, sequences.review, sorted=True)
    return total / count


def _attention(outputs: Any, sequences: Sequences) -> Any:
    """The sum of the outputs, weighted by a softmax over time of v · tanh(W h + b) (Yang et al. 2016, N16-1174)."""
    features = layers.Dense(outputs.shape[-1], activation="tanh", name="attention_features")(outputs)
    score = layers.Dense(1, use_bias=False, name="attention_score")(features)
    if sequences.present is not None:
        score = ops.where(ops.expand_dims(sequences.present, -1), score, _LOWEST)
    highest = ops.max(score, axis=1, keepdims=True)
    if sequences.review is not None:
        of_review = ops.segment_max(highest[:, 0, 0], sequences.review, sorted=True)
        highest = ops.reshape(ops.take(of_review, sequences.review), (-1, 1, 1))
    weight = ops.exp(score - ops.stop_gradient(highest))
    total, share = ops.sum(weight * outputs, axis=1), ops.sum(weight, axis=1)
    if sequences.review is not None:
        total = ops.segment_sum(total, sequences.review, sorted=True)
        share = ops.segment_sum(share, sequences.review, sorted=True)
    return total / share


_POOLS = {"max": _maximum, "mean": _mean, "attention": _attention}
