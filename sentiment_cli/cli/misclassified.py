"""`sentiment misclassified`: the wrong predictions of a run with their texts, and what they have in common."""

from __future__ import annotations

import gc
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._completion import RUN, SOURCE
from sentiment_cli.cli._mistakes import FORMATS, render
from sentiment_cli.cli._options import output_options, picture_look, picture_options, split_option
from sentiment_cli.cli._output import Output, json_line, wants_color
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.cli._target import PICTURES, Target, ending, form_of
from sentiment_cli.errors import UsageError
from sentiment_cli.run_search import find_run

if TYPE_CHECKING:
    from sentiment_cli.analysis.selection import Selection, Sort
    from sentiment_cli.runs import Run
    from sentiment_cli.workflows.misclassified import Listing

# Of `analysis.selection`, `analysis.versus` and `analysis.slices`, which need numpy.
_SORTS = ("confidence", "loss", "length")
_KINDS = ("fp", "fn")
_OUTCOMES = ("broken", "fixed", "both-wrong")
_TRAITS = ("length", "unknown", "cut", "rating", "negation")
_CONDITIONS = ("actual", "predicted", "kind", "min_probability", "max_probability", "contains")
_TABLE_ROWS = 20
_ROWS_OF_EACH = 5


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage in cycles: a list makes none, and of 25,000 predictions that takes a third more."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@click.command()
@click.argument("run", required=False, type=RUN)
@split_option
@click.option("--data", "source", type=SOURCE, help="Other reviews that the run was evaluated on.")
@click.option("--sort", type=click.Choice(_SORTS), help="The largest first.  [default: confidence]")
@click.option("--reverse", is_flag=True, default=None, help="The other end first: the least confident, the shortest.")
@click.option("--actual", metavar="CLASS", help="Only reviews of this class.")
@click.option("--predicted", metavar="CLASS", help="Only what was taken for this class.")
@click.option("--kind", type=click.Choice(_KINDS), help="False positives: taken for the second of two classes.")
@click.option("--min-probability", type=click.FloatRange(0, 1), metavar="P", help="Of the predicted class, at least.")
@click.option("--max-probability", type=click.FloatRange(0, 1), metavar="P", help="Of the predicted class, at most.")
@click.option("--contains", metavar="TEXT", help="Only reviews with this in their text, in whatever case.")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"At most N (of each outcome); the table shows {_TABLE_ROWS} by default, or {_ROWS_OF_EACH} of each.",
)
@click.option("--vs", "other", type=RUN, help="What RUN gets wrong and this run right, and the other way round.")
@click.option("--show", type=click.Choice(_OUTCOMES), help="With --vs: one outcome alone.")
@click.option("--suspect-labels", is_flag=True, help="Labels that are likely wrong, the most suspect first.")
@click.option("--group-by", metavar="TRAIT[,TRAIT]…", help=f"Error rates by {', '.join(_TRAITS)}.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Form of the list; default: by the ending of -o, else table."
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the list to this file; with --group-by and .png, .svg or .pdf a picture.",
)
@picture_options
@output_options
@_uncollected()
def misclassified(run: str | None, split: str, form: str | None, target: Path | None, **asked: Any) -> None:
    """List the wrong predictions of a RUN with their texts, the most confident first, and what may be the reason.

    RUN is a run directory or a name under ./runs; default: the newest finished one. Where sentiment evaluate --explain
    was called before, words are coloured by what they did.
    """
    output = Output.current()
    _check(split, form, target, output, asked)
    look = picture_look(target)
    found = chosen_run(run, output)
    other = find_run(asked["other"]) if asked["other"] is not None else None
    place = Target(output, form or form_of(target, FORMATS), target)
    if asked["group_by"] is not None:
        from sentiment_cli.cli._groups import write_groups

        write_groups(found, (asked["group_by"], split, asked["source"]), place, look)
        return
    listing = _list(found, other, split, asked, place)
    for note in _notes(listing, "json" if output.as_json else place.form):
        output.note(note)
    color = target is None and wants_color()
    text = json_line(listing.to_dict()) + "\n" if output.as_json else render(listing, place.form, color=color)
    in_file = render(listing, place.form) if place.is_twofold else None
    place.write(
        text, _what(listing), in_file=in_file, has_colors=color and place.form == "table" and not output.as_json
    )


def _check(split: str, form: str | None, target: Path | None, output: Output, asked: dict[str, Any]) -> None:
    """Refuse what cannot be meant, before anything is read."""
    if output.as_json and form not in (None, "table"):
        raise UsageError(f"--json and --format {form} exclude each other.")
    if asked["source"] is not None and split != "test":
        raise UsageError(f"--split {split} is for the run's own data; of other data the test part is used, or all.")
    if asked["show"] is not None and asked["other"] is None:
        raise UsageError(f"--show {asked['show']} needs --vs RUN.")
    modes = {"--vs": asked["other"] is not None, "--suspect-labels": asked["suspect_labels"]}
    modes["--group-by"] = asked["group_by"] is not None
    chosen = [name for name, is_chosen in modes.items() if is_chosen]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other.")
    if ending(target) in PICTURES and (chosen != ["--group-by"] or form is not None):
        raise UsageError(
            f"{target}: a picture is drawn of --group-by alone; a list is written as .csv, .jsonl or .html."
        )
    if chosen == ["--group-by"]:
        asked_for = ("sort", "reverse", *_CONDITIONS, "top")
        given = [f"--{name.replace('_', '-')}" for name in asked_for if asked[name] is not None]
        if given:
            raise UsageError(f"--group-by counts all predictions; leave out {', '.join(given)}.")
        if (form or form_of(target, FORMATS)) == "html":
            raise UsageError("--group-by is shown as table, csv, jsonl or --json, or drawn with -o FILE.png.")


def _list(run: Run, other: Run | None, split: str, asked: dict[str, Any], place: Target) -> Listing:
    from sentiment_cli.workflows.misclassified import list_changes, list_misclassified, list_suspects

    source, is_table = asked["source"], place.form == "table" and not place.output.as_json
    if asked["suspect_labels"]:
        selection = _selection(asked, None, _TABLE_ROWS if is_table else None)
        return list_suspects(run, split=split, source=source, selection=selection)
    if other is not None:
        rows = _TABLE_ROWS if asked["show"] else _ROWS_OF_EACH
        selection = _selection(asked, "confidence", rows if is_table else None)
        return list_changes(run, other, split=split, source=source, selection=selection, show=asked["show"])
    selection = _selection(asked, "confidence", _TABLE_ROWS if is_table else None)
    return list_misclassified(run, split=split, source=source, selection=selection)


def _selection(asked: dict[str, Any], sort: Sort | None, rows: int | None) -> Selection:
    from sentiment_cli.analysis.selection import Selection

    conditions = {name: asked[name] for name in _CONDITIONS}
    top = rows if asked["top"] is None else asked["top"]
    return Selection(**conditions, sort=asked["sort"] or sort, reverse=bool(asked["reverse"]), top=top)


def _notes(listing: Listing, form: str) -> list[str]:
    """What is missing from a list, and how to get it."""
    notes = []
    options = listing.part.evaluation
    has_texts = listing.missing_texts < len(listing.rows)
    if has_texts and form in ("table", "html") and not listing.part.has_words and options is not None:
        command = shlex.join(["sentiment", "evaluate", str(listing.run.path), *options, "--explain"])
        notes.append(f"To see what the words did: {command}")
    if listing.unread:
        notes.append(
            f"{_reviews(listing.unread)} no longer in {listing.data_root}: whether "
            f"{'it contains' if listing.unread == 1 else 'they contain'} the text is not known"
        )
    if listing.missing_texts:
        them = "it is listed without its text" if listing.missing_texts == 1 else "they are listed without their text"
        notes.append(f"{_reviews(listing.missing_texts)} no longer in {listing.data_root}; {them}")
    return notes


def _reviews(count: int) -> str:
    return "1 review is" if count == 1 else f"{count} reviews are"


def _what(listing: Listing) -> str:
    if listing.noise:
        return f"{len(listing.rows)} suspect labels"
    return f"{len(listing.rows)} {'reviews' if listing.against else 'wrong predictions'}"
