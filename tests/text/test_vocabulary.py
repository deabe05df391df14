"""A vocabulary comes back as it was written, whatever its tokens are made of."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.text.vocabulary import PADDING, UNKNOWN, read_vocabulary, vocabulary_checksum, write_vocabulary

# All at which `str.splitlines` breaks, and what else tends to be lost on its way through a text file.
SEPARATORS = ["\u0085", "\u2028", "\u2029", "\x1c", "\x1d", "\x1e", "\x0b", "\x0c", "\n", "\r", "\r\n", "\t", " ", "\0"]
ODD = [
    *SEPARATORS,
    "\ufeff",
    "\ufeffa",
    "a\u0085",
    "\u0085a",
    '"',
    "\\",
    "\\n",
    "é",
    "e\u0301",
    "😀",
    "很",
    "\U0010ffff",
    "nul",
]
TOKENS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, max_size=30)


@given(TOKENS)
@example(ODD)
def test_any_unicode_token_survives(tokens: list[str]) -> None:
    vocabulary = [PADDING, UNKNOWN, *[token for token in tokens if token != UNKNOWN]]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "vocabulary.json"
        write_vocabulary(path, vocabulary)
        assert read_vocabulary(path) == vocabulary


def test_every_code_point_survives(tmp_path: Path) -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    write_vocabulary(tmp_path / "v.json", [PADDING, UNKNOWN, *characters])
    assert read_vocabulary(tmp_path / "v.json")[2:] == characters


def test_the_file_is_ascii_with_line_feeds_alone(tmp_path: Path) -> None:
    write_vocabulary(tmp_path / "v.json", [PADDING, UNKNOWN, *ODD])
    content = (tmp_path / "v.json").read_bytes()
    assert content.isascii()
    assert len(content.decode().splitlines()) == 2 + 2 + len(ODD)  # one token a line, between the brackets


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b'["", "[UNK]", "a"', "cannot be read"),
        (b'["", "[UNK]", "caf\xe9"]', "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"": 0}', "expected a JSON list of tokens"),
        (b'"text"', "expected a JSON list of tokens"),
        (b"null", "expected a JSON list of tokens"),
        (b'["", "[UNK]", 3]', "expected a JSON list of tokens"),
        (b'["", "[UNK]", null]', "expected a JSON list of tokens"),
        (b"[]", 'expected "" and "[UNK]" first and every token once'),
        (b'["a", "b", "c"]', 'expected "" and "[UNK]" first and every token once'),
        (b'["[UNK]", "", "a"]', 'expected "" and "[UNK]" first and every token once'),
        (b'["", "[UNK]", "a", "b", "a"]', 'expected "" and "[UNK]" first and every token once'),
        (b'["", "[UNK]", "a", ""]', 'expected "" and "[UNK]" first and every token once'),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "vocabulary.json"
    path.write_bytes(content)
    with pytest.raises(RunError) as caught:
        read_vocabulary(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"none\.json"):
        read_vocabulary(tmp_path / "none.json")


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    write_vocabulary(path, [PADDING, UNKNOWN, "a"])
    with pytest.raises(TypeError):
        write_vocabulary(path, [PADDING, UNKNOWN, b"bytes"])  # type: ignore[list-item]
    assert json.loads(path.read_text(encoding="utf-8")) == [PADDING, UNKNOWN, "a"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["vocabulary.json"]


def test_the_checksum_changes_with_any_token_and_with_the_order() -> None:
    checksums = {
        vocabulary_checksum(vocabulary)
        for vocabulary in (["", "[UNK]", "a", "b"], ["", "[UNK]", "b", "a"], ["", "[UNK]", "ab"], ["", "[UNK]", "a"])
    }
    assert len(checksums) == 4
    assert vocabulary_checksum(("", "[UNK]", "a")) == vocabulary_checksum(["", "[UNK]", "a"])
