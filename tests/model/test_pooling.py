"""Are windows read side by side, each from a fresh state, and pooled over the whole review?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config

LENGTHS = (1, 4, 5, 11, 10, 9)
WIDTH, WORDS = 11, 30


def make_ids() -> np.ndarray:
    """int32[6, 11]: reviews of the lengths above."""
    ids = np.random.default_rng(1).integers(1, WORDS, (len(LENGTHS), WIDTH)).astype(np.int32)
    for row, length in enumerate(LENGTHS):
        ids[row, length:] = 0
    return ids


def make_config(window: int | None, **model: Any) -> Config:
    recurrent = model.pop("recurrent", [{"cell": "gru", "units": 4, "bidirectional": True}])
    model = {
        "embedding": {"dim": 4},
        "pooling": ["max", "mean", "attention"],
        **model,
        "recurrent": recurrent,
        "window": window,
    }
    return Config.model_validate({"model": model, "text": {"sequence_length": WIDTH}})


def build(config: Config, threads: int | None) -> Any:
    import keras

    from sentiment_cli.model.network import build_network

    keras.utils.set_random_seed(1)
    return build_network(config, WORDS, 2, threads=threads)


def pooled(network: Any) -> Any:
    """The part of a network up to the pooling."""
    import keras

    return keras.Model(network.input, network.get_layer("pooling").output)


@pytest.mark.parametrize("threads", [None, 2], ids=["Keras", "loops"])
@pytest.mark.parametrize("window", [1, 5, *(pytest.param(more, marks=pytest.mark.slow) for more in (4, 11))])
def test_a_review_is_pooled_over_what_its_windows_give_one_by_one(window: int, threads: int | None) -> None:
    ids = make_ids()
    network = pooled(build(make_config(window), threads))
    outputs = read_windows(pooled_sequences(build(make_config(None), None)), ids, window)
    for row, expected in zip(network(ids).numpy(), outputs, strict=True):
        kinds = [expected.max(axis=0), expected.mean(axis=0), attention(network, expected)]
        np.testing.assert_allclose(row, np.concatenate(kinds), atol=1e-6)


def attention(network: Any, outputs: np.ndarray) -> np.ndarray:
    """The mean of outputs [length, features], weighted by a softmax of v · tanh(W h + b)."""
    kernel, bias = network.get_layer("attention_features").get_weights()
    (vector,) = network.get_layer("attention_score").get_weights()
    scores = np.tanh(outputs @ kernel + bias) @ vector
    shares = np.exp(scores - scores.max())
    return np.asarray((shares / shares.sum() * outputs).sum(axis=0))


def pooled_sequences(network: Any) -> Any:
    """The part of a network without windows that gives the outputs at all steps."""
    import keras

    layer = next(layer for layer in network.layers if layer.name.startswith("bidirectional"))
    return keras.Model(network.input, layer.output[0])


def read_windows(sequences: Any, ids: np.ndarray, window: int) -> list[np.ndarray]:
    """Of each review the outputs of its windows, each read by itself, one after the other: [length, features]."""
    return [
        np.concatenate(
            [sequences(row[None, start : min(start + window, length)]).numpy()[0] for start in range(0, length, window)]
        )
        for row, length in zip(ids, LENGTHS, strict=True)
    ]


@pytest.mark.parametrize("threads", [None, 2], ids=["Keras", "loops"])
def test_a_review_in_windows_has_the_logit_that_it_has_alone(threads: int | None) -> None:
    config = make_config(
        3, recurrent=[{"cell": "lstm", "units": 4}, {"cell": "gru", "units": 4, "bidirectional": True}]
    )
    network, ids = build(config, threads), make_ids()
    together = network(ids).numpy()
    for row, length in enumerate(LENGTHS):
        alone = network(ids[row : row + 1, :length]).numpy()
        np.testing.assert_allclose(alone, together[row : row + 1], atol=1e-6)
    assert np.ptp(together) > 1e-4


def test_no_window_is_read_by_keras_without_a_step() -> None:
    from sentiment_cli.model.pooling import cut_into_windows

    sequences = cut_into_windows(make_ids(), 4)
    assert np.asarray(sequences.read).any(axis=1).all()
    assert not np.asarray(sequences.present).any(axis=1).all()
    assert np.asarray(sequences.present).sum() == sum(LENGTHS)
    assert np.asarray(sequences.review).tolist() == [review for review in range(len(LENGTHS)) for _ in range(3)]


def test_windows_learn_by_the_same_gradients_in_both_kinds_of_layers() -> None:
    import tensorflow as tf

    config, ids, found = make_config(4), make_ids(), []
    for threads in (None, 2):
        network = build(config, threads)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.sin(network(ids, training=True)))
        found.append([np.asarray(tf.convert_to_tensor(g)) for g in tape.gradient(loss, network.trainable_variables)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("window", [1, 3, 4])
def test_windows_give_what_the_whole_review_gives_where_no_step_looks_back(window: int) -> None:
    recurrent, ids = [{"cell": "simple_rnn", "units": 4}], make_ids()
    whole, cut = (build(make_config(size, recurrent=recurrent), None) for size in (None, window))
    for network in (whole, cut):
        network.set_weights(scattered(whole))
        layer = network.get_layer("simple_rnn_0")
        kernel, state, bias = layer.get_weights()
        layer.set_weights([kernel, np.zeros_like(state), bias])
    np.testing.assert_allclose(cut(ids), whole(ids), atol=1e-6)
    assert np.ptp(whole(ids)) > 1e-2


def scattered(network: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [rng.normal(0, 0.7, weight.shape) for weight in network.weights]


@pytest.mark.parametrize("window", [None, 4])
def test_attention_to_one_step_alone_is_finite_and_takes_that_step(window: int | None) -> None:
    # Scores of thousands, of which a plain exponential would be infinite, and below all of the padding's.
    network, ids = build(make_config(window), None), make_ids()
    network.set_weights(scattered(network))
    layer = network.get_layer("attention_score")
    layer.set_weights([np.sign(layer.get_weights()[0]) * 1e4 - 2e4])
    part = pooled(network)
    outputs = read_windows(whole_sequences(network, window), ids, window or WIDTH)
    for row, expected in zip(part(ids).numpy(), outputs, strict=True):
        np.testing.assert_allclose(row[16:], attention(network, expected), atol=1e-3)
        assert np.abs(expected - row[16:]).max(axis=1).min() < 1e-3


def whole_sequences(network: Any, window: int | None) -> Any:
    """The outputs at all steps of the same weights without windows."""
    if window is None:
        return pooled_sequences(network)
    whole = build(make_config(None), None)
    whole.set_weights(network.get_weights())
    return pooled_sequences(whole)


@pytest.mark.parametrize("window", [None, 2])
def test_attention_learns_by_the_gradients_of_the_softmax(window: int | None) -> None:
    import keras
    import tensorflow as tf

    from sentiment_cli.model.pooling import Sequences, pool

    rng = np.random.default_rng(1)
    outputs = tf.constant(rng.normal(size=(3, 6, 4)), tf.float32)
    present = np.arange(6) < np.array([[6], [1], [3]])
    review = None if window is None else tf.constant(np.repeat(np.arange(3), 3), tf.int32)
    shape = (-1, window or 6)
    mask = tf.constant(present.reshape(shape))
    sequences = Sequences(None, mask, mask, review)
    found = []
    for ours in (True, False):
        keras.utils.set_random_seed(1)
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            if ours:
                result = pool(["attention"], sequences, tf.reshape(outputs, (*shape, 4)), None)
            else:
                features = keras.layers.Dense(4, activation="tanh")(outputs)
                score = keras.layers.Dense(1, use_bias=False)(features)
                shares = tf.nn.softmax(tf.where(present[:, :, None], score, -np.inf), axis=1)
                result = tf.reduce_sum(shares * outputs, axis=1)
            loss = tf.reduce_sum(tf.sin(3 * result))
        found.append((result.numpy(), tape.gradient(loss, outputs).numpy()))
    for one, another in zip(*found, strict=True):
        np.testing.assert_allclose(one, another, atol=1e-5)
    assert np.abs(found[0][1]).max() > 0.1
