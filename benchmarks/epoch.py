"""How long an epoch takes: this package beside stock Keras and PyTorch, on the same reviews, in one run.

    python benchmarks/epoch.py --config imdb_lstm --data imdb --repeats 5

The first epoch of each, which traces and compiles, is reported by itself. The repetitions take turns, so that a drift
of the machine falls on all alike; a ratio is taken within a turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import contenders

from sentiment_cli.config import load_config, parse_set
from sentiment_cli.config.schema import Config
from sentiment_cli.data.prepare import prepare_data
from sentiment_cli.runtime import choose_device, describe_environment, load_tensorflow

# Those of the tutorials, and one of the size that people use.
BIDIRECTIONAL = ["model.embedding.dim=128", "model.recurrent=[{cell: lstm, units: 64, bidirectional: true}]"]
NETWORKS = {
    "LSTM 32, Embedding 32": ("imdb_lstm", []),
    "GRU 32, Embedding 32": ("imdb_gru", []),
    "SimpleRNN 32, Embedding 32": ("imdb_simple_rnn", []),
    "Bidirectional LSTM 64, Embedding 128": ("imdb_lstm", BIDIRECTIONAL),
}

KERAS = {
    "Keras, masked": {},
    "Keras, not masked": {"masked": False},
    "Keras, masked, jit_compile": {"jit": True},
}
PYTORCH = {"PyTorch, padded": {"grouped": False}, "PyTorch, grouped by length": {"grouped": True}}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", action="append", help="a configuration; several times; none: the four below")
    parser.add_argument("--data", default="imdb")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--reviews", type=int, default=6400, help="drawn from the training part")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without", action="append", default=[], help="a contender to leave out")
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    networks: dict[str, tuple[str, list[str]]] = {name: (name, []) for name in arguments.config or ()} or NETWORKS
    data = [f"data.source={arguments.data}"]
    configs = {
        label: load_config(name, parse_set([*data, *own, *arguments.set])) for label, (name, own) in networks.items()
    }
    results = {
        "machine": describe_environment(),
        "reviews": arguments.reviews,
        "networks": measure(configs, arguments.reviews, arguments.repeats, set(arguments.without)),
    }
    text = json.dumps(results, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def measure(configs: dict[str, Config], count: int, repeats: int, without: set[str]) -> dict[str, Any]:
    """The seconds of every contender for every network."""
    load_tensorflow()
    choose_device("cpu")
    reviews = load_reviews(next(iter(configs.values())), count)
    tokens = int(reviews.token_ids.lengths.sum())
    results: dict[str, Any] = {}
    for label, config in configs.items():
        workers = {name: Worker(name, config, reviews) for name in names(config) if name not in without}
        first = {name: worker.epoch() for name, worker in workers.items()}
        turns = [{name: worker.epoch() for name, worker in workers.items()} for _ in range(repeats)]
        results[label] = {"reviews": len(reviews.labels), "tokens": tokens, "first": first, "turns": turns}
        for worker in workers.values():
            worker.close()
        report(label, results[label])
    return results


def names(config: Config) -> list[str]:
    """The contenders that know a configuration and are installed."""
    found = ["ours", *KERAS]
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed: pip install torch", flush=True)
        return found
    return [*found, *PYTORCH] if len(config.model.recurrent) == 1 else found


class Worker:
    """A contender in a process of its own that waits for its turn: none disturbs another's threads and memory."""

    def __init__(self, name: str, config: Config, reviews: contenders.Reviews) -> None:
        self._connection, other = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_work, args=(other, name, config, reviews), daemon=True)
        self._process.start()

    def epoch(self) -> float:
        """Seconds of one epoch."""
        self._connection.send("epoch")
        return float(self._connection.recv())

    def close(self) -> int:
        """End the process; its peak resident memory in bytes."""
        self._connection.send("end")
        peak = int(self._connection.recv())
        self._process.join()
        return peak


def _work(connection: Any, name: str, config: Config, reviews: contenders.Reviews) -> None:
    epoch = None
    while connection.recv() == "epoch":
        started = time.perf_counter()
        if epoch is None:
            epoch = _prepare(name, config, reviews)
            started = time.perf_counter()
        epoch()
        connection.send(time.perf_counter() - started)
    connection.send(peak_bytes())


def peak_bytes() -> int:
    """Peak resident memory of this process; not that of `resource`, where the parent's counts before this began."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _prepare(name: str, config: Config, reviews: contenders.Reviews) -> contenders.Epoch:
    if name in PYTORCH:
        return contenders.pytorch(config, reviews, **PYTORCH[name])
    load_tensorflow()
    choose_device("cpu")
    if name in KERAS:
        return contenders.stock_keras(config, reviews, **KERAS[name])
    return contenders.ours(config, reviews, Path(tempfile.mkdtemp()))


def load_reviews(config: Config, count: int) -> contenders.Reviews:
    """Some of a configuration's training reviews, drawn with a fixed seed, encoded."""
    import numpy as np

    from sentiment_cli.data.loading import load_splits
    from sentiment_cli.text.vectorizer import adapt_vocabulary, encode

    data = prepare_data(config.data, 1, with_test=False)
    train = load_splits(data.layout, config.data, 1, print).train
    vocabulary = adapt_vocabulary(config.text, train.texts)
    chosen = train.take(np.random.default_rng(1).permutation(len(train))[:count])
    return contenders.Reviews(encode(config.text, vocabulary, chosen.texts), chosen.labels, len(vocabulary))


def report(label: str, result: dict[str, Any]) -> None:
    """Print what was measured of a network."""
    print(f"\n{label}: {result['reviews']:,} reviews, {result['tokens']:,} tokens", flush=True)
    for name in result["first"]:
        own = [turn[name] for turn in result["turns"]]
        ratios = sorted(turn[name] / turn["ours"] for turn in result["turns"])
        print(
            f"  {name:28} {result['reviews'] / statistics.median(own):7,.0f} reviews/s, "
            f"{statistics.median(ratios):5.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) times the time of ours, "
            f"first epoch {result['first'][name]:.1f} s",
            flush=True,
        )


def timed(function: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
