"""Killed at any moment and resumed, is a sweep the same study as one that was left alone, and nobody left behind?

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
from typing import Any

import psutil
import pytest
from conftest import assert_same_checkpoints, tiny_texts, write_reviews

from sentiment_cli.run_sets import Sweep
from sentiment_cli.workflows.sweep_result import read_sweep

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
    pytest.mark.timeout(3600),
]

KILLS = int(os.environ.get("SENTIMENT_KILLS", "20"))
SIGNALS = [signal.SIGKILL] * 4 + [signal.SIGTERM, signal.SIGINT]
CONFIG = """
data: {{source: "{source}", validation_fraction: 0.25}}
text: {{max_tokens: 200, sequence_length: 24}}
model:
  embedding: {{dim: 8, dropout: 0.1}}
  recurrent: [{{cell: gru, units: 8}}]
training: {{epochs: 3, batch_size: 4, checkpoint_seconds: 0.05}}
"""
SEARCH = ["-c", "config.yaml", "--grid", "model.recurrent.0.units=4,8", "--trials", "6", "--metric", "val_loss"]
SEARCH += ["--random", "training.learning_rate=log(1e-5,1e-1)"]


def begin(place: Path, *arguments: str) -> subprocess.Popen[str]:
    """A sweep in a place of its own, whose cache is its own, too."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "HOME": str(place)}
    command = [sys.executable, "-m", "sentiment_cli", "sweep", *arguments]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=place, env=environment, stdout=quiet, stderr=subprocess.PIPE, text=True)


def told(sweep: Sweep) -> list[dict[str, Any]]:
    """What the record says of the trials, but for times."""
    return [{**trial.to_dict(), "seconds": None} for trial in read_sweep(sweep).trials]


def trainings_of(place: Path) -> list[psutil.Process]:
    """Processes that train there."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        is_trial = "sentiment_cli.cli._trial" in (process.info["cmdline"] or [])
        if is_trial and process.info["cwd"] == str(place):
            found.append(process)
    return found


def test_killed_at_random_and_resumed_it_is_the_same_study(tmp_path: Path) -> None:
    reviews = tmp_path / "reviews"
    write_reviews(reviews / "train", tiny_texts(40))
    (tmp_path / "config.yaml").write_text(CONFIG.format(source=reviews), encoding="utf-8")
    process = begin(tmp_path, *SEARCH, "--name", "whole")
    started = time.monotonic()
    _, said = process.communicate(timeout=1200)
    assert process.returncode == 0, said
    seconds, whole = time.monotonic() - started, Sweep(tmp_path / "runs" / "whole")
    assert {row["state"] for row in told(whole)} <= {"finished", "pruned"}
    rng, kills, number = random.Random(os.environ.get("SENTIMENT_SEED", "1")), 0, 0
    while kills < KILLS:
        number += 1
        sweep = Sweep(tmp_path / "runs" / f"killed{number}")
        while True:
            anew = [*SEARCH, "--name", sweep.path.name]
            process = begin(tmp_path, *(["--resume", sweep.path.name] if sweep.record_path.exists() else anew))
            how = rng.choice(SIGNALS)
            try:
                _, said = process.communicate(timeout=rng.uniform(0, seconds / 2))
                assert process.returncode == 0 or "has finished its" in said, said
                break
            except subprocess.TimeoutExpired:
                process.send_signal(how)
                _, said = process.communicate(timeout=600)
                kills += 1
            assert "Traceback" not in said, said
            assert process.returncode in (-how, 128 + how, 0), said
        assert told(sweep) == told(whole)
        for row in told(whole):
            if row["state"] == "finished":
                name = f"trial-{row['number']:03}"
                assert_same_checkpoints(sweep.path / name, whole.path / name)
        best = whole.best_path.read_text(encoding="utf-8").replace("whole", sweep.path.name)
        assert sweep.best_path.read_text(encoding="utf-8") == best
        assert len(list(sweep.path.glob("trial-*"))) == 6
        assert trainings_of(tmp_path) == []
    states = [row["state"] for row in told(whole)]
    print(f"{kills} kills, {number} sweeps, all equal: {states}")
