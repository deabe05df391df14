"""What does the network see of a text? Its tokens with their ids and places, and what was cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_cli.config.data import TextSettings
from sentiment_cli.text.alignment import Place, place_tokens
from sentiment_cli.text.token_ids import kept_positions
from sentiment_cli.text.vocabulary import UNKNOWN_ID


@dataclass(frozen=True)
class Token:
    """One token of a text.

    Args:
        text: as the vectorizer made it.
        id: what the network reads for it; 1: it is not in the vocabulary.
        place: its first character in the text and the one after its last; None where it has no own characters.
        is_read: it was not cut off.
    """

    text: str
    id: int
    place: Place | None
    is_read: bool

    @property
    def is_unknown(self) -> bool:
        """Whether it is not in the vocabulary."""
        return self.id == UNKNOWN_ID


@dataclass(frozen=True)
class Reading:
    """A text and what the network sees of it.

    Args:
        text: as it was given.
        standardized: after cleaning, before it is split.
        tokens: all of them, in order.
        ids: int32[n], what the network reads, n at least 1.
    """

    text: str
    standardized: str
    tokens: tuple[Token, ...]
    ids: np.ndarray

    @property
    def read(self) -> list[Token]:
        """The tokens that the network reads, one for each of ``ids``; an empty text is read as one unknown word."""
        return [token for token in self.tokens if token.is_read] or [Token("", UNKNOWN_ID, None, True)]

    @property
    def cut(self) -> int:
        """How many tokens were cut off."""
        return sum(not token.is_read for token in self.tokens)

    def gaps(self) -> list[tuple[int, int, int]]:
        """The runs of tokens that were cut off: from which character to which, and how many there are.

        They begin where the token before them ends, or the text, and end likewise.
        """
        found: list[tuple[int, int, int]] = []
        count, start, done = 0, 0, 0
        for token in self.tokens:
            if not token.is_read:
                count += 1
                continue
            if count and token.place:
                found.append((start, token.place[0], count))
                count = 0
            if token.place:
                start = done = token.place[1]
        return [*found, (done, len(self.text), count)] if count else found


def make_reading(
    settings: TextSettings, text: str, standardized: str, words: Sequence[str], vocabulary: Sequence[str]
) -> Reading:
    """Put together what the vectorizer made of a text.

    Args:
        settings: the ``text`` section.
        text: the text.
        standardized: see `Reading`.
        words: its tokens before cutting.
        vocabulary: tokens in the order of their ids.
    """
    known = {word: index for index, word in enumerate(vocabulary) if index > UNKNOWN_ID}
    kept = set(kept_positions(len(words), settings.sequence_length, settings.truncate).tolist())
    tokens = tuple(
        Token(word, known.get(word, UNKNOWN_ID), place, index in kept)
        for index, (word, place) in enumerate(zip(words, place_tokens(settings, text, words), strict=True))
    )
    ids = [token.id for token in tokens if token.is_read] or [UNKNOWN_ID]
    return Reading(text, standardized, tokens, np.array(ids, np.int32))
