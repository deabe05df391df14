"""What a training, or the rehearsal of one, came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.seeds import Member, Spread, over_seeds


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
        seconds: by phase, and ``total``; ``saving`` is a part of ``training`` and ``refitting``.
        validation: loss and accuracy of the best epoch on the validation part; None without one.
        test: figures on the test part; None when it was not read.
        refit: ``epochs`` and ``reviews`` of the training on train and validation together, whose network was kept;
            None: that of the best epoch was.
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
    refit: dict[str, int] | None = None
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
            "refit": self.refit,
        }


@dataclass(frozen=True)
class SeedsResult:
    """What the trainings of a group of seeds came to.

    Args:
        group: where their files are.
        status: ``finished`` or ``interrupted``.
        stop_reason: why it ended.
        members: a training for each seed, in their order.
        ensemble: figures of the networks together, by part; empty before all of them are trained.
        exit_code: 0, or what the signal asks for when interrupted.
    """

    group: SeedGroup
    status: str
    stop_reason: str
    members: list[Member]
    ensemble: dict[str, Evaluation]
    exit_code: int = 0

    @property
    def over_seeds(self) -> dict[str, dict[str, Spread] | None]:
        """Mean and spread of accuracy and loss by part; None for a part that was not evaluated."""
        return {split: over_seeds(self.members, split) for split in ("validation", "test")}

    @property
    def seconds(self) -> float:
        """Of all trainings."""
        return round(sum(member.seconds or 0.0 for member in self.members), 3)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``train --seeds --json``."""
        validation, test = self.ensemble.get("validation"), self.ensemble.get("test")
        return {
            "run": str(self.group.path),
            "status": self.status,
            "stop_reason": self.stop_reason,
            "seeds": [member.seed for member in self.members],
            "members": [member.to_dict() for member in self.members],
            "over_seeds": {
                split: figures and {name: asdict(spread) for name, spread in figures.items()}
                for split, figures in self.over_seeds.items()
            },
            "ensemble": {
                "validation": {"loss": validation.loss, "accuracy": validation.accuracy} if validation else None,
                "test": _test_figures(test) if test else None,
            },
            "seconds": self.seconds,
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
        expected_seconds: of all epochs, those of a refit included; it has as many at the most.
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
