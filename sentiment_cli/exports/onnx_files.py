"""How is a network written as an ONNX file with its tokenizer?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import replacing
from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError
from sentiment_cli.exports.layout import ExportDirectory
from sentiment_cli.exports.onnx_join import join_networks
from sentiment_cli.exports.onnx_weights import quantize_weights
from sentiment_cli.extras import require
from sentiment_cli.onnx_export import write_onnx, write_tokenizer

# Of an ONNX file, which protobuf bounds; the nodes take a few kilobytes of it.
_MOST_BYTES = 2**31 - 2**20


def write_onnx_files(
    directory: ExportDirectory,
    config: Config,
    vocabulary: Sequence[str],
    class_names: Sequence[str],
    networks: Sequence[Any],
    *,
    quantize: bool = False,
) -> None:
    """Write ``model.onnx``, from token ids to probabilities, and the tokenizer that makes the token ids.

    Args:
        directory: where they go.
        config: the configuration.
        vocabulary: tokens in the order of their ids.
        class_names: in the order of the outputs; they are kept in the file's metadata, ``class_names``, as JSON.
        networks: at least one, from `model.network.build_network`; of several the mean of the probabilities is given.
        quantize: keep the weights in 8 bits, see `onnx_weights`.

    Raises:
        MissingExtraError: onnx is not installed.
        RunError: the weights are more than an ONNX file holds, two gigabytes.
    """
    metadata = {"class_names": json.dumps(list(class_names))}
    write_tokenizer(directory.path, config, vocabulary)
    if len(networks) == 1 and not quantize:
        write_onnx(directory.onnx_path, config, len(vocabulary), networks[0], metadata)
        return
    size = sum(weight.nbytes for network in networks for weight in network.get_weights())
    if size > _MOST_BYTES and not quantize:
        raise RunError(
            f"The {len(networks)} networks have {size / 1e9:.1f} GB of weights, and an ONNX file holds two. Export "
            "them as a SavedModel, or one of them alone."
        )
    onnx = require("onnx", "Writing ONNX files")
    models = [_build(onnx, config, len(vocabulary), network) for network in networks]
    if quantize:
        for model in models:
            quantize_weights(model)
    model = models[0] if len(models) == 1 else join_networks(models)
    onnx.helper.set_model_props(model, metadata)
    with replacing(directory.onnx_path) as temporary:
        onnx.save(model, str(temporary))


def _build(onnx: Any, config: Config, vocabulary_size: int, network: Any) -> Any:
    with tempfile.TemporaryDirectory(prefix="sentiment-export-") as temporary:
        path = Path(temporary) / "network.onnx"
        write_onnx(path, config, vocabulary_size, network)
        return onnx.load(str(path))
