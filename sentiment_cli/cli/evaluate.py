"""`sentiment evaluate`: the figures of a run on a part of its data, or on other data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import RUN, SOURCE
from sentiment_cli.cli._cross_validation import show_cross_validation
from sentiment_cli.cli._evaluation import evaluation_text
from sentiment_cli.cli._gates import OVER, UNDER, check_classes, failed_gates, known_gates, parse_gates
from sentiment_cli.cli._options import EXPLAINED, ExplainCommand, output_options, split_option
from sentiment_cli.cli._output import Output, duration
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.cli._threshold import parse_threshold
from sentiment_cli.errors import UsageError, suggest

if TYPE_CHECKING:
    from sentiment_cli.workflows.evaluate import Explained
    from sentiment_cli.workflows.questions import Questions

EXIT_GATE = 3


@click.command(cls=ExplainCommand)
@click.argument("run", required=False, type=RUN)
@click.option("--data", "source", type=SOURCE, help="Other reviews: bnb, imdb, a directory, or a table.")
@split_option
@click.option(
    "--by", multiple=True, metavar="TRAIT,…", help="Slices by length, unknown, cut, rating or negation; several: a,b."
)
@click.option(
    "--threshold",
    metavar="X|METRIC",
    help="Also decide above X, or where accuracy, f1, macro_f1 is best on"
    " validation, or recall=X, precision=X reached. Gates then hold there.",
)
@click.option(
    UNDER, multiple=True, metavar="METRIC=X", help=f"Exit with 3 below X: {known_gates(UNDER)}; METRIC_low: its limit."
)
@click.option(
    OVER, multiple=True, metavar="METRIC=X", help=f"Exit with 3 above X: {known_gates(OVER)}; loss_high: its limit."
)
@click.option("--cross-validate", "folds", type=int, metavar="K", help="Train K times; predict what was held out.")
@click.option(
    "--explain",
    type=click.Choice(EXPLAINED),
    help="Keep what words added to wrong predictions (default) or all.",
)
@output_options
def evaluate(
    run: str | None,
    source: str | None,
    split: str,
    by: tuple[str, ...],
    threshold: str | None,
    fail_under: tuple[str, ...],
    fail_over: tuple[str, ...],
    folds: int | None,
    explain: Explained | None,
) -> None:
    """Show how good a run is, with 95 % intervals. RUN is a run directory or a name under ./runs; default: the newest.

    \b
    Examples:
      sentiment evaluate first --by rating,length
      sentiment evaluate first --threshold recall=0.95
      sentiment evaluate first --fail-under accuracy=0.85 --fail-under recall.pos=0.8 --fail-over ece=0.05
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    gates = [*parse_gates(UNDER, fail_under), *parse_gates(OVER, fail_over)]
    questions = _parse_questions(by, threshold)
    found = chosen_run(run, output)
    if folds is not None:
        given = click.get_current_context().get_parameter_source("split")
        is_given = given is not None and given.name == "COMMANDLINE"
        refused = {"--data": source, "--split": is_given, "--by": by, "--threshold": threshold}
        refused |= {UNDER: fail_under, OVER: fail_over, "--explain": explain}
        show_cross_validation(found, folds, refused, output)
        return
    check_classes(gates, found.read_record().get("class_names") or [])
    from sentiment_cli.workflows.evaluate import evaluate as evaluate_workflow

    with make_progress(output) as progress:
        result = evaluate_workflow(
            found, split=split, source=source, progress=progress, questions=questions, explain=explain
        )
    output.result(result.to_dict(), lambda: evaluation_text(result, verbose=output.verbose))
    output.note(f"Files: {result.directory}")
    if result.explained is not None:
        kept = result.explained
        output.note(f"Explained: {kept.reviews:,} predictions in {duration(kept.seconds)}: {kept.path}")
    failed = failed_gates(gates, result)
    if failed:
        click.echo("\n".join(failed), err=True)
        raise click.exceptions.Exit(EXIT_GATE)


def _parse_questions(by: Sequence[str], threshold: str | None) -> Questions | None:
    if not by and threshold is None:
        return None
    from sentiment_cli.analysis.slices import SLICES
    from sentiment_cli.workflows.questions import Questions

    names = list(dict.fromkeys(name.strip() for group in by for name in group.split(",")))
    unknown = [name for name in names if name not in SLICES]
    if unknown:
        raise UsageError(f'--by: there is no trait "{unknown[0]}"; {suggest(unknown[0], SLICES)}')
    return Questions(tuple(names), None if threshold is None else parse_threshold(threshold))
