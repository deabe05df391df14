"""Do words in like company get like vectors, each token its own, and the table the scale that was asked for?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.pretraining import WordVectors
from sentiment_cli.pretraining.word_vectors import (
    choose_evening,
    choose_scale,
    complete_table,
    count_passes,
    even_lengths,
    learn_word_vectors,
    nearest_words,
)
from sentiment_cli.text.token_ids import TokenIds

# Id 0 pads, 1 is unknown, 2 to 5 stand between 6 and 7, 8 to 11 between 12 and 13; 14 does not occur.
SIZE = 15


def company(count: int = 600) -> TokenIds:
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(count):
        rows.append([6, rng.integers(2, 6), 7, 6, rng.integers(2, 6), 7])
        rows.append([12, rng.integers(8, 12), 13, 12, rng.integers(8, 12), 13, 1])
    lengths = np.array([len(row) for row in rows])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return TokenIds(np.concatenate(rows).astype(np.uint16), offsets, lengths)


def settings(**values: Any) -> WordVectors:
    return WordVectors(kind="word_vectors", **values)


def learn(**values: Any) -> tuple[np.ndarray, np.ndarray]:
    return learn_word_vectors(company(), SIZE, 8, settings(**{"passes": 60, "subsample": 0.0, **values}), threads=1)


@pytest.mark.parametrize("algorithm", ["cbow", "skip_gram"])
def test_words_in_like_company_are_near(algorithm: str) -> None:
    vectors, _ = learn(algorithm=algorithm, passes=20)
    assert (vectors.shape, vectors.dtype) == ((SIZE, 8), np.float32)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    within = units[2] @ units[3:6].T
    across = units[2] @ units[8:12].T
    assert within.min() > across.max() + 0.2


def test_every_token_that_occurs_has_a_vector_the_unknown_one_included() -> None:
    vectors, known = learn(passes=1)
    assert np.flatnonzero(~known).tolist() == [0, 14]
    assert np.abs(vectors[known]).sum(axis=1).min() > 0
    assert not vectors[~known].any()


def test_equal_calls_with_one_thread_give_equal_vectors_and_another_seed_others() -> None:
    first, again, other = learn(passes=2)[0], learn(passes=2)[0], learn(passes=2, seed=2)[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_progress_is_told_after_each_pass() -> None:
    told: list[int] = []
    learn_word_vectors(company(5), SIZE, 8, settings(passes=3), threads=2, progress=told.append)
    assert told == [10, 10, 10]


def test_several_threads_share_a_large_text() -> None:
    texts = company(50_000)
    vectors, known = learn_word_vectors(texts, SIZE, 4, settings(passes=1), threads=2)
    assert np.isfinite(vectors).all()
    assert known.sum() == SIZE - 2


@pytest.mark.parametrize(
    ("passes", "tokens", "expected"),
    [
        ("auto", 20_000_000, 2),
        ("auto", 2_500_000, 2),
        ("auto", 1_000_000, 5),
        ("auto", 999_999, 6),
        ("auto", 25_000, 200),
        ("auto", 100, 1000),
        ("auto", 0, 1000),
        (3, 100, 3),
    ],
)
def test_few_texts_are_gone_over_more_often(passes: Any, tokens: int, expected: int) -> None:
    assert count_passes(settings(passes=passes), tokens) == expected


@pytest.mark.parametrize(
    ("scale", "tokens", "texts", "expected"),
    [
        ("auto", 20_000_000, 80_000, 0.3),
        ("auto", 5_000_000, 20_000, 0.3),
        ("auto", 1_250_000, 5_000, 0.075),
        ("auto", 1_250_000, 12_500, 0.3 * 0.25**0.75),
        ("auto", 1_250_000, 10**12, 0.15),
        ("auto", 50_000, 200, 0.03),
        ("auto", 10, 1, 0.03),
        ("auto", None, 1, 0.3),
        (0.5, 10, 1, 0.5),
        (None, 10, 1, None),
    ],
)
def test_what_was_learned_from_few_texts_is_scaled_down(
    scale: Any, tokens: int | None, texts: int, expected: float | None
) -> None:
    assert choose_scale(settings(scale=scale), tokens, texts) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("even", "tokens", "texts", "expected"),
    [
        ("auto", 20_000_000, 80_000, 0.5),
        ("auto", 5_000_000, 20_000, 0.5),
        ("auto", 20_000_000, 1_000_000, 0.05),
        ("auto", 3_750_000, 15_000, 0.75),
        ("auto", 2_500_000, 10_000, 1),
        ("auto", 200, 1, 1),
        ("auto", 200, 2, 0.5),
        ("auto", 200, 10, 0.1),
        ("auto", 0, 0, 0),
        ("auto", None, 1, 0),
        (0.3, 20_000_000, 80_000, 0.3),
        (0.3, None, 1, 0.3),
    ],
)
def test_lengths_are_evened_where_long_texts_were_read_and_more_where_they_are_few(
    even: Any, tokens: int | None, texts: int, expected: float
) -> None:
    assert choose_evening(settings(even_lengths=even), tokens, texts) == pytest.approx(expected)


class TestEvenLengths:
    vectors = (
        np.random.default_rng(0).normal(0, 1, (50, 8)).astype(np.float32) * np.arange(50, dtype=np.float32)[:, None]
    )

    @pytest.mark.parametrize("power", [0.0, 0.3, 1.0])
    def test_the_length_is_raised_to_what_is_left_and_the_direction_stays(self, power: float) -> None:
        before, after = np.linalg.norm(self.vectors, axis=1), even_lengths(self.vectors, power)
        assert after.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(after, axis=1)[1:], before[1:] ** (1 - power), rtol=1e-5)
        cosines = (after * self.vectors).sum(1)[1:] / (before[1:] * np.linalg.norm(after, axis=1)[1:])
        np.testing.assert_allclose(cosines, 1, rtol=1e-5)

    def test_zeros_stay(self) -> None:
        assert not even_lengths(self.vectors, 1.0)[0].any()

    def test_without_it_nothing_changes(self) -> None:
        np.testing.assert_array_equal(even_lengths(self.vectors, 0.0), self.vectors)


class TestTable:
    vectors = np.array([[9, 9], [0, 0], [1, -3], [2, 4]], np.float32)
    known = np.array([False, False, True, True])

    def test_all_numbers_of_known_words_are_brought_to_the_scale_together(self) -> None:
        table = complete_table(self.vectors, self.known, scale=0.3, seed=1)
        assert table.dtype == np.float32
        assert table[self.known].std() == pytest.approx(0.3, rel=1e-6)
        np.testing.assert_allclose(table[2] / table[3], [0.5, -0.75], rtol=1e-6)

    def test_without_a_scale_they_stay(self) -> None:
        table = complete_table(self.vectors, self.known, scale=None, seed=1)
        np.testing.assert_array_equal(table[self.known], self.vectors[self.known])

    def test_padding_is_zero_and_other_words_are_drawn_from_the_same_scale(self) -> None:
        known = np.arange(2000) < 1000
        vectors = np.random.default_rng(0).normal(0, 5, (2000, 8)).astype(np.float32)
        table = complete_table(vectors, known, scale=0.2, seed=1)
        assert not table[0].any()
        assert table[~known].std() == pytest.approx(0.2, rel=0.05)
        np.testing.assert_array_equal(table, complete_table(vectors, known, scale=0.2, seed=1))
        assert not np.array_equal(table[~known], complete_table(vectors, known, scale=0.2, seed=2)[~known])

    def test_vectors_without_a_spread_stay_finite(self) -> None:
        table = complete_table(np.zeros((4, 2), np.float32), self.known, scale=0.3, seed=1)
        assert not table.any()


class TestNeighbours:
    table = np.array([[0, 0], [1, 1], [1, 0], [2, 0.1], [0, 3], [-1, 0]], np.float32)

    def test_known_probes_come_with_their_nearest_words(self) -> None:
        found = nearest_words(["", "[UNK]", "the", "bad", "good", "x"], self.table, most=2)
        assert list(found) == ["good", "bad"]
        assert [word for word, _ in found["bad"]] == ["the", "good"]
        assert found["bad"][0][1] == pytest.approx(2 / np.hypot(2, 0.1))

    def test_without_probes_the_most_frequent_words_are_shown(self) -> None:
        found = nearest_words(["", "[UNK]", "的", "了", "好", "x"], self.table, words=2)
        assert list(found) == ["的", "了"]
        assert [len(nearest) for nearest in found.values()] == [3, 3]
