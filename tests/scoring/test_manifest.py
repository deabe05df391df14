"""Are parts kept that are whole, others made anew, and predictions of something else left alone?"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.scoring.blocks import BadRow, Block, Review
from sentiment_cli.scoring.inputs import InputFile
from sentiment_cli.scoring.manifest import Output, Task
from sentiment_cli.scoring.parts import PartForm, write_part
from sentiment_cli.scoring.settings import ScoreSettings

TASK = Task("runs/a", "m", ("neg", "pos"), (InputFile("a.csv", 3, "aa"),), ScoreSettings(form="csv"))
FORM = PartForm("csv", ("neg", "pos"), ("a.csv",), False, False)


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """An output of two parts that are whole, and no end."""
    output = Output(tmp_path / "out")
    output.begin(TASK)
    for number in (0, 1):
        block = Block(number, [Review(0, number + 1, None, None, "x")])
        output.add(write_part(output.directory, FORM, block, np.array([[0.25, 0.75]], np.float32)))
    return output


def kept(output: Output) -> list[int]:
    again = Output(output.directory)
    again.check(TASK)
    again.find_kept()
    return sorted(again.kept)


def test_parts_that_are_noted_and_whole_are_kept(output: Output) -> None:
    assert kept(output) == [0, 1]
    assert not output.is_finished()


def test_a_part_whose_note_was_cut_off_is_made_anew(output: Output) -> None:
    journal = output.directory / ".parts.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])
    assert kept(output) == [0]
    again = Output(output.directory)
    again.find_kept()
    again.begin(TASK)
    again.add(replace(output.kept[1]))
    assert kept(output) == [0, 1]


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_part_that_is_damaged_or_gone_is_made_anew(output: Output, damage: str) -> None:
    path = output.directory / "part-00000.csv"
    path.write_bytes(path.read_bytes()[:-1])
    if damage == "gone":
        path.unlink()
    assert kept(output) == [1]


def test_a_finished_output_says_what_it_holds_and_needs_no_notes(output: Output) -> None:
    with output.bad_rows(["a.csv"]) as bad_rows:
        bad_rows.add([BadRow(0, 3, 4, "no, text")])
        bad_rows.add([])
        bad_rows.add([BadRow(0, 5, None, "=1")])
    output.finish(TASK, bad_rows.count)
    manifest = json.loads(output.manifest_path.read_text(encoding="utf-8"))
    assert (manifest["status"], manifest["rows"], manifest["labels"]) == ("finished", 2, {"neg": 0, "pos": 2})
    assert manifest["bad_rows"]["rows"] == 2
    assert not (output.directory / ".parts.jsonl").exists()
    assert kept(output) == [0, 1]
    assert output.is_finished()
    with output.bad_rows_path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["file", "row", "line", "reason"],
            ["a.csv", "3", "4", "no, text"],
            ["a.csv", "5", "", "'=1"],
        ]
    output.bad_rows_path.unlink()
    assert not output.is_finished()


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (replace(TASK, model="n"), "the network: it was that of runs/a then"),
        (replace(TASK, inputs=(InputFile("a.csv", 3, "bb"),)), r"the inputs: they were a\.csv then"),
        (replace(TASK, settings=ScoreSettings(form="csv", part_rows=5)), "part_rows: 10000 then, 5 now"),
    ],
)
def test_predictions_of_something_else_are_refused(output: Output, task: Task, message: str) -> None:
    with pytest.raises(RunError, match=message):
        output.check(task)


def test_parts_of_another_format_are_not_gone_on_with(output: Output) -> None:
    manifest = json.loads(output.manifest_path.read_text(encoding="utf-8"))
    output.manifest_path.write_text(json.dumps({**manifest, "format_version": 0}), encoding="utf-8")
    with pytest.raises(RunError, match="format_version: 0 then, 1 now: another version made it"):
        output.check(TASK)


def test_the_same_bytes_under_another_name_are_the_same_input(output: Output) -> None:
    output.check(replace(TASK, run="b", inputs=(InputFile("moved/a.csv", 3, "aa"),)))


def test_a_directory_of_others_is_refused_and_clearing_leaves_their_files(tmp_path: Path, output: Output) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(RunError, match=r"holds notes\.txt and no scored\.json"):
        Output(tmp_path / "mine").check(TASK)
    for name in ("part-1.csv", "part-00001.txt", "notes.txt"):
        (output.directory / name).touch()
    output.clear()
    assert sorted(path.name for path in output.directory.iterdir()) == ["notes.txt", "part-00001.txt", "part-1.csv"]


@pytest.mark.parametrize("content", ["", "[]", '{"status": "finished"}', "\x00"])
def test_a_damaged_manifest_is_named(output: Output, content: str) -> None:
    output.manifest_path.write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=r"scored\.json cannot be read"):
        output.check(TASK)
