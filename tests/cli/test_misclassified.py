"""Does `misclassified` list the wrong predictions in every form, and can no review harm who reads it?"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from conftest import write_reviews

from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.runs import Run

Cli = Callable[..., Result]
KEYS = ["id", "path", "text", "actual", "predicted", "probability", "loss"]


def wrong(index: int, probability: float, path: str = "") -> Prediction:
    """A good review that was taken for a bad one."""
    shares = {"bad": probability, "good": 1 - probability}
    return Prediction(index, path or f"test/good/{index:03}.txt", "good", "bad", probability, 0.25, shares, 3, 0, 0)


def right(index: int) -> Prediction:
    return Prediction(index, f"test/good/{index:03}.txt", "good", "good", 0.9, 0.1, {"bad": 0.1, "good": 0.9}, 3, 0, 0)


@pytest.fixture
def put(run_copy: Path, workplace: Path) -> Callable[..., Path]:
    """Give the run at ``runs/tiny`` these test reviews and predictions; returns the data root."""

    def replace(texts: list[str], predictions: list[Prediction]) -> Path:
        run, root = Run(run_copy), workplace / "reviews"
        write_reviews(root / "test", {"good": texts})
        write_predictions(run.predictions_path("test"), predictions, ["bad", "good"])
        record = run.read_record()
        run.write_record({**record, "data": {**record["data"], "root": str(root)}})
        return root

    return replace


@pytest.fixture
def three(put: Callable[..., Path]) -> Path:
    """Of four reviews, 0, 1 and 3 are wrong, 3 the most confidently and 0 the least."""
    return put(
        ["not bad at all", "cold, but\nlovely", "a right one", "lovely, she said, and meant it"],
        [wrong(0, 0.55), wrong(1, 0.75), right(2), wrong(3, 0.95)],
    )


def test_the_table_has_the_most_confident_first_and_says_how_many(cli: Cli, three: Path) -> None:
    result = cli("misclassified", "tiny")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:3] == ["3 of 4 test predictions are wrong", "", "probability actual predicted review"]
    assert set(lines[3]) == {"─"}
    assert lines[4:] == [
        "0.950 good bad test/good/003.txt",
        "lovely, she said, and meant it",
        "0.750 good bad test/good/001.txt",
        "cold, but lovely",
        "0.550 good bad test/good/000.txt",
        "not bad at all",
    ]


def test_the_newest_finished_run_is_taken_and_said_on_stderr(cli: Cli, three: Path) -> None:
    result = cli("misclassified", "--format", "jsonl")
    assert result.stderr == "Run: runs/tiny (the newest finished one)\n"
    assert len(result.stdout.splitlines()) == 3


@pytest.mark.parametrize(("form", "shown"), [("table", 20), ("csv", 25), ("jsonl", 25), ("html", 25)])
def test_the_table_shows_twenty_and_the_other_forms_all(
    cli: Cli, put: Callable[..., Path], form: str, shown: int
) -> None:
    put([f"room {index}" for index in range(25)], [wrong(index, 0.9 - index / 100) for index in range(25)])
    text = cli("misclassified", "tiny", "--format", form).stdout
    assert text.count("test/good/") == shown
    if form == "table":
        assert text.startswith("25 of 25 test predictions are wrong; the 20 most confident\n")


@pytest.mark.parametrize("form", ["table", "csv", "jsonl", "html"])
def test_top_gives_the_most_confident_in_every_form(cli: Cli, three: Path, form: str) -> None:
    text = cli("misclassified", "tiny", "--format", form, "--top", "2").stdout
    assert text.count("test/good/") == 2
    assert 0 < text.index("test/good/003.txt") < text.index("test/good/001.txt")


def test_top_may_exceed_twenty_in_the_table(cli: Cli, put: Callable[..., Path]) -> None:
    put([f"room {index}" for index in range(25)], [wrong(index, 0.9) for index in range(25)])
    assert cli("misclassified", "tiny", "--top", "23").stdout.count("test/good/") == 23


def test_jsonl_has_a_line_each_with_exactly_the_keys_of_the_contract(cli: Cli, three: Path) -> None:
    rows = [json.loads(line) for line in cli("misclassified", "tiny", "--format", "jsonl").stdout.splitlines()]
    assert [list(row) for row in rows] == [KEYS] * 3
    assert rows[1] == {
        "id": 1,
        "path": "test/good/001.txt",
        "text": "cold, but\nlovely",
        "actual": "good",
        "predicted": "bad",
        "probability": 0.75,
        "loss": 0.25,
    }


def test_csv_reads_back_with_commas_quotes_and_line_ends(cli: Cli, put: Callable[..., Path]) -> None:
    texts = ['a "quoted" word', "a, b\n\nc", "=1+1", "\x1b[31m größe \u65e5\u672c"]
    put(texts, [wrong(index, 0.9 - index / 10) for index in range(4)])
    rows = list(csv.DictReader(io.StringIO(cli("misclassified", "tiny", "--format", "csv").stdout, newline="")))
    assert [list(row) for row in rows] == [KEYS] * 4
    assert [row["text"] for row in rows] == [texts[0], texts[1], "'=1+1", texts[3]]  # text, and no formula
    assert [float(row["probability"]) for row in rows] == [0.9, 0.8, 0.7, 0.6]


@pytest.mark.parametrize("form", ["table", "csv", "jsonl", "html"])
def test_a_file_gets_what_stdout_would_have_and_stdout_stays_empty(cli: Cli, three: Path, form: str) -> None:
    expected = cli("misclassified", "tiny", "--format", form).stdout
    result = cli("misclassified", "tiny", "--format", form, "-o", f"out/list.{form}")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"3 wrong predictions: out/list.{form}\n"
    assert Path(f"out/list.{form}").read_bytes().decode("utf-8") == expected


def test_with_json_stdout_has_the_object_also_when_a_file_gets_it(cli: Cli, three: Path) -> None:
    result = cli("misclassified", "tiny", "--json", "-o", "list.json")
    assert json.loads(result.stdout) == json.loads(Path("list.json").read_text(encoding="utf-8"))


def test_json_is_one_object_with_all_of_them(cli: Cli, put: Callable[..., Path]) -> None:
    put([f"room {index}" for index in range(25)], [wrong(index, 0.9) for index in range(25)])
    result = cli("misclassified", "tiny", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert {key: value[key] for key in ("run", "split", "examples", "wrong")} == {
        "run": "runs/tiny",
        "split": "test",
        "examples": 25,
        "wrong": 25,
    }
    assert [list(row) for row in value["misclassified"]] == [KEYS] * 25


def test_json_and_another_form_exclude_each_other(cli: Cli, three: Path) -> None:
    result = cli("misclassified", "tiny", "--json", "--format", "csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: --json and --format csv exclude each other.\n"


def test_a_directory_as_file_is_wrong_usage(cli: Cli, three: Path) -> None:
    Path("there").mkdir()
    result = cli("misclassified", "tiny", "-o", "there")
    assert result.exit_code == 2
    assert "File 'there' is a directory" in result.stderr


def test_texts_that_are_gone_are_said_and_the_rest_goes_on(cli: Cli, three: Path) -> None:
    (three / "test" / "good" / "003.txt").unlink()
    result = cli("misclassified", "tiny", "--format", "jsonl")
    assert result.exit_code == 0
    assert result.stderr == f"1 review is no longer in {three}; it is listed without its text\n"
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == [
        None,
        "cold, but\nlovely",
        "not bad at all",
    ]


@pytest.mark.parametrize("form", ["table", "csv", "html"])
def test_without_any_text_every_form_still_lists_all(cli: Cli, three: Path, form: str) -> None:
    shutil.rmtree(three)
    result = cli("misclassified", "tiny", "--format", form)
    assert result.exit_code == 0
    assert result.stderr == f"3 reviews are no longer in {three}; they are listed without their text\n"
    assert result.stdout.count("test/good/") == 3
    gone = {"table": "(file is gone)", "csv": "", "html": "The file is gone."}[form]
    assert gone in result.stdout


def test_an_empty_review_is_not_said_to_be_gone(cli: Cli, put: Callable[..., Path]) -> None:
    put(["", " \n"], [wrong(0, 0.9), wrong(1, 0.8)])
    text = cli("misclassified", "tiny").stdout
    assert "gone" not in text
    assert text.count("(empty)") == 2


def test_a_split_without_predictions_is_refused_with_the_command_that_makes_them(cli: Cli, run_copy: Path) -> None:
    result = cli("misclassified", "tiny", "--split", "train")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: runs/tiny has no predictions on its train part yet. "
        "Make them: sentiment evaluate runs/tiny --split train\n"
    )


def test_the_validation_part_can_be_chosen(cli: Cli, run_copy: Path) -> None:
    value = json.loads(cli("misclassified", "tiny", "--split", "validation", "--json").stdout)
    assert (value["split"], value["examples"]) == ("validation", 10)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("table", "0 of 1 test predictions are wrong\n"),
        ("csv", "id,path,text,actual,predicted,probability,loss\n"),
        ("jsonl", ""),
    ],
)
def test_nothing_wrong_at_all_is_no_error(cli: Cli, put: Callable[..., Path], form: str, expected: str) -> None:
    put(["fine"], [right(0)])
    result = cli("misclassified", "tiny", "--format", form)
    assert (result.exit_code, result.stdout) == (0, expected)


def test_a_page_without_anything_wrong_says_so(cli: Cli, put: Callable[..., Path]) -> None:
    put(["fine"], [right(0)])
    assert "<p>No wrong predictions.</p>" in cli("misclassified", "tiny", "--format", "html").stdout


HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m bell\x07 back\x08space"
    " [red]markup[/red] [link=file:///etc] <script>alert('x')</script> & \u202eesrever \u2066x line\u2028two\nthree\r"
)


def test_a_hostile_review_cannot_steer_a_terminal_nor_is_it_markup(cli: Cli, put: Callable[..., Path]) -> None:
    put([HOSTILE], [wrong(0, 0.9)])
    text = cli("misclassified", "tiny").stdout
    assert not set(text) & set("\x1b\x07\x08\x9b\r\u202e\u2066\u2028")
    flat = " ".join(text.split())
    assert "[red]markup[/red] [link=file:///etc]" in flat
    assert "line two three" in flat


def test_a_hostile_file_name_cannot_steer_a_terminal(cli: Cli, put: Callable[..., Path]) -> None:
    put([], [wrong(0, 0.9, "test/good/\x1b\x07\u202ex[bold].txt")])
    text = cli("misclassified", "tiny").stdout
    assert not set(text) & set("\x1b\x07\u202e")
    assert "x[bold].txt" in text


class Tags(HTMLParser):
    """Collects what a browser would take for elements, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_hostile_review_is_text_on_the_page_and_no_element(cli: Cli, put: Callable[..., Path]) -> None:
    put([HOSTILE + '</p><img src=x onerror="alert(1)">'], [wrong(0, 0.9, "test/good/000.txt")])
    parser = Tags()
    parser.feed(cli("misclassified", "tiny", "--format", "html").stdout)
    assert not parser.tags & {"script", "img", "a", "link"}
    assert "<script>alert('x')</script>" in parser.text
    assert '<img src=x onerror="alert(1)">' in parser.text
    assert "[red]markup[/red]" in parser.text


def test_jsonl_of_a_hostile_review_is_one_harmless_line_and_reads_back(cli: Cli, put: Callable[..., Path]) -> None:
    put([HOSTILE], [wrong(0, 0.9)])
    text = cli("misclassified", "tiny", "--format", "jsonl").stdout
    assert len(text.splitlines()) == 1
    assert not set(text) & set("\x1b\x07\x08\x9b\u202e\u2066\u2028")
    assert json.loads(text)["text"] == HOSTILE.replace("\r", "\n")


def test_a_long_review_is_cut_in_the_table_alone(cli: Cli, put: Callable[..., Path]) -> None:
    put(["lovely " * 200 + "end"], [wrong(0, 0.9)])
    assert "…" in cli("misclassified", "tiny").stdout
    assert "end" not in cli("misclassified", "tiny").stdout
    assert json.loads(cli("misclassified", "tiny", "--format", "jsonl").stdout)["text"].endswith("end")
