"""One checkpoint: what is kept of a training so that it can go on, in a directory that is whole or not there.

    variables.npz   arrays without pickle: of the network (random states of dropout included), of the optimizer, and
                    of the averaged weights; and the figures of the steps so far, where it is to be gone on from
    state.json      where the loop stands
    manifest.json   size and SHA-256 of the other two

A checkpoint may come from a stranger: nothing in it is run, and no array is read before its shape is known to fit.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.atomic import replacing_directory
from sentiment_cli.batch_history import BatchHistory, check_shape
from sentiment_cli.errors import RunError
from sentiment_cli.training.state import TrainingState, parse_state

_VARIABLES, _STATE, _MANIFEST = "variables.npz", "state.json", "manifest.json"
_BATCHES = "batches"
_FORMAT = 1
# Bytes; a manifest has 400, a state 200 for each epoch.
_MOST_TEXT = 100_000_000


class Damaged(RunError):
    """A checkpoint is not what was written."""


@dataclass(frozen=True)
class Snapshot:
    """What a checkpoint holds, in memory.

    Args:
        arrays: by the names of `_variables`.
        state: as text.
    """

    arrays: Mapping[str, np.ndarray]
    state: str


def take_snapshot(network: Any, optimizer: Any | None, state: TrainingState, average: Any | None = None) -> Snapshot:
    """Copy the variables, which the next step changes, and the state."""
    found = _variables(network, optimizer, average)
    arrays = {name: np.array(variable.numpy()) for name, variable in found.items()}
    if optimizer is not None and len(state.batches):
        arrays[_BATCHES] = state.batches.to_array()
    return Snapshot(arrays, state.to_json())


def bytes_of(network: Any, optimizer: Any | None = None, average: Any | None = None) -> int:
    """What the arrays of a checkpoint take."""
    return sum(variable.numpy().nbytes for variable in _variables(network, optimizer, average).values())


def write_checkpoint(directory: Path, snapshot: Snapshot) -> None:
    """Make a directory with a checkpoint, or replace it, whole or not at all.

    Raises:
        OSError: the disk failed or is full; what was there before is there still.
    """
    with replacing_directory(directory) as temporary:
        np.savez(temporary / _VARIABLES, allow_pickle=False, **snapshot.arrays)
        (temporary / _STATE).write_text(snapshot.state, encoding="utf-8", newline="\n")
        files = {name: _describe(temporary / name) for name in (_VARIABLES, _STATE)}
        manifest = json.dumps({"format": _FORMAT, "files": files}, indent=1)
        (temporary / _MANIFEST).write_text(manifest, encoding="utf-8", newline="\n")


def check_checkpoint(directory: Path) -> None:
    """Raise a Damaged unless a checkpoint's files are what was written."""
    try:
        _check_manifest(directory)
    except RunError:
        raise
    except Exception as error:
        raise Damaged(f"{directory} is damaged: {_say(error)}") from error


def manifest_digest(directory: Path) -> str:
    """The SHA-256 of the checksums of a checkpoint's files.

    Raises:
        Damaged: they are missing.
    """
    try:
        return hashlib.sha256((directory / _MANIFEST).read_bytes()).hexdigest()
    except OSError as error:
        raise Damaged(f"{directory} is damaged: {_say(error)}") from None


def restore_checkpoint(
    directory: Path, network: Any, optimizer: Any | None = None, average: Any | None = None
) -> TrainingState:
    """Read a checkpoint into a network of the same configuration, and into its optimizer and average where given.

    Raises:
        Damaged: a file is missing or not what was written; nothing was assigned.
        RunError: the arrays do not fit the configuration; nothing was assigned.
    """
    variables = _variables(network, optimizer, average)
    try:
        _check_manifest(directory)
        state = parse_state(_read_text(directory / _STATE))
        with zipfile.ZipFile(directory / _VARIABLES) as archive:
            headers = _read_headers(archive, [*variables, _BATCHES])
            _check_fit(directory, headers, variables)
            arrays = {name: _read_array(archive, name) for name in variables}
            if optimizer is not None and _BATCHES in headers:  # an earlier version kept none
                state.batches = _read_batches(archive, *headers[_BATCHES])
    except (RunError, MemoryError):
        raise
    except Exception as error:  # of damaged bytes, zipfile, its decompressors and NumPy make a dozen kinds
        raise Damaged(f"{directory} is damaged: {_say(error)}") from error
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return state


def _check_manifest(directory: Path) -> None:
    manifest = json.loads(_read_text(directory / _MANIFEST))
    if manifest["format"] != _FORMAT:
        raise RunError(
            f"{directory} has format {manifest['format']!r}, this version reads {_FORMAT}; it was written by another "
            "version of this program."
        )
    for name in (_VARIABLES, _STATE):
        if _describe(directory / name) != manifest["files"][name]:
            raise Damaged(f"{directory} is damaged: wrong checksum of {name}.")


def _describe(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}


def _read_text(path: Path) -> str:
    if path.stat().st_size > _MOST_TEXT:
        raise ValueError(f"{path.name} is too large")
    return path.read_text(encoding="utf-8")


def _read_headers(archive: zipfile.ZipFile, names: Iterable[str]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of those of the arrays that are there, from their headers alone."""
    members = {member.filename: member for member in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise ValueError("two arrays have one name")
    found = {name: members[f"{name}.npy"] for name in names if f"{name}.npy" in members}
    return {name: _read_header(archive, member) for name, member in found.items()}


def _read_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[tuple[int, ...], str]:
    if member.compress_type != zipfile.ZIP_STORED:  # a few bytes could become any number of them
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):  # whose header has 65,535 bytes at the most
            raise ValueError(f"{member.filename} has another version of the format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    return tuple(shape), dtype.str


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):  # also makes the archive compare its checksum
            raise ValueError(f"{name} is longer than it says")
    return array


def _read_batches(archive: zipfile.ZipFile, shape: tuple[int, ...], dtype: str) -> BatchHistory:
    check_shape(shape, dtype)
    return BatchHistory.from_array(_read_array(archive, _BATCHES))


def _variables(network: Any, optimizer: Any | None, average: Any | None) -> dict[str, Any]:
    owners = {"network": network, "optimizer": optimizer, "average": average}
    return {
        f"{name}/{index}": variable
        for name, owner in owners.items()
        if owner is not None
        for index, variable in enumerate(owner.variables)
    }


def _check_fit(
    directory: Path, headers: Mapping[str, tuple[tuple[int, ...], str]], variables: Mapping[str, Any]
) -> None:
    for name, variable in variables.items():
        called = variable.path if hasattr(variable, "path") else variable.name
        if name not in headers:
            raise RunError(f"{directory} does not fit the configuration: {called} is missing.")
        shape, dtype = headers[name]
        if shape != tuple(variable.shape):
            raise RunError(
                f"{directory} does not fit the configuration: {called} has shape {shape}, "
                f"expected {tuple(variable.shape)}."
            )
        if dtype != np.dtype(getattr(variable.dtype, "as_numpy_dtype", variable.dtype)).str:  # TensorFlow's or Keras'
            raise Damaged(f"{directory} is damaged: {called} has the type {dtype}, expected {variable.dtype}.")


def _say(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{Path(error.filename).name} is missing."
    return f"{type(error).__name__}: {error}"
