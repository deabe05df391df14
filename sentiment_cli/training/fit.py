"""The loop over epochs: steps, validation, the best and the last checkpoint, early stopping, interruption."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sentiment_cli.ahead import computed_ahead
from sentiment_cli.batch_history import Step
from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError, SentimentError, shorten_list
from sentiment_cli.history import Epoch
from sentiment_cli.runs import Run
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.training.averaging import AveragedWeights
from sentiment_cli.training.batches import Batch, endless_batches, steps_per_epoch, training_batches
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.encoded import Arrays, EncodedSet
from sentiment_cli.training.event_log import EventLog
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.keeping import Keeper
from sentiment_cli.training.objective import cross_entropy, is_correct
from sentiment_cli.training.patience import count_patience, note_best, patience_is_over
from sentiment_cli.training.plan import Plan
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.schedule import StepRates, learning_rate
from sentiment_cli.training.scoring import compute_logits, fixed_width, random_states_kept
from sentiment_cli.training.state import TrainingState
from sentiment_cli.training.step import build_score_step, build_train_step

# Seconds.
_PACE_AFTER = 10.0

StopReason = Literal["all epochs done", "early stopping", "interrupted"]


class NotFinite(SentimentError):
    """The loss or a weight became infinite or not a number."""


@dataclass
class Trainer:
    """One training in progress.

    Args:
        config: the configuration.
        run: where checkpoints and the history go.
        network: with the weights that the state belongs to.
        optimizer: likewise.
        plan: how the step runs.
        train: what the weights are fitted to.
        validation: what the best epoch is chosen by; None: the last epoch is kept.
        class_weights: float32[classes], the weight of each class in the loss.
        progress: told what happens.
        stop: asked after every batch whether to go on.
        epochs: how many there are to be in all.
        average: of the weights, which is validated and kept as best in their place; None: the weights are.
        unlabelled: the reviews of virtual adversarial training.
    """

    config: Config
    run: Run
    network: Any
    optimizer: Any
    plan: Plan
    train: EncodedSet
    validation: EncodedSet | None
    class_weights: np.ndarray
    progress: Progress
    stop: StopRequest
    epochs: int
    average: AveragedWeights | None = None
    unlabelled: TokenIds | None = None

    def __post_init__(self) -> None:
        self.train_step = self._build_step()
        self.score_step = build_score_step(self.network)
        self.rates = StepRates(self.config.training, len(self.train.labels), self.epochs)
        self.told_pace = False
        self.norms: list[float] = []  # of the gradients of the last two steps
        self.event_log: EventLog | None = None
        self.keeper = self._keeper_kind()(
            Checkpoints(self.run.checkpoints_dir),
            self.run,
            self.network,
            self.optimizer,
            self.average,
            self.config.training.checkpoint_seconds,
            self.progress,
        )

    def _build_step(self) -> Any:
        return build_train_step(
            self.network,
            self.optimizer,
            self.config,
            jit_compile=self.plan.jit_compile,
            after=self.average.update if self.average else None,
        )

    def _keeper_kind(self) -> type[Keeper]:
        return Keeper

    def fit(self, state: TrainingState) -> StopReason:
        """Train from ``state`` on to the last epoch, changing it; the checkpoints follow.

        Returns:
            Why it ended. When interrupted, the latest checkpoint holds everything that is needed to continue.

        Raises:
            NotFinite: the loss is infinite or not a number; the checkpoints are from before that.
            RunError: the disk did not take the end of the training.
        """
        self.stop.graceful = True
        if self.config.training.tensorboard:
            self.event_log = EventLog(self.run.tensorboard_dir, state.history)
        try:
            self.keeper.begin(state)
            while state.epoch <= self.epochs:
                # Before the epoch and not after it, for a run that was stopped while it was evaluated.
                if patience_is_over(state, self.config.training.early_stopping):
                    return self._ended(state, "early stopping")
                try:
                    self._run_epoch(state)
                except Stopped:
                    self.keeper.save(state)
                    return "interrupted"
            return self._ended(state, "all epochs done")
        finally:
            if self.event_log is not None:
                self.event_log.close()
            self.keeper.end(state)
            self.stop.graceful = False

    def _ended(self, state: TrainingState, reason: StopReason) -> StopReason:
        """Why it ended, unless a signal came while the last epoch was being saved."""
        self.keeper.finish(state)
        return reason if self.stop.exit_code is None else "interrupted"

    def _run_epoch(self, state: TrainingState) -> None:
        started = time.perf_counter() - state.seconds
        settings, lengths = self.config.training, self.train.token_ids.lengths
        batches = training_batches(lengths, settings.batch_size, self.plan.widths, settings.seed, state.epoch)
        if state.reviews != sum(len(batch.indices) for batch in batches[: state.batch]):
            raise RunError(
                f"{self.run.checkpoints_dir} does not fit the training: its latest checkpoint counts {state.reviews:,} "
                f"reviews in {state.batch:,} batches of epoch {state.epoch}."
            )
        self.progress.phase(f"epoch {state.epoch}/{self.epochs}", len(self.train.labels))
        if state.reviews:
            self.progress.advance(state.reviews, state.loss_sum / state.reviews, state.correct / state.reviews)
        batches = batches[state.batch :]
        first = (state.epoch - 1) * steps_per_epoch(settings, len(self.train.labels)) + state.batch
        pairs = zip(batches, self.unlabelled_batches(first), strict=False)
        for arrays in computed_ahead(lambda pair: self.assemble(*pair), pairs):
            self.train_on(arrays, state)
            state.seconds = time.perf_counter() - started
            self._check_stop()
            self._tell_pace(state)
            if self.keeper.is_due:
                self._check_weights(state)
                self.keeper.save(state)
        val_loss, val_accuracy = self._validate()
        row = Epoch(
            epoch=state.epoch,
            loss=state.loss_sum / state.reviews,
            accuracy=state.correct / state.reviews,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=self._learning_rate(),
            seconds=time.perf_counter() - started,
        )
        self._check_weights(state)
        self._finish_epoch(row, state)

    def unlabelled_batches(self, first: int) -> Iterator[Batch | None]:
        """The batches of unlabelled reviews from one step on, counted over the whole training."""
        if self.unlabelled is None:
            return itertools.repeat(None)
        settings = self.config.training
        return endless_batches(self.unlabelled.lengths, settings.batch_size, self.plan.widths, settings.seed, first)

    def assemble(self, batch: Batch, other: Batch | None = None) -> Arrays:
        """What the step takes, of one batch of training reviews and one of unlabelled ones."""
        count, rows = len(batch.indices), self.plan.rows
        labels, weights = np.zeros(rows, np.int32), np.zeros(rows, np.float32)
        present = np.zeros(rows, np.float32)
        labels[:count] = self.train.labels[batch.indices]
        weights[:count] = self.class_weights[labels[:count]]
        present[:count] = 1
        token_ids, unlabelled = self.train.token_ids.pad(batch.indices, batch.width, rows), None
        if other is not None and self.unlabelled is not None:
            unlabelled = self.unlabelled.pad(other.indices, other.width)
        return Arrays(token_ids, labels, weights, present, unlabelled, batch.indices)

    def train_on(self, arrays: Arrays, state: TrainingState) -> None:
        """Do one step and count it in ``state``."""
        loss_sum, correct, norm = self._step(arrays)
        loss = float(loss_sum)
        self.norms = [*self.norms[-1:], float(norm)]
        if not math.isfinite(loss + self.norms[-1]):
            reviews = [self.train.paths[index] for index in arrays.indices]
            raise self._not_finite(f"The loss is {loss / arrays.count:g}", state, reviews)
        state.loss_sum += loss
        state.correct += float(correct)
        state.reviews += arrays.count
        state.batch += 1
        step = self.rates.step(state.epoch, state.batch)
        rate, norm = self.rates.of(state.epoch, state.batch), self.norms[-1]
        state.batches.add(Step(state.epoch, state.batch, step, arrays.count, loss, float(correct), rate, norm))
        self.progress.advance(arrays.count, state.loss_sum / state.reviews, state.correct / state.reviews)

    def _step(self, arrays: Arrays) -> Any:
        """The sum of the losses, the number of correct predictions, and the norm of the gradient."""
        return self.train_step(arrays.token_ids, arrays.labels, arrays.weights, arrays.present, arrays.unlabelled)

    def _tell_pace(self, state: TrainingState) -> None:
        """Say once how long an epoch takes, where that is long, for those who see no progress bar."""
        if self.told_pace or state.seconds < _PACE_AFTER:
            return
        self.told_pace = True
        expected = state.seconds / state.reviews * len(self.train.labels)
        if expected > 6 * _PACE_AFTER:
            self.progress.note(f"An epoch takes about {expected / 60:.1f} min and its validation")

    def _validate(self) -> tuple[float | None, float | None]:
        if self.validation is None:
            return None, None
        self.progress.phase("validation", len(self.validation.labels))

        def advance(reviews: int) -> None:
            self.progress.advance(reviews)
            self._check_stop()

        with random_states_kept(self.network), self.keeper.weights_to_keep():
            logits = compute_logits(
                self.score_step,
                self.validation.token_ids,
                batch_size=max(self.config.training.batch_size, 128),
                fixed_width=fixed_width(self.config),
                progress=advance,
            )
        labels = self.validation.labels
        loss = float(np.mean(cross_entropy(labels, logits).numpy(), dtype=np.float64))
        return loss, float(np.mean(is_correct(labels, logits).numpy()))

    def _check_weights(self, state: TrainingState) -> None:
        """The last step may have spoilt the weights; they are not to be saved, and no loss has shown it."""
        for variable in self.network.trainable_variables:
            if not np.isfinite(variable.numpy()).all():
                raise self._not_finite(f"{variable.path} holds numbers that are not finite", state)

    def _not_finite(self, what: str, state: TrainingState, reviews: Sequence[str] = ()) -> NotFinite:
        norms = ", ".join(f"{norm:.3g}" for norm in self.norms)
        said = [
            f"{what} in epoch {state.epoch}, batch {state.batch + 1}, at learning rate {self._learning_rate():g}; "
            f"norms of the last gradients: {norms or 'none'}.",
            *([f"Reviews of the batch: {shorten_list(reviews)}."] if reviews else []),
            "Lower training.learning_rate or set training.clip_norm.",
        ]
        return NotFinite("\n".join(said))

    def _learning_rate(self) -> float:
        """Of the last step."""
        settings = self.config.training
        rate = learning_rate(settings, self.epochs * steps_per_epoch(settings, len(self.train.labels)))
        return float(rate(self.optimizer.iterations - 1) if callable(rate) else self.optimizer.learning_rate)

    def _finish_epoch(self, row: Epoch, state: TrainingState) -> None:
        state.history.append(row)
        if self.event_log is not None:
            self.event_log.add(row)
        is_best = note_best(row, state, self.config.monitor)
        count_patience(row, state, self.config.training.early_stopping)
        state.start_next_epoch()
        self.keeper.epoch_done(state, is_best=is_best)
        is_chosen = is_best and state.best_value is not None  # without validation the last epoch is always the best
        self.progress.epoch_done(row, self.epochs, is_best=is_chosen)

    def _check_stop(self) -> None:
        if self.stop.exit_code is not None:
            raise Stopped


class Stopped(Exception):
    """Leaves the epoch in progress; its state is complete up to the last batch."""
