"""What decides how a training runs on the machine, decided once from configuration and data, and kept.

A resumed run takes the same plan, since another path, other widths or other threads change the last bits of a sum.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from sentiment_cli.config.schema import Config
from sentiment_cli.recurrent.conditions import loop_blockers
from sentiment_cli.training.batches import choose_widths, planned_epochs, training_batches

Path = Literal["compiled loops", "XLA", "Keras"]

# XLA copies the whole sequence of outputs at every step of its loop, so that such layers get slower with the square
# of the length: see benchmarks/epoch.py --config imdb_stacked_simple_rnn --set training.jit_compile=true.
# Compiling one width takes one to three seconds on a CPU; an LSTM 32 then spares 0.1 ms a time step (batch 128).
_WIDTHS_WHEN_COMPILED = 8
# More than any machine has today; the record of a stranger's run may ask for any number.
_MOST_THREADS = 1024
_TIME_STEPS_THAT_PAY = 200_000


@dataclass(frozen=True)
class Plan:
    """How the training step runs.

    Args:
        path: ``compiled loops``: our own, see `recurrent`; ``XLA``: Keras' layers, compiled as a whole;
            ``Keras``: its layers as they are, on a GPU with cuDNN.
        on_gpu: whether it was made for a GPU.
        threads: of the compiled loops.
        widths: the widths of batches, ascending; empty: each batch has the width of its longest review.
        rows: rows of every batch.
        reason: why, for people.
    """

    path: Path
    on_gpu: bool
    threads: int
    widths: tuple[int, ...]
    rows: int
    reason: str

    @property
    def jit_compile(self) -> bool:
        """Whether XLA compiles the step."""
        return self.path == "XLA"

    @property
    def loop_threads(self) -> int | None:
        """What `model.network.build_network` takes: threads of the compiled loops, or None for stock layers."""
        return self.threads if self.path == "compiled loops" else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for `run.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Plan:
        """The inverse of `to_dict`.

        Raises:
            TypeError, ValueError: it is not a plan.
        """
        if set(values) != {field.name for field in fields(cls)}:
            raise ValueError(f"not a plan: {values}")
        plan = cls(**{**values, "widths": tuple(values["widths"])})
        whole = (plan.threads, plan.rows, *plan.widths)
        if (
            plan.path not in get_args(Path)
            or not isinstance(plan.on_gpu, bool)
            or not isinstance(plan.reason, str)
            or not all(type(number) is int and number >= 1 for number in whole)
            or plan.threads > _MOST_THREADS
            or list(plan.widths) != sorted(plan.widths)
        ):
            raise ValueError(f"not a plan: {values}")
        return plan


def choose_path(config: Config, *, on_gpu: bool) -> tuple[Path | None, str]:
    """How the layers of a configuration run, and why; None: Keras or XLA, as the amount of work has it.

    Args:
        config: the configuration.
        on_gpu: whether the network runs on a GPU.
    """
    wanted, layers = config.training.jit_compile, config.model.recurrent
    if wanted is True:
        return "XLA", "compiled by XLA (training.jit_compile: true)"
    if on_gpu:
        return "Keras", "in Keras' layers, which take cuDNN where they can"
    refused = [f"{index}.{key}" for index, layer in enumerate(layers) for key in loop_blockers(layer)]
    if any(not loop_blockers(layer) for layer in layers):
        rest = f"; in Keras' own loop for model.recurrent.{', '.join(refused)}" if refused else ""
        return "compiled loops", f"in compiled loops over time{rest}"
    why = f"the compiled loops do not know model.recurrent.{', '.join(refused)}"
    adversarial = config.training.adversarial
    if adversarial is not None and adversarial.kind != "labelled":
        return "Keras", f"in Keras' own loop: {why}, and XLA not adversarial.kind: {adversarial.kind}"
    return ("Keras", f"in Keras' own loop: {why}") if wanted is False else (None, why)


def make_plan(config: Config, lengths: np.ndarray, *, on_gpu: bool, threads: int) -> Plan:
    """Choose how to run.

    Args:
        config: the configuration.
        lengths: int64[n], tokens of the training reviews.
        on_gpu: whether the network runs on a GPU.
        threads: the threads that there are.
    """
    rows = min(config.training.batch_size, len(lengths))
    path, reason = choose_path(config, on_gpu=on_gpu)
    if path is None:
        path, reason = _xla_or_keras(config, lengths, reason)
    if not config.model.embedding.mask:
        return Plan(path, on_gpu, threads, (config.text.sequence_length,), rows, reason)
    widths = tuple(choose_widths(lengths, rows, _WIDTHS_WHEN_COMPILED)) if path == "XLA" else ()
    return Plan(path, on_gpu, threads, widths, rows, reason)


def _xla_or_keras(config: Config, lengths: np.ndarray, why: str) -> tuple[Path, str]:
    if len(config.model.recurrent) > 1 or config.model.pooling != ["last"]:
        return "Keras", f"in Keras' own loop: {why}, and XLA is slow where a layer gives its outputs at all steps"
    batches = training_batches(lengths, config.training.batch_size, (), seed=0, epoch=1)
    width = config.text.sequence_length if not config.model.embedding.mask else None
    steps = sum(width or batch.width for batch in batches) * planned_epochs(config.training, len(lengths))
    if steps >= _TIME_STEPS_THAT_PAY:
        return "XLA", f"compiled by XLA during the first epoch: {why}, and {steps:,} time steps repay it"
    return "Keras", f"in Keras' own loop: {why}, and {steps:,} time steps do not repay compiling by XLA"
