"""The steps of a learning-rate range test: a training whose learning rate rises from step to step, several times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sentiment_cli.learning_rates import Sweep, has_diverged
from sentiment_cli.training.batches import endless_batches
from sentiment_cli.training.fit import Trainer
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.setup import Setup, set_up
from sentiment_cli.workflows.stopwatch import Stopwatch


def run_sweeps(job: Job, rates: Sequence[float], repeats: int, stop: StopRequest) -> list[Sweep]:
    """Train from the same fresh weights with rising learning rates, on other batches each time.

    Args:
        job: what is trained; its schedule and average are left out.
        rates: ascending, one for each step.
        repeats: how many times.
        stop: asked after each step.

    Returns:
        The losses of each time, up to where it diverged or was stopped.
    """
    settings = job.config.training.model_copy(update={"schedule": None, "average": None})
    job = replace(job, config=job.config.model_copy(update={"training": settings}))
    setup = set_up(job, {}, Stopwatch())
    trainer = setup.trainer(job, stop)
    variables = [*setup.network.variables, *setup.optimizer.variables]
    fresh = [variable.numpy() for variable in variables]
    job.progress.phase("raising the learning rate", repeats * len(rates))
    sweeps = []
    for repeat in range(repeats):
        for variable, value in zip(variables, fresh, strict=True):
            variable.assign(value)
        sweeps.append(_sweep(job, setup, trainer, rates, repeat))
        if stop.exit_code is not None:
            break
    return sweeps


def _sweep(job: Job, setup: Setup, trainer: Trainer, rates: Sequence[float], repeat: int) -> Sweep:
    settings, lengths = job.config.training, setup.train.token_ids.lengths
    first = repeat * len(rates)
    batches = endless_batches(lengths, settings.batch_size, setup.plan.widths, settings.seed, first)
    others = trainer.unlabelled_batches(first)
    losses: list[float] = []
    for rate, batch, other in zip(rates, batches, others, strict=False):
        arrays = trainer.assemble(batch, other)
        setup.optimizer.learning_rate.assign(rate)
        loss_sum, _, norm = trainer.train_step(
            arrays.token_ids, arrays.labels, arrays.weights, arrays.present, arrays.unlabelled
        )
        loss = float(loss_sum) / arrays.count
        if not math.isfinite(loss + float(norm)):
            break
        losses.append(loss)
        job.progress.advance(1)
        if has_diverged(losses) or trainer.stop.exit_code is not None:
            break
    return Sweep(tuple(rates[: len(losses)]), tuple(losses))
