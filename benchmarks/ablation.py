"""What each part of a recipe is worth: it without one of them at a time, over several seeds.

    SENTIMENT_DATA=… python benchmarks/ablation.py

Every training is an ordinary run below ``runs``, and a row of ``results/ablation.csv``; stopped, this goes on where it
was. All choices of the recipe were made on validation parts before; here the test part says what they came to.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sentiment_cli.results import Result, read_results

SENTIMENT = [sys.executable, "-m", "sentiment_cli"]
ROOT = Path(__file__).parent.parent
WITHOUT = {
    "the whole recipe": [],
    "random word vectors": ["pretrain=null"],
    "word vectors from the training part alone": ["data.unlabelled=null"],
    "word vectors at the lengths that they are found with": ["pretrain.even_lengths=0"],
    "no adversarial training": ["training.adversarial=null"],
    "the last state instead of attention": ["model.pooling=last"],
    "maximum and mean instead of attention": ["model.pooling=[max, mean]"],
    "the first 600 words instead of head and tail": ["text.truncate=head"],
    "10,000 words instead of 30,000": ["text.max_tokens=10000"],
}


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="imdb_fast", help="the recipe")
    parser.add_argument("--seeds", type=int, default=3, help="of each row")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "ablation.csv", help="the table of runs")
    arguments = parser.parse_args()
    for name, settings in WITHOUT.items():
        run = run_name(arguments.config, name)
        if not is_finished(arguments.output, run, arguments.seeds):
            train(run, arguments.config, arguments.seeds, settings)
            call("results", f"runs/{run}", "--output", str(arguments.output))
    print(table(arguments.config, read_results(arguments.output)))


def is_finished(output: Path, run: str, seeds: int) -> bool:
    """Whether the table has all seeds of a row."""
    return output.exists() and len(rows_of(read_results(output), run)) >= seeds


def run_name(config: str, row: str) -> str:
    """What the group of runs behind a row is called."""
    return f"{Path(config).stem}-" + row.replace(",", "").replace(" ", "-")


def rows_of(results: Sequence[Result], run: str) -> list[Result]:
    """The runs of one group."""
    return [result for result in results if result.run.startswith(f"{run}/")]


def train(run: str, config: str, seeds: int, settings: list[str]) -> None:
    """Train a group of seeds, or go on with it."""
    if Path("runs", run, "seeds.json").exists():
        call("train", "--resume", f"runs/{run}")
        return
    changes = [part for setting in settings for part in ("--set", setting)]
    call("train", "--config", config, "--seeds", str(seeds), "--name", run, "--force", *changes)


def call(*arguments: str) -> None:
    """Run a command of the package; its results are not shown, its progress is."""
    subprocess.run([*SENTIMENT, *arguments], check=True, stdout=subprocess.DEVNULL)


def table(config: str, results: Sequence[Result]) -> str:
    """Mean and deviation of each row, and how far it is from the whole recipe, in Markdown."""
    lines = ["| recipe | test accuracy, mean ± sd | difference |", "|---|---:|---:|"]
    whole = statistics.fmean(result.accuracy for result in rows_of(results, run_name(config, next(iter(WITHOUT)))))
    for name in WITHOUT:
        rows = rows_of(results, run_name(config, name))
        accuracies = [result.accuracy for result in rows]
        mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies) if len(rows) > 1 else 0.0
        lines.append(f"| {name} | {mean:.4f} ± {deviation:.4f} | {mean - whole:+.4f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
