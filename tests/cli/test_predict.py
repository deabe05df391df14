"""Does `predict` give one result per review, in order, in every form, whatever bytes come in?"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]
GOOD, BAD = "lovely warm kind quiet", "dirty cold rude loud"


@pytest.fixture
def predicted(cli: Cli, run_copy: Path) -> Callable[..., list[str]]:
    """The texts that were predicted, as ``--json`` gives them back."""

    def run(*arguments: str | Path, input: str | bytes | None = None) -> list[str]:
        result = cli("predict", "--json", *arguments, input=input)
        assert result.exit_code == 0, result.stderr
        return [row["text"] for row in json.loads(result.stdout)["predictions"]]

    return run


def test_json_is_one_object_with_exactly_the_keys_of_the_contract(cli: Cli, run_copy: Path) -> None:
    result = cli("predict", "--run", "tiny", "--json", GOOD, BAD)
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert list(value) == ["predictions"]
    assert [list(row) for row in value["predictions"]] == [["text", "label", "probability", "probabilities"]] * 2
    for row in value["predictions"]:
        assert list(row["probabilities"]) == ["bad", "good"]
        assert row["probability"] == max(row["probabilities"].values()) == row["probabilities"][row["label"]]
        assert sum(row["probabilities"].values()) == pytest.approx(1)


def test_the_newest_finished_run_is_taken_and_said_on_stderr(cli: Cli, run_copy: Path) -> None:
    result = cli("predict", GOOD)
    assert (result.exit_code, result.stderr) == (0, "Run: runs/tiny (the newest finished one)\n")


def test_the_order_is_texts_first_and_then_the_inputs_as_given(predicted: Callable[..., list[str]]) -> None:
    Path("a.txt").write_text("a1\na2\n", encoding="utf-8")
    Path("b.txt").write_text("b1\n", encoding="utf-8")
    texts = predicted("--input", "b.txt", "t1", "--input", "a.txt", "--input", "-", "t2", input="s1\ns2\n")
    assert texts == ["t1", "t2", "b1", "a1", "a2", "s1", "s2"]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\ntwo", ["one", "two"]),
        (b"one\n\n\ntwo\n\n", ["one", "", "", "two", ""]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"\xef\xbb\xbfone\n", ["one"]),
        ("one\u2028still\u2029one\x0cand\x85on\ntwo\n".encode(), ["one\u2028still\u2029one\x0cand\x85on", "two"]),
        (b"\n", [""]),
        (b"nul\0inside\n", ["nul\0inside"]),
        ("\U0001f600\n\u65e5\u672c\u8a9e\n".encode(), ["\U0001f600", "\u65e5\u672c\u8a9e"]),
    ],
    ids=["plain", "no last end", "empty lines", "crlf", "bom", "other ends", "one empty", "nul", "scripts"],
)
def test_every_line_of_an_input_is_one_review(
    predicted: Callable[..., list[str]], content: bytes, lines: list[str]
) -> None:
    Path("in.txt").write_bytes(content)
    assert predicted("--input", "in.txt") == lines
    assert predicted("--input", "-", input=content) == lines


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_an_empty_input_has_no_predictions_and_is_no_error(cli: Cli, run_copy: Path, form: str) -> None:
    result = cli("predict", "--input", "-", "--format", form, input=b"")
    assert result.exit_code == 0
    assert "bad" not in result.stdout


def test_invalid_utf8_is_refused_with_file_and_line(cli: Cli, run_copy: Path) -> None:
    Path("in.txt").write_bytes(b"fine\nna\xefve\n")
    result = cli("predict", "-q", "--input", "in.txt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: in.txt:2: expected UTF-8, received byte 0xef.\n"
    result = cli("predict", "-q", "--input", "-", input=b"\xff")
    assert (result.exit_code, result.stderr) == (1, "Error: <stdin>:1: expected UTF-8, received byte 0xff.\n")


def test_an_input_that_cannot_be_read_is_named(cli: Cli, run_copy: Path) -> None:
    result = cli("predict", "-q", "--input", "nope.txt")
    assert (result.exit_code, result.stderr) == (1, "Error: nope.txt cannot be read: No such file or directory.\n")
    result = cli("predict", "-q", "--input", "runs")
    assert (result.exit_code, result.stderr) == (1, "Error: runs cannot be read: Is a directory.\n")


def test_an_input_is_checked_before_anything_is_predicted(cli: Cli, run_copy: Path) -> None:
    assert cli("predict", GOOD, "--input", "nope.txt").stdout == ""


@pytest.mark.parametrize(
    "text", ['a "quoted", one', "two\nlines", "a\rreturn", "half \udcff a character", "\u202ereversed \x1b[31m"]
)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_csv_and_jsonl_read_back(cli: Cli, run_copy: Path, form: str, text: str) -> None:
    result = cli("predict", "--format", form, "--", text, GOOD)
    assert result.exit_code == 0
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
        assert [list(row) for row in rows] == [["text", "label", "probability", "p_bad", "p_good"]] * 2
        assert [row["text"] for row in rows] == [text.replace("\udcff", "\\udcff"), GOOD]
        assert all(float(row["p_bad"]) + float(row["p_good"]) == pytest.approx(1, abs=1e-6) for row in rows)
    else:
        assert len(result.stdout.splitlines()) == 2
        assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == [text, GOOD]


def test_the_forms_agree(cli: Cli, run_copy: Path) -> None:
    labels = [row["label"] for row in json.loads(cli("predict", "--json", GOOD, BAD).stdout)["predictions"]]
    table = [line.split()[0] for line in cli("predict", GOOD, BAD).stdout.splitlines()[2:]]
    by_csv = [row["label"] for row in csv.DictReader(io.StringIO(cli("predict", "--format", "csv", GOOD, BAD).stdout))]
    assert table == by_csv == labels


def test_the_table_shows_hostile_texts_harmlessly(cli: Cli, run_copy: Path) -> None:
    text = cli("predict", "\x1b[2J[red]x[/red] \u202ey\nz\x07").stdout
    assert not set(text) & set("\x1b\u202e\x07")
    assert "[red]x[/red]" in text
    assert len(text.splitlines()) == 3  # head, rule, one row


def test_json_and_another_form_exclude_each_other(cli: Cli, run_copy: Path) -> None:
    result = cli("predict", "--json", "--format", "csv", GOOD)
    assert (result.exit_code, result.stderr) == (2, "Error: --json and --format csv exclude each other.\n")


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error_to_talk_about(run_copy: Path, workplace: Path) -> None:
    # More than a pipe holds (64 KiB), so that writing goes on after the reader has left.
    (workplace / "in.txt").write_text(f"{GOOD}\n" * 3000, encoding="utf-8")
    child = subprocess.Popen(
        [sys.executable, "-m", "sentiment_cli", "predict", "-q", "--input", "in.txt", "--format", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert child.stdout and child.stderr
    first = json.loads(child.stdout.readline())
    child.stdout.close()
    with child.stderr:
        said = child.stderr.read()
    child.wait(60)
    assert first["text"] == GOOD
    assert said == b""
