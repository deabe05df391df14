"""`sentiment evaluate`: the figures of a run on a part of its data, or on other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._options import output_options, split_option
from sentiment_cli.cli._output import Output, accuracy_text, pairs, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.errors import UsageError

if TYPE_CHECKING:
    from sentiment_cli.workflows.evaluate import EvaluateResult

_NETWORKS = {
    "refit": "refit on train and validation together",
    "best epoch": "of the best epoch, from before the refit",
}
_GATES = ("accuracy", "macro_f1", "roc_auc")
EXIT_GATE = 3


@click.command()
@click.argument("run", required=False)
@click.option("--data", "source", metavar="SOURCE", help="Other reviews: bnb, imdb, or a directory.")
@split_option
@click.option("--fail-under", multiple=True, metavar="METRIC=X", help=f"Exit with 3 below X; {', '.join(_GATES)}.")
@output_options
def evaluate(run: str | None, source: str | None, split: str, fail_under: tuple[str, ...]) -> None:
    """Show how good a run is. RUN is a run directory or a name under ./runs; default: the newest finished one."""
    output = Output.current()
    gates = [_parse_gate(gate) for gate in fail_under]
    found = chosen_run(run, output)
    from sentiment_cli.workflows.evaluate import evaluate as evaluate_workflow

    with make_progress(output) as progress:
        result = evaluate_workflow(found, split=split, source=source, progress=progress)
    output.result(result.to_dict(), lambda: _text(result))
    output.note(f"Files: {result.directory}")
    failed = [line for gate in gates if (line := _failed(gate, result))]
    if failed:
        click.echo("\n".join(failed), err=True)
        raise click.exceptions.Exit(EXIT_GATE)


def _parse_gate(gate: str) -> tuple[str, float]:
    metric, _, limit = gate.partition("=")
    try:
        if metric in _GATES and 0 <= float(limit) <= 1:
            return metric, float(limit)
    except ValueError:
        pass
    raise UsageError(f"--fail-under: expected one of {', '.join(_GATES)} = a number from 0 to 1, received {gate!r}.")


def _failed(gate: tuple[str, float], result: EvaluateResult) -> str | None:
    metric, limit = gate
    value = getattr(result.evaluation, metric)
    if value is not None and value >= limit:
        return None
    shown = "undefined" if value is None else format(value, ".4f")
    return f"Gate failed: {metric} is {shown}, expected at least {limit:g}"


def _text(result: EvaluateResult) -> str:
    figures = result.evaluation
    auc = "undefined (a class has no reviews)" if figures.roc_auc is None else f"{figures.roc_auc:.4f}"
    linear = [f"{accuracy:.4f} ({name})" for name, accuracy in (result.linear_baseline or {}).items()]
    head = pairs(
        [
            ("run", str(result.run.path)),
            ("split", f"{result.split}, {figures.examples:,} reviews"),
            *([("network", _NETWORKS[result.network])] if result.network else []),
            ("accuracy", accuracy_text(figures.accuracy, figures.accuracy_interval)),
            ("baseline", f"{figures.majority_baseline:.4f} (always the most frequent class)"),
            *([("linear", f"accuracy {', '.join(linear)}")] if linear else []),
            ("loss", f"{figures.loss:.4f}"),
            ("macro F1", f"{figures.macro_f1:.4f}"),
            ("ROC AUC", auc),
        ]
    )
    classes = [
        [name, *(f"{row[key]:.4f}" for key in ("precision", "recall", "f1")), f"{row['support']:,}"]
        for name, row in figures.classes.items()
    ]
    names = figures.class_names
    matrix = [[name, *(f"{n:,}" for n in row)] for name, row in zip(names, figures.confusion_matrix, strict=True)]
    numbers = ["precision", "recall", "F1", "reviews"]
    return "\n\n".join(
        [
            head,
            table(["class", *numbers], classes, right=numbers),
            table(["actual \\ predicted", *names], matrix, right=names),
        ]
    )
