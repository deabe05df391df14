"""What is found out about reviews before TensorFlow is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sentiment_cli.config.data import Data
from sentiment_cli.data.prepare import prepare_data
from sentiment_cli.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four reviews a class in train, two in test."""
    for part, count in (("train", 4), ("test", 2)):
        for name in ("bad", "good"):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(count):
                (tmp_path / part / name / f"{index}.txt").write_text(f"{name} {part} {index}", encoding="utf-8")
    return tmp_path


def test_both_parts_are_listed_and_looked_into(root: Path) -> None:
    prepared = prepare_data(Data(source=str(root)), seed=0)
    assert prepared.class_names == ("bad", "good")
    assert prepared.layout.test is not None
    assert prepared.test_report is not None
    assert (prepared.report.files, prepared.test_report.files) == (8, 4)


def test_a_test_part_that_is_not_wanted_is_not_looked_into(root: Path) -> None:
    (root / "test" / "good" / "1.txt").write_bytes(b"caf\xe9")
    prepared = prepare_data(Data(source=str(root)), seed=0, with_test=False)
    assert (prepared.report.files, prepared.test_report) == (8, None)


def test_groups_that_cannot_be_made_are_found_before_the_training(root: Path) -> None:
    with pytest.raises(DataError, match=r"data\.validation_groups: movie needs"):
        prepare_data(Data(source=str(root), validation_groups="movie"), seed=0)


def test_the_fingerprint_is_that_of_the_files_where_nothing_else_decides(root: Path) -> None:
    prepared = prepare_data(Data(source=str(root)), seed=0)
    assert prepared.fingerprint == prepared.report.fingerprint
    (root / "test" / "good" / "1.txt").write_text("another one", encoding="utf-8")
    assert prepare_data(Data(source=str(root)), seed=0).fingerprint == prepared.fingerprint


def test_the_groups_of_the_reviews_decide_and_so_does_whether_there_are_some(root: Path) -> None:
    def fingerprint(*movies: str) -> str:
        for name in ("bad", "good"):
            listing = root / "train" / f"urls_{name}.txt"
            listing.write_text("\n".join(movies), encoding="utf-8") if movies else listing.unlink(missing_ok=True)
        return prepare_data(Data(source=str(root), validation_groups="auto"), seed=0).fingerprint

    found = [fingerprint(), fingerprint("a", "a", "b", "c"), fingerprint("a", "b", "b", "c")]
    assert len(set(found)) == 3
    assert fingerprint("x", "x", "y", "z") == found[1]  # other addresses, the same groups
    assert fingerprint() == found[0]


def test_the_test_part_decides_where_copies_of_its_reviews_are_left_out(root: Path) -> None:
    def fingerprint() -> str:
        return prepare_data(Data(source=str(root), drop_duplicates=True), seed=0, with_test=False).fingerprint

    before = fingerprint()
    (root / "test" / "good" / "1.txt").write_text("good train 0", encoding="utf-8")
    assert fingerprint() != before


def test_the_limit_holds_for_both_parts_and_nothing_else_is_read(root: Path) -> None:
    prepared = prepare_data(Data(source=str(root), limit=2), seed=0)
    assert prepared.layout.train.counts() == {"bad": 2, "good": 2}
    assert prepared.layout.test is not None
    assert prepared.layout.test.counts() == {"bad": 2, "good": 2}
    assert prepared.test_report is not None
    assert (prepared.report.files, prepared.test_report.files) == (4, 4)


def test_the_order_of_the_classes_is_that_of_the_settings(root: Path) -> None:
    assert prepare_data(Data(source=str(root), classes=["good", "bad"]), seed=0).class_names == ("good", "bad")


def test_a_bad_review_of_the_test_part_is_found_too(root: Path) -> None:
    (root / "test" / "good" / "1.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError) as caught:
        prepare_data(Data(source=str(root)), seed=0)
    assert str(caught.value) == (
        f"{root} cannot be used:\n  1 file not UTF-8: test/good/1.txt; "
        "convert the files, or set data.encoding_errors to replace or skip"
    )
    assert prepare_data(Data(source=str(root), encoding_errors="skip"), seed=0).test_report.undecodable  # type: ignore[union-attr]


def test_every_problem_is_in_one_message(root: Path) -> None:
    (root / "train" / "bad" / "0.txt").write_bytes(b"caf\xe9")
    (root / "test" / "bad" / "0.txt").write_bytes(b"\0")
    (root / "train" / "good" / "gone.txt").symlink_to(root / "nowhere")
    with pytest.raises(DataError) as caught:
        prepare_data(Data(source=str(root)), seed=0)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()[1:]] == [
        "  1 file cannot be read",
        "  1 file not UTF-8",
        "  1 file with NUL bytes (UTF-16 or binary?)",
    ]


def test_the_root_may_be_given(root: Path) -> None:
    assert prepare_data(Data(source="not/there"), seed=0, root=root).layout.root == root


def test_a_missing_source_is_refused(workplace: Path) -> None:
    with pytest.raises(DataError, match="No such directory: not/there"):
        prepare_data(Data(source="not/there"), seed=0)


def test_tensorflow_is_not_loaded(root: Path) -> None:
    code = (
        "import sys\n"
        "from sentiment_cli.config.data import Data\n"
        "from sentiment_cli.data.prepare import prepare_data\n"
        "from sentiment_cli.workflows.inspect_data import check_data, describe_data\n"
        f"prepare_data(Data(source={str(root)!r}), seed=0)\n"
        f"check_data({str(root)!r}), describe_data({str(root)!r}, print)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules), 'loaded'\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False)
    assert (result.returncode, result.stderr) == (0, "")
