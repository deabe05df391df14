"""How does an export that takes a batch of texts classify any number of them?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# Probabilities float[n, classes] of n texts.
Classify = Callable[[Sequence[str]], np.ndarray]

# Reviews in a call. 1,000 of IMDb's through the SavedModel of `imdb_lstm`: 1.3 s with 32, 0.8 with 128, 0.7 with 256,
# which takes twice the memory.
_BATCH = 128


def in_batches(classify: Classify) -> Classify:
    """Let texts of similar length go together, for each batch is as wide as its longest: that halves the time.

    Args:
        classify: takes a batch.

    Returns:
        The same for any number of texts but none; results are in the order of the texts.
    """

    def classify_all(texts: Sequence[str]) -> np.ndarray:
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        groups = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        rows = np.concatenate([classify([texts[index] for index in group]) for group in groups])
        result = np.empty_like(rows)
        result[order] = rows
        return result

    return classify_all
