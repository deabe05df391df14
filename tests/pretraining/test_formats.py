"""Are vectors of others read as they are meant, and wrong lines named?"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from sentiment_cli.errors import DataError
from sentiment_cli.pretraining.formats import check_vectors_file, read_vectors

VOCABULARY = ["", "[UNK]", "good", "bad", "über", ". .", "never"]
GLOVE = "good 1 2.5 -3e-1\nothers 9 9 9\nüber 4 5 6\n. . 7 8 9\nbad 0.5 0 -0\n"
WORD2VEC = f"5 3\n{GLOVE}"
EXPECTED = {2: [1, 2.5, -0.3], 3: [0.5, 0, 0], 4: [4, 5, 6], 5: [7, 8, 9]}


def write(tmp_path: Path, content: str | bytes, name: str = "vectors.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def error(path: Path, dim: int = 3) -> str:
    with pytest.raises(DataError) as caught:
        read_vectors(path, VOCABULARY, dim)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize("content", [GLOVE, WORD2VEC, GLOVE.replace("\n", " \n"), WORD2VEC.replace("\n", "\r\n")])
@pytest.mark.parametrize("packed", [False, True])
def test_words_of_the_vocabulary_get_their_numbers(tmp_path: Path, content: str, packed: bool) -> None:
    path = write(tmp_path, content)
    if packed:
        path = write(tmp_path, gzip.compress(content.encode()), "vectors.txt.gz")
    check_vectors_file(path, 3)
    vectors, found = read_vectors(path, VOCABULARY, 3)
    assert vectors.dtype == np.float32
    assert np.flatnonzero(found).tolist() == list(EXPECTED)
    np.testing.assert_allclose(vectors[found], list(EXPECTED.values()))
    assert not vectors[~found].any()


def test_of_a_word_that_comes_twice_the_first_counts(tmp_path: Path) -> None:
    vectors, _ = read_vectors(write(tmp_path, "good 1\ngood 2\n"), VOCABULARY, 1)
    assert vectors[2] == 1


def test_a_last_line_may_lack_its_end(tmp_path: Path) -> None:
    vectors, _ = read_vectors(write(tmp_path, "bad 1 2\ngood 3 4"), VOCABULARY, 2)
    assert vectors[2].tolist() == [3, 4]


def test_progress_is_told_of_lines(tmp_path: Path) -> None:
    told: list[int] = []
    read_vectors(write(tmp_path, "good 1\n" * 25_000), VOCABULARY, 1, told.append)
    assert told == [10_000, 10_000]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "good 1 2 3\nbad 1 2\n",
            "FILE:2: expected a word and 3 numbers, received 'bad 1 2'.",
        ),
        ("good 1 2 3\n\nbad 1 2 3\n", "FILE:2: expected a word and 3 numbers, received ''."),
        ("good 1 2 3\nbad 1 x 3\n", "FILE:2: expected a number, received 'x'."),
        ("good 1 2 3\nbad 1 nan 3\n", "FILE:2: expected finite numbers, received nan, inf or one too large."),
        ("good 1 2 3\nbad 1 2 1e99\n", "FILE:2: expected finite numbers, received nan, inf or one too large."),
        (
            "good 1 2\n",
            "FILE:1: has vectors of 2 numbers, model.embedding.dim is 3; set it to 2, or choose another file.",
        ),
        (
            "1 300\ngood 1 2 3\n",
            "FILE:1: has vectors of 300 numbers, model.embedding.dim is 3; set it to 300, or choose another file.",
        ),
        ("2 3\ngood 1 2 3\n", "FILE: expected 2 words by its first line, received 1."),
        ("other 1 2 3\n", "FILE has a vector for none of the 5 words of the vocabulary."),
        ("", "FILE (pretrain.file) is empty; expected a word and its numbers in each line."),
        ("word\n", "FILE:1: expected a word and its numbers, received 'word'."),
        ("a line of words\n", "FILE:1: expected a number, received 'words'."),
        (b"\xff\x00\n", "FILE:1: expected a word and its numbers, received '\ufffd\\x00'."),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str | bytes, expected: str) -> None:
    assert error(write(tmp_path, content)) == expected


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    assert (
        error(write(tmp_path, b"x" * 3_000_000)) == "FILE:1: expected a word and numbers, received a line without end."
    )


def test_a_file_that_is_not_there_or_no_archive_is_said(tmp_path: Path) -> None:
    assert error(tmp_path / "gone.txt") == "FILE (pretrain.file) cannot be read: No such file or directory."
    assert "Not a gzipped file" in error(write(tmp_path, GLOVE, "plain.gz"))
    with pytest.raises(DataError, match="No such file"):
        check_vectors_file(tmp_path / "gone.txt", 3)


def test_an_archive_that_was_cut_off_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(GLOVE.encode() * 50)
    assert "is cut off or damaged" in error(write(tmp_path, whole[:-20], "cut.gz"))
