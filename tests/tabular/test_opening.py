"""What a table gives, whatever form it has: columns, description, rows, faults."""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import DataError, SentimentError, UsageError
from sentiment_cli.tabular.header import name_columns
from sentiment_cli.tabular.opening import open_table
from sentiment_cli.tabular.table import Row, Table


@pytest.fixture()
def opened(tmp_path: Path) -> Callable[..., Table]:
    """Opens a file of the given name and content."""

    def write(name: str, content: str | bytes, **options: Any) -> Table:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_table(path, **options)

    return write


Open = Callable[..., Table]


def values(table: Table) -> list[tuple[str | None, ...]]:
    return [row.values for row in table.rows()]


class TestDelimited:
    def test_rows_have_numbers_and_lines(self, opened: Open) -> None:
        table = opened("a.csv", 'text,label\n"a\nb",pos\ncut\n\nc,neg\n')
        assert list(table.rows()) == [Row(1, ("a\nb", "pos"), 2), Row(3, ("c", "neg"), 6)]
        assert (table.faults.counts, table.faults.places) == ({"too few cells": 1}, {"too few cells": [4]})

    def test_each_passage_starts_anew(self, opened: Open) -> None:
        table = opened("a.csv", "text,label\na,pos\ncut\n")
        assert values(table) == values(table) == [("a", "pos")]
        assert table.faults.total == 1

    def test_the_first_five_places_are_kept(self, opened: Open) -> None:
        table = opened("a.csv", "text,label\n" + "a,b\n" * 9 + "cut\n" * 8)
        list(table.rows())
        assert table.faults.counts == {"too few cells": 8}
        assert table.faults.places == {"too few cells": [11, 12, 13, 14, 15]}

    @pytest.mark.parametrize(
        ("name", "content", "description"),
        [
            ("a.csv", "text,label\na,b\n", "CSV, separated by commas, in UTF-8"),
            ("a.csv", "text;label\na;b\n", "CSV, separated by semicolons, in UTF-8"),
            ("a.tsv", "text\tlabel\na\tb\n", "TSV, separated by tabs, in UTF-8"),
            ("a.txt", "text|label\na|b\n", "text, separated by bars, in UTF-8"),
            ("a.csv", "text\na\n", "CSV, of one column, in UTF-8"),
            ("a.csv", 't,l\n"a \\"b\\" c",d\n', "CSV, separated by commas, quotes escaped by backslashes, in UTF-8"),
            ("a.tsv", 't\tl\n"a" b\tc\n" d\te\n', "TSV, separated by tabs, without quoting, in UTF-8"),
        ],
    )
    def test_the_form_is_said(self, opened: Open, name: str, content: str, description: str) -> None:
        assert opened(name, content).description == description

    def test_without_header_columns_are_numbered(self, opened: Open) -> None:
        table = opened("a.csv", "5,a\n3,b\n", header=False)
        assert table.columns == ("1", "2")
        assert values(table) == [("5", "a"), ("3", "b")]
        assert table.warnings == []

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("pos,a\nneg,b\npos,c\n", '"pos" occurs again below it'),
            ("5,a\n3,b\n", '"5" is a number'),
            ("4.5,a\n3,b\n", '"4.5" is a number'),
            (f"{'long ' * 15},label\na,b\n", 'long long…" is long'),
        ],
    )
    def test_a_first_row_that_looks_like_data_is_said(self, opened: Open, content: str, why: str) -> None:
        (warning,) = opened("a.csv", content).warnings
        assert why in warning
        assert warning.endswith("if it is a row as any: sentiment data import --no-header, or predict --output with it")

    @pytest.mark.parametrize("content", ["text,label,\na,pos,\nb,neg,\n", "text,label\n", "text,text\na,b\n"])
    def test_a_header_that_is_one_is_not_doubted(self, opened: Open, content: str) -> None:
        assert opened("a.csv", content).warnings == []

    def test_columns_have_one_name_each(self, opened: Open) -> None:
        table = opened("a.csv", "text, label ,text,,2,text (2)\na,b,c,d,e,f\n")
        assert table.columns == ("text", "label", "text (3)", "4", "2", "text (2)")
        assert table.notes == ['columns without a name of their own are called "text (3)", "4"']

    def test_any_number_of_columns_may_have_one_name(self) -> None:
        names, _ = name_columns(["a"] * 20_000, 20_000)  # in a tenth of a second; in hours where each looks at all
        assert (names[:2], names[-1]) == (("a", "a (2)"), "a (20000)")

    def test_a_header_with_fewer_cells_than_the_rows_is_refused(self, opened: Open) -> None:
        with pytest.raises(DataError, match="its first row has 2 cells and most others have 3; expected a header that"):
            opened("a.csv", '"text","label"\n"1","a","pos"\n"2","b","neg"\n')

    def test_the_header_of_a_second_file_behind_the_first_is_no_row(self, opened: Open) -> None:
        table = opened("a.csv", "text,label\na,b\n\ufefftext, label\nc,d\ntext,x\n")
        assert [(row.number, row.values) for row in table.rows()] == [
            (1, ("a", "b")),
            (3, ("c", "d")),
            (4, ("text", "x")),
        ]
        assert table.faults.places == {"the header again": [3]}
        assert opened("b.csv", "text,label\na,b\ntext,label\n").warnings == []

    def test_a_header_that_cannot_be_read_is_refused(self, opened: Open) -> None:
        with pytest.raises(
            DataError, match=r"a.csv:2: the first row, which names the columns, cannot be read: a quote"
        ):
            opened("a.csv", '\n"text,label\n"a",pos\n"b",neg\n')

    def test_excels_line_that_names_the_delimiter_is_none_of_the_rows(self, opened: Open) -> None:
        table = opened("a.csv", "sep=;\r\ntext;label\r\na,b;pos\r\n")
        assert list(table.rows()) == [Row(1, ("a,b", "pos"), 3)]

    @pytest.mark.parametrize("line", ['sep="\n', "sep=\r\n"])
    def test_a_quote_or_a_line_end_is_no_delimiter_that_a_line_can_name(self, opened: Open, line: str) -> None:
        with pytest.raises(DataError, match="its first row has 1 cell and most others have 2"):
            opened("a.csv", f"{line}text,label\na,pos\nb,neg\nc,pos\n")

    def test_line_ends_that_are_written_out_are_line_ends(self, opened: Open) -> None:
        """As in the review sets of Zhang et al. 2015, which have no header."""
        table = opened("a.csv", '"1","Bad.\\n\\nReally, ""bad"""\n"2","Good.\\nYes"\n', header=False)
        assert values(table) == [("1", 'Bad.\n\nReally, "bad"'), ("2", "Good.\nYes")]
        assert table.notes == ['"\\n" in cells, a backslash and an n, is read as a line end']

    def test_a_backslash_and_an_n_stay_where_there_are_real_line_ends(self, opened: Open) -> None:
        table = opened("a.csv", 'text,label\n"C:\\new\\names",a\n"x\ny",b\n"C:\\new",c\n')
        assert values(table)[0] == ("C:\\new\\names", "a")

    @pytest.mark.parametrize("delimiter", [";;", "", '"', "\n"])
    def test_a_wrong_delimiter_is_a_wrong_usage(self, opened: Open, delimiter: str) -> None:
        with pytest.raises(UsageError, match="A delimiter is one character"):
            opened("a.csv", "a,b\n", delimiter=delimiter)

    def test_a_delimiter_that_the_user_names_is_taken(self, opened: Open) -> None:
        table = opened("a.csv", "text~label\na,b~c\n", delimiter="~")
        assert values(table) == [("a,b", "c")]
        assert table.description == "CSV, separated by ~, in UTF-8"

    def test_a_table_of_nothing_but_a_header_has_no_rows(self, opened: Open) -> None:
        assert values(opened("a.csv", "text,label\n")) == []

    def test_memory_does_not_grow_with_the_file(self, opened: Open) -> None:
        table = opened("a.csv", "text,label\n" + "".join(f'"{"word " * 400}{row}",pos\n' for row in range(8_000)))
        tracemalloc.start()
        assert sum(1 for _ in table.rows()) == 8_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000 < table.path.stat().st_size / 4

    def test_the_share_that_was_read_grows_to_all(self, opened: Open) -> None:
        table = opened("a.csv.gz", gzip.compress(("text,label\n" + "a,b\n" * 50_000).encode()))
        shares = [table.share_read]
        shares += [table.share_read for row in table.rows() if row.number % 10_000 == 0]
        assert shares == sorted(shares)
        assert (shares[0], table.share_read) == (0.0, 1.0)


# As they lie about: (name, content, options) and what is to be made of them.
SHAPES = {
    "films, quoted where need be": (
        "IMDB Dataset.csv",
        b'review,sentiment\n"A ""real"" film.<br /><br />Good, too.",positive\nDull.,negative\n',
        {},
        ("review", "sentiment"),
        ('A "real" film.<br /><br />Good, too.', "positive"),
    ),
    "tweets in latin-1, all quoted, without header": (
        "training.1600000.csv",
        b'"0","146","Mon","NO_QUERY","ann","caf\xe9, ugh"\n"4","147","Mon","NO_QUERY","bob","d\xe9j\xe0 vu"\n',
        {"header": False},
        ("1", "2", "3", "4", "5", "6"),
        ("0", "146", "Mon", "NO_QUERY", "ann", "café, ugh"),
    ),
    "what a German Excel saves": (
        "Bewertungen.csv",
        '\ufeffText;Sterne\r\n"Gut; schön, aber\nlaut";4,5\r\nNie wieder;1\r\n'.encode(),
        {},
        ("Text", "Sterne"),
        ("Gut; schön, aber\nlaut", "4,5"),
    ),
    "what Excel saves as Unicode text": (
        "reviews.txt",
        "text\tstars\r\nSo-so – “fine”\t3\r\n".encode("utf-16"),
        {},
        ("text", "stars"),
        ("So-so – “fine”", "3"),
    ),
    "sentences in tabs, quotes being characters": (
        "train.tsv",
        b'sentence\tlabel\n"the film" is \t1\n" no \t0\nit \'s , well , fine \t1\n',
        {},
        ("sentence", "label"),
        ('"the film" is ', "1"),
    ),
    "products, a JSON object a line, gzipped": (
        "reviews_Books_5.json.gz",
        gzip.compress(b'{"reviewerID": "A1", "overall": 5.0, "reviewText": "Good."}\n{"overall": 1.0}\n', mtime=0),
        {},
        ("reviewerID", "overall", "reviewText"),
        ("A1", "5", "Good."),
    ),
    "a frame with its index": (
        "frame.csv",
        b",text,label\n0,good,1\n1,bad,0\n",
        {},
        ("1", "text", "label"),
        ("0", "good", "1"),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_usual_shapes_of_public_sets_are_read(opened: Open, shape: str) -> None:
    name, content, options, columns, first = SHAPES[shape]
    table = opened(name, content, **options)
    assert table.columns == columns
    assert values(table)[0] == first
    assert table.faults.total == table.mended.total == 0


class TestJsonLines:
    def test_keys_are_columns_in_the_order_of_their_coming(self, opened: Open) -> None:
        table = opened("a.jsonl", '{"text": "a", "label": 5}\n\n{"id": 1.0, "text": "b\\r\\nc"}\n')
        assert table.columns == ("text", "label", "id")
        assert list(table.rows()) == [Row(1, ("a", "5", None), 1), Row(2, ("b\nc", None, "1"), 3)]
        assert table.description == "JSON lines, in UTF-8"

    @pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "a.txt", "a.csv"])
    def test_they_are_known_by_their_first_line(self, opened: Open, name: str) -> None:
        assert opened(name, '{"text": "a, b", "label": "c"}\n').columns == ("text", "label")

    def test_lines_that_are_no_objects_are_faults(self, opened: Open) -> None:
        table = opened("a.jsonl", '{"text": "a"}\n[1]\n{"text": \n"x"\n{"text": "b"}\n{"text": "\\ud83d"}\n')
        assert [row.number for row in table.rows()] == [1, 5]
        assert table.faults.places == {
            "JSON that is no object": [2, 4],
            "no JSON": [3],
            "half a character (a lone surrogate)": [6],
        }

    def test_pairs_of_escapes_are_one_character_and_nul_is_taken_away(self, opened: Open) -> None:
        table = opened("a.jsonl", '{"text": "\\ud83d\\ude00"}\n{"text": "a\\u0000b"}\n')
        assert values(table) == [("😀",), ("ab",)]
        assert table.mended.counts == {"NUL characters, taken away": 1}

    def test_undecodable_bytes_cost_their_row(self, opened: Open) -> None:
        table = opened("a.jsonl", '{"text": "è"}\n'.encode() * 3 + b'{"text": "\xe9"}\n{"\xe9\n')
        assert values(table) == [("è",)] * 3
        assert table.faults.counts == {"bytes that are not of the encoding": 2}

    def test_keys_that_come_late_are_counted(self, opened: Open) -> None:
        table = opened("a.jsonl", '{"text": "a"}\n' * 1_000 + '{"text": "a", "late": 1}\n')
        assert table.columns == ("text",)
        assert len(values(table)) == 1_001
        assert table.mended.places == {"keys that none of the first 1,000 rows has, left out": [1_001]}

    @pytest.mark.parametrize(
        ("content", "recipe"), [('[{"a": 1},\n{"a": 2}]\n', "jq -c '.[]' "), ('{\n  "a": 1\n}\n', "jq -c . ")]
    )
    def test_one_document_is_refused_with_what_to_do(self, opened: Open, content: str, recipe: str) -> None:
        with pytest.raises(DataError, match="one JSON document") as caught:
            opened("a.json", content)
        assert recipe in str(caught.value)

    def test_a_file_without_objects_is_refused(self, opened: Open) -> None:
        with pytest.raises(DataError, match="none of its first lines is a JSON object"):
            opened("a.jsonl", "text,label\na,b\n")

    @given(
        st.lists(st.fixed_dictionaries({"text": st.text(st.characters(exclude_categories=["Cs"]))}), min_size=1),
        st.booleans(),
    )
    @settings(max_examples=50)
    def test_what_pythons_json_writes_is_read(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], escaped: bool
    ) -> None:
        path = tmp_path_factory.mktemp("json") / "a.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows), encoding="utf-8")
        wanted = [row["text"].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "") for row in rows]
        assert values(open_table(path)) == [(text,) for text in wanted]


class TestParquet:
    def write(self, path: Path, columns: dict[str, Any], **options: Any) -> Path:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
        parquet.write_table(pyarrow.table(columns).replace_schema_metadata(options.pop("metadata", None)), path)
        return path

    def test_values_are_texts(self, tmp_path: Path) -> None:
        columns = {"text": ["a", "b\r\nc", None], "label": [0, 1, None], "score": [1.0, 2.5, float("nan")]}
        table = open_table(self.write(tmp_path / "a.parquet", columns))
        assert table.columns == ("text", "label", "score")
        assert table.description == "Parquet, 3 rows"
        assert list(table.rows()) == [
            Row(1, ("a", "0", "1"), None),
            Row(2, ("b\nc", "1", "2.5"), None),
            Row(3, (None, None, None), None),
        ]

    def test_rows_of_several_batches_are_in_order(self, tmp_path: Path) -> None:
        table = open_table(self.write(tmp_path / "a.parquet", {"id": list(range(5_000))}))
        assert [row.values for row in table.rows()] == [(str(number),) for number in range(5_000)]

    def test_what_the_numbers_mean_is_said_where_the_file_knows(self, tmp_path: Path) -> None:
        known = {"info": {"features": {"text": {"dtype": "string"}, "label": {"names": ["neg", "pos"]}}}}
        columns = {"text": ["a"], "label": [0]}
        path = self.write(tmp_path / "a.parquet", columns, metadata={"huggingface": json.dumps(known)})
        assert open_table(path).notes == [
            'the file says what the numbers of "label" mean: --map "0=neg 1=pos"',
        ]

    @pytest.mark.parametrize(
        ("features", "options"),
        [
            ({"label": {"names": ["very bad", "good"]}}, ["--map '0=very bad' --map 1=good"]),
            ({"label": {"names": ["a$b", "good"]}}, ["--map '0=a$b' --map 1=good"]),
            ([{"names": ["a", "b"]}], []),
            ({"label": {"names": 5}, "text": "names", "other": {"names": [1, None]}, "last": {"names": []}}, []),
        ],
    )
    def test_what_the_file_says_of_its_numbers_is_taken_where_it_can_be_meant(
        self, tmp_path: Path, features: Any, options: list[str]
    ) -> None:
        metadata = {"huggingface": json.dumps({"info": {"features": features}})}
        path = self.write(tmp_path / "a.parquet", {"text": ["a"], "label": [0]}, metadata=metadata)
        assert [note.partition("mean: ")[2] for note in open_table(path).notes] == options

    def test_what_the_file_says_may_lie_too_deep(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", {"text": ["a"]}, metadata={"huggingface": "[" * 100_000})
        assert open_table(path).notes == []

    def test_texts_that_are_no_utf8_and_nul_are_told(self, tmp_path: Path) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        raw = pyarrow.array([b"a", b"\xff", b"b\0c"], pyarrow.binary())
        texts = pyarrow.Array.from_buffers(pyarrow.string(), 3, raw.buffers())
        table = open_table(self.write(tmp_path / "a.parquet", {"text": texts}))
        assert [(row.number, row.values) for row in table.rows()] == [(1, ("a",)), (3, ("bc",))]
        assert table.faults.places == {"bytes that are not of the encoding": [2]}
        assert table.mended.places == {"NUL characters, taken away": [3]}

    def test_a_damaged_file_is_refused(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", {"text": ["a" * 100, "b"] * 50})
        content = bytearray(path.read_bytes())
        content[4:60] = b"\xff" * 56
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"cannot be read as Parquet: .*Fetch or copy it again"):
            values(open_table(path))

    def test_a_name_of_a_column_that_is_no_utf8_is_damage(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", {"reviews": ["a"]})
        path.write_bytes(path.read_bytes().replace(b"reviews", b"revi\xffws"))
        with pytest.raises(DataError, match=r"cannot be read as Parquet: .*utf-8"):
            open_table(path)

    @pytest.mark.parametrize("option", ["encoding", "delimiter"])
    def test_options_of_text_files_are_a_wrong_usage(self, tmp_path: Path, option: str) -> None:
        path = self.write(tmp_path / "a.parquet", {"text": ["a"]})
        with pytest.raises(UsageError, match=f"is Parquet, which knows its {option} itself; received ','"):
            open_table(path, **{option: ","})  # type: ignore[arg-type]

    def test_without_pyarrow_the_command_that_installs_it_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = self.write(tmp_path / "a.parquet", {"text": ["a"]})
        monkeypatch.setitem(importlib.import_module("sys").modules, "pyarrow.parquet", None)
        with pytest.raises(SentimentError, match=r"Reading Parquet files needs pyarrow.*sentiment-cli\[import\]"):
            open_table(path)


class TestExcel:
    def write(self, path: Path, *sheets: tuple[str, list[list[Any]]]) -> Path:
        book = pytest.importorskip("openpyxl").Workbook(write_only=True)
        for name, rows in sheets:
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(row)
        book.save(path)
        return path

    ROWS = (["text", "label", "n"], ["a", 5, 1.5], [None] * 3, ["b\nc", 5.0], ["d", True, None, None, ""])

    def test_values_are_texts_and_places_those_of_the_sheet(self, tmp_path: Path) -> None:
        table = open_table(self.write(tmp_path / "a.xlsx", ("Reviews", list(self.ROWS))))
        assert table.columns == ("text", "label", "n")
        assert table.description == 'Excel, sheet "Reviews"'
        assert list(table.rows()) == [
            Row(1, ("a", "5", "1.5"), 2),
            Row(2, ("b\nc", "5", None), 4),
            Row(3, ("d", "True", None), 5),
        ]
        assert (table.faults.total, table.notes) == (0, [])

    def test_of_several_sheets_the_first_is_read_and_said(self, tmp_path: Path) -> None:
        sheets = [("One", [["text"], ["a"]]), ("Two", [["x"]]), ("Three", [["y"]])]
        table = open_table(self.write(tmp_path / "a.xlsx", *sheets))
        assert values(table) == [("a",)]
        assert table.notes == ['of 3 sheets the first is read, "One"; left out: "Two", "Three"']

    def test_a_hidden_sheet_is_not_the_first(self, tmp_path: Path) -> None:
        book, path = pytest.importorskip("openpyxl").Workbook(), tmp_path / "a.xlsx"
        book.active.append(["x"])
        book.active.sheet_state = "hidden"
        book.create_sheet("Shown").append(["text"])
        book.save(path)
        assert open_table(path).description == 'Excel, sheet "Shown"'

    def test_rows_with_more_cells_than_the_header_are_faults(self, tmp_path: Path) -> None:
        table = open_table(self.write(tmp_path / "a.xlsx", ("S", [["text", "label"], ["a", "b", "c"], ["d", "e"]])))
        assert values(table) == [("d", "e")]
        assert table.faults.places == {"too many cells": [2]}

    def test_without_header_the_widest_row_counts(self, tmp_path: Path) -> None:
        table = open_table(self.write(tmp_path / "a.xlsx", ("S", [["a"], ["b", "c"]])), header=False)
        assert (table.columns, values(table)) == (("1", "2"), [("a", None), ("b", "c")])

    def test_a_size_that_is_wrong_hides_no_cell(self, tmp_path: Path) -> None:
        book = pytest.importorskip("openpyxl").Workbook()
        book.active.append(["text", "label"])
        book.active.append(["a", "b"])
        path = tmp_path / "a.xlsx"
        book.save(path)
        rewrite(path, "xl/worksheets/sheet1.xml", lambda content: content.replace(b'ref="A1:B2"', b'ref="A1"'))
        assert values(open_table(path)) == [("a", "b")]

    def test_an_empty_sheet_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="its first sheet is empty"):
            open_table(self.write(tmp_path / "a.xlsx", ("S", [])))

    def test_a_sheet_that_breaks_off_is_refused(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.xlsx", ("S", [["text"], *(["a"] for _ in range(50))]))
        rewrite(path, "xl/worksheets/sheet1.xml", lambda content: content[: len(content) // 2])
        with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
            values(open_table(path))


def rewrite(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change one file of a zip archive."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    files[name] = change(files[name])
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)


FORMS = {
    "csv": b'text,label\n"a, b",pos\nc,neg\n\xc3\xa9,pos\n',
    "tsv": b"text\tlabel\na, b\tpos\n",
    "jsonl": b'{"text": "a", "label": 1}\n{"text": "b", "label": 2}\n',
    "csv.gz": gzip.compress(b"text,label\na,b\n", mtime=0),
}


@given(st.sampled_from(sorted(FORMS)), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4))
@settings(max_examples=150)
def test_damaged_bytes_give_rows_or_a_reason_and_no_failure(
    tmp_path_factory: pytest.TempPathFactory, form: str, damages: list[tuple[int, int]]
) -> None:
    content = bytearray(FORMS[form])
    for place, byte in damages:
        content[place % len(content)] = byte
    path = tmp_path_factory.mktemp("damaged") / f"a.{form}"
    path.write_bytes(content)
    try:
        table = open_table(path)
        for row in table.rows():
            assert len(row.values) == len(table.columns)
            "".join(value or "" for value in row.values).encode("utf-8")  # no lone surrogates
    except SentimentError as error:
        assert str(path) in str(error)


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\"))] * 2), min_size=1
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
@settings(max_examples=100)
def test_a_csv_of_any_texts_is_read_without_being_told_how(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str, codec: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *rows])
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(file.getvalue().encode(codec))
    table = open_table(path)
    assert (table.columns, values(table)) == (("text", "label"), rows)
