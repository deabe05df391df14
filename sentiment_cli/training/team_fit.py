"""The loop over epochs of one of several workers that share each batch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sentiment_cli import __version__
from sentiment_cli.config import config_values
from sentiment_cli.errors import DataError
from sentiment_cli.training.batches import Batch
from sentiment_cli.training.encoded import Arrays
from sentiment_cli.training.fit import Stopped, StopReason, Trainer
from sentiment_cli.training.keeping import Keeper, Onlooker
from sentiment_cli.training.objective import cross_entropy, is_correct
from sentiment_cli.training.scoring import compute_logits, fixed_width, random_states_kept
from sentiment_cli.training.state import TrainingState, parse_state
from sentiment_cli.training.step import build_shared_step
from sentiment_cli.training.team import Team

# Added for each worker to the seeds of Keras' layers, below 2^32, so that workers do not leave out the same.
_APART = 2**40


@dataclass(kw_only=True)
class TeamTrainer(Trainer):
    """One training in progress, each batch of which is shared by a team.

    Review i of a batch goes to replica i modulo their number: they are sorted by length, so that all have as much to
    do. What decides how the training goes on is added up over the team, so that all decide alike.

    Args:
        team: who shares.
    """

    team: Team

    def __post_init__(self) -> None:
        super().__post_init__()
        self._stopping = False

    def _build_step(self) -> Any:
        after = self.average.update if self.average else None
        return build_shared_step(self.network, self.optimizer, self.config, self.team, after=after)

    def _keeper_kind(self) -> type[Keeper]:
        return Keeper if self.team.writes else Onlooker

    def fit(self, state: TrainingState) -> StopReason:
        """As in `Trainer`, from the weights and the state of the first worker on, which `state` becomes equal to.

        Raises:
            DataError: workers have other reviews or another configuration than the first.
            TeamBroken: a worker is gone; the checkpoints are from before that.
        """
        self._check_same()
        self._take_over(state)
        reason = super().fit(state)
        # The first has saved the end, or the others shall not say that it is done.
        self.team.total(np.zeros(1))
        return reason

    def _check_same(self) -> None:
        """Raise a DataError at all workers where one would train something else."""
        # Of the plan, what batches are made of: a worker with a GPU may have none of the widths of one without.
        batches = self.plan.rows, self.plan.widths
        digest = hashlib.sha256(f"{__version__} {config_values(self.config)} {self.epochs} {batches}".encode())
        digest.update(np.ascontiguousarray(self.class_weights).tobytes())
        for reviews in (self.train, *([self.validation] if self.validation else [])):
            for array in (reviews.token_ids.flat, reviews.token_ids.offsets, reviews.labels):
                digest.update(np.ascontiguousarray(array).tobytes())
        ranks = self.team.differing(digest.hexdigest())
        if ranks and self.team.cluster is not None:
            names = ", ".join(f"worker {rank} ({self.team.cluster.addresses[rank]})" for rank in ranks)
            raise DataError(
                f"{names} would train something else than worker 0: other reviews, another configuration, version or "
                "number of epochs. Give all workers the same command, and the same files."
            )

    def _take_over(self, state: TrainingState) -> None:
        """Take variables and state of the first worker, and draw other random numbers than it does."""
        averages = self.average.variables if self.average else []
        variables = [*self.network.variables, *self.optimizer.variables, *averages]
        given = self.team.give([variable.numpy() for variable in variables])
        text = self.team.give_text(state.to_json())
        if self.team.writes:
            return
        for variable, value in zip(variables, given, strict=True):
            variable.assign(value)
        theirs = parse_state(text)
        for field in fields(theirs):
            setattr(state, field.name, getattr(theirs, field.name))
        for variable in self.network.non_trainable_variables:
            if variable.path.endswith("seed_generator_state"):  # the seed of a layer, and how often it drew
                variable.assign(variable.numpy() + np.array([self.team.rank * _APART, 0]))

    def assemble(self, batch: Batch, other: Batch | None = None) -> Arrays:
        """As in `Trainer`, with an axis for the replicas of this worker before that of the rows; padded alike."""
        ranks, rows = self.team.ranks, -(-self.plan.rows // self.team.count)
        labels, weights = np.zeros((len(ranks), rows), np.int32), np.zeros((len(ranks), rows), np.float32)
        present, token_ids = np.zeros((len(ranks), rows), np.float32), []
        for place, rank in enumerate(ranks):
            own = batch.indices[rank :: self.team.count]
            labels[place, : len(own)] = self.train.labels[own]
            weights[place, : len(own)] = self.class_weights[self.train.labels[own]]
            present[place, : len(own)] = 1
            token_ids.append(self.train.token_ids.pad(own, batch.width, rows))
        return Arrays(np.stack(token_ids), labels, weights, present, None, batch.indices)

    def _step(self, arrays: Arrays) -> Any:
        asked = np.full(len(self.team.ranks), self.stop.exit_code is not None, np.float32)
        shares: Any = zip(arrays.token_ids, arrays.labels, arrays.weights, arrays.present, asked, strict=True)
        with self.team.broken_told():
            *figures, stop = self.train_step(np.float32(arrays.count), *self.team.spread(list(shares)))
            self._stopping = self._stopping or float(stop) > 0
            return figures

    def _check_stop(self) -> None:
        """Stop where all workers know that one of them was asked to."""
        if self._stopping:
            raise Stopped

    def _validate(self) -> tuple[float | None, float | None]:
        """The figures of all validation reviews, of which each worker predicts its share."""
        if self.validation is None:
            return None, None
        own = np.arange(self.team.rank, len(self.validation.labels), self.team.workers)
        self.progress.phase("validation", len(own))
        with random_states_kept(self.network), self.keeper.weights_to_keep():
            logits = compute_logits(
                self.score_step,
                self.validation.token_ids.take(own),
                batch_size=max(self.config.training.batch_size, 128),
                fixed_width=fixed_width(self.config),
                progress=self.progress.advance,
            )
        labels = self.validation.labels[own]
        losses = np.asarray(cross_entropy(labels, logits), np.float64) if len(own) else np.zeros(0)
        correct = int(np.sum(is_correct(labels, logits))) if len(own) else 0
        asked = self.stop.exit_code is not None
        loss_sum, right, stop = self.team.total(np.array([losses.sum(), correct, asked], np.float64))
        if stop:
            self._stopping = True
            raise Stopped
        return float(loss_sum) / len(self.validation.labels), float(right) / len(self.validation.labels)
