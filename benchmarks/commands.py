"""Whole commands as their users run them, process to process: seconds and peak memory.

    SENTIMENT_DATA=… python benchmarks/commands.py

* `sentiment train --config imdb_lstm` beside the script that it grew from (`source_script.py`);
* `sentiment predict` of one review, `--help`, `configs`, `runs`, `plot-history`, `misclassified`, and `evaluate` of the
  test part, beside `import tensorflow` and `import click, yaml`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sentiment_cli.config import load_config
from sentiment_cli.data.prepare import prepare_data
from sentiment_cli.runtime import describe_environment, load_tensorflow

SENTIMENT = [sys.executable, "-m", "sentiment_cli"]
HERE = Path(__file__).parent


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainings", type=int, default=1, help="pairs of a training here and the source's script")
    parser.add_argument("--repeats", type=int, default=5, help="of the short commands")
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    parser.add_argument("--write-ids", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write_ids:
        write_ids(arguments.write_ids)
        return
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        # In a process of its own: what this one has in memory would count as the peak of those that it starts.
        run([sys.executable, __file__, "--write-ids", str(place / "ids.npz")], place)
        runs: dict[str, list[dict[str, float]]] = {}
        for number in range(arguments.trainings):
            training = [*SENTIMENT, "train", "--config", "imdb_lstm", "--name", f"r{number}", "-q"]
            note(runs, "train --config imdb_lstm", run(training, place))
            note(runs, "the source's script", run([sys.executable, str(HERE / "source_script.py"), "ids.npz"], place))
        for _ in range(arguments.repeats):
            for name, command in short_commands().items():
                note(runs, name, run(command, place))
    summary = {
        name: {key: statistics.median(each[key] for each in found) for key in ("seconds", "peak_bytes")}
        | {"runs": len(found)}
        for name, found in runs.items()
    }
    text = json.dumps({"machine": describe_environment(), "commands": summary}, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def short_commands() -> dict[str, list[str]]:
    """Commands on the run ``r0``, and what they cannot be quicker than."""
    python = [sys.executable, "-c"]
    return {
        "import click, yaml": [*python, "import click, yaml"],
        "import tensorflow": [*python, "import tensorflow"],
        "--help": [*SENTIMENT, "--help"],
        "configs": [*SENTIMENT, "configs"],
        "runs": [*SENTIMENT, "runs"],
        "plot-history": [*SENTIMENT, "plot-history", "r0"],
        "misclassified": [*SENTIMENT, "misclassified", "r0"],
        "predict (one review)": [*SENTIMENT, "predict", "a great film", "--run", "r0"],
        "evaluate (25,000 reviews)": [*SENTIMENT, "evaluate", "r0", "-q"],
    }


def run(command: list[str], directory: Path) -> dict[str, float]:
    """Seconds, those of them on processors, and peak resident memory of a command; its output is dropped."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        errors.seek(0)
        if status:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read().decode()}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": usage.ru_maxrss * 1024}


def note(runs: dict[str, list[dict[str, float]]], name: str, figures: dict[str, float]) -> None:
    """Keep and show one measurement."""
    runs.setdefault(name, []).append(figures)
    print(f"{name:28} {figures['seconds']:8.2f} s {figures['peak_bytes'] / 1e6:8.0f} MB", file=sys.stderr, flush=True)


def write_ids(path: Path) -> None:
    """IMDb as Keras' file has it, from the reviews themselves: ids of both parts, padded on the left to 500."""
    load_tensorflow()
    import keras
    import numpy as np

    from sentiment_cli.data.loading import load_part
    from sentiment_cli.text.vectorizer import adapt_vocabulary, encode

    config = load_config("imdb_lstm")
    layout = prepare_data(config.data, 1).layout
    arrays: dict[str, Any] = {}
    train = load_part(layout.train, "error")
    vocabulary = adapt_vocabulary(config.text, train.texts)
    for name, part in (("train", train), ("test", load_part(layout.test, "error") if layout.test else train)):
        ids = encode(config.text, vocabulary, part.texts)
        rows = [ids.flat[start:end] for start, end in zip(ids.offsets[:-1], ids.offsets[1:], strict=True)]
        order = np.random.default_rng(1).permutation(len(rows))
        arrays[f"x_{name}"] = keras.utils.pad_sequences([rows[index] for index in order], maxlen=500)
        arrays[f"y_{name}"] = part.labels[order]
    np.savez(path, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
