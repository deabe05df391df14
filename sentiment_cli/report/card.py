"""What data a run is about, and what it was made with, as names and values for the end of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sentiment_cli.data.reviews import EMPTY_DIGEST, text_digest
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.report.sources import RunFiles

_QUANTILES = {"shortest": 0.0, "median": 0.5, "95 %": 0.95, "longest": 1.0}


def data_card(run: RunFiles, split: str) -> dict[str, Any]:
    """Source, parts and classes of a run's data, and what the reviews of the evaluated part look like."""
    known = run.record.get("data", {})
    return {
        "source": known.get("source"),
        "root": known.get("root"),
        "fingerprint": known.get("fingerprint"),
        "test_fingerprint": known.get("test_fingerprint"),
        "class_names": run.class_names,
        "parts": _parts(run, split),
        "reviews": _look(run) if run.predictions else None,
    }


def _parts(run: RunFiles, split: str) -> list[dict[str, Any]]:
    """Each part with its number of reviews and, where the part was evaluated, those of each class."""
    counts = {name: count for name, count in _plain(run.record.get("reviews")).items() if isinstance(count, int)}
    by_class = {name: _supports(figures) for name, figures in run.metrics.items() if isinstance(figures, dict)}
    if run.predictions:
        by_class[split] = _count_classes(run.predictions, run.class_names)
    parts = []
    for name in ("train", "validation", "test", "other"):
        classes = by_class.get(name)
        reviews = sum(classes.values()) if classes else counts.get(name)
        if reviews:
            parts.append({"name": name, "reviews": reviews, "classes": classes})
    return parts


def _supports(figures: dict[str, Any]) -> dict[str, int] | None:
    classes = figures.get("classes")
    if not isinstance(classes, dict) or not all(isinstance(one, dict) for one in classes.values()):
        return None
    supports = {name: one.get("support") for name, one in classes.items()}
    return {name: int(value) for name, value in supports.items() if isinstance(value, int | float)} or None


def _count_classes(predictions: Sequence[Prediction], class_names: Sequence[str]) -> dict[str, int]:
    counts = dict.fromkeys(class_names, 0)
    for row in predictions:
        counts[row.actual] += 1
    return counts


def _look(run: RunFiles) -> dict[str, Any]:
    """Lengths, cutting, unknown words and copies among the evaluated reviews."""
    rows = run.predictions
    tokens, cut = np.array([row.tokens for row in rows]), np.array([row.cut for row in rows])
    read = int((tokens - cut).sum())
    return {
        "words": {name: round(float(np.quantile(tokens, q))) for name, q in _QUANTILES.items()},
        "mean_words": float(tokens.mean()),
        "cut_reviews": int((cut > 0).sum()),
        "cut_words": int(cut.sum()) / max(int(tokens.sum()), 1),
        "unknown_words": sum(row.unknown for row in rows) / max(read, 1),
        "repeated": _count_repeated(run) if run.texts else None,
        "copies": sum(one.copy_of is not None for one in run.traits.values()) if run.knows_copies else None,
        "texts": len(run.texts),
        "examples": len(rows),
    }


def _count_repeated(run: RunFiles) -> int:
    """Reviews whose text occurs before among the same ones; empty ones repeat nothing."""
    digests = [text_digest(run.texts[row.path]) for row in run.predictions if row.path in run.texts]
    known = [digest for digest in digests if digest != EMPTY_DIGEST]
    return len(known) - len(set(known))


def environment(run: RunFiles) -> list[list[str]]:
    """What the run was made with, as names and values, those that are known."""
    record = run.record
    seconds = record.get("seconds") or {}
    versions = [f"{name} {version}" for name, version in (record.get("versions") or {}).items() if version]
    rows: list[tuple[str, Any]] = [
        ("directory", run.path),
        ("commands", "\n".join(record.get("commands") or [])),
        ("seed", ", ".join(str(member.seed) for member in run.members) or record.get("seed")),
        ("started", _moment(record.get("started"))),
        ("ended", _moment(record.get("ended"))),
        ("seconds", ", ".join(f"{phase} {value:,.1f}" for phase, value in seconds.items())),
        ("device", record.get("device")),
        ("processor", record.get("processor")),
        ("cores", record.get("cores")),
        ("platform", record.get("platform")),
        ("threads", ", ".join(f"{name} {value}" for name, value in _plain(record.get("threads")).items())),
        ("versions", ", ".join(versions)),
        ("commit", record.get("commit")),
        ("vocabulary", _vocabulary(record)),
        ("word vectors or language model", (record.get("pretrained") or {}).get("sha256")),
    ]
    return [[name, str(value)] for name, value in rows if value not in (None, "")]


def _vocabulary(record: Any) -> str | None:
    vocabulary = record.get("vocabulary") or {}
    if "size" not in vocabulary:
        return None
    return f"{vocabulary['size']:,} words, SHA-256 {vocabulary.get('sha256', 'unknown')}"


def _plain(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(value: Any) -> str | None:
    """``2026-11-26T18:07:22.782491+00:00`` as ``2026-11-26 18:07:22 UTC``."""
    if not isinstance(value, str):
        return None
    return value.replace("T", " ").partition(".")[0].removesuffix("+00:00") + " UTC"
