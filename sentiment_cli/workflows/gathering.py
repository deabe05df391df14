"""How the workers of a training come together, and what one of them does that does not write the run."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sentiment_cli.cluster import Cluster
from sentiment_cli.config import write_config
from sentiment_cli.config.training import Training
from sentiment_cli.runs import Run
from sentiment_cli.runtime import Device, choose_device
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.record import resume_command
from sentiment_cli.workflows.results import TrainResult

if TYPE_CHECKING:
    from sentiment_cli.training.team import Team


def gather(
    settings: Training,
    sharing: Literal["alone", "mirrored", "multi_worker"],
    cluster: Cluster | None,
    progress: Progress,
) -> tuple[Device, Team | None]:
    """The device of this process, and the team that it belongs to; None: it trains alone. TensorFlow must be loaded.

    Args:
        settings: the ``training`` section.
        sharing: of `cluster.chosen_strategy`.
        cluster: the workers, which are waited for.
        progress: told what happens.

    Raises:
        DeviceError: the device that was asked for cannot be used.
        TeamBroken: the workers did not come.
    """
    if sharing == "alone":
        return choose_device(settings.device), None
    from sentiment_cli.training.team import join, mirror

    if sharing == "multi_worker" and cluster is not None:
        device = choose_device(settings.device, untried=True)
        return device, join(cluster, progress.note)
    device = choose_device(settings.device, every_gpu=settings.device in ("auto", "gpu"))
    devices = _devices(device)
    if len(devices) == 1:
        progress.note("training.strategy: mirrored finds one device, which trains alone")
        return device, None
    return replace(device, description=f"{len(devices)} devices, the first {device.description}"), mirror(devices)


def train_along(run: Run, job: Job, record: dict[str, Any], stop: StopRequest) -> TrainResult:
    """Do a worker's share of a training that another process writes down.

    Args:
        run: which that is; read where the training goes on, and never written to.
        job: what is trained.
        record: of the run.
        stop: asked whether to go on.
    """
    from sentiment_cli.workflows.training import run_training

    with tempfile.TemporaryDirectory(prefix="sentiment-worker-") as directory, way_on_told(run):
        own = Run(Path(directory) / (run.name or "run"))
        own.path.mkdir()
        write_config(own.config_path, job.config)
        if record.get("vocabulary") and run.vocabulary_path.exists():
            shutil.copyfile(run.vocabulary_path, own.vocabulary_path)
        if run.checkpoints_dir.exists() and record.get("plan"):
            shutil.copytree(run.checkpoints_dir, own.checkpoints_dir)
        return replace(run_training(replace(job, run=own), record, stop), run=run)


@contextlib.contextmanager
def way_on_told(run: Run) -> Iterator[None]:
    """Where the others of a team are gone in the body, add how the training goes on."""
    try:
        yield
    except Exception as error:
        if type(error).__name__ != "TeamBroken":  # whose module needs TensorFlow
            raise
        raise type(error)(
            f"{error}\nWhat was saved is kept. To go on from there, start this on every worker: {resume_command(run)}"
        ) from error


def _devices(device: Device) -> list[str]:
    import tensorflow as tf

    kind = "GPU" if device.is_gpu else "CPU"
    return [f"/{kind.lower()}:{index}" for index in range(len(tf.config.list_logical_devices(kind)))]
