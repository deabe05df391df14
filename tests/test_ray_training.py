"""Does a training on a Ray cluster end as one at home does, and what do its workers tell the caller?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from click.testing import Result
from conftest import TINY_CONFIG, Told, checkpoint_arrays

from sentiment_cli.errors import ConfigError, Interrupted, RunError
from sentiment_cli.history import Epoch, read_history
from sentiment_cli.ray_cluster import RayWorkers
from sentiment_cli.runs import Run
from sentiment_cli.workflows import ray_training
from sentiment_cli.workflows.ray_training import Mailbox, Relay, RemoteError, resume_on_ray, train_on_ray

ROW = Epoch(epoch=1, loss=0.5, accuracy=0.5, val_loss=None, val_accuracy=None, learning_rate=0.1, seconds=1.0)


class Posted:
    """A mailbox in this process, with the calls that Ray makes of an actor's methods."""

    def __init__(self) -> None:
        self.box = Mailbox()
        self.tell = self
        self.sent = 0

    def remote(self, events: Any) -> None:
        self.sent += 1
        self.box.tell(events)


def replay(posted: Posted, progress: Any) -> None:
    for name, arguments, options in posted.box.take():
        getattr(progress, name)(*arguments, **options)


def test_what_a_worker_is_told_arrives_in_order_and_its_steps_are_added_up() -> None:
    class Written(Told):
        def __init__(self) -> None:
            super().__init__()
            self.calls: list[Any] = []

        def note(self, message: str) -> None:
            self.calls.append(message)

        def warn(self, message: str) -> None:
            self.calls.append(message)

        def phase(self, name: str, total: int | None = None) -> None:
            self.calls.append((name, total))

        def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
            self.calls.append((reviews, loss, accuracy))

        def epoch_done(self, epoch: Epoch, epochs: int, *, is_best: bool) -> None:
            self.calls.append((epoch, epochs, is_best))

    posted, heard = Posted(), Written()
    relay = Relay(posted)
    relay.note("first")
    relay.phase("epoch 1/2", 100)
    for _ in range(50):
        relay.advance(2, 0.5, 0.25)
    relay.epoch_done(ROW, 2, is_best=True)
    relay.warn("last")
    replay(posted, heard)
    steps = [call for call in heard.calls if isinstance(call, tuple) and call[1:] == (0.5, 0.25)]
    assert sum(reviews for reviews, _, _ in steps) == 100
    assert [call for call in heard.calls if call not in steps] == ["first", ("epoch 1/2", 100), (ROW, 2, True), "last"]
    assert posted.sent < 10
    replay(posted, heard)
    assert heard.calls[-1] == "last"


def test_the_first_error_of_a_mailbox_is_the_outcome() -> None:
    box = Mailbox()
    assert box.outcome() == ([], None)
    box.failed("one", 2)
    box.failed("another", 1)
    assert box.outcome() == ([], ("one", 2))


class Near:
    """A mailbox in this process, all of whose methods are called as those of an actor."""

    def __init__(self) -> None:
        self.box = Mailbox()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.box, name)
        return type("Method", (), {"remote": staticmethod(method)})


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> Near:
    monkeypatch.setattr(ray_training, "_wait_for", lambda answer: answer)
    monkeypatch.setattr(ray_training, "claim_cores", lambda count: None)
    return Near()


def task_of(near: Near, run: Path) -> dict[str, Any]:
    return {"mailbox": near, "run": str(run), "config": None, "command": "", "epochs": None, "cores": 1}


def test_a_worker_that_cannot_do_it_ends_the_others_and_those_started_again_do_nothing(
    near: Near, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RemoteError, match=r"run\.json"):  # what ends the workers that wait for this one
        ray_training._work(task_of(near, tmp_path / "none"))
    _, refusal = near.box.outcome()
    assert refusal is not None
    assert refusal[1] == 1
    monkeypatch.setattr(ray_training, "claim_cores", lambda count: pytest.fail("it began"))
    ray_training._work(task_of(near, tmp_path / "none"))
    assert near.box.outcome() == ([], refusal)


def test_workers_that_are_started_again_after_the_end_change_nothing(near: Near, run_copy: Path) -> None:
    done: Any = object()
    near.box.done(done)
    ray_training._work(task_of(near, run_copy))
    assert near.box.outcome() == ([done], None)


def test_ctrl_c_which_ray_takes_for_an_end_is_told_as_one(tmp_path: Path) -> None:
    class Trainer:
        def fit(self) -> None:
            sys.exit(0)

    with pytest.raises(Interrupted, match=r"^Stopped\. To continue: sentiment train --resume") as error:
        ray_training._run_workers(Trainer(), Run(tmp_path / "one"))
    assert error.value.exit_code == 130


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--workers", "2"], "add --ray local"), (["--ray", "local", "--workers", "1"], "two or more")],
)
def test_workers_without_a_cluster_and_too_few_are_refused(
    cli: Callable[..., Result], tiny_config: Path, options: list[str], message: str
) -> None:
    result = cli("train", "-c", tiny_config, *options)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("option", ["--force", "--dry-run", "--seeds=2"])
def test_what_one_process_does_does_not_go_with_a_cluster(cli: Callable[..., Result], option: str) -> None:
    result = cli("train", "--ray", "local", option)
    assert result.exit_code == 2
    assert f"{option.partition('=')[0]} is done by one process" in result.stderr


def test_what_cannot_be_trained_is_refused_before_ray_is_loaded(run_copy: Path, tiny_config: Path) -> None:
    from sentiment_cli.config import load_config

    workers = RayWorkers("local", 2)
    with pytest.raises(RunError, match="exists; a run is never overwritten silently"):
        train_on_ray(load_config(tiny_config), run_copy, workers)
    with pytest.raises(RunError, match=r"run\.json"):
        resume_on_ray(Run(run_copy.parent / "none"), workers)
    with pytest.raises(ConfigError, match=r"training\.refit: is done by one process"):
        shared = load_config(tiny_config, settings=("training.refit=true",))
        train_on_ray(shared, run_copy.parent / "new", workers)


def train_in_child(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sentiment_cli", "train", "--ray", "local", "--workers", "2", "--json", *arguments]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    return subprocess.Popen(
        command, cwd=directory, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def write_config(place: Path, reviews: Path, *changes: tuple[str, str]) -> Path:
    text = TINY_CONFIG.format(source=reviews.as_posix())
    for old, new in changes:
        text = text.replace(old, new)
    (place / "c.yaml").write_text(text, encoding="utf-8")
    return place / "c.yaml"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_worker_of_a_cluster_is_killed_and_the_training_goes_on_from_its_checkpoint(
    workplace: Path, tiny_reviews: Path
) -> None:
    from sentiment_cli.config import load_config
    from sentiment_cli.workflows import train

    changes = ("epochs: 2", "epochs: 150"), ("seed: 3", "seed: 3, checkpoint_seconds: 0.2")
    path = write_config(workplace, tiny_reviews, *changes)
    train(load_config(path), workplace / "one")
    process = train_in_child(workplace, "-c", "c.yaml", "--output-dir", "two")
    history = Run(workplace / "two").history_path
    end = time.monotonic() + 400
    while not history.exists() or len(read_history(history)) < 10:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)
    workers = [one for one in psutil.Process(process.pid).children(recursive=True) if "RayTrainWorker" in one.name()]
    workers = workers or [
        one
        for one in psutil.Process(process.pid).children(recursive=True)
        if any("RayTrainWorker" in part for part in one.cmdline())
    ]
    workers[-1].send_signal(signal.SIGKILL)
    output, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors
    assert json.loads(output)["epochs"] == 150
    assert errors.count("waiting for all of them") >= 2
    assert "cannot go on" not in errors
    one, two = checkpoint_arrays(workplace / "one"), checkpoint_arrays(workplace / "two")
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_a_worker_cannot_do_is_told_with_its_exit_code_and_not_tried_again(
    workplace: Path, tiny_reviews: Path
) -> None:
    write_config(workplace, tiny_reviews, ("0.05", "1.0e+30, optimizer: sgd"))
    process = train_in_child(workplace, "-c", "c.yaml", "--output-dir", "two")
    output, errors = process.communicate(timeout=500)
    assert (process.returncode, output) == (1, "")
    assert errors.count("waiting for all of them") == 1
    assert "cudart" not in errors and "oneDNN" not in errors  # what TensorFlow says when it is loaded
    assert "Lower training.learning_rate" in errors
    assert Run(workplace / "two").read_record()["status"] == "failed"
