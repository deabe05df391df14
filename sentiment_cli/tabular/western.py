"""Which encoding of Western texts makes words of bytes that are not UTF-8?

Each is tried on what stands around those bytes, and each character outside of ASCII is judged by its neighbours: an
accented letter belongs beside letters, a capital not behind a small one, a curly apostrophe behind a letter, an opening
quote before one; a box line or a control character nowhere. The bytes 0x80 to 0x9F decide between the three.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# In the order in which they are taken where they do equally well. windows-1252 holds what latin-1 has, and more.
_NAMES = {"cp1252": "windows-1252", "mac_roman": "Mac Roman", "cp850": "DOS code page 850"}
# What is right has 0.7 to 1 on texts of seven languages, what is wrong 0.4 at most. For the rare two, no dash, or space
# that is not broken, is enough.
_LEAST = {"cp1252": 0.4, "mac_roman": 0.6, "cp850": 0.6}
_FREQUENT, _OTHERS = "áàãäåçéèêíñóöøüß", "âæëìîïòôõùúûœ"
# Where two encodings give letters in all places, the one that gives the more frequent ones is right.
_SMALL = {**dict.fromkeys(_FREQUENT, 1.0), **dict.fromkeys(_OTHERS, 0.7)}
_WORDS = frozenset("àèéóòåö")  # "is", "and", "or", "to", "island", each in some language
_CAPITAL = frozenset((_FREQUENT + _OTHERS).upper())
_BEHIND_LETTER = frozenset("’”»…™®°ªº²³½¼")
_BEFORE_LETTER = frozenset("‘“«¿¡£€")
_ANYWHERE = frozenset("–—•·©§½¼¾\u00a0")
_WORD = re.compile(r"[\w’]*(?:[^\W\x00-\x7f]|\w’\w)[\w’]*")
_ANY = re.compile(r"\S*[^\x00-\x7f]\S*")
_RUN = re.compile(rb"[\x80-\xff]{3,}")


@dataclass(frozen=True)
class Guess:
    """An encoding that gives words.

    Args:
        codec: Python's name.
        name: for the user; where nothing tells windows-1252 from latin-1, both.
        examples: up to three words that it gives, with characters outside of ASCII.
    """

    codec: str
    name: str
    examples: tuple[str, ...]


def guess_western(around: Sequence[bytes]) -> Guess | None:
    """The encoding that gives most sense to pieces of text; None where none gives enough.

    Args:
        around: pieces of lines with bytes from 0x80 on.
    """
    text = b"\n".join(around)
    outside = len(text) - len(text.translate(None, bytes(range(0x80, 0x100))))
    # Texts in other scripts have words of such bytes alone, Western ones hardly ever three in a row.
    if not outside or sum(len(run) for run in _RUN.findall(text)) > outside / 3:
        return None
    scores = {codec: _sense(text.decode(codec, errors="replace")) for codec in _NAMES}
    codec = max(scores, key=lambda name: scores[name])
    if scores[codec] < _LEAST[codec]:
        return None
    either = codec == "cp1252" and not re.search(rb"[\x80-\x9f]", text)
    return Guess(codec, "latin-1 (windows-1252)" if either else _NAMES[codec], _examples(text.decode(codec, "replace")))


def _sense(text: str) -> float:
    """From -1 to 1: how well the characters outside of ASCII fit their neighbours, on average."""
    padded = f" {text} "
    scores = [
        _fit(padded[place - 1], character, padded[place + 1])
        for place, character in enumerate(padded)
        if not character.isascii()
    ]
    return sum(scores) / len(scores) if scores else 0.0


def _fit(before: str, character: str, behind: str) -> float:
    """How well a character fits between two others, from -1 to 1."""
    beside = before.isalpha() or behind.isalpha()
    if character in _SMALL:
        return _SMALL[character] if beside else (0.7 if character in _WORDS else -1.0)
    if character in _CAPITAL:
        return -1.0 if before.islower() else (0.7 if beside else -0.5)
    if character in _BEHIND_LETTER:
        return 1.0 if not before.isspace() or not behind.isalpha() else -0.5
    if character in _BEFORE_LETTER:
        return 1.0 if not before.isalpha() and not behind.isspace() else -0.5
    return 0.5 if character in _ANYWHERE else -1.0


def _examples(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_WORD.findall(text) or _ANY.findall(text)))[:3]
