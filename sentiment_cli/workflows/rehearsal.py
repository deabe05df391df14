"""A training up to its first steps: what it would cost, and what would fail later."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import keras

from sentiment_cli.model.export import save_end_to_end
from sentiment_cli.training.batches import training_batches
from sentiment_cli.training.checkpoint import take_snapshot
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.state import TrainingState
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.results import DryRun
from sentiment_cli.workflows.setup import Setup, set_up
from sentiment_cli.workflows.stopwatch import Stopwatch

_TIMED_STEPS = 8


def rehearse(job: Job, target: Path) -> DryRun:
    """Set up a training, save and reload the untrained network, and time a few steps.

    Args:
        job: what is trained; its run is a temporary directory.
        target: where the run would go.
    """
    config, run, progress = job.config, job.run, job.progress
    setup = set_up(job, {}, Stopwatch(), learn=False)
    warnings = setup.warnings(job, target)
    for warning in warnings:
        progress.warn(warning)
    progress.phase("saving and reloading")
    checkpoints, state = Checkpoints(run.checkpoints_dir), TrainingState()
    checkpoints.save_last(take_snapshot(setup.network, setup.optimizer, state, setup.average), state)
    checkpoints.restore_last(setup.network, setup.optimizer, setup.average, warn=progress.warn)
    save_end_to_end(run.model_path, config, setup.vocabulary, setup.network)
    keras.models.load_model(run.model_path)
    seconds = _epoch_seconds(job, setup)
    test = job.data.layout.test
    return DryRun(
        reviews={
            "train": len(setup.splits.train),
            "validation": len(setup.splits.validation or ()),
            "test": len(test.paths) if test else len(setup.splits.test()),
        },
        parameters=setup.network.count_params(),
        device=job.device.description,
        plan=setup.plan.reason,
        seconds_per_epoch=round(seconds, 3),
        expected_seconds=round(seconds * setup.epochs * _passes(job, setup), 1),
        memory_bytes=_peak_memory(),
        warnings=warnings,
    )


def _epoch_seconds(job: Job, setup: Setup) -> float:
    """Estimate an epoch from steps of typical width, each width compiled or traced before it is timed."""
    config, trainer = job.config, setup.trainer(job, StopRequest(job.progress.note))
    lengths = setup.train.token_ids.lengths
    batches = training_batches(lengths, config.training.batch_size, setup.plan.widths, config.training.seed, 1)
    by_width = sorted(batches, key=lambda batch: batch.width)
    timed = [by_width[(2 * index + 1) * len(by_width) // (2 * _TIMED_STEPS)] for index in range(_TIMED_STEPS)]
    job.progress.phase("timing steps")
    state = TrainingState()
    others = trainer.unlabelled_batches(0)
    for batch in {batch.width: batch for batch in timed}.values():
        trainer.train_on(trainer.assemble(batch, next(others)), state)
    started = time.perf_counter()
    for batch in timed:
        trainer.train_on(trainer.assemble(batch, next(others)), state)
    return (time.perf_counter() - started) / len(timed) * len(batches)


def _passes(job: Job, setup: Setup) -> float:
    """How many times a pass over the training part an epoch costs, where a refit has as many epochs at the most."""
    both = len(setup.splits.train_and_validation) / len(setup.splits.train)
    return 1 + both if job.config.training.refit else 1


def _peak_memory() -> int | None:
    """Peak resident memory of this process in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
