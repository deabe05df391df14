"""One step of training and one of scoring, as TensorFlow functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tensorflow as tf

from sentiment_cli.config.schema import Config
from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID
from sentiment_cli.training.objective import Labelled, build_objective, cross_entropy, is_correct
from sentiment_cli.training.team import Team

# Added to a seed, for other random numbers than its own.
_OTHER, _OTHER_REPLICA = 2**40, 2**42


def build_train_step(
    network: Any, optimizer: Any, config: Config, *, jit_compile: bool, after: Callable[[], None] | None = None
) -> Any:
    """A function that improves the weights by one batch.

    It takes the fields of `objective.Labelled` one by one, then the token ids of unlabelled reviews,
    int32[rows, time], or None. It returns the sum of the unweighted losses and the number of correct predictions
    over the labelled reviews, and the norm of the whole gradient before clipping.

    The gradient of the embedding comes from TensorFlow as one row for each token of the batch. Rows of the
    same word are added up before clipping and the optimizer see them, as in the textbook; Keras does not, so
    that its Adam squares the parts of a word's gradient instead of their sum.

    Args:
        network: from `network.build_network`.
        optimizer: built for its trainable variables. Random numbers that are drawn here depend on the seed and on its
            count of steps alone, so that a training that goes on draws the same.
        config: the configuration.
        jit_compile: whether XLA compiles the step.
        after: called in the function, after the weights were changed.
    """
    compute = build_gradients(network, config)

    @tf.function(jit_compile=jit_compile, reduce_retracing=not jit_compile)
    def train_step(token_ids: Any, labels: Any, weights: Any, present: Any, unlabelled: Any = None) -> Any:
        batch = Labelled(token_ids, labels, weights, present)
        loss_sum, correct, *gradients = compute(batch, unlabelled, step_seed(config, optimizer))
        optimizer.apply(gradients, network.trainable_variables)
        if after is not None:
            after()
        return loss_sum, correct, tf.linalg.global_norm(gradients)

    return train_step


def step_seed(config: Config, optimizer: Any) -> Any:
    """The seed of a step's random numbers, int64[2], of the configured one and the number of steps before it."""
    return tf.stack([tf.constant(config.training.seed, tf.int64), tf.cast(optimizer.iterations, tf.int64)])


def build_gradients(network: Any, config: Config) -> Callable[[Labelled, Any, Any], list[Any]]:
    """A function from a batch, unlabelled reviews or None, and a seed, to what a step needs of them.

    It returns the sum of the unweighted losses, the number of correct predictions, and the gradients, dense.

    Args:
        network: from `network.build_network`.
        config: the configuration.
    """
    objective, rate = build_objective(network, config.training), config.model.embedding.word_dropout

    def compute(batch: Labelled, unlabelled: Any, seed: Any) -> list[Any]:
        batch = replace(batch, token_ids=drop_words(batch.token_ids, rate, seed))
        if unlabelled is not None:
            # With words dropped in the labelled reviews alone a network learns to tell classes apart where words are
            # dropped, and to be even where none is, as when it is used: on IMDb validation accuracy fell from 0.88 to
            # 0.61 within three epochs.
            unlabelled = drop_words(unlabelled, rate, seed + _OTHER)
        logits, gradients = objective.gradients(batch, unlabelled, seed)
        correct = tf.reduce_sum(tf.cast(is_correct(batch.labels, logits), tf.float32) * batch.present)
        loss_sum = tf.reduce_sum(cross_entropy(batch.labels, logits) * batch.present)
        return [loss_sum, correct, *(tf.convert_to_tensor(gradient) for gradient in gradients)]

    return compute


def build_shared_step(
    network: Any, optimizer: Any, config: Config, team: Team, *, after: Callable[[], None] | None = None
) -> Any:
    """As `build_train_step`, of a batch that a team shares.

    The function takes the number of reviews of the whole batch and the four arguments as `team.Team.spread` returns
    them, and a fifth: 1 at a replica whose process was asked to stop. It returns the same three figures, of the whole
    batch, and the sum of the fifth.

    Args:
        network: as there, and so the others; random numbers depend on the number of the replica, too.
        optimizer: as there.
        config: as there.
        team: who shares the batch.
        after: as there.
    """
    compute = build_gradients(network, config)

    @tf.function(reduce_retracing=True)
    def train_step(count: Any, *shares: Any) -> Any:
        seed = step_seed(config, optimizer)

        def on_replica(rank: Any, *share: Any) -> list[Any]:
            token_ids, labels, weights, present, stop = share
            own = seed + tf.cast(rank, tf.int64) * _OTHER_REPLICA
            return [stop, *compute(Labelled(token_ids, labels, weights, present, count), None, own)]

        stop, loss_sum, correct, *gradients = team.add_up(on_replica, shares)
        optimizer.apply(gradients, network.trainable_variables)
        if after is not None:
            after()
        return loss_sum, correct, tf.linalg.global_norm(gradients), stop

    return train_step


def drop_words(token_ids: Any, rate: float, seed: Any) -> Any:
    """Put the unknown word for a share of the words of int32[rows, time]; padding stays."""
    if not rate:
        return token_ids
    dropped = tf.random.stateless_uniform(tf.shape(token_ids), seed) < rate
    return tf.where(dropped & tf.not_equal(token_ids, PADDING_ID), UNKNOWN_ID, token_ids)


def build_score_step(network: Any, *, jit_compile: bool = False) -> Any:
    """A function from token ids int32[rows, time] to logits float32[rows, 1 or classes], without dropout."""

    @tf.function(jit_compile=jit_compile, reduce_retracing=not jit_compile)
    def score_step(token_ids: Any) -> Any:
        return network(token_ids, training=False)

    return score_step
