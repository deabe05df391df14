"""The changes of word vectors that adversarial training trains against (Miyato, Dai and Goodfellow 2017).

The paper is arXiv:1605.07725. The word vectors are changed after their dropout. There they are normalised to variance
1 (equation 1), so that a network cannot grow them to escape the change; here the length of the change is measured in
their own size, which comes to the same and leaves the vectors alone.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# Length of the first, random change, as in the authors' code (github.com/tensorflow/models, adversarial_text).
_SMALL = 0.1


def along_gradient(gradient: Any, embedded: Any, reviews: Any, norm: float) -> Any:
    """The change of a given length that follows a gradient, for each review (equations 5 and 9 there).

    Args:
        gradient: float32[rows, time, dim]; the rows of a review, one or as many windows, follow each other.
        embedded: float32[rows, time, dim], the word vectors.
        reviews: number of reviews.
        norm: length of a review's change where the numbers in the word vectors have a mean square of 1.
    """
    flat = tf.reshape(gradient, [reviews, -1])
    # The largest number first, so that squares of very small ones do not vanish; a gradient of zeros gives no change.
    scaled = flat / (tf.reduce_max(tf.abs(flat), axis=1, keepdims=True) + 1e-30)
    length = tf.sqrt(tf.reduce_sum(tf.square(scaled), axis=1, keepdims=True)) + 1e-6
    change = tf.reshape(scaled / length, tf.shape(gradient))
    return tf.stop_gradient(norm * _size(embedded, gradient) * change)


def _size(embedded: Any, gradient: Any) -> Any:
    """The root of the mean square of the numbers that have a gradient: those of the padding have none."""
    used = tf.cast(tf.not_equal(gradient, 0), embedded.dtype)
    return tf.sqrt(tf.reduce_sum(tf.square(embedded) * used) / tf.maximum(tf.reduce_sum(used), 1))


def most_divergent(read: Any, embedded: Any, present: Any, logits: Any, norm: float, seed: Any) -> Any:
    """The change that moves a prediction most, found with one step of the power iteration (section 3.2 there).

    Args:
        read: from word vectors like ``embedded`` to logits.
        embedded: float32[rows, time, dim].
        present: bool[rows, time], where there is a word: a change of the padding would take its share of the length,
            and move nothing.
        logits: float32[reviews, 1 or classes], what was predicted without a change.
        norm: see `along_gradient`.
        seed: int[2], of the random change that it begins with.
    """
    reviews = tf.shape(logits)[0]
    noise = tf.where(present[..., None], tf.random.stateless_normal(tf.shape(embedded), seed), 0.0)
    start = embedded + along_gradient(noise, embedded, reviews, _SMALL)
    with tf.GradientTape() as tape:
        tape.watch(start)
        moved = tf.reduce_sum(divergence(logits, read(start)))
    return along_gradient(tape.gradient(moved, start), embedded, reviews, norm)


def divergence(logits: Any, others: Any) -> Any:
    """The Kullback-Leibler divergence of predictions from fixed ones, KL(fixed || others), of each review.

    Args:
        logits: float32[reviews, 1 or classes], the fixed ones.
        others: of the same shape.
    """
    fixed = tf.stop_gradient(logits)
    if logits.shape[-1] == 1:
        p = tf.sigmoid(fixed)
        cross = tf.nn.sigmoid_cross_entropy_with_logits(p, others) - tf.nn.sigmoid_cross_entropy_with_logits(p, fixed)
        return cross[:, 0]
    p = tf.nn.softmax(fixed)
    return tf.reduce_sum(p * (tf.nn.log_softmax(fixed) - tf.nn.log_softmax(others)), axis=-1)
