"""Which files turn texts into the token ids of a network, without this package?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sentiment_cli.config.schema import Config

# What `write_tokenizer` makes.
SETTINGS_FILE, SOURCE_FILE = "tokenizer.json", "tokenizer.py"


def write_tokenizer(directory: Path, config: Config, vocabulary: Sequence[str]) -> None:
    """Write ``tokenizer.json`` and ``tokenizer.py``, each whole or not at all.

    Args:
        directory: made when missing.
        config: the configuration.
        vocabulary: tokens in the order of their ids, padding and unknown first.
    """
    raise NotImplementedError


def tokenizer_source() -> str:
    """The source of ``tokenizer.py``: Python 3.9 or later, nothing but its standard library."""
    raise NotImplementedError
