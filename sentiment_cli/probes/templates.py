"""How templates with slots become sentences.

{film}      an entry of the lexicon ``film``; the same everywhere in a template
{film2}     another entry of the same lexicon
{Film}      with a capital letter
{a:film}    with its article, ``an`` before a vowel; {A:film} at the beginning of a sentence
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Lexicons = Mapping[str, Sequence[str]]

_SLOT = re.compile(r"\{(?:([aA]):)?([A-Za-z_]+)([0-9]*)\}")
# Up to so many combinations are put into a random order at once; of more, numbers are drawn and repeats left out.
_SHUFFLED = 2_000
# By sound, not by letter.
_VOWEL_SOUND = re.compile(r"(?:hour|honest|honou?r|heir)|(?!(?:uni[^nm]|use|usu|euro|ewe|one|once))[aeiou]", re.I)


@dataclass(frozen=True)
class Slot:
    """A place in a template.

    Args:
        key: what is filled with one value: the lexicon's name and a number.
        lexicon: the name of the lexicon.
        article: whether the article comes before the value.
        capital: whether it begins with a capital letter.
    """

    key: str
    lexicon: str
    article: bool
    capital: bool


def find_slots(template: str) -> list[Slot]:
    """The slots of a template in order."""
    return [_slot(found) for found in _SLOT.finditer(template)]


def find_faults(template: str, lexicons: Lexicons) -> Iterator[tuple[str, str]]:
    """What cannot be filled in a template.

    Yields:
        The name that there is no lexicon for, or an empty text, and what is wrong.
    """
    slots = find_slots(template)
    if re.search(r"[{}]", _SLOT.sub("", template)):
        yield "", "a brace that belongs to no slot; expected slots such as {name}, {name2}, {Name} or {a:name}"
    for lexicon in dict.fromkeys(slot.lexicon for slot in slots):
        different = len({slot.key for slot in slots if slot.lexicon == lexicon})
        if lexicon not in lexicons:
            yield lexicon, f"there is no lexicon for {{{lexicon}}}"
        elif different > len(lexicons[lexicon]):
            yield "", f"it needs {different} entries of {lexicon}, which has {len(lexicons[lexicon])}"


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with a value for each slot's key."""

    def value(found: re.Match[str]) -> str:
        slot = _slot(found)
        text = values[slot.key]
        if slot.article:
            text = f"{article(text)} {text}"
        return text[:1].upper() + text[1:] if slot.capital else text

    return _SLOT.sub(value, template)


def article(word: str) -> str:
    """``a`` or ``an``, by the sound that a word begins with."""
    return "an" if _VOWEL_SOUND.match(word) else "a"


def draw_values(template: str, lexicons: Lexicons, rng: random.Random) -> Iterator[dict[str, str]]:
    """Every way to fill the slots of a template once, in random order.

    Args:
        template: one without faults, see `find_faults`.
        lexicons: entries by name.
        rng: decides the order.

    Yields:
        Values by the key of a slot; those of one lexicon are different.
    """
    keys = {slot.key: slot.lexicon for slot in find_slots(template)}
    choices = [lexicons[lexicon] for lexicon in keys.values()]
    for number in _shuffled(math.prod(map(len, choices)), rng):
        picked = []
        for entries in choices:
            number, place = divmod(number, len(entries))
            picked.append(entries[place])
        if len(set(zip(keys.values(), picked, strict=True))) == len(picked):
            yield dict(zip(keys, picked, strict=True))


def _shuffled(total: int, rng: random.Random) -> Iterator[int]:
    """The numbers below ``total``, each once, in random order; without memory for those that nobody asks for."""
    if total <= _SHUFFLED:
        yield from rng.sample(range(total), total)
        return
    seen: set[int] = set()
    while len(seen) < total:
        number = rng.randrange(total)
        if number not in seen:
            seen.add(number)
            yield number


def _slot(found: re.Match[str]) -> Slot:
    article_letter, name, number = found.groups()
    capital = name[0].isupper() or article_letter == "A"
    lexicon = name[0].lower() + name[1:]
    return Slot(lexicon + number, lexicon, article_letter is not None, capital)
