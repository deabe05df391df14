"""How long does `sentiment misclassified` take on 25,000 predictions, beyond the start of Python and the command?

    python benchmarks/misclassified.py                              # a made-up run of 25,000 reviews
    python benchmarks/misclassified.py --run runs/lstm --vs runs/gru

Each command runs in a process of its own. Shown are the medians of its seconds and of those that a processor works for
it, less those of `sentiment --version`, and whether it loads TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sentiment_cli.analysis.attributions import MOST, Attribution, Span, strongest, write_attributions
from sentiment_cli.analysis.traits import Traits, write_traits
from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.runs import Run
from sentiment_cli.runtime import describe_environment

SENTIMENT = [sys.executable, "-m", "sentiment_cli"]
REVIEWS, WORDS, ERROR_RATE = 25_000, 230, 0.124  # as IMDb's test part, and `imdb_lstm` on it


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="a run with predictions on its test part; none: a made-up one")
    parser.add_argument("--vs", type=Path, help="a second one on the same reviews")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        run = (arguments.run or make_run(place / "first", place / "reviews", 1)).resolve()
        other = arguments.vs or (None if arguments.run else make_run(place / "second", place / "reviews", 2))
        start = measure(["--version"], place, arguments.repeats)
        seconds = {
            name: (measure(["misclassified", str(run), *options], place, arguments.repeats) - start).round(3).tolist()
            for name, options in commands(other).items()
        }
        loads = loads_tensorflow(["misclassified", str(run)], place)
    figures = {"start": start.round(3).tolist(), "beyond the start": seconds, "loads TensorFlow": loads}
    print(json.dumps({"machine": describe_environment(), "seconds": figures}, indent=1))


def commands(other: Path | None) -> dict[str, list[str]]:
    """What is measured: names and options."""
    return {
        "table": [],
        "html of all": ["--format", "html"],
        "csv of all": ["--format", "csv"],
        "contains": ["--contains", "boring"],
        "group-by, one": ["--group-by", "rating"],
        "group-by, all": ["--group-by", "length,unknown,cut,rating,negation"],
        "suspect labels": ["--suspect-labels"],
        **({"vs": ["--vs", str(other.resolve())]} if other else {}),
    }


def measure(arguments: Sequence[str], directory: Path, repeats: int) -> np.ndarray:
    """The medians of the seconds that a command takes, and of those that a processor works for it."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        with subprocess.Popen(
            [*SENTIMENT, *arguments], cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            _, process.returncode, usage = os.wait4(process.pid, 0)
        if process.returncode:
            raise SystemExit(f"sentiment {' '.join(arguments)} failed")
        found.append((time.perf_counter() - started, usage.ru_utime + usage.ru_stime))
    return np.median(found, axis=0)


def loads_tensorflow(arguments: Sequence[str], directory: Path) -> bool:
    """Whether TensorFlow is loaded when a command ends."""
    script = (
        "import sys\nfrom sentiment_cli.cli import main\n"
        "try: main(sys.argv[1:], prog_name='sentiment')\n"
        "except SystemExit: print('tensorflow' in sys.modules, file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", script, *arguments, "-q"]
    done = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True, encoding="utf-8")
    return done.stderr.splitlines()[-1] == "True"


def make_run(directory: Path, root: Path, seed: int) -> Path:
    """Write what a run keeps of 25,000 reviews, and their texts, where they are not there yet."""
    rng = np.random.default_rng(seed)
    run = Run(directory)
    paths = [f"test/{name}/{i}_{i % 10 + 1}.txt" for name in ("neg", "pos") for i in range(REVIEWS // 2)]
    if not root.exists():
        write_texts(root, paths)
    directory.mkdir(parents=True)
    data = {"root": str(root), "fingerprint": "", "test_fingerprint": ""}
    run.write_record({"status": "finished", "config": {"data": {"encoding_errors": "error"}}, "data": data})
    rows = [predict(index, path, rng) for index, path in enumerate(paths)]
    write_predictions(run.predictions_path("test"), rows, ["neg", "pos"])
    traits = {path: Traits(index % 12, index % 10 + 1, None) for index, path in enumerate(paths)}
    write_traits(run.traits_path("test"), traits)
    wrong = [row for row in rows if row.is_wrong]
    write_attributions(run.attributions_path("test"), (explain(row, root, rng) for row in wrong))
    return directory


def predict(index: int, path: str, rng: np.random.Generator) -> Prediction:
    """A prediction that is wrong as often as those of a network."""
    actual = path.split("/")[1]
    is_wrong, probability = rng.random() < ERROR_RATE, float(rng.uniform(0.5, 1))
    predicted = {"neg": "pos", "pos": "neg"}[actual] if is_wrong else actual
    shares = {name: probability if name == predicted else 1 - probability for name in ("neg", "pos")}
    loss = float(-np.log(max(shares[actual], 1e-9)))
    return Prediction(index, path, actual, predicted, probability, loss, shares, WORDS, WORDS // 15, index % 13 * 10)


def explain(row: Prediction, root: Path, rng: np.random.Generator) -> Attribution:
    """Scores of every word, of which few matter."""
    scores = (rng.standard_normal(WORDS) ** 3 / 10).tolist()
    spans = tuple(Span(6 * place, 6 * place + 5, score) for place, score in enumerate(scores))
    most = strongest((root / row.path).read_text(encoding="utf-8"), spans, MOST)
    return Attribution(row.path, row.predicted, spans, sum(scores), most)


def write_texts(root: Path, paths: Sequence[str]) -> None:
    """Texts of words of five letters."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(word) for word in letters[rng.integers(0, 26, (2000, 5))]]
    for name in ("neg", "pos"):
        (root / "test" / name).mkdir(parents=True)
    for path in paths:
        (root / path).write_text(" ".join(words[i] for i in rng.integers(0, len(words), WORDS)), encoding="utf-8")


if __name__ == "__main__":
    main()
