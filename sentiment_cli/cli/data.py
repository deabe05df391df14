"""`sentiment data`: what is in reviews, what is wrong with them, and how tables become directories of them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import SOURCE
from sentiment_cli.cli._import import column_options, import_text
from sentiment_cli.cli._options import command_line, output_options
from sentiment_cli.cli._output import Output, pairs, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.errors import UsageError

if TYPE_CHECKING:
    from sentiment_cli.config.data import Data
    from sentiment_cli.workflows.inspect_data import DataReport, DataStatistics

EXIT_PROBLEMS = 1


@click.group()
@output_options
def data() -> None:
    """Look at reviews before training on them, without TensorFlow."""


@data.command()
@click.argument("source", type=SOURCE)
@column_options
@output_options
def check(
    source: str, text: str | None, label: str | None, id_column: str | None, rating: str | None, maps: tuple[str, ...]
) -> None:
    """Say what is wrong with the reviews in SOURCE (bnb, imdb, a directory or a table).

    It exits with 1 if training would fail.
    """
    output = Output.current()
    settings = _settings(source, text, label, id_column, rating, maps)
    from sentiment_cli.workflows.inspect_data import check_data

    with make_progress(output) as progress:
        report = check_data(settings, progress)
    output.result(report.to_dict(), lambda: _check_text(report))
    if report.problems:
        raise click.exceptions.Exit(EXIT_PROBLEMS)


@data.command()
@click.argument("source", type=SOURCE)
@column_options
@output_options
def stats(
    source: str, text: str | None, label: str | None, id_column: str | None, rating: str | None, maps: tuple[str, ...]
) -> None:
    """Show counts, lengths, duplicates and contradictions of the reviews in SOURCE."""
    output = Output.current()
    settings = _settings(source, text, label, id_column, rating, maps)
    from sentiment_cli.workflows.inspect_data import describe_data

    with make_progress(output) as progress:
        statistics = describe_data(settings, progress)
    output.result(statistics.to_dict(), lambda: _stats_text(statistics))


@data.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), metavar="DIR", help="What is made.")
@column_options
@click.option("--test", "test", type=click.Path(path_type=Path), metavar="FILE", help="A table that is the test part.")
@click.option("--test-fraction", "fraction", type=float, metavar="F", help="Or this share of the texts, e.g. 0.2.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, metavar="N", help="Of --test-fraction.")
@click.option("--classes", metavar="A,B,…", help="Leave out rows of other classes.")
@click.option("--drop-duplicates", is_flag=True, help="Leave out rows whose text occurs before, or in the test part.")
@click.option("--encoding", metavar="NAME", help="Of the files; default: found out.")
@click.option("--delimiter", metavar="CHARACTER", help="Between cells; default: found out.")
@click.option("--no-header", is_flag=True, help="The first row is a review; columns are called 1, 2, ….")
@click.option("--force", is_flag=True, help="Replace a directory that an import made.")
@output_options
def import_(
    files: tuple[Path, ...],
    target: Path,
    text: str | None,
    label: str | None,
    id_column: str | None,
    rating: str | None,
    maps: tuple[str, ...],
    test: Path | None,
    fraction: float | None,
    seed: int,
    classes: str | None,
    drop_duplicates: bool,
    encoding: str | None,
    delimiter: str | None,
    no_header: bool,
    force: bool,
) -> None:
    """Make a directory of reviews of tables: CSV, TSV, JSON lines, Parquet, Excel, gzipped or not.

    Stopped or killed, the same command goes on.

    \b
    Examples:
      sentiment data import reviews.csv --to reviews
      sentiment data import amazon.csv.gz --text Text --label Score --map "1,2=negative 4,5=positive" --to reviews
      sentiment data import train.jsonl --test test.jsonl --id id --to reviews
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    from sentiment_cli.importing.columns import ColumnNames
    from sentiment_cli.importing.labels import parse_map
    from sentiment_cli.importing.settings import ImportSettings
    from sentiment_cli.workflows.import_data import import_data

    settings = ImportSettings(
        columns=ColumnNames(text, label, id_column, rating),
        label_map=parse_map(maps),
        classes=_class_names(classes),
        test_fraction=fraction,
        seed=seed,
        drop_duplicates=drop_duplicates,
        encoding=encoding,
        delimiter=delimiter,
        header=not no_header,
    )
    with make_progress(output) as progress:
        result = import_data(files, target, settings, test=test, force=force, progress=progress, command=command_line())
    output.result(result.to_dict(), lambda: import_text(result))
    output.note(f"Next: sentiment train --data {shlex.quote(str(target))}")


def _settings(
    source: str, text: str | None, label: str | None, id_column: str | None, rating: str | None, maps: tuple[str, ...]
) -> Data:
    """What is looked at, as a configuration would say it."""
    from sentiment_cli.config.data import Data
    from sentiment_cli.data.source import is_table
    from sentiment_cli.importing.labels import parse_map

    given = {"--text": text, "--label": label, "--id": id_column, "--rating": rating, "--map": maps}
    unfit = [option for option, value in given.items() if value]
    if unfit and not is_table(source):
        raise UsageError(f"{', '.join(unfit)}: for tables; {source} is none.")
    return Data(
        source=source,
        text_column=text,
        label_column=label,
        id_column=id_column,
        rating_column=rating,
        label_map=parse_map(maps),
    )


def _class_names(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if len(set(names)) < max(2, len(names)) or not all(names):
        raise UsageError(f"--classes: expected two different classes or more, separated by commas, received {text!r}.")
    return names


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
