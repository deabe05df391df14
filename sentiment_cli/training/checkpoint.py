"""What is kept of a training so that it can go on: all variables and the state of the loop, in one file.

One ``.npz`` file without pickle, written whole or not at all: the arrays of the network (random states of
dropout included), of the optimizer and of the averaged weights, and the loop's state as JSON. The archive carries a
CRC-32 of every member, so that damage is found when it is read.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.atomic import replacing
from sentiment_cli.errors import RunError
from sentiment_cli.history import Epoch

_STATE = "state"


@dataclass
class TrainingState:
    """Where a training stands.

    Args:
        epoch: the epoch in progress, from 1.
        batch: how many of its batches are done.
        loss_sum: sum of the losses of its reviews so far.
        correct: its correct predictions so far.
        reviews: its reviews so far.
        seconds: the time spent on it so far.
        best_epoch: the epoch whose weights are kept as best; None before there is one.
        best_value: the monitored figure of that epoch.
        reference: the monitored figure that patience compares with.
        waited: epochs since it last improved.
        history: the finished epochs.
    """

    epoch: int = 1
    batch: int = 0
    loss_sum: float = 0.0
    correct: float = 0.0
    reviews: int = 0
    seconds: float = 0.0
    best_epoch: int | None = None
    best_value: float | None = None
    reference: float | None = None
    waited: int = 0
    history: list[Epoch] = field(default_factory=list)

    def start_next_epoch(self) -> None:
        """Move on to the first batch of the next epoch."""
        self.epoch += 1
        self.batch, self.reviews = 0, 0
        self.loss_sum = self.correct = self.seconds = 0.0


def save_checkpoint(path: Path, network: Any, optimizer: Any, state: TrainingState, average: Any | None = None) -> None:
    """Write a checkpoint, whole or not at all."""
    arrays = {name: variable.numpy() for name, variable in _variables(network, optimizer, average).items()}
    arrays[_STATE] = np.array(json.dumps(asdict(state)))
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def restore_checkpoint(
    path: Path, network: Any, optimizer: Any | None = None, average: Any | None = None
) -> TrainingState:
    """Read a checkpoint into a network of the same configuration, and into its optimizer and average where given.

    Raises:
        RunError: the file is missing or damaged, or its arrays do not fit.
    """
    variables = _variables(network, optimizer, average)
    try:
        arrays = _read_arrays(path, {*variables, _STATE})
        state = _read_state(str(arrays[_STATE]))
    except FileNotFoundError:
        raise RunError(f"{path} is missing: the run was stopped before it had something to keep.") from None
    except MemoryError:
        raise
    except Exception as error:  # of damaged bytes, zipfile, its decompressors and NumPy make a dozen kinds
        raise RunError(f"{path} is damaged: {error}") from error
    _check_fit(path, {name: array.shape for name, array in arrays.items()}, variables)
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return state


def _read_arrays(path: Path, names: set[str]) -> dict[str, np.ndarray]:
    """The arrays of these names that are there, once the checksums of all are known to be right."""
    with np.load(path, allow_pickle=False) as archive:
        # NumPy reads as many bytes as an array's header asks for; of fewer than there are, no checksum is made.
        damaged = archive.zip.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
        return {name: archive[name] for name in archive.files if name in names}


def _variables(network: Any, optimizer: Any | None, average: Any | None) -> dict[str, Any]:
    owners = {"network": network, "optimizer": optimizer, "average": average}
    return {
        f"{name}/{index}": variable
        for name, owner in owners.items()
        if owner is not None
        for index, variable in enumerate(owner.variables)
    }


def _check_fit(path: Path, shapes: dict[str, tuple[int, ...]], variables: dict[str, Any]) -> None:
    for name, variable in variables.items():
        called = variable.path if hasattr(variable, "path") else variable.name
        if name not in shapes:
            raise RunError(f"{path} does not fit the configuration: {called} is missing.")
        if tuple(shapes[name]) != tuple(variable.shape):
            raise RunError(
                f"{path} does not fit the configuration: {called} has shape {tuple(shapes[name])}, "
                f"expected {tuple(variable.shape)}."
            )


def _read_state(text: str) -> TrainingState:
    values = json.loads(text)
    return TrainingState(**{**values, "history": [Epoch(**row) for row in values["history"]]})
