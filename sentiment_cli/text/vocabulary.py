"""How a vocabulary is kept: a JSON list of tokens in the order of their ids.

Not one token a line, as in Keras' asset file: tokens may hold line separators. One of IMDb's 20,000 most
frequent is U+0085, and with it Keras' own file cannot be read back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from sentiment_cli.atomic import write_json
from sentiment_cli.errors import RunError

PADDING, UNKNOWN = "", "[UNK]"
PADDING_ID, UNKNOWN_ID = 0, 1


def write_vocabulary(path: Path, vocabulary: Sequence[str]) -> None:
    """Write the tokens in the order of their ids, padding and unknown first."""
    write_json(path, list(vocabulary))


def read_vocabulary(path: Path) -> list[str]:
    """Read what `write_vocabulary` wrote.

    Raises:
        RunError: the file is missing or is not a vocabulary.
    """
    try:
        vocabulary = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    if not isinstance(vocabulary, list) or not all(isinstance(token, str) for token in vocabulary):
        raise RunError(f"{path}: expected a JSON list of tokens.")
    if vocabulary[:2] != [PADDING, UNKNOWN] or len(set(vocabulary)) != len(vocabulary):
        raise RunError(f'{path}: expected "{PADDING}" and "{UNKNOWN}" first and every token once.')
    return vocabulary


def vocabulary_checksum(vocabulary: Sequence[str]) -> str:
    """SHA-256 of a vocabulary."""
    return hashlib.sha256(json.dumps(list(vocabulary)).encode()).hexdigest()
