"""How is a list of mistakes shown: as a table, csv, jsonl, or a page?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sentiment_cli.cli._output import excerpt, json_line, printable, table
from sentiment_cli.cli._words import coloured
from sentiment_cli.tables import csv_text

if TYPE_CHECKING:
    from rich.text import Text

    from sentiment_cli.misclassified import Misclassified
    from sentiment_cli.workflows.misclassified import Against, Listing

FORMATS = ("table", "csv", "jsonl", "html")
_EXCERPT = 300
_SHOWN_WORDS = 5
# Longer ones are no words, and would fill the screen.
_WORD = 40
# By what a list is sorted: what is said of its beginning, and where the other end comes first.
_FIRST = {
    "confidence": ("the {} most confident", "the {} least confident"),
    "loss": ("the {} with the highest loss", "the {} with the lowest loss"),
    "length": ("the {} longest", "the {} shortest"),
    None: ("the {} most suspect", "the {} least suspect"),
}
_OUTCOMES = {
    "broken": "Broken: {this} is wrong, {other} is right",
    "fixed": "Fixed: {this} is right, {other} is wrong",
    "both-wrong": "Both wrong",
}


def render(listing: Listing, form: str, *, color: bool = False) -> str:
    """The list in one of `FORMATS`; only a table can have colours."""
    if form == "table":
        return _as_table(listing, color)
    return {"csv": _as_csv, "jsonl": _as_jsonl, "html": _as_html}[form](listing)


def headline(listing: Listing) -> list[str]:
    """What the list is of: sentences."""
    return [*_subject(listing), *_shown_of(listing)]


def _subject(listing: Listing) -> list[str]:
    if listing.against:
        return [_against_text(listing.against, listing)]
    if noise := listing.noise:
        found = f"{len(noise.suspects):,} of {listing.examples:,} {listing.part.counted('labels')} are suspect"
        if not noise.suspects:
            return [found]
        return [
            f"{found}; about {noise.estimated_errors:,} are estimated to be wrong, confident mistakes of the network "
            "among them"
        ]
    return [f"{listing.wrong:,} of {listing.examples:,} {listing.part.counted('predictions')} are wrong"]


def _shown_of(listing: Listing) -> list[str]:
    shown = []
    if listing.selection.is_filter:
        shown.append(f"{listing.matches:,} of these {'matches' if listing.matches == 1 else 'match'}")
    if listing.against is None and len(listing.rows) < listing.matches:
        shown.append(_first(listing, len(listing.rows)))
    return shown


def _first(listing: Listing, count: int) -> str:
    return _FIRST[listing.selection.sort][listing.selection.reverse].format(count)


def _against_text(against: Against, listing: Listing) -> str:
    from sentiment_cli.workflows.compare import p_text

    counts, (this, other) = against.versus.counts, against.names
    low, high = against.versus.difference_interval
    on = f"{counts.examples:,} {listing.part.counted('reviews')}"
    return (
        f"{this} against {other} on {on}: {counts.only_first:,} fixed, {counts.only_second:,} broken, "
        f"{counts.both_wrong:,} wrong in both; accuracy {counts.difference:+.4f} "
        f"(95 %: {low:+.4f} to {high:+.4f}), McNemar's test {p_text(against.versus.p_value)}"
    )


def _as_table(listing: Listing, color: bool) -> str:
    head = printable("; ".join(headline(listing)))
    if color and any(row.spans for row in listing.rows):
        head += f"\n{_legend(listing)}"
    if listing.against is None:
        parts = [_rows_as_table(listing, listing.rows, color)] if listing.rows else []
    else:
        parts = _parts_by_outcome(listing, listing.against, color)
    return "\n\n".join([head, *parts]) + "\n"


def _legend(listing: Listing) -> str:
    names = listing.part.class_names
    if len(names) == 2:
        return printable(f"words on blue speak for {names[1]}, on vermillion for {names[0]}")
    return "words on blue speak for the predicted class, on vermillion against it"


def _parts_by_outcome(listing: Listing, against: Against, color: bool) -> list[str]:
    this, other = against.names
    parts = []
    for outcome, count in against.matches.items():
        rows = [row for row in listing.rows if row.change and row.change.outcome == outcome]
        if not rows:
            continue
        title = _OUTCOMES[outcome].format(this=this, other=other)
        shown = f"{count:,}" if len(rows) == count else f"{count:,}; {_first(listing, len(rows))}"
        parts += [printable(f"{title} ({shown})"), _rows_as_table(listing, rows, color)]
    return parts


def _rows_as_table(listing: Listing, rows: Sequence[Misclassified], color: bool) -> str:
    columns = _columns(listing)
    cells = [[*_cells(row), _review(row, listing.part.class_names, color)] for row in rows]
    return table([*columns, "review"], cells, right=["probability", "margin"], color=color)


def _columns(listing: Listing) -> list[str]:
    if listing.against:
        return ["actual", *listing.against.names]
    if listing.noise:
        return ["margin", "label", "suggested"]
    return ["probability", "actual", "predicted"]


def _cells(row: Misclassified) -> list[str | Text]:
    said = row.prediction
    if row.change:
        both = (row.change.pair.first, row.change.pair.second)
        return [said.actual, *(f"{each.predicted} {each.probability:.3f}" for each in both)]
    if row.suspect:
        return [f"{row.suspect.margin:+.3f}", said.actual, row.suspect.suggested]
    return [f"{said.probability:.3f}", said.actual, said.predicted]


def _review(row: Misclassified, class_names: Sequence[str], color: bool) -> Text:
    """Path, facts, reasons, the text, and the words that did the most."""
    from rich.text import Text

    from sentiment_cli.analysis.attributions import score_text

    lines = [Text(printable(row.prediction.path)), Text(printable(", ".join(row.facts)), "dim" if color else "")]
    if row.reasons:
        lines.append(Text(printable(f"perhaps: {'; '.join(row.reasons)}"), "bold" if color else ""))
    lines.append(_shown(row, class_names, color))
    if not color and (words := row.words(_SHOWN_WORDS)):
        listed = ", ".join(f'"{excerpt(word, _WORD)}" {score_text(score)}' for word, score in words)
        lines.append(Text(printable(f"for {row.prediction.predicted}: {listed}")))
    return Text("\n").join(lines)


def _shown(row: Misclassified, class_names: Sequence[str], color: bool) -> Text:
    """Of a long review its beginning, or, where it is known what words did, the part where they did the most."""
    from rich.text import Text

    from sentiment_cli.analysis.attributions import towards_second
    from sentiment_cli.analysis.windows import spans_within, strongest_window

    if row.text is None:
        return Text("(file is gone)")
    if not row.spans:
        return Text(excerpt(row.text, _EXCERPT) or "(empty)")
    start, end = strongest_window(row.spans, len(row.text), _EXCERPT)
    piece = "".join(" " if character.isspace() else character for character in row.text[start:end])
    if end < len(row.text) and " " in piece:
        piece = piece[: piece.rindex(" ")]  # a half word would have no colour
    spans = towards_second(spans_within(row.spans, start, end), row.prediction.predicted, class_names)
    shown = coloured(piece, spans) if color else Text(printable(piece))
    return Text("…" if start else "").append_text(shown).append("…" if end < len(row.text) else "")


def _values(row: Misclassified) -> list[Any]:
    from sentiment_cli.analysis.attributions import score_text

    values = row.to_dict()
    words = ", ".join(f"{word} {score_text(score, 4)}" for word, score in values["words"] or ())
    return list({**values, "reasons": "; ".join(values["reasons"]), "words": words}.values())


def _as_csv(listing: Listing) -> str:
    from sentiment_cli.misclassified import CHANGE_COLUMNS, COLUMNS, SUSPECT_COLUMNS

    extra = CHANGE_COLUMNS if listing.against else SUSPECT_COLUMNS if listing.noise else ()
    return csv_text([*COLUMNS, *extra], (_values(row) for row in listing.rows))


def _as_jsonl(listing: Listing) -> str:
    return "".join(json_line(row.to_dict()) + "\n" for row in listing.rows)


def _as_html(listing: Listing) -> str:
    from sentiment_cli.pages import Page, misclassified_page

    first, *rest = headline(listing)
    names = listing.against.names if listing.against else None
    title = first if names else f"{listing.run.name}: {first}"
    page = Page(title, rest, listing.part.class_names, names)
    return misclassified_page(page, listing.rows)
