"""Is a table imported once into the user's cache and found there again, with what was said of it?"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from conftest import Told

from sentiment_cli.config.data import Data
from sentiment_cli.errors import ConfigError, DataError
from sentiment_cli.importing.kept import import_kept, source_root
from sentiment_cli.importing.settings import Input, open_inputs
from sentiment_cli.resources import imported_dir

ROWS = "text,label\nlovely room,good\ncold room,bad\n,bad\nso so,neutral\n"


@pytest.fixture
def table(workplace: Path) -> Path:
    (workplace / "t.csv").write_text(ROWS, encoding="utf-8")
    return workplace / "t.csv"


def kept() -> list[str]:
    return sorted(path.name for path in imported_dir().iterdir() if path.name != "locks")


def test_a_table_is_read_once_and_what_is_to_know_is_said_each_time(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Told(), Told()
    root = source_root(Data(source="t.csv", classes=["bad", "good"]), first)
    assert (root / "good" / "0000001.txt").read_text(encoding="utf-8") == "lovely room"
    monkeypatch.setattr("sentiment_cli.importing.kept.make_directory", None)
    assert source_root(Data(source=str(table), classes=["good", "bad"]), second) == root
    assert second.notes == first.notes
    assert first.notes == [
        't.csv: CSV, separated by commas, in UTF-8; text from "text", label from "label"',
        "4 rows: 2 reviews, 2 left out",
        "left out: 1 no text (t.csv:4)",
        "left out: 1 none of the wanted classes (t.csv:5)",
        "Values that are none of the wanted classes: neutral (1).",
        f"Imported to {root}",
    ]


def test_what_is_kept_is_known_by_contents_and_settings(table: Path) -> None:
    first = source_root(Data(source="t.csv"), Told())
    (table.parent / "other.csv").write_text(ROWS, encoding="utf-8")
    assert source_root(Data(source="other.csv"), Told()) == first
    mapped = source_root(Data(source="t.csv", label_map={"good": "a", "bad": "b"}), Told())
    named = source_root(Data(source="t.csv", id_column="label"), Told())
    table.write_text(ROWS + "warm,good\n", encoding="utf-8")
    longer = source_root(Data(source="t.csv"), Told())
    assert kept() == sorted({root.name for root in (first, mapped, named, longer)})
    assert len(kept()) == 4


def test_a_test_table_is_the_test_part(table: Path) -> None:
    with gzip.open("test.csv.gz", "wt", encoding="utf-8") as file:
        file.write("label;text\nneutral;well\nbad;rude\ngood;kind\n")
    root = source_root(Data(source="t.csv", test_source="test.csv.gz"), Told())
    assert (root / "test" / "bad" / "0000002.txt").read_text(encoding="utf-8") == "rude"
    assert (root / "train" / "bad" / "0000002.txt").read_text(encoding="utf-8") == "cold room"


def test_what_is_not_whole_is_made_anew(table: Path) -> None:
    root = source_root(Data(source="t.csv"), Told())
    (root / "import.json").write_text("{}", encoding="utf-8")
    (root / "good" / "0000001.txt").write_text("damaged", encoding="utf-8")
    assert source_root(Data(source="t.csv"), Told()) == root
    assert (root / "good" / "0000001.txt").read_text(encoding="utf-8") == "lovely room"
    assert kept() == [root.name]


def test_what_lost_some_of_its_reviews_is_made_anew(table: Path) -> None:
    root = source_root(Data(source="t.csv"), Told())
    (root / "good" / "0000001.txt").unlink()
    (root / "good" / "note").touch()
    assert source_root(Data(source="t.csv"), Told()) == root
    assert sorted(path.name for path in (root / "good").iterdir()) == ["0000001.txt"]


def test_a_table_that_changes_before_it_is_read_is_not_kept_under_what_it_was(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(*arguments: Any) -> list[Input]:
        table.write_text(ROWS + "warm,good\n", encoding="utf-8")
        return open_inputs(*arguments)

    monkeypatch.setattr("sentiment_cli.importing.kept.open_inputs", change)
    with pytest.raises(DataError, match=r"t\.csv changed while it was read"):
        source_root(Data(source="t.csv"), Told())
    assert kept() == []


def test_one_class_does_for_an_evaluation_and_not_for_a_training(workplace: Path) -> None:
    (workplace / "t.csv").write_text("text,label\nlovely,good\n", encoding="utf-8")
    assert import_kept(Data(source="t.csv"), Told(), trains=False).written == 1
    with pytest.raises(DataError, match="only the class good"):
        source_root(Data(source="t.csv"), Told())


def test_a_table_that_is_not_there_is_named(workplace: Path) -> None:
    with pytest.raises(DataError, match=r"^No such file: t\.csv \(looked from "):
        source_root(Data(source="t.csv"), Told())


def test_columns_of_a_directory_are_a_mistake_in_the_configuration(workplace: Path) -> None:
    (workplace / "reviews").mkdir()
    with pytest.raises(ConfigError) as caught:
        source_root(Data(source="reviews", text_column="a", label_map={"1": "a", "2": "b"}), Told())
    assert [problem.key for problem in caught.value.problems] == ["data.text_column", "data.label_map"]


def test_warnings_of_the_reader_come_each_time(workplace: Path) -> None:
    lines = ["lovely room,good", "cold room,bad", "kind,good", "rude,bad"]
    (workplace / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    settings = Data(source="t.csv", text_column="lovely room", label_column="good")
    for _ in range(2):
        told = Told()
        source_root(settings, told)
        assert len(told.warnings) == 1
        assert "taken as the header" in told.warnings[0]
