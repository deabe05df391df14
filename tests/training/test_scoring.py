"""Do logits come back in the order of the reviews, whatever batches they were computed in?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment_cli.text.token_ids import TokenIds, cut_to_length
from sentiment_cli.training import scoring


def make_reviews(lengths: list[int]) -> TokenIds:
    """Review i holds the token i + 2, as often as it is long."""
    flat = np.repeat(np.arange(len(lengths)) + 2, np.array(lengths, np.int64))
    return cut_to_length(flat, np.array(lengths, np.int64), 50, "tail")


class Step:
    """A network that says the first token and how many there are; it writes down what it was given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, int]] = []

    def __call__(self, token_ids: np.ndarray) -> Any:
        self.shapes.append(token_ids.shape)
        import tensorflow as tf

        return tf.constant(np.stack([token_ids[:, 0], (token_ids > 0).sum(axis=1)], axis=1).astype(np.float32))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
@pytest.mark.parametrize("fixed_width", [None, 50])
def test_the_order_is_that_of_the_reviews(batch_size: int, fixed_width: int | None) -> None:
    lengths, step, done = [3, 1, 4, 1, 5], Step(), []
    logits = scoring.compute_logits(
        step, make_reviews(lengths), batch_size=batch_size, fixed_width=fixed_width, progress=done.append
    )
    assert logits.tolist() == [[index + 2, length] for index, length in enumerate(lengths)]
    assert sum(done) == len(lengths)
    assert all(rows <= batch_size and width == (fixed_width or width) for rows, width in step.shapes)


def test_the_width_is_that_of_the_longest_review_of_a_batch() -> None:
    step = Step()
    scoring.compute_logits(step, make_reviews([3, 1, 4, 1, 5]), batch_size=2)
    assert step.shapes == [(2, 5), (2, 3), (1, 1)]


def test_long_reviews_come_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_TOKENS_IN_BATCH", 100)
    step = Step()
    scoring.compute_logits(step, make_reviews([50, 50, 50, 2]), batch_size=64)
    assert step.shapes == [(2, 50), (2, 50)]
    monkeypatch.setattr(scoring, "_TOKENS_IN_BATCH", 10)
    step = Step()
    scoring.compute_logits(step, make_reviews([50, 50]), batch_size=64)
    assert step.shapes == [(1, 50), (1, 50)]  # one review at least, however long


def test_no_reviews_have_no_logits() -> None:
    step = Step()
    assert scoring.compute_logits(step, make_reviews([]), batch_size=2).shape == (0, 1)
    assert step.shapes == []


def test_the_progress_may_stop_it() -> None:
    def stop(reviews: int) -> None:
        raise InterruptedError

    step = Step()
    with pytest.raises(InterruptedError):
        scoring.compute_logits(step, make_reviews([3, 1]), batch_size=1, progress=stop)
    assert len(step.shapes) == 1
