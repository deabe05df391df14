"""Which cores does a process take that works beside others of ours, none of which knows of the others?"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

# For as long as this process lives.
_HELD: list[FileLock] = []
# Seconds that cores are waited for, and between two looks: those of a process that has done its work, and makes way for
# this one, are free once it has ended.
_PATIENCE, _LOOK = 3.0, 0.1


def claim_cores(count: int) -> None:
    """Let this process, and what it begins, run on so many cores alone, which no other process has claimed.

    As many threads compute as there are cores, and those of two processes on the same ones would wait for each other.
    Where fewer are free, also three seconds later, or the system cannot bind a process to cores, nothing changes. A
    claim ends with the process, however it ends.

    Args:
        count: 1 or more.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    end = time.monotonic() + _PATIENCE
    while not (locks := _claim(count)):
        if time.monotonic() > end:
            return
        time.sleep(_LOOK)
    _HELD.extend(locks.values())
    for thread in psutil.Process().threads():  # those that are there keep what they had otherwise
        with contextlib.suppress(OSError):  # it has ended
            os.sched_setaffinity(thread.id, list(locks))


def _claim(count: int) -> dict[int, FileLock]:
    """The locks of so many cores, held; none where fewer are free."""
    locks: dict[int, FileLock] = {}
    for core in sorted(os.sched_getaffinity(0)):
        if len(locks) < count and (lock := _lock(core)) is not None:
            locks[core] = lock
    if len(locks) < count:
        for lock in locks.values():
            lock.release()
        locks.clear()
    return locks


def _lock(core: int) -> FileLock | None:
    """The lock of a core, held; None where another process holds it."""
    # A directory of each user's own: what others leave there could not be locked.
    lock = FileLock(Path(tempfile.gettempdir()) / f"sentiment-cores-{os.getuid()}" / str(core))
    with contextlib.suppress(Timeout, OSError):
        Path(lock.lock_file).parent.mkdir(mode=0o700, exist_ok=True)
        lock.acquire(timeout=0)
        return lock
    return None
