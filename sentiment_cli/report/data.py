"""What a report shows, as one JSON object: every figure, every row, every text; the page adds only their looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sentiment_cli import __version__
from sentiment_cli.analysis.suspects import find_suspects
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import compute_evaluation
from sentiment_cli.evaluation.outcomes import Outcomes, collect_outcomes
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.report.card import data_card, environment
from sentiment_cli.report.figures import (
    align_thresholds,
    calibration_values,
    discrimination_values,
    history_values,
    slice_limit,
    slice_values,
    threshold_values,
)
from sentiment_cli.report.rows import index_reviews, review_key, review_values, row_values
from sentiment_cli.report.sources import RunFiles, TextChoice

# Of the object; raised when a key changes its meaning or goes.
VERSION = 1
_SUSPECTS = 50


def build_report(
    runs: Sequence[RunFiles],
    *,
    split: str,
    source: str | None = None,
    texts: TextChoice = "wrong",
    comparisons: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Everything that a report shows.

    Args:
        runs: at least one; they may differ in data, classes, and in what is known of them.
        split: the part that their predictions are of, ``other`` of other data.
        source: what those other data are called.
        texts: of which reviews the page has the texts.
        comparisons: of the first run with each other one, see `workflows.report`.

    Returns:
        Plain values for JSON. The same runs give the same object: nothing in it tells when it was made.

    Raises:
        RunError: a table of predictions has a class that its header does not have.
    """
    class_names = list(dict.fromkeys(name for run in runs for name in run.class_names))
    places = index_reviews(runs)
    outcomes = [_collect(run, run.predictions) for run in runs]
    suspects = [_suspects(run, places, class_names, split) for run in runs]
    also = {row["review"] for found in suspects if found for row in found["rows"]}
    reviews = review_values(runs, places, class_names, texts, also)
    shown = [
        _run_values(run, one, split) | {"rows": row_values(run, places, class_names, reviews["texts"])}
        for run, one in zip(runs, outcomes, strict=True)
    ]
    for values, found in zip(shown, suspects, strict=True):
        values["suspects"] = found
    _align(shown, outcomes)
    return {
        "version": VERSION,
        "program": f"sentiment {__version__}",
        "title": " and ".join(run.name for run in runs) if len(runs) < 3 else f"{len(runs)} runs",
        "split": split,
        "source": source,
        "texts": texts,
        "class_names": class_names,
        "slice_limit": slice_limit([group for values in shown for group in values["slices"]]),
        "reviews": reviews,
        "runs": shown,
        "comparisons": [dict(comparison) for comparison in comparisons],
    }


def _run_values(run: RunFiles, outcomes: Outcomes | None, split: str) -> dict[str, Any]:
    """All about one run but its rows."""
    record = run.record
    validation = _collect(run, run.validation)
    return {
        "name": run.name,
        "path": run.path,
        "is_group": run.is_group,
        "status": record.get("status", "unknown"),
        "stop_reason": record.get("stop_reason"),
        "config_name": record.get("config_name"),
        "class_names": run.class_names,
        "parameters": record.get("parameters"),
        "epochs": record.get("epochs"),
        "best_epoch": record.get("best_epoch"),
        "total_seconds": (record.get("seconds") or {}).get("total"),
        "device": record.get("device"),
        "refit": bool((record.get("refit") or {}).get("finished")),
        "members": [member.to_dict() for member in run.members],
        "missing": [{"what": one.what, "command": one.command} for one in run.missing],
        "curves": [history_values(curve) for curve in run.curves],
        "evaluation": compute_evaluation(outcomes).to_dict() if outcomes else None,
        "linear": dict(run.linear) if run.linear else None,
        **(discrimination_values(outcomes) if outcomes else {"roc": [], "precision_recall": []}),
        "calibration": calibration_values(outcomes) if outcomes else None,
        "threshold": threshold_values(outcomes, validation) if outcomes else None,
        "slices": slice_values(run.predictions, run.traits),
        "probes": dict(run.probes) if run.probes else None,
        "card": data_card(run, split),
        "configuration": run.configuration,
        "environment": environment(run),
    }


def _collect(run: RunFiles, predictions: Sequence[Prediction]) -> Outcomes | None:
    if not predictions:
        return None
    try:
        return collect_outcomes(predictions)
    except ValueError as error:
        raise RunError(
            f"The predictions of {run.path} are damaged: {error}. Make them anew: sentiment evaluate."
        ) from None


def _align(shown: Sequence[dict[str, Any]], outcomes: Sequence[Outcomes | None]) -> None:
    """Runs side by side share one slider, so that each has figures at every position of it."""
    pairs = [(values["threshold"], found) for values, found in zip(shown, outcomes, strict=True) if values["threshold"]]
    align_thresholds([table for table, _ in pairs], [found for _, found in pairs if found])


def _suspects(
    run: RunFiles, places: Mapping[tuple[str, str, str], int], class_names: Sequence[str], split: str
) -> dict[str, Any] | None:
    """The labels that are most likely wrong; of reviews that were learned from, a network cannot tell."""
    if split == "train" or not run.predictions:
        return None
    noise = find_suspects(run.predictions)
    return {
        "estimated": noise.estimated_errors,
        "found": len(noise.suspects),
        "rows": [
            {
                "review": places[review_key(run, suspect.prediction)],
                "suggested": class_names.index(suspect.suggested),
                "confidence": suspect.self_confidence,
                "margin": suspect.margin,
            }
            for suspect in noise.suspects[:_SUSPECTS]
        ],
    }
