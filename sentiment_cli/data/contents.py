"""What is in review files: their texts, and what is wrong with their bytes."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sentiment_cli.data.directory import Part
from sentiment_cli.errors import DataError, shorten_list

Policy = Literal["error", "replace", "skip"]
# IMDb's longest review has 14 kB. A file of this size is a mistake, and would be read into memory whole.
MAX_REVIEW_BYTES = 10_000_000


@dataclass
class ContentReport:
    """What was found in the files of one or more parts; paths are relative to the data root.

    Args:
        undecodable: not UTF-8.
        nul: with NUL bytes, as UTF-16 and binary files have them.
        empty: without a character that is not white space.
        huge: over `MAX_REVIEW_BYTES`.
        unreadable: with the operating system's reason.
        bom: number of files that start with a byte order mark (which is not part of their text).
        crlf: number of files with Windows' line ends (read as plain ones).
        files: number of files looked at.
        words: number of their white-space separated words.
        fingerprint: SHA-256 of all paths and contents in order; changes when one byte changes.
    """

    undecodable: list[str] = field(default_factory=list)
    nul: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    huge: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    bom: int = 0
    crlf: int = 0
    files: int = 0
    words: int = 0
    fingerprint: str = ""

    def problems(self, policy: Policy) -> list[str]:
        """What forbids training, one line for each kind, naming files."""
        remedy = "convert the files, or set data.encoding_errors to replace or skip"
        kinds = [("cannot be read", self.unreadable, "mend the permissions or remove them")]
        kinds.append((f"larger than {MAX_REVIEW_BYTES:,} bytes", self.huge, "a file holds one review"))
        if policy == "error":
            kinds.append(("not UTF-8", self.undecodable, remedy))
            kinds.append(("with NUL bytes (UTF-16 or binary?)", self.nul, remedy))
        return [
            f"{len(files)} {_files(len(files))} {what}: {_listed(files)}; {hint}"
            for what, files, hint in kinds
            if files
        ]

    def notes(self, policy: Policy) -> list[str]:
        """What a user should know about though it does not forbid training."""
        notes = []
        if self.empty:
            notes.append(
                f"{len(self.empty)} empty {_reviews(self.empty)}, read as one unknown word: {_listed(self.empty)}"
            )
        flawed = self.undecodable + self.nul
        if flawed and policy != "error":
            done = "left out" if policy == "skip" else "read with U+FFFD for what is no UTF-8"
            notes.append(f"{len(flawed)} {_reviews(flawed)} not in UTF-8, {done}: {_listed(flawed)}")
        if self.bom:
            notes.append(f"{self.bom} {_files(self.bom)} with a byte order mark, which is not part of the text")
        if self.crlf:
            notes.append(f"{self.crlf} {_files(self.crlf)} with Windows line ends, read as plain ones")
        return notes


def decode_review(content: bytes, policy: Policy) -> str | None:
    """The text of a review file.

    Args:
        content: UTF-8, with or without byte order mark, with any line ends.
        policy: for bytes that are no UTF-8, and for NUL: raise, put U+FFFD, or give None.

    Returns:
        The text with line feeds as line ends, or None where the policy is to skip it.

    Raises:
        UnicodeDecodeError: the policy is ``error`` and the content is not UTF-8 or has NUL bytes.
    """
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise UnicodeDecodeError("utf-8", content, content.index(0), content.index(0) + 1, "NUL byte")
    except UnicodeDecodeError:
        if policy == "error":
            raise
        if policy == "skip":
            return None
        text = content.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_contents(*parts: Part, progress: Callable[[int], None] | None = None) -> ContentReport:
    """Look into every file, without TensorFlow.

    50,000 IMDb reviews take about a second; it saves finding the one bad file after minutes of training,
    and gives the fingerprint that a run keeps.

    Args:
        parts: looked at in this order.
        progress: called with the number of files done, every thousand files.
    """
    report, digest = ContentReport(), hashlib.sha256()
    for part in parts:
        for path in part.paths:
            _check_file(part, path, report, digest)
            report.files += 1
            if progress and report.files % 1000 == 0:
                progress(report.files)
    report.fingerprint = digest.hexdigest()
    return report


def look_at(file: str) -> Literal["not a file", "huge"] | None:
    """Why a path is not one to read as a review, if so: reading a pipe would wait for ever, and a device has no end.

    Raises:
        OSError: there is nothing, or it may not be looked at.
    """
    status = os.stat(file)  # noqa: PTH116 - a Path for each of a million files takes longer than looking at them
    if not stat.S_ISREG(status.st_mode):
        return "not a file"
    return "huge" if status.st_size > MAX_REVIEW_BYTES else None


def read_text(part: Part, path: str, policy: Policy) -> str | None:
    """The text of one review; None where the policy leaves it out.

    Raises:
        DataError: naming the file.
    """
    try:
        if fault := look_at(f"{part.root}/{path}"):
            raise DataError(f"{part.root / path} cannot be read: it is {fault}.")
        return decode_review((part.root / path).read_bytes(), policy)
    except UnicodeDecodeError as error:
        raise DataError(f"{part.root / path} is not UTF-8: {error.reason} at byte {error.start}.") from None
    except OSError as error:
        raise DataError(f"{part.root / path} cannot be read: {error.strerror}.") from None


def _check_file(part: Part, path: str, report: ContentReport, digest: hashlib._Hash) -> None:
    file = f"{part.root}/{path}"
    try:
        fault = look_at(file)
        if fault == "not a file":
            report.unreadable.append(f"{path} ({fault})")
            return
        if fault == "huge":
            report.huge.append(path)
            return
        with open(file, "rb") as opened:  # noqa: PTH123
            content = opened.read()
    except OSError as error:
        report.unreadable.append(f"{path} ({error.strerror})")
        return
    digest.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
    digest.update(content)
    report.bom += content.startswith(b"\xef\xbb\xbf")
    report.crlf += b"\r\n" in content
    try:
        text = decode_review(content, "error") or ""
    except UnicodeDecodeError as error:
        (report.nul if error.reason == "NUL byte" else report.undecodable).append(path)
        return
    report.words += len(text.split())
    if not text.strip():
        report.empty.append(path)


def _listed(files: list[str]) -> str:
    return shorten_list(files, most=10)


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def _reviews(files: list[str]) -> str:
    return "review" if len(files) == 1 else "reviews"
