"""Which files turn texts into the token ids of a network, without this package?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import write_json, write_text
from sentiment_cli.config.schema import Config
from sentiment_cli.onnx_export.unicode_tables import unicode_tables
from sentiment_cli.text.token_ids import kept_at_head

# What `write_tokenizer` makes.
SETTINGS_FILE, SOURCE_FILE = "tokenizer.json", "tokenizer.py"


def write_tokenizer(directory: Path, config: Config, vocabulary: Sequence[str]) -> None:
    """Write ``tokenizer.json`` and ``tokenizer.py``, each whole or not at all.

    Args:
        directory: made when missing.
        config: the configuration.
        vocabulary: tokens in the order of their ids, padding and unknown first.
    """
    write_json(directory / SETTINGS_FILE, tokenizer_settings(config, vocabulary))
    write_text(directory / SOURCE_FILE, tokenizer_source())


def tokenizer_settings(config: Config, vocabulary: Sequence[str]) -> dict[str, Any]:
    """What ``tokenizer.json`` holds: how texts are read, and the vocabulary."""
    text = config.text
    reviews = text.standardize == "reviews"
    return {
        "format": "sentiment tokenizer",
        "version": 1,
        "standardize": text.standardize,
        "punctuation": text.punctuation,
        "split": text.split,
        "sequence_length": text.sequence_length,
        "head": kept_at_head(text.sequence_length, text.truncate),
        "unicode": unicode_tables() if reviews else None,
        "vocabulary": list(vocabulary),
    }


def tokenizer_source() -> str:
    """The source of ``tokenizer.py``: Python 3.9 or later, nothing but its standard library."""
    return Path(__file__).with_name(SOURCE_FILE).read_text(encoding="utf-8")
