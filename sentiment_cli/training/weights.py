"""What a review counts in the loss by its class."""

from __future__ import annotations

import numpy as np

from sentiment_cli.config.training import Training
from sentiment_cli.errors import ConfigError, Problem


def compute_class_weights(settings: Training, labels: np.ndarray, class_names: tuple[str, ...]) -> np.ndarray:
    """The weight of each class.

    ``balanced``: n / (classes * reviews of the class), as in scikit-learn, so that every class counts the same.

    Args:
        settings: the ``training`` section.
        labels: int32[n] of the training reviews.
        class_names: in the order of the labels.

    Returns:
        float32[classes].

    Raises:
        ConfigError: the configured names are not those of the classes.
    """
    weights = settings.class_weight
    if weights is None:
        return np.ones(len(class_names), np.float32)
    if weights == "balanced":
        counts = np.bincount(labels, minlength=len(class_names))
        return (len(labels) / (len(class_names) * np.maximum(counts, 1))).astype(np.float32)
    check_class_weights(settings, class_names)
    return np.array([weights[name] for name in class_names], dtype=np.float32)


def check_class_weights(settings: Training, class_names: tuple[str, ...]) -> None:
    """Raise a ConfigError where the configured names are not those of the classes."""
    weights = settings.class_weight
    if isinstance(weights, dict) and set(weights) != set(class_names):
        what = f"expected one weight for each of {', '.join(class_names)}, received {', '.join(weights)}"
        raise ConfigError([Problem("", "training.class_weight", what)])
