"""`sentiment plot-history`: accuracy and loss over the epochs, of one or several runs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import RUN
from sentiment_cli.cli._options import output_options, picture_look, picture_options
from sentiment_cli.cli._output import Output, printable_lines
from sentiment_cli.cli._run_argument import chosen_run

if TYPE_CHECKING:
    from sentiment_cli.text_chart import Row
    from sentiment_cli.workflows.plot_history import PlotResult

# Where there is no terminal and COLUMNS is not set.
_WIDTH = 120
# Of the runs, by the theme of the terminal, so that they are seen on light and on dark.
_COLOURS = ("cyan", "yellow", "magenta", "green", "blue", "red")
# The console of Linux and those that say so have no Braille.
_WITHOUT_BRAILLE = ("linux", "dumb")


@click.command("plot-history")
@click.argument("runs", nargs=-1, type=RUN)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File ending in .png, .svg or .pdf.",
)
@click.option("--terminal", is_flag=True, help="Draw with letters, here; a picture only with -o.")
@click.option(
    "--smooth",
    "width",
    type=click.IntRange(1, 1_000_000),
    metavar="WIDTH",
    help="Draw means of so many epochs, with --batches of steps; what was measured stays behind them.",
)
@click.option("--batches", "with_batches", is_flag=True, help="Draw training step by step.")
@picture_options
@output_options
def plot_history(
    runs: tuple[str, ...], target: Path | None, terminal: bool, width: int | None, with_batches: bool
) -> None:
    """Draw accuracy and loss of one or several RUNS, say what the curves show and why, and what to try.

    Without RUNS: the newest finished one. Without -o: plots/history.png of the (first) run.
    """
    output, look = Output.current(), picture_look(target)
    found = [chosen_run(name, output) for name in runs or (None,)]
    from sentiment_cli.curves import Smoothing
    from sentiment_cli.workflows.plot_history import plot_runs, read_runs

    smoothing = Smoothing(width)
    if terminal and target is None:
        result = read_runs(found, smoothing=smoothing, with_batches=with_batches)
    else:
        result = plot_runs(found, target, look=look, smoothing=smoothing, with_batches=with_batches)
    if terminal and not output.as_json:
        _draw(result)
    output.result(result.to_dict(), lambda: _text(result))


def _text(result: PlotResult) -> str:
    """What the curves show; then causes, each with what to try; the picture last."""
    lines = list(result.sentences)
    for sentence, command in result.further:
        lines += [sentence] if sentence else []
        lines += [f"    {command}"] if command else []
    return "\n".join([*lines, *([str(result.picture)] if result.picture else [])])


def _draw(result: PlotResult) -> None:
    """Both panels as letters, in colours where there is a terminal that wants them."""
    from sentiment_cli.text_history import history_rows

    columns = shutil.get_terminal_size((_WIDTH, 24)).columns
    rows = history_rows(result.curves, result.smoothing, columns, unicode=_shows_braille())
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and len(result.curves) > 1
    for row in rows:
        click.echo(_line(row, coloured=coloured))
    click.echo()


def _line(row: Row, *, coloured: bool) -> str:
    pieces = [(printable_lines(span.text), span.run) for span in row]
    if pieces and not coloured:
        return "".join(text for text, _ in pieces).rstrip()
    return "".join(
        text if run is None else click.style(text, fg=_COLOURS[run % len(_COLOURS)]) for text, run in pieces
    ).rstrip()


def _shows_braille() -> bool:
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    return encoding.startswith("utf") and os.environ.get("TERM", "") not in _WITHOUT_BRAILLE
