"""The network from token ids to logits: Embedding, recurrent layers, pooling over time, dense layers.

Built from stock Keras layers and ``keras.ops`` alone, so that it can be saved and opened without this package.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from sentiment_cli.config.schema import Config, Model, Recurrent
from sentiment_cli.text.vocabulary import PADDING_ID

_CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}
# Below every output of an activation that is not of astronomical size, and finite, so that gradients stay so.
_LOWEST = -1e30


def output_units(class_count: int) -> int:
    """One logit, of the second class, for two classes; one for each class for more."""
    return 1 if class_count == 2 else class_count


def build_network(config: Config, vocabulary_size: int, class_count: int) -> Any:
    """Build the network with fresh weights; the caller seeds Keras.

    Args:
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        class_count: number of classes, two or more.

    Returns:
        A functional model: token ids int32[batch, time], padded on the right with 0, to logits
        float32[batch, 1] (two classes) or float32[batch, classes]. With ``model.embedding.mask: false`` the
        time must always be ``text.sequence_length``, since padding is read.
    """
    settings = config.model
    time = None if settings.embedding.mask else config.text.sequence_length
    token_ids = keras.Input((time,), dtype="int32", name="token_ids")
    embedding = layers.Embedding(
        vocabulary_size, settings.embedding.dim, mask_zero=settings.embedding.mask, name="embedding"
    )
    outputs = embedding(token_ids)
    if settings.embedding.dropout:
        outputs = layers.Dropout(settings.embedding.dropout, name="embedding_dropout")(outputs)
    mask = ops.not_equal(token_ids, PADDING_ID) if settings.embedding.mask else None
    pooled = _recurrent_stack(settings, outputs, mask)
    if settings.dropout:
        pooled = layers.Dropout(settings.dropout, name="dropout")(pooled)
    for index, dense in enumerate(settings.dense):
        pooled = layers.Dense(dense.units, activation=dense.activation, name=f"dense_{index}")(pooled)
        if dense.dropout:
            pooled = layers.Dropout(dense.dropout, name=f"dense_{index}_dropout")(pooled)
    logits = layers.Dense(output_units(class_count), dtype="float32", name="logits")(pooled)
    return keras.Model(token_ids, logits, name="network")


def _recurrent_stack(settings: Model, outputs: Any, mask: Any) -> Any:
    """All recurrent layers and the pooling after them; returns float32[batch, features]."""
    last_index = len(settings.recurrent) - 1
    state = None
    for index, recurrent in enumerate(settings.recurrent):
        pools_time = index == last_index and settings.pooling != ["last"]
        layer = _recurrent_layer(recurrent, index, sequences=index < last_index or pools_time, state=pools_time)
        outputs = layer(outputs)
        if pools_time:
            outputs, state = outputs[0], _last_state(recurrent, outputs[1:])
    if settings.pooling == ["last"]:
        return outputs
    pooled = [_pool(kind, outputs, state, mask) for kind in settings.pooling]
    return pooled[0] if len(pooled) == 1 else layers.Concatenate(name="pooling")(pooled)


def _recurrent_layer(settings: Recurrent, index: int, *, sequences: bool, state: bool) -> Any:
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
    layer = _CELLS[settings.cell](**options)
    return (
        layers.Bidirectional(layer, name=f"bidirectional_{settings.cell}_{index}") if settings.bidirectional else layer
    )


def _last_state(settings: Recurrent, states: Any) -> Any:
    """What a layer without sequences would return: the last output, of both directions where there are two."""
    if not settings.bidirectional:
        return states[0]
    return ops.concatenate([states[0], states[len(states) // 2]], axis=-1)


def _pool(kind: str, outputs: Any, state: Any, mask: Any) -> Any:
    """Pool float32[batch, time, features] over the time that is not padding to float32[batch, features]."""
    if kind == "last":
        return state
    if mask is None:
        return ops.max(outputs, axis=1) if kind == "max" else ops.mean(outputs, axis=1)
    present = ops.expand_dims(mask, -1)
    if kind == "max":
        return ops.max(ops.where(present, outputs, _LOWEST), axis=1)
    total = ops.sum(ops.where(present, outputs, 0.0), axis=1)
    return total / ops.sum(ops.cast(present, "float32"), axis=1)
