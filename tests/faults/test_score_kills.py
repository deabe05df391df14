"""Killed at any moment and started again, does scoring leave the same files as one call that was left alone?

Every process is a real one, and dies by a real signal. Run with: pytest -m faults
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
    pytest.mark.timeout(3600),
]

KILLS = int(os.environ.get("SENTIMENT_SCORE_KILLS", "20"))
SIGNALS = [signal.SIGKILL] * 7 + [signal.SIGTERM] * 2 + [signal.SIGINT]
COUNT = 2_000
WAYS = {"here": [], "cluster": ["--ray", "local", "--workers", "2"]}


def command(output: str, *options: str) -> list[str]:
    base = [sys.executable, "-m", "sentiment_cli", "predict", "--run", "runs/tiny", "--input", "in", "-q"]
    return [*base, "--output", output, "--format", "csv", "--part-rows", "10", *options]


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_any_moment_nothing_is_lost_or_doubled(run_copy: Path, way: str) -> None:
    Path("in").mkdir()
    for name, step in (("a.csv", 7), ("b.csv", 11)):
        rows = [f"{number},{'' if number % step == 3 else f'lovely room {number}'}" for number in range(COUNT)]
        Path("in", name).write_text("\n".join(["id,text", *rows, ""]), encoding="utf-8")
    started = time.monotonic()
    subprocess.run(command("unbroken"), check=True, timeout=600)
    whole = time.monotonic() - started
    chance, codes = random.Random(1), []
    for _ in range(KILLS):
        process = subprocess.Popen(command("out", *WAYS[way]), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Mostly while there is something to be broken: loading takes most of the time, of a cluster twice as much.
        time.sleep(chance.uniform(0.3, 1.1 if way == "here" else 2.5) * whole)
        process.send_signal(chance.choice(SIGNALS))
        _, said = process.communicate(timeout=600)
        codes.append(process.returncode)
        assert b"Traceback" not in said and b"bug in sentiment" not in said, said.decode()
        expected = {0, -signal.SIGKILL, 130, 143, -signal.SIGTERM, -signal.SIGINT}
        if way == "cluster":  # SIGTERM while it starts, see `ray_cluster`
            expected |= {signal.SIGTERM, -signal.SIGABRT}
        assert process.returncode in expected, said.decode()
    subprocess.run(command("out", *WAYS[way]), check=True, timeout=600)
    assert files_of(Path("out")) == files_of(Path("unbroken"))
    assert any(codes), "no process was killed in time"
