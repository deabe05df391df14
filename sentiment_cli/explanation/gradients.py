"""What did each word add to a prediction? Integrated gradients over the word vectors.

Sundararajan, Taly and Yan 2017 (arXiv:1703.01365): along the straight line from a baseline to the review the gradient
of the prediction is summed up, and a word's score is that sum times its own change. The scores of a review then add up
to the difference between its prediction and the baseline's (proposition 1 there), which is checked for every review.

The prediction that is explained is the log-odds of a class, log p / (1 - p): for two classes the logit, with its sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from sentiment_cli.config.schema import Config
from sentiment_cli.model.network import build_network, cut_behind_embedding
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vocabulary import PADDING_ID, UNKNOWN_ID

Baseline = Literal["unknown", "zero", "mean"]
BASELINES: tuple[Baseline, ...] = ("unknown", "zero", "mean")
# The unknown word, which networks have read in training. Taking the ten strongest words out of a review lowers the
# probability of its predicted class by 0.505 against 0.521 (zero) and 0.523 (mean) for an LSTM 32 on IMDb's test part,
# by 0.505 against 0.484 and 0.495 for a GRU 32. What decides: with adversarial training (a bidirectional LSTM 32 with
# attention) 24 gradients a review keep the sum rule; near vectors that it has never read that network is so steep that
# hundreds of them miss the sum by 1.4 (zero) and 1.6 (mean) on average.
BASELINE: Baseline = "unknown"
# What scores may miss of the difference that they add up to, in log-odds.
TOLERANCE = 1e-3
# Tokens in a call at the most, which bounds memory; reviews that are worked on together.
_TOKENS_IN_CALL = 64_000
_REVIEWS = 128
# A line is halved so many times at the most, and has so many points; what is missing then is reported.
_MOST_HALVINGS = 18
_MOST_POINTS = 4096
_PLACES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_PLACES, _WEIGHTS = (_PLACES + 1) / 2, _WEIGHTS / 2


@dataclass(frozen=True)
class WordScores:
    """What the tokens of a review added to the log-odds of a class.

    Args:
        scores: float64[tokens that were read], in nats.
        log_odds: of the class, for the review.
        baseline: the same for the baseline.
        points: how many gradients were taken.
    """

    scores: np.ndarray
    log_odds: float
    baseline: float
    points: int

    @property
    def total(self) -> float:
        """What the scores should add up to."""
        return self.log_odds - self.baseline

    @property
    def residual(self) -> float:
        """What they miss of it; at most `TOLERANCE` in size but where the network is very steep."""
        return float(self.scores.sum()) - self.total


def open_copy(network: Any, config: Config, vocabulary_size: int, *, threads: int | None) -> Any:
    """The same network, weights included, with word vectors that can be changed and no dropout at all.

    Args:
        network: from `network.build_network`.
        config: it was built from.
        vocabulary_size: number of tokens, padding and unknown included.
        threads: as in `network.build_network`.
    """
    plain = config.model.model_copy(
        update={
            "embedding": config.model.embedding.model_copy(update={"dropout": 0.0}),
            "recurrent": [
                layer.model_copy(update={"dropout": 0.0, "recurrent_dropout": 0.0}) for layer in config.model.recurrent
            ],
            "dropout": 0.0,
            "dense": [layer.model_copy(update={"dropout": 0.0}) for layer in config.model.dense],
        }
    )
    outputs = network.output_shape[-1]
    copy = build_network(
        config.model_copy(update={"model": plain}),
        vocabulary_size,
        2 if outputs == 1 else outputs,
        threads=threads,
        open_embedding=True,
    )
    copy.set_weights(network.get_weights())
    return copy


class Lines:
    """Networks that predict together, read at points of the line between a baseline and a review.

    Args:
        networks: from `open_copy`; the probabilities of several are averaged.
        baseline: what a word is compared with: the vector of the unknown word, a vector of zeros, or the mean of all
            word vectors. Padding that is read (``model.embedding.mask: false``) stays as it is.
        fixed_width: the width of all batches; None: of their longest review.
    """

    def __init__(self, networks: Sequence[Any], *, baseline: Baseline, fixed_width: int | None = None) -> None:
        self.fixed_width = fixed_width
        self._parts = [_Part.of(network, baseline) for network in networks]
        self._values = tf.function(self._compute_values, reduce_retracing=True)
        self._slopes = tf.function(self._compute_slopes, reduce_retracing=True)

    def values(self, token_ids: np.ndarray, classes: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The log-odds of a class at points of lines.

        Args:
            token_ids: int32[rows, time], padded on the right with 0.
            classes: int32[rows], the class that is explained.
            places: float32[rows], from 0 (the baseline) to 1 (the review).

        Returns:
            float64[rows].
        """
        return np.asarray(self._values(*_tensors(token_ids, classes, places)).numpy().astype(np.float64))

    def slopes(self, token_ids: np.ndarray, classes: np.ndarray, places: np.ndarray) -> np.ndarray:
        """What each token adds where the points move on; arguments as for `values`.

        Returns:
            float64[rows, time].
        """
        found = self._slopes(*_tensors(token_ids, classes, places)).numpy().astype(np.float64)
        return np.asarray(found[:, : token_ids.shape[1]])

    def _compute_values(self, token_ids: Any, classes: Any, places: Any) -> Any:
        lines = [part.line(token_ids) for part in self._parts]
        points = [start + _along(places, start) * change for start, change in lines]
        return self._log_odds(token_ids, classes, points, training=False)

    def _compute_slopes(self, token_ids: Any, classes: Any, places: Any) -> Any:
        lines = [part.line(token_ids) for part in self._parts]
        points = [start + _along(places, start) * change for start, change in lines]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            # There is no dropout; the compiled loops keep then what their gradients need.
            value = tf.reduce_sum(self._log_odds(token_ids, classes, points, training=True))
        gradients = tape.gradient(value, points)
        slopes = [
            tf.reduce_sum(gradient * change, axis=-1) for gradient, (_, change) in zip(gradients, lines, strict=True)
        ]
        # The windows of a review follow each other.
        return tf.reshape(tf.add_n(slopes), [tf.shape(token_ids)[0], -1])

    def _log_odds(self, token_ids: Any, classes: Any, points: Sequence[Any], *, training: bool) -> Any:
        sides = [
            _sides(part.read([token_ids, point], training=training), classes)
            for part, point in zip(self._parts, points, strict=True)
        ]
        if len(sides) == 1:
            return sides[0][0] - sides[0][1]
        total = [tf.reduce_logsumexp(tf.stack(side), axis=0) for side in sides]
        chosen, others = (
            tf.reduce_logsumexp(tf.stack([side[index] - one for side, one in zip(sides, total, strict=True)]), axis=0)
            for index in (0, 1)
        )
        return chosen - others


@dataclass(frozen=True)
class _Part:
    """One network, cut behind its word vectors."""

    embed: Any
    read: Any
    is_word: Any
    neutral: Any

    @classmethod
    def of(cls, network: Any, baseline: Baseline) -> _Part:
        embed, read = cut_behind_embedding(network)
        embedding = network.get_layer("embedding")
        is_word = keras.Model(network.input, ops.not_equal(embedding.input, PADDING_ID))
        table = embedding.get_weights()[0]
        neutral = {
            "zero": np.zeros_like(table[0]),
            "unknown": table[UNKNOWN_ID],
            "mean": table[UNKNOWN_ID:].mean(axis=0),
        }
        return cls(embed, read, is_word, tf.constant(neutral[baseline]))

    def line(self, token_ids: Any) -> tuple[Any, Any]:
        """Where it starts, float32[rows, time, dim], and the change to its end; rows are reviews or their windows."""
        end = self.embed(token_ids, training=False)
        start = tf.where(self.is_word(token_ids)[..., None], self.neutral, end)
        return start, end - start


def _tensors(token_ids: np.ndarray, classes: np.ndarray, places: np.ndarray) -> tuple[Any, Any, Any]:
    return tf.constant(token_ids), tf.constant(classes, tf.int32), tf.constant(places, tf.float32)


def _along(places: Any, vectors: Any) -> Any:
    """The places of reviews, for the rows of word vectors: one or as many windows each."""
    windows = tf.shape(vectors)[0] // tf.shape(places)[0]
    return tf.repeat(places, windows)[:, None, None]


def _sides(logits: Any, classes: Any) -> tuple[Any, Any]:
    """Logarithms of what speaks for the class and for the others, whose difference are its log-odds."""
    if logits.shape[-1] == 1:
        chosen = tf.where(classes == 1, logits[:, 0], -logits[:, 0])
        return chosen, tf.zeros_like(chosen)
    is_chosen = tf.one_hot(classes, logits.shape[-1], on_value=True, off_value=False)
    chosen = tf.reduce_sum(tf.where(is_chosen, logits, 0.0), axis=-1)
    return chosen, tf.reduce_logsumexp(tf.where(is_chosen, logits.dtype.min, logits), axis=-1)


@dataclass
class _Review:
    """A review on the way: what its line gave so far."""

    index: int
    scores: np.ndarray
    ends: dict[float, float]
    missed: float = 0.0
    points: int = 0
    pieces: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 1.0)])
    found: list[tuple[tuple[float, float], np.ndarray, float]] = field(default_factory=list)


def score_words(
    lines: Lines, token_ids: TokenIds, classes: np.ndarray, progress: Callable[[int], None] | None = None
) -> list[WordScores]:
    """What the tokens of reviews added.

    The line of a review is cut into pieces. On each the gradient is taken at eight points (Gauss and Legendre), and its
    sum compared with the difference of the prediction between the piece's ends; pieces where that is not enough are
    halved, until all together are right to half of `TOLERANCE`.

    Args:
        lines: of the networks.
        token_ids: n reviews.
        classes: int[n], the class whose log-odds are explained.
        progress: called with the number of reviews done since the last call.

    Returns:
        One a review, in order. Where a network gives no finite number, scores are not finite either.
    """
    results: list[WordScores | None] = [None] * len(token_ids)
    order = np.argsort(-token_ids.lengths, kind="stable")
    for first in range(0, len(order), _REVIEWS):
        group = [_Review(int(i), np.zeros(token_ids.lengths[i]), {}) for i in order[first : first + _REVIEWS]]
        work = _Work(lines, token_ids, classes)
        work.look_at_ends([(review, place) for review in group for place in (0.0, 1.0)])
        open_reviews = group
        while open_reviews:
            work.sum_up([(review, piece) for review in open_reviews for piece in review.pieces])
            open_reviews = [review for review in open_reviews if _refine(review)]
            work.look_at_ends([(review, piece[0]) for review in open_reviews for piece in review.pieces])
        for review in group:
            results[review.index] = WordScores(review.scores, review.ends[1.0], review.ends[0.0], review.points)
        if progress:
            progress(len(group))
    return [result for result in results if result is not None]


def _refine(review: _Review) -> bool:
    """Take what is good enough, and halve the other pieces; whether there are some."""
    errors = np.array([abs(error) for _, _, error in review.found])
    enough = review.missed + errors.sum() <= TOLERANCE / 2
    # A share of what may be missed still: not by length, for short pieces would have to be righter than 32 bits are.
    share = (TOLERANCE / 2 - review.missed) / (2 * len(errors))
    review.pieces, found, review.found = [], review.found, []
    room = _MOST_POINTS - review.points
    for (piece, scores, _), error in zip(found, errors, strict=True):
        start, end = piece
        too_small = end - start < 2.0**-_MOST_HALVINGS or room < 2 * len(_PLACES) or not np.isfinite(error)
        if enough or too_small or error <= share:
            review.scores += scores
            review.missed += error
        else:
            middle = (start + end) / 2
            review.pieces += [(start, middle), (middle, end)]
            room -= 2 * len(_PLACES)
    return bool(review.pieces)


@dataclass(frozen=True)
class _Work:
    """Reads points of many reviews in few calls."""

    lines: Lines
    token_ids: TokenIds
    classes: np.ndarray

    def look_at_ends(self, points: Sequence[tuple[_Review, float]]) -> None:
        """Note the predictions at the ends of pieces that are not known yet."""
        new = list(
            {(review.index, place): (review, place) for review, place in points if place not in review.ends}.values()
        )
        for part in self._calls(new, 1):
            indices, places = np.array([one.index for one, _ in part]), np.array([place for _, place in part])
            values = self.lines.values(self._pad(indices), self.classes[indices], places)
            for (review, place), value in zip(part, values.tolist(), strict=True):
                review.ends[place] = value

    def sum_up(self, pieces: Sequence[tuple[_Review, tuple[float, float]]]) -> None:
        """Note the sums over pieces, and how far they are from the differences between their ends."""
        for part in self._calls(pieces, len(_PLACES)):
            indices = np.repeat([review.index for review, _ in part], len(_PLACES))
            starts, ends = (np.array([piece[end] for _, piece in part]) for end in (0, 1))
            places = (starts[:, None] + (ends - starts)[:, None] * _PLACES).ravel()
            slopes = self._slopes(indices, places)
            sums = np.einsum("pnt,n->pt", slopes.reshape(len(part), len(_PLACES), -1), _WEIGHTS)
            for (review, piece), row in zip(part, sums * (ends - starts)[:, None], strict=True):
                scores = row[: len(review.scores)]
                difference = review.ends[piece[1]] - review.ends[piece[0]]
                review.found.append((piece, scores, float(scores.sum()) - difference))
                review.points += len(_PLACES)

    def _slopes(self, indices: np.ndarray, places: np.ndarray) -> np.ndarray:
        """The points of one piece of a very long review need several calls."""
        ids = self._pad(indices)
        most = max(_TOKENS_IN_CALL // ids.shape[1], 1)
        calls = [slice(first, first + most) for first in range(0, len(ids), most)]
        return np.concatenate([self.lines.slopes(ids[c], self.classes[indices[c]], places[c]) for c in calls])

    def _calls(self, work: Sequence[tuple[_Review, Any]], points: int) -> list[Sequence[tuple[_Review, Any]]]:
        """The work in parts that fit into a call each; ordered by length as the reviews are."""
        longest = self.lines.fixed_width or max((len(review.scores) for review, _ in work), default=1)
        most = max(_TOKENS_IN_CALL // (longest * points), 1)
        return [work[first : first + most] for first in range(0, len(work), most)]

    def _pad(self, indices: np.ndarray) -> np.ndarray:
        return self.token_ids.pad(indices, self.lines.fixed_width or int(self.token_ids.lengths[indices].max()))
