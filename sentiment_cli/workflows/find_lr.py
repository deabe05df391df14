"""Find a learning rate for a configuration by a range test; nothing is left behind."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.config import Config
from sentiment_cli.errors import Interrupted, UsageError
from sentiment_cli.learning_rates import RangeTest, rising_rates, summarize
from sentiment_cli.runs import Run
from sentiment_cli.runtime import choose_device, load_tensorflow
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.prepare import prepare


@dataclass(frozen=True)
class Range:
    """What is tried.

    Args:
        lowest: first learning rate, above 0.
        highest: last one, above the first.
        steps: of one sweep, at least 50.
        sweeps: how many times, from the same weights, on other batches.
    """

    lowest: float = 1e-6
    highest: float = 1.0
    steps: int = 200
    sweeps: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.lowest < self.highest < float("inf"):
            raise UsageError(f"Expected 0 < --from < --to, received --from {self.lowest:g} --to {self.highest:g}.")


def find_learning_rate(config: Config, tried: Range | None = None, *, progress: Progress | None = None) -> RangeTest:
    """Train with rising learning rates and see where the loss falls and where it rises.

    Optimizer, batches, network and everything else are those of the configuration; its schedule and average are left
    out. The test part is not read.

    Args:
        config: the configuration; its own learning rate does not matter.
        tried: which learning rates; None: those of `Range`.
        progress: told what happens; None: nobody is.

    Raises:
        SentimentError: what a training would fail with.
        Interrupted: it was stopped.
    """
    progress, tried = progress or Silent(), tried or Range()
    rates = rising_rates(tried.lowest, tried.highest, tried.steps)
    config = config.model_copy(update={"training": config.training.model_copy(update={"evaluate_test": False})})
    with StopRequest(progress.note) as stop, tempfile.TemporaryDirectory(prefix="sentiment-find-lr-") as directory:
        data = prepare(config, progress)
        load_tensorflow()
        device = choose_device(config.training.device)
        from sentiment_cli.workflows.range_test import run_sweeps

        stop.graceful = True
        sweeps = run_sweeps(Job(config, Run(Path(directory)), data, device, progress), rates, tried.sweeps, stop)
        if stop.exit_code is not None:
            raise Interrupted("Stopped; nothing is left behind.", stop.exit_code)
    return summarize(sweeps, rates)
