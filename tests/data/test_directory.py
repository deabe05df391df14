"""Every way in which a directory of reviews can be laid out, rightly and wrongly. Only names matter here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from sentiment_cli.data.directory import Part, class_directories, find_layout, find_other_part
from sentiment_cli.errors import DataError


def put(root: Path, *paths: str) -> Path:
    """Write a file at each path below ``root``; its text is its path."""
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path, encoding="utf-8")
    return root


def refusal(root: Path, classes: list[str] | None = None) -> str:
    with pytest.raises(DataError) as caught:
        find_layout(root, classes)
    return str(caught.value).replace(str(root), "DIR")


def of_class(part: Part, name: str) -> list[str]:
    label = part.class_names.index(name)
    return [path for path, value in zip(part.paths, part.labels.tolist(), strict=True) if value == label]


class TestLayoutsThatAreUsed:
    def test_train_and_test_beside_each_other(self, tmp_path: Path) -> None:
        put(tmp_path, "train/neg/1.txt", "train/pos/2.txt", "train/pos/1.txt", "test/neg/9.txt", "test/pos/8.txt")
        layout = find_layout(tmp_path)
        assert layout.train.class_names == ("neg", "pos")
        assert layout.train.paths == ("train/neg/1.txt", "train/pos/1.txt", "train/pos/2.txt")
        assert layout.train.labels.tolist() == [0, 1, 1]
        assert layout.train.labels.dtype == np.int32
        assert layout.train.counts() == {"neg": 1, "pos": 2}
        assert layout.test is not None
        assert layout.test.paths == ("test/neg/9.txt", "test/pos/8.txt")
        assert layout.notes == []

    def test_class_directories_without_parts_are_all_training(self, tmp_path: Path) -> None:
        put(tmp_path, "bad/1.txt", "good/1.txt")
        layout = find_layout(tmp_path)
        assert layout.train.paths == ("bad/1.txt", "good/1.txt")
        assert layout.test is None

    def test_train_without_test_has_no_test_part(self, tmp_path: Path) -> None:
        put(tmp_path, "train/bad/1.txt", "train/good/1.txt")
        assert find_layout(tmp_path).test is None

    def test_a_file_named_test_is_no_test_part(self, tmp_path: Path) -> None:
        put(tmp_path, "train/bad/1.txt", "train/good/1.txt", "test")
        assert find_layout(tmp_path).test is None

    def test_a_relative_root_gives_the_same_paths(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        put(tmp_path, "r/bad/1.txt", "r/good/1.txt")
        monkeypatch.chdir(tmp_path)
        assert find_layout(Path("r")).train.paths == find_layout(tmp_path / "r").train.paths

    def test_classes_are_sorted_by_name_where_they_are_found(self, tmp_path: Path) -> None:
        put(tmp_path, "b/1.txt", "a/1.txt", "B/1.txt", "10/1.txt", "9/1.txt")
        # By code point: digits before upper case before lower case.
        assert find_layout(tmp_path).train.class_names == ("10", "9", "B", "a", "b")

    def test_an_ending_in_upper_case_is_a_review(self, tmp_path: Path) -> None:
        put(tmp_path, "a/1.TXT", "a/2.Txt", "b/1.txt", "b/2.text", "b/txt")
        assert find_layout(tmp_path).train.paths == ("a/1.TXT", "a/2.Txt", "b/1.txt")

    def test_reviews_in_directories_inside_a_class_are_of_that_class(self, tmp_path: Path) -> None:
        put(tmp_path, "a/x/y/1.txt", "a/2.txt", "b/1.txt")
        assert of_class(find_layout(tmp_path).train, "a") == ["a/2.txt", "a/x/y/1.txt"]

    def test_class_names_may_have_spaces_and_any_script(self, tmp_path: Path) -> None:
        put(tmp_path, "very bad/1.txt", "很好/1.txt")
        assert find_layout(tmp_path).train.counts() == {"very bad": 1, "很好": 1}

    @pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights on Windows")
    def test_a_loop_of_links_ends(self, tmp_path: Path) -> None:
        put(tmp_path, "a/1.txt", "b/1.txt")
        (tmp_path / "a" / "loop").symlink_to(tmp_path / "a", target_is_directory=True)
        assert find_layout(tmp_path).train.counts() == {"a": 1, "b": 1}


class TestWhatIsLeftOut:
    def test_unsup_is_never_a_class_and_named(self, tmp_path: Path) -> None:
        put(tmp_path, "train/neg/1.txt", "train/pos/1.txt", "train/unsup/1.txt", "test/neg/1.txt", "test/pos/1.txt")
        layout = find_layout(tmp_path)
        assert layout.train.class_names == ("neg", "pos")
        assert layout.notes == [f"{tmp_path / 'train'}: never a class, left out: unsup"]

    def test_unsup_is_not_a_class_even_when_asked_for(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "pos/1.txt", "unsup/1.txt")
        assert refusal(tmp_path, ["neg", "unsup"]) == (
            "DIR cannot be used:\n  DIR: no class 'unsup' (data.classes); known: neg, pos"
        )

    def test_what_macos_puts_into_archives_is_left_out(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "pos/1.txt", "pos/__MACOSX/2.txt", "__MACOSX/._1.txt", "neg/._1.txt")
        layout = find_layout(tmp_path)
        assert layout.train.paths == ("neg/1.txt", "pos/1.txt")
        assert layout.notes == [
            f"{tmp_path}: never a class, left out: __MACOSX",
            f"{tmp_path}: 2 hidden .txt files (such as ._1.txt) were left out",
        ]

    def test_hidden_directories_are_neither_classes_nor_read(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "pos/1.txt", "pos/.old/1.txt", "pos/x/.y/z/1.txt", ".git/1.txt", ".DS_Store")
        layout = find_layout(tmp_path)
        assert layout.train.paths == ("neg/1.txt", "pos/1.txt")
        assert layout.notes == [f"{tmp_path}: 2 hidden .txt files (such as ._1.txt) were left out"]

    def test_files_beside_the_classes_do_no_harm(self, tmp_path: Path) -> None:
        put(tmp_path, "README.md", "urls.txt", "neg/1.txt", "neg/1.json", "pos/1.txt")
        assert find_layout(tmp_path).train.counts() == {"neg": 1, "pos": 1}


class TestGivenClasses:
    def test_keep_the_order_given_and_name_the_others(self, tmp_path: Path) -> None:
        put(tmp_path, "neutral/1.txt", "negative/1.txt", "positive/1.txt", "spam/1.txt")
        layout = find_layout(tmp_path, ["positive", "negative"])
        assert layout.train.class_names == ("positive", "negative")
        assert layout.train.paths == ("positive/1.txt", "negative/1.txt")
        assert layout.train.labels.tolist() == [0, 1]
        assert layout.notes == [f"{tmp_path}: left out by data.classes: neutral, spam"]

    def test_the_test_part_has_the_same_labels(self, tmp_path: Path) -> None:
        put(tmp_path, *[f"{part}/{name}/1.txt" for part in ("train", "test") for name in "abc"])
        test = find_layout(tmp_path, ["c", "a"]).test
        assert test is not None
        assert (test.class_names, test.paths, test.labels.tolist()) == (
            ("c", "a"),
            ("test/c/1.txt", "test/a/1.txt"),
            [0, 1],
        )

    def test_an_unknown_one_brings_the_nearest(self, tmp_path: Path) -> None:
        put(tmp_path, "negative/1.txt", "positive/1.txt")
        assert refusal(tmp_path, ["negativ", "positive"]) == (
            "DIR cannot be used:\n  DIR: no class 'negativ' (data.classes); did you mean \"negative\"?"
        )

    def test_every_unknown_one_is_named_at_once(self, tmp_path: Path) -> None:
        put(tmp_path, "negative/1.txt", "positive/1.txt")
        message = refusal(tmp_path, ["up", "down"])
        assert "'up'" in message and "'down'" in message

    def test_without_any_class_directory_the_message_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "train").mkdir()
        assert refusal(tmp_path, ["a", "b"]) == (
            "DIR cannot be used:\n"
            "  DIR/train: no class 'a' (data.classes); it has no class directories\n"
            "  DIR/train: no class 'b' (data.classes); it has no class directories"
        )


class TestRefusals:
    def test_missing(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "none") == (
            "DIR does not exist; expected a directory with one directory of .txt reviews for each class."
        )

    def test_a_file(self, tmp_path: Path) -> None:
        put(tmp_path, "reviews.csv")
        assert refusal(tmp_path / "reviews.csv") == (
            "DIR is not a directory; expected a directory with one directory of .txt reviews for each class."
        )

    @pytest.mark.parametrize("hidden", [[], [".DS_Store", ".git/1.txt"]], ids=["nothing", "only hidden"])
    def test_empty(self, tmp_path: Path, hidden: list[str]) -> None:
        assert refusal(put(tmp_path, *hidden)) == (
            "DIR is empty; expected one directory of .txt reviews for each class."
        )

    def test_flat(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, "1.txt", "2.TXT", "labels.csv")) == (
            "DIR is flat: it has 2 .txt files and no directories. "
            "Expected one directory for each class, named after it, with its reviews inside."
        )

    def test_not_to_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(self: Path) -> None:
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "iterdir", refuse)
        assert refusal(tmp_path) == "DIR cannot be read: Permission denied."

    def test_one_class(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, "train/pos/1.txt", "test/pos/1.txt")) == (
            "DIR cannot be used:\n"
            "  DIR/train: only the class pos; expected at least two directories, one for each class"
        )

    def test_a_class_of_one_letter_beside_unsup_is_still_one_class(self, tmp_path: Path) -> None:
        assert "only the class pos" in refusal(put(tmp_path, "train/pos/1.txt", "train/unsup/1.txt"))

    def test_a_flat_training_part(self, tmp_path: Path) -> None:
        assert "DIR/train: no class directories" in refusal(put(tmp_path, "train/1.txt", "train/2.txt"))

    def test_a_class_without_txt_says_what_else_is_there(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "pos/1.csv", "pos/2.csv", "pos/a/3.json", "pos/Makefile")
        assert refusal(tmp_path) == (
            "DIR cannot be used:\n  DIR/pos: no .txt file; it has files ending in .csv, .json, Makefile"
        )

    def test_an_empty_class(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt")
        (tmp_path / "pos").mkdir()
        assert refusal(tmp_path) == (
            "DIR cannot be used:\n  DIR/pos: no .txt file (it is empty); every class needs reviews"
        )

    def test_a_class_of_hidden_files_alone_has_no_reviews(self, tmp_path: Path) -> None:
        assert "DIR/pos: no .txt file" in refusal(put(tmp_path, "neg/1.txt", "pos/._1.txt"))

    def test_a_test_part_without_train(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, "test/neg/1.txt", "test/pos/1.txt")) == (
            "DIR has a test directory and no train directory beside it; expected both, or class directories."
        )

    def test_a_class_missing_in_test(self, tmp_path: Path) -> None:
        put(tmp_path, "train/a/1.txt", "train/b/1.txt", "train/c/1.txt", "test/a/1.txt", "test/c/1.txt")
        assert refusal(tmp_path) == "DIR cannot be used:\n  DIR/test: no class b, which train has; it has a, c"

    def test_an_empty_test_part(self, tmp_path: Path) -> None:
        put(tmp_path, "train/a/1.txt", "train/b/1.txt")
        (tmp_path / "test").mkdir()
        assert refusal(tmp_path) == "DIR cannot be used:\n  DIR/test: no class a, b, which train has; it has none"

    def test_an_unknown_class_in_test(self, tmp_path: Path) -> None:
        put(tmp_path, "train/a/1.txt", "train/b/1.txt", "test/a/1.txt", "test/b/1.txt", "test/z/1.txt")
        assert refusal(tmp_path) == (
            "DIR cannot be used:\n  DIR/test: the class z is not in train; name the classes to use with data.classes"
        )
        assert find_layout(tmp_path, ["a", "b"]).train.counts() == {"a": 1, "b": 1}

    def test_a_renamed_class_in_test_is_named_on_both_sides(self, tmp_path: Path) -> None:
        put(tmp_path, "train/neg/1.txt", "train/pos/1.txt", "test/neg/1.txt", "test/positive/1.txt")
        message = refusal(tmp_path)
        assert "no class pos, which train has" in message
        assert "the class positive is not in train" in message

    def test_all_problems_are_in_one_message(self, tmp_path: Path) -> None:
        put(tmp_path, "train/a/1.txt", "train/b/1.csv", "test/a/1.doc", "test/b/1.txt")
        assert refusal(tmp_path).splitlines() == [
            "DIR cannot be used:",
            "  DIR/train/b: no .txt file; it has files ending in .csv",
            "  DIR/test/a: no .txt file; it has files ending in .doc",
        ]

    def test_many_other_endings_are_shortened(self, tmp_path: Path) -> None:
        put(tmp_path, "a/1.txt", *[f"b/1.{letter}" for letter in "abcdefgh"])
        assert refusal(tmp_path).endswith(".a, .b, .c, .d, .e and 3 more")

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
    def test_a_file_name_that_is_no_utf8(self, tmp_path: Path) -> None:
        put(tmp_path, "a/1.txt", "b/1.txt")
        Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/caf\xe9.txt")).write_text("x", encoding="utf-8")
        assert refusal(tmp_path) == (
            "DIR cannot be used:\n  DIR/a: file names that are not UTF-8: 'caf\\udce9.txt'; rename them"
        )

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
    def test_a_class_name_that_is_no_utf8(self, tmp_path: Path) -> None:
        put(tmp_path, "a/1.txt", "b/1.txt")
        (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
        assert find_layout(tmp_path, ["a", "b"]).train.class_names == ("a", "b")
        assert refusal(tmp_path) == (
            "DIR cannot be used:\n  DIR: class names that are not UTF-8: 'caf\\udce9'; rename them"
        )

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
    def test_a_root_that_is_no_utf8(self, tmp_path: Path) -> None:
        root = tmp_path / os.fsdecode(b"caf\xe9")
        put(root, "a/1.txt", "b/1.txt")
        with pytest.raises(DataError, match="is not a name in UTF-8, which TensorFlow needs; rename the directory"):
            find_layout(root)


AWKWARD = [
    "b/Z.txt", "b/a.txt", "b/B.txt", "b/_.txt", "b/10.txt", "b/9.txt", "b/009.txt", "b/é.txt", "b/e\u0301.txt",
    "b/很好.txt", "b/😀.txt", "b/a b.txt", "b/a-b/1.txt", "b/a/1.txt", "b/a/b/2.txt", "b/a.d/1.txt", "b/A/x.TXT",
    "b/z.txt.txt", "b/.hidden.txt", "b/.dir/1.txt", "b/a/._1.txt", "b/__MACOSX/1.txt", "b/notes.md",
    "a/x.txt", "a/._x.txt", "C/._0.txt", "C/1.txt", "unsup/1.txt",
]  # fmt: skip


class TestKerasListing:
    @pytest.mark.parametrize("classes", [["C", "a", "b"], ["b", "C", "a"], ["a", "b"]])
    def test_positions_are_those_of_keras_for_awkward_names(self, tmp_path: Path, classes: list[str]) -> None:
        import keras

        put(tmp_path, *AWKWARD)
        part = find_layout(tmp_path, classes).train
        dataset = keras.utils.text_dataset_from_directory(
            str(tmp_path), class_names=classes, batch_size=None, shuffle=False, verbose=False
        )
        listing = [(text.numpy().decode(), int(label)) for text, label in dataset]
        # Every file holds its own path.
        assert [listing[position] for position in part.positions] == list(
            zip(part.paths, part.labels.tolist(), strict=True)
        )
        hidden = [path for path, _ in listing if "/." in path or "__MACOSX" in path]
        assert len(part.paths) == len(listing) - len(hidden)

    def test_found_classes_are_those_of_keras_but_for_unsup(self, tmp_path: Path) -> None:
        import keras

        put(tmp_path, *AWKWARD)
        dataset = keras.utils.text_dataset_from_directory(str(tmp_path), shuffle=False, verbose=False)
        assert class_directories(tmp_path) == [name for name in dataset.class_names if name != "unsup"]


class TestLimit:
    @pytest.fixture
    def part(self, tmp_path: Path) -> Part:
        put(tmp_path, *[f"a/{index:02}.txt" for index in range(30)], *[f"b/{index:02}.txt" for index in range(5)])
        return find_layout(tmp_path).train

    def test_holds_for_each_class(self, part: Part) -> None:
        assert part.limit(7, seed=0).counts() == {"a": 7, "b": 5}

    def test_keeps_the_order_and_takes_nothing_twice(self, part: Part) -> None:
        paths = part.limit(7, seed=0).paths
        assert list(paths) == sorted(set(paths))

    def test_keeps_labels_and_positions_with_their_paths(self, part: Part) -> None:
        limited = part.limit(7, seed=0)
        for path, label, position in zip(limited.paths, limited.labels, limited.positions, strict=True):
            index = part.paths.index(path)
            assert (label, position) == (part.labels[index], part.positions[index])

    def test_is_a_function_of_the_seed(self, part: Part) -> None:
        assert part.limit(7, seed=1).paths == part.limit(7, seed=1).paths
        assert part.limit(7, seed=1).paths != part.limit(7, seed=2).paths

    def test_is_not_simply_the_first_files(self, part: Part) -> None:
        assert part.limit(7, seed=0).paths[:7] != part.paths[:7]

    def test_of_none_and_of_more_than_there_are_change_nothing(self, part: Part) -> None:
        assert part.limit(None, seed=0) is part
        assert part.limit(100, seed=0).paths == part.paths

    def test_twice_is_as_once(self, part: Part) -> None:
        once = part.limit(7, seed=3)
        assert once.limit(7, seed=3).paths == once.paths


class TestOtherPart:
    RUN = ("pos", "neg")

    def test_labels_are_those_of_the_run_by_name(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "pos/1.txt", "pos/2.txt")
        part, notes = find_other_part(tmp_path, self.RUN)
        assert part.class_names == self.RUN
        assert part.counts() == {"pos": 2, "neg": 1}
        assert of_class(part, "pos") == ["pos/1.txt", "pos/2.txt"]
        assert of_class(part, "neg") == ["neg/1.txt"]
        assert part.labels.dtype == np.int32
        assert notes == []

    def test_the_test_part_is_taken_where_there_is_one(self, tmp_path: Path) -> None:
        put(tmp_path, "train/neg/1.txt", "train/pos/1.txt", "test/neg/2.txt", "test/pos/2.txt")
        assert find_other_part(tmp_path, self.RUN)[0].paths == ("test/pos/2.txt", "test/neg/2.txt")

    def test_fewer_classes_than_the_run_has(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt")
        part, notes = find_other_part(tmp_path, self.RUN)
        assert part.labels.tolist() == [1]
        assert part.counts() == {"pos": 0, "neg": 1}
        assert notes == [f"{tmp_path}: no reviews of pos"]

    def test_more_classes_than_the_run_has(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "neutral/1.txt", "pos/1.txt")
        part, notes = find_other_part(tmp_path, self.RUN)
        assert part.paths == ("pos/1.txt", "neg/1.txt")
        assert notes == [f"{tmp_path}: left out, the run does not know them: neutral"]

    def test_no_class_of_the_run(self, tmp_path: Path) -> None:
        put(tmp_path, "1star/1.txt", "5stars/1.txt")
        with pytest.raises(DataError) as caught:
            find_other_part(tmp_path, self.RUN)
        assert str(caught.value) == (
            f"{tmp_path} has the classes 1star, 5stars; the run knows pos, neg. "
            "Classes are matched by name: rename the directories."
        )

    def test_a_renamed_class_is_not_taken_for_another(self, tmp_path: Path) -> None:
        put(tmp_path, "negative/1.txt", "pos/1.txt")
        with pytest.raises(DataError, match="has the classes negative, pos; the run knows pos, neg"):
            find_other_part(tmp_path, self.RUN)

    def test_unsup_and_hidden_files_are_left_out_here_too(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "neg/._1.txt", "pos/1.txt", "unsup/1.txt")
        part, notes = find_other_part(tmp_path, self.RUN)
        assert part.paths == ("pos/1.txt", "neg/1.txt")
        assert notes == [f"{tmp_path}: 1 hidden .txt files (such as ._1.txt) were left out"]

    def test_a_class_without_reviews_is_a_problem(self, tmp_path: Path) -> None:
        put(tmp_path, "neg/1.txt", "pos/1.csv")
        with pytest.raises(DataError, match=r"pos: no \.txt file; it has files ending in \.csv"):
            find_other_part(tmp_path, self.RUN)

    def test_missing_directory(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="does not exist"):
            find_other_part(tmp_path / "none", self.RUN)


def test_reviews_that_all_lie_deeper_are_named_and_so_is_what_lies_beside_the_parts(tmp_path: Path) -> None:
    put(tmp_path, "train/a/x/1.txt", "train/b/1.txt", "test/a/1.txt", "test/b/1.txt", "more/1.txt")
    assert find_layout(tmp_path).notes == [
        f"{tmp_path}: beside train and test, left out: more",
        f"{tmp_path / 'train' / 'a'}: all its reviews lie in x; they are one class all the same",
    ]


def test_classes_left_out_of_the_test_part_are_named(tmp_path: Path) -> None:
    put(tmp_path, "train/a/1.txt", "train/b/1.txt", "test/a/1.txt", "test/b/1.txt", "test/c/1.txt", "test/unsup/1.txt")
    assert find_layout(tmp_path, ["a", "b"]).notes == [
        f"{tmp_path / 'test'}: never a class, left out: unsup",
        f"{tmp_path / 'test'}: left out by data.classes: c",
    ]
