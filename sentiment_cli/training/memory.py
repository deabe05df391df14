"""How much memory a training needs at the least, to refuse before it begins what cannot end well."""

from __future__ import annotations

from sentiment_cli.config.schema import Config
from sentiment_cli.errors import ConfigError, Problem

_FLOAT = 4  # bytes
_EMBEDDING = "model.embedding.dim and text.max_tokens"
_GATES = {"simple_rnn": 1, "gru": 3, "lstm": 4}
# Numbers that an optimizer keeps for each weight; of RMSprop and SGD one is the momentum.
_OPTIMIZER = {"adam": 2, "adamw": 2, "nadam": 2, "rmsprop": 2, "sgd": 1, "adagrad": 1}


def check_memory(
    config: Config, vocabulary_size: int, class_count: int, batch_tokens: int | None, memory: int | None
) -> None:
    """Raise a ConfigError where the settings need more memory than there is.

    Args:
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        class_count: number of classes.
        batch_tokens: of the largest batch of a training, padding included; None: nothing is trained.
        memory: bytes that this process may take; None: not known.
    """
    needs = least_memory(config, vocabulary_size, class_count, batch_tokens)
    needed = sum(needs.values())
    if memory is None or needed <= memory:
        return
    most = max(needs, key=lambda setting: needs[setting])
    what = "network" if batch_tokens is None else "training"
    advice = "It needs a machine with more." if batch_tokens is None else "Lower it."
    raise ConfigError(
        [
            Problem(
                "memory",
                most,
                f"the {what} needs {_gigabytes(needed)} at the least, {_gigabytes(needs[most])} of them for this; "
                f"there are {_gigabytes(memory)}. {advice}",
            )
        ]
    )


def least_memory(config: Config, vocabulary_size: int, class_count: int, batch_tokens: int | None) -> dict[str, int]:
    """Bytes of weights and of what a step keeps for its way back, by the settings that decide on them.

    A lower bound: of the weights all copies count that are there while a checkpoint is taken or read, of a step only
    the outputs of embedding, gates and states.
    """
    training = config.training
    kept = 1 + _OPTIMIZER[training.optimizer] + (training.average is not None)
    copies = 2 if batch_tokens is None else 2 * kept + 1  # in use, copied for a checkpoint, and the gradient
    frozen = _EMBEDDING if not config.model.embedding.trainable else None
    weights = count_weights(config, vocabulary_size, class_count)
    needs = {setting: number * (2 if setting == frozen else copies) for setting, number in weights.items()}
    if batch_tokens is not None:
        needs["training.batch_size and text.sequence_length"] = batch_tokens * _outputs_per_token(config)
    return {setting: number * _FLOAT for setting, number in needs.items()}


def count_weights(config: Config, vocabulary_size: int, class_count: int) -> dict[str, int]:
    """The numbers that a network learns, by the settings that decide on them.

    Args:
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        class_count: number of classes; two have one output.
    """
    settings = config.model
    inputs = settings.embedding.dim
    weights = {_EMBEDDING: vocabulary_size * inputs}
    for index, layer in enumerate(settings.recurrent):
        gates, directions = _GATES[layer.cell], 1 + layer.bidirectional
        biases = 2 if layer.cell == "gru" else 1  # Keras' GRU has one before and one after the reset gate
        weights[f"model.recurrent.{index}.units"] = gates * layer.units * (inputs + layer.units + biases) * directions
        inputs = layer.units * directions
    if "attention" in settings.pooling:
        weights["model.pooling"] = inputs * (inputs + 1) + inputs
    inputs *= len(settings.pooling)
    for index, dense in enumerate(settings.dense):
        weights[f"model.dense.{index}.units"] = dense.units * (inputs + 1)
        inputs = dense.units
    weights["data.classes"] = (1 if class_count == 2 else class_count) * (inputs + 1)
    return weights


def _outputs_per_token(config: Config) -> int:
    """Of embedding, gates and states."""
    layers = config.model.recurrent
    return config.model.embedding.dim + sum(
        (_GATES[layer.cell] + 1) * layer.units * (1 + layer.bidirectional) for layer in layers
    )


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:,.1f} GB"
