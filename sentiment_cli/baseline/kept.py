"""Where the figures of baselines are kept, so that they are computed once for the same reviews and division."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import write_json
from sentiment_cli.baseline.recipe import INVERSE_PENALTY, VERSION, linear_features
from sentiment_cli.baseline.scores import MAJORITY, Baseline
from sentiment_cli.config.schema import Config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import RunError
from sentiment_cli.resources import user_cache_dir


def baseline_key(config: Config, data: PreparedData, *, refit: bool = False) -> dict[str, Any]:
    """Everything that decides the figures on validation; those on test depend on the test files as well.

    Classes and ``data.limit`` are in the fingerprint, which is of the files that are used.

    Args:
        config: whose ``data`` section, ``text.split`` and seed count.
        data: its files.
        refit: see `fitting.compute_baselines`.
    """
    return key_of(config, data.fingerprint, splits_off_test=data.layout.test is None, refit=refit)


def key_of(config: Config, fingerprint: str, *, splits_off_test: bool, refit: bool) -> dict[str, Any]:
    """The same where the files are known by their fingerprint alone.

    Args:
        config: as for `baseline_key`.
        fingerprint: of the training part.
        splits_off_test: whether there is no test part, so that a fifth of the reviews becomes one.
        refit: as for `baseline_key`.
    """
    settings = config.data
    is_divided = splits_off_test or settings.validation_fraction > 0
    return {
        "version": VERSION,
        "scikit_learn": metadata.version("scikit-learn"),
        "features": [asdict(features) for features in linear_features(config.text.split)],
        "inverse_penalty": INVERSE_PENALTY,
        "train": fingerprint,
        "splits_off_test": splits_off_test,
        "seed": config.split_seed if is_divided else None,
        "refit": refit,
        **settings.model_dump(
            include={"validation_fraction", "validation_groups", "encoding_errors", "drop_duplicates"}
        ),
    }


def baselines_dir() -> Path:
    """Where all of them are, in the user's cache directory."""
    return user_cache_dir() / "baselines"


def kept_path(key: dict[str, Any]) -> Path:
    """The file for a key."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    return baselines_dir() / f"{digest[:32]}.json"


def read_kept(key: dict[str, Any], data: PreparedData) -> list[Baseline] | None:
    """The figures that were kept for a key.

    Args:
        key: from `baseline_key`.
        data: decides whether the figures on test are those of its test part; else they are left out.

    Returns:
        None where there are none, and where the file is damaged: they can be computed again.
    """
    return read_kept_figures(key, _test_fingerprint(data))


def read_kept_figures(key: dict[str, Any], test_fingerprint: str | None) -> list[Baseline] | None:
    """The same where the test part is known by its fingerprint alone; None: it is a part of the others."""
    try:
        kept = json.loads(kept_path(key).read_text(encoding="utf-8"))
        if kept["key"] != key:
            return None
        names = [MAJORITY, *(features["name"] for features in key["features"])]
        baselines = [Baseline.from_dict(name, kept["baselines"][name]) for name in names]
        is_same_test = kept["test"] == test_fingerprint
    except (OSError, RunError, AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return baselines if is_same_test else [without_test(baseline) for baseline in baselines]


def keep(key: dict[str, Any], data: PreparedData, baselines: list[Baseline]) -> None:
    """Keep the figures for a key; `read_kept` gives them back.

    Raises:
        OSError, RunError: the cache directory cannot be written, or there is none.
    """
    figures = {baseline.name: baseline.to_dict() for baseline in baselines}
    write_json(kept_path(key), {"key": key, "test": _test_fingerprint(data), "baselines": figures})


def without_test(baseline: Baseline) -> Baseline:
    """The same baseline, its figures on test left out."""
    return Baseline(baseline.name, baseline.features, baseline.validation, None, baseline.seconds)


def _test_fingerprint(data: PreparedData) -> str | None:
    """None where the test files were not looked at, or are a fifth of the others."""
    return data.test_report.fingerprint if data.test_report else None
