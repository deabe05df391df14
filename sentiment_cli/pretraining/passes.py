"""The passes of a language model over its texts: steps, held-out perplexity, the best weights, and how it goes on.

Where it stands is kept on disk every minute, so that a pretraining of an hour that is stopped or killed goes on from
there, to the same result. Several processes may do the same at once: they write the same checkpoints, each whole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.ahead import computed_ahead
from sentiment_cli.config.pretraining import LanguageModel
from sentiment_cli.errors import DataError, Interrupted, RunError, SentimentError
from sentiment_cli.history import Epoch
from sentiment_cli.pretraining.language_model import Predictor, build_predict_step, planned_passes
from sentiment_cli.text.token_ids import TokenIds, join_token_ids
from sentiment_cli.training.batches import Batch, scoring_batches, training_batches
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.keeping import Keeper
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.state import TrainingState

# Seconds.
_BETWEEN_CHECKPOINTS = 60.0
# One in a hundred texts is held out, up to so many; 300 of IMDb's have 80,000 words, and a pass over them takes 10 s.
_HELD_OUT_SHARE, _MOST_HELD_OUT = 100, 300
_SCORED_AT_ONCE = 32
# Nats; e to the power of more is no perplexity that JSON and pictures could hold.
_LARGEST_LOSS = 200.0


@dataclass
class Passes:
    """A language model that is being learned.

    Args:
        predictor: with fresh weights.
        optimizer: built for them.
        settings: ``pretrain`` of the configuration.
        learned: pieces of texts that it is learned from.
        held_out: pieces of other texts.
        directory: for the checkpoints; what is there from before is gone on from.
        progress: told what happens.
    """

    predictor: Predictor
    optimizer: Any
    settings: LanguageModel
    learned: TokenIds
    held_out: TokenIds
    directory: Path
    progress: Progress

    def __post_init__(self) -> None:
        self.step = build_predict_step(self.predictor, self.optimizer, self.settings)
        self.passes = planned_passes(self.settings, len(self.learned))
        self.checkpoints = Checkpoints(self.directory)
        self.keeper = Keeper(
            self.checkpoints, None, self.predictor, self.optimizer, None, _BETWEEN_CHECKPOINTS, self.progress
        )
        self.seconds_before = 0.0  # of the steps that were done before a stop

    def run(self) -> list[Epoch]:
        """Go over the texts until the passes are done or held-out perplexity rises; the best weights stay.

        Returns:
            Of each pass: ``loss`` the mean of `Predictor.sampled_losses` on the texts that were learned from,
            ``val_loss`` the logarithm of the perplexity of the held-out ones; there is no accuracy.

        Raises:
            SentimentError: a loss is infinite or not a number.
            RunError: the disk did not take the end.
            Interrupted: stopped by a signal.
        """
        try:
            state = self._restore()
            self.seconds_before = state.seconds + sum(row.seconds for row in state.history)
            while state.epoch <= self.passes and not state.waited:
                self._run_pass(state)
            self.keeper.finish(state)
        except Interrupted:
            if self.checkpoints.has_last:
                self.progress.note(
                    "What was learned until a minute ago is kept; the same pretraining goes on from there"
                )
            raise
        self.checkpoints.restore_best(self.predictor, state.best_epoch)
        return state.history

    def _restore(self) -> TrainingState:
        if not self.checkpoints.has_last:
            return TrainingState()
        variables = [*self.predictor.variables, *self.optimizer.variables]
        fresh = [variable.numpy() for variable in variables]
        try:
            state = self._read_checkpoints()
        except RunError as error:
            self.progress.warn(f"{error} The language model begins anew.")
            self.checkpoints.remove_all()
            for variable, value in zip(variables, fresh, strict=True):
                variable.assign(value)
            return TrainingState()
        if state.epoch <= self.passes and not state.waited:
            self.progress.note(f"The language model goes on in pass {state.epoch}, batch {state.batch + 1}")
        return state

    def _read_checkpoints(self) -> TrainingState:
        def restore() -> TrainingState:
            return self.checkpoints.restore_last(self.predictor, self.optimizer, warn=self.progress.warn)

        state = restore()
        if state.best_epoch is not None:  # damage is better found now than after an hour
            self.checkpoints.restore_best(self.predictor, state.best_epoch)
            state = restore()
        return state

    def _run_pass(self, state: TrainingState) -> None:
        started = time.perf_counter()
        before, lengths = state.seconds, self.learned.lengths
        batches = training_batches(lengths, self.settings.batch_size, (), self.settings.seed, state.epoch)
        self.progress.phase(f"language model, pass {state.epoch}/{self.passes}", len(self.learned))
        self.progress.advance(sum(len(batch.indices) for batch in batches[: state.batch]))
        for batch, token_ids in self._assembled(batches[state.batch :]):
            self._learn(batch, token_ids, state)
            state.seconds = before + time.perf_counter() - started
            if self.keeper.is_due:
                self.keeper.save(state)
        self._finish_pass(state)

    def _assembled(self, batches: list[Batch]) -> Iterator[tuple[Batch, np.ndarray]]:
        padded = computed_ahead(lambda batch: self.learned.pad(batch.indices, batch.width), batches)
        return zip(batches, padded, strict=True)

    def _learn(self, batch: Batch, token_ids: np.ndarray, state: TrainingState) -> None:
        loss_sum, predictions = self.step(token_ids)
        _check_finite(float(loss_sum), f"in pass {state.epoch}, batch {state.batch + 1}")
        state.loss_sum += float(loss_sum)
        state.reviews += int(predictions)
        state.batch += 1
        self.progress.advance(len(batch.indices), state.loss_sum / max(state.reviews, 1))

    def _finish_pass(self, state: TrainingState) -> None:
        loss = self.held_out_loss()
        _check_finite(loss, f"on held-out texts after pass {state.epoch}")
        rate = float(self.optimizer.learning_rate)
        mean = state.loss_sum / max(state.reviews, 1)
        row = Epoch(state.epoch, mean, math.nan, loss, None, rate, state.seconds)
        state.history.append(row)
        is_best = state.best_value is None or loss < state.best_value
        state.waited = 0 if is_best else 1
        if is_best:
            state.best_epoch, state.best_value = state.epoch, loss
        state.start_next_epoch()
        self.keeper.epoch_done(state, is_best=is_best)
        self.progress.note(
            f"pass {row.epoch}/{self.passes}  loss {row.loss:.4f}  held-out perplexity {perplexity(loss):,.1f}  "
            f"{row.seconds:.0f} s{'  best so far' if is_best else ''}"
        )

    def held_out_loss(self) -> float:
        """The logarithm of the perplexity of the held-out texts, over the whole vocabulary and both directions."""
        self.progress.phase("held-out perplexity", len(self.held_out))
        total, count = 0.0, 0
        for batch in scoring_batches(self.held_out.lengths, _SCORED_AT_ONCE):
            token_ids = self.held_out.pad(batch.indices, batch.width)
            losses = self.predictor.losses(*self.predictor.read(token_ids, training=False))
            total, count = total + float(losses.sum(dtype=np.float64)), count + len(losses)
            self.progress.advance(len(batch.indices))
        return total / max(count, 1)


def perplexity(loss: float) -> float:
    """Of a mean negative log likelihood in nats; finite for any finite loss, as JSON needs it."""
    return math.exp(min(loss, _LARGEST_LOSS))


def divide(token_ids: TokenIds, length: int, seed: int, vocabulary_size: int) -> tuple[TokenIds, TokenIds]:
    """Hold a few texts out, and cut all into pieces of about equal length.

    Texts of one token are left out: they have no next word.

    Args:
        token_ids: whole texts.
        length: tokens of a piece at the most.
        seed: of the choice.
        vocabulary_size: number of tokens, padding and unknown included.

    Returns:
        Pieces to learn from, and held-out ones, of texts in their order.

    Raises:
        DataError: fewer than two texts have two tokens.
    """
    usable = np.flatnonzero(token_ids.lengths > 1)
    if len(usable) < 2:
        raise DataError(
            f"A language model needs at least two texts of two tokens or more, one of them to be held out; "
            f"received {len(usable)}."
        )
    order = np.random.default_rng(seed).permutation(usable)
    held_out = min(max(len(order) // _HELD_OUT_SHARE, 1), _MOST_HELD_OUT)

    def pieces(chosen: np.ndarray) -> TokenIds:
        return join_token_ids((_cut(token_ids, text, length) for text in np.sort(chosen)), vocabulary_size)

    return pieces(order[held_out:]), pieces(order[:held_out])


def _cut(token_ids: TokenIds, text: int, length: int) -> TokenIds:
    """One text, in as few pieces as can be, the longest at most one token longer than the shortest."""
    flat = token_ids.flat[token_ids.offsets[text] : token_ids.offsets[text + 1]]
    count = -(-len(flat) // length)
    lengths = len(flat) // count + (np.arange(count) < len(flat) % count)
    return TokenIds(flat, np.concatenate([[0], np.cumsum(lengths)]), lengths)


def _check_finite(loss: float, where: str) -> None:
    if not math.isfinite(loss):
        raise SentimentError(f"The loss of the language model is {loss} {where}. Lower pretrain.learning_rate.")
