"""Train anew on train and validation together, for as many epochs as validation chose."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from sentiment_cli.training.checkpoint import TrainingState, restore_checkpoint
from sentiment_cli.training.fit import StopReason
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.workflows.classifier import encode_set
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.record import is_refit
from sentiment_cli.workflows.setup import Setup, pretrain_first


def refit(job: Job, setup: Setup, record: dict[str, Any], stop: StopRequest) -> StopReason:
    """Make the refit of a run, or go on with it, and load its weights into the network of ``setup``.

    It begins with the same random weights, keeps the vocabulary, and has a schedule that spans its own steps. A refit
    for another number of epochs, from before the run was extended, is removed.

    Args:
        job: what is trained; the files go to ``refit`` in its run.
        setup: of the training that chose the number of epochs.
        record: of the run, with ``best_epoch``; under ``refit`` it is told how far the refit is.
        stop: asked whether to go on.

    Returns:
        Why it ended. When interrupted, the weights are not loaded.
    """
    if not is_refit(record):
        _begin(job, setup, record)
        if _train(job, setup, record, stop) == "interrupted":
            return "interrupted"
        record["refit"]["finished"] = True
        job.run.write_record(record)
    restore_checkpoint(job.run.refit.best_checkpoint_path, setup.network)
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


def _train(job: Job, setup: Setup, record: dict[str, Any], stop: StopRequest) -> StopReason:
    reviews, run = setup.splits.train_and_validation, job.run.refit
    encoded = encode_set(job.config, setup.vocabulary, reviews, job.progress, "train and validation")
    goes_on = run.last_checkpoint_path.exists()
    pretrained = None if goes_on else setup.pretrained or pretrain_first(job, record, setup.splits)
    again = setup.anew(job.config, encoded, record["refit"]["epochs"], pretrained)
    state = TrainingState()
    if goes_on:
        state = restore_checkpoint(run.last_checkpoint_path, again.network, again.optimizer, again.average)
    return again.trainer(replace(job, run=run), stop).fit(state)
