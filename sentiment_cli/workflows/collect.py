"""Put what finished runs came to into a table of results, without TensorFlow."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.intervals import accuracy_interval
from sentiment_cli.results import Result, append_results
from sentiment_cli.runs import Run, single_runs


def collect(runs: Sequence[Run], path: Path, *, split: str = "test") -> list[Result]:
    """Append a row for each run that a table does not have yet; all of them or, where one cannot be added, none.

    Args:
        runs: finished ones, evaluated on that part. A group of seeds stands for its runs: a row is one training.
        path: the table, a CSV file; it is made where there is none.
        split: ``train``, ``validation`` or ``test``.

    Returns:
        The rows that were added.

    Raises:
        RunError: a run has not finished, was not evaluated, or is damaged; or the table is damaged.
    """
    return append_results(path, [read_result(run, split) for run in single_runs(runs)])


def read_result(run: Run, split: str) -> Result:
    """The row of a run on one part of its own data.

    Raises:
        RunError: the run has not finished, was not evaluated on that part, or is damaged.
    """
    record, metrics = run.read_record(), run.read_metrics()
    if record.get("status") != "finished":
        raise RunError(f"{run.path} has not finished ({record.get('status')}); only finished runs have results.")
    if split not in metrics:
        command = f"sentiment evaluate {shlex.quote(str(run.path))} --split {split}"
        raise RunError(f"{run.path} was not evaluated on its {split} part. Do that: {command}")
    try:
        return _make_result(run, split, record, metrics[split])
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise RunError(
            f"{run.record_path} or {run.metrics_path} lacks what a row needs, or has it in another form "
            f"({type(error).__name__}: {error}). Evaluating the run again renews its figures."
        ) from error


def _make_result(run: Run, split: str, record: dict[str, Any], figures: dict[str, Any]) -> Result:
    if not 0 <= figures["accuracy"] <= 1:
        raise ValueError(f"expected an accuracy from 0 to 1, received {figures['accuracy']!r}")
    # Figures that were computed before there were intervals have none; theirs follows from two numbers.
    low, high = accuracy_interval(round(figures["accuracy"] * figures["examples"]), figures["examples"])
    return Result(
        date=_text(record["ended"]),
        run=run.name,
        config=_optional_text(record.get("config_name")),
        split=split,
        reviews=int(figures["examples"]),
        accuracy=float(figures["accuracy"]),
        accuracy_low=low,
        accuracy_high=high,
        loss=float(figures["loss"]),
        seed=int(record["seed"]),
        epochs=int(record["epochs"]),
        best_epoch=int(record["best_epoch"]),
        seconds=float(record["seconds"]["total"]),
        device=_text(record["device"]),
        processor=_text(record["processor"]),
        cores=int(record["cores"]),
        command=" && ".join(record["commands"]),
        version=_text(record["versions"]["sentiment-cli"]),
        commit=_optional_text(record.get("commit")),
        config_sha256=_config_checksum(record["config"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, received {value!r}")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _config_checksum(config: dict[str, Any]) -> str:
    """SHA-256 of a configuration without its seed, whatever the order of its keys."""
    seedless = {**config, "training": {key: value for key, value in config["training"].items() if key != "seed"}}
    return hashlib.sha256(json.dumps(seedless, sort_keys=True).encode()).hexdigest()
