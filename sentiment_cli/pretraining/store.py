"""Where results of pretraining are kept: a directory for each, named by a digest of everything that decides it.

    <user cache>/pretrained/<kind>-<digest>/
      vocabulary.json    the tokens in the order of their ids
      <name>.npy         arrays
      record.json        what decided the result, how it came about, the checksums of the other files

A directory is written under another name and renamed when it is whole; another process may do the same meanwhile, and
the first one stays. What has no valid record, or another checksum than it says, is not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.atomic import write_json
from sentiment_cli.errors import RunError, SentimentError
from sentiment_cli.resources import pretrained_dir
from sentiment_cli.text.vocabulary import read_vocabulary, write_vocabulary

_VOCABULARY, _RECORD = "vocabulary.json", "record.json"
_DIGITS = 16


class Damaged(SentimentError):
    """A kept result is not what its record says."""


@dataclass(frozen=True)
class Kept:
    """A result of pretraining.

    Args:
        directory: where it is.
        vocabulary: tokens in the order of their ids.
        arrays: by name.
        record: what `record.json` says.
    """

    directory: Path
    vocabulary: list[str]
    arrays: dict[str, np.ndarray]
    record: dict[str, Any]

    @property
    def sha256(self) -> str:
        """One checksum for all files but the record."""
        return _digest(self.record["files"])


def digest_of(decides: Mapping[str, Any]) -> str:
    """The name of what such values lead to; equal values give equal digests, whatever their order."""
    return _digest(decides)[:_DIGITS]


def find_kept(kind: str, decides: Mapping[str, Any]) -> Kept | None:
    """The result that these values lead to; None where there is none.

    Args:
        kind: of the pretraining.
        decides: plain values, everything that decides the result.

    Raises:
        Damaged: there is one, and it is not whole.
    """
    directory = _directory(kind, decides)
    return _read(directory, decides) if directory.is_dir() else None


def keep(
    kind: str,
    decides: Mapping[str, Any],
    vocabulary: Sequence[str],
    arrays: Mapping[str, np.ndarray],
    details: Mapping[str, Any],
) -> Kept:
    """Keep a result, in place of a damaged one.

    Args:
        kind: of the pretraining.
        decides: see `find_kept`.
        vocabulary: tokens in the order of their ids.
        arrays: by name.
        details: plain values, what else the record shall say.

    Returns:
        What is kept now: the result of another process, where that was faster.

    Raises:
        OSError: the disk failed or is full; nothing is kept.
    """
    directory = _directory(kind, decides)
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{kind}-", dir=directory.parent, ignore_cleanup_errors=True) as scratch:
        whole = Path(scratch) / "whole"
        whole.mkdir()
        write_vocabulary(whole / _VOCABULARY, vocabulary)
        for name, array in arrays.items():
            np.save(whole / f"{name}.npy", array, allow_pickle=False)
        files = {path.name: _file_digest(path) for path in sorted(whole.iterdir())}
        write_json(whole / _RECORD, {"kind": kind, "decides": dict(decides), **details, "files": files})
        _move(whole, directory, decides, Path(scratch) / "damaged")
    return _read(directory, decides)


def unfinished_dir(kind: str, decides: Mapping[str, Any]) -> Path:
    """Where something may keep what it needs to go on, until its result is kept."""
    directory = _directory(kind, decides)
    return directory.with_name(f".{directory.name}-unfinished")


def lock_path(kind: str, decides: Mapping[str, Any]) -> Path:
    """Held by the process that learns something, so that another one waits for the result."""
    directory = _directory(kind, decides)
    return directory.parent.with_name("locks") / f"{directory.name}.lock"


def check_writable() -> None:
    """Raise a RunError where nothing can be kept, before the work and not after it."""
    place = pretrained_dir()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise RunError(
            f"{place}: {error.strerror or error}; results of pretraining are kept there. "
            "Set XDG_CACHE_HOME to another directory."
        ) from None


def _directory(kind: str, decides: Mapping[str, Any]) -> Path:
    return pretrained_dir() / f"{kind}-{digest_of(decides)}"


def _move(whole: Path, directory: Path, decides: Mapping[str, Any], aside: Path) -> None:
    """Give a directory its name, unless another one that is sound has it."""
    if _rename(whole, directory):
        return
    try:
        _read(directory, decides)
    except Damaged:
        with contextlib.suppress(FileNotFoundError):  # another process was faster
            directory.rename(aside)
        _rename(whole, directory)


def _rename(whole: Path, directory: Path) -> bool:
    """Whether the name was free."""
    try:
        Path(whole).rename(directory)
    except OSError:
        if not directory.is_dir():
            raise
        return False
    return True


def _read(directory: Path, decides: Mapping[str, Any]) -> Kept:
    try:
        record = json.loads((directory / _RECORD).read_text(encoding="utf-8"))
        if record["decides"] != json.loads(_canonical(decides)):
            raise Damaged(f"{directory} holds another result than its name says.")
        for name, expected in record["files"].items():
            if _file_digest(directory / name) != expected:
                raise Damaged(f"{directory / name} is damaged (wrong checksum).")
        arrays = {
            Path(name).stem: np.load(directory / name, allow_pickle=False)
            for name in record["files"]
            if name.endswith(".npy")
        }
        return Kept(directory, read_vocabulary(directory / _VOCABULARY), arrays, record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RunError) as error:
        raise Damaged(f"{directory} is damaged: {type(error).__name__}: {error}") from error


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _digest(value: Any) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
