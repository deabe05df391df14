"""What this process may use of the machine: cores and memory, within the limits of a container."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

# Where version 2 and version 1 of Linux' control groups say what a container may use.
_QUOTA_2 = Path("/sys/fs/cgroup/cpu.max")
_QUOTA_1 = (Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"))
_MEMORY = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def available_cores() -> int:
    """Processor cores that this process may use, by affinity and by the container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_quota()
    return cores if quota is None else min(cores, max(int(quota), 1))


def _cgroup_quota() -> float | None:
    """Cores that the container may use in the mean; None: no limit, or none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = _QUOTA_2.read_text(encoding="ascii").split()
        return None if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        quota, period = (path.read_text(encoding="ascii") for path in _QUOTA_1)
        return None if int(quota) < 0 else int(quota) / int(period)
    return None


def available_memory() -> int:
    """Bytes that this process may take, swap space included, whoever else takes some of them now."""
    return min([psutil.virtual_memory().total + psutil.swap_memory().total, *_memory_limits()])


def _memory_limits() -> Iterator[int]:
    """Those of the container and of the shell (``ulimit -v``)."""
    for path in _MEMORY:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number
            yield int(path.read_text(encoding="ascii"))
    with contextlib.suppress(AttributeError):  # Linux alone has it
        limit, _ = psutil.Process().rlimit(psutil.RLIMIT_AS)
        if limit != psutil.RLIM_INFINITY:
            yield limit
