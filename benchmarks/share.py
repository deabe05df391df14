"""How near the training of the bidirectional network comes to the machine's rate for products of matrices.

    python benchmarks/share.py --data imdb

The rate (TensorFlow, float32, 2,048 x 2,048) and an epoch are measured in turns, in processes of their own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import epoch

from sentiment_cli.config import load_config, parse_set
from sentiment_cli.runtime import choose_device, describe_environment, load_tensorflow

SIZE, PRODUCTS = 2048, 9
# Forwards and back (three products each): 2 directions x 3 x 2 (embedding + units) (4 units) operations a token.
FLOP_A_TOKEN = 2 * 3 * 2 * (128 + 64) * 4 * 64


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="imdb")
    parser.add_argument("--reviews", type=int, default=2560)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    load_tensorflow()
    choose_device("cpu")
    name, settings = epoch.NETWORKS["Bidirectional LSTM 64, Embedding 128"]
    config = load_config(name, parse_set([f"data.source={arguments.data}", *settings]))
    reviews = epoch.load_reviews(config, arguments.reviews)
    tokens = int(reviews.token_ids.lengths.sum())
    worker = epoch.Worker("ours", config, reviews)
    worker.epoch()
    turns = [{"product": product_rate(), "tokens": tokens / worker.epoch()} for _ in range(arguments.repeats)]
    worker.close()
    for turn in turns:
        turn["share"] = turn["tokens"] * FLOP_A_TOKEN / 1e9 / turn["product"]
        print(turn, flush=True)
    text = json.dumps({"machine": describe_environment(), "flop_a_token": FLOP_A_TOKEN, "turns": turns}, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def product_rate() -> float:
    """GFLOP/s of the fastest of a few products."""
    import tensorflow as tf

    matrix = tf.random.normal((SIZE, SIZE))
    return 2 * SIZE**3 / min(epoch.timed(lambda: tf.matmul(matrix, matrix).numpy()) for _ in range(PRODUCTS)) / 1e9


if __name__ == "__main__":
    main()
