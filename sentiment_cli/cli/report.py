"""`sentiment report`: a page about one run, or several side by side, that opens in any browser without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from sentiment_cli.cli._completion import RUN, SOURCE
from sentiment_cli.cli._options import output_options, split_option
from sentiment_cli.cli._output import Output
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.cli._target import check_page
from sentiment_cli.errors import UsageError

if TYPE_CHECKING:
    from sentiment_cli.report.sources import TextChoice


@click.command()
@click.argument("runs", nargs=-1, type=RUN)
@split_option
@click.option("--data", "source", type=SOURCE, help="Other reviews that the runs were evaluated on.")
@click.option(
    "--texts",
    type=click.Choice(["wrong", "all", "none"]),
    default="wrong",
    show_default=True,
    help="Which reviews have their texts on the page: those that a run gets wrong, all, or none.",
)
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write the page to this file."
)
@output_options
def report(runs: tuple[str, ...], split: str, source: str | None, texts: str, target: Path | None) -> None:
    """Write a page about one or several RUNS that opens in any browser, without a network.

    Curves, confusion matrix, threshold, calibration, slices, all predictions to be sorted, filtered and searched,
    configuration, environment and data are on it; several runs stand side by side.

    Without RUNS: the newest finished one. Without -o: report.html in the (first) run, or report-SPLIT.html; of other
    data beside the predictions on them.
    """
    output = Output.current()
    if source is not None and split != "test":
        raise UsageError(f"--split {split} is for the run's own data; --data names other ones.")
    check_page(target)
    found = [chosen_run(name, output) for name in runs or (None,)]
    from sentiment_cli.workflows.report import write_report

    result = write_report(found, target, split=split, source=source, texts=cast("TextChoice", texts))
    for line in result.missing:
        output.note(line)
    output.result(result.to_dict(), lambda: str(result.file))
