"""Do all commands keep results on stdout and the rest on stderr, as text or JSON, without harm to a terminal?"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from conftest import write_reviews

from sentiment_cli import __version__
from sentiment_cli.cli import main
from sentiment_cli.cli._output import Output, duration, excerpt, json_line, pairs, printable, table

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Result]


def every_command(command: click.Command = main, names: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    below = command.commands if isinstance(command, click.Group) else {}
    found = {names: command}
    for name, child in below.items():
        found |= every_command(child, (*names, name))
    return found


COMMANDS = every_command()
# One use of each command that has a result, with what makes it short.
USES: dict[str, list[str]] = {
    "train": ["--config", "tiny.yaml", "--epochs", "1", "--name", "new"],
    "evaluate": ["tiny"],
    "find-lr": ["--config", "tiny.yaml", "--steps", "50", "--sweeps", "1"],
    "pretrain": ["--config", "tiny.yaml", "--set", "pretrain={kind: word_vectors, passes: 1}"],
    "baseline": ["tiny"],
    "compare": ["tiny", "tiny"],
    "results": ["tiny"],
    "plot-history": ["tiny"],
    "misclassified": ["tiny"],
    "predict": ["--run", "tiny", "lovely"],
    "explain": ["--run", "tiny", "lovely"],
    "probe": ["--run", "tiny", "--cases", "2"],
    "report": ["tiny"],
    "schema": [],
    "sweep": ["-c", "tiny.yaml", "--grid", "model.dropout=0,0.5", "--epochs", "1", "--dry-run"],
    "export": ["tiny", "--format", "onnx", "--reviews", "5"],
    "data import": ["table.csv", "--to", "imported"],
    "download": ["imdb", "--to", "place"],
    "data check": ["reviews"],
    "data stats": ["reviews"],
    "configs": [],
    "init": ["lstm"],
    "validate": ["-c", "tiny.yaml"],
    "runs": [],
    "info": [],
}


@pytest.fixture
def ready(run_copy: Path, workplace: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that `USES` needs; no download."""
    from sentiment_cli.data import imdb

    (workplace / "tiny.yaml").write_bytes(tiny_config.read_bytes())
    (workplace / "table.csv").write_text("text,label\n" + "cold bed,bad\nwarm bed,good\n" * 3, encoding="utf-8")
    write_reviews(workplace / "reviews", {"bad": ["cold bed"] * 3, "good": ["warm bed"] * 3})

    def install(target_dir: Path, *, note: Callable[[str], None], **_: object) -> Path:
        note("a note")
        return target_dir / "aclImdb"

    monkeypatch.setattr(imdb, "install", install)


def test_these_tests_know_every_command() -> None:
    leaves = {" ".join(names) for names, command in COMMANDS.items() if not isinstance(command, click.Group)}
    assert leaves == set(USES)


@pytest.mark.parametrize("name", USES)
def test_with_json_stdout_is_one_object_in_one_line_and_nothing_else(cli: Cli, ready: None, name: str) -> None:
    result = cli(*name.split(), *USES[name], "--json")
    assert result.exit_code == 0, result.stderr
    assert isinstance(json.loads(result.stdout), dict)
    assert result.stdout.count("\n") == 1
    assert result.stdout.endswith("}\n")


@pytest.mark.parametrize("name", USES)
def test_quiet_leaves_stderr_empty_and_the_result_on_stdout(cli: Cli, ready: None, name: str) -> None:
    result = cli(*name.split(), *USES[name], "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.strip()


@pytest.mark.parametrize("name", USES)
def test_without_a_terminal_there_are_no_terminal_codes_and_no_markup(
    cli: Cli, ready: None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    result = cli(*name.split(), *USES[name])
    assert result.exit_code == 0, result.stderr
    for stream in (result.stdout, result.stderr):
        assert not {c for c in stream if not c.isprintable() and c != "\n"}
        assert "[/" not in stream and "[bold" not in stream


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_without_raw_marks(cli: Cli, names: tuple[str, ...], option: str) -> None:
    result = cli(*names, option)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")
    assert "\\b" not in result.stdout and "\b" not in result.stdout


def test_examples_in_help_keep_their_lines(cli: Cli) -> None:
    assert "\n    sentiment train\n    sentiment evaluate\n    sentiment misclassified\n" in cli("-h").stdout
    assert "\n    sentiment train --config gru --name first\n" in cli("train", "-h").stdout
    assert "\n    sentiment predict --input reviews.txt --format csv\n" in cli("predict", "-h").stdout


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_command_has_version_quiet_and_verbose(cli: Cli, names: tuple[str, ...]) -> None:
    result = cli(*names, "--version")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"sentiment, version {__version__}\n", "")
    options = {option for parameter in COMMANDS[names].params for option in parameter.opts}
    assert {"-q", "-v", "--quiet", "--verbose", "--json", "--debug"} <= options


def test_general_options_may_stand_before_the_command(cli: Cli, run_copy: Path) -> None:
    assert cli("-q", "plot-history").stderr == ""
    assert json.loads(cli("--json", "runs").stdout)["runs"][0]["run"] == "tiny"


@pytest.mark.parametrize(
    "arguments", [["evaluate", "nope"], ["data", "check", "nope"], ["train", "-c", "nope"], ["predict", "--nope"]]
)
def test_an_error_leaves_stdout_empty_also_with_json_and_quiet(cli: Cli, workplace: Path, arguments: list[str]) -> None:
    result = cli(*arguments, "--json", "-q")
    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert "Error: " in result.stderr


def run_module(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sentiment_cli", *arguments],
        capture_output=True,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def test_the_package_runs_as_a_module(workplace: Path) -> None:
    result = run_module("--version")
    assert (result.returncode, result.stdout.decode().rstrip()) == (0, f"sentiment, version {__version__}")


def test_what_the_encoding_of_stdout_lacks_is_escaped_and_no_bug(run_copy: Path) -> None:
    run_copy.with_name("\u65e5\u672c").mkdir()
    (run_copy.with_name("\u65e5\u672c") / "run.json").write_text("{}", encoding="utf-8")
    narrow = {"PYTHONIOENCODING": "latin-1:strict", "PYTHONUTF8": "0"}
    result = run_module("runs", **narrow)
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"\\u65e5\\u672c" in result.stdout
    result = run_module("runs", "--json", **narrow)
    assert "\u65e5\u672c" in [row["run"] for row in json.loads(result.stdout)["runs"]]


def test_the_usage_names_the_command_as_it_was_called(cli: Cli) -> None:
    result = CliRunner().invoke(main, ["train", "--nope"], prog_name="sentiment")
    assert "Try 'sentiment train --help' for help." in result.stderr


class TestJsonLine:
    @pytest.mark.parametrize("text", ["größe \u65e5\u672c \U0001f600", "[red]", "<b>", "'\""])
    def test_letters_of_all_scripts_stay_readable(self, text: str) -> None:
        assert text.replace('"', '\\"') in json_line({"text": text})

    @pytest.mark.parametrize("code", [0x00, 0x1B, 0x7F, 0x85, 0x9B, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069])
    def test_what_steers_terminals_or_ends_lines_is_escaped_and_reads_back(self, code: int) -> None:
        line = json_line({"text": f"a{chr(code)}b"})
        assert line == f'{{"text": "a\\u{code:04x}b"}}'
        assert json.loads(line) == {"text": f"a{chr(code)}b"}

    def test_half_a_character_is_escaped_and_can_be_written(self) -> None:
        line = json_line({"text": "\udcff"})
        assert line.encode("utf-8") == b'{"text": "\\udcff"}'

    def test_a_backslash_before_such_a_character_stays_one(self) -> None:
        assert json.loads(json_line({"text": "\\\u2028\\u2028"})) == {"text": "\\\u2028\\u2028"}

    def test_where_the_encoding_is_narrow_everything_else_is_escaped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
        assert json_line({"text": "é\u2026"}) == '{"text": "\\u00e9\\u2026"}'

    def test_what_is_no_number_is_refused(self) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            json_line({"loss": float("nan")})


class TestPrintable:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("größe \u65e5\u672c \U0001f600 \u05d0\u05d1", "größe \u65e5\u672c \U0001f600 \u05d0\u05d1"),
            ("a\tb\nc\rd\x0be\x0cf\x85g\u2028h\u2029i", "a b c d e f g h i"),
            ("\x00\x07\x08\x1b\x7f\x80\x9b\x9d", "\ufffd" * 8),
            ("\u202a\u202b\u202d\u202e\u2066\u2067\u2068", "\ufffd" * 7),
            ("\ud800\udcff", "\ufffd\ufffd"),
        ],
    )
    def test_only_what_could_harm_a_terminal_is_replaced(self, text: str, shown: str) -> None:
        assert printable(text) == shown


class TestExcerpt:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("short", "short"),
            ("exactly te", "exactly te"),
            ("eleven more", "eleven mo…"),
            ("a\n\n  b\tc", "a b c"),
            ("", ""),
            (" \n ", ""),
            ("a" + " " * 100 + "b", "a…"),
        ],
    )
    def test_is_one_line_that_says_where_something_is_missing(self, text: str, shown: str) -> None:
        assert excerpt(text, 10) == shown


class TestTable:
    def test_aligns_numbers_to_the_right_and_folds_what_is_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "60")
        lines = table(["n", "text"], [["1", "one"], ["20", "a text of many words " * 4]], right=["n"]).splitlines()
        assert lines[0].split() == ["n", "text"]
        assert lines[2].index("1") == lines[3].index("0")
        assert " ".join(" ".join(lines[3:]).split()) == "20" + " a text of many words" * 4
        assert max(map(len, lines)) <= 60

    def test_loses_no_character_of_a_word_that_is_longer_than_its_column(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "20")
        lines = table(["a", "b"], [["x", "0123456789" * 4]]).splitlines()[2:]
        assert "".join("".join(lines).replace("x", "").split()) == "0123456789" * 4

    @pytest.mark.parametrize("cell", ["[red]x[/red]", "[/nothing]", ":smile:", "[link=file:///]y[/link]"])
    def test_shows_markup_as_it_is(self, cell: str) -> None:
        assert cell in table([cell], [[cell]])
        assert table([cell], [[cell]]).count(cell) == 2

    def test_lets_nothing_through_that_steers_a_terminal(self) -> None:
        text = table(["\x1b[1mhead"], [["\x1b]0;t\x07\u202ecell\nsecond line"]])
        assert not set(text) & set("\x1b\x07\u202e")
        assert "second line" in text

    def test_without_rows_has_its_head(self) -> None:
        assert table(["a", "b"], []).split()[:2] == ["a", "b"]


def test_pairs_are_aligned() -> None:
    assert pairs([("a", "1"), ("long", "2")]) == "a     1\nlong  2"
    assert pairs([]) == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.00 s"),
        (0.42, "0.42 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (0.996, "1.0 s"),
        (60, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (3659.9, "1 h 01 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_durations_are_for_people(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_note_is_silent_when_quiet_and_harmless_when_not(capsys: pytest.CaptureFixture[str]) -> None:
    Output(quiet=True).note("nothing")
    Output().note("\x1b[31mred\nsecond")
    assert capsys.readouterr() == ("", "\ufffd[31mred\nsecond\n")
