"""What ``run.json`` says of a run from its start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sentiment_cli.config import Config, config_values
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.runtime import describe_environment

FORMAT_VERSION = 1


def new_record(config: Config, data: PreparedData, command: str) -> dict[str, Any]:
    """The record of a run that begins; what is known later is added to it."""
    return {
        "format_version": FORMAT_VERSION,
        "status": "running",
        "stop_reason": None,
        "started": now(),
        "commands": [command],
        "config": config_values(config),
        "seed": config.training.seed,
        "class_names": list(data.class_names),
        "data": {
            "source": config.data.source,
            "root": str(data.layout.root.resolve()),
            "fingerprint": data.report.fingerprint,
            "files": data.report.files,
        },
        **describe_environment(),
    }


def now() -> str:
    """The time in UTC, to the microsecond, so that runs started in the same second keep their order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
