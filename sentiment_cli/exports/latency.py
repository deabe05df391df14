"""How long does it take to classify one review, and 1,000?"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.exports.batches import Classify

MANY = 1_000
# Each alone, and before them some that are not counted: the first calls make room and compile.
_SINGLES, _WARM = 50, 5
_TURNS = 3


@dataclass(frozen=True)
class Latency:
    """Seconds from texts to probabilities, in a process that has loaded everything.

    Args:
        one_seconds: for a review alone, the median of different ones.
        slowest_one_seconds: the 95th percentile of them.
        many_seconds: for 1,000 reviews, the median of three turns.
    """

    one_seconds: float
    slowest_one_seconds: float
    many_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def measure_latency(classify: Classify, texts: Sequence[str]) -> Latency:
    """Time a classifier.

    Args:
        classify: takes any number of texts.
        texts: at least one; they are repeated to 1,000.
    """
    many = list(itertools.islice(itertools.cycle(texts), MANY))
    # Spread over all of them, so that no class and no length is preferred.
    singles = many[:: MANY // _SINGLES][:_SINGLES]
    for text in singles[:_WARM]:
        classify([text])
    ones = sorted(_seconds(classify, [text]) for text in singles)
    classify(many)
    return Latency(
        one_seconds=statistics.median(ones),
        slowest_one_seconds=ones[round(0.95 * (len(ones) - 1))],
        many_seconds=statistics.median(_seconds(classify, many) for _ in range(_TURNS)),
    )


def _seconds(classify: Classify, texts: Sequence[str]) -> float:
    start = time.perf_counter()
    classify(texts)
    return time.perf_counter() - start
