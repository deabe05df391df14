"""How much memory a training needs at the least, to refuse before it begins what cannot end well."""

from __future__ import annotations

from sentiment_cli.config.schema import Config
from sentiment_cli.errors import ConfigError, Problem

_FLOAT = 4  # bytes
_GATES = {"simple_rnn": 1, "gru": 3, "lstm": 4}
# Numbers that an optimizer keeps for each weight; of RMSprop and SGD one is the momentum.
_OPTIMIZER = {"adam": 2, "adamw": 2, "nadam": 2, "rmsprop": 2, "sgd": 1, "adagrad": 1}


def check_memory(config: Config, vocabulary_size: int, batch_tokens: int, memory: int | None) -> None:
    """Raise a ConfigError where the settings need more memory than there is.

    Args:
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        batch_tokens: of the largest batch, padding included.
        memory: bytes that this process may take; None: not known.
    """
    needs = least_memory(config, vocabulary_size, batch_tokens)
    needed = sum(needs.values())
    if memory is None or needed <= memory:
        return
    most = max(needs, key=lambda setting: needs[setting])
    raise ConfigError(
        [
            Problem(
                "memory",
                most,
                f"the training needs {_gigabytes(needed)} at the least, {_gigabytes(needs[most])} of them for this; "
                f"there are {_gigabytes(memory)}. Lower it.",
            )
        ]
    )


def least_memory(config: Config, vocabulary_size: int, batch_tokens: int) -> dict[str, int]:
    """Bytes of weights and of what a step keeps for its way back, by the settings that decide on them.

    A lower bound: of the weights all copies count that are there while a checkpoint is taken, of a step only the
    outputs of embedding, gates and states. The layers after pooling are left out.
    """
    settings, training = config.model, config.training
    kept = 1 + _OPTIMIZER[training.optimizer] + (training.average is not None)
    copies = 2 * kept + 1  # in use, copied for a checkpoint, and the gradient
    inputs = settings.embedding.dim
    needs = {
        "model.embedding.dim and text.max_tokens": vocabulary_size
        * inputs
        * (copies if settings.embedding.trainable else 2)
    }
    numbers = inputs
    for index, layer in enumerate(settings.recurrent):
        gates, directions = _GATES[layer.cell], 1 + layer.bidirectional
        biases = 2 if layer.cell == "gru" else 1  # Keras' GRU has one before and one after the reset gate
        weights = gates * layer.units * (inputs + layer.units + biases) * directions
        needs[f"model.recurrent.{index}.units"] = weights * copies
        numbers += (gates + 1) * layer.units * directions
        inputs = layer.units * directions
    needs["training.batch_size and text.sequence_length"] = batch_tokens * numbers
    return {setting: number * _FLOAT for setting, number in needs.items()}


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:,.1f} GB"
