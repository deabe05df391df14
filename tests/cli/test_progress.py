"""Is progress a bar on a terminal that goes away, a line an epoch elsewhere, and nothing when quiet?"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sentiment_cli.cli import main
from sentiment_cli.cli._output import Output
from sentiment_cli.cli._progress import BarProgress, LineProgress, QuietProgress, make_byte_progress, make_progress
from sentiment_cli.history import Epoch

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Result]
FIGURES = "loss 0.2500  accuracy 0.9000  val_loss 0.5000  val_accuracy 0.7500"
EPOCH = Epoch(3, 0.25, 0.9, 0.5, 0.75, 1e-3, 12.34)


class Terminal:
    """A pseudo terminal in the place of stderr; `text` is all that came out of it."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._read = b""
        # A terminal holds 4 KiB; without a reader, writing to it would wait for ever.
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def _collect(self) -> None:
        try:
            while chunk := os.read(self._master, 4096):
                self._read += chunk
        except OSError:  # Linux's way to say that the other side was closed
            return

    def text(self) -> str:
        self.stream.close()
        self._reader.join(10)
        return self._read.decode("utf-8").replace("\r\n", "\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Called by the test, and not by its preparation, between which pytest changes stderr itself."""
    if not hasattr(os, "openpty"):
        pytest.skip("there are no pseudo terminals here")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def open_terminal() -> Terminal:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal.stream)
        return terminal

    return open_terminal


def screen(text: str) -> list[str]:
    """The lines that remain on a terminal that moves up, erases lines, and prints."""
    lines, row = [""], 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\n|\r)", text):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part.endswith("A") and part.startswith("\x1b["):
            row = max(row - int(part[2:-1] or 1), 0)
        elif part and not part.startswith("\x1b[") and part != "\r":
            lines[row] += part
    return [line.rstrip() for line in lines if line.strip()]


def test_on_a_terminal_a_bar_shows_the_training_and_is_gone_at_the_end(
    terminal: Callable[[], Terminal], workplace: Path, tiny_config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = terminal()
    main(["train", "-c", str(tiny_config), "--name", "a"], standalone_mode=False)
    text = place.text()
    assert "reviews/s" in text
    assert "━" in text
    left = screen(text)
    assert left[0] == "Run: runs/a"
    assert sum(line.startswith("epoch ") for line in left) == 2
    assert not any("━" in line or "reviews/s" in line for line in left)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")  # the cursor is back
    assert "\x1b" not in capsys.readouterr().out


def test_the_bar_is_gone_and_the_cursor_back_after_an_error(terminal: Callable[[], Terminal]) -> None:
    place = terminal()
    with pytest.raises(ZeroDivisionError), BarProgress() as progress:
        progress.phase("reading", 100)
        progress.advance(10)
        raise ZeroDivisionError
    text = place.text()
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    assert screen(text) == []


def test_names_and_lines_on_a_terminal_are_no_markup_and_harmless(terminal: Callable[[], Terminal]) -> None:
    place = terminal()
    with BarProgress() as progress:
        progress.phase("predicting [/x]", 10)
        progress.advance(1)
        progress.say("[red]note[/red] \x1b[2Jgone")
    text = place.text()
    assert "predicting [/x]" in text
    assert "[red]note[/red] \ufffd[2Jgone" in screen(text)


def test_a_line_longer_than_the_terminal_stays_one_line(terminal: Callable[[], Terminal]) -> None:
    place = terminal()
    with BarProgress() as progress:
        progress.note("word " * 60)
    assert ("word " * 60).rstrip() in screen(place.text())


def test_without_a_terminal_there_is_a_line_an_epoch_and_no_bar(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    result = cli("train", "-c", tiny_config, "--name", "a")
    lines = [line for line in result.stderr.splitlines() if line.startswith("epoch ")]
    figures = r"loss \d\.\d{4}  accuracy \d\.\d{4}  val_loss \d\.\d{4}  val_accuracy \d\.\d{4}  [0-9.]+ s"
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(rf"epoch {number}/2  {figures}(  best so far)?", line)
    assert not set(result.stderr) & set("━\r\x1b")


@pytest.mark.parametrize(
    ("epoch", "epochs", "is_best", "line"),
    [
        (
            EPOCH,
            5,
            True,
            f"epoch 3/5  {FIGURES}  12.3 s  best so far",
        ),
        (EPOCH, 10, False, f"epoch  3/10  {FIGURES}  12.3 s"),
        (Epoch(1, 0.25, 0.9, None, None, 1e-3, 0.5), 1, False, "epoch 1/1  loss 0.2500  accuracy 0.9000  0.50 s"),
    ],
)
def test_an_epoch_is_one_line_with_its_figures(
    capsys: pytest.CaptureFixture[str], epoch: Epoch, epochs: int, is_best: bool, line: str
) -> None:
    LineProgress().epoch_done(epoch, epochs, is_best=is_best)
    assert capsys.readouterr() == ("", line + "\n")


def test_warnings_are_marked_and_all_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with LineProgress() as progress:
        progress.phase("reading", 10)
        progress.advance(5, 0.1, 0.9)
        progress.note("a note")
        progress.warn("look here")
    assert capsys.readouterr() == ("", "a note\nWarning: look here\n")


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with QuietProgress() as progress:
        progress.note("a note")
        progress.warn("look here")
        progress.epoch_done(EPOCH, 5, is_best=True)
    assert capsys.readouterr() == ("", "")


def test_quiet_says_nothing_on_a_terminal_either(terminal: Callable[[], Terminal], run_copy: Path) -> None:
    place = terminal()
    main(["-q", "evaluate", "tiny"], standalone_mode=False)
    assert place.text() == ""


def test_the_kind_of_progress_is_chosen_by_quiet_and_terminal(terminal: Callable[[], Terminal]) -> None:
    place = terminal()
    assert type(make_progress(Output(quiet=True))) is QuietProgress
    assert type(make_progress(Output())) is BarProgress
    place.text()


def test_elsewhere_the_progress_is_lines() -> None:
    assert type(make_progress(Output())) is LineProgress


def test_bytes_have_a_bar_on_a_terminal(terminal: Callable[[], Terminal]) -> None:
    place = terminal()
    with make_byte_progress(Output()) as progress:
        progress("download", 500_000, 1_000_000)
        progress("verify", 1_000_000, 1_000_000)
    text = place.text()
    assert "download" in text and "verify" in text and "0.5/1.0 MB" in text
    assert screen(text) == []


@pytest.mark.parametrize("quiet", [True, False])
def test_bytes_have_no_bar_elsewhere(capsys: pytest.CaptureFixture[str], quiet: bool) -> None:
    with make_byte_progress(Output(quiet=quiet)) as progress:
        progress("download", 5, 10)
    assert capsys.readouterr() == ("", "")
