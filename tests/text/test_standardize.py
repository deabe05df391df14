"""The cleaning rule `reviews`, case by case."""

from __future__ import annotations

import os
import subprocess
import sys

import keras
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.text.standardize import IMPORT, reviews_drop_punctuation, reviews_keep_punctuation


def keep(text: str) -> str:
    return str(reviews_keep_punctuation(tf.constant([text])).numpy()[0].decode())


def drop(text: str) -> str:
    return str(reviews_drop_punctuation(tf.constant([text])).numpy()[0].decode())


class TestBoth:
    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [
            ("", ""),
            (" \t\r\n ", ""),
            ("\u00a0\u3000", ""),
            # Line breaks of HTML
            ("one<br />two", "one two"),
            ("one<br/>two<BR>three<br  />four<Br\n/>five", "one two three four five"),
            ("<br /><br />", ""),
            ("breakfast abroad", "breakfast abroad"),
            # Case
            ("GOOD", "good"),
            ("ÉTÉ ÅÄÖ ЖИЗНЬ", "été åäö жизнь"),
            ("\u0130stanbul", "i\u0307stanbul"),
            ("STRASSE stra\u00dfe \u1e9e", "strasse stra\u00dfe \u00df"),
            ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2"),  # a sigma at the end of a word
            ("\u03a3\u039f\u03a6\u039f\u03a3 \u03a3", "\u03c3\u03bf\u03c6\u03bf\u03c2 \u03c3"),
            ("\u01c5", "\u01c6"),
            # Apostrophes in words, straight, curly and others
            ("don't", "don't"),
            ("don\u2019t", "don't"),
            ("don\u2018t", "don't"),
            ("don`t don\u00b4t don\u2032t", "don't don't don't"),
            ("l\u2019\u00c9t\u00e9", "l'été"),
            ("rock'n'roll o'n'o", "rock'n'roll o'n'o"),
            ("the 90's", "the 90's"),
            ("cafe\u0301's", "cafe\u0301's"),
            # White space and control characters
            ("a\u00a0b", "a b"),
            ("a\u0085b\u2028c\u2029d", "a b c d"),
            ("a\x1cb\x0bc\x0cd\x00e\x07f", "a b c d e f"),
            ("Good\x00ROOM\x00", "good room"),
            ("won\u00adder\u200dful\ufeff", "wonderful"),  # what is not seen does not cut a word
            ("a\ue000b", "a b"),  # the private mark that stands for an apostrophe meanwhile
            ("  a   b\n\nc ", "a b c"),
            # Scripts
            ("很好 吃", "很好 吃"),
            ("हिन्दी", "हिन्दी"),
            ("e\u0301", "e\u0301"),
            ("room 12", "room 12"),
        ],
    )
    def test_rule(self, text: str, cleaned: str) -> None:
        assert (keep(text), drop(text)) == (cleaned, cleaned)

    @settings(deadline=None, max_examples=60)
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
    def test_any_text_becomes_words_between_single_spaces(self, text: str) -> None:
        for cleaned in (keep(text), drop(text)):
            assert cleaned == cleaned.strip(" ")
            assert not set(cleaned) & set("\t\n\r\x0b\x0c\x00\u0085\u2028\u00a0\ue000ABCXYZ")
            assert "  " not in cleaned

    @settings(deadline=None, max_examples=40)
    @given(st.text("aB'’.!é😀 \n<br/>", max_size=20))
    def test_cleaning_twice_is_as_once(self, text: str) -> None:
        assert drop(drop(text)) == drop(text)

    def test_upper_and_lower_case_are_one_word_in_every_script(self) -> None:
        for text in ("crème brûlée", "жизнь", "ñandú", "þú", "ąčęėįšųūž", "ğüşçö"):
            assert keep(text.upper()) == text


class TestKeep:
    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [
            ("great.Loved it!!", "great . loved it ! !"),
            ("\u201cgood\u201d \u00abbon\u00bb \u201egut\u201c", '" good " " bon " " gut "'),
            ("\u2018nice\u2019", "' nice '"),
            ("guests' dogs", "guests ' dogs"),
            ("'tis", "' tis"),
            ("well-known, 3.5 stars (of 5)", "well - known , 3 . 5 stars ( of 5 )"),
            ("wait\u2026 what\u2014no", "wait \u2026 what \u2014 no"),
            ("$5 = 5\u20ac + 1^2", "$ 5 = 5 \u20ac + 1 ^ 2"),
            (":-)", ": - )"),
            ("nice😀😀", "nice 😀 😀"),
            ("很好！真的。", "很好 ！ 真的 。"),
            ("<b>bold</b>", "< b > bold < / b >"),
            ("snake_case", "snake _ case"),
        ],
    )
    def test_punctuation_marks_become_tokens(self, text: str, cleaned: str) -> None:
        assert keep(text) == cleaned


class TestDrop:
    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [
            ("great.Loved it!!", "great loved it"),
            ("\u201cgood\u201d \u00abbon\u00bb", "good bon"),
            ("\u2018nice\u2019 guests' 'tis", "nice guests tis"),
            ("well-known, 3.5 stars", "well known 3 5 stars"),
            ("$5 = 5\u20ac + 1^2", "5 5 1 2"),
            (":-)", ""),
            ("!!!", ""),
            ("nice😀😀!", "nice 😀 😀"),
            ("很好！真的。", "很好 真的"),
            ("isn't, don\u2019t.", "isn't don't"),
        ],
    )
    def test_punctuation_marks_become_spaces_and_emoji_stay(self, text: str, cleaned: str) -> None:
        assert drop(text) == cleaned


class TestInTensorFlow:
    TEXTS = ("", "Don\u2019t<br />GO \u00c9T\u00c9!", "\u0130\u039f\u03a3 😀", "\u0085")

    @pytest.mark.parametrize("rule", [reviews_keep_punctuation, reviews_drop_punctuation])
    def test_a_graph_gives_the_same_as_eager_execution(self, rule: object) -> None:
        texts = tf.constant(self.TEXTS)
        graph = tf.function(rule, input_signature=[tf.TensorSpec([None], tf.string)])
        assert graph(texts).numpy().tolist() == rule(texts).numpy().tolist()  # type: ignore[operator]

    def test_any_shape_is_kept(self) -> None:
        assert reviews_keep_punctuation(tf.constant([["A", "B"], ["C", ""]])).numpy().tolist() == [
            [b"a", b"b"],
            [b"c", b""],
        ]
        assert reviews_keep_punctuation(tf.constant([], dtype=tf.string)).shape == (0,)
        assert reviews_keep_punctuation(tf.constant("A.")).numpy() == b"a ."

    @pytest.mark.parametrize(
        ("name", "rule"),
        [
            ("sentiment>reviews_keep_punctuation", reviews_keep_punctuation),
            ("sentiment>reviews_drop_punctuation", reviews_drop_punctuation),
        ],
    )
    def test_the_rule_is_registered_so_that_a_saved_model_finds_it(self, name: str, rule: object) -> None:
        assert keras.saving.get_registered_object(name) is rule

    def test_the_module_named_for_importing_is_the_one_that_registers(self) -> None:
        assert reviews_keep_punctuation.__module__ == IMPORT

    @pytest.mark.slow
    def test_the_language_of_the_process_makes_no_difference(self) -> None:
        # ICU knows a lower-case I without a dot in Turkish, and dots under accents in Lithuanian.
        text = "TITLE \u0130\u0131 I\u0307 \u00cc\u00cd\u0128\u012e J\u0301 I\u0301 \u039f\u03a3"
        code = (
            "import sys, tensorflow as tf\n"
            "from sentiment_cli.text.standardize import reviews_keep_punctuation as rule\n"
            f"sys.stdout.buffer.write(rule(tf.constant([{text!a}])).numpy()[0])\n"
        )
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": language, "LANG": language},
            )
            for language in ("tr_TR.UTF-8", "lt_LT.UTF-8")
        ]
        outputs = [process.communicate()[0].decode() for process in processes]
        assert outputs == ["title i\u0307\u0131 i\u0307 \u00ec\u00ed\u0129\u012f j\u0301 i\u0301 \u03bf\u03c2"] * 2
