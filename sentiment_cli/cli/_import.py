"""Options that say what is in a table, and how an import is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sentiment_cli.cli._output import duration, pairs, table

if TYPE_CHECKING:
    from sentiment_cli.importing.findings import Finding
    from sentiment_cli.importing.result import ImportResult

Command = TypeVar("Command", bound=Callable[..., Any])


def column_options(command: Command) -> Command:
    """``--text``, ``--label``, ``--id``, ``--rating`` and ``--map`` of a table."""
    for option in (
        click.option(
            "--map",
            "maps",
            multiple=True,
            metavar="VALUE,…=CLASS",
            help='Classes of values: "1,2=negative 4,5=positive"; others are left out.',
        ),
        click.option(
            "--rating", "rating", metavar="COLUMN", help="Column of stars from 1 to 10, kept for the analysis."
        ),
        click.option("--id", "id_column", metavar="COLUMN", help="Column of names for the reviews; default: numbers."),
        click.option("--label", "label", metavar="COLUMN", help="Column of classes; default: found by its name."),
        click.option("--text", "text", metavar="COLUMN", help="Column of texts; default: found by its name."),
    ):
        command = option(command)
    return command


def import_text(result: ImportResult) -> str:
    """What an import came to, as tables."""
    from sentiment_cli.importing.result import classes_notes

    read = [f"{one.path}: {one.description}, {one.rows:,} rows" for one in result.tables]
    columns = [
        ", ".join(f"{kind} from {name!r}" for kind, name in one.columns.items() if name is not None)
        for one in result.tables
    ]
    left_out = result.findings.rows_left_out
    before = f"; {result.there_before:,} were written before it was broken off" if result.there_before else ""
    head = [
        ("directory", str(result.directory)),
        ("read", "\n           ".join(read)),
        ("columns", "\n           ".join(dict.fromkeys(columns))),
        ("rows", f"{result.rows:,} read, {result.written:,} written, {left_out:,} left out{before}"),
        ("time", f"{duration(result.seconds)} ({result.rows / max(result.seconds, 1e-6):,.0f} rows/s)"),
    ]
    names = result.class_names
    rows = [
        [part or "all", *(f"{classes.get(name, 0):,}" for name in names), f"{sum(classes.values()):,}"]
        for part, classes in sorted(result.reviews.items(), reverse=True)
    ]
    blocks = [pairs(head), table(["part", *names, "reviews"], rows, right=[*names, "reviews"])]
    for title, findings in (("left out", result.findings.left_out), ("worth a look", result.findings.noted)):
        if findings:
            blocks.append(_findings_table(title, findings))
    notes = classes_notes(result)
    return "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])])


def _findings_table(title: str, findings: dict[str, Finding]) -> str:
    rows = [
        [kind, f"{found.count:,}", ", ".join(found.first) + (", …" if found.count > len(found.first) else "")]
        for kind, found in sorted(findings.items(), key=lambda item: -item[1].count)
    ]
    return table([title, "rows", "the first"], rows, right=["rows"])
