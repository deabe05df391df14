"""All that is known of how a network came to the prediction of one review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sentiment_cli.analysis.attributions import Span, Spans, towards_second
from sentiment_cli.explanation.cells import CellTrace, order_units
from sentiment_cli.explanation.growth import Growth, to_probability
from sentiment_cli.explanation.reading import Reading, Token

# What words are compared with, for people.
BASELINE_TEXT = {
    "unknown": "every word the unknown one",
    "zero": "every word a vector of zeros",
    "mean": "every word the mean of all word vectors",
}


@dataclass(frozen=True)
class Explanation:
    """Why a class got its probability.

    Args:
        reading: the text and what the network sees of it.
        class_names: in the order of the outputs.
        explained: the class whose log-odds are explained.
        probabilities: by class name.
        scores: float64[tokens that were read], what each added to the log-odds.
        log_odds: of the class that is explained.
        baseline: the same for the baseline.
        baseline_kind: what that is, see `BASELINE_TEXT`.
        points: how many gradients were taken.
        growth: the prediction as the words are read.
        cell: the inside of a recurrent layer over the same words; None: it was not asked for.
        networks: how many predict together; the cell is that of the first.
    """

    reading: Reading
    class_names: tuple[str, ...]
    explained: str
    probabilities: dict[str, float]
    scores: np.ndarray
    log_odds: float
    baseline: float
    baseline_kind: str
    points: int
    growth: Growth
    cell: CellTrace | None
    networks: int = 1

    @property
    def predicted(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def residual(self) -> float:
        """What the scores miss of the difference that they should add up to."""
        return float(self.scores.sum()) - (self.log_odds - self.baseline)

    @property
    def spans(self) -> list[Span]:
        """The words that the network read, with their scores."""
        scored = zip(self.reading.read, self.scores.tolist(), strict=True)
        return [Span(*token.place, score) for token, score in scored if token.place]

    @property
    def colors(self) -> Spans:
        """The same with the signs that colours have, see `analysis.attributions.towards_second`."""
        return towards_second(self.spans, self.explained, self.class_names)

    @property
    def sides(self) -> tuple[str, str]:
        """What the two colours say, the one of scores above 0 first."""
        if len(self.class_names) == 2:
            return f"towards {self.class_names[1]}", f"towards {self.class_names[0]}"
        return f"towards {self.explained}", f"against {self.explained}"

    def strongest(self, count: int) -> list[tuple[str, int, float]]:
        """The words of the largest scores in either direction: the word, how often it was read, and the sum.

        The largest first, ties in the order of the text.
        """
        sums: dict[str, tuple[int, float]] = {}
        for token, score in zip(self.reading.read, self.scores.tolist(), strict=True):
            times, total = sums.get(token.text, (0, 0.0))
            sums[token.text] = (times + 1, total + score)
        ordered = sorted(sums.items(), key=lambda item: -abs(item[1][1]))
        return [(word, times, total) for word, (times, total) in ordered[:count]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        scores = iter(self.scores.tolist())
        tokens = [_token(token, next(scores) if token.is_read else None) for token in self.reading.tokens]
        growth = zip(
            self.growth.lengths.tolist(), self.growth.probabilities.tolist(), self.growth.log_odds.tolist(), strict=True
        )
        return {
            "text": self.reading.text,
            "predicted": self.predicted,
            "probabilities": self.probabilities,
            "explained": self.explained,
            "log_odds": self.log_odds,
            "baseline": {
                "kind": self.baseline_kind,
                "log_odds": self.baseline,
                "probability": float(to_probability(np.asarray(self.baseline))),
            },
            "residual": self.residual,
            "gradients": self.points,
            "standardized": self.reading.standardized,
            "tokens": tokens,
            "growth": [{"words": n, "probability": p, "log_odds": odds} for n, p, odds in growth],
            "networks": self.networks,
            "cell": None if self.cell is None else _cell(self.cell, self.growth.after_each()),
        }


def _token(token: Token, score: float | None) -> dict[str, Any]:
    start, end = token.place or (None, None)
    values = {"token": token.text, "id": token.id, "start": start, "end": end}
    return {**values, "unknown": token.is_unknown, "read": token.is_read, "score": score}


def _cell(cell: CellTrace, growth: np.ndarray) -> dict[str, Any]:
    order = order_units(cell.carried, growth)
    panels = {name: np.round(values.astype(np.float64), 6).tolist() for name, values in cell.panels.items()}
    head = {"cell": cell.cell, "layer": cell.layer, "direction": cell.direction}
    return {**head, "units_by_correlation_with_log_odds": order.tolist(), **panels}
