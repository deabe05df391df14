"""What does a review count in the loss by its class?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from sentiment_cli.config.training import Training
from sentiment_cli.errors import ConfigError
from sentiment_cli.training.weights import compute_class_weights

LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2], np.int32)
NAMES = ("bad", "fair", "good")


def weights(value: Any, labels: np.ndarray = LABELS, names: tuple[str, ...] = NAMES) -> list[float]:
    result = compute_class_weights(Training(class_weight=value), labels, names)
    assert result.dtype == np.float32
    return [float(weight) for weight in result]


def test_without_weights_every_review_counts_one() -> None:
    assert weights(None) == [1, 1, 1]


def test_balanced_weights_let_every_class_count_the_same() -> None:
    # Nine reviews in three classes: 9 / (3 * 6), 9 / (3 * 2), 9 / (3 * 1).
    assert weights("balanced") == [0.5, 1.5, 3]


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    np.testing.assert_allclose(weights("balanced"), expected)


def test_a_class_without_reviews_does_not_divide_by_zero() -> None:
    assert weights("balanced", np.array([0, 0, 1, 1], np.int32)) == pytest.approx([2 / 3, 2 / 3, 4 / 3])


def test_weights_by_name_are_put_in_the_order_of_the_classes() -> None:
    assert weights({"good": 4.0, "bad": 1.0, "fair": 2.5}) == [1, 2.5, 4]


@pytest.mark.parametrize("given", [{"bad": 1.0, "good": 2.0}, {"bad": 1.0, "fair": 1.0, "good": 1.0, "best": 1.0}])
def test_names_that_are_not_the_classes_are_an_error_with_both_lists(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError) as caught:
        weights(given)
    expected = f"training.class_weight: expected one weight for each of bad, fair, good, received {', '.join(given)}"
    assert str(caught.value) == expected
