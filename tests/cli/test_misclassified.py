"""Does `misclassified` list the wrong predictions in every form, and can no review harm who reads it?"""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest
from click.testing import Result
from conftest import write_reviews

from sentiment_cli.analysis.attributions import Attribution, Span, write_attributions
from sentiment_cli.analysis.selection import Kind, Sort
from sentiment_cli.analysis.slices import SLICES
from sentiment_cli.analysis.versus import OUTCOMES
from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.runs import Run

Cli = Callable[..., Result]
command = importlib.import_module("sentiment_cli.cli.misclassified")  # the package has the command by that name
CONTRACT = ["id", "path", "text", "actual", "predicted", "probability", "loss"]
WHY = ["tokens", "cut", "unknown_share", "negations", "rating", "copy_of", "reasons", "words"]
KEYS = [*CONTRACT, *WHY]
HINT = "To see what the words did: sentiment evaluate runs/tiny --explain\n"


def wrong(index: int, probability: float, path: str = "") -> Prediction:
    """A good review that was taken for a bad one."""
    shares = {"bad": probability, "good": 1 - probability}
    return Prediction(index, path or f"test/good/{index:03}.txt", "good", "bad", probability, 0.25, shares, 6, 0, 0)


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
        run.traits_path("test").unlink()
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
    assert (result.exit_code, result.stderr) == (0, HINT)
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:3] == ["3 of 4 test predictions are wrong", "", "probability actual predicted review"]
    assert set(lines[3]) == {"─"}
    assert lines[4:] == [
        "0.950 good bad test/good/003.txt",
        "6 words, 0 % unknown, 0 negations",
        "lovely, she said, and meant it",
        "0.750 good bad test/good/001.txt",
        "6 words, 0 % unknown, 0 negations",
        "cold, but lovely",
        "0.550 good bad test/good/000.txt",
        "6 words, 0 % unknown, 1 negation",
        "perhaps: close call (0.55 against 0.45)",
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


def test_jsonl_has_a_line_each_that_begins_with_the_keys_of_the_contract(cli: Cli, three: Path) -> None:
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
        "tokens": 6,
        "cut": 0,
        "unknown_share": 0.0,
        "negations": 0,
        "rating": None,
        "copy_of": None,
        "reasons": [],
        "words": None,
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
    assert result.stderr.removeprefix(HINT) == f"3 wrong predictions: out/list.{form}\n"
    assert Path(f"out/list.{form}").read_bytes().decode("utf-8") == expected


def test_with_json_stdout_has_the_object_also_when_a_file_gets_it(cli: Cli, three: Path) -> None:
    result = cli("misclassified", "tiny", "--json", "-o", "list.json")
    assert json.loads(result.stdout) == json.loads(Path("list.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("form", "options"),
    [("csv", []), ("jsonl", []), ("html", []), ("csv", ["--group-by", "cut"]), ("jsonl", ["--group-by", "cut"])],
)
def test_with_json_a_file_has_the_form_that_its_ending_says(
    cli: Cli, three: Path, form: str, options: list[str]
) -> None:
    plain = cli("misclassified", "tiny", *options, "--format", form).stdout
    result = cli("misclassified", "tiny", *options, "--json", "-o", f"list.{form}")
    assert json.loads(result.stdout)["wrong"] == 3
    assert Path(f"list.{form}").read_bytes().decode("utf-8") == plain


def test_json_is_one_object_with_all_of_them(cli: Cli, put: Callable[..., Path]) -> None:
    put([f"room {index}" for index in range(25)], [wrong(index, 0.9) for index in range(25)])
    result = cli("misclassified", "tiny", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert {key: value[key] for key in ("run", "split", "examples", "wrong", "matches")} == {
        "run": "runs/tiny",
        "split": "test",
        "examples": 25,
        "wrong": 25,
        "matches": 25,
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
    # And not what would need the texts.
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
        ("csv", f"{','.join(KEYS)}\n"),
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


SPANS = (Span(0, 3, -0.5), Span(4, 7, 2.0), Span(8, 10, 0.25))


@pytest.fixture
def explained(three: Path, run_copy: Path) -> Path:
    """As `three`, and it is kept what the words of review 0, "not bad at all", did."""
    write_attributions(Run(run_copy).attributions_path("test"), [Attribution("test/good/000.txt", "bad", SPANS, 1.75)])
    return three


class TestWords:
    def test_without_colour_the_strongest_are_listed_with_their_scores(self, cli: Cli, explained: Path) -> None:
        result = cli("misclassified", "tiny")
        assert result.stderr == ""
        assert " ".join(result.stdout.split()).endswith('not bad at all for bad: "bad" +2.00, "not" -0.50, "at" +0.25')
        assert "\x1b" not in result.stdout

    def test_on_a_terminal_they_are_coloured_towards_their_class(
        self, cli: Cli, explained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NO_COLOR")
        monkeypatch.setenv("COLORTERM", "truecolor")
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setattr(command, "wants_color", lambda: True)
        text = cli("misclassified", "tiny").stdout
        assert "words on blue speak for good, on vermillion for bad" in text
        blue, vermillion = (
            re.search(rf"\x1b\[[0-9;]*48;2;(\d+);(\d+);(\d+)m{word}\x1b", text) for word in ("not", "bad")
        )
        assert blue and int(blue[3]) > int(blue[1])  # "not" spoke against bad, and so for good
        assert vermillion and int(vermillion[1]) > int(vermillion[3])
        assert "for bad:" not in text

    def test_a_file_has_no_colours(self, cli: Cli, explained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(command, "wants_color", lambda: True)
        cli("misclassified", "tiny", "-o", "list.txt")
        assert "\x1b" not in Path("list.txt").read_text(encoding="utf-8")

    @pytest.mark.parametrize("form", ["csv", "jsonl"])
    def test_programs_get_words_and_scores(self, cli: Cli, explained: Path, form: str) -> None:
        text = cli("misclassified", "tiny", "--format", form).stdout
        assert ("bad +2.0000, not -0.5000, at +0.2500" if form == "csv" else '[["bad", 2.0], ["not", -0.5]') in text

    @pytest.mark.parametrize(
        ("form", "shown"),
        [
            ("table", '"bad" 0.00, "not" 0.00'),
            ("html", "<bdi>bad</bdi> 0.00, <bdi>not</bdi> 0.00"),
            ("csv", '"bad 0.0000, not 0.0000"'),
            ("jsonl", '"words": [["bad", 0.0], ["not", 0.0]]'),
        ],
    )
    def test_a_score_that_rounds_to_zero_has_no_sign(
        self, cli: Cli, explained: Path, run_copy: Path, form: str, shown: str
    ) -> None:
        spans = (Span(0, 3, 0.00002), Span(4, 7, -0.00004))
        write_attributions(
            Run(run_copy).attributions_path("test"), [Attribution("test/good/000.txt", "bad", spans, 1.75)]
        )
        assert shown in " ".join(cli("misclassified", "tiny", "--format", form).stdout.split())

    def test_of_a_long_review_the_part_where_they_did_the_most_is_shown(
        self, cli: Cli, put: Callable[..., Path], run_copy: Path
    ) -> None:
        put([f"{'so ' * 200}dreadful {'so ' * 200}"], [wrong(0, 0.9)])
        spans = (Span(0, 2, 0.1), Span(600, 608, 3.0))
        write_attributions(
            Run(run_copy).attributions_path("test"), [Attribution("test/good/000.txt", "bad", spans, 3.1)]
        )
        assert "…dreadful so so" in cli("misclassified", "tiny").stdout

    def test_a_word_of_any_length_takes_one_line(self, cli: Cli, put: Callable[..., Path], run_copy: Path) -> None:
        put([f"{'x' * 5000} room"], [wrong(0, 0.9)])
        spans = (Span(0, 5000, 1.0),)
        write_attributions(
            Run(run_copy).attributions_path("test"), [Attribution("test/good/000.txt", "bad", spans, 1.0)]
        )
        assert f'for bad: "{"x" * 39}…" +1.00' in " ".join(cli("misclassified", "tiny").stdout.split())

    def test_a_hostile_review_is_harmless_with_colours_too(
        self, cli: Cli, put: Callable[..., Path], run_copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put([HOSTILE], [wrong(0, 0.9)])
        spans = tuple(Span(place, place + 3, 1.0) for place in range(0, len(HOSTILE) - 3, 3))
        write_attributions(
            Run(run_copy).attributions_path("test"), [Attribution("test/good/000.txt", "bad", spans, 1.0)]
        )
        monkeypatch.setattr(command, "wants_color", lambda: True)
        text = re.sub(r"\x1b\[[0-9;]*m", "", cli("misclassified", "tiny").stdout)
        assert not set(text) & set("\x1b\x07\x08\x9b\r\u202e\u2066\u2028")


def table_of(result: Result) -> list[str]:
    """The lines of a table, with single blanks, without rules and empty ones."""
    assert result.exit_code == 0, result.stderr
    lines = (" ".join(line.split()) for line in result.stdout.splitlines())
    return [line for line in lines if line and not set(line) <= {"─", " "}]


class TestSelection:
    @pytest.mark.parametrize(
        ("options", "head", "paths"),
        [
            (["--contains", "LOVELY"], "; 2 of these match", ["003", "001"]),
            (["--min-probability", "0.7", "--top", "1"], "; 2 of these match; the 1 most confident", ["003"]),
            (["--max-probability", "0.6"], "; 1 of these matches", ["000"]),
            (["--kind", "fn", "--predicted", "bad"], "; 3 of these match", ["003", "001", "000"]),
            (["--kind", "fp"], "; 0 of these match", []),
            (["--sort", "loss", "--top", "2"], "; the 2 with the highest loss", ["000", "001"]),
            (["--sort", "length", "--top", "2"], "; the 2 longest", ["000", "001"]),
            (["--reverse"], "", ["000", "001", "003"]),
            (["--reverse", "--top", "2"], "; the 2 least confident", ["000", "001"]),
            (["--sort", "loss", "--reverse", "--top", "1"], "; the 1 with the lowest loss", ["000"]),
        ],
    )
    def test_the_head_says_what_of_how_many(
        self, cli: Cli, three: Path, options: list[str], head: str, paths: list[str]
    ) -> None:
        lines = table_of(cli("misclassified", "tiny", *options))
        assert lines[0] == f"3 of 4 test predictions are wrong{head}"
        assert [line[-7:-4] for line in lines if line.endswith(".txt")] == paths

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--actual", "goood"], '--actual goood: the run has no such class; did you mean "good"?'),
            (
                ["--data", "bnb", "--split", "validation"],
                "--split validation is for the run's own data; of other data the test part is used, or all.",
            ),
            (["--show", "fixed"], "--show fixed needs --vs RUN."),
            (["--vs", "tiny", "--suspect-labels"], "--vs and --suspect-labels exclude each other."),
            (["--vs", "tiny", "--group-by", "cut"], "--vs and --group-by exclude each other."),
            (["--group-by", "cut", "--top", "3"], "--group-by counts all predictions; leave out --top."),
            (["--group-by", "cut", "--reverse"], "--group-by counts all predictions; leave out --reverse."),
            (
                ["--group-by", "cut", "--actual", "good", "--min-probability", "0.5"],
                "--group-by counts all predictions; leave out --actual, --min-probability.",
            ),
            (
                ["--group-by", "cut", "--format", "html"],
                "--group-by is shown as table, csv, jsonl or --json, or drawn with -o FILE.png.",
            ),
            (
                ["--group-by", "stars"],
                "--group-by stars: there is no such trait; known: length, unknown, cut, rating, negation",
            ),
            (["--group-by", "cut,"], "--group-by: expected traits with a comma between them, received 'cut,'."),
            (
                ["-o", "list.png"],
                "list.png: a picture is drawn of --group-by alone; a list is written as .csv, .jsonl or .html.",
            ),
            (["--min-probability", "nan"], "--min-probability: expected a number from 0 to 1, received nan."),
        ],
    )
    def test_what_cannot_be_meant_is_wrong_usage(self, cli: Cli, three: Path, options: list[str], message: str) -> None:
        result = cli("misclassified", "tiny", *options)
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {message}\n")

    def test_texts_that_are_gone_may_contain_anything_which_is_said(self, cli: Cli, three: Path) -> None:
        (three / "test" / "good" / "003.txt").unlink()
        result = cli("misclassified", "tiny", "--contains", "lovely", "--format", "jsonl")
        assert result.stderr == f"1 review is no longer in {three}: whether it contains the text is not known\n"
        assert len(result.stdout.splitlines()) == 1

    def test_choices_are_those_of_the_library(self) -> None:
        assert get_args(Sort) == command._SORTS
        assert get_args(Kind) == command._KINDS
        assert command._OUTCOMES == OUTCOMES
        assert command._TRAITS == SLICES


class TestVersus:
    @pytest.fixture
    def other(self, three: Path, run_copy: Path) -> Path:
        """Right on review 3, wrong on 0, 1 and 2."""
        shutil.copytree(run_copy, Path("runs") / "other")
        rows = [wrong(0, 0.8), wrong(1, 0.7), wrong(2, 0.6), right(3)]
        write_predictions(Run(Path("runs/other")).predictions_path("test"), rows, ["bad", "good"])
        return three

    def test_outcomes_have_tables_of_their_own(self, cli: Cli, other: Path) -> None:
        lines = table_of(cli("misclassified", "tiny", "--vs", "other"))
        assert lines[0].startswith(
            "tiny against other on 4 test reviews: 1 fixed, 1 broken, 2 wrong in both; accuracy +0.0000"
        )
        assert "McNemar's test p = 1.00" in " ".join(lines)
        found = [line for line in lines if line.startswith(("Broken", "Fixed", "Both")) or line.endswith(".txt")]
        assert found == [
            "Broken: tiny is wrong, other is right (1)",
            "good bad 0.950 good 0.900 test/good/003.txt",
            "Fixed: tiny is right, other is wrong (1)",
            "good good 0.900 bad 0.600 test/good/002.txt",
            "Both wrong (2)",
            "good bad 0.750 bad 0.700 test/good/001.txt",
            "good bad 0.550 bad 0.800 test/good/000.txt",
        ]

    def test_one_outcome_is_shown_alone(self, cli: Cli, other: Path) -> None:
        result = cli("misclassified", "tiny", "--vs", "other", "--show", "both-wrong", "--top", "1")
        lines = [line for line in table_of(result) if "wrong" in line.lower() or line.endswith(".txt")]
        assert lines[1:] == ["Both wrong (2; the 1 most confident)", "good bad 0.750 bad 0.700 test/good/001.txt"]

    @pytest.mark.parametrize("form", ["csv", "jsonl"])
    def test_programs_get_the_outcome_and_both_predictions(self, cli: Cli, other: Path, form: str) -> None:
        text = cli("misclassified", "tiny", "--vs", "other", "--format", form).stdout
        rows = (
            list(csv.DictReader(io.StringIO(text, newline="")))
            if form == "csv"
            else [json.loads(line) for line in text.splitlines()]
        )
        extra = ["outcome", "other_predicted", "other_probability", "other_loss"]
        assert [list(row) for row in rows] == [[*KEYS, *extra]] * 4
        assert [row["outcome"] for row in rows] == ["broken", "fixed", "both-wrong", "both-wrong"]

    def test_json_has_the_test_beside_the_list(self, cli: Cli, other: Path) -> None:
        value = json.loads(cli("misclassified", "tiny", "--vs", "other", "--json").stdout)
        assert {key: value["vs"][key] for key in ("run", "broken", "fixed", "both_wrong", "p_value")} == {
            "run": "runs/other",
            "broken": 1,
            "fixed": 1,
            "both_wrong": 2,
            "p_value": 1.0,
        }
        assert len(value["misclassified"]) == 4

    def test_the_page_has_a_heading_for_each_outcome(self, cli: Cli, other: Path) -> None:
        text = cli("misclassified", "tiny", "--vs", "other", "--format", "html").stdout
        assert re.findall("<h2>(.*)</h2>", text) == ["Broken", "Fixed", "Both wrong"]


class TestSuspectLabels:
    def test_the_most_suspect_come_first_with_what_they_may_be(self, cli: Cli, three: Path) -> None:
        # thresholds: good (0.45 + 0.25 + 0.9 + 0.05) / 4 = 0.41, bad has no review and so none
        assert table_of(cli("misclassified", "tiny", "--suspect-labels")) == ["0 of 4 test labels are suspect"]
        rows = [wrong(0, 0.55), wrong(1, 0.75), right(2), wrong(3, 0.95)]
        bad = Prediction(4, "test/bad/000.txt", "bad", "bad", 0.7, 0.3, {"bad": 0.7, "good": 0.3}, 6, 0, 0)
        write_predictions(Run(Path("runs/tiny")).predictions_path("test"), [*rows, bad], ["bad", "good"])
        lines = table_of(cli("misclassified", "tiny", "--suspect-labels"))
        assert lines[0].startswith(
            "2 of 5 test labels are suspect; about 2 are estimated to be wrong, confident mistakes of"
        )
        assert lines[1] == "margin label suggested review"
        assert [line for line in lines if line.endswith(".txt")] == [
            "-0.900 good bad test/good/003.txt",
            "-0.500 good bad test/good/001.txt",
        ]
        last = table_of(cli("misclassified", "tiny", "--suspect-labels", "--reverse", "--top", "1"))
        assert last[0].endswith("; the 1 least suspect")
        assert [line for line in last if line.endswith(".txt")] == ["-0.500 good bad test/good/001.txt"]
        value = json.loads(cli("misclassified", "tiny", "--suspect-labels", "--json").stdout)
        assert [list(row) for row in value["suspects"]] == [[*KEYS, "suggested", "self_confidence", "margin"]] * 2
        page = cli("misclassified", "tiny", "--suspect-labels", "--format", "html").stdout
        assert "labelled <strong><bdi>good</bdi></strong>" in page and "margin -0.900" in page

    def test_of_what_was_learned_they_need_a_cross_validation(self, cli: Cli, three: Path) -> None:
        result = cli("misclassified", "tiny", "--suspect-labels", "--split", "train")
        assert result.exit_code == 1
        assert result.stderr.endswith("that has not learned it: sentiment evaluate runs/tiny --cross-validate 5\n")


class TestGroupBy:
    def test_a_table_for_each_trait(self, cli: Cli, three: Path) -> None:
        lines = table_of(cli("misclassified", "tiny", "--group-by", "cut,negation"))
        assert lines == [
            "3 of 4 test predictions are wrong: 75.0 % (95 %: 30.1 to 95.4 %)",
            "cut reviews wrong error rate 95 % of all errors",
            "read whole 4 3 75.0 % 30.1 to 95.4 % 100.0 %",
            "negation reviews wrong error rate 95 % of all errors",
            "no negation 3 2 66.7 % 20.8 to 93.9 % 66.7 %",
            "1 negation 1 1 100.0 % 20.7 to 100.0 % 33.3 %",
        ]

    @pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
    def test_programs_get_a_row_for_each_slice(self, cli: Cli, three: Path, form: str) -> None:
        options = ["--json"] if form == "json" else ["--format", form]
        text = cli("misclassified", "tiny", "--group-by", "negation", *options).stdout
        if form == "csv":
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
        else:
            values = [json.loads(line) for line in text.splitlines()]
            rows = values[0]["slices"] if form == "json" else values
        assert [(row["by"], row["name"], int(row["examples"]), int(row["wrong"])) for row in rows] == [
            ("negation", "no negation", 3, 2),
            ("negation", "1 negation", 1, 1),
        ]

    def test_a_picture_is_drawn_where_its_file_ends_like_one(self, cli: Cli, three: Path) -> None:
        result = cli("misclassified", "tiny", "--group-by", "cut", "-o", "out/cut.svg")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Picture: out/cut.svg\n")
        assert "<svg" in Path("out/cut.svg").read_text(encoding="utf-8")

    def test_with_json_a_picture_is_drawn_as_well(self, cli: Cli, three: Path) -> None:
        result = cli("misclassified", "tiny", "--group-by", "cut", "-o", "cut.png", "--json")
        assert json.loads(result.stdout)["wrong"] == 3
        assert Path("cut.png").read_bytes().startswith(b"\x89PNG")

    def test_reviews_that_are_gone_are_said(self, cli: Cli, three: Path) -> None:
        shutil.rmtree(three)
        result = cli("misclassified", "tiny", "--group-by", "negation")
        assert result.stderr == f"The texts of 4 reviews are not in {three}; their negations are not known\n"
        assert "not known" in result.stdout


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


@pytest.mark.parametrize("command", [["misclassified", "tiny"], ["probe", "--run", "tiny"]], ids=lambda names: names[0])
def test_a_file_whose_ending_promises_something_else_is_refused(cli: Cli, run_copy: Path, command: list[str]) -> None:
    result = cli(*command, "-o", "list.gif")
    assert result.exit_code == 2
    assert "list.gif: a .gif file is not written; expected .csv, .jsonl" in result.stderr
    assert not Path("list.gif").exists()
