"""By which character and quoting cells are told apart."""

from __future__ import annotations

import io

import pytest

from sentiment_cli.tabular.dialect import find_dialect
from sentiment_cli.tabular.lines import Sample
from sentiment_cli.tabular.records import Dialect


def found(text: str, ending: str = ".csv", delimiter: str | None = None, whole: bool = True) -> tuple[Dialect, int]:
    return find_dialect(Sample(list(io.StringIO(text, newline="")), whole), ending, delimiter)


COMMAS_IN_TEXT = "id;text;label\n1;well, yes, it is;pos\n2;no;neg\n3;one, two;pos\n"


@pytest.mark.parametrize(
    ("text", "delimiter", "width"),
    [
        ("text,label\na,b\nc,d\n", ",", 2),
        (COMMAS_IN_TEXT, ";", 3),
        (COMMAS_IN_TEXT.replace(";", "\t"), "\t", 3),
        (COMMAS_IN_TEXT.replace(";", "|"), "|", 3),
        ('text,label\n"a; b; c",pos\n"d; e",neg\n', ",", 2),
        ('text,label\n"a;\nb\n;c",pos\n"d,\n\ne",neg\n', ",", 2),
        ('"text";"label"\n"a ""b"", c";"pos"\n', ";", 2),
        ("text\nwell\nso, it is\nyes\n", ",", 1),
        ("text,label\n", ",", 2),
        ("", ",", 1),
        # As many commas in each text: the header has none.
        ("id;text\n1;hello, world\n2;bye, now\n", ";", 2),
    ],
)
def test_the_delimiter_is_the_one_by_which_rows_agree(text: str, delimiter: str, width: int) -> None:
    assert found(text) == (Dialect(delimiter), width)


@pytest.mark.parametrize(("ending", "delimiter"), [(".csv", ","), (".tsv", "\t"), (".tab", "\t"), (".txt", ",")])
def test_the_ending_decides_where_two_do_equally_well(ending: str, delimiter: str) -> None:
    assert found("a,b\tc\nd,e\tf\n", ending)[0] == Dialect(delimiter)


def test_dirty_rows_do_not_hide_the_delimiter() -> None:
    rows = ["id;text;label"] + ["1;well, yes;pos"] * 20 + ["cut", "1;2;3;4;5", '3;"open;neg'] * 4 + ['4;"a; b";pos'] * 6
    assert found("\n".join(rows) + "\n") == (Dialect(";"), 3)


def test_what_the_user_says_is_taken() -> None:
    assert found("a~b,c\nd~e\n", delimiter="~") == (Dialect("~"), 2)


def test_backslashes_before_quotes_are_seen() -> None:
    text = 'text,label\n"He said \\"wow\\", and left",pos\n"plain",neg\n'
    assert found(text) == (Dialect(",", "backslash"), 2)


def test_a_backslash_before_a_doubled_quote_is_a_character() -> None:
    """As in the review sets of Zhang et al. 2015."""
    text = '"1","a \\"" b, c"\n"2","d \\""\n'
    assert found(text) == (Dialect(","), 2)


def test_quotes_that_open_nothing_are_characters() -> None:
    """As in the sentences of GLUE."""
    text = 'sentence\tlabel\n"hello" he said\t1\nand " no\t0\n" what a film\t1\n" never\t0\n'
    assert found(text, ".tsv") == (Dialect("\t", "none"), 2)


def test_a_few_quotes_that_are_not_closed_leave_the_others_quotes() -> None:
    text = "text,label\n" + '"a",pos\n"b",neg\n' * 5 + '"open,pos\n' + '"c",neg\n'
    assert found(text) == (Dialect(","), 2)


def test_inner_quotes_that_are_not_doubled_leave_the_outer_ones_quotes() -> None:
    text = "text,label\n" + '"He said "wow" and left",pos\n' * 5
    assert found(text) == (Dialect(","), 2)


def test_line_ends_in_quotes_are_not_taken_for_quotes_that_open_nothing() -> None:
    text = 'text;stars\n"Good; nice, but\nloud";5\nNo;1\n"Broken;2\n"He said "well" and left";3\n'
    assert found(text) == (Dialect(";"), 2)


def test_a_space_between_delimiter_and_quote_is_seen() -> None:
    assert found('label, text\n5, "Great, nice"\n3, "no, no"\n') == (Dialect(",", spaces=True), 2)


def test_a_cell_that_is_cut_off_with_the_sample_does_not_count() -> None:
    assert found('text,label\n"a",b\n"cut off here\n', whole=False) == (Dialect(","), 2)
