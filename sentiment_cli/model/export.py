"""The model as one file for others: raw text in, probabilities out, in stock Keras layers and operations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from sentiment_cli.atomic import replacing
from sentiment_cli.config.data import TextSettings
from sentiment_cli.config.schema import Config
from sentiment_cli.model.network import stock_copy
from sentiment_cli.text.standardize import IMPORT
from sentiment_cli.text.token_ids import kept_at_head
from sentiment_cli.text.vectorizer import build_vectorizer
from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID


def build_end_to_end(config: Config, vocabulary: Sequence[str], network: Any) -> Any:
    """Put the text processing in front of a network and the probabilities behind it.

    Args:
        config: the configuration.
        vocabulary: tokens in the order of their ids.
        network: from `network.build_network`, with its weights, in stock Keras layers or not.

    Returns:
        A functional model: texts string[batch] to float32[batch, 1], the probability of the second class, for
        two classes, or to float32[batch, classes].
    """
    texts = keras.Input((), dtype="string", name="text")
    token_ids = build_vectorizer(config.text, vocabulary)(texts)
    stock = stock_copy(network, config, len(vocabulary))
    logits = stock(cut_padded(token_ids, config.text))
    probabilities = ops.sigmoid(logits) if logits.shape[-1] == 1 else ops.softmax(logits, axis=-1)
    return keras.Model(texts, probabilities, name="sentiment")


def save_end_to_end(path: Path, config: Config, vocabulary: Sequence[str], network: Any) -> None:
    """Write ``model.keras``, whole or not at all; ``keras.models.load_model`` opens it."""
    model = build_end_to_end(config, vocabulary, network)
    with replacing(path) as temporary:
        model.save(temporary)


def needed_import(config: Config) -> str | None:
    """The module to import before ``model.keras`` is loaded, or None: Keras is enough."""
    return IMPORT if config.text.standardize == "reviews" else None


def cut_padded(token_ids: Any, settings: TextSettings) -> Any:
    """Cut and pad a batch as `token_ids.cut_to_length` does, by Keras' operations.

    Args:
        token_ids: int64[batch, time], padded on the right with 0.
        settings: the ``text`` section.

    Returns:
        int32[batch, sequence_length].
    """
    most = settings.sequence_length
    head = kept_at_head(most, settings.truncate)
    column = np.arange(most, dtype="int32")[None, :]
    lengths = ops.sum(ops.cast(ops.not_equal(token_ids, PADDING_ID), "int32"), axis=1, keepdims=True)
    cut = ops.maximum(lengths - most, 0)
    source = ops.where(column < head, column, ops.add(cut, column))
    padded = ops.pad(token_ids, [[0, 0], [0, most]])
    kept = ops.take_along_axis(padded, source, axis=1)
    is_empty_start = ops.logical_and(ops.equal(lengths, 0), ops.equal(column, 0))
    return ops.cast(ops.where(is_empty_start, UNKNOWN_ID, kept), "int32")
