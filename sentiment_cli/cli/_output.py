"""What a command says: results to stdout, as text or as one JSON object; everything else to stderr."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from rich.text import Text

# Where there is no terminal and COLUMNS is not set.
_WIDTH = 120
# Narrower, words would be cut into pairs of letters.
_NARROWEST = 60
# What JSON lets through though it ends lines, turns their direction, steers terminals, or is half a character.
_NOT_PLAIN = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Output:
    """How much is said, and in what form.

    Args:
        as_json: the result is one JSON object.
        quiet: nothing but results and errors.
        verbose: more than usual.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def current(cls) -> Output:
        """As the options of the running command ask for it."""
        meta = click.get_current_context().meta
        return cls(bool(meta.get("as_json")), bool(meta.get("quiet")), bool(meta.get("verbose")))

    def result(self, value: dict[str, Any], text: Callable[[], str]) -> None:
        """Print a result: ``value`` with ``--json``, else what ``text`` returns."""
        click.echo(json_line(value) if self.as_json else printable_lines(text()))

    def note(self, message: str) -> None:
        """A line that is no result."""
        if not self.quiet:
            click.echo(printable_lines(message), err=True)


def write_colored(text: str) -> None:
    """Print text whose parts were made printable before colours were put in; they go to a terminal alone."""
    click.echo(text, nl=False, color=True)


def write_data(text: str) -> None:
    """Print csv, jsonl, or a page: as it is into a file or pipe, and on a terminal without what could steer it."""
    # click would take escape sequences out of everything that does not go to a terminal, and leave them in else.
    click.echo(printable_lines(text) if sys.stdout.isatty() else text, nl=False, color=True)


def json_line(value: dict[str, Any]) -> str:
    """A JSON object in one line: letters of all scripts as they are, what could harm a terminal or a reader escaped."""
    ascii_only = not (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    line = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)
    return _NOT_PLAIN.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters become blanks or U+FFFD, as do bidi overrides."""
    return "".join(_printable_character(character) for character in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def excerpt(text: str, most: int) -> str:
    """The first ``most`` characters in one line, with … where something is missing."""
    line = " ".join(printable(text[: 4 * most]).split())
    is_whole = len(line) <= most and len(text) <= 4 * most
    return line if is_whole else line[: most - 1] + "…"


def wants_color() -> bool:
    """Whether stdout is a terminal whose user has not asked for plain text (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str | Text]],
    *,
    right: Sequence[str] = (),
    title: str = "",
    color: bool = False,
) -> str:
    """A table as text; ``right`` names the columns of numbers. Cells may have line breaks, and are never markup.

    Args:
        columns: their names.
        rows: a cell for each column; a `rich.text.Text` is shown as it is, and is printable already.
        right: the columns whose cells are aligned to the right.
        title: above it.
        color: with the colours of the cells, as escape sequences of the terminal.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False, title=Text(title) if title else None, title_justify="left")
    for column in columns:
        grid.add_column(Text(printable(column)), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(printable_lines(cell)) if isinstance(cell, str) else cell for cell in row))
    width = max(shutil.get_terminal_size((_WIDTH, 24)).columns, _NARROWEST)
    system: Literal["auto"] | None = "auto" if color else None
    console = Console(width=width, color_system=system, force_terminal=color, legacy_windows=False)
    with console.capture() as capture:
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n")


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, a line each."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def accuracy_text(accuracy: float, interval: Sequence[float]) -> str:
    """An accuracy with its 95 % interval: ``0.8760 (95 %: 0.872 to 0.880)``."""
    low, high = interval
    return f"{accuracy:.4f} (95 %: {low:.3f} to {high:.3f})"


def duration(seconds: float) -> str:
    """Seconds for people: ``0.42 s``, ``12.3 s``, ``3 min 20 s``, ``1 h 05 min``."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _printable_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " " if character in "\t\n\r\v\f\x85" else "\ufffd"
    if category in ("Zl", "Zp"):
        return " "
    return "\ufffd" if category == "Cs" or character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068" else character
