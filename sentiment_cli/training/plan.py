"""What decides how a training runs on the machine, decided once from configuration and data, and kept.

A resumed run takes the same plan, since compiling and padding change the last bits of a sum.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.config.schema import Config
from sentiment_cli.training.batches import choose_widths, training_batches

# XLA copies the whole sequence of outputs at every step of its loop, so that such layers get slower with the square
# of the length: see benchmarks/epoch.py --config imdb_stacked_simple_rnn --set training.jit_compile=true.
# Compiling one width takes one to three seconds on a CPU; an LSTM 32 then spares 0.1 ms a time step (batch 128).
_WIDTHS_WHEN_COMPILED = 8
_TIME_STEPS_THAT_PAY = 200_000


@dataclass(frozen=True)
class Plan:
    """How the training step runs.

    Args:
        jit_compile: whether XLA compiles it.
        widths: the widths of batches, ascending; empty: each batch has the width of its longest review.
        rows: rows of every batch.
        reason: why, for people.
    """

    jit_compile: bool
    widths: tuple[int, ...]
    rows: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for `run.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Plan:
        """The inverse of `to_dict`."""
        return cls(bool(values["jit_compile"]), tuple(values["widths"]), int(values["rows"]), str(values["reason"]))


def make_plan(config: Config, lengths: np.ndarray, *, on_gpu: bool) -> Plan:
    """Choose how to run.

    Args:
        config: the configuration.
        lengths: int64[n], tokens of the training reviews.
        on_gpu: whether the network runs on a GPU.
    """
    rows = min(config.training.batch_size, len(lengths))
    fixed = not config.model.embedding.mask
    compiled, reason = _compiles(config, lengths, on_gpu=on_gpu)
    if fixed:
        return Plan(compiled, (config.text.sequence_length,), rows, reason)
    widths = tuple(choose_widths(lengths, rows, _WIDTHS_WHEN_COMPILED)) if compiled else ()
    return Plan(compiled, widths, rows, reason)


def _compiles(config: Config, lengths: np.ndarray, *, on_gpu: bool) -> tuple[bool, str]:
    wanted = config.training.jit_compile
    if wanted != "auto":
        return wanted, f"training.jit_compile: {str(wanted).lower()}"
    if on_gpu:
        return False, "not compiled: cuDNN runs the recurrent layers, and XLA cannot call it"
    if len(config.model.recurrent) > 1 or config.model.pooling != ["last"]:
        return False, "not compiled: XLA on a CPU is slow where a layer gives its outputs at all steps"
    batches = training_batches(lengths, config.training.batch_size, (), seed=0, epoch=1)
    width = config.text.sequence_length if not config.model.embedding.mask else None
    steps = sum(width or batch.width for batch in batches) * config.training.epochs
    if steps >= _TIME_STEPS_THAT_PAY:
        return True, f"compiled by XLA during the first epoch: {steps:,} time steps repay it"
    return False, f"not compiled: {steps:,} time steps do not repay the compiling"
