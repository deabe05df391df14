"""What does TensorFlow take each character for? Tables of Unicode for the rule ``reviews`` outside of TensorFlow.

RE2 and ICU, of which TensorFlow has its own, know other editions of Unicode than a Python does, and Pythons differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tensorflow as tf

# By the names in `text.standardize`; a mark is put in place of each, which must not be one of them.
_KINDS = {
    "spaces": (r"[\pZ\pC\s]", "a"),
    "words": (r"[\pL\pN\pM]", " "),
    "punctuation": (r"\pP", " "),
    "signs": (r"[\p{Sm}\p{Sc}\p{Sk}]", " "),
    "symbols": (r"\p{So}", " "),
}
# Lowered by `text.standardize` itself, since ICU follows the language of the process.
_LOWERED = {"\u0130": "i\u0307", "\u00cc": "\u00ec", "\u00cd": "\u00ed", "\u0128": "\u0129", "\u012e": "\u012f"}
_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"
# Code points at a time: a few megabytes.
_BLOCK = 65_536


def unicode_tables() -> dict[str, str | dict[str, str]]:
    """Ask TensorFlow about every character, in a second or two.

    Returns:
        The kinds ``spaces``, ``words``, ``punctuation``, ``signs`` (mathematics, money, modifiers) and ``symbols`` (all
        other), and ``cased`` and ``case_ignorable`` (which decide about a sigma at the end of a word), each as ranges
        of hexadecimal code points, ``41-5a aa c0-d6``; and ``lower``, a dictionary of the characters that change.
    """
    blocks = [_characters(start, start + _BLOCK) for start in range(0, 0x110000, _BLOCK)]
    kinds = {
        name: [character for block in blocks for character in _members(block, pattern, mark)]
        for name, (pattern, mark) in _KINDS.items()
    }
    visible = [character for name, members in kinds.items() if name != "spaces" for character in members]
    cased = _before_final_sigma(visible, "")
    ignorable = _before_final_sigma(visible, "a") - cased
    ranges = {**kinds, "cased": cased, "case_ignorable": ignorable}
    return {**{name: _as_ranges(members) for name, members in ranges.items()}, "lower": _lowered(visible)}


def _characters(start: int, end: int) -> str:
    return "".join(chr(code) for code in range(start, end) if not 0xD800 <= code < 0xE000)


def _members(characters: str, pattern: str, mark: str) -> list[str]:
    """Those of some characters that a pattern of RE2 takes."""
    replaced = tf.strings.regex_replace(characters, pattern, mark).numpy().decode()
    return [character for character, other in zip(characters, replaced, strict=True) if character != other]


def _lower_each(texts: Sequence[str]) -> list[str]:
    return [text.decode() for text in tf.strings.lower(tf.constant(texts), encoding="utf-8").numpy()]


def _lowered(characters: Sequence[str]) -> dict[str, str]:
    ascii_letters = {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
    fixed = {**ascii_letters, **_LOWERED}
    asked = sorted({character for character in characters if not character.isascii()} - fixed.keys())
    changed = {one: lower for one, lower in zip(asked, _lower_each(asked), strict=True) if one != lower}
    return {**fixed, **changed}


def _before_final_sigma(characters: Sequence[str], start: str) -> set[str]:
    """Those after which, and after ``start``, a sigma is one at the end of a word."""
    lowered = _lower_each([f"{start}{character}{_SIGMA}" for character in characters])
    return {one for one, lower in zip(characters, lowered, strict=True) if lower.endswith(_FINAL_SIGMA)}


def _as_ranges(characters: Iterable[str]) -> str:
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return " ".join(f"{first:x}" if first == last else f"{first:x}-{last:x}" for first, last in ranges)
