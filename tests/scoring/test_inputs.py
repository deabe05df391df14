"""Are the files found that are meant, each once, and lines of text read as reviews?"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.scoring.inputs import find_files, fingerprint, open_input

OUT = Path("out")


def test_a_directory_gives_its_files_by_name_at_any_depth_without_marks_of_other_tools(workplace: Path) -> None:
    for name in ("in/b.csv", "in/a.csv", "in/day=2/c.csv", "in/_SUCCESS", "in/.part.crc", "in/_tmp/d.csv", "e.csv"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("text\nx\n", encoding="utf-8")
    found = find_files([Path("e.csv"), Path("in")], OUT)
    assert found == [Path("e.csv"), Path("in/a.csv"), Path("in/b.csv"), Path("in/day=2/c.csv")]


def test_a_file_that_is_meant_twice_is_refused(workplace: Path) -> None:
    Path("in").mkdir()
    Path("in/a.csv").write_text("text\nx\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"in/a\.csv is the same file as in/a\.csv, and would be scored twice"):
        find_files([Path("in"), Path("in/a.csv")], OUT)


def test_an_empty_directory_is_refused(workplace: Path) -> None:
    Path("in").mkdir()
    with pytest.raises(DataError, match="in has no file"):
        find_files([Path("in")], OUT)


@pytest.mark.parametrize("output", ["in", "in/scored"])
def test_an_output_among_the_inputs_is_refused(workplace: Path, output: str) -> None:
    Path("in").mkdir()
    with pytest.raises(UsageError, match="lies in in, which is read"):
        find_files([Path("in")], Path(output))


def test_links_to_directories_are_followed(workplace: Path) -> None:
    for name in ("in/a.csv", "elsewhere/b.csv"):
        Path(name).parent.mkdir()
        Path(name).write_text("text\nx\n", encoding="utf-8")
    Path("in/more").symlink_to(Path("elsewhere").absolute())
    assert find_files([Path("in")], OUT) == [Path("in/a.csv"), Path("in/more/b.csv")]
    with pytest.raises(UsageError, match="lies in in/more, which is read"):
        find_files([Path("in")], Path("elsewhere/scored"))


def test_a_link_back_is_refused(workplace: Path) -> None:
    Path("in").mkdir()
    Path("in/back").symlink_to(Path("in").absolute())
    with pytest.raises(DataError, match="in/back is the same directory as in, and would be scored twice"):
        find_files([Path("in")], OUT)


def test_a_directory_that_cannot_be_read_is_no_empty_one(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    Path("in").mkdir()
    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(DataError, match="in cannot be read: Permission denied"):
        find_files([Path("in")], OUT)


@pytest.mark.parametrize("given", ["out/part-00000.csv", "link.csv"])
def test_an_input_within_the_output_is_refused(workplace: Path, given: str) -> None:
    Path("out").mkdir()
    Path("out/part-00000.csv").write_text("text\nx\n", encoding="utf-8")
    Path("link.csv").symlink_to("out/part-00000.csv")
    with pytest.raises(UsageError, match=f"{given}, which is read, lies in --output out"):
        find_files([Path(given)], OUT)


def test_a_fingerprint_is_the_size_and_checksum_of_the_bytes(workplace: Path) -> None:
    Path("a.csv").write_bytes(b"text\nx\n")
    found = fingerprint(Path("a.csv"))
    assert (found.file, found.bytes, found.sha256) == ("a.csv", 7, hashlib.sha256(b"text\nx\n").hexdigest())


def test_each_line_of_a_text_file_is_a_review_whatever_it_looks_like(workplace: Path) -> None:
    Path("a.txt").write_bytes('text\na, "b", c\r\n\n\u2028 d'.encode())
    table = open_input(Path("a.txt"), encoding=None, delimiter=None, header=True)
    assert table.columns == ("text",)
    rows = [(row.number, row.values, row.line) for row in table.rows()]
    assert rows == [(1, ("text",), 1), (2, ('a, "b", c',), 2), (3, ("",), 3), (4, ("\u2028 d",), 4)]


def test_a_line_with_damaged_bytes_is_a_fault_with_its_place(workplace: Path) -> None:
    Path("a.txt").write_bytes(b"good one\n" * 3000 + b"bad \xff\xfe one\n" + "g\u00fct\n".encode() * 3000)
    table = open_input(Path("a.txt"), encoding="utf-8", delimiter=None, header=True)
    assert [row.number for row in table.rows()] == [number for number in range(1, 6002) if number != 3001]
    assert table.faults.places == {"bytes that are not of the encoding": [3001]}
