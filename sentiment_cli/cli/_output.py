"""What a command says: results to stdout, as text or as one JSON object; everything else to stderr."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

# Where there is no terminal and COLUMNS is not set.
_WIDTH = 120


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
        click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False) if self.as_json else text())

    def note(self, message: str) -> None:
        """A line that is no result."""
        if not self.quiet:
            click.echo(message, err=True)


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters become blanks or U+FFFD, as do bidi overrides."""
    return "".join(_printable_character(character) for character in text)


def excerpt(text: str, most: int) -> str:
    """The first ``most`` characters in one line, with … where something is missing."""
    line = " ".join(printable(text[: 4 * most]).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), title: str = "") -> str:
    """A table as text; ``right`` names the columns of numbers. Cells may have line breaks; they are never markup."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE_HEAD, pad_edge=False, title=Text(title) if title else None, title_justify="left")
    for column in columns:
        grid.add_column(Text(column), justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(grid)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n")


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, a line each."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def duration(seconds: float) -> str:
    """Seconds for people: ``0.42 s``, ``12.3 s``, ``3 min 20 s``, ``1 h 05 min``."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
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
