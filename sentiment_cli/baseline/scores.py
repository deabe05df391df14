"""What a baseline reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

MAJORITY = "majority"


@dataclass(frozen=True)
class Score:
    """Right predictions on one part.

    Args:
        correct: number of right predictions, 0 to ``examples``.
        examples: number of reviews, at least 1.
    """

    correct: int
    examples: int

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: the numbers are not whole, or not in their range.
        """
        if type(self.correct) is not int or type(self.examples) is not int or not 0 <= self.correct <= self.examples:
            raise ValueError(f"expected 0 <= correct <= examples, received {self.correct!r} and {self.examples!r}")
        if self.examples == 0:
            raise ValueError("expected at least one review")

    @property
    def accuracy(self) -> float:
        """Share of right predictions."""
        return self.correct / self.examples

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"accuracy": self.accuracy, "correct": self.correct, "examples": self.examples}


@dataclass(frozen=True)
class Baseline:
    """One model that a network is compared with.

    Args:
        name: ``majority``, or that of its features.
        features: what it sees of a text, for people.
        validation: None without a validation part.
        test: None where the test part was not read.
        seconds: of fitting and predicting.
    """

    name: str
    features: str
    validation: Score | None
    test: Score | None
    seconds: float

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: the time is below 0, or no number.
        """
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"expected seconds of 0 or more, received {self.seconds}")

    @property
    def is_linear(self) -> bool:
        """Whether it reads the texts at all."""
        return self.name != MAJORITY

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the name."""
        return {
            "features": self.features,
            "validation": self.validation.to_dict() if self.validation else None,
            "test": self.test.to_dict() if self.test else None,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, name: str, values: dict[str, Any]) -> Baseline:
        """What `to_dict` made.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: the values are not those of a baseline.
        """
        return cls(
            name,
            str(values["features"]),
            _read_score(values["validation"]),
            _read_score(values["test"]),
            float(values["seconds"]),
        )


def _read_score(values: dict[str, Any] | None) -> Score | None:
    return None if values is None else Score(values["correct"], values["examples"])
