"""Do words keep their scores in a file, and does a text stay whole when it is cut into them?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.analysis.attributions import (
    Attribution,
    Segment,
    Span,
    read_attributions,
    score_text,
    segments,
    strongest,
    towards_second,
    write_attributions,
)
from sentiment_cli.errors import RunError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scores = st.integers(-(10**6), 10**6).map(lambda number: number / 10**5)
spans = st.lists(st.builds(Span, st.integers(0, 20), st.integers(0, 20), scores), max_size=6).map(tuple)


def test_a_text_is_cut_into_words_and_what_is_between() -> None:
    pieces = segments("Not bad!", [Span(0, 3, -1.0), Span(4, 7, 0.5)])
    assert pieces == [Segment("Not", -1.0), Segment(" ", None), Segment("bad", 0.5), Segment("!", None)]


@given(texts, spans)
@settings(max_examples=100, deadline=None)
def test_the_pieces_add_up_to_the_text_whatever_the_spans(text: str, given_spans: tuple[Span, ...]) -> None:
    assert "".join(piece.text for piece in segments(text, given_spans)) == text


def test_with_two_classes_scores_turn_towards_the_second_with_more_they_stay() -> None:
    one = (Span(0, 3, 2.0),)
    assert towards_second(one, "bad", ["bad", "good"]) == (Span(0, 3, -2.0),)
    assert towards_second(one, "good", ["bad", "good"]) == one
    assert towards_second(one, "bad", ["bad", "good", "mixed"]) == one


def test_the_strongest_words_are_sums_over_their_occurrences() -> None:
    text = "Good, good and bad"
    found = strongest(text, [Span(0, 4, 0.4), Span(6, 10, 0.3), Span(11, 14, 0.1), Span(15, 18, -0.6)], 2)
    assert found == [("good", 0.7), ("bad", -0.6)]


@pytest.mark.parametrize(
    ("score", "digits", "shown"),
    [(0.5, 2, "+0.50"), (-1.25, 2, "-1.25"), (-0.004, 2, "0.00"), (0.004, 2, "0.00"), (-0.004, 3, "-0.004"),
     (-0.0, 4, "0.0000")],
)  # fmt: skip
def test_a_score_has_its_sign_but_where_it_rounds_to_zero(score: float, digits: int, shown: str) -> None:
    assert score_text(score, digits) == shown


@given(st.lists(st.builds(Attribution, texts, texts, spans, scores), max_size=4, unique_by=lambda row: row.path))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back_equal(tmp_path: Path, rows: list[Attribution]) -> None:
    write_attributions(tmp_path / "attributions.jsonl", rows)
    assert list(read_attributions(tmp_path / "attributions.jsonl").values()) == rows


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"path": "a", "predicted": "b", "total": 1}',
        '{"path": 1, "predicted": "b", "total": 1, "spans": []}',
        '{"path": "a", "predicted": "b", "total": NaN, "spans": []}',
        '{"path": "a", "predicted": "b", "total": 1, "spans": [[1, 2]]}',
        '{"path": "a", "predicted": "b", "total": 1, "spans": [[-1, 2, 0.1]]}',
        '{"path": "a", "predicted": "b", "total": 1, "spans": [[0, true, 0.1]]}',
        '{"path": "a", "predicted": "b", "total": 1, "spans": [[0, 1, "x"]]}',
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    good = '{"path": "a", "predicted": "b", "total": 1, "spans": [[0, 1, 0.5]]}'
    (tmp_path / "attributions.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"attributions\.jsonl:2: expected path, predicted, total and spans"):
        read_attributions(tmp_path / "attributions.jsonl")
