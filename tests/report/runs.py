"""Runs for tests of the report: a handful of reviews, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sentiment_cli.analysis.traits import find_traits
from sentiment_cli.diagnosis import Finding
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.history import Epoch, History
from sentiment_cli.report.sources import Curve, RunFiles

RECORD: dict[str, Any] = {
    "status": "finished",
    "class_names": ["bad", "good"],
    "commands": ["sentiment train"],
    "seed": 1,
    "data": {"source": "here", "root": "/data", "fingerprint": "f" * 64},
    "epochs": 2,
    "best_epoch": 1,
    "parameters": 1234,
    "seconds": {"training": 1.5, "total": 3.0},
    "reviews": {"train": 20, "validation": 10},
}
CURVE = Curve(
    "tiny",
    History([Epoch(1, 0.7, 0.5, 0.6, 0.75, 0.01, 0.5), Epoch(2, math.inf, 0.6, None, None, 0.01, 0.5)], 1),
    [Finding("too few epochs", "Too few epochs.", command="sentiment train --resume runs/tiny")],
)
# The probability of "good" and the actual class: 0.9 good, 0.7 bad and so on; two of six are wrong at 0.5.
SIX = ((0.9, "good"), (0.7, "bad"), (0.6, "good"), (0.4, "good"), (0.3, "bad"), (0.1, "bad"))


def prediction(index: int, share: float, actual: str, **changed: Any) -> Prediction:
    """A review of two classes with the probability of ``good``; 10 + index words, one of them unknown."""
    predicted = "good" if share > 0.5 else "bad"
    values: dict[str, Any] = {
        "id": index,
        "path": f"test/{actual}/{index}.txt",
        "actual": actual,
        "predicted": predicted,
        "probability": max(share, 1 - share),
        "loss": -math.log(share if actual == "good" else 1 - share),
        "probabilities": {"bad": 1 - share, "good": share},
        "tokens": 10 + index,
        "unknown": 1,
        "cut": 0,
    }
    return Prediction(**{**values, **changed})


def six(shares: Sequence[tuple[float, str]] = SIX) -> list[Prediction]:
    """The predictions of a list of probabilities and classes."""
    return [prediction(index, share, actual) for index, (share, actual) in enumerate(shares)]


def run_files(predictions: Sequence[Prediction] | None = None, **changed: Any) -> RunFiles:
    """A finished run with six test reviews and their texts."""
    rows = six() if predictions is None else list(predictions)
    texts = {row.path: f"review {row.id} is not {row.actual}" for row in rows}
    values: dict[str, Any] = {
        "name": "tiny",
        "path": "runs/tiny",
        "record": RECORD,
        "configuration": "data: {source: here}\n",
        "curves": [CURVE],
        "predictions": rows,
        "validation": rows,
        "texts": texts,
        "data_root": "/data",
        **changed,
    }
    paths = [row.path for row in rows]
    traits = find_traits(paths, [values["texts"].get(path) for path in paths])
    return RunFiles(**{"traits": traits, **values})
