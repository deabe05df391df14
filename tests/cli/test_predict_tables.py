"""Does `predict --output` leave the same predictions as `predict`, the same files however often it was stopped?"""

from __future__ import annotations

import csv
import json
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from conftest import tiny_texts

from sentiment_cli.scoring import parts

Cli = Callable[..., Result]
score_module = import_module("sentiment_cli.workflows.score")
TEXTS = [text for pair in zip(*tiny_texts(12, start=200).values(), strict=True) for text in pair]


@pytest.fixture
def reviews(run_copy: Path) -> Path:
    """24 reviews with ids and two bad rows among them."""
    rows = [[f"r{number}", text] for number, text in enumerate(TEXTS)]
    rows[5:5], rows[20:20] = [["blank", "  "]], [["short"]]
    with Path("reviews.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "review"], *rows])
    return Path("reviews.csv")


@pytest.fixture
def scored(cli: Cli, reviews: Path) -> Callable[..., dict[str, Any]]:
    """Score `reviews` in parts of 5 as CSV; what ``--json`` says."""

    def run(output: str, *options: str) -> dict[str, Any]:
        common = ["--input", str(reviews), "--output", output, "--format", "csv", "--part-rows", "5", "--json"]
        result = cli("predict", "--run", "tiny", *common, *options)
        assert result.exit_code == 0, result.stderr
        return dict(json.loads(result.stdout))

    return run


def files_of(directory: str) -> dict[str, bytes]:
    """What is in a directory, its lock aside."""
    return {path.name: path.read_bytes() for path in Path(directory).iterdir() if path.name != ".lock"}


def rows_of(directory: str) -> list[dict[str, str]]:
    rows = []
    for path in sorted(Path(directory).glob("part-*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    return rows


def test_the_predictions_are_those_of_single_texts_with_ids_and_order_kept(
    cli: Cli, scored: Callable[..., Any]
) -> None:
    told = scored("out")
    rows = rows_of("out")
    assert [row["id"] for row in rows] == [f"r{number}" for number in range(24)]
    assert [int(row["row"]) for row in rows] == [number for number in range(1, 27) if number not in (6, 21)]
    single = json.loads(cli("predict", "--run", "tiny", "--json", *TEXTS).stdout)["predictions"]
    assert [row["label"] for row in rows] == [one["label"] for one in single]
    expected = [one["probabilities"]["good"] for one in single]
    assert [float(row["p_good"]) for row in rows] == pytest.approx(expected, abs=1e-6)
    counts = {name: sum(one["label"] == name for one in single) for name in ("bad", "good")}
    assert told.pop("seconds") > 0
    assert told.pop("reviews_per_second") > 0
    assert told == {"output": "out", "rows": 24, "bad_rows": 2, "parts": 5, "kept": 0, "labels": counts}


def test_bad_rows_are_set_aside_with_file_line_and_reason(scored: Callable[..., Any]) -> None:
    scored("out")
    assert Path("out/bad_rows.csv").read_text(encoding="utf-8").splitlines() == [
        "file,row,line,reason",
        "reviews.csv,6,7,no text",
        "reviews.csv,21,22,too few cells",
    ]


@pytest.mark.parametrize("whole", [0, 1, 3, 5])
def test_stopped_after_any_part_the_same_command_leaves_the_same_bytes(
    scored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, whole: int
) -> None:
    scored("unbroken")
    written: list[int] = []

    def write_part(directory: Path, form: parts.PartForm, block: Any, probabilities: Any) -> parts.Part:
        if len(written) == whole:
            raise KeyboardInterrupt
        written.append(block.number)
        return parts.write_part(directory, form, block, probabilities)

    with monkeypatch.context() as patch:
        patch.setattr(score_module, "write_part", write_part)
        if whole < 5:
            with pytest.raises(AssertionError):
                scored("out")
        else:
            scored("out")
    assert not Path("out/bad_rows.csv").exists() or whole == 5
    assert scored("out")["kept"] == 5 * whole - (whole == 5)
    assert files_of("out") == files_of("unbroken")


def test_a_finished_directory_is_left_as_it_is_without_the_network(
    scored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scored("out")
    before = files_of("out")
    monkeypatch.setattr(score_module, "load", lambda run: pytest.fail("the network was loaded"))
    told = scored("out")
    assert (told["kept"], told["rows"], told["seconds"], told["reviews_per_second"]) == (24, 24, 0, 0)
    assert files_of("out") == before


def test_what_was_scored_before_is_told(cli: Cli, reviews: Path) -> None:
    command = ["predict", "--run", "tiny", "--input", reviews, "--output", "out"]
    assert cli(*command).exit_code == 0
    Path("out/bad_rows.csv").unlink()
    assert "24 reviews in 1 part are scored already\n" in cli(*command).stderr


def test_a_part_that_was_damaged_or_removed_is_made_anew(scored: Callable[..., Any]) -> None:
    scored("out")
    before = files_of("out")
    Path("out/part-00001.csv").write_bytes(b"damaged")
    Path("out/part-00003.csv").unlink()
    assert scored("out")["kept"] == 14
    assert files_of("out") == before


def test_other_inputs_are_refused_unless_forced(cli: Cli, scored: Callable[..., Any], reviews: Path) -> None:
    scored("out")
    reviews.write_text("id,review\nx,lovely stay\n", encoding="utf-8")
    result = cli("predict", "--run", "tiny", "--input", reviews, "--output", "out", "--format", "csv")
    assert result.exit_code == 1
    assert "the inputs: they were reviews.csv then" in result.stderr
    assert "part_rows: 5 then, 10000 now" in result.stderr
    assert len(rows_of("out")) == 24
    assert scored("out", "--force")["rows"] == 1
    assert [path.name for path in sorted(Path("out").glob("part-*"))] == ["part-00000.csv"]


def test_several_inputs_are_told_apart_by_a_column(cli: Cli, run_copy: Path) -> None:
    Path("in").mkdir()
    Path("in/b.jsonl").write_text('{"text": "lovely"}\n{"text": null}\n', encoding="utf-8")
    Path("in/a.txt").write_text("dirty\nloud\n", encoding="utf-8")
    result = cli("predict", "--run", "tiny", "--input", "in", "--output", "out", "--format", "csv", "--with-text")
    assert result.exit_code == 0, result.stderr
    rows = [(row["file"], row["row"], row["text"]) for row in rows_of("out")]
    assert rows == [("in/a.txt", "1", "dirty"), ("in/a.txt", "2", "loud"), ("in/b.jsonl", "1", "lovely")]
    assert "in/b.jsonl,2,2,no text" in Path("out/bad_rows.csv").read_text(encoding="utf-8")


def test_inputs_that_were_moved_keep_the_names_that_the_first_parts_have(cli: Cli, run_copy: Path) -> None:
    Path("in").mkdir()
    for name in ("a.txt", "b.txt"):
        Path("in", name).write_text(f"dirty {name}\n\nloud\n", encoding="utf-8")
    options = ["predict", "--run", "tiny", "--format", "csv", "--part-rows", "1"]
    for output in ("unbroken", "out"):
        assert cli(*options, "--input", "in", "--output", output).exit_code == 0
    Path("in").rename("moved")
    Path("out/part-00003.csv").unlink()
    assert cli(*options, "--input", "moved", "--output", "out").exit_code == 0
    assert files_of("out") == files_of("unbroken")


def test_an_input_that_changes_while_it_is_scored_is_told_and_nothing_is_kept(
    cli: Cli, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, touch = score_module.build_block_scorer, [True]

    def scorer(loaded: Any) -> Any:
        score_block = build(loaded)

        def beside(block: Any) -> Any:
            if touch:
                os.utime(reviews)
            else:
                with reviews.open("a", encoding="utf-8") as file:
                    file.write("late,lovely stay\n")
            return score_block(block)

        return beside

    monkeypatch.setattr(score_module, "build_block_scorer", scorer)
    options = ["predict", "--run", "tiny", "--input", reviews, "--part-rows", "20", "--output"]
    assert cli(*options, "touched").exit_code == 0
    touch.clear()
    result = cli(*options, "out")
    assert result.exit_code == 1
    assert "reviews.csv: changed while it was scored" in result.stderr
    assert not Path("out/.parts.jsonl").exists()
    assert json.loads(Path("out/scored.json").read_text(encoding="utf-8"))["status"] == "running"


def test_force_replaces_no_files_of_others(cli: Cli, reviews: Path) -> None:
    Path("theirs").mkdir()
    Path("theirs/part-00000.csv").write_text("theirs", encoding="utf-8")
    result = cli("predict", "--run", "tiny", "--input", reviews, "--output", "theirs", "--force")
    assert result.exit_code == 1
    assert "theirs holds part-00000.csv and no scored.json" in result.stderr
    assert Path("theirs/part-00000.csv").read_text(encoding="utf-8") == "theirs"


def test_parquet_is_the_default_and_the_result_is_told(cli: Cli, reviews: Path) -> None:
    result = cli("predict", "--run", "tiny", "--input", reviews, "--output", "out")
    assert result.exit_code == 0, result.stderr
    assert "24 in 1 part" in result.stdout
    assert "2 (see out/bad_rows.csv)" in result.stdout
    assert Path("out/part-00000.parquet").exists()


def test_sigterm_ends_with_143_and_says_how_to_go_on(cli: Cli, reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scorer(_: object) -> Callable[[object], None]:
        return lambda block: os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(score_module, "build_block_scorer", scorer)
    result = cli("predict", "--run", "tiny", "--input", reviews, "--output", "out")
    assert result.exit_code == 143
    assert result.stderr.splitlines() == [
        'Columns: texts from "review", ids from "id"',
        "Stopped. 0 reviews are scored; the same command goes on.",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--output", "out"], 2, "--output needs --input"),
        (["--output", "out", "--input", "-"], 2, "no standard input"),
        (["--output", "out", "--input", "reviews.csv", "a text"], 2, "received the TEXT 'a text'"),
        (["--output", "out", "--input", "reviews.csv", "--format", "table"], 2, "--format table is for a screen"),
        (["--output", "out", "--input", "reviews.csv", "--workers", "2"], 2, "--workers is for a cluster"),
        (["--output", "out", "--input", "reviews.csv", "--text", "txt"], 1, 'no column "txt"'),
        (["--output", "out", "--input", "nope.csv"], 1, "nope.csv does not exist"),
        (["--output", "runs", "--input", "reviews.csv"], 1, "runs holds tiny and no scored.json"),
        (["--input", "reviews.csv", "--with-text", "--part-rows", "5"], 2, "--with-text, --part-rows: for tables"),
        (["--input", "reviews.csv", "--format", "parquet"], 2, "--format parquet needs --output"),
        (["--output", "out", "--input", "reviews.csv", "--ray", "ray://host:1"], 2, "give HOST:PORT or auto"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    cli: Cli, reviews: Path, arguments: list[str], code: int, message: str
) -> None:
    result = cli("predict", "--run", "tiny", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
