"""A file that grows over several calls: opened for one process alone, its errors told from those of the network."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sentiment_cli.errors import DownloadError

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def disk_errors(name: str) -> Iterator[None]:
    """Tell a full disk from a broken connection; both are an OSError, and only one is worth another try."""
    try:
        yield
    except OSError as error:
        raise DownloadError(f"{name}: cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def open_partial(path: Path) -> Iterator[BinaryIO]:
    """Open ``path`` for this process alone, keeping what is in it; when empty, it is not left behind."""
    with disk_errors(str(path)):
        # Unbuffered: what a full disk refuses would be written, and fail, once more on closing.
        file = path.open("a+b", buffering=0)
    _lock(file)
    try:
        with file:
            yield file
    finally:  # after closing, since Windows does not remove open files
        if path.is_file() and not path.stat().st_size:
            path.unlink(missing_ok=True)


def _lock(file: BinaryIO) -> None:
    """Keep other processes from writing to the same file until it is closed; Windows goes without."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise DownloadError(f"{file.name}: another process is downloading to it; wait for it to end") from None
        except OSError:  # some network file systems cannot lock; the checksum still decides
            pass
