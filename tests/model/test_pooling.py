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
    model = {"embedding": {"dim": 4}, "pooling": ["max", "mean"], **model, "recurrent": recurrent, "window": window}
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
@pytest.mark.parametrize("window", [1, 4, 5, 11])
def test_a_review_is_pooled_over_what_its_windows_give_one_by_one(window: int, threads: int | None) -> None:
    ids = make_ids()
    network = pooled(build(make_config(window), threads))
    outputs = read_windows(pooled_sequences(build(make_config(None), None)), ids, window)
    for row, expected in zip(network(ids).numpy(), outputs, strict=True):
        np.testing.assert_allclose(row, np.concatenate([expected.max(axis=0), expected.mean(axis=0)]), atol=1e-6)


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
