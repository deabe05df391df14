"""Token ids against a slow reference that works on lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sentiment_cli.text.token_ids
from sentiment_cli.text.token_ids import TokenIds, Truncate, cut_to_length, join_token_ids, kept_at_head, kept_positions

TRUNCATIONS: tuple[Truncate, ...] = ("head", "tail", "head_tail")
# Reviews as lists of ids; 0 is padding and never occurs, 1 is the unknown token.
REVIEWS = st.lists(st.lists(st.integers(1, 50), max_size=12), max_size=8)


def token_ids(reviews: list[list[int]], most: int, truncate: Truncate) -> TokenIds:
    flat = np.array([token for review in reviews for token in review], dtype=np.int64)
    return cut_to_length(flat, np.array([len(review) for review in reviews], dtype=np.int64), most, truncate)


def cut_slowly(review: list[int], most: int, truncate: Truncate) -> list[int]:
    """What `cut_to_length` should keep of one review."""
    if not review:
        return [1]
    if len(review) <= most:
        return review
    head = {"head": most, "tail": 0, "head_tail": max(most // 4, 1)}[truncate]
    return review[:head] + review[len(review) - (most - head) :]


def rows(ids: TokenIds) -> list[list[int]]:
    return [ids.flat[start:end].tolist() for start, end in zip(ids.offsets[:-1], ids.offsets[1:], strict=True)]


class TestCutToLength:
    @pytest.mark.parametrize(
        ("truncate", "most", "kept"),
        [
            ("head", 4, [11, 12, 13, 14]),
            ("tail", 4, [17, 18, 19, 20]),
            ("head_tail", 4, [11, 18, 19, 20]),
            ("head_tail", 8, [11, 12, 15, 16, 17, 18, 19, 20]),
            ("head_tail", 2, [11, 20]),
            ("head", 1, [11]),
            ("tail", 1, [20]),
            ("head", 9, [11, 12, 13, 14, 15, 16, 17, 18, 19]),
            ("head_tail", 9, [11, 12, 14, 15, 16, 17, 18, 19, 20]),
        ],
    )
    def test_keeps_the_part_that_is_asked_for(self, truncate: Truncate, most: int, kept: list[int]) -> None:
        ids = token_ids([list(range(11, 21))], most, truncate)
        assert rows(ids) == [kept]
        assert (ids.tokens.tolist(), ids.cut.tolist()) == ([10], [10 - most])

    @pytest.mark.parametrize("truncate", TRUNCATIONS)
    @pytest.mark.parametrize("most", [10, 11, 500])
    def test_leaves_a_review_that_fits_as_it_is(self, truncate: Truncate, most: int) -> None:
        ids = token_ids([list(range(11, 21))], most, truncate)
        assert rows(ids) == [list(range(11, 21))]
        assert ids.cut.tolist() == [0]

    @pytest.mark.parametrize("truncate", TRUNCATIONS)
    def test_reads_an_empty_review_as_one_unknown_token(self, truncate: Truncate) -> None:
        ids = token_ids([[], [5, 6, 7], [], []], 2, truncate)
        assert [rows(ids)[index] for index in (0, 2, 3)] == [[1], [1], [1]]
        assert ids.tokens.tolist() == [0, 3, 0, 0]
        assert ids.lengths.tolist() == [1, 2, 1, 1]
        assert ids.cut.tolist() == [0, 1, 0, 0]
        assert ids.unknown.tolist() == [1, 0, 1, 1]

    def test_of_no_reviews_is_no_reviews(self) -> None:
        ids = token_ids([], 5, "tail")
        assert (len(ids), ids.flat.tolist(), ids.offsets.tolist(), ids.unknown.tolist()) == (0, [], [0], [])

    def test_has_the_promised_types(self) -> None:
        ids = token_ids([[5], []], 5, "tail")
        assert (ids.flat.dtype, ids.offsets.dtype, ids.tokens.dtype) == (np.int32, np.int64, np.int64)

    @given(reviews=REVIEWS, most=st.integers(1, 14), truncate=st.sampled_from(TRUNCATIONS))
    def test_equals_cutting_review_by_review(self, reviews: list[list[int]], most: int, truncate: Truncate) -> None:
        ids = token_ids(reviews, most, truncate)
        expected = [cut_slowly(review, most, truncate) for review in reviews]
        assert rows(ids) == expected
        assert len(ids) == len(reviews)
        assert ids.lengths.tolist() == [len(review) for review in expected]
        assert ids.tokens.tolist() == [len(review) for review in reviews]
        assert ids.cut.tolist() == [max(len(review) - most, 0) for review in reviews]
        assert ids.unknown.tolist() == [review.count(1) for review in expected]


class TestKeptAtHead:
    @pytest.mark.parametrize(("most", "head"), [(2, 1), (3, 1), (4, 1), (7, 1), (8, 2), (510, 127), (600, 150)])
    def test_head_tail_keeps_a_quarter_and_at_least_one_token_of_each_end(self, most: int, head: int) -> None:
        assert kept_at_head(most, "head_tail") == head
        assert most - head >= 1

    def test_head_and_tail_keep_all_at_their_end(self) -> None:
        assert (kept_at_head(7, "head"), kept_at_head(7, "tail")) == (7, 0)


class TestPad:
    IDS = token_ids([[5, 6], [], [7, 8, 9]], 10, "tail")

    def test_fills_up_on_the_right(self) -> None:
        assert self.IDS.pad(np.array([0, 2]), 4).tolist() == [[5, 6, 0, 0], [7, 8, 9, 0]]

    def test_takes_the_reviews_in_the_order_asked_for_and_twice_if_so(self) -> None:
        assert self.IDS.pad(np.array([2, 1, 2]), 3).tolist() == [[7, 8, 9], [1, 0, 0], [7, 8, 9]]

    def test_gives_rows_beyond_the_reviews_one_unknown_token(self) -> None:
        assert self.IDS.pad(np.array([0]), 3, rows=3).tolist() == [[5, 6, 0], [1, 0, 0], [1, 0, 0]]

    def test_of_no_reviews_has_no_rows(self) -> None:
        assert self.IDS.pad(np.zeros(0, np.int64), 3).shape == (0, 3)

    def test_is_int32(self) -> None:
        assert self.IDS.pad(np.array([0]), 3).dtype == np.int32

    @given(reviews=REVIEWS.filter(bool), extra=st.integers(0, 3), spare=st.integers(0, 3), data=st.data())
    def test_equals_padding_review_by_review(
        self, reviews: list[list[int]], extra: int, spare: int, data: st.DataObject
    ) -> None:
        ids = token_ids(reviews, 6, "tail")
        indices = data.draw(st.lists(st.integers(0, len(reviews) - 1), min_size=1, max_size=6))
        kept = [cut_slowly(reviews[index], 6, "tail") for index in indices] + [[1]] * spare
        width = max(len(review) for review in kept) + extra
        batch = ids.pad(np.array(indices), width, rows=len(indices) + spare)
        assert batch.tolist() == [review + [0] * (width - len(review)) for review in kept]
        assert (batch[:, 0] != 0).all()  # a row of nothing but padding makes cuDNN fail


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.parametrize(("vocabulary_size", "dtype"), [(65_536, np.uint16), (65_537, np.int32)])
def test_groups_of_reviews_are_joined_in_order_in_memory_and_on_disk(
    monkeypatch: pytest.MonkeyPatch, on_disk: bool, vocabulary_size: int, dtype: type
) -> None:
    monkeypatch.setattr(sentiment_cli.text.token_ids, "_MOST_IN_MEMORY", 8 if on_disk else 10**6)
    first = cut_to_length(np.array([5, 6, 1, 65_535, 8]), np.array([3, 0, 2]), 2, "tail")
    second = cut_to_length(np.array([1, 9]), np.array([1, 1]), 2, "tail")
    joined = join_token_ids(iter([first, second]), vocabulary_size)
    assert joined.flat.dtype == dtype
    assert joined.flat.tolist() == [6, 1, 1, 65_535, 8, 1, 9]
    assert joined.offsets.tolist() == [0, 2, 3, 5, 6, 7]
    assert (joined.tokens.tolist(), joined.unknown.tolist()) == ([3, 0, 2, 1, 1], [1, 1, 0, 1, 0])
    assert joined.pad(np.array([2, 4]), 3).tolist() == [[65_535, 8, 0], [9, 0, 0]]
    assert joined.pad(np.array([2]), 2).dtype == np.int32


def test_no_reviews_are_joined_to_none() -> None:
    joined = join_token_ids(iter([]), 100)
    assert (len(joined), joined.flat.tolist(), joined.unknown.tolist()) == (0, [], [])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's memory")
def test_ids_on_disk_are_read_without_staying_in_memory() -> None:
    size = 40_000_000
    part = TokenIds(np.ones(size, np.int32), np.array([0, size // 2, size]), np.array([size // 2] * 2))
    ids = join_token_ids([part], 10)
    del part
    ids.pad(np.array([0, 1]), 1)
    before = mapped_bytes()
    assert (ids.pad(np.array([1]), size // 2) == 1).all()
    assert ids.unknown.tolist() == [size // 2] * 2
    assert mapped_bytes() < before + size // 8


def mapped_bytes() -> int:
    line = next(
        line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if line.startswith("RssFile")
    )
    return int(line.split()[1]) * 1024


def test_some_reviews_are_taken_in_the_order_that_was_asked_for() -> None:
    every = cut_to_length(np.array([2, 3, 4, 5, 6]), np.array([2, 0, 3]), 2, "head")
    some = every.take(np.array([2, 1]))
    assert (some.flat.tolist(), some.offsets.tolist(), some.tokens.tolist()) == ([4, 5, 1], [0, 2, 3], [3, 0])
    assert len(every.take(np.zeros(0, np.int64))) == 0


def test_the_positions_that_are_kept_are_those_of_the_cut() -> None:
    for truncate in ("head", "tail", "head_tail"):
        for count in (0, 3, 8, 11):
            cut = cut_to_length(np.arange(10, 10 + count), np.array([count]), 8, truncate)
            kept = kept_positions(count, 8, truncate)
            assert (kept + 10).tolist() == (cut.flat.tolist() if count else [])
