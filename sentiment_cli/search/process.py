"""The process in which a trial is trained: begun, asked to stop, and what it ended with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import sentiment_cli
from sentiment_cli.machine import available_cores

# Seconds that a training has for saving what it did, once it was asked to stop.
_PATIENCE = 120.0
_LINES = 3


class TrialProcess:
    """A command of ours in a process of its own.

    Ctrl-C on the terminal does not reach it: the sweep tells it to stop, and waits.

    Args:
        arguments: the command, without ``sentiment``.
        log_path: what it says is added there.
        cores: that it may use, as the system numbers them; None: all that this process may use.
    """

    def __init__(self, arguments: Sequence[str], log_path: Path, cores: Sequence[int] | None) -> None:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log_path, self._deadline = log_path, float("inf")
        self._log_start = log_path.stat().st_size if log_path.exists() else 0
        places = "all" if cores is None else ",".join(map(str, cores))
        # -P: modules are not looked for in the working directory, where a user may have a random.py.
        command = [sys.executable, "-P", "-m", "sentiment_cli.cli._trial", str(os.getpid()), places, *arguments]
        with log_path.open("ab") as log:
            self._process = _begin(command, log)

    def ended(self) -> bool:
        """Whether it is over; it is killed where it was asked to stop and takes too long."""
        if self._process.poll() is None and time.monotonic() > self._deadline:
            self._process.kill()
        return self._process.poll() is not None

    def stop(self) -> None:
        """Ask it to save what it did and end."""
        if self._deadline == float("inf"):
            self._deadline = time.monotonic() + _PATIENCE
            self._process.terminate()

    def kill(self) -> None:
        """End it at once; a training goes on from its last checkpoint."""
        self._process.kill()
        self._process.wait()

    @property
    def reason(self) -> str | None:
        """Why it failed; None where it ended as it should."""
        code = self._process.returncode
        if not code:
            return None
        with self._log_path.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode("utf-8", "replace").splitlines()
        begins = [place for place, line in enumerate(lines) if line.startswith(("Error: ", "This is a bug"))]
        if begins:
            return " ".join(lines[begins[-1] :][:_LINES]).removeprefix("Error: ")
        if code < 0:
            known = {number.value: number.name for number in signal.Signals}
            name = known.get(-code, f"signal {-code}")
            return f"killed by {name}" + (": out of memory?" if name == "SIGKILL" else "")
        return f"ended with exit code {code}; see {self._log_path}"


def share_cores(jobs: int) -> list[list[int] | None]:
    """The cores of each of so many processes that run side by side; of one alone, and where there are too few: None.

    TensorFlow begins as many threads as there are cores, and those of two processes would wait for each other.
    """
    if jobs == 1 or jobs > available_cores() or not hasattr(os, "sched_getaffinity"):
        return [None] * jobs
    cores = sorted(os.sched_getaffinity(0))
    return [cores[place::jobs] for place in range(jobs)]


def _begin(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    ours = str(Path(sentiment_cli.__file__).resolve().parent.parent)
    known = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([ours, known] if known else [ours])}
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
    )
