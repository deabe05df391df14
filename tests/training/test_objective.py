"""Are the gradients of a training those of the formulas, computed here on whole networks with a word for each place?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config

# Keras warns where it drops a mask that it has tied to word vectors; a training must not tell that to its user.
pytestmark = pytest.mark.filterwarnings("error::UserWarning")

WORDS = 9
NORM, WEIGHT = 2.0, 0.7
SEED = np.array([3, 5], np.int64)
# A word stands in several places; the last row fills up the batch, as one unknown word.
IDS = np.array([[2, 3, 4, 5, 2, 6], [5, 2, 3, 0, 0, 0], [6, 0, 0, 0, 0, 0], [7, 3, 3, 8, 0, 0], [1, 0, 0, 0, 0, 0]])
FULL = np.array([[2, 3, 4, 5, 2, 6], [5, 2, 3, 7, 8, 3], [6, 4, 4, 8, 7, 2]])
LABELS = np.array([1, 0, 2, 1, 0])
WEIGHTS = np.array([1, 0.5, 2, 1, 0])
PRESENT = np.array([1, 1, 1, 1, 0])

GRU = {"cell": "gru", "units": 3}
MODELS: dict[str, dict[str, Any]] = {
    "last": {"recurrent": [GRU]},
    "deep": {
        "recurrent": [{"cell": "lstm", "units": 3, "bidirectional": True}, {"cell": "simple_rnn", "units": 3}],
        "pooling": ["attention", "max"],
        "dense": [{"units": 3, "activation": "tanh"}, {"units": 3, "activation": "tanh"}],
    },
    "windows": {"recurrent": [{**GRU, "bidirectional": True}], "pooling": ["mean", "attention"], "window": 3},
    "unmasked": {"embedding": {"mask": False}, "recurrent": [GRU], "pooling": ["mean"]},
}


def make_config(model: dict[str, Any], kind: str | None = None, **training: Any) -> Config:
    embedding = {"dim": 4, **model.get("embedding", {})}
    adversarial = training.pop("adversarial", kind and {"kind": kind, "norm": NORM, "weight": WEIGHT})
    return Config.model_validate(
        {
            "text": {"sequence_length": 6},
            "model": {**model, "embedding": embedding},
            "training": {"adversarial": adversarial, **training},
        }
    )


def make_network(config: Config, classes: int = 3, threads: int | None = None, words: int = WORDS) -> Any:
    """A network whose every weight is random, of the same values for each number of threads."""
    import keras

    from sentiment_cli.model.network import build_network

    keras.utils.set_random_seed(1)
    network = build_network(config, words, classes, threads=threads)
    rng = np.random.default_rng(1)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(0, 0.5, variable.shape))
    return network


def make_batch(classes: int = 3, **changed: np.ndarray) -> Any:
    import tensorflow as tf

    from sentiment_cli.training.objective import Labelled

    arrays = {"token_ids": IDS, "labels": LABELS % classes, "weights": WEIGHTS, "present": PRESENT, **changed}
    kinds = {"token_ids": np.int32, "labels": np.int32, "weights": np.float32, "present": np.float32}
    return Labelled(**{name: tf.constant(array.astype(kinds[name])) for name, array in arrays.items()})


def found(network: Any, config: Config, batch: Any, unlabelled: np.ndarray | None = None) -> list[np.ndarray]:
    """The gradients of our objective, dense, in the order of the network's variables."""
    import tensorflow as tf

    from sentiment_cli.training.objective import build_objective

    others = None if unlabelled is None else tf.constant(unlabelled, tf.int32)
    _, gradients = build_objective(network, config.training).gradients(batch, others, SEED)
    return [np.asarray(tf.convert_to_tensor(gradient)) for gradient in gradients]


class Places:
    """The same network with a word of its own for each place of a batch, so that its table holds all word vectors.

    A change of the vector at a place is one of a row of the table, and needs no cut through the network.
    """

    def __init__(self, network: Any, config: Config, ids: np.ndarray, classes: int) -> None:
        self.ids, masked = ids, config.model.embedding.mask
        self.read = ids > 0 if masked else np.ones_like(ids, bool)
        self.places = np.zeros_like(ids)
        self.places[self.read] = 1 + np.arange(self.read.sum())
        plain = Config.model_validate({**config.model_dump(), "training": {}})
        self.network = make_network(plain, classes, words=1 + int(self.read.sum()))
        for own, variable in zip(self.network.trainable_variables, network.trainable_variables, strict=True):
            if "embeddings" not in own.path:
                own.assign(variable)
        (self.at,) = (i for i, v in enumerate(network.trainable_variables) if "embeddings" in v.path)
        self.shape = network.trainable_variables[self.at].shape
        self.table = np.zeros(self.network.trainable_variables[self.at].shape)
        self.table[self.places[self.read]] = network.trainable_variables[self.at].numpy()[ids[self.read]]

    def gradients(self, loss: Callable[[Any], Any], change: np.ndarray | float = 0.0) -> list[np.ndarray]:
        """Of a loss of the logits, with the word vectors changed."""
        import tensorflow as tf

        self.network.trainable_variables[self.at].assign(self.table + change)
        with tf.GradientTape() as tape:
            value = loss(self.network(self.places.astype(np.int32), training=False))
        return [
            np.asarray(tf.convert_to_tensor(gradient), np.float64)
            for gradient in tape.gradient(value, self.network.trainable_variables)
        ]

    def change(self, direction: np.ndarray, reviews: np.ndarray, norm: float) -> np.ndarray:
        """The change of the table that goes along a direction in each of the reviews bool[n]."""
        used = self.places[reviews][self.read[reviews]]
        size, change = np.sqrt(np.mean(self.table[used] ** 2)), np.zeros_like(self.table)
        for review in np.flatnonzero(reviews):
            own = self.places[review][self.read[review]]
            change[own] = norm * size * direction[own] / np.linalg.norm(direction[own])
        return change

    def by_words(self, gradients: list[np.ndarray]) -> list[np.ndarray]:
        """The same gradients, with those of the places of a word added up."""
        table = np.zeros(self.shape)
        np.add.at(table, self.ids[self.read], gradients[self.at][self.places[self.read]])
        return [table if i == self.at else gradient for i, gradient in enumerate(gradients)]


def log_shares(logits: Any) -> Any:
    import tensorflow as tf

    wide = tf.concat([tf.zeros_like(logits), logits], axis=1) if logits.shape[1] == 1 else logits
    return tf.nn.log_softmax(tf.cast(wide, tf.float64))


def mean_loss(batch: Any, smoothing: float = 0.0) -> Callable[[Any], Any]:
    import tensorflow as tf

    def loss(logits: Any) -> Any:
        logs = log_shares(logits)
        targets = np.eye(logs.shape[1])[batch.labels.numpy()] * (1 - smoothing) + smoothing / logs.shape[1]
        losses = -tf.reduce_sum(targets * logs, axis=1)
        return tf.reduce_sum(losses * batch.weights.numpy()) / batch.present.numpy().sum()

    return loss


def assert_close(one: list[np.ndarray], another: list[np.ndarray], atol: float = 2e-6) -> None:
    for first, second in zip(one, another, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=atol)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("classes", [2, 3])
def test_smoothing_spreads_its_share_of_a_label_over_all_classes(classes: int, smoothing: float) -> None:
    from sentiment_cli.training.objective import cross_entropy

    logits = np.random.default_rng(1).normal(0, 2, (6, 1 if classes == 2 else classes)).astype(np.float32)
    wide = np.concatenate([np.zeros_like(logits), logits], axis=1) if classes == 2 else logits
    labels = np.arange(6, dtype=np.int32) % classes
    targets = np.full((6, classes), smoothing / classes)
    targets[np.arange(6), labels] += 1 - smoothing
    expected = -(targets * np.log(np.exp(wide) / np.exp(wide).sum(axis=1, keepdims=True))).sum(axis=1)
    np.testing.assert_allclose(cross_entropy(labels, logits, smoothing), expected, rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("classes", [2, 3])
def test_plain_gradients_are_those_of_the_weighted_mean_of_the_smoothed_losses(classes: int, smoothing: float) -> None:
    config = make_config(MODELS["last"], label_smoothing=smoothing)
    network, batch = make_network(config, classes), make_batch(classes)
    places = Places(network, config, IDS, classes)
    assert_close(found(network, config, batch), places.by_words(places.gradients(mean_loss(batch, smoothing))))


@pytest.mark.parametrize(("name", "threads"), [("deep", None), ("windows", 2), ("unmasked", None)])
def test_adversarial_gradients_are_those_of_the_loss_and_of_the_loss_after_the_change_that_raises_it(
    name: str, threads: int | None
) -> None:
    config = make_config(MODELS[name], "labelled", label_smoothing=0.2)
    network, batch = make_network(config, threads=threads), make_batch()
    places, loss = Places(network, config, IDS, 3), mean_loss(batch, 0.2)
    clean = places.gradients(loss)
    change = places.change(clean[places.at], WEIGHTS > 0, NORM)
    moved = places.gradients(loss, change)
    expected = places.by_words([one + WEIGHT * other for one, other in zip(clean, moved, strict=True)])
    assert_close(found(network, config, batch), expected)
    # The change does raise the loss, and more of the gradient is its doing than the tolerance.
    assert max(np.abs(one - other).max() for one, other in zip(clean, moved, strict=True)) > 1e-2


def test_adversarial_gradients_of_two_classes_have_one_logit() -> None:
    config = make_config(MODELS["last"], "labelled")
    network, batch = make_network(config, 2), make_batch(2)
    places, loss = Places(network, config, IDS, 2), mean_loss(batch)
    clean = places.gradients(loss)
    moved = places.gradients(loss, places.change(clean[places.at], WEIGHTS > 0, NORM))
    expected = places.by_words([one + WEIGHT * other for one, other in zip(clean, moved, strict=True)])
    assert_close(found(network, config, batch), expected)


@pytest.mark.parametrize("kind", ["table", "labelled"])
def test_rows_that_fill_up_the_batch_and_more_padding_change_no_adversarial_gradient(kind: str) -> None:
    config = make_config(MODELS["windows"], kind)
    network = make_network(config, threads=2)
    short = make_batch(token_ids=IDS[:4], labels=LABELS[:4], weights=WEIGHTS[:4], present=PRESENT[:4])
    wide = make_batch(token_ids=np.pad(IDS, [(0, 0), (0, 3)]))
    assert_close(found(network, config, short, FULL), found(network, config, wide, FULL))


def test_dropped_word_vectors_are_the_same_before_and_after_the_change() -> None:
    # With a change of next to nothing the second loss is the first one, if what is dropped is the same.
    import keras

    model = {"recurrent": [GRU], "embedding": {"dropout": 0.5}}
    results = []
    for kind in (None, "labelled"):
        config = make_config(model, kind)
        adversarial = config.training.adversarial
        if adversarial is not None:
            small = adversarial.model_copy(update={"norm": 1e-6})
            config = config.model_copy(update={"training": config.training.model_copy(update={"adversarial": small})})
        network = make_network(config)
        keras.utils.set_random_seed(4)
        results.append(found(network, config, make_batch()))
    plain, adversarial_gradients = results
    assert_close(adversarial_gradients, [(1 + WEIGHT) * gradient for gradient in plain])


def test_the_logits_are_those_without_the_change() -> None:
    import tensorflow as tf

    from sentiment_cli.training.objective import build_objective

    for kind in ("table", "labelled", "virtual"):
        config = make_config(MODELS["last"], kind)
        network, batch = make_network(config), make_batch()
        logits, _ = build_objective(network, config.training).gradients(batch, tf.constant(FULL, tf.int32), SEED)
        np.testing.assert_allclose(logits, network(batch.token_ids, training=False), atol=1e-6)


def mean_divergence(fixed: np.ndarray) -> Callable[[Any], Any]:
    import tensorflow as tf

    def loss(logits: Any) -> Any:
        return tf.reduce_mean(tf.reduce_sum(np.exp(fixed) * (fixed - log_shares(logits)), axis=1))

    return loss


def virtual_gradients(places: Places, config: Config) -> list[np.ndarray]:
    """Of the mean divergence after the change that one step of the power iteration finds; reviews without padding."""
    import tensorflow as tf

    rows, time = places.ids.shape
    window = config.model.window or time
    noise = tf.random.stateless_normal([rows * time // window, window, 4], SEED).numpy().reshape(rows, time, 4)
    direction = np.zeros_like(places.table)
    direction[places.places] = noise
    everyone = np.ones(rows, bool)
    places.network.trainable_variables[places.at].assign(places.table)
    loss = mean_divergence(np.asarray(log_shares(places.network(places.places.astype(np.int32)))))
    by_start = places.gradients(loss, places.change(direction, everyone, 0.1))
    return places.gradients(loss, places.change(by_start[places.at], everyone, NORM))


@pytest.mark.parametrize(("name", "threads"), [("deep", None), ("windows", 2), ("unmasked", None)])
def test_virtual_gradients_are_those_of_the_loss_and_of_the_divergence_after_the_change_that_raises_it(
    name: str, threads: int | None
) -> None:
    config = make_config(MODELS[name], "virtual")
    network, batch = make_network(config, threads=threads), make_batch()
    labelled = Places(network, config, IDS, 3)
    by_labels = labelled.by_words(labelled.gradients(mean_loss(batch)))
    places = Places(network, config, FULL, 3)
    by_change = places.by_words(virtual_gradients(places, config))
    expected = [one + WEIGHT * other for one, other in zip(by_labels, by_change, strict=True)]
    assert_close(found(network, config, batch, FULL), expected, atol=1e-5)
    assert max(np.abs(gradient).max() for gradient in by_change) > 1e-3


@pytest.mark.parametrize("threads", [None, 2])
def test_the_divergence_asks_for_no_label_and_its_passes_leave_out_the_same(threads: int | None) -> None:
    # Without weight the labelled reviews have no gradient. What remains is that of the others: next to none where the
    # change is next to nothing, if dropout leaves the same out before and after it, but not if it left out anew.
    recurrent = [{**GRU, "dropout": 0.3, "recurrent_dropout": 0.3}, GRU]
    model = {"recurrent": recurrent, "dropout": 0.5, "embedding": {"dropout": 0.3, "word_dropout": 0.2}}
    largest = {}
    for norm in (1e-6, NORM):
        config = make_config(model, None, adversarial={"kind": "virtual", "norm": norm, "weight": WEIGHT})
        gradients = found(make_network(config, threads=threads), config, make_batch(weights=np.zeros(5)), FULL)
        largest[norm] = max(np.abs(gradient).max() for gradient in gradients)
    assert largest[1e-6] < 1e-6
    assert largest[NORM] > 1e-4


def test_the_divergence_is_that_of_a_network_with_dropout() -> None:
    """Else a network learns to be even where nothing is left out, and to tell classes apart where something is."""
    results = []
    for dropout in (0.0, 0.5):
        config = make_config({**MODELS["last"], "dropout": dropout}, "virtual")
        results.append(found(make_network(config), config, make_batch(weights=np.zeros(5)), FULL))
    assert max(np.abs(one - other).max() for one, other in zip(*results, strict=True)) > 1e-4


@pytest.mark.parametrize("name", ["last", "windows"])
def test_the_most_divergent_change_has_the_asked_length_in_each_review_and_none_in_padding(name: str) -> None:
    import tensorflow as tf

    from sentiment_cli.training.objective import VirtualObjective, embed_words
    from sentiment_cli.training.perturbation import most_divergent

    config = make_config(MODELS[name], "virtual")
    network, ids = make_network(config), tf.constant(IDS, tf.int32)
    adversarial = config.training.adversarial
    assert adversarial is not None
    objective = VirtualObjective(network, config.training, adversarial)
    embedded, read_vectors = embed_words(objective.embed, ids), []

    def read(vectors: Any) -> Any:
        read_vectors.append(vectors)
        return objective.read([ids, vectors], training=False)

    fixed = objective.read([ids, embedded], training=False)
    found = most_divergent(read, embedded, objective.present(ids), fixed, NORM, SEED)
    size = np.sqrt(np.mean(embedded.numpy().reshape(5, 6, 4)[IDS > 0] ** 2))
    # The search begins with a small change, which may not be spent on padding either.
    for change, length in ((read_vectors[0] - embedded, 0.1), (found, NORM)):
        change = change.numpy().reshape(5, 6, 4)
        np.testing.assert_allclose(np.linalg.norm(change.reshape(5, -1), axis=1), length * size, rtol=1e-3)
        assert (change[IDS == 0] == 0).all()
        assert (np.abs(change[IDS > 0]).max(axis=-1) > 0).all()


def test_padding_that_is_read_counts_as_words() -> None:
    from sentiment_cli.model.network import words_present

    text, model = {"sequence_length": 6}, {"embedding": {"mask": False, "dim": 4}}
    network = make_network(Config.model_validate({"text": text, "model": model}))
    assert np.asarray(words_present(network)(IDS)).all()


def table_gradients(network: Any, config: Config, batch: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The plain gradients, and those after the change of the table that goes along its gradient."""
    import tensorflow as tf

    plain = make_network(Config.model_validate({**config.model_dump(), "training": {}}), words=10)
    plain.set_weights(network.get_weights())
    table, loss = plain.get_layer("embedding").embeddings, mean_loss(batch)

    def gradients() -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            value = loss(plain(batch.token_ids, training=False))
        return [np.asarray(tf.convert_to_tensor(each)) for each in tape.gradient(value, plain.trainable_variables)]

    (at,) = (i for i, variable in enumerate(plain.trainable_variables) if variable is table)
    first, vectors = gradients(), table.numpy()
    gradient = first[at].astype(np.float64)
    # The words of the batch, but for the padding and the unknown word of the row that fills up.
    assert np.flatnonzero(np.abs(gradient).sum(axis=1))[-7:].tolist() == [2, 3, 4, 5, 6, 7, 8]
    size, reviews = np.sqrt(np.mean(vectors[gradient != 0] ** 2)), batch.present.numpy().sum()
    table.assign(vectors + NORM * size * np.sqrt(reviews) * gradient / np.linalg.norm(gradient))
    return first, gradients()


@pytest.mark.parametrize(("name", "threads"), [("last", 2), ("windows", None), ("windows", 2), ("unmasked", None)])
def test_table_gradients_are_those_of_the_loss_and_of_the_loss_after_the_change_of_the_table(
    name: str, threads: int | None
) -> None:
    import tensorflow as tf

    from sentiment_cli.model.network import first_layers
    from sentiment_cli.training.objective import build_objective

    # Of ten words the last does not occur in the batch.
    config = make_config(MODELS[name], "table")
    network, batch = make_network(config, threads=threads, words=10), make_batch()
    before = network.get_weights()
    first, second = table_gradients(network, config, batch)
    objective = build_objective(network, config.training)
    # As a function, in which reading and changing the table have to keep their order by themselves.
    gradients = tf.function(lambda: objective.gradients(batch, None, SEED)[1])
    for _ in range(2):
        own = [np.asarray(tf.convert_to_tensor(gradient)) for gradient in gradients()]
        assert_close(own, [one + WEIGHT * other for one, other in zip(first, second, strict=True)])
        for one, another in zip(network.get_weights(), before, strict=True):
            np.testing.assert_array_equal(one, another)
    assert (first_layers(network)[0].embeddings.numpy()[9] != 0).all()
    assert max(np.abs(one - other).max() for one, other in zip(first, second, strict=True)) > 1e-2
