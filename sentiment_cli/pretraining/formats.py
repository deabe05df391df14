"""Word vectors of others, in the text formats of GloVe and word2vec: a word and its numbers in each line.

GloVe's files have nothing else. Those of word2vec and fastText begin with a line of two numbers, how many words and
how many numbers each. The parts of a line are set apart by single blanks; a word may hold blanks (some of GloVe's
do), so that a line is read from its end.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from sentiment_cli.errors import DataError

# No line of text vectors is longer, with 10,000 numbers and a word; other files may have no line ends at all.
_LONGEST_LINE = 1_000_000
# Lines.
_TOLD_AT_ONCE = 10_000


@dataclass(frozen=True)
class _Header:
    """What the first line says of the others.

    Args:
        words: how many there are; None where the file does not say.
        dim: how many numbers each has.
    """

    words: int | None
    dim: int


def check_vectors_file(path: Path, dim: int) -> None:
    """Look at the first line of a file of word vectors.

    Args:
        path: text, or .gz of it.
        dim: ``model.embedding.dim``.

    Raises:
        DataError: it cannot be read, is no such file, or its vectors have another size.
    """
    _, line = next(_lines(path), (1, b""))
    _check_dim(path, _read_header(path, line), dim)


def read_vectors(
    path: Path, vocabulary: Sequence[str], dim: int, progress: Callable[[int], None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Read the vectors of the words of a vocabulary; of a word that comes twice the first.

    Args:
        path: text, or .gz of it.
        vocabulary: tokens in the order of their ids.
        dim: numbers in a vector.
        progress: called with the number of lines done since the last call.

    Returns:
        float32[size, dim] vectors, and bool[size], which of them were found.

    Raises:
        DataError: the file cannot be read, or a line of it is wrong; names file and line.
    """
    ids = {token.encode("utf-8", "surrogatepass"): index for index, token in enumerate(vocabulary) if token}
    vectors = np.zeros((len(vocabulary), dim), np.float32)
    found = np.zeros(len(vocabulary), dtype=bool)
    header = _Header(None, dim)
    number = 0
    for number, line in _lines(path):
        if number == 1:
            header = _read_header(path, line)
            _check_dim(path, header, dim)
            if header.words is not None:
                continue
        word, *numbers = line.rsplit(b" ", dim)
        if len(numbers) != dim or not word:
            raise DataError(f"{path}:{number}: expected a word and {dim} numbers, received {_shown(line)}.")
        index = ids.get(word)
        if index is not None and not found[index]:
            vectors[index], found[index] = _numbers(path, number, numbers), True
        if progress and number % _TOLD_AT_ONCE == 0:
            progress(_TOLD_AT_ONCE)
    if header.words is not None and number - 1 != header.words:
        raise DataError(f"{path}: expected {header.words:,} words by its first line, received {number - 1:,}.")
    if not found.any():
        raise DataError(f"{path} has a vector for none of the {len(vocabulary) - 2:,} words of the vocabulary.")
    return vectors, found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines from 1, without their ends."""
    try:
        with _open(path) as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise DataError(f"{path}:{number}: expected a word and numbers, received a line without end.")
                yield number, line.rstrip(b"\r\n ")
    except OSError as error:  # gzip's own is one of them
        raise DataError(f"{path} (pretrain.file) cannot be read: {error.strerror or error}.") from None
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path} (pretrain.file) is cut off or damaged: {error}.") from None
    if number == 0:
        raise DataError(f"{path} (pretrain.file) is empty; expected a word and its numbers in each line.")


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _read_header(path: Path, line: bytes) -> _Header:
    """What a first line says, be it a line of its own or that of the first word."""
    parts = line.split(b" ")
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        return _Header(int(parts[0]), int(parts[1]))
    if len(parts) < 2:
        raise DataError(f"{path}:1: expected a word and its numbers, received {_shown(line)}.")
    _numbers(path, 1, parts[-1:])
    return _Header(None, len(parts) - 1)


def _check_dim(path: Path, header: _Header, dim: int) -> None:
    if header.dim != dim:
        raise DataError(
            f"{path}:1: has vectors of {header.dim} numbers, model.embedding.dim is {dim}; "
            f"set it to {header.dim}, or choose another file."
        )


def _numbers(path: Path, line: int, parts: list[bytes]) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            values = np.array([float(part) for part in parts]).astype(np.float32)
    except ValueError:
        wrong = next(part for part in parts if not _is_number(part))
        raise DataError(f"{path}:{line}: expected a number, received {_shown(wrong)}.") from None
    if not np.isfinite(values).all():
        raise DataError(f"{path}:{line}: expected finite numbers, received nan, inf or one too large.")
    return values


def _is_number(part: bytes) -> bool:
    try:
        float(part)
    except ValueError:
        return False
    return True


def _shown(content: bytes) -> str:
    text = content.decode("utf-8", "replace")
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
