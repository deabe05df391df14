"""Does the tokenizer of one file give the ids of `TextVectorization` and the cut behind it, on any text?"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sentiment_cli.config.schema import Config
from sentiment_cli.onnx_export import tokenizer_source, write_tokenizer
from sentiment_cli.onnx_export.files import tokenizer_settings
from sentiment_cli.onnx_export.tokenizer import Tokenizer
from sentiment_cli.onnx_export.unicode_tables import unicode_tables
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import encode, tokenize

RULES = [
    *({"standardize": rule} for rule in ("lower_and_strip_punctuation", "lower", "strip_punctuation", "none")),
    {"standardize": "reviews", "punctuation": "keep"},
    {"standardize": "reviews", "punctuation": "drop"},
]
WAYS = [{**rule, "split": split} for rule, split in product(RULES, ("whitespace", "character"))]
AWKWARD = [
    "", "   ", "!!!", "A good, GOOD room!", "It's<br /><br/>great.Loved  it!!",
    "don’t “quote” 'tis o'n'o'n'o ''' a''b", "\u0130stanbul \u0130\u0130 Iıi",
    "\u039f\u0394\u039f\u03a3 \u03a3\u039f\u03a6\u039f\u03a3", "ΣΣ. a\u0301Σ a'Σ'Σ aΣ\u00adΣ",
    "e\u0301cole cafe\u0301's ½'½ ʰ\u03a3", "nice\U0001f600\U0001f44d\U0001f3fd", "👨\u200d👩 \u2764\ufe0f",
    "很好！真的。", "\u0645\u0645\u062a\u0627\u0632 \u062c\u062f\u064b\u0627\u060c", "\u0939\u093f\u0928\u094d",
    "a\x85b\u2028c\x1cd\x00e\ue000f\x0bg\x0ch", "won\xadder\u200dful\ufeff", "<BR\n/>\n<br\u200b/>x<br//><br\u3000>",
    "ǅ ﬁ µ ẞ Ⅷ Ⓐ ꭰ", "$5 = 5€ + 1^2 ~ | ` ´ ‟ ″", "\U0010ffff � \u0378 \ufdd0", "[UNK] [unk]", "\u0378'\u0378 a'\u0378",
]  # fmt: skip
CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cs"]), st.sampled_from("aAΣςIİ'’.!<br/> \n\t\r\v\u0301\u00ad😀é")
)
TEXTS = st.lists(st.text(CHARACTERS, max_size=30), min_size=1, max_size=8)


def make_config(**text: Any) -> Config:
    return Config.model_validate({"text": text})


@cache
def tables() -> dict[str, Any]:
    return json.loads(json.dumps(unicode_tables()))


def make_tokenizer(config: Config, vocabulary: Sequence[str]) -> Tokenizer:
    """As from the file, but that the tables are made once for all tests."""
    plain = config.model_copy(update={"text": config.text.model_copy(update={"standardize": "none"})})
    written = tokenizer_settings(plain, vocabulary)
    return Tokenizer({**written, "standardize": config.text.standardize, "unicode": tables()})


def rows(ids: TokenIds) -> list[list[int]]:
    return [ids.flat[start:end].tolist() for start, end in zip(ids.offsets[:-1], ids.offsets[1:], strict=True)]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_tokens_of_awkward_texts_are_those_of_the_vectorizer(way: dict[str, str]) -> None:
    config = make_config(**way)
    tokenizer = make_tokenizer(config, ["", "[UNK]"])
    assert [tokenizer.tokens(text) for text in AWKWARD] == tokenize(config.text, AWKWARD)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(WAYS), TEXTS, st.sampled_from([("head", 1), ("tail", 3), ("head_tail", 2), ("head_tail", 9)]))
@example(WAYS[-4], AWKWARD, ("head_tail", 5))
@example(WAYS[-1], AWKWARD, ("tail", 500))
@example(WAYS[6], ["[UNK] a b", "a"], ("tail", 4))
def test_ids_of_any_texts_are_those_of_the_network(way: dict[str, str], texts: list[str], cut: tuple[str, int]) -> None:
    config = make_config(**way, truncate=cut[0], sequence_length=cut[1])
    tokens = tokenize(config.text, texts)
    # Every other token is known; NUL is in no training review (`contents.decode_review`).
    known = sorted({token for text in tokens for token in text if "\0" not in token} - {"[UNK]"})[::2] or ["a"]
    vocabulary = ["", "[UNK]", *known]
    tokenizer = make_tokenizer(config, vocabulary)
    assert [tokenizer.tokens(text) for text in texts] == tokens
    expected = rows(encode(config.text, vocabulary, texts))
    assert [tokenizer.encode(text) for text in texts] == expected
    width = max(map(len, expected))
    assert tokenizer.encode_batch(texts) == [row + [0] * (width - len(row)) for row in expected]


@pytest.mark.parametrize("punctuation", ["keep", "drop"])
def test_characters_of_all_scripts_are_read_as_tensorflow_reads_them(punctuation: str) -> None:
    """All of the first 12,288 and every 41st after them, each between letters, as a word, and beside a sigma."""
    config = make_config(standardize="reviews", punctuation=punctuation)
    codes = [*range(0x3000), *range(0x3000, 0xD800, 41), *range(0xE000, 0x110000, 41)]
    texts = [" zz ".join(f"a{x}Σ {x}Σ a{x}'a Σ{x} {x}" for x in map(chr, codes[i::400])) for i in range(400)]
    tokenizer = make_tokenizer(config, ["", "[UNK]"])
    for text, expected in zip(texts, tokenize(config.text, texts), strict=True):
        assert tokenizer.tokens(text) == expected


def test_half_of_a_surrogate_pair_is_read_as_predict_reads_it() -> None:
    config = make_config(standardize="none", split="character")
    tokenizer = make_tokenizer(config, ["", "[UNK]", "\ufffd", "😀"])
    assert tokenizer.encode("\ud83dx\ude00") == [2, 1, 2]
    assert tokenizer.encode("\ud83d\ude00") == [3]


def test_no_texts_are_no_rows() -> None:
    assert make_tokenizer(make_config(), ["", "[UNK]"]).encode_batch([]) == []


def test_the_tables_know_what_anyone_knows() -> None:
    ranges = tables()
    assert ranges["spaces"].startswith("0-20 7f-a0 ad ")
    assert ranges["words"].startswith("30-39 41-5a 61-7a aa b2-b3 ")
    assert ranges["punctuation"].startswith("21-23 25-2a 2c-2f 3a-3b 3f-40 5b-5d 5f 7b 7d ")
    assert ranges["signs"].startswith("24 2b 3c-3e 5e 60 7c 7e ")
    assert ranges["symbols"].startswith("a6 a9 ae b0 ")
    assert ranges["cased"].startswith("41-5a 61-7a aa ")
    assert ranges["lower"]["É"] == "é"
    assert ranges["lower"]["Ω"] == "ω"


class TestFiles:
    VOCABULARY = ("", "[UNK]", "room", "quiet", "é", "'", "\u0085")
    TEXTS = ("A QUIET, quiet room", "", "É…É", "o\u2028room quiet room room room")

    @pytest.mark.parametrize("rule", ["lower_and_strip_punctuation", "reviews"])
    def test_the_two_files_alone_give_the_ids_on_the_command_line(
        self, tmp_path: Path, rule: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sentiment_cli.onnx_export.files.unicode_tables", tables)
        config = make_config(standardize=rule, sequence_length=4)
        write_tokenizer(tmp_path / "new", config, self.VOCABULARY)
        assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["tokenizer.json", "tokenizer.py"]
        result = run(tmp_path / "new" / "tokenizer.py", "\r\n".join(self.TEXTS) + "\n")
        assert (result.returncode, result.stderr) == (0, "")
        expected = rows(encode(config.text, self.VOCABULARY, self.TEXTS))
        assert [json.loads(line) for line in result.stdout.splitlines()] == expected

    def test_the_rules_of_keras_need_no_tables(self, tmp_path: Path) -> None:
        write_tokenizer(tmp_path, make_config(), self.VOCABULARY)
        written = json.loads((tmp_path / "tokenizer.json").read_text(encoding="ascii"))
        assert written["unicode"] is None
        assert written["vocabulary"] == list(self.VOCABULARY)

    def test_the_tables_are_in_the_file_where_the_rule_needs_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sentiment_cli.onnx_export.files.unicode_tables", tables)
        assert tokenizer_settings(make_config(standardize="reviews"), self.VOCABULARY)["unicode"] == tables()

    def test_load_reads_any_path(self, tmp_path: Path) -> None:
        write_tokenizer(tmp_path, make_config(), self.VOCABULARY)
        assert Tokenizer.load(tmp_path / "tokenizer.json").encode("quiet room!") == [3, 2]

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ('{"format": "other"}', "expected the content of a tokenizer.json that sentiment export wrote"),
            ('{"format": "sentiment tokenizer", "version": 2}', "expected version 1 of tokenizer.json, received 2"),
            ("[", "Expecting value"),
            (None, "No such file"),
        ],
    )
    def test_wrong_settings_are_said(self, tmp_path: Path, settings: str | None, expected: str) -> None:
        (tmp_path / "tokenizer.py").write_text(tokenizer_source(), encoding="utf-8")
        if settings is not None:
            (tmp_path / "tokenizer.json").write_text(settings, encoding="utf-8")
        result = run(tmp_path / "tokenizer.py", "a\n")
        assert (result.returncode, result.stdout) == (1, "")
        assert expected in result.stderr
        assert "Traceback" not in result.stderr

    def test_wrong_usage_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "tokenizer.py").write_text(tokenizer_source(), encoding="utf-8")
        result = run(tmp_path / "tokenizer.py", "", "--help")
        assert (result.returncode, result.stderr) == (2, "usage: python tokenizer.py [TOKENIZER.JSON] < texts\n")

    def test_the_source_is_of_an_old_python_and_needs_no_package(self) -> None:
        tree = ast.parse(tokenizer_source(), feature_version=(3, 9))
        imported = {
            name.name if isinstance(node, ast.Import) else str(node.module)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        assert imported == {"__future__", "collections.abc", "json", "pathlib", "re", "sys", "typing"}


def run(program: Path, texts: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a Python without any package."""
    command = [sys.executable, "-I", "-S", str(program), *arguments]
    return subprocess.run(command, input=texts, capture_output=True, encoding="utf-8", timeout=60, check=False)
