"""Do two processes train through tf.distribute to what one does, and what happens where one of them is gone?

Each process imports TensorFlow, which takes ten seconds where two do: run with pytest -m slow.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import assert_same_checkpoints, checkpoint_arrays
from worker_processes import Workers, write_config

from sentiment_cli.history import read_history
from sentiment_cli.runs import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
]


@pytest.fixture
def started() -> Iterator[list[Workers]]:
    """What is started is ended, however the test ends."""
    found: list[Workers] = []
    yield found
    for workers in found:
        workers.end()


def test_two_workers_train_to_the_weights_of_one(workplace: Path, tiny_reviews: Path, started: list[Workers]) -> None:
    from sentiment_cli.config import load_config
    from sentiment_cli.workflows import train

    more = ", clip_norm: 0.5, average: 0.9, class_weight: balanced, schedule: {warmup: 0.2}"
    path = write_config(workplace, tiny_reviews, more)
    train(load_config(path), workplace / "one")
    workers = Workers(workplace, "-c", path, "--output-dir", "two")
    started.append(workers)
    assert workers.wait() == [0, 0], workers.said(0) + workers.said(1)
    one, two = checkpoint_arrays(workplace / "one"), checkpoint_arrays(workplace / "two")
    assert one.keys() == two.keys()
    for name, array in one.items():
        np.testing.assert_allclose(two[name], array, rtol=1e-4, atol=2e-6, err_msg=name)
    record = Run(workplace / "two").read_record()
    assert (record["status"], record["team"]) == ("finished", {"workers": 2, "replicas": 2})
    assert "the first worker has written the run" in workers.said(1)
    command = [sys.executable, "-m", "sentiment_cli", "train", "--resume", "two", "--epochs", "3"]
    alone = subprocess.run(command, cwd=workplace, capture_output=True, text=True, timeout=240, check=True)
    assert "Shared by 1 now and by 2 before: it ends as without a stop but for rounding" in alone.stderr
    assert sorted(path.name for path in workplace.iterdir()) == [
        "c.yaml",
        "one",
        "two",
        *sorted(file.name for file in workers.files),
    ]


@pytest.mark.parametrize(("killed", "number"), [(1, signal.SIGKILL), (0, signal.SIGKILL), (1, signal.SIGSTOP)])
def test_where_one_is_gone_the_other_ends_with_the_command_that_goes_on_to_the_same_bits(
    workplace: Path, tiny_reviews: Path, started: list[Workers], killed: int, number: signal.Signals
) -> None:
    path = write_config(workplace, tiny_reviews, ", checkpoint_seconds: 0.2, epochs: 300", "\n  dropout: 0.3")
    path.write_text(path.read_text(encoding="utf-8").replace("epochs: 2, ", ""), encoding="utf-8")
    workers = Workers(workplace, "-c", path, "--output-dir", "broken")
    started.append(workers)
    workers.wait_for(" 20/300 ")
    workers.processes[killed].send_signal(number)
    assert workers.processes[1 - killed].wait(120) == 1
    said = workers.said(1 - killed)
    assert f"worker {killed} (127.0.0.1:" in said
    assert "start this on every worker: sentiment train --resume broken" in said
    workers.end()
    assert 20 <= len(read_history(Run(workplace / "broken").history_path)) < 300
    again = Workers(workplace, "--resume", "broken")
    started.append(again)
    assert again.wait() == [0, 0], again.said(0) + again.said(1)
    whole = Workers(workplace, "-c", path, "--output-dir", "whole")
    started.append(whole)
    assert whole.wait() == [0, 0], whole.said(0) + whole.said(1)
    assert_same_checkpoints(workplace / "broken", workplace / "whole")


def test_ctrl_c_at_one_worker_stops_both_and_saves(workplace: Path, tiny_reviews: Path, started: list[Workers]) -> None:
    path = write_config(workplace, tiny_reviews)
    workers = Workers(workplace, "-c", path, "--output-dir", "stopped", "--epochs", "3000")
    started.append(workers)
    workers.wait_for(" 5/3000 ", rank=1)
    workers.processes[1].send_signal(signal.SIGINT)
    assert workers.wait(120) == [130, 130]
    assert Run(workplace / "stopped").read_record()["status"] == "interrupted"
    assert "To continue: sentiment train --resume" in workers.said(0)


def test_ctrl_c_ends_a_worker_that_waits_for_the_others(
    workplace: Path, tiny_reviews: Path, started: list[Workers]
) -> None:
    workers = Workers(workplace, "-c", write_config(workplace, tiny_reviews), "--output-dir", "none")
    started.append(workers)
    workers.processes[1].kill()
    workers.wait_for("waiting for all of them")
    time.sleep(2)  # it says so before TensorFlow begins to wait
    workers.processes[0].send_signal(signal.SIGINT)
    assert workers.processes[0].wait(30) == -signal.SIGINT
    assert not (workplace / "none").exists()
