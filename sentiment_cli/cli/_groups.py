"""How are error rates by traits of the reviews shown: as tables, csv, jsonl, JSON, or a picture?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment_cli.cli._output import json_line, table
from sentiment_cli.errors import UsageError
from sentiment_cli.tables import csv_text

if TYPE_CHECKING:
    from sentiment_cli.cli._target import Target
    from sentiment_cli.picture_look import Look
    from sentiment_cli.runs import Run
    from sentiment_cli.workflows.group_mistakes import Grouping

_COLUMNS = ("by", "name", "examples", "wrong", "error_rate", "error_rate_low", "error_rate_high", "share_of_errors")


def write_groups(run: Run, asked: tuple[str, str, str | None], target: Target, look: Look) -> None:
    """Count mistakes by comma-separated traits, and write what was found to where it is asked for.

    Args:
        run: the run.
        asked: the traits, the part of its own data, and other data in its place.
        target: where the result goes.
        look: of a picture.
    """
    from sentiment_cli.workflows.group_mistakes import group_mistakes

    traits, split, source = asked
    names = list(dict.fromkeys(name.strip() for name in traits.split(",")))
    if "" in names:
        raise UsageError(f"--group-by: expected traits with a comma between them, received {traits!r}.")
    grouping = group_mistakes(run, names, split=split, source=source)
    if grouping.missing_texts:
        target.output.note(
            f"The texts of {grouping.missing_texts:,} reviews are not in {grouping.part.data_root}; "
            "their negations are not known"
        )
    if target.path is not None and target.is_picture:
        from sentiment_cli.plots.save import save_figure
        from sentiment_cli.plots.slices import plot_slices
        from sentiment_cli.plots.style import using

        with using(look):
            figure = plot_slices(grouping.slices, title=f"{run.name}, {grouping.part.split}")
        save_figure(figure, target.path)
        target.output.note(f"Picture: {target.path}")
        if target.output.as_json:
            target.output.result(grouping.to_dict(), str)
        return
    in_form = _text(grouping, target.form)
    if target.output.as_json:
        in_file = in_form if target.is_twofold else None
        target.write(json_line(grouping.to_dict()) + "\n", "Error rates", in_file=in_file)
    else:
        target.write(in_form, "Error rates")


def _text(grouping: Grouping, form: str) -> str:
    if form == "csv":
        return csv_text(_COLUMNS, ([row[name] for name in _COLUMNS] for row in grouping.rows()))
    if form == "jsonl":
        return "".join(json_line(row) + "\n" for row in grouping.rows())
    return _as_tables(grouping)


def _as_tables(grouping: Grouping) -> str:
    low, high = grouping.interval
    head = (
        f"{grouping.wrong:,} of {grouping.examples:,} {grouping.part.counted('predictions')} are wrong: "
        f"{100 * grouping.wrong / grouping.examples:.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f} %)"
    )
    numbers = ["reviews", "wrong", "error rate", "95 %", "of all errors"]
    parts = []
    for by, slices in grouping.slices.items():
        rows = [
            [
                one.name,
                f"{one.examples:,}",
                f"{one.wrong:,}",
                f"{100 * one.error_rate:.1f} %",
                f"{100 * one.interval[0]:.1f} to {100 * one.interval[1]:.1f} %",
                f"{100 * grouping.share(one):.1f} %",
            ]
            for one in slices
        ]
        parts.append(table([by, *numbers], rows, right=numbers))
    return "\n\n".join([head, *parts]) + "\n"
