"""`sentiment results`: a table of what runs came to, that grows run by run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import RUN
from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, duration, table
from sentiment_cli.run_search import find_run
from sentiment_cli.runs import SPLITS

if TYPE_CHECKING:
    from sentiment_cli.results import Result

DEFAULT_TABLE = Path("results") / "results.csv"


@click.command()
@click.argument("runs", nargs=-1, type=RUN)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_TABLE,
    show_default=True,
    help="The table, a CSV file.",
)
@click.option("--split", type=click.Choice(SPLITS), help="Part to add, default test; without RUNS: show it alone.")
@click.option("--markdown", is_flag=True, help="Show a line for each configuration, over its seeds, in Markdown.")
@output_options
def results(runs: tuple[str, ...], path: Path, split: str | None, markdown: bool) -> None:
    """Append a row for each of RUNS to a table of results, and show the table.

    A group of seeds stands for its runs: a row is one training, and the ensemble is none. A run that is in it already
    is not added again. Without RUNS the table is only shown.
    """
    output = Output.current()
    found = [find_run(name) for name in runs]
    from sentiment_cli.results import markdown_table, read_results, summarize

    if found:
        from sentiment_cli.workflows.collect import collect

        added = collect(found, path, split=split or "test")
        output.note(f"Added to {path}: {', '.join(row.run for row in added) or 'nothing, it has these runs already'}")
        split = None
    rows = [row for row in read_results(path) if split in (None, row.split)]
    summaries = summarize(rows)
    value = {
        "table": str(path),
        "results": [row.to_dict() for row in rows],
        "configurations": [summary.to_dict() for summary in summaries],
    }
    output.result(value, lambda: markdown_table(summaries) if markdown else _text(rows))


def _text(rows: list[Result]) -> str:
    columns = ["run", "configuration", "split", "accuracy", "95 %", "seed", "epochs (best)", "time"]
    cells = [
        [
            row.run,
            row.config or "",
            row.split,
            f"{row.accuracy:.4f}",
            f"{row.accuracy_low:.3f} to {row.accuracy_high:.3f}",
            str(row.seed),
            f"{row.epochs} ({row.best_epoch})",
            duration(row.seconds),
        ]
        for row in rows
    ]
    return table(columns, cells, right=["seed", "epochs (best)", "time"])
