"""One step of training and one of scoring, as TensorFlow functions."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def cross_entropy(labels: Any, logits: Any) -> Any:
    """The loss of each review: float32[batch] from int32[batch] and float32[batch, 1 or classes]."""
    if logits.shape[-1] == 1:
        return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(labels, logits.dtype), logits[:, 0])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def is_correct(labels: Any, logits: Any) -> Any:
    """Whether the most probable class is the right one: bool[batch]; a tie of two goes to the first."""
    if logits.shape[-1] == 1:
        return tf.equal(tf.cast(logits[:, 0] > 0, labels.dtype), labels)
    return tf.equal(tf.argmax(logits, axis=-1, output_type=labels.dtype), labels)


def build_train_step(network: Any, optimizer: Any, *, jit_compile: bool) -> Any:
    """A function that improves the weights by one batch.

    It takes token ids int32[rows, time], labels int32[rows], weights float32[rows] (of each review in the
    loss; 0 for a row that fills up the batch) and present float32[rows] (1 for reviews, 0 for filling), and
    returns the sum of the unweighted losses and the number of correct predictions over the reviews.

    The gradient of the embedding comes from TensorFlow as one row for each token of the batch. Rows of the
    same word are added up before clipping and the optimizer see them, as in the textbook; Keras does not, so
    that its Adam squares the parts of a word's gradient instead of their sum.
    """

    @tf.function(jit_compile=jit_compile, reduce_retracing=not jit_compile)
    def train_step(token_ids: Any, labels: Any, weights: Any, present: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            logits = network(token_ids, training=True)
            losses = cross_entropy(labels, logits)
            loss = tf.reduce_sum(losses * weights) / tf.reduce_sum(present)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], network.trainable_variables)
        correct = tf.cast(is_correct(labels, logits), tf.float32)
        return tf.reduce_sum(losses * present), tf.reduce_sum(correct * present)

    return train_step


def build_score_step(network: Any, *, jit_compile: bool = False) -> Any:
    """A function from token ids int32[rows, time] to logits float32[rows, 1 or classes], without dropout."""

    @tf.function(jit_compile=jit_compile, reduce_retracing=not jit_compile)
    def score_step(token_ids: Any) -> Any:
        return network(token_ids, training=False)

    return score_step
