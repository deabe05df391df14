"""A language model with the recurrent layer of a classifier: it predicts the next word, and backwards the one before.

Dai and Le: Semi-supervised Sequence Learning. NIPS 2015. arXiv:1511.01432 (section 2.2: a classifier begins with the
weights of a language model). Peters et al.: Deep Contextualized Word Representations. NAACL 2018. N18-1202 (section
3.1: two directions that share word vectors and softmax).
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sentiment_cli.config.pretraining import LanguageModel
from sentiment_cli.config.schema import Config
from sentiment_cli.config.training import Schedule, Training
from sentiment_cli.model.network import build_reader, first_layers
from sentiment_cli.text.vocabulary import PADDING_ID
from sentiment_cli.training.batches import steps_per_epoch
from sentiment_cli.training.optimizers import build_optimizer

# Rows of a softmax over the whole vocabulary at a time: 60 MB for 30,000 words.
_ROWS_AT_ONCE = 512
# Standard deviation of a softmax that begins with word vectors. One pass over IMDb (LSTM 64 in both directions,
# learning rate 2e-3) led to a held-out perplexity of 217 with 0.3 and 0.6, 245 with 0.1, and 424 with a random softmax.
_KERNEL_SIZE = 0.3


class Predictor:
    """A reader of words and a softmax over the vocabulary, which both directions share.

    Args:
        config: the configuration, of which the embedding and the first recurrent layer are learned.
        vocabulary_size: number of tokens, padding and unknown included.
        threads: of the compiled loops; None: Keras' layers.
    """

    def __init__(self, config: Config, vocabulary_size: int, threads: int | None) -> None:
        first = config.model.recurrent[0]
        self.reader = build_reader(config, vocabulary_size, threads=threads)
        self.units, self.bidirectional, self.size = first.units, first.bidirectional, vocabulary_size
        # Tables, since a step needs the rows of a few words.
        self.kernel = keras.layers.Embedding(vocabulary_size, first.units, name="softmax_kernel")
        self.bias = keras.layers.Embedding(vocabulary_size, 1, embeddings_initializer="zeros", name="softmax_bias")
        for table in (self.kernel, self.bias):
            table.build()

    @property
    def trainable_variables(self) -> list[Any]:
        """Of the reader, then float32[size, units] and float32[size, 1] of the softmax."""
        return [variable for part in self._parts() for variable in part.trainable_variables]

    @property
    def variables(self) -> list[Any]:
        """All of them, for a checkpoint."""
        return [variable for part in self._parts() for variable in part.variables]

    def _parts(self) -> tuple[Any, Any, Any]:
        return self.reader, self.kernel, self.bias

    def begin_with(self, vectors: np.ndarray) -> None:
        """Take word vectors for the embedding, and their principal components for the softmax.

        Args:
            vectors: float32[size, dim].
        """
        first_layers(self.reader)[0].embeddings.assign(vectors)
        centred = vectors - vectors.mean(axis=0)
        _, _, directions = np.linalg.svd(centred.T @ centred)
        components = centred @ directions[: self.units].T
        kernel = self.kernel.embeddings.numpy()
        kernel[:, : components.shape[1]] = components * (_KERNEL_SIZE / components.std())
        self.kernel.embeddings.assign(kernel)

    def read(self, token_ids: Any, *, training: bool) -> tuple[Any, Any]:
        """The states that words are predicted from, and the words.

        Args:
            token_ids: int32[rows, time], padded on the right.
            training: keep what the gradients need.

        Returns:
            float32[n, units] and int32[n]: forwards each word but the first of a row, then backwards but the last.
        """
        outputs = self.reader(token_ids, training=training)
        is_word = tf.not_equal(token_ids[:, 1:], PADDING_ID)
        states = [tf.boolean_mask(outputs[:, :-1, : self.units], is_word)]
        words = [tf.boolean_mask(token_ids[:, 1:], is_word)]
        if self.bidirectional:
            states.append(tf.boolean_mask(outputs[:, 1:, self.units :], is_word))
            words.append(tf.boolean_mask(token_ids[:, :-1], is_word))
        return tf.concat(states, axis=0), tf.concat(words, axis=0)

    def sampled_losses(self, states: Any, words: Any, samples: int, seed: Any) -> Any:
        """The losses of telling each word from a few others, in place of all; not to be compared with `losses`.

        Jean et al. 2015, arXiv:1412.2007, section 3. Other words are drawn by a log-uniform distribution over their
        ranks (Zipf's law), which the order of the ids is. A word may be among its own others: so drawn, the loss is
        smallest at the true probabilities, whatever the number of samples (Ma and Collins 2018, arXiv:1809.01812,
        section 3).

        Args:
            states: float32[n, units].
            words: int32[n].
            samples: other words that all n predictions share, drawn with repetition.
            seed: int64[2].

        Returns:
            float32[n].
        """
        ranks = math.log(self.size)  # of the unknown word, 0, to that of the rarest, size - 2
        drawn = tf.exp(tf.random.stateless_uniform([samples], seed, dtype=tf.float64) * ranks)
        others = tf.clip_by_value(tf.cast(drawn, tf.int64), 1, self.size - 1)

        kernel = tf.convert_to_tensor(self.kernel.embeddings)
        bias = tf.convert_to_tensor(self.bias.embeddings)[:, 0]

        def corrected_bias(ids: Any) -> Any:
            rank = tf.cast(ids, tf.float32)
            expected = samples * tf.math.log1p(1 / rank) / ranks  # log((rank + 1) / rank), exact for large ranks, too
            return tf.gather(bias, ids) - tf.math.log(expected)

        own, rivals = tf.gather(kernel, words), tf.gather(kernel, others)
        return _losses_among(states, own, corrected_bias(words), rivals, corrected_bias(others))

    def losses(self, states: Any, words: Any) -> np.ndarray:
        """The negative log likelihoods over the whole vocabulary, padding left out.

        Args:
            states: float32[n, units].
            words: int32[n].

        Returns:
            float32[n], in nats.
        """
        kernel, bias = self.kernel.embeddings[1:], self.bias.embeddings[1:, 0]
        found = [
            tf.nn.sparse_softmax_cross_entropy_with_logits(
                words[start : start + _ROWS_AT_ONCE] - 1,
                tf.matmul(states[start : start + _ROWS_AT_ONCE], kernel, transpose_b=True) + bias,
            ).numpy()
            for start in range(0, int(tf.size(words)), _ROWS_AT_ONCE)
        ]
        return np.concatenate([np.zeros(0, np.float32), *found])


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _losses_among(states: Any, own: Any, own_bias: Any, rivals: Any, rival_bias: Any) -> Any:
    """The cross-entropies of telling a word of one's own from rivals that all share.

    With gradients of its own, which go over the n rows of odds three times: those that TensorFlow derives for
    ``tf.nn.sampled_softmax_loss`` take twice as long (22,000 predictions among 512 words, 64 units: 140 and 73 ms).

    Args:
        states: float32[n, units].
        own: float32[n, units], the kernel's rows of the words.
        own_bias: float32[n].
        rivals: float32[samples, units].
        rival_bias: float32[samples].

    Returns:
        float32[n], in nats.
    """
    own_logits = tf.reduce_sum(states * own, axis=1) + own_bias
    logits = tf.matmul(states, rivals, transpose_b=True) + rival_bias
    highest = tf.maximum(tf.reduce_max(logits, axis=1), own_logits)
    odds, own_odds = tf.exp(logits - highest[:, None]), tf.exp(own_logits - highest)
    total = tf.reduce_sum(odds, axis=1) + own_odds

    def gradients(by_losses: Any) -> tuple[Any, ...]:
        share = (by_losses / total)[:, None]
        by_own_logits = share[:, 0] * own_odds - by_losses
        by_states = tf.matmul(odds, rivals) * share + own * by_own_logits[:, None]
        by_rivals = tf.matmul(odds, states * share, transpose_a=True)
        by_rival_bias = tf.linalg.matvec(odds, share[:, 0], transpose_a=True)
        return by_states, states * by_own_logits[:, None], by_own_logits, by_rivals, by_rival_bias

    return tf.math.log(total) + highest - own_logits, gradients


def build_language_model(
    config: Config,
    settings: LanguageModel,
    vocabulary_size: int,
    pieces: int,
    threads: int | None,
    vectors: np.ndarray | None = None,
) -> tuple[Predictor, Any]:
    """A language model with fresh weights, and its optimizer.

    Args:
        config: the configuration.
        settings: its ``pretrain``.
        vocabulary_size: number of tokens, padding and unknown included.
        pieces: of texts that it is learned from.
        threads: of the compiled loops; None: Keras' layers.
        vectors: float32[vocabulary_size, dim], that it begins with; None: random ones.
    """
    keras.utils.set_random_seed(settings.seed)
    predictor = Predictor(config, vocabulary_size, threads)
    if vectors is not None:
        predictor.begin_with(vectors)
    training = Training(
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        clip_norm=1.0,
        schedule=Schedule(warmup=0.02),
    )
    steps = planned_passes(settings, pieces) * steps_per_epoch(training, pieces)
    optimizer = build_optimizer(training, steps)
    optimizer.build(predictor.trainable_variables)
    return predictor, optimizer


def planned_passes(settings: LanguageModel, pieces: int) -> int:
    """The passes over so many pieces of texts: those asked for, or more, until ``min_steps`` are reached."""
    return max(settings.passes, -(-settings.min_steps // -(-pieces // settings.batch_size)))


def build_predict_step(predictor: Predictor, optimizer: Any, settings: LanguageModel) -> Any:
    """A function that improves a language model by one batch.

    It takes token ids int32[rows, time] and returns the sum of the estimated losses and the number of predictions.
    """

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(token_ids: Any) -> tuple[Any, Any]:
        seed = tf.stack([tf.constant(settings.seed, tf.int64), tf.cast(optimizer.iterations, tf.int64)])
        with tf.GradientTape() as tape:
            states, words = predictor.read(token_ids, training=True)
            losses = predictor.sampled_losses(states, words, settings.samples, seed)
            # a batch may hold pieces of one word alone, which have nothing to predict
            loss = tf.math.divide_no_nan(tf.reduce_sum(losses), tf.cast(tf.size(words), losses.dtype))
        variables = predictor.trainable_variables
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        optimizer.apply(gradients, variables)
        return tf.reduce_sum(losses), tf.size(words)

    return step
