"""What a training, or the rehearsal of one, came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.runs import Run


@dataclass(frozen=True)
class TrainResult:
    """What a training came to.

    Args:
        run: where its files are.
        status: ``finished`` or ``interrupted``.
        stop_reason: why it ended.
        best_epoch: the epoch whose weights were kept; None when there was none.
        epochs: epochs done.
        parameters: number of trainable weights.
        device: what it ran on.
        seconds: by phase, and ``total``.
        validation: loss and accuracy of the best epoch on the validation part; None without one.
        test: figures on the test part; None when it was not read.
        exit_code: 0, or what the signal asks for when interrupted.
    """

    run: Run
    status: str
    stop_reason: str
    best_epoch: int | None
    epochs: int
    parameters: int
    device: str
    seconds: dict[str, float]
    validation: dict[str, float] | None
    test: Evaluation | None
    exit_code: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The object of ``train --json``."""
        return {
            "run": str(self.run.path),
            "status": self.status,
            "stop_reason": self.stop_reason,
            "best_epoch": self.best_epoch,
            "epochs": self.epochs,
            "parameters": self.parameters,
            "device": self.device,
            "seconds": self.seconds,
            "validation": self.validation,
            "test": _test_figures(self.test) if self.test else None,
        }


def _test_figures(test: Evaluation) -> dict[str, Any]:
    # Validation has no interval: its epoch was chosen for being the best there, and that no interval takes off.
    return {"loss": test.loss, "accuracy": test.accuracy, "accuracy_interval": test.accuracy_interval}


@dataclass(frozen=True)
class DryRun:
    """What a training would be.

    Args:
        reviews: number of reviews by part.
        parameters: number of trainable weights.
        device: what it would run on.
        plan: how the step would run.
        seconds_per_epoch: estimated from a few steps, validation left out.
        expected_seconds: of all epochs.
        memory_bytes: peak memory of this process after those steps; None where the system does not tell.
        warnings: what would go wrong later.
    """

    reviews: dict[str, int]
    parameters: int
    device: str
    plan: str
    seconds_per_epoch: float
    expected_seconds: float
    memory_bytes: int | None
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The object of ``train --dry-run --json``."""
        return asdict(self)
