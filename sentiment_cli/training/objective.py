"""What a training makes small, and its gradients: the loss on labels, and the three kinds of adversarial training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from sentiment_cli.config.training import Adversarial, Training
from sentiment_cli.model.network import cut_behind_embedding, first_layers, words_present
from sentiment_cli.training.perturbation import along_gradient, divergence, most_divergent


def cross_entropy(labels: Any, logits: Any, smoothing: float = 0.0) -> Any:
    """The loss of each review: float32[batch] from int32[batch] and float32[batch, 1 or classes].

    Args:
        labels: of the reviews.
        logits: of the network.
        smoothing: share of each label that is spread over all classes.
    """
    if logits.shape[-1] == 1:
        targets = tf.cast(labels, logits.dtype) * (1 - smoothing) + smoothing / 2
        return tf.nn.sigmoid_cross_entropy_with_logits(targets, logits[:, 0])
    if not smoothing:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    targets = tf.one_hot(labels, logits.shape[-1]) * (1 - smoothing) + smoothing / logits.shape[-1]
    return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


def is_correct(labels: Any, logits: Any) -> Any:
    """Whether the most probable class is the right one: bool[batch]; a tie of two goes to the first."""
    if logits.shape[-1] == 1:
        return tf.equal(tf.cast(logits[:, 0] > 0, labels.dtype), labels)
    return tf.equal(tf.argmax(logits, axis=-1, output_type=labels.dtype), labels)


@dataclass(frozen=True)
class Labelled:
    """A batch of reviews with their labels, as tensors.

    Args:
        token_ids: int32[rows, time].
        labels: int32[rows].
        weights: float32[rows], of each review in the loss; 0 for a row that fills up the batch.
        present: float32[rows], 1 for reviews, 0 for filling.
        count: reviews of the whole batch, where these are a share of it; None: these are all.
    """

    token_ids: Any
    labels: Any
    weights: Any
    present: Any
    count: Any = None


class Objective:
    """The loss on labels.

    Args:
        network: from `network.build_network`, from token ids to logits.
        settings: the ``training`` section.
    """

    def __init__(self, network: Any, settings: Training) -> None:
        self.network, self.smoothing = network, settings.label_smoothing

    def gradients(self, batch: Labelled, unlabelled: Any, seed: Any) -> tuple[Any, list[Any]]:
        """The logits of a batch, and the gradients by the trainable variables of the network.

        Args:
            batch: reviews with labels.
            unlabelled: int32[rows, time], token ids of further reviews, or None.
            seed: int64[2], of random numbers.
        """
        with tf.GradientTape() as tape:
            logits = self.network(batch.token_ids, training=True)
            loss = self.loss(batch, logits)
        return logits, tape.gradient(loss, self.network.trainable_variables)

    def loss(self, batch: Labelled, logits: Any) -> Any:
        """The mean of the reviews' weighted losses; of a share its part of the mean, which adds up to it."""
        losses = cross_entropy(batch.labels, logits, self.smoothing)
        count = tf.reduce_sum(batch.present) if batch.count is None else batch.count
        return tf.reduce_sum(losses * batch.weights) / count


class AdversarialObjective(Objective):
    """The loss on labels, and that after the change of the word vectors that raises it most.

    Args:
        network: as above.
        settings: the ``training`` section.
        adversarial: the kind of training, its norm and weight.
    """

    def __init__(self, network: Any, settings: Training, adversarial: Adversarial) -> None:
        super().__init__(network, settings)
        self.embed, self.read = cut_behind_embedding(network)
        self.norm, self.weight = adversarial.norm, adversarial.weight

    def gradients(self, batch: Labelled, unlabelled: Any, seed: Any) -> tuple[Any, list[Any]]:
        """As above; the dropped word vectors are the same with and without the change."""
        with tf.GradientTape() as embedding_tape:
            embedded = embed_words(self.embed, batch.token_ids)
        logits, by_vectors, by_rest = self._pass(batch, embedded)
        change = along_gradient(by_vectors, embedded, tf.shape(batch.labels)[0], self.norm)
        _, more_by_vectors, more_by_rest = self._pass(batch, embedded + change)
        total = by_vectors + self.weight * more_by_vectors
        table = self.embed.trainable_variables
        by_table = embedding_tape.gradient(embedded, table, output_gradients=total)
        found = {variable.path: gradient for variable, gradient in zip(table, by_table, strict=True)}
        for variable, one, another in zip(self.read.trainable_variables, by_rest, more_by_rest, strict=True):
            found[variable.path] = one + self.weight * another
        return logits, [found[variable.path] for variable in self.network.trainable_variables]

    def _pass(self, batch: Labelled, embedded: Any) -> tuple[Any, Any, list[Any]]:
        """The logits, and the gradients of the loss by the word vectors and by the weights behind them."""
        with tf.GradientTape() as tape:
            tape.watch(embedded)
            logits = self.read([batch.token_ids, embedded], training=True)
            loss = self.loss(batch, logits)
        by_vectors, *by_rest = tape.gradient(loss, [embedded, *self.read.trainable_variables])
        return logits, by_vectors, by_rest


class VirtualObjective(AdversarialObjective):
    """The loss on labels, and how far predictions without labels move by the change that moves them most.

    Args:
        network: as above.
        settings: the ``training`` section.
        adversarial: the kind of training, its norm and weight.
    """

    def __init__(self, network: Any, settings: Training, adversarial: Adversarial) -> None:
        super().__init__(network, settings, adversarial)
        self.present = words_present(network)

    def gradients(self, batch: Labelled, unlabelled: Any, seed: Any) -> tuple[Any, list[Any]]:
        """As above; what dropout leaves out stays the same, so that the change alone moves a prediction."""
        logits, by_labels = Objective.gradients(self, batch, None, seed)
        random_states = [(state, tf.identity(state)) for state in self.read.non_trainable_variables]

        def read(vectors: Any) -> Any:
            for state, value in random_states:
                state.assign(value)
            return self.read([unlabelled, vectors], training=True)

        with tf.GradientTape() as tape:
            embedded = embed_words(self.embed, unlabelled)
            with tape.stop_recording():
                fixed = read(embedded)
                change = most_divergent(read, embedded, self.present(unlabelled), fixed, self.norm, seed)
            loss = self.weight * tf.reduce_mean(divergence(fixed, read(embedded + change)))
        by_change = tape.gradient(loss, self.network.trainable_variables)
        pairs = zip(by_labels, by_change, strict=True)
        return logits, [tf.convert_to_tensor(one) + tf.convert_to_tensor(another) for one, another in pairs]


class TableObjective(Objective):
    """The loss on labels, and that after the change of the embedding table that raises the batch's loss most.

    It is sharpness-aware minimisation of the word vectors (Foret et al. 2021, arXiv:2010.01412, equation 2), beside the
    usual loss. Equal words of a batch are changed alike, so that on a processor they go on sharing one projection,
    which they cannot under `AdversarialObjective`.

    Args:
        network: as above.
        settings: the ``training`` section.
        adversarial: the kind of training, its norm and weight.
    """

    def __init__(self, network: Any, settings: Training, adversarial: Adversarial) -> None:
        super().__init__(network, settings)
        self.table = first_layers(network)[0].embeddings
        self.norm, self.weight = adversarial.norm, adversarial.weight

    def gradients(self, batch: Labelled, unlabelled: Any, seed: Any) -> tuple[Any, list[Any]]:
        """As above; words that are not in the batch are not touched."""
        variables = self.network.trainable_variables
        position = [variable is self.table for variable in variables].index(True)
        logits, first = super().gradients(batch, unlabelled, seed)
        words, gradient = _merged(first[position])
        first[position] = tf.IndexedSlices(gradient, words, tf.shape(self.table))
        reviews, vectors = tf.reduce_sum(batch.present), tf.gather(self.table.value, words)
        change = along_gradient(gradient[None], vectors[None], 1, self.norm * tf.sqrt(reviews))[0]
        handle = self.table.value.handle
        tf.raw_ops.ResourceScatterUpdate(resource=handle, indices=words, updates=vectors + change)
        _, second = super().gradients(batch, unlabelled, seed)
        tf.raw_ops.ResourceScatterUpdate(resource=handle, indices=words, updates=vectors)
        return logits, [_add(one, self.weight, another) for one, another in zip(first, second, strict=True)]


def embed_words(embed: Any, token_ids: Any) -> Any:
    """The word vectors that training reads, without the mask that Keras ties to them: it is made of the ids again."""
    return tf.identity(embed(token_ids, training=True))


def _merged(gradient: Any) -> tuple[Any, Any]:
    """The words that a gradient of the table is about, each once, and their rows: int[m] and float32[m, dim]."""
    words, place = tf.unique(gradient.indices)
    return words, tf.math.unsorted_segment_sum(gradient.values, place, tf.size(words))


def _add(one: Any, weight: float, another: Any) -> Any:
    if isinstance(one, tf.IndexedSlices):
        values = tf.concat([one.values, weight * another.values], axis=0)
        return tf.IndexedSlices(values, tf.concat([one.indices, another.indices], axis=0), one.dense_shape)
    return one + weight * another


def build_objective(network: Any, settings: Training) -> Objective:
    """The objective that the settings ask for."""
    adversarial = settings.adversarial
    if adversarial is None:
        return Objective(network, settings)
    kinds = {"table": TableObjective, "labelled": AdversarialObjective, "virtual": VirtualObjective}
    return kinds[adversarial.kind](network, settings, adversarial)
