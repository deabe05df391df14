"""Has the change of word vectors the length, the direction and the place that were asked for?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NORM = 3.0
WORDS = np.ones((4, 5), bool)


def make_vectors(rows: int = 4, padded: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Word vectors and gradients float32[rows, 5, 3]; the last steps of the first row are padding, without gradient."""
    rng = np.random.default_rng(1)
    embedded, gradient = rng.normal(0, 0.05, (2, rows, 5, 3)).astype(np.float32)
    gradient[0, 5 - padded :] = 0
    return gradient, embedded


def along(gradient: np.ndarray, embedded: np.ndarray, reviews: int, norm: float = NORM) -> np.ndarray:
    from sentiment_cli.training.perturbation import along_gradient

    return np.asarray(along_gradient(gradient, embedded, reviews, norm))


def expected_change(gradient: np.ndarray, embedded: np.ndarray, reviews: int) -> np.ndarray:
    """The norm times the root mean square of the word vectors that are not padding, along the review's gradient."""
    size = np.sqrt(np.mean(embedded[np.abs(gradient).sum(axis=-1) > 0].astype(np.float64) ** 2))
    flat = gradient.reshape(reviews, -1).astype(np.float64)
    change = NORM * size * flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(change.reshape(gradient.shape))


@pytest.mark.parametrize("reviews", [4, 2, 1], ids=["whole", "two windows each", "four windows"])
def test_each_review_is_changed_along_its_gradient_by_the_norm_in_units_of_the_word_vectors(reviews: int) -> None:
    gradient, embedded = make_vectors()
    change = along(gradient, embedded, reviews)
    np.testing.assert_allclose(change, expected_change(gradient, embedded, reviews), rtol=1e-5)
    size = np.sqrt(np.mean(embedded[np.abs(gradient).sum(axis=-1) > 0] ** 2))
    lengths = np.linalg.norm(change.reshape(reviews, -1), axis=1)
    np.testing.assert_allclose(lengths, NORM * size, rtol=1e-5)


def test_padding_is_not_changed_and_its_vectors_do_not_count() -> None:
    gradient, embedded = make_vectors()
    change = along(gradient, embedded, 4)
    assert (change[0, 3:] == 0).all()
    embedded[0, 3:] = 1e6
    np.testing.assert_array_equal(along(gradient, embedded, 4), change)


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_word_vectors_of_another_size_are_changed_in_proportion(factor: float) -> None:
    # So that a network does not escape the change by growing its word vectors.
    gradient, embedded = make_vectors()
    expected = factor * along(gradient, embedded, 4)
    np.testing.assert_allclose(along(gradient, np.float32(factor) * embedded, 4), expected, rtol=1e-5)


@given(st.floats(-25, 20))
@settings(max_examples=30, deadline=None)
def test_the_size_of_the_gradient_does_not_matter(exponent: float) -> None:
    # 1e-25 squared is nothing in single precision; a review that is predicted surely has such gradients.
    gradient, embedded = make_vectors()
    change = along((gradient * 10.0**exponent).astype(np.float32), embedded, 4)
    np.testing.assert_allclose(change, along(gradient, embedded, 4), rtol=1e-3, atol=1e-6)


def test_each_review_has_its_length_whatever_the_gradients_of_the_others() -> None:
    gradient, embedded = make_vectors()
    expected = along(gradient, embedded, 4)
    scaled = gradient * np.array([1e-25, 1, 1e10, 1e-12], np.float32)[:, None, None]
    np.testing.assert_allclose(along(scaled, embedded, 4), expected, rtol=1e-4)


def test_a_review_without_gradient_is_not_changed_and_the_others_are() -> None:
    gradient, embedded = make_vectors()
    gradient[2] = 0
    change = along(gradient, embedded, 4)
    assert (change[2] == 0).all()
    others = [0, 1, 3]
    expected = expected_change(gradient[others], embedded[others], 3)
    np.testing.assert_allclose(change[others], expected, rtol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1e-42])
def test_gradients_of_nothing_or_next_to_it_give_finite_changes(value: float) -> None:
    _, embedded = make_vectors()
    change = along(np.full_like(embedded, value), embedded, 4)
    assert np.isfinite(change).all()
    assert value or (change == 0).all()


def test_the_change_is_fixed_while_the_weights_are_differentiated() -> None:
    import tensorflow as tf

    from sentiment_cli.training.perturbation import along_gradient

    gradient, embedded = (tf.constant(array) for array in make_vectors())
    with tf.GradientTape() as tape:
        tape.watch([gradient, embedded])
        change = along_gradient(gradient, embedded, 4, NORM)
    assert tape.gradient(change, [gradient, embedded]) == [None, None]


def shares(logits: np.ndarray) -> np.ndarray:
    """Probabilities of all classes, float64[reviews, classes], of logits of one or of all classes."""
    wide = logits.astype(np.float64)
    if wide.shape[1] == 1:
        wide = np.concatenate([np.zeros_like(wide), wide], axis=1)
    return np.asarray(np.exp(wide) / np.exp(wide).sum(axis=1, keepdims=True))


def make_logits(columns: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(2).normal(0, 2, (2, 6, columns)).astype(np.float32))  # type: ignore[return-value]


@pytest.mark.parametrize("columns", [1, 3])
def test_the_divergence_is_that_of_kullback_and_leibler_from_the_fixed_predictions(columns: int) -> None:
    from sentiment_cli.training.perturbation import divergence

    fixed, others = make_logits(columns)
    p, q = shares(fixed), shares(others)
    np.testing.assert_allclose(divergence(fixed, others), (p * np.log(p / q)).sum(axis=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("columns", [1, 3])
def test_equal_predictions_do_not_diverge_and_no_others_are_below(columns: int) -> None:
    from sentiment_cli.training.perturbation import divergence

    fixed, others = make_logits(columns)
    assert np.asarray(divergence(fixed, fixed)).tolist() == [0] * 6
    assert (np.asarray(divergence(fixed, others)) > 0).all()
    sure = np.full_like(fixed, 300.0)
    assert np.isfinite(divergence(sure, -sure)).all()


@pytest.mark.parametrize("columns", [1, 3])
def test_only_the_moved_predictions_are_differentiated(columns: int) -> None:
    import tensorflow as tf

    from sentiment_cli.training.perturbation import divergence

    fixed, others = (tf.constant(array) for array in make_logits(columns))
    with tf.GradientTape() as tape:
        tape.watch([fixed, others])
        total = tf.reduce_sum(divergence(fixed, others))
    by_fixed, by_others = tape.gradient(total, [fixed, others])
    assert by_fixed is None
    difference = shares(others.numpy()) - shares(fixed.numpy())
    np.testing.assert_allclose(by_others, difference[:, -columns:], rtol=1e-4, atol=1e-6)


def read_first_and_mean(vectors: Any) -> Any:
    """Logits of a reader that looks at the first number of a word vector ten times as hard as at the others."""
    import tensorflow as tf

    weights = tf.constant([10.0, 1.0, 1.0])
    return tf.reduce_sum(vectors * weights, axis=[1, 2])[:, None]


def test_the_most_divergent_change_is_found_where_it_is_known() -> None:
    # Of a linear reader it is along its weights, up or down.
    from sentiment_cli.training.perturbation import most_divergent

    _, embedded = make_vectors()
    change = np.asarray(
        most_divergent(read_first_and_mean, embedded, WORDS, read_first_and_mean(embedded), NORM, [1, 2])
    )
    along_weights = expected_change(np.tile(np.float32([10, 1, 1]), (4, 5, 1)), embedded, 4)
    np.testing.assert_allclose(np.abs(change), along_weights, rtol=1e-3)


def test_the_search_is_a_function_of_the_seed() -> None:
    import tensorflow as tf

    from sentiment_cli.training.perturbation import most_divergent

    def read(vectors: Any) -> Any:
        return tf.reduce_sum(tf.sin(40 * vectors), axis=[1, 2])[:, None]

    _, embedded = make_vectors()
    found = [
        np.asarray(most_divergent(read, embedded, WORDS, read(embedded), NORM, seed))
        for seed in ([1, 2], [1, 2], [1, 3])
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(found[0], found[2])
