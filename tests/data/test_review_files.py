"""Is the text of a review found again, and nothing outside of the data read?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import write_reviews

from sentiment_cli.data.contents import MAX_REVIEW_BYTES
from sentiment_cli.data.review_files import ReviewFiles
from sentiment_cli.misclassified import read_review


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_reviews(tmp_path / "data" / "test", {name: [f"{name} {i}" for i in range(2)] for name in ("bad", "good")})
    return tmp_path / "data"


def test_reviews_are_read_by_their_paths(root: Path) -> None:
    files = ReviewFiles(root, "error")
    assert [files.read(f"test/{name}.txt") for name in ("bad/000", "good/001", "bad/001", "bad/002")] == [
        "bad 0",
        "good 1",
        "bad 1",
        None,
    ]


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "link.txt").symlink_to(root / "test/bad/000.txt")
    (root / "parts").symlink_to(root / "test", target_is_directory=True)
    files = ReviewFiles(root, "error")
    assert [files.read("link.txt"), files.read("parts/good/000.txt")] == ["bad 0", "good 0"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "test/../../secret.txt",
        "/etc/hostname",
        "link.txt",
        "out/secret.txt",
        "",
        ".",
        "..",
        "test/bad",
    ],
)
def test_nothing_outside_of_the_data_is_read(root: Path, path: str) -> None:
    (root.parent / "secret.txt").write_text("secret", encoding="utf-8")
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    (root / "out").symlink_to(root.parent, target_is_directory=True)
    assert ReviewFiles(root, "error").read(path) is None


def test_what_is_no_plain_file_of_some_size_is_a_missing_text(root: Path) -> None:
    os.mkfifo(root / "pipe.txt")
    (root / "huge.txt").touch()
    os.truncate(root / "huge.txt", MAX_REVIEW_BYTES + 1)
    assert read_review(root, "pipe.txt", "error") is None
    assert read_review(root, "huge.txt", "error") is None
    assert read_review(Path("/dev"), "zero", "error") is None


def test_a_path_that_no_file_can_have_is_a_missing_text(root: Path) -> None:
    assert read_review(root, "test/bad/\0.txt", "error") is None
    assert read_review(root, "\0/x.txt", "error") is None
    assert read_review(root, "x" * 5000, "error") is None


def test_bytes_that_are_no_text_are_read_as_the_run_did(root: Path) -> None:
    (root / "bad.txt").write_bytes(b"\xef\xbb\xbfcaf\xe9\r\n")
    assert read_review(root, "bad.txt", "error") is None
    assert read_review(root, "bad.txt", "replace") == "caf\ufffd\n"
