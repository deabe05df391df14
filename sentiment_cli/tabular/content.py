"""How are the bytes of a table read, gzipped or not, and what kind of file are they?"""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from sentiment_cli.errors import DataError

Kind = Literal["text", "parquet", "excel"]
HEAD_BYTES = 65_536
_GZIP = b"\x1f\x8b"
_CSV_FIRST = "write it as CSV first"
# What begins a file that cannot be read, with its name and what to do; the first bytes decide, never the ending.
_REFUSED = {
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook (.xls), or one with a password", "save it as .xlsx or as CSV"),
    b"ARROW1": ("an Arrow or Feather file", "write it as Parquet, with pandas: read_feather(…).to_parquet(…)"),
    b"Obj\x01": ("an Avro file", _CSV_FIRST),
    b"ORC": ("an ORC file", _CSV_FIRST),
    b"SQLite format 3\0": ("an SQLite database", "export the table: sqlite3 -header -csv FILE 'select * from …'"),
    b"\x89HDF": ("an HDF5 file", _CSV_FIRST),
    b"%PDF": ("a PDF", _CSV_FIRST),
    b"BZh": ("compressed by bzip2", "unpack it: bunzip2 FILE"),
    b"\xfd7zXZ\0": ("compressed by xz", "unpack it: unxz FILE"),
    b"\x28\xb5\x2f\xfd": ("compressed by Zstandard", "unpack it: unzstd FILE"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "unpack it: 7z x FILE"),
    b"Rar!": ("a RAR archive", "unpack it"),
}


@dataclass(frozen=True)
class Content:
    """A file that can be a table.

    Args:
        path: the file.
        kind: by its first bytes.
        gzipped: whether it is compressed; never so with Parquet and Excel.
        head: its first `HEAD_BYTES`, unpacked.
    """

    path: Path
    kind: Kind
    gzipped: bool
    head: bytes

    @property
    def file_bytes(self) -> int:
        """The size of the file as it lies on the disk."""
        return self.path.stat().st_size


def look_at(path: Path) -> Content:
    """What a file is, by its first bytes.

    Raises:
        DataError: it is not there, cannot be read, is empty, or is of a kind that is no table.
    """
    if not path.is_file():
        state = "is a directory" if path.is_dir() else "is no file" if path.exists() else "does not exist"
        raise DataError(f"{path} {state}; expected a table (CSV, TSV, JSON lines, Parquet, Excel).")
    with reading(path):
        with path.open("rb") as file:
            start = file.read(len(_GZIP))
        gzipped = start == _GZIP
        with gzip.open(path) if gzipped else path.open("rb") as unpacked:
            head = unpacked.read(HEAD_BYTES)
    if not head:
        raise DataError(f"{path} is empty; expected a table with a row for each review.")
    _check_start(path, head)
    kind = _kind(path, head)
    if gzipped and kind != "text":
        raise DataError(
            f"{path} is a gzipped {kind.title()} file, which cannot be read in pieces. Unpack it: gunzip {path}"
        )
    return Content(path, kind, gzipped, head)


@contextlib.contextmanager
def open_bytes(content: Content) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a text file.

    Yields:
        Its unpacked bytes, and the file on the disk, whose position says how far it was read.
    """
    with content.path.open("rb") as file:
        if not content.gzipped:
            yield file, file
            return
        with gzip.GzipFile(fileobj=file) as unpacked, io.BufferedReader(unpacked, 1 << 20) as buffered:
            yield buffered, file


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what can go wrong while a file is read into a DataError that names it."""
    try:
        yield
    except EOFError:
        raise DataError(f"{path} ends too early: its compressed data are cut off. Fetch or copy it again.") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}. Fetch or copy it again.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _kind(path: Path, head: bytes) -> Kind:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        _check_workbook(path)
        return "excel"
    return "text"


def _check_start(path: Path, head: bytes) -> None:
    for start, (what, remedy) in _REFUSED.items():
        if head.startswith(start):
            raise DataError(f"{path} is {what}, which is not read; {remedy.replace('FILE', str(path))}.")


def _check_workbook(path: Path) -> None:
    """Raise a DataError unless a zip file is an .xlsx workbook."""
    with reading(path):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile:
            raise DataError(
                f"{path} is damaged: a zip file (as .xlsx are) without its end. Fetch or copy it again."
            ) from None
        except (RuntimeError, ValueError) as error:  # of a version, or with names, that there are not
            raise DataError(f"{path} is a damaged zip file (as .xlsx are): {error}. Fetch or copy it again.") from None
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise DataError(f"{path} is a binary Excel workbook (.xlsb), which is not read; save it as .xlsx or as CSV.")
    if "content.xml" in names:
        raise DataError(f"{path} is an OpenDocument file, which is not read; save it as .xlsx or as CSV.")
    raise DataError(f"{path} is a zip archive, which is not read; unpack it: unzip {path}")
