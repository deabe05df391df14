"""How far is an export from the run that it is of, on the same reviews?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sentiment_cli.errors import RunError

# In sums of float32 that are added up in another order. Measured on 1,000 IMDb reviews: up to 2e-6 with `imdb_lstm`.
MOST_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Comparison:
    """What two networks say of the same reviews.

    Args:
        reviews: how many.
        largest_difference: of a probability.
        mean_difference: of the probabilities of the class that the run says.
        changed_labels: reviews whose most probable class is another one.
        accuracy: of the run, in [0, 1]; None: the right classes are not known.
        exported_accuracy: of the export; likewise.
    """

    reviews: int
    largest_difference: float
    mean_difference: float
    changed_labels: int
    accuracy: float | None
    exported_accuracy: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def compare_probabilities(own: np.ndarray, exported: np.ndarray, labels: np.ndarray | None) -> Comparison:
    """Compare an export with the run.

    Args:
        own: float[n, classes], what the run says of n reviews, at least one.
        exported: the same of the export.
        labels: int[n], the right classes; None: not known.

    Raises:
        RunError: the shapes are not the same, or a probability is no number.
    """
    if own.shape != exported.shape:
        raise RunError(f"The export gives probabilities of shape {exported.shape}; expected {own.shape}.")
    for who, probabilities in (("run", own), ("export", exported)):
        if not np.isfinite(probabilities).all():
            count = int((~np.isfinite(probabilities)).any(axis=1).sum())
            raise RunError(
                f"The network of the {who} gives no finite probabilities for {count:,} of {len(own):,} reviews. Train "
                "anew with tanh in place of an activation without a bound, or with a lower learning rate."
            )
    difference = np.abs(own - exported)
    said, exported_said = own.argmax(axis=1), exported.argmax(axis=1)
    return Comparison(
        reviews=len(own),
        largest_difference=float(difference.max()),
        mean_difference=float(difference[np.arange(len(own)), said].mean()),
        changed_labels=int((said != exported_said).sum()),
        accuracy=None if labels is None else float((said == labels).mean()),
        exported_accuracy=None if labels is None else float((exported_said == labels).mean()),
    )


def check_equal(comparison: Comparison, runtime: str) -> None:
    """Raise a RunError where an export that should say the same as the run does not."""
    if comparison.largest_difference > MOST_DIFFERENCE:
        raise RunError(
            f"The export, opened by {runtime}, is not the run's network: over {comparison.reviews:,} reviews a "
            f"probability differs by {comparison.largest_difference:.2g}, expected at most {MOST_DIFFERENCE:g}. It was "
            "not kept. Please report it with the run's config.yaml and the versions that sentiment info shows."
        )


def draw_texts(vocabulary: Sequence[str], count: int, most_tokens: int) -> list[str]:
    """Made-up texts of a vocabulary's words, for where there are no reviews: empty, short, and longer than is read.

    Args:
        vocabulary: tokens in the order of their ids.
        count: how many.
        most_tokens: ``text.sequence_length``.

    Returns:
        The same for the same arguments.
    """
    rng = np.random.default_rng(0)
    # Nothing is drawn of the two first, padding and unknown; a word that no vocabulary has stands for those.
    words = [*vocabulary[2:], "xqzjw"]
    longest = min(most_tokens + most_tokens // 4, 2_000)
    lengths = np.concatenate([[0, 1, longest], np.sort(rng.integers(1, longest + 1, size=count))])[:count]
    return [" ".join(words[index] for index in rng.integers(0, len(words), size=length)) for length in lengths]
