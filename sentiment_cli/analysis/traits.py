"""What can be seen of a review without any network: negations, star rating, and whether it is a copy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.atomic import write_text
from sentiment_cli.data.reviews import EMPTY_DIGEST, text_digest
from sentiment_cli.errors import RunError
from sentiment_cli.tables import csv_text, read_table

# English; "without" and "hardly" turn what follows as "not" does (Huddleston and Pullum 2002, chapter 9).
# In lower case and two passes: 1.3 s for IMDb's 25,000 test reviews, where one pass that ignores case takes 3.0 s.
_WORD = re.compile(r"\b(?:n(?:o(?:t|ne|body|thing|where|r)?|ever|either)|cannot|without|hardly|barely|scarcely)\b")
_CONTRACTED = re.compile(r"[a-z]n['\u2019]t\b")
# As in aclImdb: 127_9.txt has nine stars. A 0 stands for no rating there. Ids that are no numbers have two signs, as
# `importing.names` writes them: review_3.txt is a third review.
_RATED_NAME = re.compile(r"(?:^|/)(?:\d+_|[^/]+__)(10|[1-9])\.txt$")
_COLUMNS = ("path", "negations", "rating", "copy_of")


@dataclass(frozen=True)
class Traits:
    """What is known of a review.

    Args:
        negations: number of English negation words; None where the text could not be read.
        rating: stars from 1 to 10; None where the file's name does not say.
        copy_of: path of the first training review with the same text; None where there is none.
    """

    negations: int | None
    rating: int | None
    copy_of: str | None


def count_negations(text: str) -> int:
    """How many English negation words a text has."""
    lower = text.lower()
    return len(_WORD.findall(lower)) + len(_CONTRACTED.findall(lower))


def read_rating(path: str) -> int | None:
    """The stars, 1 to 10, that a file name like ``127_9.txt`` says; None for other names."""
    found = _RATED_NAME.search(path)
    return int(found[1]) if found else None


def known_texts(paths: Sequence[str], texts: Iterable[str]) -> dict[bytes, str]:
    """The digest of each text that is not empty, with the path of the first that has it.

    Args:
        paths: str[n].
        texts: str[n], taken one by one.
    """
    known: dict[bytes, str] = {}
    for path, text in zip(paths, texts, strict=True):
        known.setdefault(text_digest(text), path)
    known.pop(EMPTY_DIGEST, None)
    return known


def find_traits(
    paths: Sequence[str], texts: Iterable[str | None], training: Mapping[bytes, str] | None = None
) -> dict[str, Traits]:
    """The traits of reviews by their paths.

    Args:
        paths: str[n].
        texts: str[n]; None for one that could not be read.
        training: from `known_texts` of the reviews that were learned from. A review is no copy of itself.
    """
    training = training or {}
    return {path: _traits(path, text, training) for path, text in zip(paths, texts, strict=True)}


def _traits(path: str, text: str | None, training: Mapping[bytes, str]) -> Traits:
    if text is None:
        return Traits(None, read_rating(path), None)
    original = training.get(text_digest(text)) if training else None
    return Traits(count_negations(text), read_rating(path), original if original != path else None)


def write_traits(path: Path, traits: Mapping[str, Traits]) -> None:
    """Write a row for each review, whole or not at all."""
    rows = ([name, row.negations, row.rating, row.copy_of] for name, row in traits.items())
    write_text(path, csv_text(_COLUMNS, rows))


def read_traits(path: Path) -> dict[str, Traits]:
    """Read what `write_traits` wrote.

    Raises:
        RunError: the file is missing or damaged; the message names the line.
    """
    rows = read_table(path)
    if not rows or tuple(rows[0][1]) != _COLUMNS:
        raise RunError(f"{path}:1: expected the columns {','.join(_COLUMNS)}.")
    return dict(_parse_row(path, number, row) for number, row in rows[1:])


def _parse_row(path: Path, number: int, row: list[str]) -> tuple[str, Traits]:
    if len(row) != len(_COLUMNS):
        raise RunError(f"{path}:{number}: expected {len(_COLUMNS)} cells, received {len(row)}.")
    name, negations, rating, copy_of = row
    try:
        return name, Traits(_whole(negations), _whole(rating), copy_of or None)
    except ValueError as error:
        raise RunError(f"{path}:{number}: {error}.") from None


def _whole(cell: str) -> int | None:
    return int(cell) if cell else None
