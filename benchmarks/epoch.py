"""How long an epoch takes: this package beside the same model in stock Keras, on the same reviews, in one run.

    python benchmarks/epoch.py --config imdb_lstm --data imdb --repeats 5

Stock is what a reader of a tutorial writes: reviews padded to ``text.sequence_length``, ``mask_zero=True``,
``model.fit``. Both sides train the whole training part; the first pass of each, which traces and compiles, is
reported by itself. The repetitions take turns, so that a drift of the machine falls on both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sentiment_cli.config import load_config, parse_set
from sentiment_cli.config.schema import Config
from sentiment_cli.data.prepare import prepare_data
from sentiment_cli.runs import Run
from sentiment_cli.runtime import choose_device, describe_environment, load_tensorflow


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", action="append", help="a configuration; may be given several times")
    parser.add_argument("--data", help="another source than the configuration's")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    settings = [*arguments.set, *([f"data.source={arguments.data}"] if arguments.data else [])]
    machine = describe_environment()
    print(f"{machine['processor']}, {machine['cores']} cores; {arguments.repeats} repetitions, medians\n")
    print(
        "| configuration | reviews | ours, s/epoch | stock Keras, s/epoch | ratio (range) | ours first | stock first |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name in arguments.config or ["imdb_lstm"]:
        print(compare(name, load_config(name, parse_set(settings)), arguments.repeats), flush=True)


def compare(name: str, config: Config, repeats: int) -> str:
    """One row of the table."""
    data = prepare_data(config.data, config.training.seed)
    load_tensorflow()
    with tempfile.TemporaryDirectory() as directory:
        ours, stock, reviews = make_sides(config, data, Run(Path(directory)))
        first = [timed(ours), timed(stock)]
        rounds = [(timed(ours), timed(stock)) for _ in range(repeats)]
    own, other = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = sorted(theirs / mine for mine, theirs in rounds)
    spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return f"| {name} | {reviews:,} | {own:.2f} | {other:.2f} | {spread} | {first[0]:.1f} s | {first[1]:.1f} s |"


def make_sides(config: Config, data: Any, run: Run) -> tuple[Callable[[], None], Callable[[], None], int]:
    """Functions that train one epoch each, ours and stock Keras', and the number of reviews."""
    import numpy as np

    from sentiment_cli.training.batches import training_batches
    from sentiment_cli.training.checkpoint import TrainingState
    from sentiment_cli.training.interruption import StopRequest
    from sentiment_cli.training.progress import Silent
    from sentiment_cli.workflows.job import Job
    from sentiment_cli.workflows.stopwatch import Stopwatch
    from sentiment_cli.workflows.training import set_up

    progress = Silent()
    job = Job(config, run, data, choose_device("cpu"), progress)
    setup = set_up(job, {}, Stopwatch())
    trainer = setup.trainer(job, StopRequest(progress.note))
    token_ids, labels = setup.train.token_ids, setup.train.labels
    epochs = iter(range(1, 1_000_000))

    def ours() -> None:
        state = TrainingState(epoch=next(epochs))
        settings = config.training
        batches = training_batches(
            token_ids.lengths, settings.batch_size, setup.plan.widths, settings.seed, state.epoch
        )
        for batch in batches:
            trainer.train_on(batch, state)

    padded = token_ids.pad(np.arange(len(token_ids)), config.text.sequence_length)
    model = stock_model(config, len(setup.vocabulary))

    def stock() -> None:
        model.fit(padded, labels, batch_size=config.training.batch_size, epochs=1, verbose=0)

    return ours, stock, len(labels)


def stock_model(config: Config, vocabulary_size: int) -> Any:
    """The model of a configuration as a tutorial writes it; one recurrent stack, the last state, two classes."""
    import keras

    cells = {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
    settings = config.model
    if settings.pooling != ["last"] or settings.dense or any(layer.dropout for layer in settings.recurrent):
        raise SystemExit("the stock side knows a recurrent stack with its last state, and dropout around it, only")
    stack: list[Any] = [keras.layers.Embedding(vocabulary_size, settings.embedding.dim, mask_zero=True)]
    if settings.embedding.dropout:
        stack.append(keras.layers.Dropout(settings.embedding.dropout))
    for index, layer in enumerate(settings.recurrent):
        sequences = index < len(settings.recurrent) - 1
        recurrent = cells[layer.cell](layer.units, return_sequences=sequences)
        stack.append(keras.layers.Bidirectional(recurrent) if layer.bidirectional else recurrent)
    if settings.dropout:
        stack.append(keras.layers.Dropout(settings.dropout))
    model = keras.Sequential([*stack, keras.layers.Dense(1, activation="sigmoid")])
    optimizer = keras.optimizers.get(config.training.optimizer)
    optimizer.learning_rate = config.training.learning_rate
    model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["accuracy"])
    return model


def timed(function: Callable[[], None]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
