"""Does every row of the inputs come into exactly one block, in order, as a review or as a bad row with its place?"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.errors import DataError
from sentiment_cli.scoring import blocks
from sentiment_cli.scoring.blocks import BadRow, Block, Review, Source
from sentiment_cli.scoring.columns import Columns
from sentiment_cli.scoring.inputs import open_input
from sentiment_cli.tabular.table import Reading, Row, Table


def make_table(texts: Sequence[str | None]) -> Table:
    """A table of these texts; where there is None, a row that cannot be read."""

    def read(state: Reading):  # type: ignore[no-untyped-def]
        for number, text in enumerate(texts, start=1):
            if text is None:
                state.faults.add("broken", 10 * number)
            else:
                yield Row(number, (text,), 10 * number)
            state.tell(number / len(texts))

    return Table(Path("a"), ("text",), "", read)


def make_source(*tables: Table, part_rows: int = 2) -> Source:
    return Source(tables, [Columns(0, None)] * len(tables), [100] * len(tables), part_rows)


def test_blocks_are_cut_at_so_many_reviews_and_number_the_parts() -> None:
    first, second = make_table(["a", "b", "c"]), make_table(["d", "e"])
    blocks = list(make_source(first, second).blocks())
    assert [[(one.file, one.row, one.text) for one in block.reviews] for block in blocks] == [
        [(0, 1, "a"), (0, 2, "b")],
        [(0, 3, "c"), (1, 1, "d")],
        [(1, 2, "e")],
    ]
    assert [block.number for block in blocks] == [0, 1, 2]
    assert blocks[-1].share == 1.0
    assert 0 < blocks[0].share < blocks[1].share < 1


def test_rows_without_end_that_cannot_be_read_are_no_matter_of_single_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_MOST_UNREAD", 5)
    assert len(list(make_source(make_table([None] * 4 + ["a"] + [None] * 4)).blocks())) > 0
    with pytest.raises(DataError, match="a: 5 rows one after the other cannot be read, the last one: broken"):
        list(make_source(make_table(["a"] + [None] * 5)).blocks())


def test_bad_rows_have_their_place_and_a_reason() -> None:
    (block,) = make_source(make_table([None, None, "a", " \n", None, "b", None]), part_rows=10).blocks()
    assert [review.row for review in block.reviews] == [3, 6]
    assert block.bad == [
        BadRow(0, 1, 10, "broken"),
        BadRow(0, 2, 20, "broken"),
        BadRow(0, 4, 40, "no text"),
        BadRow(0, 5, 50, "broken"),
        BadRow(0, 7, 70, "broken"),
    ]


def test_bad_rows_behind_the_last_review_have_a_block_that_is_no_part() -> None:
    blocks = list(make_source(make_table(["a", "b", "", None])).blocks())
    assert [block.number for block in blocks] == [0, None]
    assert [bad.row for bad in blocks[1].bad] == [3, 4]


def test_the_numbers_of_parts_have_no_gap_where_many_rows_are_bad() -> None:
    blocks = list(make_source(make_table(["", "", "", "", "a", "b", "c"])).blocks())
    assert [block.number for block in blocks] == [None, None, 0, 1]


@given(st.lists(st.lists(st.sampled_from(["text", "other", "", None]), max_size=12), max_size=4), st.integers(1, 5))
def test_every_row_is_in_one_block_in_order(tables: list[list[str | None]], part_rows: int) -> None:
    blocks = list(make_source(*map(make_table, tables), part_rows=part_rows).blocks())
    reviews = [(one.file, one.row) for block in blocks for one in block.reviews]
    bad = [(one.file, one.row) for block in blocks for one in block.bad]
    rows = [(file, row) for file, texts in enumerate(tables) for row in range(1, len(texts) + 1)]
    assert reviews == sorted(reviews)
    assert bad == sorted(bad)
    assert sorted(reviews + bad) == rows
    assert {place for place in rows if tables[place[0]][place[1] - 1]} == set(reviews)
    assert all(len(block.reviews) <= part_rows and len(block.bad) <= part_rows for block in blocks)
    assert [block.number for block in blocks if block.reviews] == list(range(sum(bool(one.reviews) for one in blocks)))


def test_rows_of_a_real_table_that_cannot_be_read_have_their_lines(workplace: Path) -> None:
    Path("a.csv").write_text('id,text\n1,"two\nlines"\n2,b,c\n3,d\n4\n5,\n', encoding="utf-8")
    table = open_input(Path("a.csv"), encoding=None, delimiter=None, header=True)
    (block,) = Source([table], [Columns(1, 0)], [1], 10).blocks()
    assert block.reviews == [Review(0, 1, 2, "1", "two\nlines"), Review(0, 3, 5, "3", "d")]
    assert [(bad.row, bad.line) for bad in block.bad] == [(2, 4), (4, 6), (5, 7)]
    assert [bad.reason for bad in block.bad] == ["too many cells", "too few cells", "no text"]


def test_a_source_of_any_form_can_be_sent_to_another_process(workplace: Path) -> None:
    cloudpickle = pytest.importorskip("ray.cloudpickle")
    for name, content in (("a.csv", "text\na\n"), ("a.txt", "a\n"), ("a.jsonl", '{"text": "a"}\n')):
        Path(name).write_text(content, encoding="utf-8")
        source = make_source(open_input(Path(name), encoding=None, delimiter=None, header=True))
        (block,) = pickle.loads(cloudpickle.dumps(source)).blocks()
        assert [review.text for review in block.reviews] == ["a"]


def test_a_block_without_texts_keeps_the_rest() -> None:
    block = Block(3, [Review(0, 1, 2, "i", "text")], [BadRow(0, 2, 3, "why")], 0.5)
    assert block.without_texts() == Block(3, [Review(0, 1, 2, "i", "")], [BadRow(0, 2, 3, "why")], 0.5)
