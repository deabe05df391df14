"""How does a prediction grow as the network reads? The network on the first word, the first two, and so on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.evaluation.metrics import compute_log_probabilities
from sentiment_cli.text.token_ids import TokenIds

# Of a longer review so many prefixes are read, for no picture has more columns; of a very long one fewer, so that all
# together have no more tokens than this (twenty seconds of an LSTM 32).
_MOST_PREFIXES, _FEWEST, _MOST_TOKENS = 600, 50, 20_000_000


@dataclass(frozen=True)
class Growth:
    """The prediction after the first words of a review.

    Args:
        lengths: int64[m], how many tokens were read, ascending; the last are all.
        log_odds: float64[m], of the class that is explained.
    """

    lengths: np.ndarray
    log_odds: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """Float64[m], of the class that is explained."""
        return to_probability(self.log_odds)

    @property
    def is_sampled(self) -> bool:
        """Whether some lengths were left out."""
        return len(self.lengths) < int(self.lengths[-1])

    def after_each(self) -> np.ndarray:
        """The log-odds float64[tokens] after each token, between the lengths that were read on straight lines."""
        return np.asarray(np.interp(np.arange(1, self.lengths[-1] + 1), self.lengths, self.log_odds))


def to_probability(log_odds: np.ndarray) -> np.ndarray:
    """The p of log p / (1 - p), without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -np.asarray(log_odds, np.float64))))


def prefix_lengths(tokens: int) -> np.ndarray:
    """Of how many tokens the prefixes are: each number up to all, or some at even distances where it is long.

    Args:
        tokens: of the review, at least 1.

    Returns:
        int64[m], ascending from 1 to ``tokens``.
    """
    most = min(_MOST_PREFIXES, max(2 * _MOST_TOKENS // tokens, _FEWEST))
    if tokens <= most:
        return np.arange(1, tokens + 1)
    return np.unique(np.rint(np.linspace(1, tokens, most)).astype(np.int64))


def make_prefixes(ids: np.ndarray, lengths: Sequence[int] | np.ndarray) -> TokenIds:
    """The starts of a review as reviews of their own.

    Args:
        ids: int[tokens].
        lengths: how much of it each has.
    """
    lengths = np.asarray(lengths, np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return TokenIds(np.concatenate([ids[:length] for length in lengths]), offsets, lengths)


def compute_log_odds(logits: np.ndarray, classes: np.ndarray | int) -> np.ndarray:
    """The log-odds float64[n] of a class, log p / (1 - p), exact where p rounds to 0 or 1.

    Args:
        logits: float[n, 1 or classes].
        classes: the class, or one for each row.
    """
    logs = compute_log_probabilities(logits)
    rows = np.arange(len(logs))
    chosen = logs[rows, classes]
    others = logs.copy()
    others[rows, classes] = -np.inf
    return np.asarray(chosen - np.logaddexp.reduce(others, axis=1))
