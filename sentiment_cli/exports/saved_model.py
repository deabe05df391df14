"""How is a network written as a SavedModel, which TensorFlow opens without this package?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from sentiment_cli.config.schema import Config
from sentiment_cli.exports.layout import SIGNATURE
from sentiment_cli.model.export import cut_padded
from sentiment_cli.model.network import stock_copy
from sentiment_cli.text.vectorizer import build_vectorizer

_CLASS_NAMES_FILE = "class_names.json"


def write_saved_model(
    directory: Path, config: Config, vocabulary: Sequence[str], class_names: Sequence[str], networks: Sequence[Any]
) -> None:
    """Write a SavedModel into a directory that is there.

    Its signature ``serving_default`` takes ``text`` string[batch] and gives ``probabilities`` float32[batch, classes],
    ``label`` string[batch] and ``class_names`` string[batch, classes], a row for each text since TensorFlow Serving
    asks for that. Every rule of ``text.standardize`` becomes a part of the graph, ours too.

    Args:
        directory: where ``saved_model.pb`` goes, with ``variables`` and ``assets`` beside it.
        config: the configuration.
        vocabulary: tokens in the order of their ids.
        class_names: in the order of the outputs.
        networks: at least one, from `model.network.build_network`; of several the mean of the probabilities is given.
    """
    with tempfile.TemporaryDirectory(prefix="sentiment-export-") as temporary:
        names_file = Path(temporary) / _CLASS_NAMES_FILE
        names_file.write_text(json.dumps(list(class_names)) + "\n", encoding="ascii")
        module = _build_module(config, vocabulary, class_names, networks)
        module.class_names_file = tf.saved_model.Asset(str(names_file))
        tf.saved_model.save(module, str(directory), signatures={SIGNATURE: module.serve})


def _build_module(
    config: Config, vocabulary: Sequence[str], class_names: Sequence[str], networks: Sequence[Any]
) -> Any:
    module = tf.Module(name="sentiment")
    # As attributes, or they and their table of words would not be saved.
    module.vectorizer = build_vectorizer(config.text, vocabulary)
    plain = _without_dropout(config)
    module.networks = [stock_copy(network, plain, len(vocabulary)) for network in networks]
    names = tf.constant(list(class_names))

    def serve(text: Any) -> dict[str, Any]:
        token_ids = cut_padded(module.vectorizer(text), config.text)
        if config.model.embedding.mask:
            token_ids = _cut_to_longest(token_ids)
        each = [_probabilities(network(token_ids, training=False)) for network in module.networks]
        mean = tf.add_n(each) / len(each)
        rows = tf.shape(text)[0]
        return {
            "probabilities": mean,
            "label": tf.gather(names, tf.argmax(mean, axis=1)),
            "class_names": tf.tile(names[None, :], [rows, 1]),
        }

    module.serve = tf.function(serve, input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    return module


def _without_dropout(config: Config) -> Config:
    """For the same weights: recurrent layers of Keras draw masks where none is used, from a state (Keras 3.15)."""
    settings, none = config.model, {"dropout": 0.0}
    recurrent = [layer.model_copy(update={**none, "recurrent_dropout": 0.0}) for layer in settings.recurrent]
    dense = [layer.model_copy(update=none) for layer in settings.dense]
    embedding = settings.embedding.model_copy(update=none)
    parts = {"embedding": embedding, "recurrent": recurrent, "dense": dense, **none}
    return config.model_copy(update={"model": settings.model_copy(update=parts)})


def _cut_to_longest(token_ids: Any) -> Any:
    """Leave out the columns that are padding in every row: a review of 20 words need not wait for 480 steps more."""
    lengths = tf.math.count_nonzero(token_ids, axis=1, dtype=tf.int32)
    return token_ids[:, : tf.maximum(tf.reduce_max(lengths), 1)]


def _probabilities(logits: Any) -> Any:
    """float32[batch, classes] from logits float32[batch, 1 or classes]."""
    if logits.shape[-1] > 1:
        return tf.nn.softmax(logits, axis=-1)
    return tf.concat([tf.sigmoid(-logits), tf.sigmoid(logits)], axis=1)
