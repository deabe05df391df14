"""Do the words that an explanation names carry the prediction? The sum rule and a deletion test on a real run.

    python benchmarks/explanations.py runs/lstm --reviews 1000 --output explanations.json --picture explanations.png

Reviews are drawn from the test part. The words that spoke most for the predicted class are taken out of each, or as
many words drawn from all that the network read. How far the log-odds and the probability of that class fall is compared
review by review (95 % intervals of the mean paired difference). What is taken out leaves a shorter review: nothing
moves up from a part that was cut. Several baselines of the gradients can be set against each other.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.run_search import find_run
from sentiment_cli.runs import Run
from sentiment_cli.runtime import choose_device, describe_environment, load_tensorflow

COUNTS = (1, 2, 5, 10, 20)
# Draws of random words for a review, whose mean is compared.
DRAWS = 5


@dataclass(frozen=True)
class Sample:
    """Reviews, encoded, with the class that was predicted for each."""

    token_ids: Any
    classes: np.ndarray
    log_odds: np.ndarray


def main() -> None:
    """Measure, and write JSON and a picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a run, or a group of seeds")
    parser.add_argument("--reviews", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--baselines", nargs="+", default=None, help="default: the one that explanations have")
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    run = find_run(arguments.run)
    load_tensorflow()
    found = measure(run, arguments.reviews, arguments.seed, arguments.baselines)
    text = json.dumps({"run": run.name, "machine": describe_environment(), "baselines": found}, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    if arguments.picture:
        draw(found, arguments.picture)


def measure(run: Run, reviews: int, seed: int, baselines: Sequence[str] | None) -> dict[str, Any]:
    """The figures of each baseline."""
    from sentiment_cli.explanation.gradients import BASELINES, Lines, score_words
    from sentiment_cli.runtime import evaluation_device
    from sentiment_cli.training.scoring import fixed_width
    from sentiment_cli.workflows.attribution import open_networks
    from sentiment_cli.workflows.ensemble import load_scorer
    from sentiment_cli.workflows.record import read_config

    config = read_config(run, run.read_record())
    device = choose_device(evaluation_device(config))
    scorer = load_scorer(run, config, device, "test")
    sample = draw_sample(run, scorer, reviews, seed)
    networks, results = open_networks(scorer, device), {}
    for baseline in baselines or BASELINES[:1]:
        started = time.perf_counter()
        lines = Lines(networks, baseline=baseline, fixed_width=fixed_width(config))  # type: ignore[arg-type]
        scores = score_words(lines, sample.token_ids, sample.classes)
        seconds = time.perf_counter() - started
        results[baseline] = {
            "seconds": round(seconds, 2),
            "sum_rule": sum_rule(scores),
            "deletion": [deletion(scorer, sample, [one.scores for one in scores], k, seed) for k in COUNTS],
        }
    return results


def draw_sample(run: Run, scorer: Any, reviews: int, seed: int) -> Sample:
    """Reviews of the test part, drawn without regard to whether their predictions are right."""
    from sentiment_cli.evaluation.predictions import read_predictions
    from sentiment_cli.misclassified import read_review
    from sentiment_cli.text.vectorizer import encode

    predictions = read_predictions(run.predictions_path("test"))
    drawn = np.random.default_rng(seed).permutation(len(predictions))[:reviews]
    root = Path(run.read_record()["data"]["root"])
    texts = [read_review(root, predictions[i].path, scorer.config.data.encoding_errors) for i in drawn]
    kept = [(predictions[i], text) for i, text in zip(drawn, texts, strict=True) if text is not None]
    token_ids = encode(scorer.config.text, scorer.vocabulary, [text for _, text in kept])
    classes = np.array([scorer.class_names.index(row.predicted) for row, _ in kept])
    return Sample(token_ids, classes, log_odds(scorer, token_ids, classes))


def log_odds(scorer: Any, token_ids: Any, classes: np.ndarray) -> np.ndarray:
    """Of one class a review."""
    from sentiment_cli.explanation.growth import compute_log_odds
    from sentiment_cli.training.progress import Silent

    return np.asarray(compute_log_odds(scorer.score(token_ids, Silent()), classes))


def sum_rule(scores: Sequence[Any]) -> dict[str, float]:
    """How far scores are from adding up, and how many gradients that took."""
    residuals = np.array([abs(one.residual) for one in scores])
    return {
        "reviews": len(scores),
        "largest_residual": float(residuals.max()),
        "mean_residual": float(residuals.mean()),
        "above_0.001": int((residuals > 1e-3).sum()),
        "mean_gradients": float(np.mean([one.points for one in scores])),
        "most_gradients": int(max(one.points for one in scores)),
        "mean_baseline_log_odds": float(np.mean([one.baseline for one in scores])),
    }


def deletion(scorer: Any, sample: Sample, scores: Sequence[np.ndarray], count: int, seed: int) -> dict[str, Any]:
    """What taking words out does, of the reviews that have at least twice as many."""
    rng = np.random.default_rng([seed, count])
    usable = np.flatnonzero(sample.token_ids.lengths >= 2 * count)
    of_usable = [scores[i] for i in usable.tolist()]
    top = without(sample, usable, [np.argsort(-one, kind="stable")[:count] for one in of_usable])
    after_top = log_odds(scorer, top, sample.classes[usable])
    after_random = np.zeros((DRAWS, len(usable)))
    for draw_number in range(DRAWS):
        rows = [rng.choice(len(one), count, replace=False) for one in of_usable]
        after_random[draw_number] = log_odds(scorer, without(sample, usable, rows), sample.classes[usable])
    before = sample.log_odds[usable]
    return {
        "words": count,
        "reviews": len(usable),
        "log_odds_fall": paired(before - after_top, before - after_random.mean(axis=0)),
        "probability_fall": paired(
            sigmoid(before) - sigmoid(after_top), sigmoid(before) - sigmoid(after_random).mean(axis=0)
        ),
        "flipped": {"top": float((after_top < 0).mean()), "random": float((after_random < 0).mean())},
    }


def without(sample: Sample, reviews: np.ndarray, taken: Sequence[np.ndarray]) -> Any:
    """Reviews without the tokens at some places."""
    from sentiment_cli.text.token_ids import TokenIds

    ids, offsets = sample.token_ids.flat, sample.token_ids.offsets
    rows = [np.delete(ids[offsets[i] : offsets[i + 1]], places) for i, places in zip(reviews, taken, strict=True)]
    lengths = np.array([len(row) for row in rows])
    return TokenIds(np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)]), lengths)


def paired(top: np.ndarray, random: np.ndarray) -> dict[str, Any]:
    """Means, and that of the differences with its 95 % interval (normal: hundreds of reviews)."""
    difference = top - random
    half = 1.96 * float(difference.std(ddof=1)) / math.sqrt(len(difference))
    mean = float(difference.mean())
    return {
        "top": float(top.mean()),
        "random": float(random.mean()),
        "difference": mean,
        "interval": [mean - half, mean + half],
    }


def sigmoid(values: np.ndarray) -> np.ndarray:
    """From log-odds to probabilities."""
    return np.asarray(1 / (1 + np.exp(-values)))


def draw(found: dict[str, Any], target: Path) -> None:
    """How far the probability falls with the number of words that are taken out."""
    from matplotlib.figure import Figure

    from sentiment_cli.plots.save import save_figure
    from sentiment_cli.plots.style import PALETTE, QUIET, house_style

    with house_style():
        figure = Figure(figsize=(7.0, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.set_title("Words that carried a prediction, taken out")
        for (baseline, figures), color in zip(found.items(), PALETTE, strict=False):
            rows = figures["deletion"]
            words = [row["words"] for row in rows]
            fall = [row["probability_fall"] for row in rows]
            half = [(row["interval"][1] - row["interval"][0]) / 2 for row in fall]
            name = "strongest words" if len(found) == 1 else f"strongest words, baseline {baseline}"
            axes.errorbar(words, [row["top"] for row in fall], half, color=color, marker="o", capsize=3, label=name)
        axes.plot(words, [row["random"] for row in fall], color=QUIET, marker="s", label="words at random")
        axes.set_xscale("log")
        axes.set_xticks(words, [str(count) for count in words])
        axes.minorticks_off()
        axes.set_xlabel("words taken out of a review")
        axes.set_ylabel("fall of the predicted class's probability")
        axes.set_ylim(bottom=0)
        axes.legend()
    save_figure(figure, target)


if __name__ == "__main__":
    main()
