"""The network from token ids to logits: Embedding, recurrent layers, pooling over time, dense layers.

Built from stock Keras layers and ``keras.ops`` alone, it can be saved and opened without this package. For work on a
processor the recurrent layers can be those of `recurrent.layers` instead; weights and results are the same.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sentiment_cli.config.model import Model, Recurrent
from sentiment_cli.config.schema import Config
from sentiment_cli.model.pooling import Sequences, cut_into_windows, pool, whole_reviews
from sentiment_cli.recurrent.conditions import loop_blockers
from sentiment_cli.recurrent.layers import (
    CompiledBidirectional,
    CompiledGRU,
    CompiledLSTM,
    CompiledSimpleRNN,
    EmbeddedRecurrent,
)
from sentiment_cli.text.vocabulary import PADDING_ID

_STOCK = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}
_COMPILED = {"simple_rnn": CompiledSimpleRNN, "gru": CompiledGRU, "lstm": CompiledLSTM}


def output_units(class_count: int) -> int:
    """One logit, of the second class, for two classes; one for each class for more."""
    return 1 if class_count == 2 else class_count


def build_network(
    config: Config, vocabulary_size: int, class_count: int, *, threads: int | None = None, open_embedding: bool = False
) -> Any:
    """Build the network with fresh weights; the caller seeds Keras.

    Args:
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        class_count: number of classes, two or more.
        threads: of the compiled loops on a processor; None: stock Keras layers. The variables are the same, in the
            same order.
        open_embedding: keep the word vectors apart from the recurrent layer, for `cut_behind_embedding`.

    Returns:
        A functional model: token ids int32[batch, time], padded on the right with 0, to logits
        float32[batch, 1] (two classes) or float32[batch, classes]. With ``model.embedding.mask: false`` the
        time must always be ``text.sequence_length``, since padding is read.
    """
    settings = config.model
    time = None if settings.embedding.mask else config.text.sequence_length
    token_ids = keras.Input((time,), dtype="int32", name="token_ids")
    adversarial = config.training.adversarial
    apart = open_embedding or (adversarial is not None and adversarial.kind != "table")
    pooled = _recurrent_stack(settings, token_ids, vocabulary_size, threads, joint=threads is not None and not apart)
    if settings.dropout:
        pooled = layers.Dropout(settings.dropout, name="dropout")(pooled)
    for index, dense in enumerate(settings.dense):
        pooled = layers.Dense(dense.units, activation=dense.activation, name=f"dense_{index}")(pooled)
        if dense.dropout:
            pooled = layers.Dropout(dense.dropout, name=f"dense_{index}_dropout")(pooled)
    logits = layers.Dense(output_units(class_count), dtype="float32", name="logits")(pooled)
    return keras.Model(token_ids, logits, name="network")


def build_reader(config: Config, vocabulary_size: int, *, threads: int | None = None) -> Any:
    """The embedding and the first recurrent layer of a network, without dropout and with all outputs.

    Args:
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        threads: as in `build_network`.

    Returns:
        A functional model: token ids int32[batch, time], padded on the right with 0, to float32[batch, time, units],
        of both directions side by side where there are two.
    """
    plain = {"dropout": 0.0}
    first = config.model.recurrent[0].model_copy(update={**plain, "recurrent_dropout": 0.0})
    embedding_settings = config.model.embedding.model_copy(update=plain)
    settings = config.model.model_copy(update={"embedding": embedding_settings, "recurrent": [first]})
    token_ids = keras.Input((None,), dtype="int32", name="token_ids")
    embedding = layers.Embedding(vocabulary_size, embedding_settings.dim, mask_zero=True, name="embedding")
    layer = _recurrent_layer(first, 0, sequences=True, state=False, threads=threads)
    sequences = whole_reviews(token_ids, masked=True)
    return keras.Model(token_ids, _embed_and_read(settings, embedding, layer, sequences, joint=threads is not None))


def first_layers(network: Any) -> tuple[Any, Any]:
    """The ``keras.layers.Embedding`` and the first recurrent layer of a network from here."""
    for layer in network.layers:
        if isinstance(layer, EmbeddedRecurrent):
            return layer.embedding, layer.recurrent
    recurrent = next(layer for layer in network.layers if isinstance(layer, (layers.RNN, layers.Bidirectional)))
    return network.get_layer("embedding"), recurrent


def stock_copy(network: Any, config: Config, vocabulary_size: int) -> Any:
    """The same network, weights included, in stock Keras layers."""
    outputs = network.output_shape[-1]
    copy = build_network(config, vocabulary_size, 2 if outputs == 1 else outputs)
    copy.set_weights(network.get_weights())
    return copy


def cut_behind_embedding(network: Any) -> tuple[Any, Any]:
    """A network as two, which share its layers.

    Args:
        network: from `build_network`, with an embedding of its own (``threads`` None, ``open_embedding``, or
            adversarial training).

    Returns:
        From token ids to word vectors float32[rows, time, dim], after their dropout, where a row is a review or a
        window of it; and from token ids and such word vectors to logits.
    """
    names = [layer.name for layer in network.layers]
    behind = "embedding_dropout" if "embedding_dropout" in names else "embedding"
    vectors = network.get_layer(behind).output
    return keras.Model(network.input, vectors), keras.Model([network.input, vectors], network.output)


def words_present(network: Any) -> Any:
    """From token ids to bool[rows, time] with the rows of `cut_behind_embedding`: where a word is read.

    Padding is none, unless the network reads it (``model.embedding.mask: false``).
    """
    embedding = network.get_layer("embedding")
    read = embedding.input
    present = ops.not_equal(read, PADDING_ID) if embedding.mask_zero else ops.ones_like(read, dtype="bool")
    return keras.Model(network.input, present)


def _recurrent_stack(settings: Model, token_ids: Any, vocabulary_size: int, threads: int | None, *, joint: bool) -> Any:
    """Embedding, all recurrent layers and the pooling after them; returns float32[batch, features]."""
    masked = settings.embedding.mask
    embedding = layers.Embedding(
        vocabulary_size,
        settings.embedding.dim,
        mask_zero=masked,
        trainable=settings.embedding.trainable,
        name="embedding",
    )
    if settings.window is None:
        sequences = whole_reviews(token_ids, masked=masked)
    else:
        sequences = cut_into_windows(token_ids, settings.window)
    last_index = len(settings.recurrent) - 1
    outputs, state = None, None
    for index, recurrent in enumerate(settings.recurrent):
        pools_time = index == last_index and settings.pooling != ["last"]
        layer = _recurrent_layer(
            recurrent, index, sequences=index < last_index or pools_time, state=pools_time, threads=threads
        )
        if index == 0:
            outputs = _embed_and_read(settings, embedding, layer, sequences, joint=joint)
        else:
            outputs = layer(outputs, mask=sequences.read)
        if pools_time:
            outputs, state = outputs[0], _last_state(recurrent, outputs[1:])
    return outputs if settings.pooling == ["last"] else pool(settings.pooling, sequences, outputs, state)


def _embed_and_read(settings: Model, embedding: Any, layer: Any, sequences: Sequences, *, joint: bool) -> Any:
    """The outputs of the first recurrent layer; ``joint``: with one projection for each different token."""
    dropped = settings.embedding.dropout or settings.recurrent[0].dropout
    if joint and not dropped and not loop_blockers(settings.recurrent[0]):
        return EmbeddedRecurrent(embedding, layer, name="embedded_recurrent")(sequences.token_ids)
    outputs = embedding(sequences.token_ids)
    if settings.embedding.dropout:
        outputs = layers.Dropout(settings.embedding.dropout, name="embedding_dropout")(outputs)
    return layer(outputs, mask=sequences.read)


def _recurrent_layer(settings: Recurrent, index: int, *, sequences: bool, state: bool, threads: int | None) -> Any:
    options: dict[str, Any] = {
        "units": settings.units,
        "activation": settings.activation,
        "dropout": settings.dropout,
        "recurrent_dropout": settings.recurrent_dropout,
        "return_sequences": sequences,
        "return_state": state,
        "name": f"{settings.cell}_{index}",
    }
    if settings.cell != "simple_rnn":
        options["recurrent_activation"] = settings.recurrent_activation or "sigmoid"
    if threads is None:
        layer, both = _STOCK[settings.cell](**options), layers.Bidirectional
    else:
        layer, both = _COMPILED[settings.cell](**options, threads=threads), CompiledBidirectional
    return both(layer, name=f"bidirectional_{settings.cell}_{index}") if settings.bidirectional else layer


def _last_state(settings: Recurrent, states: Any) -> Any:
    """What a layer without sequences would return: the last output, of both directions where there are two."""
    if not settings.bidirectional:
        return states[0]
    return ops.concatenate([states[0], states[len(states) // 2]], axis=-1)
