"""Which records lines hold, and what a quote that is not as it should be costs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_cli.tabular import records as module
from sentiment_cli.tabular.records import (
    BAD_BYTES,
    HUGE,
    INNER_QUOTES,
    NULS,
    TOO_FEW,
    TOO_MANY,
    UNCLOSED,
    Dialect,
    Record,
    read_records,
)

COMMAS = Dialect()


def read(text: str, width: int | None = 2, dialect: Dialect = COMMAS, suspect: bool = False) -> list[Record]:
    return list(read_records(io.StringIO(text, newline=""), dialect, width, suspect=suspect))


class TestSound:
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends_of_every_system_end_records(self, end: str) -> None:
        assert read(end.join(["a,b", "c,d"])) == [Record(1, ["a", "b"]), Record(2, ["c", "d"])]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends_in_quotes_are_line_feeds_of_the_cell(self, end: str) -> None:
        text = f'"a{end}{end}b",c{end}d,e'
        assert read(text) == [Record(1, ["a\n\nb", "c"]), Record(4, ["d", "e"])]

    def test_other_characters_that_end_lines_elsewhere_do_not(self) -> None:
        text = "a\u0085b\u2028c\x0bd\x0ce\x1cf,g"
        assert read(text) == [Record(1, text.split(","))]

    def test_blank_lines_are_no_records_and_are_counted_as_lines(self) -> None:
        assert read("\n\na,b\n   \n\t\nc,d\n") == [Record(3, ["a", "b"]), Record(6, ["c", "d"])]

    def test_empty_cells_are_cells(self) -> None:
        assert read(',\n"",""\n') == [Record(1, ["", ""]), Record(2, ["", ""])]

    def test_delimiters_at_the_end_of_a_line_are_no_cells(self) -> None:
        assert read('a,b,,\n"a",b,""\n') == [Record(1, ["a", "b"]), Record(2, ["a", "b"])]

    def test_doubled_quotes_are_one(self) -> None:
        assert read('"say ""hi""",b\n') == [Record(1, ['say "hi"', "b"])]

    def test_quotes_within_cells_without_quotes_are_characters(self) -> None:
        assert read('a 5" screen,b\n') == [Record(1, ['a 5" screen', "b"])]

    def test_without_a_width_any_number_of_cells_is_right(self) -> None:
        assert [record.cells for record in read("a\nb,c\nd,e,f,\n", None)] == [["a"], ["b", "c"], ["d", "e", "f", ""]]

    def test_backslashes_before_quotes_are_taken_away_and_others_stay(self) -> None:
        text = '"a \\"b\\", \\n c",d\n'
        assert read(text, dialect=Dialect(quotes="backslash")) == [Record(1, ['a "b", \\n c', "d"])]

    def test_a_backslash_before_a_backslash_leaves_the_quote_a_quote(self) -> None:
        assert read('"C:\\\\",d\n', dialect=Dialect(quotes="backslash")) == [Record(1, ["C:\\\\", "d"])]

    def test_without_quoting_quotes_are_characters(self) -> None:
        dialect = Dialect("\t", "none")
        assert read('"a\tb\n" c "\t"d"\n', dialect=dialect) == [Record(1, ['"a', "b"]), Record(2, ['" c "', '"d"'])]

    def test_any_number_of_cells_may_stand_in_a_line_that_is_mended(self) -> None:
        line = ', "b"b"' * 400_000  # in a second; in minutes where each cell is cut off what is left
        (record,) = read(f"a{line}\n", 400_001, Dialect(spaces=True))
        assert record == Record(1, ["a", *['b"b'] * 400_000], None, INNER_QUOTES)

    def test_spaces_behind_delimiters_can_be_no_part_of_a_cell(self) -> None:
        assert read('5, "a, b"\n', dialect=Dialect(spaces=True)) == [Record(1, ["5", "a, b"])]

    @given(
        st.lists(st.lists(st.text(alphabet='ab ,;"\n\r\\\u2028é'), min_size=2, max_size=2), max_size=5),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
        st.sampled_from(["\n", "\r\n", "\r"]),
        st.sampled_from([",", ";", "\t"]),
        st.booleans(),
    )
    def test_what_pythons_csv_writes_is_read(
        self, rows: list[list[str]], quoting: int, end: str, mark: str, suspect: bool
    ) -> None:
        if quoting == csv.QUOTE_MINIMAL:  # by which Python 3.11 leaves line ends bare that are not its own
            rows, end = [[cell.replace("\r", "") for cell in row] for row in rows], "\n"
        file = io.StringIO(newline="")
        csv.writer(file, delimiter=mark, quoting=quoting, lineterminator=end).writerows(rows)
        found = read(file.getvalue(), 2, Dialect(mark), suspect)
        plain = [[cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]
        assert [record.cells for record in found] == plain
        assert not any(record.fault or record.mended for record in found)


class TestWrongNumberOfCells:
    def test_the_row_is_lost_and_the_next_ones_are_not(self) -> None:
        found = read("a,b\nc\nd,e,f\ng,h\n")
        assert found == [
            Record(1, ["a", "b"]),
            Record(2, None, TOO_FEW),
            Record(3, None, TOO_MANY),
            Record(4, ["g", "h"]),
        ]

    def test_of_several_lines_the_first_is_lost_and_the_others_are_read_again(self) -> None:
        found = read('"a\nb,c\nd",e,f\ng,h\n')
        assert found[0] == Record(1, None, UNCLOSED)
        assert found[1] == Record(2, ["b", "c"])
        assert found[-1] == Record(4, ["g", "h"])


class TestQuotesThatAreNotClosed:
    def test_cost_the_line_that_they_stand_on(self) -> None:
        found = read('"a,b\nc,d\n"e, f",g\n')
        assert found == [Record(1, None, UNCLOSED), Record(2, ["c", "d"]), Record(3, ["e, f", "g"])]

    def test_cost_no_other_line_at_the_end_of_the_file(self) -> None:
        assert read('a,b\n"c,d\ne,f') == [Record(1, ["a", "b"]), Record(2, None, UNCLOSED), Record(3, ["e", "f"])]

    def test_cost_no_other_line_where_none_has_a_quote_for_thousands(self) -> None:
        found = read('"a,b\n' + "c,d\n" * 5_000)
        assert found[0] == Record(1, None, UNCLOSED)
        assert [record.line for record in found[1:]] == list(range(2, 5_002))
        assert all(record.cells == ["c", "d"] for record in found[1:])

    def test_may_stand_on_every_line(self) -> None:
        found = read('"a,b\n' * 50)
        assert [(record.line, record.fault) for record in found] == [(line, UNCLOSED) for line in range(1, 51)]


class TestInnerQuotes:
    @pytest.mark.parametrize(
        ("text", "cell"),
        [
            ('"He said "wow" and left",b\n', 'He said "wow" and left'),
            ('"He said "wow"",b\n', 'He said "wow"'),
            ('""wow" he said",b\n', '"wow" he said'),
            ('"A "must", they say",b\n', 'A "must", they say'),
            ('"One ""two"" and "three"",b\n', 'One "two" and "three"'),
            ('"He said "wow"\nand left",b\n', 'He said "wow"\nand left'),
            ('"He "said" wow\r\nand\r\nleft",b\n', 'He "said" wow\nand\nleft'),
        ],
    )
    def test_are_taken_as_they_stand(self, text: str, cell: str) -> None:
        found = read(text + "c,d\n")
        assert found == [Record(1, [cell, "b"], None, INNER_QUOTES), Record(1 + text.count("\n"), ["c", "d"])]

    def test_are_found_behind_other_cells_and_before_them(self) -> None:
        assert read('1,"a "b", c",5,6\n', 4) == [Record(1, ["1", 'a "b", c', "5", "6"], None, INNER_QUOTES)]

    def test_take_no_line_that_is_a_record_of_its_own(self) -> None:
        found = read('"He said "wow" and left,b\n"c",d\n')
        assert found == [Record(1, None, UNCLOSED), Record(2, ["c", "d"])]

    def test_take_no_line_that_has_inner_quotes_of_its_own(self) -> None:
        found = read('"Broken,b\n"He said "well" and left",d\n')
        assert found == [Record(1, None, UNCLOSED), Record(2, ['He said "well" and left', "d"], None, INNER_QUOTES)]

    def test_with_too_many_cells_all_the_same_cost_the_row(self) -> None:
        found = read('"a "b"",c,"d\ne,f\n')
        assert found[0].cells is None
        assert found[1:] == [Record(2, ["e", "f"])]


class TestWhatIsNoText:
    def test_nul_is_taken_away(self) -> None:
        assert read("a\0b,c\n", suspect=True) == [Record(1, ["ab", "c"], None, NULS)]

    def test_undecodable_bytes_cost_the_row(self) -> None:
        found = read("a,b\nc\udcff,d\né,f\n", suspect=True)
        assert found == [Record(1, ["a", "b"]), Record(2, None, BAD_BYTES), Record(3, ["é", "f"])]

    def test_undecodable_bytes_are_the_reason_where_cells_are_missing_too(self) -> None:
        assert read("a\udcff\nc,d\n", suspect=True)[0] == Record(1, None, BAD_BYTES)

    def test_a_huge_cell_costs_its_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_CHARACTERS", 200)
        found = read(f"a,b\n{'x' * 300},c\nd,e\n")
        assert found == [Record(1, ["a", "b"]), Record(2, None, HUGE), Record(3, ["d", "e"])]

    def test_many_lines_that_are_huge_together_are_a_quote_that_is_not_closed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "MAX_CHARACTERS", 200)
        found = read('"a,b\n' + "c,d\n" * 100)
        assert found[0] == Record(1, None, UNCLOSED)
        assert len(found) == 101


@given(
    st.text(alphabet='ab,,"" \\\n\n\r\0\udcff'),
    st.sampled_from([Dialect(), Dialect(spaces=True), Dialect(quotes="backslash"), Dialect(quotes="none")]),
    st.sampled_from([None, 1, 2, 3]),
    st.booleans(),
)
@example('"', Dialect(), 2, False)
@example('a,"', Dialect(), 2, False)
@example('"""', Dialect(), 1, True)
@example('"\\"', Dialect(quotes="backslash"), 2, True)
def test_any_lines_give_records_in_order_and_none_fails(
    text: str, dialect: Dialect, width: int | None, suspect: bool
) -> None:
    lines = list(io.StringIO(text, newline=""))
    found = list(read_records(lines, dialect, width, suspect=suspect))
    places = [record.line for record in found]
    assert places == sorted(set(places))
    assert all(1 <= place <= len(lines) for place in places)
    for record in found:
        assert (record.cells is None) == (record.fault is not None)
        assert width is None or record.cells is None or len(record.cells) == width
        assert not any("\r" in cell for cell in record.cells or ())


@given(
    st.lists(st.sampled_from(["a,b\n", '"c, c",d\n', '"e\ne",f\n', '"bad,g\n', "h\n", '"i "j" i",k\n']), max_size=12)
)
def test_sound_rows_survive_any_neighbours_that_are_not(lines: list[str]) -> None:
    found = [record.cells for record in read("".join(lines))]
    assert found.count(["a", "b"]) == lines.count("a,b\n")
    assert found.count(["c, c", "d"]) == lines.count('"c, c",d\n')
