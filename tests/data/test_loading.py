"""Reviews in memory are those on the disk, divided without a leak."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import tiny_texts, write_reviews

from sentiment_cli.config.data import Data
from sentiment_cli.data import loading
from sentiment_cli.data.contents import MAX_REVIEW_BYTES, Policy
from sentiment_cli.data.directory import Layout, Part, find_layout, find_other_part
from sentiment_cli.data.loading import load_part, load_splits
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.errors import DataError


@pytest.fixture
def notes() -> list[str]:
    return []


def pairs(*sets: ReviewSet) -> set[tuple[str, str]]:
    """Path and text of all reviews."""
    return {pair for reviews in sets for pair in zip(reviews.paths, reviews.texts, strict=True)}


def assert_as_on_disk(reviews: ReviewSet, root: Path, test_dir: str = "") -> None:
    """Every text is that of its file, every label that of its directory."""
    for path, text, label in zip(reviews.paths, reviews.texts, reviews.labels.tolist(), strict=True):
        assert text == (root / path).read_text(encoding="utf-8")
        assert path.removeprefix(test_dir).split("/")[0] == reviews.class_names[label]


def put_hidden_files(root: Path) -> None:
    """By-products of operating systems, before, between and after the reviews."""
    for path in (
        "bad/._000.txt",
        "bad/.a/1.txt",
        "bad/b/.c.txt",
        "good/.0.txt",
        "good/__MACOSX/1.txt",
        "good/.z/1.txt",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("hidden", encoding="utf-8")


class TestLoadPart:
    def test_texts_are_those_of_their_files_with_hidden_ones_between(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, tiny_texts(7))
        write_reviews(tmp_path / "bad", {"b": ["nested one", "nested two"], "A": ["nested three"]})
        put_hidden_files(tmp_path)
        part = find_layout(tmp_path).train
        reviews = load_part(part, "error")
        assert_as_on_disk(reviews, tmp_path)
        assert reviews.counts() == {"bad": 10, "good": 7}
        assert tuple(reviews.paths) == part.paths
        assert "hidden" not in reviews.texts

    @pytest.mark.parametrize("classes", [["bad", "good"], ["good", "bad"], ["meh", "bad", "good"], ["good", "meh"]])
    def test_labels_go_by_name_whatever_the_order_of_the_classes(self, tmp_path: Path, classes: list[str]) -> None:
        write_reviews(tmp_path, {**tiny_texts(3), "meh": ["so so", "neither", "well", "hm"]})
        put_hidden_files(tmp_path)
        reviews = load_part(find_layout(tmp_path, classes).train, "error")
        assert reviews.class_names == tuple(classes)
        assert_as_on_disk(reviews, tmp_path)
        assert reviews.counts() == {name: 4 if name == "meh" else 3 for name in classes}

    def test_a_part_of_the_reviews_is_that_part(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, tiny_texts(9))
        put_hidden_files(tmp_path)
        part = find_layout(tmp_path).train.take(np.array([17, 0, 9]))
        reviews = load_part(part, "error")
        assert reviews.paths == ["good/008.txt", "bad/000.txt", "good/000.txt"]
        assert_as_on_disk(reviews, tmp_path)

    def test_more_reviews_than_a_batch_of_the_reader_stay_in_order(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["x"], "good": [f"review {index}" for index in range(1100)]})
        reviews = load_part(find_layout(tmp_path).train, "error")
        assert len(reviews) == 1101
        assert_as_on_disk(reviews, tmp_path)

    def test_other_data_with_a_class_missing_keep_the_labels_of_the_run(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"good": ["lovely", "kind"], "other": ["?"]})
        with pytest.raises(DataError):
            find_other_part(tmp_path, ["bad", "good"])
        write_reviews(tmp_path, {"bad": ["rude"]})
        part, _ = find_other_part(tmp_path, ["good", "bad"])
        assert list(load_part(part, "error").texts) == ["lovely", "kind", "rude"]
        write_reviews(tmp_path / "only", {"bad": ["cold", "loud"]})
        part, _ = find_other_part(tmp_path / "only", ["good", "bad"])
        reviews = load_part(part, "error")
        assert (list(reviews.texts), reviews.labels.tolist()) == (["cold", "loud"], [1, 1])

    def test_a_byte_order_mark_and_windows_line_ends_are_not_part_of_the_text(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["x"], "good": ["y"]})
        (tmp_path / "good" / "000.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree")
        assert list(load_part(find_layout(tmp_path).train, "error").texts) == ["x", "one\ntwo\nthree"]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ("skip", [("bad/000.txt", "a"), ("bad/002.txt", "c"), ("good/001.txt", "e")]),
            (
                "replace",
                [
                    ("bad/000.txt", "a"), ("bad/001.txt", "caf\ufffd"), ("bad/002.txt", "c"),
                    ("good/000.txt", "d\ufffd"), ("good/001.txt", "e"),
                ],
            ),
        ],
    )  # fmt: skip
    def test_bad_bytes_are_left_out_or_marked_as_the_policy_says(
        self, tmp_path: Path, policy: Policy, expected: list[tuple[str, str]]
    ) -> None:
        write_reviews(tmp_path, {"bad": ["a", "b", "c"], "good": ["d", "e"]})
        (tmp_path / "bad" / "001.txt").write_bytes(b"caf\xe9")
        (tmp_path / "good" / "000.txt").write_bytes(b"d\0")
        reviews = load_part(find_layout(tmp_path).train, policy)
        assert list(zip(reviews.paths, reviews.texts, strict=True)) == expected
        assert [reviews.class_names[label] for label in reviews.labels] == [path.split("/")[0] for path, _ in expected]

    def test_bad_bytes_are_an_error_that_names_the_file(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {"bad": ["a"], "good": ["b"]})
        (tmp_path / "good" / "000.txt").write_bytes(b"caf\xe9!")
        with pytest.raises(DataError) as caught:
            load_part(find_layout(tmp_path).train, "error")
        assert str(caught.value) == (
            "good/000.txt is not UTF-8 (invalid continuation byte at byte 3); see data.encoding_errors."
        )


class TestOthersThatKerasReads:
    """Its reader takes all files below a class, those included that are no reviews of the part."""

    @pytest.mark.parametrize(
        ("put", "fault"),
        [
            (lambda path: path.symlink_to("me@host.123"), "No such file or directory"),
            (os.mkfifo, "not a file"),
            (lambda path: path.touch() or os.truncate(path, MAX_REVIEW_BYTES + 1), "huge"),
            (lambda path: path.symlink_to("/dev/zero"), "not a file"),
        ],
        ids=["lock of an editor", "pipe", "huge", "device"],
    )
    @pytest.mark.parametrize("name", [".#001.txt", "003.txt"], ids=["hidden", "beyond the limit"])
    def test_what_it_cannot_read_is_named(
        self, tmp_path: Path, name: str, put: Callable[[Path], None], fault: str
    ) -> None:
        write_reviews(tmp_path, tiny_texts(3))
        put(tmp_path / "good" / name)
        part = find_layout(tmp_path).train
        wanted = part.take(np.flatnonzero([not path.endswith("003.txt") for path in part.paths]))
        with pytest.raises(DataError, match="1 of its files cannot be read") as caught:
            load_part(wanted, "error")
        assert f"good/{name} ({fault}); remove them." in str(caught.value)

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
    def test_a_hidden_name_that_is_not_utf8_is_named(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, tiny_texts(3))
        Path(os.fsdecode(os.fsencode(tmp_path / "good") + b"/.caf\xe9.txt")).touch()
        with pytest.raises(DataError, match=r"good/\.caf.*\(a name that is not UTF-8\); remove them"):
            load_part(find_layout(tmp_path).train, "error")

    def test_what_it_fails_on_all_the_same_is_an_error_of_the_data(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_reviews(tmp_path, tiny_texts(3))
        (tmp_path / "good" / ".#001.txt").symlink_to("me@host.123")
        part = find_layout(tmp_path).train
        monkeypatch.setattr(loading, "look_at", lambda file: None)
        with pytest.raises(DataError, match=r"cannot be read: .*001\.txt"):
            load_part(part, "error")


class TestChangedAfterListing:
    @pytest.mark.parametrize(
        "change",
        [
            lambda root: (root / "bad" / "000a.txt").write_text("new", encoding="utf-8"),
            lambda root: (root / "bad" / "._1.txt").write_text("hidden", encoding="utf-8"),
            lambda root: (root / "bad" / "000.txt").unlink(),
            lambda root: (root / "good" / "002.txt").unlink(),
            lambda root: (root / "bad" / "001.txt").rename(root / "bad" / "9.txt"),
            lambda root: (root / "bad" / "000.txt").rename(root / "good" / "9.txt"),
        ],
        ids=["added", "hidden added", "first removed", "last removed", "renamed", "moved to another class"],
    )
    def test_is_an_error_and_not_a_shift_of_texts(self, tmp_path: Path, change: Callable[[Path], None]) -> None:
        write_reviews(tmp_path, tiny_texts(3))
        part = find_layout(tmp_path).train
        change(tmp_path)
        with pytest.raises(DataError) as caught:
            load_part(part, "error")
        assert str(caught.value) == (
            f"{tmp_path} changed after its reviews were listed; start again when nothing writes there."
        )

    def test_what_is_no_review_may_change(self, tmp_path: Path) -> None:
        write_reviews(tmp_path, {**tiny_texts(3), "unsup": ["x"]})
        part = find_layout(tmp_path).train
        (tmp_path / "bad" / "notes.md").write_text("x", encoding="utf-8")
        write_reviews(tmp_path, {"unsup": ["x", "y"], "later": ["z"]})
        assert_as_on_disk(load_part(part, "error"), tmp_path)


class TestLoadSplits:
    @pytest.fixture
    def layout(self, tiny_reviews: Path) -> Layout:
        return find_layout(tiny_reviews)

    def test_every_training_review_is_on_one_side(self, layout: Layout, notes: list[str]) -> None:
        splits = load_splits(layout, Data(source="-", validation_fraction=0.25), 0, notes.append)
        assert splits.validation is not None
        assert splits.train.counts() == {"bad": 15, "good": 15}
        assert splits.validation.counts() == {"bad": 5, "good": 5}
        assert sorted(splits.train.paths + splits.validation.paths) == sorted(layout.train.paths)
        for reviews in (splits.train, splits.validation, splits.test()):
            assert_as_on_disk(reviews, layout.root, "test/" if reviews.paths[0].startswith("test/") else "train/")
        assert notes == []

    def test_the_division_is_a_function_of_the_seed(self, layout: Layout, notes: list[str]) -> None:
        settings = Data(source="-")
        once, again, other = (load_splits(layout, settings, seed, notes.append) for seed in (1, 1, 2))
        assert pairs(once.train) == pairs(again.train)
        assert pairs(once.train) != pairs(other.train)

    def test_no_validation_is_kept_where_none_is_wanted(self, layout: Layout, notes: list[str]) -> None:
        splits = load_splits(layout, Data(source="-", validation_fraction=0.0), 0, notes.append)
        assert splits.validation is None
        assert tuple(splits.train.paths) == layout.train.paths

    def test_the_test_part_is_not_read_before_it_is_asked_for(
        self, layout: Layout, notes: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[Path] = []

        def spy(part: Part, policy: Policy) -> ReviewSet:
            read.append(part.directory)
            return load_part(part, policy)

        monkeypatch.setattr(loading, "load_part", spy)
        splits = load_splits(layout, Data(source="-"), 0, notes.append)
        assert read == [layout.root / "train"]
        assert len(splits.test()) == 16
        assert read == [layout.root / "train", layout.root / "test"]

    def test_the_test_part_has_the_labels_of_train_by_name(self, tiny_reviews: Path, notes: list[str]) -> None:
        layout = find_layout(tiny_reviews, ["good", "bad"])
        test = load_splits(layout, Data(source="-"), 0, notes.append).test()
        assert test.class_names == ("good", "bad")
        assert_as_on_disk(test, tiny_reviews, "test/")

    def test_the_limit_holds_for_train_and_test(self, layout: Layout, notes: list[str]) -> None:
        splits = load_splits(layout, Data(source="-", limit=5, validation_fraction=0.4), 0, notes.append)
        assert splits.validation is not None
        assert splits.train.counts() == {"bad": 3, "good": 3}
        assert splits.validation.counts() == {"bad": 2, "good": 2}
        assert splits.test().counts() == {"bad": 5, "good": 5}

    def test_a_layout_limited_before_gives_the_same_reviews(self, layout: Layout, notes: list[str]) -> None:
        settings = Data(source="-", limit=5)
        limited = replace(layout, train=layout.train.limit(5, 3))
        assert pairs(load_splits(layout, settings, 3, notes.append).train) == pairs(
            load_splits(limited, settings, 3, notes.append).train
        )

    def test_a_fifth_is_split_off_where_there_is_no_test_part(self, tmp_path: Path, notes: list[str]) -> None:
        write_reviews(tmp_path, tiny_texts(10))
        splits = load_splits(find_layout(tmp_path), Data(source="-", validation_fraction=0.25), 6, notes.append)
        test = splits.test()
        assert splits.validation is not None
        assert [reviews.counts() for reviews in (splits.train, splits.validation, test)] == [
            {"bad": 6, "good": 6},
            {"bad": 2, "good": 2},
            {"bad": 2, "good": 2},
        ]
        everything = splits.train.paths + splits.validation.paths + test.paths
        assert sorted(everything) == sorted(find_layout(tmp_path).train.paths)
        assert_as_on_disk(test, tmp_path)
        assert notes == [f"{tmp_path} has no test part: 4 of its reviews, one fifth, were split off (seed 6)"]

    def test_the_split_off_part_does_not_hang_on_the_validation(self, tmp_path: Path, notes: list[str]) -> None:
        write_reviews(tmp_path, tiny_texts(10))
        layout = find_layout(tmp_path)
        first, second = (
            load_splits(layout, Data(source="-", validation_fraction=fraction), 0, notes.append).test()
            for fraction in (0.0, 0.5)
        )
        assert first.paths == second.paths

    def test_too_few_reviews_to_divide_are_an_error(self, tmp_path: Path, notes: list[str]) -> None:
        write_reviews(tmp_path, {"bad": ["x"], "good": ["y"]})
        with pytest.raises(DataError, match="Too few reviews to split off"):
            load_splits(find_layout(tmp_path), Data(source="-"), 0, notes.append)


class TestDropDuplicates:
    def test_leaves_out_training_reviews_that_occur_before_or_in_test(self, tmp_path: Path, notes: list[str]) -> None:
        write_reviews(tmp_path / "train", {"bad": ["a", "b", "a ", "leak"], "good": ["c", "d", "b", "e"]})
        write_reviews(tmp_path / "test", {"bad": ["leak\n"], "good": ["x"]})
        settings = Data(source="-", drop_duplicates=True, validation_fraction=0.0)
        splits = load_splits(find_layout(tmp_path), settings, 0, notes.append)
        assert list(splits.train.texts) == ["a", "b", "c", "d", "e"]
        assert_as_on_disk(splits.train, tmp_path, "train/")
        assert len(splits.test()) == 2
        assert notes == ["3 training reviews were left out: their text occurs before or in the test part"]

    def test_leaves_no_text_on_two_sides(self, tmp_path: Path, notes: list[str]) -> None:
        texts = [f"text {index % 12}" for index in range(30)]
        write_reviews(tmp_path, {"bad": texts, "good": [f"{text}!" for text in texts]})
        splits = load_splits(find_layout(tmp_path), Data(source="-", drop_duplicates=True), 0, notes.append)
        assert splits.validation is not None
        sides = [set(reviews.texts) for reviews in (splits.train, splits.validation, splits.test())]
        assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]

    def test_is_off_unless_asked_for(self, tmp_path: Path, notes: list[str]) -> None:
        write_reviews(tmp_path / "train", {"bad": ["a", "a"], "good": ["c", "c"]})
        write_reviews(tmp_path / "test", {"bad": ["a"], "good": ["c"]})
        splits = load_splits(find_layout(tmp_path), Data(source="-", validation_fraction=0.0), 0, notes.append)
        assert len(splits.train) == 4


class TestClassesThatVanish:
    @pytest.mark.parametrize("name", ["bad", "good"])
    def test_by_skipping_are_an_error(self, tmp_path: Path, notes: list[str], name: str) -> None:
        write_reviews(tmp_path / "train", {**tiny_texts(4), name: ["x", "y"]})
        write_reviews(tmp_path / "test", tiny_texts(2))
        for path in (tmp_path / "train" / name).iterdir():
            path.write_bytes(b"\xff")
        settings = Data(source="-", encoding_errors="skip", validation_fraction=0.0)
        with pytest.raises(DataError) as caught:
            load_splits(find_layout(tmp_path), settings, 0, notes.append)
        assert str(caught.value) == (
            f"No training review of {name} is left (data.encoding_errors, data.drop_duplicates)."
        )

    def test_by_dropping_duplicates_are_an_error(self, tmp_path: Path, notes: list[str]) -> None:
        write_reviews(tmp_path / "train", {"bad": ["a", "b"], "good": ["a", "b"]})
        write_reviews(tmp_path / "test", {"bad": ["x"], "good": ["y"]})
        with pytest.raises(DataError, match="No training review of good is left"):
            load_splits(
                find_layout(tmp_path), Data(source="-", drop_duplicates=True, validation_fraction=0.0), 0, notes.append
            )


class TestMovies:
    @pytest.fixture
    def imdb_like(self, tmp_path: Path) -> Path:
        """40 reviews a class of 20 movies, each with two reviews a class."""
        for name in ("neg", "pos"):
            (tmp_path / "train" / name).mkdir(parents=True)
            for index in range(40):
                text = f"movie{index // 2} {name} {index}"
                (tmp_path / "train" / name / f"{index}_{7 if name == 'pos' else 2}.txt").write_text(text, "utf-8")
            urls = "".join(f"http://movie/{index // 2}\n" for index in range(40))
            (tmp_path / "train" / f"urls_{name}.txt").write_text(urls, encoding="utf-8")
        write_reviews(tmp_path / "test", {"neg": ["x"], "pos": ["y"]})
        return tmp_path

    def test_a_movie_is_on_one_side(self, imdb_like: Path, notes: list[str]) -> None:
        settings = Data(source="-", validation_groups="movie")
        splits = load_splits(find_layout(imdb_like), settings, 0, notes.append)
        assert splits.validation is not None
        assert (len(splits.train), len(splits.validation)) == (64, 16)
        sides = [{text.split()[0] for text in reviews.texts} for reviews in (splits.train, splits.validation)]
        assert not sides[0] & sides[1]

    def test_a_random_division_shares_movies(self, imdb_like: Path, notes: list[str]) -> None:
        splits = load_splits(find_layout(imdb_like), Data(source="-"), 0, notes.append)
        assert splits.validation is not None
        sides = [{text.split()[0] for text in reviews.texts} for reviews in (splits.train, splits.validation)]
        assert sides[0] & sides[1]

    def test_a_directory_without_lists_is_an_error(self, tiny_reviews: Path, notes: list[str]) -> None:
        with pytest.raises(DataError, match=r"movie needs .*urls_bad\.txt, which cannot be read"):
            load_splits(find_layout(tiny_reviews), Data(source="-", validation_groups="movie"), 0, notes.append)

    def test_auto_means_movies_where_there_are_lists_of_them(self, imdb_like: Path, notes: list[str]) -> None:
        def validation(kind: str | None) -> list[str]:
            settings = Data.model_validate({"source": "-", "validation_groups": kind})
            splits = load_splits(find_layout(imdb_like), settings, 0, notes.append)
            assert splits.validation is not None
            return splits.validation.paths

        assert validation("auto") == validation("movie") != validation(None)
        (imdb_like / "train" / "urls_pos.txt").unlink()
        assert validation("auto") == validation(None)
