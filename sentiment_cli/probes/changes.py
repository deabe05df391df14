"""How a text is changed so that a reader's opinion of it stays, or moves in a known direction."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable, Mapping, Sequence

from sentiment_cli.probes.schema import Change
from sentiment_cli.probes.templates import Lexicons, article

_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_NEGATED = ("is", "are", "was", "were", "does", "do", "did", "has", "have", "had", "could", "would", "should", "must")
_SHORT = {
    **{f"{verb} not": f"{verb}n't" for verb in _NEGATED},
    "cannot": "can't",
    "will not": "won't",
    "i am": "I'm",
    "you are": "you're",
    "we are": "we're",
    "they are": "they're",
    "i have": "I've",
    "we have": "we've",
    "they have": "they've",
    "i will": "I'll",
    "we will": "we'll",
}
_LONG = {short.lower(): long for long, short in _SHORT.items()}
# "How tired we are." has no contraction, nor has "isn't it" an expansion in that order.
_CONTRACTIBLE = re.compile(rf"\b(?:{'|'.join(_SHORT)})\b(?=[ ]\w)", re.I)
_EXPANDABLE = re.compile(rf"\b(?:{'|'.join(_LONG)})\b(?! (?:I|you|he|she|it|we|they|there)\b)", re.I)
_MARK = re.compile(r"[.,;:!?\"()]+")


def change_text(change: Change, text: str, lexicons: Lexicons, rng: random.Random) -> str | None:
    """The text after a change.

    Args:
        change: what is done to it.
        text: any text.
        lexicons: entries by name, of all that the change names.
        rng: decides where and what.

    Returns:
        Another text; None where there is nothing to change, such as no name in it.
    """
    changed: str | None
    if change.swap is not None:
        changed = swap_entry(text, [lexicons[name] for name in change.swap], rng)
    elif change.add is not None:
        changed = add_sentence(text, rng.choice(lexicons[change.add]), before=rng.random() < 0.5)
    elif change.typos is not None:
        changed = make_typos(text, change.typos, rng)
    else:
        changed = _REWRITES[str(change.rewrite)](text, rng)
    return changed if changed != text else None


def make_typos(text: str, count: int, rng: random.Random) -> str | None:
    """The text with two neighbouring letters exchanged in ``count`` words, or in as many as there are.

    Words have four letters or more, keep their first letter, and change once. None where no word can.
    """
    places = [
        [index for index in range(word.start() + 1, word.end() - 1) if text[index] != text[index + 1]]
        for word in _LONG_WORD.finditer(text)
        if word.group().isalpha()
    ]
    places = [inside for inside in places if inside]
    if not places:
        return None
    letters = list(text)
    for inside in rng.sample(places, min(count, len(places))):
        index = rng.choice(inside)
        letters[index], letters[index + 1] = letters[index + 1], letters[index]
    return "".join(letters)


def swap_entry(text: str, lexicons: Sequence[Sequence[str]], rng: random.Random) -> str | None:
    """The text with one entry of the lexicons replaced by another of the same one, wherever it occurs.

    The new entry is not in the text yet; ``a`` before it becomes ``an`` where it has to. None where no entry is in the
    text, or all of its lexicon are.
    """
    found = [
        (entry, others)
        for entries in lexicons
        for entry in entries
        if _whole_word(entry).search(text)
        and (others := [other for other in entries if not _whole_word(other).search(text)])
    ]
    if not found:
        return None
    entry, others = rng.choice(found)
    other = rng.choice(others)

    def exchanged(match: re.Match[str]) -> str:
        before = match[1] or ""
        if before.lower() in ("a ", "an "):
            before = before[0] + article(other)[1:] + " "
        return before + other

    return re.sub(rf"((?<!\w)[aA]n? )?{_whole_word(entry).pattern}", exchanged, text)


def add_sentence(text: str, sentence: str, *, before: bool) -> str:
    """The text with a sentence before or behind it."""
    return f"{sentence} {text}" if before else f"{text} {sentence}"


def rewrite_contractions(text: str, rng: random.Random) -> str | None:
    """The text with its contractions written out, or, where it has none, with all that are possible."""
    straight = text.replace("\u2019", "'")
    for pattern, forms in ((_EXPANDABLE, _LONG), (_CONTRACTIBLE, _SHORT)):
        if pattern.search(straight):
            return pattern.sub(functools.partial(_other_form, forms), straight)
    return None


def rewrite_punctuation(text: str, rng: random.Random) -> str:
    """The text without its marks, apostrophes and hyphens apart; with a full stop where it has none."""
    if not _MARK.search(text):
        return f"{text.rstrip()}."
    return " ".join(_MARK.sub(" ", text).split())


def rewrite_case(text: str, rng: random.Random) -> str:
    """The text in lower or in upper case."""
    forms = [form for form in (text.lower(), text.upper()) if form != text] or [text]
    return rng.choice(forms)


_REWRITES: dict[str, Callable[[str, random.Random], str | None]] = {
    "contractions": rewrite_contractions,
    "punctuation": rewrite_punctuation,
    "case": rewrite_case,
}


def _whole_word(entry: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(entry)}(?!\w)")


def _other_form(forms: Mapping[str, str], match: re.Match[str]) -> str:
    return _like(match[0], forms[match[0].lower()])


def _like(model: str, text: str) -> str:
    """``text`` with the capitals of ``model``: of its first letter, or of all."""
    if model.isupper() and len(model) > 3:
        return text.upper()
    return text[0].upper() + text[1:] if model[0].isupper() or text.startswith("i ") else text
