"""What kind of file something is, by its bytes, and what is said where it is no table."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from sentiment_cli.errors import DataError
from sentiment_cli.tabular.content import look_at
from sentiment_cli.tabular.opening import open_table


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def with_flags(archive: bytes, flags: int) -> bytes:
    """The same zip archive with other flags of all its files."""
    changed = bytearray(archive)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = changed.find(signature)
        while place >= 0:
            changed[place + offset : place + offset + 2] = flags.to_bytes(2, "little")
            place = changed.find(signature, place + 1)
    return bytes(changed)


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        list(open_table(path).rows())
    return str(caught.value).replace(str(path), "FILE")


def test_gzip_is_known_by_its_bytes_and_not_by_its_ending(tmp_path: Path) -> None:
    packed, named = tmp_path / "packed.csv", tmp_path / "named.csv.gz"
    packed.write_bytes(gzip.compress(b"text,label\na,b\n"))
    named.write_bytes(b"text,label\na,b\n")
    assert (look_at(packed).gzipped, look_at(named).gzipped) == (True, False)
    assert open_table(packed).description == "CSV, separated by commas, in UTF-8, gzipped"
    assert [row.values for row in open_table(named).rows()] == [("a", "b")]


def test_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text,label\na,b\n") + gzip.compress(b"c,d\n"))
    assert [row.values for row in open_table(path).rows()] == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "FILE is empty; expected a table with a row for each review."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or one with a password"),
        (b"ARROW1\0\0", "an Arrow or Feather file"),
        (b"%PDF-1.7", "is a PDF"),
        (b"BZh91AY", "unpack it: bunzip2 FILE"),
        (b"\xfd7zXZ\0", "unpack it: unxz FILE"),
        (b"\x28\xb5\x2f\xfdxx", "unpack it: unzstd FILE"),
        (b"SQLite format 3\0", "sqlite3 -header -csv FILE"),
        (zipped("reviews.csv"), "is a zip archive, which is not read; unpack it: unzip FILE"),
        (zipped("xl/workbook.bin"), "a binary Excel workbook (.xlsb)"),
        (zipped("content.xml"), "an OpenDocument file"),
        (zipped("a")[:-10], "without its end"),
        (gzip.compress(b"PAR1"), "a gzipped Parquet file, which cannot be read in pieces. Unpack it: gunzip FILE"),
        (gzip.compress(b"text,label\na,b\n" * 99)[:-9], "ends too early: its compressed data are cut off"),
        (gzip.compress(b"text,label\na,b\n")[:-8] + b"\0" * 8, "is damaged: CRC check failed"),
        (bytes(range(256)) * 9, "is no text"),
        (b"\n\n  \n", "has no row"),
        (b"PAR1xxxx", "cannot be read as Parquet"),
        (zipped("xl/workbook.xml"), "cannot be read as an Excel workbook"),
        (with_flags(zipped("[Content_Types].xml", "xl/workbook.xml"), 1), "is encrypted, password required"),
        (with_flags(zipped("[Content_Types].xml", "xl/workbook.xml"), 1 << 6), "workbook (strong encryption (flag"),
        (zipped("xl/workbook.xml").replace(b"PK\1\2\x14\3\x14", b"PK\1\2\x14\3\x63"), "is a damaged zip file (as"),
        (with_flags(zipped("\xff"), 1 << 11).replace(b"\xc3\xbf", b"\xff\xff"), "is a damaged zip file (as"),
    ],
    # Archives hold the time of day, and each process has to give a test the same name.
    ids=lambda value: value if isinstance(value, str) else "bytes",
)
def test_what_is_no_table_is_refused_with_what_to_do(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert what in refusal(tmp_path / "a.csv")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("FILE is a directory; expected a table")
    assert refusal(tmp_path / "no.csv").startswith("FILE does not exist; expected a table")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n")

    def deny(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    assert refusal(tmp_path / "a.csv") == "FILE cannot be read: Permission denied."
