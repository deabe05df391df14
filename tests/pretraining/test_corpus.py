"""Does something learn from each text once, from none of the test part, and from nothing else?"""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment_cli.data.directory import find_unlabelled
from sentiment_cli.errors import DataError
from sentiment_cli.pretraining.corpus import Corpus, gather_corpus, read_texts


def gather(labelled: list[str], unlabelled: list[str] | None = None, test: list[str] | None = None) -> Corpus:
    return gather_corpus(labelled, unlabelled or [], test or [])


def test_the_training_part_comes_first_and_every_text_once() -> None:
    corpus = gather(["one", "two", "one"], ["three", "two", "four"])
    assert list(corpus.texts) == ["one", "two", "three", "four"]
    assert corpus.counts() == {"texts": 4, "labelled": 3, "unlabelled": 3, "held_out": 0, "repeated": 2}


def test_unlabelled_copies_of_test_reviews_are_left_out_and_labelled_ones_keep_their_words() -> None:
    corpus = gather(["one", "secret"], ["two", " secret\n", "hidden"], ["secret", "hidden"])
    assert list(corpus.texts) == ["one", "secret", "two"]
    assert (corpus.held_out, corpus.repeated) == (2, 0)


def test_empty_texts_are_left_out_also_where_the_test_part_has_one() -> None:
    corpus = gather(["", "one", " \n"], [], [""])
    assert list(corpus.texts) == ["one"]
    assert (corpus.held_out, corpus.repeated) == (0, 2)


@pytest.mark.parametrize(
    ("labelled", "unlabelled", "test", "same"),
    [
        (["one", "two"], [], [], True),
        (["one"], ["two"], [], True),
        (["one", "two", "one"], [], ["three"], True),
        (["two", "one"], [], [], False),
        (["one", "two "], [], [], False),
        (["on", "etwo"], [], [], False),
        (["one", "two"], ["three"], [], False),
        (["one", "two"], [], ["two"], True),
        (["one"], ["two"], ["two"], False),
    ],
)
def test_the_digest_is_that_of_what_is_left(
    labelled: list[str], unlabelled: list[str], test: list[str], same: bool
) -> None:
    assert (gather(labelled, unlabelled, test).digest == gather(["one", "two"]).digest) is same


def test_nothing_left_is_an_error() -> None:
    with pytest.raises(DataError, match="No text is left to learn from"):
        gather([" "], ["", "one"], ["one"])


def test_progress_is_told_of_every_thousand_of_each_part() -> None:
    told: list[int] = []
    gather_corpus((str(number) for number in range(2500)), ["a"] * 1000, (), told.append)
    assert told == [1000, 1000, 1000]


def test_the_numbers_are_said_in_words() -> None:
    assert gather(["one", "two"], ["three", "three", "four"], ["four"]).describe() == (
        "3 texts to learn from: 2 training and 3 unlabelled reviews, without 1 unlabelled copies of held-out reviews "
        "and 1 repeated ones"
    )


class TestUnlabelled:
    def test_auto_is_unsup_beside_the_training_classes_or_nothing(self, tmp_path: Path) -> None:
        assert find_unlabelled(tmp_path, "auto") is None
        directory = tmp_path / "train" / "unsup"
        directory.mkdir(parents=True)
        for name in ("b.txt", "a.txt", "c.csv", "._a.txt"):
            (directory / name).write_text(name, encoding="utf-8")
        part = find_unlabelled(tmp_path, "auto")
        assert part is not None
        assert list(read_texts(part, "error")) == ["a.txt", "b.txt"]
        assert find_unlabelled(tmp_path, None) is None

    def test_a_directory_holds_texts_at_any_depth(self, tmp_path: Path) -> None:
        (tmp_path / "deep" / "er").mkdir(parents=True)
        (tmp_path / "deep" / "er" / "1.txt").write_text("below", encoding="utf-8")
        (tmp_path / "0.txt").write_text("above", encoding="utf-8")
        part = find_unlabelled(Path("elsewhere"), str(tmp_path))
        assert part is not None
        assert list(read_texts(part, "error")) == ["above", "below"]

    def test_a_directory_that_is_not_there_or_has_no_texts_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"gone \(data\.unlabelled\) is not a directory"):
            find_unlabelled(tmp_path, str(tmp_path / "gone"))
        with pytest.raises(DataError, match=r"\(data\.unlabelled\) has no \.txt file"):
            find_unlabelled(tmp_path, str(tmp_path))

    def test_texts_that_are_no_utf_8_follow_the_policy(self, tmp_path: Path) -> None:
        (tmp_path / "1.txt").write_bytes(b"caf\xe9")
        (tmp_path / "2.txt").write_bytes(b"tea")
        part = find_unlabelled(tmp_path, str(tmp_path))
        assert part is not None
        assert list(read_texts(part, "skip")) == ["tea"]
        assert list(read_texts(part, "replace")) == ["caf\ufffd", "tea"]
        with pytest.raises(DataError, match=r"1\.txt is not UTF-8"):
            list(read_texts(part, "error"))
