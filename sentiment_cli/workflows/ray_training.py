"""Train on the workers of a Ray cluster, by Ray Train: it starts them, tells them of each other, starts them again."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sentiment_cli.cluster import check_shared
from sentiment_cli.config import Config, config_values, parse_config
from sentiment_cli.config.training import Training
from sentiment_cli.config.yaml_source import dump_yaml
from sentiment_cli.cores import claim_cores
from sentiment_cli.errors import ConfigError, Interrupted, Problem, RunError, SentimentError, UsageError
from sentiment_cli.history import Epoch
from sentiment_cli.ray_cluster import (
    RayWorkers,
    connected,
    last_line,
    node_cores,
    share_cores,
    shared_directory,
    this_node,
)
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.creation import check_free
from sentiment_cli.workflows.prepare import portable
from sentiment_cli.workflows.record import read_config, resume_command
from sentiment_cli.workflows.results import TrainResult

# How often a training is begun anew from its last checkpoint where workers died.
MOST_RESTARTS = 3
# Workers that share a training at least.
_LEAST = 2
# Seconds between two messages of a worker, and between two looks of the caller.
_BETWEEN = 0.5


class RemoteError(SentimentError):
    """What a worker could not do, with its message and exit code."""


def train_on_ray(
    config: Config,
    output_dir: Path | str,
    workers: RayWorkers,
    *,
    progress: Progress | None = None,
    command: str = "",
    config_name: str | None = None,
) -> TrainResult:
    """As `train.train`, by the workers of a Ray cluster, which all have to see the reviews and the run directory.

    Where a worker dies, Ray starts all of them again, and they go on from the last checkpoint, three times at the most.

    Args:
        config: what to train on what.
        output_dir: the run directory; it must not exist.
        workers: who trains, two or more; None for their number: one on each machine.
        progress: told what happens, by the first of them.
        command: the command line, for the run's record.
        config_name: what the configuration is called, for the run's record.

    Raises:
        ConfigError: several workers cannot train this.
        RunError: the directory exists, there is no such cluster, or workers died too often.
        SentimentError: the training failed; the run's record says so.
    """
    _check_count(workers)
    run = Run(Path(output_dir).absolute())
    check_free(run)
    _check_settings(config.training)
    task = {
        "config": dump_yaml(config_values(portable(config))),
        "run": str(run.path),
        "command": command,
        "config_name": config_name,
        "epochs": None,
    }
    return _fit(run, task, workers, progress or Silent(), gpu=config.training.device.startswith("gpu"))


def resume_on_ray(
    run: Run,
    workers: RayWorkers,
    *,
    epochs: int | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> TrainResult:
    """As `train.resume`, by the workers of a Ray cluster.

    Args:
        run: the run.
        workers: as there.
        epochs: new number of epochs in total; None: the configured one.
        progress: told what happens, by the first of them.
        command: the command line, for the run's record.

    Raises:
        RunError: there is nothing to do, there is no such cluster, or workers died too often.
    """
    _check_count(workers)
    if isinstance(run, SeedGroup) or run.group:
        raise UsageError(f"{run.path}: each of several seeds is trained by one process; leave out --ray.")
    absolute = Run(run.path.absolute())
    training = read_config(run, run.read_record()).training
    _check_settings(training)
    task = {"config": None, "run": str(absolute.path), "command": command, "config_name": None, "epochs": epochs}
    return _fit(absolute, task, workers, progress or Silent(), gpu=training.device.startswith("gpu"))


def _fit(run: Run, task: dict[str, Any], workers: RayWorkers, progress: Progress, *, gpu: bool) -> TrainResult:
    with connected(workers, "Training on a Ray cluster") as ray, shared_directory(workers, run.path.parent) as storage:
        load_tensorflow()  # quietly, where the import below would let it speak of the processor and of GPUs
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.tensorflow import TensorflowTrainer

        nodes = node_cores(ray)
        count, cores = share_cores(nodes, workers.count or max(len(nodes), _LEAST))
        progress.note(str(replace(workers, count=count)))
        # On this machine, without which there is nobody to be told.
        mailbox = ray.remote(num_cpus=0, resources={this_node(ray): 0.001})(Mailbox).remote()
        trainer = TensorflowTrainer(
            _work,
            train_loop_config={**task, "mailbox": mailbox, "cores": cores},
            scaling_config=ScalingConfig(num_workers=count, use_gpu=gpu, resources_per_worker={"CPU": cores}),
            run_config=RunConfig(storage_path=storage, failure_config=FailureConfig(max_failures=MOST_RESTARTS)),
        )
        with _relayed(ray, mailbox, progress):
            _run_workers(trainer, run)
        results, refusal = ray.get(mailbox.outcome.remote())
        if results:
            found: TrainResult = results[0]
            return found
        if refusal is not None:
            raise _remote_error(*refusal)
        raise RunError(f"No worker told how the training of {run.path} ended; {run.record_path} may.")


def _run_workers(trainer: Any, run: Run) -> None:
    """Let Ray Train run the workers to their end, and say in our words how that was broken off."""
    try:
        trainer.fit()
    except (KeyboardInterrupt, SystemExit):  # Ray Train answers Ctrl-C by ending this process, as if all were done
        raise Interrupted(f"Stopped. To continue: {resume_command(run)}", exit_code=130) from None
    except Exception as error:
        raise RunError(
            f"The workers of the Ray cluster failed more than {MOST_RESTARTS} times: {last_line(error)}\n"
            f"What was saved is kept. To go on from there: {resume_command(run)}"
        ) from error


def _check_settings(settings: Training) -> None:
    """Raise a ConfigError for what the workers of a cluster cannot train."""
    if settings.strategy == "mirrored":
        what = "mirrored is for the GPUs of one machine; expected auto with --ray"
        raise ConfigError([Problem("", "training.strategy", what)])
    check_shared(settings)


def _check_count(workers: RayWorkers) -> None:
    if workers.count is not None and workers.count < _LEAST:
        raise UsageError(f"--workers {workers.count}: two or more share a training; leave out --ray.")


class Mailbox:
    """What the workers tell the caller; an actor of the cluster."""

    def __init__(self) -> None:
        self._events: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._results: list[TrainResult] = []
        self._error: tuple[str, int] | None = None

    def tell(self, events: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> None:
        """Calls of a `Progress`."""
        self._events += events

    def take(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
        """Those that were told since the last time."""
        events, self._events = self._events, []
        return events

    def done(self, result: TrainResult) -> None:
        """The first worker has finished."""
        self._results.append(result)

    def failed(self, message: str, exit_code: int) -> None:
        """A worker cannot do it, and no other attempt would."""
        self._error = self._error or (message, exit_code)

    def outcome(self) -> tuple[list[TrainResult], tuple[str, int] | None]:
        """How it ended."""
        return self._results, self._error


class Relay:
    """A `Progress` that hands on to a mailbox, twice a second where there is much to tell.

    Args:
        mailbox: the actor.
    """

    def __init__(self, mailbox: Any) -> None:
        self._mailbox, self._waiting, self._sent = mailbox, list[Any](), 0.0

    def note(self, message: str) -> None:
        """At once."""
        self._tell("note", message)

    def warn(self, message: str) -> None:
        """At once."""
        self._tell("warn", message)

    def phase(self, name: str, total: int | None = None) -> None:
        """At once."""
        self._tell("phase", name, total)

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        """Added up with those before."""
        if self._waiting and self._waiting[-1][0] == "advance":
            reviews += self._waiting.pop()[1][0]
        self._waiting.append(("advance", (reviews, loss, accuracy), {}))
        if time.monotonic() - self._sent >= _BETWEEN:
            self._send()

    def epoch_done(self, epoch: Epoch, epochs: int, *, is_best: bool) -> None:
        """At once."""
        self._tell("epoch_done", epoch, epochs, is_best=is_best)

    def _tell(self, name: str, *arguments: Any, **options: Any) -> None:
        self._waiting.append((name, arguments, options))
        self._send()

    def _send(self) -> None:
        self._mailbox.tell.remote(self._waiting)
        self._waiting, self._sent = [], time.monotonic()


def _work(task: dict[str, Any]) -> None:
    """What each worker does. Ray has set TF_CONFIG; an error that it sees lets it start all workers again.

    It has to see one, whatever a worker ends with: the others would wait for that one's numbers for ever, in a process
    that Ray keeps. Those that are started again then find that all was told.
    """
    mailbox, run = task["mailbox"], Run(Path(task["run"]))
    if any(_wait_for(mailbox.outcome.remote())):
        return
    os.environ.pop("TF_USE_LEGACY_KERAS", None)  # another package than Keras 3
    claim_cores(task["cores"])
    from sentiment_cli.cluster import is_first
    from sentiment_cli.workflows.train import go_on, train

    progress: Progress = Relay(mailbox) if is_first() else Silent()
    try:
        # Of a new run the first attempt finds nothing: the first worker makes it once all are there.
        if task["config"] is None or run.record_path.exists():
            result = go_on(run, epochs=task["epochs"], progress=progress, command=task["command"])
        else:
            config = parse_config(task["config"].encode(), "the configuration")
            result = train(
                config, run.path, progress=progress, command=task["command"], config_name=task["config_name"]
            )
    except SentimentError as error:
        if type(error).__name__ == "TeamBroken":  # the others are gone: all are to be started again
            progress.warn(f"{str(error).partition(', so that')[0]}; all are started again from the last checkpoint")
            raise
        _wait_for(mailbox.failed.remote(str(error), error.exit_code))  # this process may end at once
        raise _remote_error(str(error), error.exit_code) from None
    else:
        if is_first():
            _wait_for(mailbox.done.remote(result))


def _wait_for(answer: Any) -> Any:
    import ray

    return ray.get(answer)


@contextlib.contextmanager
def _relayed(ray: Any, mailbox: Any, progress: Progress) -> Iterator[None]:
    """Hand what the mailbox is told to ``progress`` while the body runs."""
    ended = threading.Event()

    def hand_on() -> None:
        for name, arguments, options in ray.get(mailbox.take.remote()):
            getattr(progress, name)(*arguments, **options)

    def watch() -> None:
        while not ended.wait(_BETWEEN):
            hand_on()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        hand_on()


def _remote_error(message: str, exit_code: int) -> RemoteError:
    error = RemoteError(message)
    error.exit_code = exit_code
    return error
