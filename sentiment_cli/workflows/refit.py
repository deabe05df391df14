"""Train anew on train and validation together, for as many epochs as validation chose."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.fit import StopReason
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.state import TrainingState
from sentiment_cli.workflows.classifier import encode_set
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.record import is_refit
from sentiment_cli.workflows.setup import Setup, pretrain_first
from sentiment_cli.workflows.stopwatch import Stopwatch


def refit(job: Job, setup: Setup, record: dict[str, Any], stop: StopRequest, watch: Stopwatch) -> StopReason:
    """Make the refit of a run, or go on with it, and load its weights into the network of ``setup``.

    It begins with the same random weights, keeps the vocabulary, and has a schedule that spans its own steps. A refit
    for another number of epochs, from before the run was extended, is removed.

    Args:
        job: what is trained; the files go to ``refit`` in its run.
        setup: of the training that chose the number of epochs.
        record: of the run, with ``best_epoch``; under ``refit`` it is told how far the refit is.
        stop: asked whether to go on.
        watch: told the seconds of saving.

    Returns:
        Why it ended. When interrupted, the weights are not loaded.
    """
    if not is_refit(record):
        _begin(job, setup, record)
        if _train(job, setup, record, stop, watch) == "interrupted":
            return "interrupted"
        Checkpoints(job.run.refit.checkpoints_dir).keep_only(record["refit"]["epochs"])
        record["refit"]["finished"] = True
        job.run.write_record(record)
    Checkpoints(job.run.refit.checkpoints_dir).restore_best(setup.network, record["refit"]["epochs"])
    return "all epochs done"


def _begin(job: Job, setup: Setup, record: dict[str, Any]) -> None:
    epochs, reviews = record["best_epoch"], len(setup.splits.train_and_validation)
    if (record.get("refit") or {}).get("epochs") != epochs:
        # The record is written after it: were it the other way round, a kill in between would leave a refit of the
        # old number of epochs that goes on as one of the new.
        if job.run.refit.path.exists():
            shutil.rmtree(job.run.refit.path)
        record["refit"] = {"epochs": epochs, "reviews": reviews, "finished": False}
        job.run.write_record(record)
    job.progress.note(f"Refit: {epochs} epochs anew on train and validation together, {reviews:,} reviews")


def _train(job: Job, setup: Setup, record: dict[str, Any], stop: StopRequest, watch: Stopwatch) -> StopReason:
    reviews, run = setup.splits.train_and_validation, job.run.refit
    encoded = encode_set(job.config, setup.vocabulary, reviews, job.progress, "train and validation")
    state, checkpoints = TrainingState(), Checkpoints(run.checkpoints_dir)
    pretrained = None if checkpoints.has_last else setup.pretrained or pretrain_first(job, record, setup.splits)
    again = setup.anew(job.config, encoded, record["refit"]["epochs"], pretrained)
    if checkpoints.has_last:
        state = checkpoints.restore_last(again.network, again.optimizer, again.average, warn=job.progress.warn)
    trainer = again.trainer(replace(job, run=run), stop)
    reason = trainer.fit(state)
    watch.add("saving", trainer.keeper.seconds)
    return reason
