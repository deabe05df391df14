"""`sentiment plot-history`: accuracy and loss over the epochs, of one or several runs."""

from __future__ import annotations

from pathlib import Path

import click

from sentiment_cli.cli._options import output_options, picture_look, picture_options
from sentiment_cli.cli._output import Output
from sentiment_cli.cli._run_argument import chosen_run


@click.command("plot-history")
@click.argument("runs", nargs=-1)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File ending in .png, .svg or .pdf.",
)
@picture_options
@output_options
def plot_history(runs: tuple[str, ...], target: Path | None) -> None:
    """Draw accuracy and loss of one or several RUNS, and say in a sentence what the curves show.

    Without RUNS: the newest finished one. Without -o: plots/history.png of the (first) run.
    """
    output, look = Output.current(), picture_look(target)
    found = [chosen_run(name, output) for name in runs or (None,)]
    from sentiment_cli.workflows.plot_history import plot_runs

    result = plot_runs(found, target, look=look)
    output.result(result.to_dict(), lambda: "\n".join([*result.sentences, str(result.picture)]))
