"""Is the part of a text with the strongest words found, and do their places follow?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.analysis.attributions import Span, Spans
from sentiment_cli.analysis.windows import spans_within, strongest_window


def test_the_part_with_the_largest_sum_of_scores_is_taken_whatever_their_signs() -> None:
    spans = [Span(0, 4, 0.5), Span(20, 24, -0.4), Span(26, 30, 0.3), Span(90, 94, 0.6)]
    assert strongest_window(spans, 100, 15) == strongest_window(Spans.of(spans), 100, 15) == (20, 35)


def test_it_never_passes_the_end_and_a_short_text_is_taken_whole() -> None:
    assert strongest_window([Span(90, 94, 1.0)], 100, 30) == (70, 100)
    assert strongest_window([Span(2, 4, 1.0)], 10, 30) == (0, 10)


@pytest.mark.parametrize("spans", [[], [Span(50, 54, 0.0)]])
def test_without_scores_it_is_the_beginning(spans: list[Span]) -> None:
    assert strongest_window(spans, 100, 30) == (0, 30)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.floats(-1, 1)), max_size=12), st.integers(1, 30))
def test_no_other_part_that_begins_with_a_word_has_more(words: list[tuple[int, int, float]], most: int) -> None:
    spans, place = [], 0
    for size, gap, score in words:
        spans.append(Span(place + gap, place + gap + size, score))
        place += gap + size
    start, end = strongest_window(spans, place, most)
    assert 0 <= start <= end <= place and end - start <= most

    def total(first: int) -> float:
        return sum(abs(span.score) for span in spans if first <= span.start and span.end <= first + most)

    fitting = [span for span in spans if span.end - span.start <= most]
    if len(fitting) == len(spans):
        assert total(start) >= max((total(span.start) for span in spans), default=0.0) - 1e-6


def test_words_keep_their_letters_within_the_part() -> None:
    text = "not a single good word"
    spans = [Span(0, 3, 1.0), Span(6, 12, 0.5), Span(13, 17, 2.0), Span(18, 22, 0.1)]
    inside = spans_within(spans, 5, 20)
    assert [text[5:20][start:end] for start, end, _ in inside] == ["single", "good"]
