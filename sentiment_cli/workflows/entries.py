"""What is known of each run that is compared with others, from its files."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.intervals import accuracy_interval
from sentiment_cli.evaluation.predictions import Prediction, read_predictions
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.seeds import Spread, compute_spread


@dataclass(frozen=True)
class Entry:
    """A run, or the ensemble of a group of seeds, on one part of its data.

    Args:
        run: the run or the group.
        name: what it is called here; no other entry is called so.
        predictions: of the part, in the order of the table.
        parameters: of one network; None where the record does not say.
        seconds: of all trainings; likewise.
        epochs: done, of each training.
        best_epochs: the chosen ones, of each training.
        members: of a group, whether each network is right, bool[seeds, n] in the order of ``predictions``; None for a
            single run, and where a network was not evaluated on the part.
    """

    run: Run
    name: str
    predictions: list[Prediction]
    parameters: int | None
    seconds: float | None
    epochs: list[int]
    best_epochs: list[int]
    members: np.ndarray | None

    @property
    def right(self) -> np.ndarray:
        """bool[n], whether each prediction is right."""
        return np.array([not row.is_wrong for row in self.predictions])

    @property
    def accuracy(self) -> float:
        """In [0, 1]; of a group, that of its ensemble."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return accuracy_interval(int(self.right.sum()), len(self.predictions))

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return float(np.mean([row.loss for row in self.predictions]))

    @property
    def over_seeds(self) -> Spread | None:
        """Mean and spread of the accuracies of a group's networks."""
        return None if self.members is None else compute_spread(self.members.mean(axis=1).tolist())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        spread = self.over_seeds
        return {
            "run": str(self.run.path),
            "name": self.name,
            "seeds": self.run.read_record().get("seeds") if isinstance(self.run, SeedGroup) else None,
            "parameters": self.parameters,
            "seconds": self.seconds,
            "epochs": self.epochs,
            "best_epochs": self.best_epochs,
            "accuracy": self.accuracy,
            "accuracy_interval": list(self.interval),
            "loss": self.loss,
            "over_seeds": spread and asdict(spread),
            "member_accuracies": None if self.members is None else self.members.mean(axis=1).tolist(),
        }


def read_entries(runs: Sequence[Run], split: str, names: Sequence[str] | None = None) -> list[Entry]:
    """The entries of runs, called by their names, or by their paths where two have the same.

    Args:
        runs: any number of them.
        split: the part.
        names: what they are called instead, all different.

    Raises:
        RunError: a part was not evaluated, or a file is damaged.
    """
    names = names or [run.name for run in runs]
    shown = [name if names.count(name) == 1 else str(run.path) for name, run in zip(names, runs, strict=True)]
    entries = [_read_entry(run, name, split) for run, name in zip(runs, shown, strict=True)]
    return [entry if shown.count(entry.name) == 1 else _numbered(entries, at) for at, entry in enumerate(entries)]


def read_table(run: Run, split: str) -> list[Prediction]:
    """The predictions of a run on one part.

    Raises:
        RunError: there are none, or they are damaged; the message has the command that makes them.
    """
    run.read_record()
    path = run.predictions_path(split)
    if not path.exists():
        command = f"sentiment evaluate {shlex.quote(str(run.path))} --split {split}"
        raise RunError(f"{run.path} has no predictions on its {split} part yet. Make them: {command}")
    return read_predictions(path)


def _numbered(entries: list[Entry], at: int) -> Entry:
    """A run that is named twice is compared with itself, and needs two names."""
    before = sum(entry.name == entries[at].name for entry in entries[:at])
    if not before:
        return entries[at]
    values = {**vars(entries[at]), "name": f"{entries[at].name} ({before + 1})"}
    return Entry(**values)


def _read_entry(run: Run, name: str, split: str) -> Entry:
    predictions = read_table(run, split)
    singles = run.members if isinstance(run, SeedGroup) else [run]
    records = [single.read_record() for single in singles if single.record_path.exists()]
    seconds = [record.get("seconds", {}).get("total") for record in records]
    parameters = [record["parameters"] for record in records if "parameters" in record]
    known = [value for value in seconds if isinstance(value, (int, float))]
    return Entry(
        run=run,
        name=name,
        predictions=predictions,
        parameters=parameters[0] if parameters else None,
        seconds=round(sum(known), 3) if known and len(known) == len(seconds) else None,
        epochs=[record["epochs"] for record in records if "epochs" in record],
        best_epochs=[record["best_epoch"] for record in records if record.get("best_epoch") is not None],
        members=_members(run, predictions, split) if isinstance(run, SeedGroup) else None,
    )


def _members(group: SeedGroup, predictions: list[Prediction], split: str) -> np.ndarray | None:
    """Whether each network is right; None where one was not evaluated, or on other reviews than the ensemble."""
    if len(group.members) < 2 or not all(run.predictions_path(split).exists() for run in group.members):
        return None
    rows = []
    for run in group.members:
        right = {row.path: not row.is_wrong for row in read_predictions(run.predictions_path(split))}
        if right.keys() != {row.path for row in predictions}:
            return None
        rows.append([right[row.path] for row in predictions])
    return np.array(rows, dtype=bool)
