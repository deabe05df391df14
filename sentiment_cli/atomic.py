"""How a file is written so that it is complete or not there.

A temporary name in the same directory, fsync, then `os.replace`: a reader never sees half a file, and a
full disk or a crash leaves the previous version as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the place of ``path``.

    Args:
        path: the file to be written; its directory is made when missing.

    Yields:
        A path in the same directory, with the same ending (writers such as Keras look at it). When the
        body raises, it is removed and ``path`` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        # mkstemp makes files that only their owner can read; results are meant to be shared.
        temporary.chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
        _sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with line-feed line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented ASCII JSON, whole or not at all.

    ASCII, since tokens and texts may hold line separators and other characters that text tools split on.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


def _sync(path: Path) -> None:
    """Flush a file or a directory to disk; directories cannot be opened for that on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:
        if not path.is_dir():  # a directory may not be readable, or not to be synced; the file itself counts
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
