"""`sentiment misclassified`: the wrong predictions of a run with their texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._options import output_options, split_option
from sentiment_cli.cli._output import Output, excerpt, json_line, table, write_data
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.errors import UsageError
from sentiment_cli.tables import csv_text

if TYPE_CHECKING:
    from sentiment_cli.misclassified import Misclassified
    from sentiment_cli.workflows.misclassified import MisclassifiedResult

FORMATS = ("table", "csv", "jsonl", "html")
_COLUMNS = ("id", "path", "text", "actual", "predicted", "probability", "loss")
_TABLE_ROWS = 20
_EXCERPT = 300


@click.command()
@click.argument("run", required=False)
@split_option
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", help=f"At most N; the table shows {_TABLE_ROWS} by default."
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Form of the list; default: by the ending of -o, else table."
)
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Write the list to this file."
)
@output_options
def misclassified(run: str | None, split: str, top: int | None, form: str | None, target: Path | None) -> None:
    """List the wrong predictions of a RUN with their texts, the most confident first.

    RUN is a run directory or a name under ./runs; default: the newest finished one.
    """
    output = Output.current()
    form = form or _form_of(target)
    if output.as_json and form != "table":
        raise UsageError(f"--json and --format {form} exclude each other.")
    found = chosen_run(run, output)
    from sentiment_cli.workflows.misclassified import list_misclassified

    rows = _TABLE_ROWS if top is None and form == "table" and not output.as_json else top
    result = list_misclassified(found, split=split, top=rows)
    if result.missing_texts:
        output.note(_missing(result))
    text = json_line(_as_json(result)) + "\n" if output.as_json else _RENDERERS[form](result)
    if target is None or output.as_json:
        write_data(text)
    if target is not None:
        from sentiment_cli.atomic import write_text

        write_text(target, text)
        output.note(f"{len(result.rows)} wrong predictions: {target}")


def _form_of(target: Path | None) -> str:
    """The form that a file's ending asks for; a table where it asks for none."""
    ending = target.suffix.lower().removeprefix(".") if target else ""
    return ending if ending in FORMATS else "table"


def _missing(result: MisclassifiedResult) -> str:
    if result.missing_texts == 1:
        return f"1 review is no longer in {result.data_root}; it is listed without its text"
    return f"{result.missing_texts} reviews are no longer in {result.data_root}; they are listed without their text"


def _values(row: Misclassified) -> dict[str, Any]:
    prediction = row.prediction
    return {
        "id": prediction.id,
        "path": prediction.path,
        "text": row.text,
        "actual": prediction.actual,
        "predicted": prediction.predicted,
        "probability": prediction.probability,
        "loss": prediction.loss,
    }


def _as_json(result: MisclassifiedResult) -> dict[str, Any]:
    return {
        "run": str(result.run.path),
        "split": result.split,
        "examples": result.examples,
        "wrong": result.wrong,
        "misclassified": [_values(row) for row in result.rows],
    }


def _as_table(result: MisclassifiedResult) -> str:
    head = f"{result.wrong:,} of {result.examples:,} {result.split} predictions are wrong"
    if len(result.rows) < result.wrong:
        head += f"; the {len(result.rows)} most confident"
    if not result.rows:
        return head + "\n"
    rows = [
        [f"{p.probability:.3f}", p.actual, p.predicted, f"{p.path}\n{_shown(row.text)}"]
        for row in result.rows
        for p in [row.prediction]
    ]
    return f"{head}\n\n{table(['probability', 'actual', 'predicted', 'review'], rows, right=['probability'])}\n"


def _shown(text: str | None) -> str:
    return "(file is gone)" if text is None else excerpt(text, _EXCERPT) or "(empty)"


def _as_csv(result: MisclassifiedResult) -> str:
    return csv_text(_COLUMNS, (list(_values(row).values()) for row in result.rows))


def _as_jsonl(result: MisclassifiedResult) -> str:
    return "".join(json_line(_values(row)) + "\n" for row in result.rows)


def _as_html(result: MisclassifiedResult) -> str:
    from sentiment_cli.pages import misclassified_page

    title = f"{result.run.name}: {result.wrong:,} of {result.examples:,} {result.split} predictions are wrong"
    return misclassified_page(title, [_values(row) for row in result.rows])


_RENDERERS = {"table": _as_table, "csv": _as_csv, "jsonl": _as_jsonl, "html": _as_html}
