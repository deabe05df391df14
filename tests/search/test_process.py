"""Is the process of a trial one that says why it failed, stops when told to, and never outlives its sweep?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sentiment_cli.search import process as module
from sentiment_cli.search.process import TrialProcess, share_cores

# Begins a process as a sweep does, one that would go on for a minute, says its number, and waits.
PARENT = """
import os, subprocess, sys, time
child = (
    "import sys, threading, time; from sentiment_cli.cli import _trial;"
    "threading.Thread(target=_trial._follow, args=[int(sys.argv[1])], daemon=True).start();"
    "print('ready', flush=True); time.sleep(60)"
)
command = [sys.executable, "-c", child, str(os.getpid())]
process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
process.stdout.readline()
print(process.pid, flush=True)
time.sleep(60)
"""


def wait_for(process: TrialProcess) -> None:
    deadline = time.monotonic() + 60
    while not process.ended():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_command_runs_in_it_and_what_it_says_is_kept(workplace: Path) -> None:
    process = TrialProcess(["configs", "lstm"], Path("logs/a.txt"), None)
    wait_for(process)
    assert process.reason is None
    assert "recurrent" in Path("logs/a.txt").read_text(encoding="utf-8")


def test_the_reason_is_what_the_last_command_said(workplace: Path) -> None:
    log = Path("a.txt")
    log.write_text("Error: of an earlier process\n", encoding="utf-8")
    process = TrialProcess(
        ["train", "-c", "lstm", "--data", "no/such/directory"], log, [sorted(os.sched_getaffinity(0))[0]]
    )
    wait_for(process)
    assert process.reason is not None
    assert "no/such/directory" in process.reason and "earlier" not in process.reason


def test_a_file_of_the_users_is_taken_for_no_module(workplace: Path) -> None:
    Path("random.py").write_text("raise SystemExit(7)\n", encoding="utf-8")
    process = TrialProcess(["configs"], Path("a.txt"), None)
    wait_for(process)
    assert process.reason is None


def test_what_does_not_stop_in_time_is_killed_and_told_so(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"

    def begin(command: object, log: object) -> subprocess.Popen[bytes]:
        child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
        return child

    monkeypatch.setattr(module, "_begin", begin)
    process = TrialProcess([], Path("a.txt"), None)
    assert not process.ended()
    process.stop()
    wait_for(process)
    assert process.reason == "killed by SIGKILL: out of memory?"


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="there are no signals without names")
def test_a_signal_without_a_name_is_told_by_its_number(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = signal.SIGRTMIN + 1

    def begin(command: object, log: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", f"import os; os.kill(os.getpid(), {number})"])

    monkeypatch.setattr(module, "_begin", begin)
    process = TrialProcess([], Path("a.txt"), None)
    wait_for(process)
    assert process.reason == f"killed by signal {number}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_it_ends_when_the_sweep_is_killed(workplace: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
    assert child.is_running()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_processes_side_by_side_share_the_cores_and_one_alone_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert share_cores(1) == [None]
    monkeypatch.setattr(module, "available_cores", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    assert share_cores(2) == [[0, 2], [1, 3]]
    assert share_cores(5) == [None] * 5
