"""What is known to go wrong with a configuration, said before the training and not after it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from sentiment_cli.config.schema import Config
from sentiment_cli.recurrent.conditions import cudnn_blockers
from sentiment_cli.text.token_ids import TokenIds

# More unknown words than these, or more words cut, and the network misses what decides.
_MOST_UNKNOWN = 0.10
_MOST_CUT = 0.50
_MOST_OF_ONE_CLASS = 0.80
_FEWEST_TOKENS = 2.0


def check_settings(config: Config, *, on_gpu: bool) -> list[str]:
    """Settings that are known to fail or to be slow.

    Args:
        config: the configuration.
        on_gpu: whether the network runs on a GPU.

    Returns:
        One line for each, with what to do.
    """
    warnings = []
    if not config.model.embedding.mask and "last" in config.model.pooling:
        warnings.append(
            "model.embedding.mask is false: the last state is taken after the padding, and such networks "
            "often stay at chance; set it to true"
        )
    slow = [
        f"model.recurrent.{i}.{key}" for i, layer in enumerate(config.model.recurrent) for key in cudnn_blockers(layer)
    ]
    if on_gpu and slow:
        warnings.append(f"cuDNN cannot run these settings, the GPU will be slow: {', '.join(slow)}")
    return warnings


def check_encoding(config: Config, token_ids: TokenIds) -> list[str]:
    """What the encoded training reviews show.

    Args:
        config: the configuration.
        token_ids: the training reviews.
    """
    warnings = []
    total = max(int(token_ids.tokens.sum()), 1)
    cut, unknown = int(token_ids.cut.sum()) / total, int(token_ids.unknown.sum()) / max(len(token_ids.flat), 1)
    if config.text.split == "whitespace" and token_ids.tokens.mean() < _FEWEST_TOKENS:
        warnings.append("fewer than two words a review: a language without spaces? see text.split: character")
    if cut > _MOST_CUT:
        longest = int(np.quantile(token_ids.tokens, 0.9))
        warnings.append(
            f"{cut:.0%} of all tokens are cut by text.sequence_length {config.text.sequence_length}; "
            f"nine of ten reviews have at most {longest}"
        )
    if unknown > _MOST_UNKNOWN:
        warnings.append(
            f"{unknown:.0%} of the tokens kept are unknown; raise text.max_tokens ({config.text.max_tokens:,})"
        )
    return warnings


def check_disk(needed: int, directory: Path) -> list[str]:
    """A warning where the disk of a directory, which need not exist yet, has less room than so many bytes."""
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    return [f"{free / 1e6:,.0f} MB of disk are free, the run needs {needed / 1e6:,.0f} MB"] if free < needed else []


def check_balance(counts: dict[str, int], config: Config) -> list[str]:
    """A warning where one class has most of the reviews and nothing is done about it."""
    share = max(counts.values()) / max(sum(counts.values()), 1)
    if share < _MOST_OF_ONE_CLASS or config.training.class_weight:
        return []
    most = max(counts, key=lambda name: counts[name])
    return [f'{share:.0%} of the reviews are "{most}"; accuracy says little then, see training.class_weight: balanced']
