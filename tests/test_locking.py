"""Do two processes keep out of each other's way, and does a lock end with the process that held it?"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Told

from sentiment_cli.errors import RunError
from sentiment_cli.locking import locked
from sentiment_cli.runs import Run
from sentiment_cli.workflows import ProbeSettings, choose_probes, evaluate, probe, resume, train

HOLD = """
import sys
from pathlib import Path
from sentiment_cli.locking import locked

with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock until its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_another_process_holds_is_an_error_until_that_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "new" / ".lock"
    with held_by_another(path) as process:
        message = r"Another process is writing .*new\. Wait for it to end, or stop it\."
        with pytest.raises(RunError, match=message), locked(path):
            pass
        process.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        process.wait()
        with locked(path):
            pass


def test_one_that_waits_is_told_so_once_and_goes_on_when_the_other_has_ended(tmp_path: Path) -> None:
    path, told = tmp_path / ".lock", []
    with held_by_another(path) as process:

        def wait() -> None:
            told.append("waiting")
            threading.Timer(0.2, process.kill).start()

        with locked(path, wait=wait):
            assert process.wait() != 0
    assert told == ["waiting"]


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / ".lock"):
        _ = 1 / 0
    with locked(tmp_path / ".lock"):
        pass


def test_a_place_that_cannot_be_written_to_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"file cannot be written to: "), locked(tmp_path / "file" / ".lock"):
        pass


def test_a_run_that_another_process_writes_is_neither_continued_nor_replaced(run_copy: Path, tiny_config: Path) -> None:
    from sentiment_cli.config import load_config

    before = {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()}
    with held_by_another(Run(run_copy).lock_path):
        with pytest.raises(RunError, match="Another process is writing"):
            resume(Run(run_copy), epochs=9)
        with pytest.raises(RunError, match="Another process is writing"):
            train(load_config(tiny_config), run_copy, force=True)
    assert {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()} == before


def test_a_probe_that_is_kept_waits_for_another_one_and_not_for_a_training(run_copy: Path) -> None:
    run, told = Run(run_copy), Told()
    chosen = choose_probes(run, domain="stay", only=["plain_opinion"])
    settings = ProbeSettings(cases=2)
    record = run.read_record()
    with held_by_another(run.lock_path) as process:
        run.write_record({**record, "status": "running"})
        with pytest.raises(RunError, match="Another process is writing"):
            probe(run, chosen, settings)
        assert not run.probes_path.exists()
        run.write_record(record)
        assert probe(run, chosen, replace(settings, keep=False)).outcomes
        threading.Timer(0.5, process.kill).start()
        probe(run, chosen, settings, progress=told)
    assert any("is waited for" in line for line in told.notes)
    assert run.probes_path.exists()


def test_an_evaluation_waits_for_another_one_and_not_for_a_training(run_copy: Path) -> None:
    run, told = Run(run_copy), Told()
    record = run.read_record()
    with held_by_another(run.lock_path) as process:
        run.write_record({**record, "status": "running"})
        with pytest.raises(RunError, match="Another process is writing"):
            evaluate(run)
        run.write_record(record)
        threading.Timer(0.5, process.kill).start()
        assert evaluate(run, progress=told).evaluation.to_dict() == run.read_metrics()["test"]
    assert any("is waited for" in line for line in told.notes)
