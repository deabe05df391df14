"""Does a shell complete commands, configurations, runs, sources and settings?"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import CompletionItem, get_completion_class

from sentiment_cli.cli import main
from sentiment_cli.config.overrides import parse_set

SHELLS = ("bash", "zsh", "fish")


def complete(*words: str) -> list[CompletionItem]:
    """What is proposed for the last word, wherever that is asked from."""
    shell = get_completion_class("zsh")
    assert shell is not None
    return shell(main, {}, "sentiment", "_SENTIMENT_COMPLETE").get_completions(list(words[:-1]), words[-1])


def values(*words: str) -> list[str]:
    return [item.value for item in complete(*words) if item.type == "plain"]


def test_configurations_of_the_working_directory_come_before_those_that_ship(workplace: Path) -> None:
    (workplace / "configs").mkdir()
    (workplace / "configs" / "imdb_mine.yaml").write_text("", encoding="utf-8")
    assert values("train", "-c", "imdb_")[:2] == ["imdb_mine", "imdb_best"]
    assert values("validate", "--config", "gr") == ["gru"]


def test_what_is_no_name_may_be_a_file(workplace: Path) -> None:
    assert [(item.type, item.value) for item in complete("train", "-c", "./my")] == [("file", "./my")]
    assert [(item.type, item.value) for item in complete("evaluate", "/tm")] == [("dir", "/tm")]


@pytest.mark.parametrize("words", [["evaluate"], ["predict", "--run"], ["train", "--resume"], ["compare", "first"]])
def test_runs_are_completed_the_newest_first(workplace: Path, words: list[str]) -> None:
    for age, name in enumerate(("second", "other", "secret")):
        (workplace / "runs" / name).mkdir(parents=True)
        os.utime(workplace / "runs" / name, (1000 - age, 1000 - age))
    (workplace / "runs" / ".hidden").mkdir()
    assert values(*words, "") == ["second", "other", "secret"]
    assert values(*words, "sec") == ["second", "secret"]


def test_sources_are_completed() -> None:
    assert values("data", "check", "") == values("train", "--data", "") == ["bnb", "imdb"]


@pytest.mark.parametrize("name", ["train", "sweep", "find-lr", "pretrain", "baseline", "compare"])
def test_what_trains_says_and_completes_what_data_may_be(name: str) -> None:
    assert values(name, "--data", "i") == ["imdb"]
    (option,) = [option for option in main.commands[name].params if "--data" in option.opts]
    assert isinstance(option, click.Option)
    assert option.help == "bnb, imdb, a directory of class directories, or a table."


def test_keys_of_settings_are_completed_layers_and_unions_included() -> None:
    assert values("train", "--set", "text.s") == ["text.sequence_length=", "text.split=", "text.standardize="]
    keys = values("train", "--set", "")
    assert {"model.recurrent.0.units=", "model.dense.0.units=", "pretrain.passes=", "training.schedule.decay="} <= {
        *keys
    }
    # Each of them is one that --set takes.
    assert len(parse_set([f"{key}1" for key in keys])) == len(keys)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("text.split=", ["text.split=whitespace", "text.split=character"]),
        ("text.split=ch", ["text.split=character"]),
        ("training.refit=", ["training.refit=false", "training.refit=true"]),
        ("model.window=", ["model.window=null"]),
        ("training.epochs=", ["training.epochs=10"]),
        ("model.recurrent.0.cell=", [f"model.recurrent.0.cell={cell}" for cell in ("lstm", "simple_rnn", "gru")]),
        ("no.such=", []),
    ],
)
def test_values_begin_with_the_default_and_have_the_choices(setting: str, expected: list[str]) -> None:
    assert values("train", "--set", setting) == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_script(shell: str) -> None:
    found = get_completion_class(shell)
    assert found is not None
    assert "_SENTIMENT_COMPLETE" in found(main, {}, "sentiment", "_SENTIMENT_COMPLETE").source()


class Terminal:
    """An interactive bash, typed into."""

    def __init__(self, workplace: Path) -> None:
        import pty

        self.pid, self._end = pty.fork()
        if self.pid == 0:
            os.chdir(workplace)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**os.environ, "TERM": "dumb", "PS1": "$ "})

    def type(self, text: str, until: str) -> str:
        """What is shown after it, up to the expected text."""
        os.write(self._end, text.encode())
        shown, deadline = "", time.monotonic() + 30
        while until not in shown:
            assert time.monotonic() < deadline, f"expected {until!r}, shown: {shown!r}"
            if select.select([self._end], [], [], 0.2)[0]:
                shown += os.read(self._end, 4096).decode(errors="replace")
        return shown

    def close(self) -> None:
        os.close(self._end)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(workplace: Path) -> Iterator[Terminal]:
    if shutil.which("bash") is None or sys.platform == "win32":
        pytest.skip("no bash here")
    opened = Terminal(workplace)
    opened.type("echo re''ady\n", until="ready")
    yield opened
    opened.close()


def test_bash_completes_for_a_person_who_presses_tab(terminal: Terminal, workplace: Path) -> None:
    command = workplace / "sentiment"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sentiment_cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    terminal.type(f'PATH={workplace}:$PATH; eval "$(_SENTIMENT_COMPLETE=bash_source sentiment)"; echo d"on"e\n', "done")
    for typed, completed in (
        ("sentiment tra", "in "),
        ("--set text.spl", "it="),
        ("ch", "aracter "),
        ("-c imdb_fa", "st "),
    ):
        shown = terminal.type(f"{typed}\t", until=completed)
        assert shown.endswith(typed + completed)
