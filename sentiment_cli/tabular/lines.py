"""How are the lines of a text file given, whatever its encoding?"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sentiment_cli.tabular.content import Content, open_bytes, reading
from sentiment_cli.tabular.encoding import MARKING, Encoding

# Enough for 500 reviews of IMDb.
_SAMPLE_CHARACTERS, _SAMPLE_LINES = 1_000_000, 5_000
_TELL_EVERY = 1_000  # lines


def ending(content: Content) -> str:
    """The ending of a file's name, in small letters, without that of gzip."""
    name = content.path.name.lower()
    return "." + name.removesuffix(".gz").rpartition(".")[2]


class Sample(NamedTuple):
    """The beginning of a text file.

    Args:
        lines: with their ends.
        whole: it is the whole file; otherwise the last record may not end within it.
    """

    lines: list[str]
    whole: bool


def open_lines(content: Content, encoding: Encoding, tell: Callable[[float], None]) -> Iterator[str]:
    """The lines of a text file with their ends; undecodable bytes are marked, see `encoding.MARKING`.

    Args:
        content: the file.
        encoding: of its bytes.
        tell: called with the share of the file that was read, now and then.
    """
    with reading(content.path), open_bytes(content) as (unpacked, file):
        size = max(content.file_bytes, 1)
        with io.TextIOWrapper(unpacked, encoding.codec, MARKING, newline="") as lines:
            for number, line in enumerate(lines):
                if number % _TELL_EVERY == 0:
                    tell(min(file.tell() / size, 1.0))
                yield line


def read_sample(content: Content, encoding: Encoding) -> Sample:
    """The first lines: 5,000, or a million characters of them."""
    lines, characters = [], 0
    for line in open_lines(content, encoding, lambda share: None):
        lines.append(line)
        characters += len(line)
        if characters >= _SAMPLE_CHARACTERS or len(lines) >= _SAMPLE_LINES:
            return Sample(lines, whole=False)
    return Sample(lines, whole=True)
