"""A million reviews: how long an epoch with all that is around it takes, and how much memory the process needs.

    SENTIMENT_DATA=… python benchmarks/million.py

IMDb's training reviews are repeated as links, under other names, in a temporary directory; nothing is copied.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
from pathlib import Path

import commands

from sentiment_cli.data import imdb
from sentiment_cli.runtime import describe_environment


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    source = imdb.find()
    if source is None:
        raise SystemExit("IMDb is not here: sentiment download imdb")
    with tempfile.TemporaryDirectory(dir=source.parent) as directory:
        link_reviews(source, Path(directory) / "reviews", arguments.reviews)
        training = [*commands.SENTIMENT, "train", "--config", "imdb_lstm", "--data", "reviews", "--no-test", "-q"]
        train = commands.run([*training, "--epochs", "1", "--name", "million"], Path(directory))
        seconds = json.loads((Path(directory) / "runs/million/run.json").read_text(encoding="utf-8"))["seconds"]
        tensorflow = commands.run([sys.executable, "-c", "import tensorflow"], Path(directory))
    result = {
        "machine": describe_environment(),
        "reviews": arguments.reviews,
        "train": train,
        "phases": seconds,
        "growth_bytes": train["peak_bytes"] - tensorflow["peak_bytes"],
    }
    text = json.dumps(result, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def link_reviews(source: Path, target: Path, count: int) -> None:
    """Make ``target/<class>/<number>.txt``, half of them of each class, as links to IMDb's files in turn."""
    for name in ("neg", "pos"):
        files = sorted((source / "train" / name).glob("*.txt"))
        (target / name).mkdir(parents=True)
        for number, file in zip(range(count // 2), itertools.cycle(files), strict=False):
            os.link(file, f"{target}/{name}/{number:07}.txt")


if __name__ == "__main__":
    main()
