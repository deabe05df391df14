"""The same network, trained for an epoch on the same reviews, in this package, in stock Keras and in PyTorch.

Each function gives a callable that trains one epoch. The others are written as a reader of their documentation would
write them: reviews padded to ``text.sequence_length``, `model.fit` or a plain loop, the same optimizer and batch size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.config.schema import Config

Epoch = Callable[[], None]


@dataclass(frozen=True)
class Reviews:
    """What is trained on.

    Args:
        token_ids: a `text.token_ids.TokenIds`.
        labels: int32[n].
        vocabulary_size: padding and unknown included.
    """

    token_ids: Any
    labels: np.ndarray
    vocabulary_size: int

    def padded(self, width: int) -> np.ndarray:
        """int32[n, width], padded on the right."""
        return np.asarray(self.token_ids.pad(np.arange(len(self.labels)), width))


def ours(config: Config, reviews: Reviews, directory: Path) -> Epoch:
    """This package, without its validation and checkpoints."""
    import keras

    from sentiment_cli.ahead import computed_ahead
    from sentiment_cli.machine import available_cores
    from sentiment_cli.model.network import build_network
    from sentiment_cli.recurrent.sweep import compile_in_background
    from sentiment_cli.runs import Run
    from sentiment_cli.training.batches import training_batches
    from sentiment_cli.training.encoded import EncodedSet
    from sentiment_cli.training.fit import Trainer
    from sentiment_cli.training.interruption import StopRequest
    from sentiment_cli.training.optimizers import build_optimizer
    from sentiment_cli.training.plan import make_plan
    from sentiment_cli.training.progress import Silent
    from sentiment_cli.training.state import TrainingState

    lengths = reviews.token_ids.lengths
    plan = make_plan(config, lengths, on_gpu=False, threads=available_cores())
    compile_in_background({(layer.cell, layer.units) for layer in config.model.recurrent}).result()
    keras.utils.set_random_seed(config.training.seed)
    network = build_network(config, reviews.vocabulary_size, 2, threads=plan.loop_threads)
    optimizer = build_optimizer(config.training, steps=1)
    optimizer.build(network.trainable_variables)
    trainer = Trainer(
        config=config,
        run=Run(directory),
        network=network,
        optimizer=optimizer,
        plan=plan,
        train=EncodedSet(reviews.token_ids, reviews.labels, [""] * len(reviews.labels)),
        validation=None,
        class_weights=np.ones(2, np.float32),
        progress=Silent(),
        stop=StopRequest(print),
        epochs=config.training.epochs,
    )
    numbers = iter(range(1, 1_000_000))

    def epoch() -> None:
        state = TrainingState(epoch=next(numbers))
        batches = training_batches(lengths, config.training.batch_size, plan.widths, config.training.seed, state.epoch)
        for arrays in computed_ahead(trainer.assemble, batches):
            trainer.train_on(arrays, state)

    return epoch


def stock_keras(config: Config, reviews: Reviews, *, masked: bool = True, jit: bool = False) -> Epoch:
    """``model.fit`` of a Sequential model."""
    model = keras_model(config, reviews.vocabulary_size, masked=masked, jit=jit)
    padded, batch_size = reviews.padded(config.text.sequence_length), config.training.batch_size

    def epoch() -> None:
        model.fit(padded, reviews.labels, batch_size=batch_size, epochs=1, verbose=0)

    return epoch


def keras_model(config: Config, vocabulary_size: int, *, masked: bool, jit: bool) -> Any:
    """The model of a configuration as a tutorial writes it; one recurrent stack, the last state, two classes."""
    import keras

    cells = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
    settings = config.model
    if settings.pooling != ["last"] or settings.dense or any(layer.dropout for layer in settings.recurrent):
        raise SystemExit("the stock side knows a recurrent stack with its last state, and dropout around it, only")
    stack: list[Any] = [keras.layers.Embedding(vocabulary_size, settings.embedding.dim, mask_zero=masked)]
    if settings.embedding.dropout:
        stack.append(keras.layers.Dropout(settings.embedding.dropout))
    for index, layer in enumerate(settings.recurrent):
        recurrent = cells[layer.cell](layer.units, return_sequences=index < len(settings.recurrent) - 1)
        stack.append(keras.layers.Bidirectional(recurrent) if layer.bidirectional else recurrent)
    if settings.dropout:
        stack.append(keras.layers.Dropout(settings.dropout))
    model = keras.Sequential([*stack, keras.layers.Dense(1, activation="sigmoid")])
    optimizer = keras.optimizers.get(config.training.optimizer)
    optimizer.learning_rate = config.training.learning_rate
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"], jit_compile=jit)
    return model


def pytorch(config: Config, reviews: Reviews, *, grouped: bool) -> Epoch:
    """A plain loop, with reviews padded to the whole length, or batched with others of their length.

    The state after a review's last token is taken; the second direction of a bidirectional layer reads the padding
    first, as without packing (packed sequences are slower by far on a CPU).
    """
    import torch

    from sentiment_cli.training.batches import training_batches

    model = _torch_model(config, reviews.vocabulary_size)
    kinds = {"rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam}
    optimizer = kinds[config.training.optimizer](model.parameters(), lr=config.training.learning_rate)
    loss_of = torch.nn.BCEWithLogitsLoss()
    lengths, size = reviews.token_ids.lengths, config.training.batch_size
    whole = None if grouped else reviews.padded(config.text.sequence_length)
    numbers = iter(range(1, 1_000_000))

    def batches() -> Any:
        if whole is None:
            for batch in training_batches(lengths, size, (), config.training.seed, next(numbers)):
                yield batch.indices, reviews.token_ids.pad(batch.indices, batch.width)
        else:
            order = np.random.default_rng(next(numbers)).permutation(len(lengths))
            for start in range(0, len(order), size):
                yield order[start : start + size], whole[order[start : start + size]]

    def epoch() -> None:
        model.train()
        for indices, ids in batches():
            optimizer.zero_grad()
            logits = model(torch.from_numpy(ids), torch.from_numpy(lengths[indices]))
            loss = loss_of(logits, torch.from_numpy(reviews.labels[indices].astype(np.float32)))
            loss.backward()
            optimizer.step()
            loss.item()

    return epoch


def _torch_model(config: Config, vocabulary_size: int) -> Any:
    import torch

    settings, (layer,) = config.model, config.model.recurrent
    kind = {"simple_rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[layer.cell]

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(vocabulary_size, settings.embedding.dim, padding_idx=0)
            self.recurrent = kind(
                settings.embedding.dim, layer.units, batch_first=True, bidirectional=layer.bidirectional
            )
            self.logit = torch.nn.Linear(layer.units * (2 if layer.bidirectional else 1), 1)

        def forward(self, ids: Any, lengths: Any) -> Any:
            outputs, _ = self.recurrent(self.embedding(ids))
            last = outputs[torch.arange(len(ids)), lengths - 1, : layer.units]
            if layer.bidirectional:
                last = torch.cat([last, outputs[:, 0, layer.units :]], dim=-1)
            return self.logit(last)[:, 0]

    return Network()
