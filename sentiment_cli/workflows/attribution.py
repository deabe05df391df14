"""Explain predictions word by word: the networks of a run, ready for it, and the scores of many reviews."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sentiment_cli.analysis.attributions import MOST, Attribution, Span, strongest, write_attributions
from sentiment_cli.config.data import TextSettings
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.evaluation.predictions import Prediction, read_predictions
from sentiment_cli.explanation.gradients import BASELINE, TOLERANCE, Lines, WordScores, open_copy, score_words
from sentiment_cli.machine import available_cores
from sentiment_cli.runtime import Device
from sentiment_cli.text.alignment import place_tokens
from sentiment_cli.text.token_ids import TokenIds, kept_positions
from sentiment_cli.text.vectorizer import encode, tokenize
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.scoring import fixed_width
from sentiment_cli.workflows.classifier import Classifier, EvaluationFiles, Scorer
from sentiment_cli.workflows.ensemble import Ensemble

# Reviews that Keras' own layers try again, which takes ten times as long.
_MOST_AGAIN = 100


def members(scorer: Scorer) -> tuple[Classifier, ...]:
    """The networks behind a scorer."""
    if isinstance(scorer, Ensemble):
        return scorer.members
    if isinstance(scorer, Classifier):
        return (scorer,)
    raise TypeError(f"expected a Classifier or an Ensemble, received {type(scorer).__name__}")


def open_networks(scorer: Scorer, device: Device, *, stock: bool = False) -> list[Any]:
    """Copies of the networks behind a scorer, whose word vectors can be changed; ``stock``: in Keras' own layers."""
    threads = None if device.is_gpu or stock else available_cores()
    return [open_copy(one.network, one.config, len(one.vocabulary), threads=threads) for one in members(scorer)]


def explain_words(
    scorer: Scorer, device: Device, token_ids: TokenIds, classes: np.ndarray, progress: Progress
) -> list[WordScores]:
    """What the tokens of reviews added to the log-odds of a class.

    Where the compiled loops miss the sum rule, Keras' own layers try again: the derivative of their tanh is nearer to
    the tanh itself, which counts where a network is steep. Of 300 reviews two missed it by up to 0.003 with a SimpleRNN
    over 500 words, and by less than 0.0005 then.

    Args:
        scorer: that predicts.
        device: where it works.
        token_ids: n reviews.
        classes: int[n].
        progress: told of the reviews that are done.
    """
    width = fixed_width(scorer.config)
    lines = Lines(open_networks(scorer, device), baseline=BASELINE, fixed_width=width)
    progress.phase("explaining words", len(token_ids))
    found = score_words(lines, token_ids, classes, progress.advance)
    size = np.nan_to_num(np.array([abs(one.residual) for one in found]))
    missed = np.argsort(-size, kind="stable")[: min(int((size > TOLERANCE).sum()), _MOST_AGAIN)]
    if len(missed) and not device.is_gpu:
        lines = Lines(open_networks(scorer, device, stock=True), baseline=BASELINE, fixed_width=width)
        progress.phase("explaining again", len(missed))
        again = score_words(lines, token_ids.take(missed), classes[missed], progress.advance)
        for index, one in zip(missed.tolist(), again, strict=True):
            found[index] = min(found[index], one, key=lambda scores: abs(scores.residual))
    return found


def explain_predictions(
    scorer: Scorer,
    device: Device,
    predictions: Sequence[Prediction],
    texts: Sequence[str],
    progress: Progress,
) -> list[Attribution]:
    """What the words of reviews added to their predictions.

    Args:
        scorer: that predicted.
        device: where it works.
        predictions: n of them.
        texts: of their reviews.
        progress: told of the reviews that are done.

    Returns:
        One a review, in order; those for which the network has no finite gradients are left out.
    """
    config = scorer.config
    progress.phase("preparing explanations")
    token_ids = encode(config.text, scorer.vocabulary, texts)
    classes = np.array([scorer.class_names.index(row.predicted) for row in predictions], np.int64)
    scored = explain_words(scorer, device, token_ids, classes, progress)
    _warn_of_missed(scored, progress)
    words = tokenize(config.text, texts)
    return [
        _attribution(row, text, _spans(config.text, text, tokens, scores), scores.total)
        for row, text, tokens, scores in zip(predictions, texts, words, scored, strict=True)
        if np.isfinite(scores.residual)
    ]


def _attribution(row: Prediction, text: str, spans: Sequence[Span], total: float) -> Attribution:
    return Attribution(row.path, row.predicted, spans, total, tuple(strongest(text, spans, MOST)))


def _warn_of_missed(scored: Sequence[WordScores], progress: Progress) -> None:
    missed = [abs(one.residual) for one in scored if abs(one.residual) > TOLERANCE]
    if missed:
        progress.warn(
            f"the scores of {len(missed):,} of {len(scored):,} reviews miss more than {TOLERANCE:g} of the log-odds "
            f"that they should add up to, {max(missed):.4f} at the most; the network is very steep there"
        )


def _spans(settings: TextSettings, text: str, words: Sequence[str], scores: WordScores) -> tuple[Span, ...]:
    """The words that were read and have a place in the text."""
    places = place_tokens(settings, text, words)
    kept = kept_positions(len(words), settings.sequence_length, settings.truncate).tolist()
    # An empty review has no word, and the score of one unknown one.
    scored = zip(kept, scores.scores.tolist(), strict=False)
    return tuple(Span(place[0], place[1], score) for index, score in scored if (place := places[index]) is not None)


@dataclass(frozen=True)
class Stored:
    """Explanations that were kept.

    Args:
        path: the file.
        reviews: how many are explained.
        seconds: how long it took.
    """

    path: Path
    reviews: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """A part of ``evaluate --json``."""
        return {"path": str(self.path), "reviews": self.reviews, "seconds": round(self.seconds, 2)}


def store_attributions(
    scorer: Scorer,
    device: Device,
    reviews: ReviewSet,
    files: EvaluationFiles,
    which: Literal["wrong", "all"],
    progress: Progress,
) -> Stored:
    """Explain the predictions of an evaluation that has just been made, and keep that beside them.

    Args:
        scorer: that predicted.
        device: where it works.
        reviews: that were evaluated.
        files: of the evaluation.
        which: the wrong predictions alone, or all.
        progress: told of the reviews that are done.
    """
    started = time.perf_counter()
    rows = [row for row in read_predictions(files.predictions) if which == "all" or row.is_wrong]
    found = explain_predictions(scorer, device, rows, [reviews.texts[row.id] for row in rows], progress) if rows else []
    if len(found) < len(rows):
        progress.warn(f"{len(rows) - len(found):,} reviews have no finite gradients and are not explained")
    write_attributions(files.attributions, found)
    return Stored(files.attributions, len(found), time.perf_counter() - started)
