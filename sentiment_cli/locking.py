"""One process at a time: for what two of them must not write at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from sentiment_cli.errors import RunError


@contextlib.contextmanager
def locked(path: Path, *, wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock file; the system lets go of it with the process, also when it is killed.

    Args:
        path: the file; its directory is made when missing, and it stays when the lock ends.
        wait: called once where another process holds it, which is then waited for; None: that is an error.

    Raises:
        RunError: another process holds it, or the directory cannot be written to.
    """
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
        if not lock.is_locked:
            if wait is None:
                raise RunError(f"Another process is writing {path.parent}. Wait for it to end, or stop it.")
            wait()
            lock.acquire()
    except OSError as error:
        raise RunError(f"{path.parent} cannot be written to: {error.strerror or error}.") from None
    try:
        yield
    finally:
        lock.release()
