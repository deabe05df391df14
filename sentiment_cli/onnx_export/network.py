"""Which ONNX graph gives the probabilities of a network?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentiment_cli.config.schema import Config


def write_onnx(
    path: Path, config: Config, vocabulary_size: int, network: Any, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a network as an ONNX file, whole or not at all.

    Its input is ``token_ids`` int64[batch, time], padded on the right with 0 to any length; its output
    ``probabilities`` float32[batch, classes], one for every class, also of two.

    Args:
        path: ``….onnx``.
        config: the configuration.
        vocabulary_size: number of tokens, padding and unknown included.
        network: from `model.network.build_network`, with its weights, in stock Keras layers or not.
        metadata: texts that are kept in the file (``metadata_props``), such as the names of the classes.

    Raises:
        MissingExtraError: onnx is not installed.
        RunError: the weights are more than an ONNX file holds, two gigabytes.
    """
    raise NotImplementedError
