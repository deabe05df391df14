"""Do `data check` and `data stats` say what is in a directory of reviews and what is wrong with it?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from conftest import write_reviews

Cli = Callable[..., Result]


@pytest.fixture
def reviews(workplace: Path) -> Path:
    """Two classes with three reviews each to train on, and one each to test on, in ``reviews``."""
    bad, good = ["cold room", "rude staff here", "loud bar too"], ["warm", "so very kind", "quiet night"]
    write_reviews(workplace / "reviews" / "train", {"bad": bad, "good": good})
    write_reviews(workplace / "reviews" / "test", {"bad": ["loud and rude"], "good": ["warm"]})
    return workplace / "reviews"


def test_sound_reviews_are_ready_for_training(cli: Cli, reviews: Path) -> None:
    result = cli("data", "check", "reviews")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "reviews: 8 reviews in 2 classes (bad, good)\nready for training\n"


def test_the_bundled_reviews_are_ready_for_training(cli: Cli, workplace: Path) -> None:
    value = json.loads(cli("data", "check", "bnb", "--json").stdout)
    assert value["classes"] == {"negative": 400, "neutral": 400, "positive": 400}
    assert value["problems"] == []


def test_what_would_make_a_training_fail_is_a_problem_and_exit_1(cli: Cli, reviews: Path) -> None:
    (reviews / "train" / "bad" / "000.txt").write_bytes(b"na\xefve")
    result = cli("data", "check", "reviews")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == (
        "reviews: 8 reviews in 2 classes (bad, good)\n"
        "problem: 1 file not UTF-8: train/bad/000.txt; convert the files, or set data.encoding_errors to replace "
        "or skip\n"
        "training would fail\n"
    )


def test_problems_are_in_the_json_object_too_and_exit_1(cli: Cli, reviews: Path) -> None:
    (reviews / "train" / "bad" / "000.txt").write_bytes(b"na\xefve")
    (reviews / "test" / "bad" / "000.txt").write_bytes(b"")
    result = cli("data", "check", "reviews", "--json")
    value = json.loads(result.stdout)
    assert result.exit_code == 1
    assert result.stdout.count("\n") == 1
    assert sorted(value) == ["classes", "files", "notes", "problems", "root"]
    assert (value["files"], value["classes"]) == (8, {"bad": 4, "good": 4})
    assert (len(value["problems"]), value["notes"][0].startswith("1 empty review")) == (1, True)


def test_a_missing_test_part_is_a_note_and_no_problem(cli: Cli, workplace: Path) -> None:
    write_reviews(workplace / "reviews", {"bad": ["cold room"] * 3, "good": ["warm bed"] * 3})
    result = cli("data", "check", "reviews")
    assert result.exit_code == 0
    assert "note: no test part: one fifth of the reviews will be split off\n" in result.stdout


def test_a_source_that_is_not_there_is_an_error(cli: Cli, workplace: Path) -> None:
    for command in ("check", "stats"):
        result = cli("data", command, "nope")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"Error: No such directory: nope (looked from {workplace}). Known sources beside directories: bnb, imdb.\n"
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such names")
def test_a_file_name_that_steers_terminals_is_shown_harmlessly(cli: Cli, reviews: Path) -> None:
    (reviews / "train" / "bad" / "\x1b[31mred.txt").write_bytes(b"\xff")
    result = cli("data", "check", "reviews")
    assert result.exit_code == 1
    assert "train/bad/\ufffd[31mred.txt" in result.stdout
    (problem,) = json.loads(cli("data", "check", "reviews", "--json").stdout)["problems"]
    assert "train/bad/\x1b[31mred.txt" in problem


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
@pytest.mark.parametrize("arguments", [["data", "check"], ["data", "check", "--json"], ["data", "stats"]])
def test_a_file_name_that_is_no_text_is_a_problem_and_no_bug(cli: Cli, reviews: Path, arguments: list[str]) -> None:
    (reviews / "train" / "bad" / os.fsdecode(b"\xff\xfe.txt")).write_bytes(b"cold")
    result = cli(*arguments, "reviews")
    assert result.exit_code == 1
    assert "names that are not UTF-8" in result.stdout + result.stderr


def test_statistics_count_reviews_words_and_repetitions(cli: Cli, reviews: Path) -> None:
    result = cli("data", "stats", "reviews")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[0] == "reviews"
    assert "train test" in lines
    assert "reviews 6 2" in lines
    assert "bad 3 1" in lines
    assert "words, mean 2.3 2.0" in lines  # (2 + 3 + 3 + 1 + 3 + 2) / 6 = 2.33
    assert "longest 3 3" in lines
    assert "test reviews whose text is in train 1" in lines  # "warm"
    assert "texts with contradicting classes 0" in lines


def test_statistics_as_json_are_one_object(cli: Cli, reviews: Path) -> None:
    (reviews / "test" / "bad" / "000.txt").write_text("warm", encoding="utf-8")
    result = cli("data", "stats", "reviews", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert sorted(value) == ["class_names", "conflicts", "parts", "root", "shared"]
    assert value["parts"]["train"]["classes"] == {"bad": 3, "good": 3}
    assert value["shared"] == 2
    assert [sorted(paths) for paths in value["conflicts"]] == [
        ["test/bad/000.txt", "test/good/000.txt", "train/good/000.txt"]
    ]


def test_notes_of_statistics_go_to_stderr_unless_quiet(cli: Cli, reviews: Path) -> None:
    write_reviews(reviews / "train", {"unsup": ["whatever"]})
    write_reviews(reviews, {"extra": ["whatever"]})
    assert "extra" in cli("data", "stats", "reviews").stderr
    assert cli("data", "stats", "-q", "reviews").stderr == ""
