"""What ten times the length, the units, the words or the reviews cost: seconds an epoch and peak memory.

    python benchmarks/scaling.py --data imdb

Each measurement is a process of its own: a first epoch, which compiles, and the median of those after it.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import epoch

from sentiment_cli.config import load_config, parse_set
from sentiment_cli.runtime import choose_device, describe_environment, load_tensorflow

# Of each dimension: what is set to the small and to the large value, and how many reviews are trained on.
DIMENSIONS: dict[str, tuple[str, tuple[int, int]]] = {
    "tokens of a review at the most": ("text.sequence_length={}", (50, 500)),
    "units": ("model.recurrent.0.units={}", (32, 320)),
    "words of the vocabulary": ("text.max_tokens={}", (2_000, 20_000)),
    "reviews": ("", (2_000, 20_000)),
}
REVIEWS = 2_560
CONTENDERS = ("ours", "Keras, masked")


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="imdb")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    load_tensorflow()
    choose_device("cpu")
    rows = []
    for dimension, (setting, values) in DIMENSIONS.items():
        for value in values:
            settings = [f"data.source={arguments.data}", *([setting.format(value)] if setting else [])]
            config = load_config("imdb_lstm", parse_set(settings))
            reviews = epoch.load_reviews(config, REVIEWS if setting else value)
            for name in CONTENDERS:
                row = {"dimension": dimension, "value": value, "contender": name}
                rows.append({**row, **measure(name, config, reviews, arguments.repeats)})
                print(rows[-1], flush=True)
    text = json.dumps({"machine": describe_environment(), "rows": rows}, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def measure(name: str, config: Any, reviews: Any, repeats: int) -> dict[str, Any]:
    """Seconds of an epoch after the first, and the peak memory of the process."""
    worker = epoch.Worker(name, config, reviews)
    worker.epoch()
    seconds = statistics.median(worker.epoch() for _ in range(repeats))
    return {"seconds": seconds, "peak_bytes": worker.close()}


if __name__ == "__main__":
    main()
