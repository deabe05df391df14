"""How a command reaches a Ray cluster, or has one of its own on this machine, and how workers share its cores."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.extras import require
from sentiment_cli.machine import available_cores
from sentiment_cli.runtime import stderr_held_back

LOCAL = "local"
# Cores of each worker where nothing else is asked for: the threads of a small network wait for each other.
_CORES = 4
# Ray reports nothing to its makers and keeps its log to itself; its workers here have the priority of this process: by
# default other work on the machine goes before them (nice 15). Ray reads these when it is imported.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_TRAIN_V2_ENABLED": "1",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_worker_niceness": "0",
}
# What workers have to know of the caller's environment: where reviews and results are kept.
_HANDED_ON = ("SENTIMENT_DATA", "XDG_CACHE_HOME")
# A worker that asked for no GPU shall see none, or all of those on a machine would work on the first one.
_NO_GPU = {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1"}
# Seconds for an answer of a cluster; Ray itself tries for minutes, and says nothing.
_ANSWER = 10.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class RayWorkers:
    """Processes of a Ray cluster that share a task.

    Args:
        address: ``local``, for a cluster of this machine that ends with the command; or ``auto`` or ``host:port``, of
            one that runs.
        count: how many there are; None: as many as `share_cores` finds.

    Raises:
        UsageError: the address is that of Ray's client, which knows no files of this machine.
    """

    address: str
    count: int | None = None

    def __post_init__(self) -> None:
        if "://" in self.address:
            raise UsageError(f"--ray {self.address}: give HOST:PORT or auto, on a machine of the cluster.")

    def __str__(self) -> str:
        """For people."""
        return f"{self.count} workers of the Ray cluster {self.address}"


@contextlib.contextmanager
def connected(workers: RayWorkers, purpose: str) -> Iterator[Any]:
    """Be a client of a cluster for as long as the body lasts. What lives in this process already is taken and left.

    Args:
        workers: where Ray runs.
        purpose: what it is for, as the beginning of a sentence.

    Yields:
        The module ``ray``.

    Raises:
        MissingExtraError: Ray is not installed.
        RunError: there is no such cluster.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    ray = require("ray", purpose)
    if ray.is_initialized():  # by a program that calls us
        yield ray
        return
    with _signals_kept():
        _begin(ray, workers)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Ray prints there that a worker died
            yield ray
    finally:
        ray.shutdown()


@contextlib.contextmanager
def shared_directory(workers: RayWorkers, place: Path) -> Iterator[str]:
    """A directory that all workers see, and Ray wants, for as long as the body lasts; nothing in it is kept.

    Args:
        workers: of this machine, or of others.
        place: a directory that all of them see.
    """
    parent = None if workers.address == LOCAL else place
    if parent:
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-ray-", dir=parent, ignore_cleanup_errors=True) as directory:
        yield directory


def node_cores(ray: Any) -> list[int]:
    """The cores of each machine of the cluster."""
    return [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]


def this_node(ray: Any) -> str:
    """The name of the resource that this machine alone has."""
    here = ray.get_runtime_context().get_node_id()
    names: list[str] = next(list(node["Resources"]) for node in ray.nodes() if node["NodeID"] == here)
    return next(name for name in names if name.startswith("node:") and "__" not in name)


def share_cores(nodes: Sequence[int], workers: int | None) -> tuple[int, int]:
    """How many workers there are, and how many cores each has.

    Args:
        nodes: the cores of each machine.
        workers: what was asked for; None: one for each four cores of a machine, at least one.

    Returns:
        The number of workers, and the most cores for each with which all find a place.

    Raises:
        UsageError: there are fewer cores than workers.
    """
    if workers is None:
        workers = max(sum(cores // _CORES for cores in nodes), 1)
    if sum(nodes) < workers:
        raise UsageError(f"--workers {workers}: Ray has {sum(nodes)} cores, and each worker needs one.")
    return workers, next(c for c in range(max(nodes), 0, -1) if sum(cores // c for cores in nodes) >= workers)


def last_line(error: Exception) -> str:
    """What an error of Ray's comes to, below what was where."""
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)


def _begin(ray: Any, workers: RayWorkers) -> None:
    variables = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    options: dict[str, Any] = {
        "address": workers.address,
        "runtime_env": {"env_vars": variables | _NO_GPU},
        "log_to_driver": False,
        "logging_level": logging.ERROR,
    }
    if workers.address == LOCAL:
        options |= {"num_cpus": max(available_cores(), workers.count or 1), "include_dashboard": False}
    try:
        _check_answers(workers.address)
        with stderr_held_back():  # Ray says what it was told of its log
            ray.init(**options)
    except Exception as error:  # where a process of Ray dies while it starts, Ray raises no kind of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        if workers.address == LOCAL:
            todo = "Ray does not start on this machine: {}. It may be too busy; go on without --ray."
        else:
            todo = "{}. Start a cluster with ray start --head, or give --ray local."
        raise RunError(f"--ray {workers.address}: {todo.format(reason)}") from error


def _check_answers(address: str) -> None:
    """Raise an OSError where nobody listens at a ``host:port``; other addresses are Ray's to look at."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER).close()


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray puts functions of its own in the place of those that answer signals; put ours back.

    While the body lasts, two to four seconds, SIGTERM ends this process as Ray has it, with 15 or SIGABRT: it answers
    in C++, too. Calling it from another thread than this one made that no rarer.
    """
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    yield
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)
