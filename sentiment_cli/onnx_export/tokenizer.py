"""Token ids of texts for an ONNX model that `sentiment export` made: this file and tokenizer.json, nothing else.

    from tokenizer import Tokenizer

    tokenizer = Tokenizer.load("tokenizer.json")
    tokenizer.encode("A quiet room.")                   # [12, 845, 301]
    tokenizer.encode_batch(["A quiet room.", "Loud!"])  # [[12, 845, 301], [977, 0, 0]]: the model's token_ids

On the command line: one text a line in, one JSON list of ids a line out.

    python tokenizer.py < texts

Python 3.9 or later, without any package. The ids are those that the network was trained on, whatever the text: where a
rule speaks of kinds of characters, their tables come from tokenizer.json and not from this Python's edition of Unicode.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PADDING_ID, UNKNOWN_ID = 0, 1

_SETTINGS_FILE = "tokenizer.json"
_VERSION = 1
_LOWER_ASCII = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_WITHOUT_PUNCTUATION = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
_WORD = re.compile("[^ \t\n\v\f\r]+")
_LINE_BREAK = re.compile("<br ?/?>")
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
    }
)
# Holds the place of an apostrophe in a word; it is for private use, so that none is left when this is done.
_APOSTROPHE = "\ue000"
# Soft hyphens, joiners, direction and variation marks.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff]")


class Tokenizer:
    """Turns texts into token ids.

    Args:
        settings: what tokenizer.json holds.

    Raises:
        ValueError: it is something else, or of a later version of this file.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        if settings.get("format") != "sentiment tokenizer":
            raise ValueError("expected the content of a tokenizer.json that sentiment export wrote")
        if settings["version"] != _VERSION:
            raise ValueError(f"expected version {_VERSION} of tokenizer.json, received {settings['version']}")
        self.sequence_length: int = settings["sequence_length"]
        self.vocabulary: list[str] = settings["vocabulary"]
        self._head: int = settings["head"]
        self._split: str = settings["split"]
        self._standardize: str = settings["standardize"]
        self._ids = {token: index for index, token in enumerate(self.vocabulary) if index > UNKNOWN_ID}
        reviews = self._standardize == "reviews"
        self._reviews = _ReviewRule(settings["unicode"], settings["punctuation"]) if reviews else None

    @classmethod
    def load(cls, path: str | Path | None = None) -> Tokenizer:
        """Read a tokenizer.json; None: the one beside this file."""
        chosen = Path(__file__).with_name(_SETTINGS_FILE) if path is None else Path(path)
        return cls(json.loads(chosen.read_text(encoding="utf-8")))

    def tokens(self, text: str) -> list[str]:
        """All tokens of a text, in the vocabulary or not, before cutting."""
        # Half of a surrogate pair, which is no character, becomes U+FFFD.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if self._reviews:
            words = self._reviews.words(text)
            return words if self._split == "whitespace" else list(" ".join(words))
        if self._standardize in ("lower", "lower_and_strip_punctuation"):
            text = text.translate(_LOWER_ASCII)
        if self._standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
            text = text.translate(_WITHOUT_PUNCTUATION)
        return _WORD.findall(text) if self._split == "whitespace" else list(text)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, 1 to `sequence_length` of them; an empty one is one unknown token."""
        ids = [self._ids.get(token, UNKNOWN_ID) for token in self.tokens(text)]
        if len(ids) > self.sequence_length:
            ids = ids[: self._head] + ids[len(ids) - self.sequence_length + self._head :]
        return ids or [UNKNOWN_ID]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of several texts, padded on the right with 0 to the longest of them."""
        rows = [self.encode(text) for text in texts]
        width = max(map(len, rows), default=0)
        return [row + [PADDING_ID] * (width - len(row)) for row in rows]


class _ReviewRule:
    """The rule `reviews`: line breaks of HTML, case and punctuation by Unicode, curly quotes as straight ones.

    Args:
        tables: kinds of characters, as ranges of code points, and how they are lowered.
        punctuation: `keep` marks as tokens of their own, or `drop` them.
    """

    def __init__(self, tables: Mapping[str, Any], punctuation: str) -> None:
        self._space = re.compile(f"[{_class(tables['spaces'])}]+")
        # Begins with the apostrophe, for which `re` looks quickly.
        self._in_word = re.compile("'(?<=[{0}]')(?=[{0}])".format(_class(tables["words"])))
        self._lower: dict[int, str] = {ord(upper): lower for upper, lower in tables["lower"].items()}
        marks = _characters(tables["punctuation"]) | _characters(tables["signs"])
        apart = {ord(mark): f" {mark} " for mark in marks | _characters(tables["symbols"])}
        gone = {} if punctuation == "keep" else dict.fromkeys(map(ord, marks), " ")
        self._marks = {**apart, **gone}
        self._cased, self._ignored = (_characters(tables[name]) for name in ("cased", "case_ignorable"))

    def words(self, text: str) -> list[str]:
        """The words and marks of a text."""
        text = self._space.sub(" ", _UNSEEN.sub("", text))
        if "\u03a3" in text:
            text = re.sub("\u03a3", self._lower_sigma, text)
        text = _LINE_BREAK.sub(" ", text.translate(self._lower)).translate(_QUOTES)
        text = self._in_word.sub(_APOSTROPHE, text).translate(self._marks).replace(_APOSTROPHE, "'")
        return [word for word in text.split(" ") if word]

    def _lower_sigma(self, match: re.Match[str]) -> str:
        """Another one at the end of a word: after a letter that has a case, and not before one."""
        text, start, end = match.string, match.start() - 1, match.end()
        while start >= 0 and text[start] in self._ignored:
            start -= 1
        while end < len(text) and text[end] in self._ignored:
            end += 1
        follows = start >= 0 and text[start] in self._cased
        return "\u03c2" if follows and not (end < len(text) and text[end] in self._cased) else "\u03c3"


def _ranges(table: str) -> list[tuple[int, int]]:
    """First and last code points of `41-5a aa c0-d6`."""
    bounds = [part.split("-") for part in table.split()]
    return [(int(bound[0], 16), int(bound[-1], 16)) for bound in bounds]


def _class(table: str) -> str:
    """Ranges as the inside of a regular expression's brackets."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _ranges(table))


def _characters(table: str) -> frozenset[str]:
    return frozenset(chr(code) for first, last in _ranges(table) for code in range(first, last + 1))


def _main(arguments: Sequence[str]) -> int:
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        sys.stderr.write("usage: python tokenizer.py [TOKENIZER.JSON] < texts\n")
        return 2
    try:
        tokenizer = Tokenizer.load(*arguments)
        content = sys.stdin.buffer.read().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"tokenizer.py: {error}\n")
        return 1
    lines = content.replace("\r\n", "\n").split("\n")
    for text in lines[:-1] if lines[-1] == "" else lines:
        sys.stdout.write(json.dumps(tokenizer.encode(text)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
