"""What is known of a training when its curves are read: configuration, record, steps and reviews; and what is found."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sentiment_cli.batch_history import BatchCurves
from sentiment_cli.diagnosis.reading import CHANCE_MARGIN, Reading, luck, read_curves
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.history import History


@dataclass(frozen=True)
class Finding:
    """One thing that the figures of a training show, or a cause that they speak for.

    Args:
        kind: in a word or three.
        sentence: with the numbers, without a line break.
        evidence: the numbers and settings that speak for it, by name.
        command: what to try; None: nothing.
    """

    kind: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    command: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which has no numbers that are not finite."""
        evidence = {
            name: repr(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in self.evidence.items()
        }
        return {"kind": self.kind, "sentence": self.sentence, "evidence": evidence, "command": self.command}


@dataclass(frozen=True)
class TextFigures:
    """What the network got of the reviews of one part.

    Args:
        split: the part.
        tokens: int64[n], of each review before cutting.
        kept: int64[n], those that the network reads.
        unknown: int64[n], of these, the ones that are not in the vocabulary.
    """

    split: str
    tokens: np.ndarray
    kept: np.ndarray
    unknown: np.ndarray

    @property
    def cut_share(self) -> float:
        """Share of all tokens that the network never reads."""
        return 1 - float(self.kept.sum()) / max(float(self.tokens.sum()), 1.0)

    @property
    def unknown_share(self) -> float:
        """Share of the tokens read that are unknown."""
        return float(self.unknown.sum()) / max(float(self.kept.sum()), 1.0)

    def padding_share(self, sequence_length: int) -> float:
        """Share of padding in reviews that are all padded to the same length."""
        return 1 - float(self.kept.mean()) / sequence_length if len(self.kept) else 0.0


def text_figures(split: str, predictions: Sequence[Prediction]) -> TextFigures | None:
    """The figures of the reviews that were predicted; None of none."""
    if not predictions:
        return None
    tokens = np.array([row.tokens for row in predictions], np.int64)
    cut = np.array([row.cut for row in predictions], np.int64)
    return TextFigures(split, tokens, tokens - cut, np.array([row.unknown for row in predictions], np.int64))


@dataclass(frozen=True)
class Case:
    """One training.

    Args:
        path: its run directory, as a command line names it.
        history: of its epochs.
        record: its `run.json`; may be empty.
        batches: of its steps; None: not known.
        chance_accuracy: what always guessing the most frequent class gives on validation; None: not known.
        validation: the evaluation of the validation part; empty: not known.
        texts: what the network got of its reviews; None: not known.
        group: the directory of the group of seeds that it is in.
    """

    path: str
    history: History
    record: Mapping[str, Any]
    batches: BatchCurves | None = None
    chance_accuracy: float | None = None
    validation: Mapping[str, Any] = field(default_factory=dict)
    texts: TextFigures | None = None
    group: str | None = None

    @cached_property
    def reading(self) -> Reading:
        """What the curves show."""
        chance, reviews = self.chance_accuracy, self.reviews("validation") or self.reviews("train")
        margin = luck(chance, reviews) if chance is not None and reviews else CHANCE_MARGIN
        return read_curves(self.history, chance_accuracy=chance, chance_margin=margin)

    def setting(self, key: str, default: Any = None) -> Any:
        """The value of a setting, by its dotted key; ``default`` where the record does not say."""
        value: Any = self.record.get("config", {})
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return default
            value = value[part]
        return value

    def number(self, key: str) -> float | None:
        """The value of a setting that is a number; None where it is none."""
        value = self.setting(key)
        return float(value) if type(value) in (int, float) else None

    def listed(self, key: str) -> list[Any]:
        """The value of a setting that is a list; empty where it is none."""
        value = self.setting(key)
        return value if isinstance(value, list) else []

    def reviews(self, part: str) -> int | None:
        """How many reviews a part has."""
        known = self.record.get("reviews")
        value = known.get(part) if isinstance(known, Mapping) else None
        return value if type(value) is int else None

    @property
    def vocabulary(self) -> int | None:
        """How many tokens the network knows, padding and the unknown one included."""
        known = self.record.get("vocabulary")
        value = known.get("size") if isinstance(known, Mapping) else None
        return value if type(value) is int else None

    @property
    def ignorance(self) -> float | None:
        """The loss of a network that finds all classes equally probable: ln(classes)."""
        names = self.record.get("class_names")
        return math.log(len(names)) if isinstance(names, list) and len(names) > 1 else None

    @property
    def steps(self) -> int | None:
        """How many steps were done, from their figures or from the settings."""
        if self.batches is not None and len(self.batches):
            return int(self.batches.step[-1])
        size, reviews = self.number("training.batch_size"), self.reviews("train")
        return math.ceil(reviews / size) * len(self.history) if size and reviews else None

    @property
    def monitor(self) -> str:
        """What decides which epoch is the best."""
        stopping = self.setting("training.early_stopping.monitor")
        return str(self.setting("training.monitor") or stopping or "val_loss")

    def retrain(self, **changes: Any) -> str:
        """The command that repeats the run with other settings; ``__`` stands for the dot of a key."""
        parts = ["sentiment", "train", "-c", f"{self.path}/config.yaml"]
        for key, value in changes.items():
            parts += ["--set", f"{key.replace('__', '.')}={value}"]
        return shlex.join(parts)

    def baseline(self) -> str:
        """The command that lets a linear model try the same reviews."""
        return shlex.join(["sentiment", "baseline", self.path])

    def go_on(self, epochs: int) -> str:
        """The command that trains the run further, to so many epochs in all; of seeds, all of the group."""
        return shlex.join(["sentiment", "train", "--resume", self.group or self.path, "--epochs", str(epochs)])
