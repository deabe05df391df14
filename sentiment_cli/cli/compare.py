"""`sentiment compare`: is one of two runs better on the same reviews, or could it be chance?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._options import output_options, split_option
from sentiment_cli.cli._output import Output, accuracy_text, pairs, table
from sentiment_cli.runs import find_run

if TYPE_CHECKING:
    from sentiment_cli.workflows.compare import CompareResult


@click.command()
@click.argument("first")
@click.argument("second")
@split_option
@output_options
def compare(first: str, second: str, split: str) -> None:
    """Compare two runs on the same reviews, and say whether the difference could be chance.

    FIRST and SECOND are run directories or names under ./runs. The interval of the difference is Newcombe's for paired
    proportions, p that of McNemar's exact test. -v lists the reviews that they differ about the most.
    """
    output = Output.current()
    runs = find_run(first), find_run(second)
    from sentiment_cli.workflows.compare import compare_runs

    result = compare_runs(*runs, split=split)
    output.result(result.to_dict(), lambda: _text(result, verbose=output.verbose))


def _text(result: CompareResult, *, verbose: bool) -> str:
    parts = [_figures(result), _counts(result), result.sentence]
    if verbose and result.largest_differences:
        parts.append(_largest(result))
    return "\n\n".join(parts)


def _figures(result: CompareResult) -> str:
    from sentiment_cli.workflows.compare import p_text

    counts, (low, high) = result.comparison.counts, result.difference_interval
    accuracies = [
        (name, f"accuracy {accuracy_text(accuracy, interval)}")
        for name, accuracy, interval in zip(result.names, result.accuracies, result.intervals, strict=True)
    ]
    difference = f"{counts.difference:+.4f} (95 %: {low:+.4f} to {high:+.4f}), {p_text(result.p_value)}"
    return pairs([("reviews", f"{counts.examples:,} ({result.split})"), *accuracies, ("difference", difference)])


def _counts(result: CompareResult) -> str:
    counts, (first, second) = result.comparison.counts, result.names
    rows = [
        [f"{first} right", f"{counts.both_right:,}", f"{counts.only_first:,}"],
        [f"{first} wrong", f"{counts.only_second:,}", f"{counts.both_wrong:,}"],
    ]
    columns = [f"{second} right", f"{second} wrong"]
    return table(["", *columns], rows, right=columns)


def _largest(result: CompareResult) -> str:
    columns = ["review", "actual", *result.names]
    rows = [
        [
            pair.first.path,
            pair.first.actual,
            *(f"{row.predicted} ({row.probability:.3f})" for row in (pair.first, pair.second)),
        ]
        for pair in result.largest_differences
    ]
    return table(columns, rows, title="They differ the most about")
