"""Do words keep their scores in a file, and does a text stay whole when it is cut into them?"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.analysis.attributions import (
    Attribution,
    Segment,
    Span,
    Spans,
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
scores_of_words = st.floats(-100, 100, width=32)
spans = st.lists(st.builds(Span, st.integers(0, 20), st.integers(0, 20), scores_of_words), max_size=6).map(tuple)


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


strongest_words = st.lists(st.tuples(texts, scores), max_size=3).map(tuple)


@given(
    st.lists(
        st.builds(Attribution, texts, texts, spans, scores, strongest_words), max_size=4, unique_by=lambda row: row.path
    )
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_reads_back_equal(tmp_path: Path, rows: list[Attribution]) -> None:
    write_attributions(tmp_path / "attributions.jsonl", rows)
    assert list(read_attributions(tmp_path / "attributions.jsonl").values()) == rows


def test_words_are_starts_ends_and_scores_of_32_bits_in_base64(tmp_path: Path) -> None:
    path = tmp_path / "attributions.jsonl"
    most = (("story", -2.0), ("the", 0.5))
    write_attributions(path, [Attribution("a.txt", "bad", (Span(0, 3, 0.5), Span(4, 9, -2.0)), -1.5, most)])
    # By hand: 0, 4; 3, 9; 0.5 is 3f000000 and -2 is c0000000, the lowest byte first.
    packed = bytes.fromhex("00000000 04000000 03000000 09000000 0000003f 000000c0")
    words = base64.b64encode(packed).decode("ascii")
    expected = '{"path":"a.txt","predicted":"bad","total":-1.5,"strongest":[["story",-2.0],["the",0.5]],"words":"'
    assert path.read_text(encoding="utf-8") == f'{expected}{words}"}}\n'


def test_files_with_a_list_for_each_word_are_read_too(tmp_path: Path) -> None:
    lines = ['{"path":"a","predicted":"b","total":1.5,"spans":[[0,3,0.5],[4,9,1]]}']
    lines.append('{"path":"c","predicted":"b","total":0,"spans":[]}')
    (tmp_path / "attributions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert read_attributions(tmp_path / "attributions.jsonl") == {
        "a": Attribution("a", "b", (Span(0, 3, 0.5), Span(4, 9, 1.0)), 1.5),
        "c": Attribution("c", "b", (), 0.0),
    }


@given(spans)
def test_columns_are_the_sequence_that_they_were_made_of(given_spans: tuple[Span, ...]) -> None:
    columns = Spans.of(given_spans)
    assert (len(columns), list(columns)) == (len(given_spans), list(given_spans))
    assert [columns[index] for index in range(len(columns))] == list(given_spans)
    assert columns[1:3] == given_spans[1:3]
    assert Spans.of(columns) is columns


def test_words_of_a_text_that_gets_longer_in_lower_case_are_found_in_their_places() -> None:
    text = "\u0130\u0130 GOOD"  # each of the first two becomes two characters
    assert strongest(text, [Span(3, 7, 1.0)], 1) == [("good", 1.0)]


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
        '{"path": "a", "predicted": "b", "total": 1, "spans": [[0, 1, NaN]]}',
        '{"path": "a", "predicted": "b", "total": 1, "words": [0]}',
        '{"path": "a", "predicted": "b", "total": 1, "strongest": [["x", "y"]], "words": ""}',
        '{"path": "a", "predicted": "b", "total": 1, "strongest": 1, "words": ""}',
        '{"path": "a", "predicted": "b", "total": 1, "words": "no base64"}',
        '{"path": "a", "predicted": "b", "total": 1, "words": "AAAAAAAAAAA="}',  # two numbers, and not three
        '{"path": "a", "predicted": "b", "total": 1, "words": "AAAAAAEAAAAAAMB/"}',  # the score is no number
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    good = '{"path": "a", "predicted": "b", "total": 1, "spans": [[0, 1, 0.5]]}'
    (tmp_path / "attributions.jsonl").write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"attributions\.jsonl:2: expected path, predicted, total and words"):
        read_attributions(tmp_path / "attributions.jsonl")
