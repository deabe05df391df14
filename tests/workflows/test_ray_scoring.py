"""Does a cluster leave the files that one process leaves, and are the cores shared so that every worker has a place?"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.ray_cluster import RayWorkers
from sentiment_cli.runs import Run
from sentiment_cli.scoring.settings import ScoreSettings
from sentiment_cli.training.progress import Silent
from sentiment_cli.workflows.score import score

SETTINGS = ScoreSettings(form="csv", part_rows=5)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayWorkers]:
    """Two workers on this machine, in a cluster that the tests share."""
    import ray

    ray.init(num_cpus=2, num_gpus=0, include_dashboard=False, log_to_driver=False)
    yield RayWorkers("local", 2)
    ray.shutdown()


def write_table(path: Path, count: int = 43) -> Path:
    rows = [f"{number},{'' if number % 10 == 3 else f'lovely room {number}'}" for number in range(count)]
    path.write_text("\n".join(["id,text", *rows, "a,b,c", ""]), encoding="utf-8")
    return path


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}


class Kill(Silent):
    """Calls a function once, when so many reviews are scored."""

    def __init__(self, after: int, kill: Callable[[], None]) -> None:
        self._left, self._kill = after, kill

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        was, self._left = self._left, self._left - reviews
        if was > 0 >= self._left:
            self._kill()


def kill_a_worker() -> None:
    children = psutil.Process().children(recursive=True)
    (found, *_) = [
        child for child in children if "MapWorker" in child.name() or "MapWorker" in "".join(child.cmdline())
    ]
    os.kill(found.pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_cluster_leaves_the_same_bytes_as_one_process(run_copy: Path, cluster: RayWorkers) -> None:
    table = write_table(Path("a.csv"))
    run = Run(Path("runs/tiny"))
    here = score(run, [table], Path("here"), SETTINGS)
    there = score(run, [table], Path("there"), SETTINGS, workers=cluster)
    with_text = replace(SETTINGS, with_text=True)
    score(run, [table], Path("here-text"), with_text)
    score(run, [table], Path("there-text"), with_text, workers=cluster)
    assert files_of(Path("there-text")) == files_of(Path("here-text"))
    assert (there.rows, there.bad_rows, there.parts) == (here.rows, here.bad_rows, here.parts) == (39, 5, 8)
    assert files_of(Path("there")) == files_of(Path("here"))


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(run_copy: Path, cluster: RayWorkers) -> None:
    table = write_table(Path("a.csv"), 300)
    run = Run(Path("runs/tiny"))
    score(run, [table], Path("here"), SETTINGS)
    score(run, [table], Path("there"), SETTINGS, workers=cluster, progress=Kill(20, kill_a_worker))
    assert files_of(Path("there")) == files_of(Path("here"))


@pytest.mark.slow
def test_a_stop_in_the_middle_is_gone_on_from_by_the_other_way(run_copy: Path, cluster: RayWorkers) -> None:
    table = write_table(Path("a.csv"))
    run = Run(Path("runs/tiny"))
    score(run, [table], Path("here"), SETTINGS)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(run, [table], Path("there"), SETTINGS, workers=cluster, progress=Kill(10, stop))
    assert score(run, [table], Path("there"), SETTINGS).kept == 10
    assert files_of(Path("there")) == files_of(Path("here"))


@pytest.mark.slow
def test_what_is_wrong_on_a_worker_is_said_as_if_it_were_here(
    run_copy: Path, cluster: RayWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, table = Run(Path("runs/tiny")), write_table(Path("a.csv"))
    monkeypatch.setattr("sentiment_cli.workflows.ray_scoring.model_digest", lambda run: "another")
    with pytest.raises(RunError, match="tiny is another run on a worker's machine"):
        score(run, [table], Path("out"), SETTINGS, workers=cluster)
