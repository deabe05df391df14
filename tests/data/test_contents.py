"""What may be in a review file, and what is said about it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment_cli.data import contents
from sentiment_cli.data.contents import MAX_REVIEW_BYTES, ContentReport, check_contents, decode_review, read_text
from sentiment_cli.data.directory import Part, find_layout
from sentiment_cli.errors import DataError


def write_files(root: Path, files: dict[str, bytes]) -> Part:
    """Put files into the class ``a``, beside a class ``b`` of one sound review; returns the training part."""
    for name, content in {**{f"a/{name}": content for name, content in files.items()}, "b/sound.txt": b"fine"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return find_layout(root).train


LATIN_1 = "café".encode("latin-1")
UTF_16 = "good".encode("utf-16")  # with byte order mark
UTF_16_LE = "good".encode("utf-16-le")
BAD = {"latin1": LATIN_1, "utf16": UTF_16, "utf16-no-bom": UTF_16_LE, "nul": b"a\0b", "truncated": b"ok \xe2\x82"}


class TestDecodeReview:
    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (b"plain", "plain"),
            ("Zürich 很好 😀".encode(), "Zürich 很好 😀"),
            (b"\xef\xbb\xbfgood", "good"),
            (b"\xef\xbb\xbf", ""),
            (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),  # only one mark is a mark
            (b"a\r\nb\r\n", "a\nb\n"),
            (b"a\rb", "a\nb"),
            (b"a\r\r\nb\n\rc", "a\n\nb\n\nc"),
            (b"", ""),
            ("a\u0085b\u2028c".encode(), "a\u0085b\u2028c"),
        ],
    )
    def test_gives_the_text_whatever_the_policy(self, content: bytes, text: str) -> None:
        assert [decode_review(content, policy) for policy in ("error", "replace", "skip")] == [text] * 3

    @pytest.mark.parametrize("content", BAD.values(), ids=BAD)
    def test_error_raises_for_what_is_no_utf8(self, content: bytes) -> None:
        with pytest.raises(UnicodeDecodeError):
            decode_review(content, "error")

    @pytest.mark.parametrize("content", BAD.values(), ids=BAD)
    def test_skip_gives_none_for_what_is_no_utf8(self, content: bytes) -> None:
        assert decode_review(content, "skip") is None

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (LATIN_1, "caf\ufffd"),
            (UTF_16_LE, "g\ufffdo\ufffdo\ufffdd\ufffd"),
            (b"\xff\xfeg\0", "\ufffd\ufffdg\ufffd"),
            (b"a\0b", "a\ufffdb"),
            (b"ok \xe2\x82", "ok \ufffd"),
            (b"\xef\xbb\xbf\xe9\r\n", "\ufffd\n"),
            (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),  # a lone surrogate, written as if it were a character
        ],
    )
    def test_replace_puts_a_mark_for_what_is_no_utf8(self, content: bytes, text: str) -> None:
        assert decode_review(content, "replace") == text

    def test_the_place_of_a_nul_byte_is_told(self) -> None:
        with pytest.raises(UnicodeDecodeError) as caught:
            decode_review(b"abc\0", "error")
        assert (caught.value.reason, caught.value.start) == ("NUL byte", 3)

    @given(st.binary())
    @example(b"\xef\xbb\xbf\xff")
    @example(b"\r")
    def test_never_raises_with_replace_or_skip(self, content: bytes) -> None:
        replaced = decode_review(content, "replace")
        skipped = decode_review(content, "skip")
        assert replaced is not None
        assert skipped in (None, replaced)
        assert "\0" not in replaced and "\r" not in replaced
        replaced.encode("utf-8")  # no lone surrogates: TensorFlow could not take them

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff")))
    def test_gives_back_any_text_that_was_written(self, text: str) -> None:
        assert decode_review(text.encode(), "error") == text


class TestCheckContents:
    def test_sound_reviews_leave_nothing_to_say(self, tmp_path: Path) -> None:
        report = check_contents(write_files(tmp_path, {"1.txt": b"good", "2.txt": "schön\n".encode()}))
        assert report.files == 3
        assert report.problems("error") == []
        assert report.notes("error") == []

    def test_bad_bytes_are_told_with_their_files(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {"1.txt": LATIN_1, "2.txt": b"fine", "3.txt": UTF_16, "4.txt": UTF_16_LE})
        report = check_contents(part)
        assert report.undecodable == ["a/1.txt", "a/3.txt"]
        assert report.nul == ["a/4.txt"]
        assert report.problems("error") == [
            "2 files not UTF-8: a/1.txt, a/3.txt; convert the files, or set data.encoding_errors to replace or skip",
            "1 file with NUL bytes (UTF-16 or binary?): a/4.txt; "
            "convert the files, or set data.encoding_errors to replace or skip",
        ]

    def test_a_long_list_of_files_is_shortened(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {f"{index:02}.txt": LATIN_1 for index in range(13)})
        (problem,) = check_contents(part).problems("error")
        assert problem.startswith("13 files not UTF-8: a/00.txt, ")
        assert "a/09.txt and 3 more;" in problem

    @pytest.mark.parametrize(
        ("policy", "done"), [("replace", "read with U+FFFD for what is no UTF-8"), ("skip", "left out")]
    )
    def test_bad_bytes_are_a_note_under_the_other_policies(self, tmp_path: Path, policy: str, done: str) -> None:
        report = check_contents(write_files(tmp_path, {"1.txt": LATIN_1, "2.txt": b"a\0"}))
        assert report.problems(policy) == []  # type: ignore[arg-type]
        assert report.notes(policy) == [f"2 reviews not in UTF-8, {done}: a/1.txt, a/2.txt"]  # type: ignore[arg-type]

    def test_empty_reviews_are_kept_and_named(self, tmp_path: Path) -> None:
        blanks = {"1.txt": b"", "2.txt": b" \r\n\t", "3.txt": b"\xef\xbb\xbf", "4.txt": "\u3000\u0085".encode()}
        report = check_contents(write_files(tmp_path, {**blanks, "5.txt": b"."}))
        assert report.empty == ["a/1.txt", "a/2.txt", "a/3.txt", "a/4.txt"]
        assert report.problems("error") == []
        assert report.notes("error")[0] == (
            "4 empty reviews, read as one unknown word: a/1.txt, a/2.txt, a/3.txt, a/4.txt"
        )

    def test_byte_order_marks_and_windows_line_ends_are_counted(self, tmp_path: Path) -> None:
        part = write_files(
            tmp_path, {"1.txt": b"\xef\xbb\xbfa\r\n", "2.txt": b"\xef\xbb\xbfa", "3.txt": b"a\rb", "4.txt": b"a\nb"}
        )
        report = check_contents(part)
        assert (report.bom, report.crlf) == (2, 1)
        assert report.notes("error") == [
            "2 files with a byte order mark, which is not part of the text",
            "1 file with Windows line ends, read as plain ones",
        ]

    def test_a_huge_file_is_refused_unread(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        part = write_files(tmp_path, {"1.txt": b"x" * 11, "2.txt": b"x" * 10})
        monkeypatch.setattr(contents, "MAX_REVIEW_BYTES", 10)
        report = check_contents(part)
        assert report.huge == ["a/1.txt"]
        for policy in ("error", "replace", "skip"):
            assert report.problems(policy) == ["1 file larger than 10 bytes: a/1.txt; a file holds one review"]

    def test_a_file_that_cannot_be_read_is_told_with_the_reason(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        part = write_files(tmp_path, {"1.txt": b"x", "2.txt": b"x"})
        look = os.stat

        def refuse(path: Any, **options: Any) -> os.stat_result:
            if str(path).endswith("2.txt"):
                raise PermissionError(13, "Permission denied", str(path))
            return look(path, **options)

        monkeypatch.setattr(os, "stat", refuse)
        assert check_contents(part).problems("skip") == [
            "1 file cannot be read: a/2.txt (Permission denied); mend the permissions or remove them"
        ]

    def test_a_file_that_is_gone_is_told(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {"1.txt": b"x", "2.txt": b"x"})
        (tmp_path / "a" / "1.txt").unlink()
        assert check_contents(part).unreadable == ["a/1.txt (No such file or directory)"]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
    @pytest.mark.timeout(20)
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"1.txt": b"x"})
        os.mkfifo(tmp_path / "a" / "2.txt")
        assert check_contents(find_layout(tmp_path).train).unreadable == ["a/2.txt (not a file)"]

    def test_progress_is_told_every_thousand_files(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {f"{index:04}.txt": b"x" for index in range(2000)})
        seen: list[int] = []
        check_contents(part, progress=seen.append)
        assert seen == [1000, 2000]


FILES = {"1.txt": b"good", "2.txt": b"bad"}


class TestFingerprint:
    def fingerprint(self, root: Path, files: dict[str, bytes]) -> str:
        return check_contents(write_files(root, files)).fingerprint

    def test_is_the_same_for_the_same_reviews_elsewhere(self, tmp_path: Path) -> None:
        first = self.fingerprint(tmp_path / "x", FILES)
        second = self.fingerprint(tmp_path / "y", dict(reversed(FILES.items())))
        assert first == second
        assert len(first) == 64

    def test_does_not_heed_times_and_other_files(self, tmp_path: Path) -> None:
        before = self.fingerprint(tmp_path, FILES)
        os.utime(tmp_path / "a" / "1.txt", (0, 0))
        (tmp_path / "a" / "._1.txt").write_bytes(b"hidden")
        (tmp_path / "a" / "notes.md").write_bytes(b"notes")
        assert check_contents(find_layout(tmp_path).train).fingerprint == before

    @pytest.mark.parametrize(
        "changed",
        [
            {"1.txt": b"goof", "2.txt": b"bad"},
            {"1.txt": b"good", "2.txt": b"bad "},
            {"1.txt": b"good", "3.txt": b"bad"},
            {"1.txt": b"bad", "2.txt": b"good"},
            {"1.txt": b"good", "2.txt": b"bad", "3.txt": b""},
            {"1.txt": b"good"},
            {"1.txt": b"\xef\xbb\xbfgood", "2.txt": b"bad"},
            {"1.txt": b"goodb", "2.txt": b"ad"},
            {"1.txt": b"good\xff", "2.txt": b"bad"},
        ],
        ids=["byte", "space", "name", "swapped", "added", "removed", "mark", "moved border", "not UTF-8"],
    )
    def test_changes_with_a_byte_and_with_a_name(self, tmp_path: Path, changed: dict[str, bytes]) -> None:
        assert self.fingerprint(tmp_path / "x", FILES) != self.fingerprint(tmp_path / "y", changed)

    def test_changes_with_the_order(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, FILES)
        turned = find_layout(tmp_path, ["b", "a"]).train
        assert check_contents(part).fingerprint != check_contents(turned).fingerprint

    def test_covers_every_part(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, FILES)
        assert check_contents(part).fingerprint != check_contents(part, part).fingerprint


class TestReadText:
    def test_reads_as_decode_review_does(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {"1.txt": b"\xef\xbb\xbfa\r\n", "2.txt": LATIN_1})
        assert read_text(part, "a/1.txt", "error") == "a\n"
        assert read_text(part, "a/2.txt", "replace") == "caf\ufffd"
        assert read_text(part, "a/2.txt", "skip") is None

    def test_names_the_file_that_is_not_utf8(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {"1.txt": LATIN_1})
        with pytest.raises(DataError) as caught:
            read_text(part, "a/1.txt", "error")
        assert str(caught.value) == f"{tmp_path / 'a' / '1.txt'} is not UTF-8: unexpected end of data at byte 3."

    def test_names_what_is_no_plain_file_of_some_size(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {"1.txt": b"a"})
        os.mkfifo(tmp_path / "a" / "pipe.txt")
        (tmp_path / "a" / "huge.txt").touch()
        os.truncate(tmp_path / "a" / "huge.txt", MAX_REVIEW_BYTES + 1)
        for name, fault in (("pipe", "not a file"), ("huge", "huge")):
            with pytest.raises(DataError, match=f"a/{name}.txt cannot be read: it is {fault}"):
                read_text(part, f"a/{name}.txt", "error")

    def test_names_the_file_that_is_gone(self, tmp_path: Path) -> None:
        part = write_files(tmp_path, {"1.txt": b"x"})
        with pytest.raises(DataError) as caught:
            read_text(part, "a/none.txt", "error")
        assert str(caught.value) == f"{tmp_path / 'a' / 'none.txt'} cannot be read: No such file or directory."


def test_an_empty_report_has_no_problems() -> None:
    assert ContentReport().problems("error") == []
