"""Is every review seen once a pass, in batches that depend on the seed and the epoch alone?"""

from __future__ import annotations

from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.config.training import Training
from sentiment_cli.training.batches import (
    WINDOW_BATCHES,
    Batch,
    choose_widths,
    endless_batches,
    planned_epochs,
    scoring_batches,
    steps_per_epoch,
    training_batches,
)

lengths_of_reviews = st.lists(st.integers(1, 60), min_size=1, max_size=150).map(np.array)


def indices(batches: list[Batch]) -> list[list[int]]:
    return [batch.indices.tolist() for batch in batches]


@given(lengths_of_reviews, st.integers(1, 40), st.integers(0, 5), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_a_pass_holds_every_review_once(lengths: np.ndarray, batch_size: int, seed: int, epoch: int) -> None:
    widths = choose_widths(lengths, batch_size, 4)
    for batches in (
        training_batches(lengths, batch_size, (), seed, epoch),
        training_batches(lengths, batch_size, widths, seed, epoch),
        scoring_batches(lengths, batch_size),
    ):
        assert sorted(chain.from_iterable(indices(batches))) == list(range(len(lengths)))
        assert sum(len(batch.indices) < batch_size for batch in batches) <= 1
        assert max(len(batch.indices) for batch in batches) <= batch_size


@given(lengths_of_reviews, st.integers(1, 40), st.integers(1, 10))
@settings(max_examples=60, deadline=None)
def test_chosen_widths_are_few_ascending_and_enough(lengths: np.ndarray, batch_size: int, most: int) -> None:
    widths = choose_widths(lengths, batch_size, most)
    assert widths == sorted(set(widths))
    assert len(widths) <= most + 1
    assert widths[-1] == lengths.max()
    for batch in training_batches(lengths, batch_size, widths, seed=1, epoch=1):
        longest = lengths[batch.indices].max()
        assert batch.width == min(width for width in widths if width >= longest)


def test_without_widths_a_batch_is_as_wide_as_its_longest_review() -> None:
    lengths = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    for batch in [*training_batches(lengths, 3, (), 1, 1), *scoring_batches(lengths, 3)]:
        assert batch.width == lengths[batch.indices].max()


def test_a_single_fixed_width_is_the_width_of_every_batch() -> None:
    lengths = np.array([3, 1, 4, 1, 5])
    assert {batch.width for batch in training_batches(lengths, 2, (12,), 1, 1)} == {12}
    assert {batch.width for batch in scoring_batches(lengths, 2, (12,))} == {12}


def test_the_order_is_a_function_of_the_seed_and_the_epoch() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 100)

    def order(seed: int, epoch: int) -> list[list[int]]:
        return indices(training_batches(lengths, 8, (), seed, epoch))

    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2)
    assert order(1, 1) != order(2, 1)
    assert order(1, 2) != order(2, 1)


def test_the_order_does_not_depend_on_what_was_drawn_before() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 40)
    before = indices(training_batches(lengths, 8, (), 3, 2))
    np.random.seed(99)
    training_batches(lengths, 8, (), 3, 1)
    assert indices(training_batches(lengths, 8, (), 3, 2)) == before


def test_the_widths_change_the_padding_but_not_the_order() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 90)
    assert indices(training_batches(lengths, 8, (), 1, 1)) == indices(training_batches(lengths, 8, (20, 50), 1, 1))


def test_reviews_are_sorted_by_length_within_a_window_and_not_beyond() -> None:
    batch_size = 2
    window = WINDOW_BATCHES * batch_size
    lengths = np.random.default_rng(0).permutation(np.arange(1, 3 * window + 1))
    batches = training_batches(lengths, batch_size, (), 1, 1)
    # In a window of distinct lengths, sorted, a batch of two holds neighbours: the sum of the gaps over all batches
    # is far below that of random pairs (a third of the range: 100), and above 1, which sorting everything would give.
    gaps = [np.ptp(lengths[batch.indices]) for batch in batches]
    assert 1 < np.mean(gaps) < 6
    # The batches themselves are shuffled: widths go up and down.
    rises = np.diff([batch.width for batch in batches]) > 0
    assert 0.3 < rises.mean() < 0.7


def test_equal_lengths_are_shuffled_all_the_same() -> None:
    batches = training_batches(np.full(64, 7), 8, (), 1, 1)
    assert sorted(batches[0].indices.tolist()) != list(range(min(batches[0].indices), min(batches[0].indices) + 8))


def test_scoring_takes_the_longest_reviews_first() -> None:
    lengths = np.array([3, 9, 1, 9, 5])
    # Ties keep their order: 1 before 3.
    assert indices(scoring_batches(lengths, 2)) == [[1, 3], [4, 0], [2]]
    assert [batch.width for batch in scoring_batches(lengths, 2)] == [9, 5, 1]


@pytest.mark.parametrize("batch_size", [1, 4])
def test_one_review_is_one_batch(batch_size: int) -> None:
    (batch,) = training_batches(np.array([5]), batch_size, choose_widths(np.array([5]), batch_size, 8), 1, 1)
    assert (batch.indices.tolist(), batch.width) == ([0], 5)


def test_a_batch_larger_than_the_data_holds_all_of_them() -> None:
    lengths = np.array([2, 7, 3])
    (batch,) = training_batches(lengths, 100, choose_widths(lengths, 100, 8), 1, 1)
    assert (sorted(batch.indices.tolist()), batch.width) == ([0, 1, 2], 7)


def test_no_reviews_are_no_batches() -> None:
    assert scoring_batches(np.zeros(0, np.int64), 4) == []


@given(lengths_of_reviews, st.integers(1, 40), st.integers(0, 5), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_endless_batches_are_those_of_one_epoch_after_another_from_any_on(
    lengths: np.ndarray, batch_size: int, seed: int, first: int
) -> None:
    size = min(batch_size, len(lengths))
    in_epoch = len(lengths) // size
    epochs = range(1, first // in_epoch + 4)
    every = chain.from_iterable(training_batches(lengths, size, (), seed, epoch) for epoch in epochs)
    expected = [batch for batch in every if len(batch.indices) == size][first : first + 2 * in_epoch]
    found = list(islice(endless_batches(lengths, batch_size, (), seed, first), 2 * in_epoch))
    assert indices(found) == indices(expected)
    assert [batch.width for batch in found] == [batch.width for batch in expected]


@given(lengths_of_reviews, st.integers(1, 40), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_endless_batches_are_of_one_size_and_hold_no_review_twice_an_epoch(
    lengths: np.ndarray, batch_size: int, seed: int
) -> None:
    size = min(batch_size, len(lengths))
    found = indices(list(islice(endless_batches(lengths, batch_size, (), seed, 0), 3 * (len(lengths) // size))))
    assert {len(batch) for batch in found} == {size}
    counts = np.bincount(list(chain.from_iterable(found)), minlength=len(lengths))
    assert counts.max() <= 3
    if len(lengths) % size == 0:
        assert (counts == 3).all()


def test_endless_batches_take_the_widths_that_they_may() -> None:
    lengths = np.array([3, 1, 4, 1, 5])
    assert {batch.width for batch in islice(endless_batches(lengths, 2, (12,), 1, 4), 9)} == {12}


def test_every_width_takes_its_share_of_the_batches_to_within_one() -> None:
    # 1 to 80 in batches of 10: the longest of each are 10, 20, … 80; a share of four widths is two batches.
    widths = choose_widths(np.arange(1, 81), 10, 4)
    counts = np.bincount(np.searchsorted(widths, np.arange(10, 81, 10)), minlength=4)
    assert len(widths) == 4
    assert counts.sum() == 8
    assert set(counts.tolist()) <= {1, 2, 3}


@pytest.mark.parametrize(
    ("epochs", "min_steps", "reviews", "expected"),
    [
        (3, 0, 10, 3),  # 10 reviews in batches of 4 are 3 steps
        (3, 9, 10, 3),
        (3, 10, 10, 4),
        (3, 12, 10, 4),
        (3, 13, 10, 5),
        (3, 100, 3, 100),
        (200, 100, 3, 200),
    ],
)
def test_few_reviews_get_as_many_epochs_as_the_steps_need(
    epochs: int, min_steps: int, reviews: int, expected: int
) -> None:
    settings = Training(epochs=epochs, min_steps=min_steps, batch_size=4)
    assert planned_epochs(settings, reviews) == expected


@given(st.integers(1, 200), st.integers(1, 50))
def test_the_steps_of_an_epoch_are_its_batches(reviews: int, batch_size: int) -> None:
    batches = training_batches(np.ones(reviews, np.int64), batch_size, (), 1, 1)
    assert steps_per_epoch(Training(batch_size=batch_size), reviews) == len(batches)
