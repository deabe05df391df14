"""Where one of two workers is killed at any moment, does the other end, and do both go on to the same bits?

Run with: pytest -m faults
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import assert_same_checkpoints
from worker_processes import Workers, write_config

from sentiment_cli.runs import Run

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
    pytest.mark.timeout(7200),
]
KILLS = int(os.environ.get("SENTIMENT_KILLS", "10"))
SIGNALS = [signal.SIGKILL] * 3 + [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def ended() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def end_of(workers: Workers) -> list[int]:
    """The exit codes; one that waits for another which was killed before they met is told by Ctrl-C that none comes."""
    end = time.monotonic() + 120
    while time.monotonic() < end and None in (codes := [process.poll() for process in workers.processes]):
        time.sleep(0.1)
        for rank, process in enumerate(workers.processes):
            is_alone = codes[rank] is None and codes[1 - rank] is not None
            if is_alone and workers.said(rank).rstrip().endswith("waiting for all of them"):
                time.sleep(5)  # it may have met the other, and not found out yet
                if workers.said(rank).rstrip().endswith("waiting for all of them"):
                    process.send_signal(signal.SIGINT)
    return workers.wait(1)


def test_killed_at_random_and_resumed_they_end_as_if_nothing_had_been(
    workplace: Path, tiny_reviews: Path, ended: ExitStack
) -> None:
    path = write_config(workplace, tiny_reviews, ", checkpoint_seconds: 0.05, epochs: 60", "\n  dropout: 0.3")
    path.write_text(path.read_text(encoding="utf-8").replace("epochs: 2, ", ""), encoding="utf-8")

    def begin(*arguments: str | Path) -> Workers:
        workers = Workers(workplace, *arguments)
        ended.callback(workers.end)
        return workers

    started = time.monotonic()
    whole = begin("-c", path, "--output-dir", "whole")
    assert whole.wait() == [0, 0], whole.said(0) + whole.said(1)
    seconds, rng, kills, number = time.monotonic() - started, random.Random(os.environ.get("SENTIMENT_SEED", "1")), 0, 0
    while kills < KILLS:
        number += 1
        name, run = f"killed-{number}", Run(workplace / f"killed-{number}")
        while not run.record_path.exists() or run.read_record()["status"] != "finished":
            workers = begin("--resume", name) if run.record_path.exists() else begin("-c", path, "--output-dir", name)
            if rng.random() < 0.6 and kills < KILLS:
                time.sleep(rng.uniform(0, seconds))
                victim = rng.randrange(2)
                if workers.processes[victim].poll() is None:
                    workers.processes[victim].send_signal(rng.choice(SIGNALS))
                    kills += 1
            codes = end_of(workers)
            assert all(code in (0, 1, 130, 143, -9, -15, -2) for code in codes), workers.said(0) + workers.said(1)
            assert "Traceback" not in workers.said(0) + workers.said(1)
        assert_same_checkpoints(run.path, workplace / "whole")
    print(f"{kills} kills of {number} trainings, all equal")
