"""From texts to ids: Keras' rules as Keras has them, and the same ids from a saved model, whatever the tokens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sentiment_cli.config.data import TextSettings
from sentiment_cli.config.schema import Config
from sentiment_cli.data import imdb
from sentiment_cli.data.directory import find_layout
from sentiment_cli.data.loading import load_part
from sentiment_cli.errors import DataError
from sentiment_cli.model.export import save_end_to_end
from sentiment_cli.model.network import build_network
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import adapt_vocabulary, build_vectorizer, encode
from sentiment_cli.text.vocabulary import PADDING, UNKNOWN, read_vocabulary, write_vocabulary

# Here, since every test runs with an environment in which there are no data.
IMDB = imdb.find()
KERAS_RULES = ("lower_and_strip_punctuation", "lower", "strip_punctuation", "none")
AWKWARD_TEXTS = [
    "A good, GOOD room!", "", "   ", "!!!", "\u0085", "a\u0085b a\u2028b", "很好 吃。", "😀 nice 😀",
    "\u00c9t\u00e9 \u00e9t\u00e9", "a\x00b good", "don't \u201cquote\u201d", "tab\tline\nfeed", "[UNK] good",
    "x" * 500, "e\u0301", "\ufeffgood",
]  # fmt: skip
# What str.splitlines, locale encodings and stripping would break.
AWKWARD_TOKENS = [
    "\u0085", "a\u0085b", "\u2028", "\u2029x", "\x1c", "\x1d", "\x1e", "y\x1f", "\u00a0", "\u3000", "\ufeff", "é",
    "e\u0301", "😀", "很好", '"', "\\", "\\n", "\U0010ffff", "\x7f", "'", "UNK", "[unk]",
]  # fmt: skip


def ids_of(ids: TokenIds) -> list[list[int]]:
    return [ids.flat[start:end].tolist() for start, end in zip(ids.offsets[:-1], ids.offsets[1:], strict=True)]


def text_settings(**values: Any) -> TextSettings:
    return TextSettings.model_validate({"max_tokens": 1000, "sequence_length": 1000, **values})


class TestKerasRules:
    @pytest.mark.parametrize("split", ["whitespace", "character"])
    @pytest.mark.parametrize("rule", KERAS_RULES)
    def test_equal_a_plain_text_vectorization(self, rule: str, split: str) -> None:
        chosen = text_settings(standardize=rule, split=split)
        plain = keras.layers.TextVectorization(
            max_tokens=1000, standardize=None if rule == "none" else rule, split=split, ragged=True
        )
        # NUL is in no training review (`contents.decode_review`); Keras would lose it from the vocabulary.
        training_texts = [text.replace("\0", "") for text in AWKWARD_TEXTS]
        plain.adapt(tf.constant(training_texts))
        vocabulary = adapt_vocabulary(chosen, training_texts)
        assert vocabulary == [str(token) for token in plain.get_vocabulary()]
        expected = plain(tf.constant(AWKWARD_TEXTS)).to_list()
        assert ids_of(encode(chosen, vocabulary, AWKWARD_TEXTS)) == [ids or [1] for ids in expected]

    @pytest.mark.parametrize("most", [3, 5, 8])
    def test_a_small_vocabulary_is_cut_where_keras_cuts_it(self, most: int) -> None:
        plain = keras.layers.TextVectorization(max_tokens=most)
        plain.adapt(tf.constant(AWKWARD_TEXTS))
        assert adapt_vocabulary(text_settings(max_tokens=most), AWKWARD_TEXTS) == plain.get_vocabulary()


class TestAdapt:
    def test_gives_the_most_frequent_first_after_padding_and_unknown(self) -> None:
        assert adapt_vocabulary(text_settings(), ["c b c", "a c b"]) == ["", "[UNK]", "c", "b", "a"]

    def test_counts_padding_and_unknown_among_the_tokens(self) -> None:
        assert adapt_vocabulary(text_settings(max_tokens=4), ["c b c", "a c b"]) == ["", "[UNK]", "c", "b"]

    def test_more_tokens_than_there_are_ask_for_nothing(self) -> None:
        assert len(adapt_vocabulary(text_settings(max_tokens=4000), ["c b a"])) == 5

    def test_is_the_same_in_any_order_of_the_reviews(self) -> None:
        texts = ["b a", "a c", "d", "c a"]
        assert adapt_vocabulary(text_settings(), texts) == adapt_vocabulary(text_settings(), texts[::-1])

    @pytest.mark.parametrize("most", [4, 5, 100])
    def test_the_mark_for_unknown_words_in_the_texts_takes_no_place(self, most: int) -> None:
        chosen = text_settings(standardize="none", max_tokens=most)
        vocabulary = adapt_vocabulary(chosen, ["[UNK] [UNK] [UNK] b b b a a c"])
        assert vocabulary == ["", "[UNK]", "b", "a", "c"][:most]
        assert ids_of(encode(chosen, vocabulary, ["[UNK] b"])) == [[1, 2]]

    def test_words_of_other_texts_stay_unknown(self) -> None:
        vocabulary = adapt_vocabulary(text_settings(), ["good room"])
        ids = encode(text_settings(), vocabulary, ["good garden"])
        assert ids.unknown.tolist() == [1]

    def test_more_texts_than_a_batch_are_all_counted(self) -> None:
        texts = [*["first"] * 3000, *["last"] * 3001]
        assert adapt_vocabulary(text_settings(), texts) == ["", "[UNK]", "last", "first"]

    @pytest.mark.parametrize(
        ("texts", "rule"),
        [
            ([""], "lower"),
            (["", "  \n", "\t"], "none"),
            (["!!!", "..."], "lower_and_strip_punctuation"),
            (["\u00a0", "\u0085"], "reviews"),
            (["[UNK]", "[UNK] [UNK]"], "none"),
            ([], "lower"),
        ],
    )
    def test_texts_without_a_word_are_an_error(self, texts: list[str], rule: str) -> None:
        with pytest.raises(DataError) as caught:
            adapt_vocabulary(text_settings(standardize=rule), texts)
        assert str(caught.value) == (
            "The training reviews have no word that text.standardize leaves; there is nothing to learn from."
        )


class TestEncode:
    VOCABULARY = ("", "[UNK]", "good", "room", "\u0085", "很", "好", "😀", "a\u2028b")

    def encode(self, texts: Sequence[str], **values: Any) -> TokenIds:
        return encode(text_settings(**{"standardize": "none", **values}), self.VOCABULARY, texts)

    def test_reads_an_empty_review_as_one_unknown_token(self) -> None:
        ids = self.encode(["", "good room", " \n"])
        assert ids_of(ids) == [[1], [2, 3], [1]]
        assert ids.tokens.tolist() == [0, 2, 0]

    def test_of_nothing_but_empty_reviews_works(self) -> None:
        assert ids_of(self.encode(["", ""])) == [[1], [1]]

    def test_of_no_reviews_is_no_reviews(self) -> None:
        assert len(self.encode([])) == 0

    def test_splits_at_ascii_white_space_alone_as_keras_does(self) -> None:
        assert ids_of(self.encode(["good\troom\ngood \u0085 a\u2028b good\u00a0room"])) == [[2, 3, 2, 4, 8, 1]]

    def test_a_nul_does_not_end_a_review(self) -> None:
        assert ids_of(self.encode(["good\0 room", "\0", "good \0 room"])) == [[1, 3], [1], [2, 1, 3]]
        assert ids_of(self.encode(["good\0room"], standardize="reviews")) == [[2, 3]]

    def test_chinese_is_read_by_characters(self) -> None:
        ids = self.encode(["很好😀", "好 很", "坏"], split="character")
        assert ids_of(ids) == [[5, 6, 7], [6, 1, 5], [1]]

    @pytest.mark.parametrize(
        ("truncate", "kept"), [("head", [2, 3, 4, 5]), ("tail", [4, 5, 6, 7]), ("head_tail", [2, 5, 6, 7])]
    )
    def test_cuts_a_long_review_as_asked(self, truncate: Literal["head", "tail", "head_tail"], kept: list[int]) -> None:
        ids = self.encode(["good room \u0085 很 好 😀"], sequence_length=4, truncate=truncate)
        assert ids_of(ids) == [kept]
        assert ids.cut.tolist() == [2]

    def test_more_texts_than_a_batch_stay_in_order_and_are_reported(self) -> None:
        texts = ["good"] * 2048 + ["room good"] + ["", "room"]
        done: list[int] = []
        ids = encode(text_settings(), self.VOCABULARY, texts, progress=done.append)
        assert ids_of(ids)[2047:] == [[2], [3, 2], [1], [3]]
        assert done == [2048, 3]

    @pytest.mark.parametrize(("punctuation", "expected"), [("keep", [[2, 1, 3, 1]]), ("drop", [[2, 3]])])
    def test_the_reviews_rule_keeps_or_drops_punctuation(
        self, punctuation: Literal["keep", "drop"], expected: list[list[int]]
    ) -> None:
        ids = self.encode(["GOOD.<br />Room!"], standardize="reviews", punctuation=punctuation)
        assert ids_of(ids) == expected

    def test_the_layer_without_ragged_ids_pads_on_the_right(self) -> None:
        layer = build_vectorizer(text_settings(), self.VOCABULARY)
        assert layer(tf.constant(["good", "room good", ""])).numpy().tolist() == [[2, 0], [3, 2], [0, 0]]


def save(path: Path, chosen: TextSettings, vocabulary: Sequence[str]) -> Path:
    """Write an end-to-end model, as small as can be."""
    config = Config.model_validate(
        {
            "text": chosen.model_dump(),
            "model": {"embedding": {"dim": 1}, "recurrent": [{"cell": "simple_rnn", "units": 1}]},
        }
    )
    save_end_to_end(path, config, vocabulary, build_network(config, len(vocabulary), 2))
    return path


def ids_in_saved_model(path: Path, texts: Sequence[str]) -> list[list[int]]:
    layer = keras.models.load_model(path).get_layer("text_vectorization")
    padded = layer(tf.constant(list(texts))).numpy().tolist()
    return [[token for token in row if token != 0] or [1] for row in padded]


def assert_survives(directory: Path, chosen: TextSettings, vocabulary: Sequence[str], texts: Sequence[str]) -> None:
    """Written and read, and from a saved model, the vocabulary gives the same ids."""
    write_vocabulary(directory / "vocabulary.json", vocabulary)
    assert read_vocabulary(directory / "vocabulary.json") == list(vocabulary)
    path = save(directory / "model.keras", chosen, vocabulary)
    layer = keras.models.load_model(path).get_layer("text_vectorization")
    assert [str(token) for token in layer.get_vocabulary()] == list(vocabulary)
    assert ids_in_saved_model(path, texts) == ids_of(encode(chosen, vocabulary, texts))


class TestSavedModel:
    # NUL aside: `contents.decode_review` lets none into a review. White space of ASCII is never inside a token.
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0 \t\n\r\x0b\x0c"), min_size=1),
            min_size=1, max_size=20, unique=True,
        )
    )  # fmt: skip
    @example(AWKWARD_TOKENS)
    def test_gives_the_same_ids_for_any_tokens(self, tokens: list[str]) -> None:
        tokens = [token for token in tokens if token != UNKNOWN] or ["a"]
        texts = [*tokens, " ".join(tokens), "", "never seen", " ".join(reversed(tokens))]
        chosen = text_settings(standardize="none")
        vocabulary = [PADDING, UNKNOWN, *tokens]
        with tempfile.TemporaryDirectory() as directory:
            assert_survives(Path(directory), chosen, vocabulary, texts)
        # The ids are those of the tokens, not merely the same wrong ones twice.
        assert ids_of(encode(chosen, vocabulary, tokens)) == [[index + 2] for index in range(len(tokens))]

    @pytest.mark.parametrize("rule", [*KERAS_RULES, "reviews"])
    def test_gives_the_same_ids_for_every_rule(self, tmp_path: Path, rule: str) -> None:
        chosen = text_settings(standardize=rule)
        assert_survives(tmp_path, chosen, adapt_vocabulary(chosen, AWKWARD_TEXTS), [*AWKWARD_TEXTS, "never seen"])

    def test_gives_the_same_ids_for_characters_line_ends_among_them(self, tmp_path: Path) -> None:
        chosen = text_settings(standardize="none", split="character")
        texts = [*(text.replace("\0", "") for text in AWKWARD_TEXTS), *AWKWARD_TOKENS, "\r\n \t\x0b\x0c"]
        vocabulary = adapt_vocabulary(chosen, texts)
        assert {"\n", "\r", " ", "\t", "\u0085", "\u2028"} <= set(vocabulary)
        assert_survives(tmp_path, chosen, vocabulary, texts)

    @pytest.mark.slow
    def test_is_written_and_read_where_the_locale_knows_ascii_alone(self, tmp_path: Path) -> None:
        chosen = text_settings(standardize="none")
        vocabulary = [PADDING, UNKNOWN, *AWKWARD_TOKENS]
        texts = [" ".join(AWKWARD_TOKENS), "", "\u00e9 never seen"]
        write_vocabulary(tmp_path / "vocabulary.json", vocabulary)
        save(tmp_path / "here.keras", chosen, vocabulary)
        code = (
            "import json, locale, sys\n"
            "from pathlib import Path\n"
            "sys.path.insert(0, sys.argv[1])\n"
            "import test_vectorizer as tests\n"
            "here = Path(sys.argv[2])\n"
            "assert 'utf' not in locale.getpreferredencoding(False).lower(), locale.getpreferredencoding(False)\n"
            "texts = json.loads(sys.stdin.read())\n"
            "vocabulary = tests.read_vocabulary(here / 'vocabulary.json')\n"
            "there = tests.save(here / 'there.keras', tests.text_settings(standardize='none'), vocabulary)\n"
            "tests.write_vocabulary(here / 'again.json', vocabulary)\n"
            "print(json.dumps([tests.ids_in_saved_model(here / 'here.keras', texts),\n"
            "                  tests.ids_in_saved_model(there, texts)]))\n"
        )
        environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        result = subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)],
            input=json.dumps(texts), capture_output=True, text=True, encoding="utf-8", env=environment, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        expected = ids_of(encode(chosen, vocabulary, texts))
        assert expected[0] == list(range(2, 2 + len(AWKWARD_TOKENS)))
        assert json.loads(result.stdout.splitlines()[-1]) == [expected, expected]
        assert (tmp_path / "again.json").read_bytes() == (tmp_path / "vocabulary.json").read_bytes()
        assert ids_in_saved_model(tmp_path / "there.keras", texts) == expected


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """IMDb's training reviews."""
    assert IMDB is not None
    return load_part(find_layout(IMDB).train, "error").texts


@pytest.mark.imdb
@pytest.mark.skipif(IMDB is None, reason="the IMDb reviews are not where --data imdb looks for them")
class TestImdb:
    def test_the_vocabulary_of_20000_survives(self, tmp_path: Path, texts: list[str]) -> None:
        chosen = text_settings(max_tokens=20_000, sequence_length=100_000)
        vocabulary = adapt_vocabulary(chosen, texts)
        assert len(vocabulary) == 20_000
        assert "\u0085" in vocabulary  # at which Keras' own file of tokens breaks
        odd = [text for text in texts if "\u0085" in text or not text.isascii()]
        assert_survives(tmp_path, chosen, vocabulary, [*odd[:1000], *texts[::100]])

    def test_a_vocabulary_of_characters_survives(self, tmp_path: Path, texts: list[str]) -> None:
        chosen = text_settings(split="character", standardize="none", sequence_length=100_000)
        some = [*[text for text in texts if not text.isascii()], *texts[:1000]]
        vocabulary = adapt_vocabulary(chosen, some)
        assert {"\u0085", " ", "é", "\t"} <= set(vocabulary)
        assert_survives(tmp_path, chosen, vocabulary, some[:300])
