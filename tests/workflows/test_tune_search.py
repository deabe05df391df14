"""Does a sweep by Ray Tune come to the trials of one on this machine, also where workers die and it is killed?"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import TINY_CONFIG, assert_same_checkpoints
from ray.tune import TuneError

from sentiment_cli.config import Config, load_config
from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.ray_cluster import RayWorkers
from sentiment_cli.run_sets import Sweep
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.workflows import ray_sweep
from sentiment_cli.workflows import sweep as workflow
from sentiment_cli.workflows.sweep import resume_sweep, run_sweep
from sentiment_cli.workflows.sweep_checks import Limits
from sentiment_cli.workflows.sweep_job import SweepJob
from sentiment_cli.workflows.sweep_result import read_sweep
from sentiment_cli.workflows.trial_training import TrialTraining
from sentiment_cli.workflows.tune_search import Follower
from workflows.played import PLAN, Played, kept, playing

WORKERS = RayWorkers("local", 2)


class PlayedTune:
    """Does what Tune does with a `Follower`: workers that are fast and slow by chance, die, and are stopped.

    Args:
        seed: of chance.
        dies: the share of looks at which a worker dies, and another goes on with its trial.
        until: so many results, after which Ctrl-C comes; None: none does.
    """

    def __init__(self, seed: int, dies: float = 0.0, until: int | None = None) -> None:
        self._rng, self._dies, self._left = random.Random(seed), dies, until
        self.deaths = 0

    def __call__(self, workers: RayWorkers, job: SweepJob) -> str:
        follower, running = Follower(job, 1), dict[str, TrialTraining]()
        number = 0
        while not follower.is_over():
            if (task := follower.begin(str(number))) is not None:
                running[str(number)] = self.begin(task)
                tasks[str(number)] = task
                number += 1
            elif follower.reason is not None and not running:
                break
            assert len(running) <= 2
            for name in list(running):
                if self._rng.random() < self._dies:
                    running[name].kill()
                    running[name] = self.begin(tasks[name])
                    self.deaths += 1
                elif self._rng.random() < 0.3 and follower.tell(name, running[name].look()):
                    self.end(running.pop(name))
                self._count(job)
        for training in running.values():
            self.end(training)
        return follower.reason or ""

    def begin(self, task: dict[str, Any]) -> TrialTraining:
        plan = SearchPlan.from_dict(task["plan"])
        training = TrialTraining(Sweep(task["sweep"]), plan, task["name"], task["values"])
        training.begin()
        return training

    def end(self, training: TrialTraining) -> None:
        training.stop()
        while not training.look().is_over:
            pass

    def _count(self, job: SweepJob) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGINT)


tasks: dict[str, dict[str, Any]] = {}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, workplace: Path) -> Iterator[pytest.MonkeyPatch]:
    with playing(monkeypatch):
        yield monkeypatch


@pytest.fixture
def config(tiny_config: Path) -> Config:
    return load_config(tiny_config)


@pytest.fixture
def whole(played: pytest.MonkeyPatch, config: Config) -> Sweep:
    """Two side by side on this machine."""
    run_sweep(config, "runs/whole", PLAN, Limits(9, jobs=2))
    return Sweep(Path("runs/whole"))


def test_as_many_side_by_side_come_to_the_same_trials_however_long_each_takes(whole: Sweep, config: Config) -> None:
    for seed in range(4):
        rng = random.Random(seed)
        Played.is_busy = staticmethod(lambda rng=rng: rng.random() < 0.7)  # type: ignore[misc]
        run_sweep(config, f"runs/slow-{seed}", PLAN, Limits(9, jobs=2))
        assert kept(Sweep(Path(f"runs/slow-{seed}"))) == kept(whole)
    states = {row[1] for row in kept(whole)}
    assert states == {"COMPLETE", "PRUNED", "FAIL"}


@pytest.mark.parametrize("dies", [0.0, 0.1])
def test_workers_come_to_the_trials_of_this_machine(
    whole: Sweep, config: Config, monkeypatch: pytest.MonkeyPatch, dies: float
) -> None:
    for seed in range(3):
        drive = PlayedTune(seed, dies)
        monkeypatch.setattr(ray_sweep, "drive_on_ray", drive)
        result = run_sweep(config, f"runs/ray-{seed}", PLAN, Limits(9), workers=WORKERS)
        assert (result.status, result.stop_reason) == ("finished", "all trials done")
        assert kept(Sweep(Path(f"runs/ray-{seed}"))) == kept(whole)
        assert (drive.deaths > 0) == (dies > 0)


def test_a_stop_saves_and_either_way_goes_on_with_it(
    whole: Sweep, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in (1, 12, 40):
        name = f"runs/stopped-{at}"
        monkeypatch.setattr(ray_sweep, "drive_on_ray", PlayedTune(at, until=at))
        result = run_sweep(config, name, PLAN, Limits(9), workers=WORKERS)
        assert (result.status, result.exit_code) == ("interrupted", 130)
        sweep = Sweep(Path(name))
        monkeypatch.setattr(ray_sweep, "drive_on_ray", PlayedTune(at))
        resume_sweep(sweep, workers=WORKERS if at == 12 else None)
        assert kept(sweep) == kept(whole)


def test_a_training_that_fails_on_every_worker_is_told(played: pytest.MonkeyPatch, config: Config) -> None:
    def drive(workers: RayWorkers, job: SweepJob) -> str:
        follower = Follower(job, 1)
        assert follower.begin("a") and follower.begin("b")
        follower.fail("a")
        follower.fail("b")
        return "all trials done"

    played.setattr(ray_sweep, "drive_on_ray", drive)
    result = run_sweep(config, "runs/one", PLAN, Limits(2), workers=WORKERS)
    assert [trial.state for trial in result.trials] == ["failed", "failed"]
    assert result.trials[0].reason == "its workers failed; see runs/one/logs/trial-001.txt"


class FailingTuner:
    """In the place of Tune's, which makes a text of errors: the workers of every trial die too often."""

    def __init__(self, trainable: Any, tune_config: Any, run_config: Any) -> None:
        self._searcher, self._stopper = tune_config.search_alg, run_config.stop
        # Else Tune would ask for one when a training ends, and begin it again where there is none.
        assert run_config.checkpoint_config.checkpoint_at_end is False

    def fit(self) -> None:
        number = 0
        while not self._stopper.stop_all():
            number += 1
            assert isinstance(self._searcher.suggest(str(number)), dict)
            try:
                self._searcher.on_trial_complete(str(number), error=True)
            except Exception:
                raise TuneError(traceback.format_exc()) from None
        assert self._searcher.suggest("another") == self._searcher.FINISHED


def test_where_trial_after_trial_fails_the_search_ends_with_the_reason(
    played: pytest.MonkeyPatch, config: Config
) -> None:
    @contextlib.contextmanager
    def connected(workers: RayWorkers, purpose: str) -> Iterator[Any]:
        yield type("Ray", (), {"nodes": staticmethod(lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}])})

    played.setattr(ray_sweep, "connected", connected)
    played.setattr("ray.tune.Tuner", FailingTuner)
    with pytest.raises(RunError, match=r"^All 3 trials so far failed, the last one: its workers failed"):
        run_sweep(config, "runs/hopeless", PLAN, Limits(9), workers=WORKERS)
    record = Sweep(Path("runs/hopeless")).read_record()
    assert record["status"] == "failed"
    assert record["stop_reason"].startswith("All 3 trials so far failed")


def test_jobs_are_those_of_this_machine(config: Config, workplace: Path) -> None:
    with pytest.raises(UsageError, match="--jobs runs trials side by side on this machine; with --ray give --workers"):
        workflow.run_sweep(config, "runs/one", PLAN, Limits(2, jobs=2), workers=WORKERS)


SEARCH = ["-c", "c.yaml", "--grid", "model.recurrent.0.units=3,4", "--trials", "8", "--metric", "val_loss"]
SEARCH += ["--random", "training.learning_rate=log(1e-4,1e-1)"]


def begin(place: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A search, which writes to a file: of a pipe that nobody reads while it runs, it would wait for room."""
    command = [sys.executable, "-m", "sentiment_cli", "sweep", *arguments]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    with (place / "said.txt").open("wb") as said:
        return subprocess.Popen(command, cwd=place, env=environment, stdout=said, stderr=said)


def check_end(process: subprocess.Popen[bytes], place: Path, seconds: float = 600) -> None:
    code = process.wait(seconds)
    said = (place / "said.txt").read_text(encoding="utf-8")
    assert code == 0, said
    assert "Number of trials" not in said  # which is Tune's own
    assert "NotImplementedError" not in said  # nor a failure of what a worker was asked for


def search(place: Path, *arguments: str) -> None:
    check_end(begin(place, *arguments), place)


def find_workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    found = []
    for one in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended
            if "WorkerTraining" in "".join(one.cmdline()):
                found.append(one)
    return found


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_cluster_searches_as_this_machine_does_trial_for_trial_though_a_worker_is_killed(
    workplace: Path, tiny_reviews: Path
) -> None:
    text = TINY_CONFIG.format(source=tiny_reviews.as_posix()).replace("epochs: 2", "epochs: 4")
    (workplace / "c.yaml").write_text(text, encoding="utf-8")
    search(workplace, *SEARCH, "--jobs", "2", "--name", "here")
    search(workplace, *SEARCH, "--ray", "local", "--workers", "2", "--name", "there")
    here, there = Sweep(workplace / "runs/here"), Sweep(workplace / "runs/there")
    plan = SearchPlan.make(SEARCH[3:4], SEARCH[9:10], metric="val_loss")
    assert kept(there, plan) == kept(here, plan)
    for trial in read_sweep(here).trials:
        if trial.state == "finished":
            assert_same_checkpoints(there.trial(trial.name).path, here.trial(trial.name).path)
    process = begin(workplace, *SEARCH, "--ray", "local", "--workers", "2", "--name", "killed")
    killed, end = 0, time.monotonic() + 600
    while process.poll() is None and time.monotonic() < end:
        found = find_workers(process)
        histories = list((workplace / "runs/killed").glob("trial-*/history.csv"))
        if found and len(histories) > killed and killed < 2:
            found[0].kill()
            killed += 1
        time.sleep(0.1)
    check_end(process, workplace, 60)
    assert killed == 2
    assert kept(Sweep(workplace / "runs/killed"), plan) == kept(here, plan)
