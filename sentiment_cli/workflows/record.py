"""What ``run.json`` says of a run, and whether the run is still what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sentiment_cli.config import Config, config_difference, config_values, load_config, parse_config
from sentiment_cli.config.yaml_source import dump_yaml
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import RunError
from sentiment_cli.runs import Run
from sentiment_cli.runtime import describe_environment
from sentiment_cli.text.vocabulary import read_vocabulary, vocabulary_checksum
from sentiment_cli.training.plan import Plan

FORMAT_VERSION = 1


def new_record(config: Config, data: PreparedData, command: str, config_name: str | None) -> dict[str, Any]:
    """The record of a run that begins; what is known later is added to it."""
    return {
        "format_version": FORMAT_VERSION,
        "status": "running",
        "stop_reason": None,
        "started": now(),
        "commands": [command],
        "config_name": config_name,
        "config": config_values(config),
        "seed": config.training.seed,
        "class_names": list(data.class_names),
        "data": {
            "source": config.data.source,
            "root": str(data.layout.root.resolve()),
            "fingerprint": data.report.fingerprint,
            "test_fingerprint": data.test_report.fingerprint if data.test_report else None,
            "files": data.report.files,
        },
        **describe_environment(),
    }


def now() -> str:
    """The time in UTC, to the microsecond, so that runs started in the same second keep their order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def read_config(run: Run, record: dict[str, Any]) -> Config:
    """The configuration of a run, which has to be the one it was begun with.

    Raises:
        RunError: it was changed; what the run holds fits nothing else.
    """
    if not run.config_path.exists():
        raise RunError(f"{run.path} lacks {run.config_path.name}; {run.record_path} holds its values under config.")
    config = load_config(run.config_path)
    known = record.get("config")
    before = parse_config(dump_yaml(known).encode(), str(run.record_path)) if isinstance(known, dict) else config
    difference = [line for line in config_difference(before, config) if not line.startswith("training.epochs:")]
    if difference:
        raise RunError(
            f"{run.config_path} was changed since the run began:\n  " + "\n  ".join(difference) + "\n"
            f"Put it back (only --epochs may change), or start a new run: sentiment train -c {run.config_path}"
        )
    return config


def read_own_vocabulary(run: Run, record: dict[str, Any]) -> list[str]:
    """The vocabulary of a run, which has to be the one it was trained with.

    Raises:
        RunError: it is missing, damaged, or another one: every token id would mean another word.
    """
    vocabulary = read_vocabulary(run.vocabulary_path)
    known = record.get("vocabulary", {}).get("sha256")
    if known is not None and known != vocabulary_checksum(vocabulary):
        raise RunError(f"{run.vocabulary_path} is not the vocabulary that the run was trained with; restore it.")
    return vocabulary


def read_plan(run: Run, record: dict[str, Any]) -> Plan | None:
    """How a run's steps were computed so far, for it to go on in the same way; None before the first step.

    Raises:
        RunError: the record says it in a way that is not understood.
    """
    known = record.get("plan")
    if known is None:
        return None
    try:
        return Plan.from_dict(known)
    except (TypeError, ValueError) as error:
        raise RunError(f"{run.record_path}: plan: {error}") from None


def check_has_model(run: Run, record: dict[str, Any]) -> None:
    """Raise a RunError where a run has no weights to predict with."""
    if run.best_checkpoint_path.exists():
        return
    if record.get("best_epoch"):
        raise RunError(f"{run.best_checkpoint_path} is missing; restore it, or train anew.")
    raise RunError(f"{run.path} has no model yet ({record.get('status')}): no epoch was finished.")
