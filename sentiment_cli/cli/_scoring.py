"""`sentiment predict --output`: the options that say how tables are scored, and how the result is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from sentiment_cli.cli._options import ray_options, ray_workers
from sentiment_cli.cli._output import Output, duration, pairs
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.errors import UsageError

if TYPE_CHECKING:
    from sentiment_cli.scoring.settings import Form, ScoreSettings
    from sentiment_cli.workflows.score import ScoreResult

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class TableOptions:
    """What was asked for, by the names of the options; None and False: the option was not given."""

    output: Path | None = None
    text: str | None = None
    id: str | None = None
    with_text: bool = False
    part_rows: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    no_header: bool = False
    ray: str | None = None
    workers: int | None = None
    force: bool = False

    def refuse_without_output(self) -> None:
        """Raise a UsageError where an option is given that needs ``--output``."""
        given = [_option(field.name) for field in fields(self) if getattr(self, field.name)]
        if given:
            raise UsageError(f"{', '.join(given)}: for tables, with --output DIR; it is missing.")

    def settings(self, form: Form) -> ScoreSettings:
        """How tables are read and written."""
        from sentiment_cli.scoring.settings import PART_ROWS, ScoreSettings

        return ScoreSettings(
            text=self.text,
            id=self.id,
            encoding=self.encoding,
            delimiter=self.delimiter,
            header=not self.no_header,
            form=form,
            part_rows=self.part_rows or PART_ROWS,
            with_text=self.with_text,
        )


def table_options(command: Command) -> Command:
    """The options of `TableOptions`."""
    for option in reversed(
        (
            click.option(
                "--output", type=click.Path(path_type=Path), metavar="DIR", help="Score tables into this directory."
            ),
            click.option("--text", metavar="COLUMN", help="Column of texts; default: found by its name."),
            click.option("--id", metavar="COLUMN", help='Column of ids, kept; default: "id" if there is one.'),
            click.option("--with-text", is_flag=True, help="Write the texts as well."),
            click.option(
                "--part-rows",
                type=click.IntRange(1, 10_000_000),
                metavar="N",
                help="Reviews in a file and in memory.  [default: 10000]",
            ),
            click.option("--encoding", metavar="NAME", help="Of text files; default: found out."),
            click.option("--delimiter", metavar="CHARACTER", help="Between cells of a CSV; default: found out."),
            click.option("--no-header", is_flag=True, help="The first row is a review; columns are called 1, 2, …."),
            ray_options,
            click.option("--force", is_flag=True, help="Replace the predictions that are in the directory."),
        )
    ):
        command = option(command)
    return command


def score_tables(
    run: str | None, texts: Sequence[str], inputs: Sequence[str], form: str | None, options: TableOptions
) -> None:
    """Score tables and say what came of it."""
    output = Output.current()
    _check(texts, inputs, form)
    settings = options.settings(cast("Form", form or "parquet"))
    workers = ray_workers(options.ray, options.workers)
    found = chosen_run(run, output)
    from sentiment_cli.workflows.score import score

    with make_progress(output) as progress:
        result = score(
            found,
            [Path(name) for name in inputs],
            cast(Path, options.output),
            settings,
            workers=workers,
            force=options.force,
            progress=progress,
        )
    output.result(result.to_dict(), lambda: _as_text(result))


def _check(texts: Sequence[str], inputs: Sequence[str], form: str | None) -> None:
    if texts:
        raise UsageError(f"--output is for tables; received the TEXT {texts[0]!r}. Leave it out.")
    if not inputs:
        raise UsageError("--output needs --input: a table or a directory of tables.")
    if "-" in inputs:
        raise UsageError("--output reads its inputs more than once, and so no standard input; write it to a file.")
    if form == "table":
        raise UsageError("--format table is for a screen; with --output choose parquet, csv or jsonl.")


def _as_text(result: ScoreResult) -> str:
    labels = ", ".join(f"{name} {count:,}" for name, count in result.labels.items())
    kept = f" ({result.kept:,} of them before)" if result.kept else ""
    bad = f" (see {result.output / 'bad_rows.csv'})" if result.bad_rows else ""
    rate = f" ({result.reviews_per_second:,.0f} reviews/s)" if result.rows > result.kept else ""
    return pairs(
        [
            ("output", str(result.output)),
            ("reviews", f"{result.rows:,} in {result.parts:,} {'part' if result.parts == 1 else 'parts'}{kept}"),
            ("labels", labels),
            ("bad rows", f"{result.bad_rows:,}{bad}"),
            ("time", f"{duration(result.seconds)}{rate}"),
        ]
    )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
