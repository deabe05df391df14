"""`sentiment export`: a trained network as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from sentiment_cli.cli._completion import RUN
from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, pairs, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run

if TYPE_CHECKING:
    from sentiment_cli.exports.layout import Format
    from sentiment_cli.workflows.export import ExportResult

FORMATS = ("saved_model", "onnx")
_TITLES = {"saved_model": "TensorFlow SavedModel", "onnx": "ONNX"}


@click.command()
@click.argument("run", required=False, type=RUN)
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="Of TensorFlow, or ONNX.")
@click.option("--quantize", is_flag=True, help="Keep the weights in 8 bits (onnx).")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The directory; default: exports/FORMAT in the run.",
)
@click.option(
    "--reviews",
    type=click.IntRange(min=1),
    metavar="N",
    help="Check it on at most N reviews; default: 1000, all with --quantize.",
)
@click.option("--measure", is_flag=True, help="Time it on one review and on 1,000, beside the run itself.")
@click.option("--force", is_flag=True, help="Replace an export that is there.")
@output_options
def export(
    run: str | None, form: str, quantize: bool, target: Path | None, reviews: int | None, measure: bool, force: bool
) -> None:
    """Write a trained network for programs that know nothing of this package.

    saved_model goes from raw text to probabilities, and TensorFlow opens it. onnx goes from token ids to probabilities,
    with a tokenizer in one file of plain Python beside it. The networks of a group of seeds become one model.

    Before it is there, each is opened by its own runtime, and has to say of the run's validation reviews what the run
    says. With --quantize the accuracies of both are shown instead.

    Without RUN: the newest finished one.

    \b
    Examples:
      sentiment export --format onnx
      sentiment export lstm --format saved_model -o served/1 --measure
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    found = chosen_run(run, output)
    from sentiment_cli.workflows.export import ExportSettings
    from sentiment_cli.workflows.export import export as export_workflow

    settings = ExportSettings(cast("Format", form), quantize, reviews, measure, force)
    with make_progress(output) as progress:
        result = export_workflow(found, settings, target, progress=progress)
    output.result(result.to_dict(), lambda: _text(result))
    output.note(f"To try it: python {result.directory.path / 'example.py'} < reviews.txt")


def _text(result: ExportResult) -> str:
    record, check = result.record, result.record["check"]
    form = _TITLES[record["format"]] + (", weights in 8 bits" if record["quantized"] else "")
    if record["networks"] > 1:
        form += f", the mean of {record['networks']} networks"
    labels = "no label differs" if not check["changed_labels"] else f"{check['changed_labels']:,} labels differ"
    rows = [
        ("export", str(result.directory.path)),
        ("format", form),
        ("size", _megabytes(result.size_bytes)),
        ("checked", f"{check['reviews']:,} {check['part']} reviews, by {check['runtime']}"),
        ("difference", f"{check['largest_difference']:.2g} of a probability at the most; {labels}"),
    ]
    if record["quantized"] and check["accuracy"] is not None:
        rows.append(("accuracy", f"{check['exported_accuracy']:.4f}, of the run {check['accuracy']:.4f}"))
    return pairs(rows) + ("\n\n" + _times(result) if result.latencies else "")


def _times(result: ExportResult) -> str:
    rows = [
        [
            name,
            f"{1000 * latency.one_seconds:.1f} ms",
            f"{1000 * latency.slowest_one_seconds:.1f} ms",
            f"{latency.many_seconds:.2f} s",
        ]
        for name, latency in result.latencies.items()
    ]
    columns = ["texts to probabilities", "one review", "95 % of them", "1,000 reviews"]
    return table(columns, rows, right=columns[1:])


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
