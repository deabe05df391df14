"""`sentiment predict`: labels and probabilities of texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._completion import RUN
from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, excerpt, json_line, table, write_data
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.cli._scoring import TableOptions, score_tables, table_options
from sentiment_cli.errors import DataError, UsageError
from sentiment_cli.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment_cli.workflows.predict import TextPrediction

FORMATS = ("table", "csv", "jsonl", "parquet")
_EXCERPT = 80


@click.command()
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option("--run", "run", type=RUN, help="Run directory or a name under ./runs; default: the newest finished.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE|-",
    help="A file with one review a line; - reads stdin. With --output: a table, or a directory of tables.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Form of results.  [default: table; with --output: parquet]",
)
@table_options
@output_options
def predict(texts: tuple[str, ...], run: str | None, inputs: tuple[str, ...], form: str | None, **options: Any) -> None:
    """Label TEXTs with a trained classifier: one result for each text and each line, in order.

    With --output, tables of any size become a directory of predictions; stopped or killed, the same command goes on.

    \b
    Examples:
      sentiment predict "Not once did we regret our choice."
      sentiment predict --input reviews.txt --format csv
      sentiment predict --input reviews.parquet --output scored
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    asked = TableOptions(**options)
    if asked.output is not None:
        score_tables(run, texts, inputs, form, asked)
        return
    asked.refuse_without_output()
    form = form or "table"
    if form == "parquet":
        raise UsageError("--format parquet needs --output DIR.")
    if output.as_json and form != "table":
        raise UsageError(f"--json and --format {form} exclude each other.")
    if not texts and not inputs:
        raise UsageError("Nothing to predict: give a TEXT, --input FILE, or --input - for standard input.")
    found = chosen_run(run, output)
    reviews = [*texts, *(line for name in inputs for line in _read_lines(name))]
    from sentiment_cli.workflows.predict import predict as predict_workflow

    with make_progress(output) as progress:
        predictions = predict_workflow(found, reviews, progress=progress)
    if output.as_json:
        output.result({"predictions": [row.to_dict() for row in predictions]}, str)
    else:
        write_data(_RENDERERS[form](predictions))


def _read_lines(name: str) -> list[str]:
    """The lines of a file or of standard input; an empty line is an empty review, a missing last line end is none."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{'<stdin>' if name == '-' else name}:{line}: expected UTF-8, received byte 0x{content[error.start]:02x}."
        ) from None
    # Not str.splitlines, which also splits at form feeds and U+2028: a review may hold those.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _as_table(predictions: Sequence[TextPrediction]) -> str:
    rows = [[row.label, f"{row.probability:.3f}", excerpt(row.text, _EXCERPT)] for row in predictions]
    return table(["label", "probability", "text"], rows, right=["probability"]) + "\n"


def _as_csv(predictions: Sequence[TextPrediction]) -> str:
    names = list(predictions[0].probabilities) if predictions else []
    rows = (
        [row.text, row.label, f"{row.probability:.9g}", *(f"{row.probabilities[name]:.9g}" for name in names)]
        for row in predictions
    )
    return csv_text(["text", "label", "probability", *(f"p_{name}" for name in names)], rows)


def _as_jsonl(predictions: Sequence[TextPrediction]) -> str:
    return "".join(json_line(row.to_dict()) + "\n" for row in predictions)


_RENDERERS = {"table": _as_table, "csv": _as_csv, "jsonl": _as_jsonl}
