"""Do processes that claim cores get others than those that are claimed, and are they free when one has ended?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from filelock import FileLock

from sentiment_cli import cores

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="binding a process to cores needs Linux, and two of them",
)
CLAIM = """
import os, sys, threading
from sentiment_cli.cores import claim_cores
ended = threading.Event()
found = []
def work():
    ended.wait()
    found.append(sorted(os.sched_getaffinity(0)))
thread = threading.Thread(target=work)
thread.start()
claim_cores(int(sys.argv[1]))
ended.set()
thread.join()
assert found == [sorted(os.sched_getaffinity(0))], found
print(*found[0], flush=True)
sys.stdin.read()
"""


class Claimer:
    """A process that claims cores and waits; with a directory for locks of the test's own."""

    def __init__(self, place: Path, count: int) -> None:
        environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", CLAIM, str(count)]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout
        self.cores = {int(core) for core in self.process.stdout.readline().split()}

    def __enter__(self) -> Claimer:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def claimed() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_each_process_has_cores_of_its_own_all_its_threads_too(tmp_path: Path, claimed: ExitStack) -> None:
    every = os.sched_getaffinity(0)
    first, second = (claimed.enter_context(Claimer(tmp_path, 1)) for _ in range(2))
    assert len(first.cores) == len(second.cores) == 1
    assert first.cores.isdisjoint(second.cores)
    assert claimed.enter_context(Claimer(tmp_path, len(every))).cores == every


def test_the_cores_of_a_killed_process_are_free_again(tmp_path: Path, claimed: ExitStack) -> None:
    every = os.sched_getaffinity(0)
    with Claimer(tmp_path, len(every) - 1) as first:
        taken = first.cores
    assert claimed.enter_context(Claimer(tmp_path, len(every) - 1)).cores == taken


@pytest.mark.parametrize(("looks", "bound"), [(3, True), (1000, False)])
def test_cores_that_are_free_a_moment_later_are_waited_for(
    monkeypatch: pytest.MonkeyPatch, looks: int, bound: bool
) -> None:
    tries, slept, places = [], [], []

    def lock(core: int) -> FileLock | None:
        tries.append(core)
        return FileLock("never") if len(tries) > looks * len(os.sched_getaffinity(0)) else None

    monkeypatch.setattr(cores, "_HELD", [])
    monkeypatch.setattr(cores, "_lock", lock)
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("time.monotonic", lambda: sum(slept))
    monkeypatch.setattr("os.sched_setaffinity", lambda thread, cores: places.append(cores))
    cores.claim_cores(1)
    assert bool(places) == bool(cores._HELD) == bound
    assert sum(slept) == pytest.approx(0.3 if bound else 3, abs=0.15)
