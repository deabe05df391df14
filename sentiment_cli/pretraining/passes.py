"""The passes of a language model over its texts: steps, held-out perplexity, the best weights, and how it goes on.

Where it stands is kept on disk every minute, so that a pretraining of an hour that is killed goes on from there, to
the same result.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.config.schema import LanguageModel
from sentiment_cli.errors import RunError, SentimentError
from sentiment_cli.history import Epoch
from sentiment_cli.pretraining.language_model import Predictor, build_predict_step, planned_passes
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.training.ahead import computed_ahead
from sentiment_cli.training.batches import Batch, scoring_batches, training_batches
from sentiment_cli.training.checkpoint import TrainingState, restore_checkpoint, save_checkpoint
from sentiment_cli.training.progress import Progress

# Seconds.
_BETWEEN_CHECKPOINTS = 60.0
# One in a hundred texts is held out, up to so many; 300 of IMDb's have 80,000 words, and a pass over them takes 10 s.
_HELD_OUT_SHARE, _MOST_HELD_OUT = 100, 300
_SCORED_AT_ONCE = 32


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
        self._last, self._best = self.directory / "last.npz", self.directory / "best.npz"

    def run(self) -> list[Epoch]:
        """Go over the texts until the passes are done or held-out perplexity rises; the best weights stay.

        Returns:
            Of each pass: ``loss`` the estimate on the texts that were learned from, ``val_loss`` the logarithm of the
            perplexity of the held-out ones; there is no accuracy.

        Raises:
            SentimentError: the loss is infinite or not a number.
        """
        state = self._restore()
        while state.epoch <= self.passes and not state.waited:
            self._run_pass(state)
        restore_checkpoint(self._best, self.predictor)
        return state.history

    def _restore(self) -> TrainingState:
        if not self._last.exists():
            return TrainingState()
        try:
            state = restore_checkpoint(self._last, self.predictor, self.optimizer)
        except RunError as error:
            self.progress.warn(f"{error} The language model begins anew.")
            return TrainingState()
        self.progress.note(f"The language model goes on in pass {state.epoch}, batch {state.batch + 1}")
        return state

    def _run_pass(self, state: TrainingState) -> None:
        started = saved = time.perf_counter()
        before, lengths = state.seconds, self.learned.lengths
        batches = training_batches(lengths, self.settings.batch_size, (), self.settings.seed, state.epoch)
        self.progress.phase(f"language model, pass {state.epoch}/{self.passes}", len(self.learned))
        self.progress.advance(sum(len(batch.indices) for batch in batches[: state.batch]))
        for batch, token_ids in self._assembled(batches[state.batch :]):
            self._learn(batch, token_ids, state)
            state.seconds = before + time.perf_counter() - started
            if time.perf_counter() - saved > _BETWEEN_CHECKPOINTS:
                save_checkpoint(self._last, self.predictor, self.optimizer, state)
                saved = time.perf_counter()
        self._finish_pass(state)

    def _assembled(self, batches: list[Batch]) -> Any:
        padded = computed_ahead(lambda batch: self.learned.pad(batch.indices, batch.width), batches)
        return zip(batches, padded, strict=True)

    def _learn(self, batch: Batch, token_ids: np.ndarray, state: TrainingState) -> None:
        loss_sum, predictions = self.step(token_ids)
        if not math.isfinite(float(loss_sum)):
            raise SentimentError(
                f"The loss of the language model is {float(loss_sum)} in pass {state.epoch}, batch {state.batch + 1}. "
                "Lower pretrain.learning_rate."
            )
        state.loss_sum += float(loss_sum)
        state.reviews += int(predictions)
        state.batch += 1
        self.progress.advance(len(batch.indices), state.loss_sum / max(state.reviews, 1))

    def _finish_pass(self, state: TrainingState) -> None:
        loss = self.held_out_loss()
        rate = float(self.optimizer.learning_rate)
        mean = state.loss_sum / max(state.reviews, 1)
        row = Epoch(state.epoch, mean, math.nan, loss, None, rate, state.seconds)
        state.history.append(row)
        is_best = state.best_value is None or loss < state.best_value
        state.waited = 0 if is_best else 1
        if is_best:
            state.best_epoch, state.best_value = state.epoch, loss
        state.start_next_epoch()
        if is_best:
            save_checkpoint(self._best, self.predictor, None, state)
        save_checkpoint(self._last, self.predictor, self.optimizer, state)
        self.progress.note(
            f"pass {row.epoch}/{self.passes}  loss {row.loss:.4f}  held-out perplexity {math.exp(loss):,.1f}  "
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


def divide(token_ids: TokenIds, length: int, seed: int) -> tuple[TokenIds, TokenIds]:
    """Hold a few texts out, and cut all into pieces of about equal length.

    Args:
        token_ids: n whole texts, n at least 2.
        length: tokens of a piece at the most.
        seed: of the choice.

    Returns:
        Pieces to learn from, and held-out ones.
    """
    order = np.random.default_rng(seed).permutation(len(token_ids))
    held_out = min(max(len(order) // _HELD_OUT_SHARE, 1), _MOST_HELD_OUT)
    return _pieces(token_ids, np.sort(order[held_out:]), length), _pieces(token_ids, np.sort(order[:held_out]), length)


def _pieces(token_ids: TokenIds, chosen: np.ndarray, length: int) -> TokenIds:
    flat = np.concatenate([token_ids.flat[token_ids.offsets[i] : token_ids.offsets[i + 1]] for i in chosen])
    lengths = token_ids.lengths[chosen]
    counts = -(-lengths // length)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    number, text = np.arange(int(counts.sum())) - starts, np.repeat(np.arange(len(chosen)), counts)
    pieces = lengths[text] // counts[text] + (number < lengths[text] % counts[text])
    return TokenIds(flat, np.concatenate([[0], np.cumsum(pieces)]), pieces)
