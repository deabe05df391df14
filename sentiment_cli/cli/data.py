"""`sentiment data`: what is in a directory of reviews, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import SOURCE
from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, pairs, table

if TYPE_CHECKING:
    from sentiment_cli.workflows.inspect_data import DataReport, DataStatistics

EXIT_PROBLEMS = 1


@click.group()
@output_options
def data() -> None:
    """Look at reviews before training on them, without TensorFlow."""


@data.command()
@click.argument("source", type=SOURCE)
@output_options
def check(source: str) -> None:
    """Say what is wrong with the reviews in SOURCE (bnb, imdb, or a directory); exit 1 if training would fail."""
    output = Output.current()
    from sentiment_cli.workflows.inspect_data import check_data

    report = check_data(source)
    output.result(report.to_dict(), lambda: _check_text(report))
    if report.problems:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


@data.command()
@click.argument("source", type=SOURCE)
@output_options
def stats(source: str) -> None:
    """Show counts, lengths, duplicates and contradictions of the reviews in SOURCE."""
    output = Output.current()
    from sentiment_cli.workflows.inspect_data import describe_data

    statistics = describe_data(source, note=output.note)
    output.result(statistics.to_dict(), lambda: _stats_text(statistics))


def _check_text(report: DataReport) -> str:
    lines = [f"{report.root}: {report.files:,} reviews in {len(report.classes)} classes ({', '.join(report.classes)})"]
    lines += [f"problem: {problem}" for problem in report.problems]
    lines += [f"note: {note}" for note in report.notes]
    lines.append("training would fail" if report.problems else "ready for training")
    return "\n".join(lines)


def _stats_text(statistics: DataStatistics) -> str:
    parts = statistics.parts
    rows = [("reviews", [f"{part.reviews:,}" for part in parts.values()])]
    for name in statistics.class_names:
        rows.append((f"  {name}", [f"{part.classes.get(name, 0):,}" for part in parts.values()]))
    rows.append(("words, mean", [f"{part.mean_words:.1f}" for part in parts.values()]))
    for quantile, label in (("0", "shortest"), ("0.5", "median"), ("0.9", "90 %"), ("0.99", "99 %"), ("1", "longest")):
        rows.append((f"  {label}", [f"{part.words[quantile]:,.0f}" for part in parts.values()]))
    rows.append(("empty", [f"{part.empty:,}" for part in parts.values()]))
    rows.append(("repeated within", [f"{part.duplicates:,}" for part in parts.values()]))
    grid = table(["", *parts], [[name, *cells] for name, cells in rows], right=list(parts))
    shared = "no test part" if statistics.shared is None else f"{statistics.shared:,}"
    conflicts = [" = ".join(paths) for paths in statistics.conflicts[:5]]
    more = [f"and {len(statistics.conflicts) - 5} more"] if len(statistics.conflicts) > 5 else []
    across = pairs(
        [
            ("test reviews whose text is in train", shared),
            ("texts with contradicting classes", "\n  ".join([f"{len(statistics.conflicts):,}", *conflicts, *more])),
        ]
    )
    return f"{statistics.root}\n\n{grid}\n\n{across}"
