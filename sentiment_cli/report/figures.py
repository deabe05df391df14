"""The figures of one run on a report, as plain values: evaluation, curves, calibration, thresholds, slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sentiment_cli.analysis.slices import SLICES, Slice, compute_slices
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.calibration import Calibration, compute_calibration
from sentiment_cli.evaluation.curves import compute_curves
from sentiment_cli.evaluation.outcomes import Outcomes
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.evaluation.thresholds import Criterion, find_threshold
from sentiment_cli.report.sources import Curve

SLICE_TITLES = {
    "length": "Length",
    "unknown": "Unknown words",
    "cut": "Cut",
    "rating": "Star rating",
    "negation": "Negation",
}
# A pointer can tell half a hundredth apart on a slider of the width of a page.
_STEP = 0.005
_CURVE_DIGITS = 5
_ENOUGH = 30


def history_values(curve: Curve) -> dict[str, Any]:
    """The epochs of a training; a loss that is not finite is None, as JSON has no such numbers."""
    history = curve.history
    measures = {
        name: [_finite(value) for value in history.values(name)]
        for name in ("loss", "accuracy", "val_loss", "val_accuracy")
    }
    return {
        "name": curve.name,
        "findings": [{"sentence": one.sentence, "command": one.command} for one in curve.findings],
        "best": history.best_epoch,
        "epochs": history.epochs,
        "seconds": [row.seconds for row in history],
        **measures,
    }


def discrimination_values(outcomes: Outcomes) -> dict[str, list[dict[str, Any]]]:
    """ROC and precision-recall curves: of the second of two classes, of each of more against the rest."""
    curves = compute_curves(outcomes)
    return {
        "roc": [
            _curve_values(curve.class_name, curve.roc_auc, curve.false_positive_rate, curve.true_positive_rate)
            for curve in curves
        ],
        "precision_recall": [
            _curve_values(curve.class_name, curve.average_precision, curve.recall, curve.precision) for curve in curves
        ],
    }


def calibration_values(outcomes: Outcomes) -> dict[str, Any]:
    """How far confidence is from accuracy, with the bins of the confidence."""
    calibration: Calibration = compute_calibration(outcomes)
    bins = [
        {
            "low": one.low,
            "high": one.high,
            "examples": one.examples,
            "confidence": one.probability,
            "accuracy": one.share,
            "interval": list(one.interval),
        }
        for one in calibration.bins
    ]
    return {**calibration.figures, "bins": bins}


def threshold_values(outcomes: Outcomes, validation: Outcomes | None) -> dict[str, Any] | None:
    """What would be counted at each position of the threshold slider.

    A review is taken for the second class where its probability for that is above the threshold, as without a
    threshold it is above 0.5.

    Args:
        outcomes: of the part that the report is about.
        validation: where a threshold may be chosen; None where that was not evaluated.

    Returns:
        None for other than two classes, and where a class has no review.
    """
    if outcomes.classes != 2 or len(np.unique(outcomes.labels)) < 2:
        return None
    chosen = _choose_threshold(validation) if validation is not None else None
    values = {round(index * _STEP, 3) for index in range(round(1 / _STEP) + 1)}
    thresholds = sorted(values | ({chosen["value"]} if chosen else set()))
    positive = np.sort(outcomes.probabilities[outcomes.labels == 1, 1])
    negative = np.sort(outcomes.probabilities[outcomes.labels == 0, 1])
    return {
        "values": thresholds,
        "true_positives": _above(positive, thresholds),
        "false_positives": _above(negative, thresholds),
        "positives": len(positive),
        "negatives": len(negative),
        "chosen": chosen,
    }


def align_thresholds(tables: Sequence[dict[str, Any]], all_outcomes: Sequence[Outcomes]) -> None:
    """Give several runs the same slider positions, each with the chosen thresholds of all of them."""
    thresholds = sorted({value for table in tables for value in table["values"]})
    for table, outcomes in zip(tables, all_outcomes, strict=True):
        shares = outcomes.probabilities[:, 1]
        table["values"] = thresholds
        table["true_positives"] = _above(np.sort(shares[outcomes.labels == 1]), thresholds)
        table["false_positives"] = _above(np.sort(shares[outcomes.labels == 0]), thresholds)


def slice_values(predictions: Sequence[Prediction], traits: Mapping[str, Traits]) -> list[dict[str, Any]]:
    """Error rates by each trait; one in which all reviews are alike says nothing, and is left out."""
    groups = {by: compute_slices(predictions, traits, by) for by in SLICES}
    return [
        {"by": by, "title": SLICE_TITLES[by], "rows": [_slice_row(row) for row in rows]}
        for by, rows in groups.items()
        if len(rows) > 1
    ]


def slice_limit(groups: Sequence[dict[str, Any]]) -> float:
    """Up to which error rate a scale for all slices has to go, in (0, 1].

    Intervals of a handful of reviews reach to anywhere, and would leave no room for the others: they may go beyond.
    """
    rows = [row for group in groups for row in group["rows"]]
    many = [row for row in rows if row["examples"] >= _ENOUGH] or rows
    highest = max([*(row["interval"][1] for row in many), *(row["error_rate"] for row in rows), 0.01])
    # A round number, and its half too.
    step = 0.1 if highest > 0.1 else 0.02
    return float(min(1.0, round(math.ceil(highest / step - 1e-9) * step, 2)))


def _slice_row(row: Slice) -> dict[str, Any]:
    return {
        "name": row.name,
        "examples": row.examples,
        "wrong": row.wrong,
        "error_rate": row.error_rate,
        "interval": list(row.interval),
    }


def _choose_threshold(validation: Outcomes) -> dict[str, Any] | None:
    """The threshold of the highest accuracy on validation; None where that has reviews of one class alone."""
    if len(np.unique(validation.labels)) < 2:
        return None
    found = find_threshold(validation, Criterion("accuracy"))
    return {"value": found.value, "accuracy": found.figure, "examples": found.examples}


def _above(ordered: np.ndarray, thresholds: Sequence[float]) -> list[int]:
    """How many of the sorted probabilities are above each threshold."""
    counts: list[int] = (len(ordered) - np.searchsorted(ordered, thresholds, side="right")).tolist()
    return counts


def _curve_values(name: str, area: float, across: Sequence[float], up: Sequence[float]) -> dict[str, Any]:
    points = [[round(x, _CURVE_DIGITS), round(y, _CURVE_DIGITS)] for x, y in zip(across, up, strict=True)]
    return {"name": name, "area": area, "points": points}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
