"""Where in a text is each of its tokens? The vectorizer gives words without their places.

The rules of `vectorizer` and `standardize` are followed character by character, each of which remembers what it was
made of. Where the result is not what the vectorizer gave (it has other tables of Unicode than Python), the tokens that
both have in common get their places, and the others none.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sentiment_cli.config.data import TextSettings

Place = tuple[int, int]

# Keras strips these; everything else that looks like punctuation stays (keras/src/layers/preprocessing, 3.15).
_STRIPPED = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"
_WITHOUT_STRIPPED = str.maketrans("", "", _STRIPPED)
# By the bytes of ASCII, as tf.strings does it.
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_BETWEEN_SPACES = re.compile(r"[^ \t\n\v\f\r]+")

# What `standardize` takes away, and what it reads as something else.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff]")
_LINE_BREAK = re.compile("<br */?>")
_QUOTES = {**dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"), **dict.fromkeys("“”„‟«»″", '"')}


class _Placed(NamedTuple):
    """What became of some characters of a text: of none where it was put between two."""

    text: str
    start: int
    end: int


def place_tokens(settings: TextSettings, text: str, tokens: Sequence[str]) -> list[Place | None]:
    """The characters that each token was made of.

    Args:
        settings: the ``text`` section.
        text: as the vectorizer was given it.
        tokens: what it made of the text, before cutting.

    Returns:
        First character and the one after the last, for each token; in order and without overlaps. None for a token
        that has no characters of its own, as the second of the two that ``İ`` becomes among single characters.
    """
    found = list(_tokens(settings, text))
    if len(found) != len(tokens) or any(one.text != other for one, other in zip(found, tokens, strict=True)):
        found = _in_common(found, tokens)
    places: list[Place | None] = []
    done = 0
    for one in found:
        free = done <= one.start < one.end
        places.append((one.start, one.end) if free else None)
        done = one.end if free else done
    return places


def _in_common(found: Sequence[_Placed], tokens: Sequence[str]) -> list[_Placed]:
    """The places of the tokens that come in the same order in both; none for the others."""
    result = [_Placed(token, 0, 0) for token in tokens]
    matcher = difflib.SequenceMatcher(None, [one.text for one in found], list(tokens), autojunk=False)
    for ours, theirs, count in matcher.get_matching_blocks():
        result[theirs : theirs + count] = found[ours : ours + count]
    return result


def _tokens(settings: TextSettings, text: str) -> Iterator[_Placed]:
    if settings.standardize == "reviews":
        cleaned = _clean_review(text, keeps_marks=settings.punctuation == "keep")
        return _join_words(cleaned) if settings.split == "whitespace" else _join_spaces(cleaned)
    strips = settings.standardize in ("strip_punctuation", "lower_and_strip_punctuation")
    lowers = settings.standardize in ("lower", "lower_and_strip_punctuation")
    if settings.split == "whitespace":
        return _keras_words(text, strips=strips, lowers=lowers)
    return _keras_characters(text, strips=strips, lowers=lowers)


def _keras_words(text: str, *, strips: bool, lowers: bool) -> Iterator[_Placed]:
    for match in _BETWEEN_SPACES.finditer(text):
        word, (start, end) = match[0], match.span()
        if strips:
            start += len(word) - len(word.lstrip(_STRIPPED))
            end -= len(word) - len(word.rstrip(_STRIPPED))
            word = word.translate(_WITHOUT_STRIPPED)
        if word:
            yield _Placed(word.translate(_LOWER) if lowers else word, start, end)


def _keras_characters(text: str, *, strips: bool, lowers: bool) -> Iterator[_Placed]:
    for index, character in enumerate(text):
        if not (strips and character in _STRIPPED):
            yield _Placed(character.translate(_LOWER) if lowers else character, index, index + 1)


class _Kinds(dict[str, str]):
    """What a character is for `standardize`: the first letter of its category, or the category of a symbol."""

    def __missing__(self, character: str) -> str:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co") or category[0] == "Z":  # unassigned ones are left as they are
            kind = " "
        elif category[0] in "LNM":
            kind = "L"
        else:
            kind = category if category[0] == "S" else category[0]
        self[character] = kind
        return kind


_KIND = _Kinds()


def _clean_review(text: str, *, keeps_marks: bool) -> list[_Placed]:
    """The characters that the rule ``reviews`` leaves, and the spaces that it puts between them."""
    characters = _without_line_breaks(_lowered(_seen(text)))
    kinds = [_KIND[one.text] for one in characters]
    own, gone = (("P", "S"), ()) if keeps_marks else (("So",), ("P", "Sm", "Sc", "Sk"))
    result: list[_Placed] = []
    for index, (one, kind) in enumerate(zip(characters, kinds, strict=True)):
        in_word = one.text == "'" and kinds[index - 1 : index] == ["L"] and kinds[index + 1 : index + 2] == ["L"]
        if in_word or not kind.startswith((*own, *gone)):
            result.append(one)
        elif kind.startswith(own):
            result += [_Placed(" ", one.start, one.start), one, _Placed(" ", one.end, one.end)]
        else:
            result.append(one._replace(text=" "))
    return result


def _seen(text: str) -> list[_Placed]:
    """Without unseen characters; a run of white space and control characters is one space."""
    result: list[_Placed] = []
    for index, character in enumerate(text):
        if character > "~" and _UNSEEN.match(character):
            continue
        if _KIND[character] != " ":
            result.append(_Placed(character, index, index + 1))
        elif result and result[-1].text == " ":
            result[-1] = result[-1]._replace(end=index + 1)
        else:
            result.append(_Placed(" ", index, index + 1))
    return result


def _lowered(characters: list[_Placed]) -> list[_Placed]:
    """In lower case, which at a sigma depends on its neighbours, and with quotes as they are typed."""
    lower = "".join(one.text for one in characters).lower()
    result, position = [], 0
    for one in characters:
        for _ in one.text.lower():  # two for İ
            letter = lower[position]
            result.append(one._replace(text=_QUOTES.get(letter, letter)))
            position += 1
    return result


def _without_line_breaks(characters: list[_Placed]) -> list[_Placed]:
    """With a space for each ``<br />``."""
    text, result, done = "".join(one.text for one in characters), [], 0
    for match in _LINE_BREAK.finditer(text):
        start, end = match.span()
        result += characters[done:start]
        result.append(_Placed(" ", characters[start].start, characters[end - 1].end))
        done = end
    return result + characters[done:]


def _join_words(characters: Sequence[_Placed]) -> Iterator[_Placed]:
    word: list[_Placed] = []
    for one in [*characters, _Placed(" ", 0, 0)]:
        if one.text != " ":
            word.append(one)
        elif word:
            yield _Placed("".join(letter.text for letter in word), word[0].start, word[-1].end)
            word = []


def _join_spaces(characters: Sequence[_Placed]) -> Iterator[_Placed]:
    """Single characters; a run of spaces is one, and none at the start and the end."""
    space: _Placed | None = None
    begun = False
    for one in characters:
        if one.text == " ":
            space = one if space is None else _Placed(" ", min(space.start, one.start), max(space.end, one.end))
            continue
        if space is not None and begun:
            yield space
        space, begun = None, True
        yield one
