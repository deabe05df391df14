"""`data check` and `data stats` as functions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Told, write_reviews

from sentiment_cli.errors import DataError
from sentiment_cli.workflows.inspect_data import check_data, describe_data


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Train and test with planted duplicates and contradictions."""
    write_reviews(tmp_path / "train", {"bad": ["a b", "c", "c"], "good": ["d e f", "a b"]})
    write_reviews(tmp_path / "test", {"bad": ["d e f"], "good": ["c", "new", ""]})
    return tmp_path


class TestCheckData:
    def test_sound_reviews_have_no_problem(self, tiny_reviews: Path) -> None:
        report = check_data(str(tiny_reviews))
        assert (report.root, report.files, report.classes) == (str(tiny_reviews), 56, {"bad": 28, "good": 28})
        assert (report.problems, report.notes) == ([], [])

    def test_a_missing_test_part_is_a_note(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["a b"] * 3, "good": ["c d"] * 3})
        report = check_data(str(tmp_path))
        assert report.problems == []
        assert report.notes == ["no test part: one fifth of the reviews will be split off"]

    def test_too_few_reviews_for_the_division_of_a_training_are_a_problem(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["a b"] * 2, "good": ["c d"] * 2})
        (problem,) = check_data(str(tmp_path)).problems
        assert problem.startswith("Too few reviews to split off 0.2 of them: 2 in 2 classes")

    def test_a_language_without_spaces_is_noted(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["房间很脏"] * 3, "good": ["早餐很好"] * 3})
        assert "see text.split: character" in check_data(str(tmp_path)).notes[-1]

    def test_what_is_wrong_with_the_names_is_a_problem_a_line(self, tmp_path: Path) -> None:
        write_reviews(tmp_path / "train", {"bad": ["x"], "good": []})
        write_reviews(tmp_path / "test", {"bad": ["x"]})
        report = check_data(str(tmp_path))
        assert report.problems == [
            f"{tmp_path}/train/good: no .txt file (it is empty); every class needs reviews",
            f"{tmp_path}/test: no class good, which train has; it has bad",
        ]
        assert (report.files, report.classes) == (0, {})

    def test_a_directory_that_is_no_data_at_all_is_one_problem(self, tmp_path: Path) -> None:
        assert check_data(str(tmp_path)).problems == [
            f"{tmp_path} is empty; expected one directory of .txt reviews for each class."
        ]

    def test_what_is_wrong_in_the_files_is_a_problem(self, parts: Path) -> None:
        (parts / "test" / "good" / "001.txt").write_bytes(b"caf\xe9")
        report = check_data(str(parts))
        assert report.files == 9
        assert report.problems == [
            "1 file not UTF-8: test/good/001.txt; convert the files, or set data.encoding_errors to replace or skip"
        ]

    def test_what_can_be_used_all_the_same_is_a_note(self, parts: Path) -> None:
        (parts / "train" / "unsup").mkdir()
        assert check_data(str(parts)).notes == [
            f"{parts}/train: never a class, left out: unsup",
            "1 empty review, read as one unknown word: test/good/002.txt",
            "fewer than two words a review: a language without spaces? see text.split: character",
        ]

    def test_a_source_that_is_not_there_is_an_error(self, workplace: Path) -> None:
        with pytest.raises(DataError, match="No such directory"):
            check_data("nowhere")

    def test_can_be_written_as_json(self, parts: Path) -> None:
        values = check_data(str(parts)).to_dict()
        assert json.loads(json.dumps(values)) == values
        assert set(values) == {"root", "files", "classes", "problems", "notes"}


class TestDescribeData:
    def test_repetitions_and_contradictions_within_and_across(self, parts: Path) -> None:
        told = Told()
        statistics = describe_data(str(parts), told)
        assert statistics.class_names == ["bad", "good"]
        assert {name: part.reviews for name, part in statistics.parts.items()} == {"train": 5, "test": 4}
        assert {name: part.duplicates for name, part in statistics.parts.items()} == {"train": 2, "test": 0}
        assert statistics.parts["test"].empty == 1
        assert statistics.shared == 2  # "d e f" and "c"
        assert statistics.conflicts == [
            ["train/bad/000.txt", "train/good/001.txt"],
            ["train/bad/001.txt", "train/bad/002.txt", "test/good/000.txt"],
            ["train/good/000.txt", "test/bad/000.txt"],
        ]
        assert told.notes == ["1 empty review, read as one unknown word: test/good/002.txt"]

    def test_nothing_is_shared_where_there_is_no_test_part(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["x"], "good": ["y"]})
        statistics = describe_data(str(tmp_path))
        assert statistics.shared is None
        assert list(statistics.parts) == ["train"]

    def test_notes_are_passed_on(self, parts: Path) -> None:
        (parts / "train" / "unsup").mkdir()
        told = Told()
        describe_data(str(parts), told)
        assert told.notes[0] == f"{parts}/train: never a class, left out: unsup"

    def test_bad_bytes_do_not_stop_it(self, parts: Path) -> None:
        (parts / "train" / "bad" / "000.txt").write_bytes(b"caf\xe9 x")
        assert describe_data(str(parts)).parts["train"].reviews == 5

    def test_can_be_written_as_json(self, parts: Path) -> None:
        values = describe_data(str(parts)).to_dict()
        assert json.loads(json.dumps(values)) == values
        assert set(values) == {"root", "class_names", "parts", "shared", "conflicts"}

    def test_reviews_that_cannot_be_used_are_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="is empty"):
            describe_data(str(tmp_path))
