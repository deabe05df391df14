"""The predictions on a report, as compact columns: 25,000 reviews of a run are a megabyte, without their texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sentiment_cli.analysis.attributions import Span
from sentiment_cli.analysis.reasons import describe_reasons
from sentiment_cli.analysis.slices import SLICES, compute_slices, slice_name
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.report.figures import SLICE_TITLES
from sentiment_cli.report.sources import RunFiles, TextChoice

_NO_TRAITS = Traits(None, None, None)
# A word with less than so much of the strongest one's score has no colour that could be seen.
_FAINT = 0.02
_FIRST_ASTRAL = "\U00010000"


def index_reviews(runs: Sequence[RunFiles]) -> dict[tuple[str, str, str], int]:
    """The reviews of all runs together, each with its place: by data root, path and actual class.

    Runs on other data may have other reviews under the same paths, and then share nothing.
    """
    places: dict[tuple[str, str, str], int] = {}
    for run in runs:
        for row in run.predictions:
            places.setdefault(review_key(run, row), len(places))
    return places


def review_key(run: RunFiles, row: Prediction) -> tuple[str, str, str]:
    """What makes it the same review in another run."""
    return run.data_root, row.path, row.actual


def review_values(
    runs: Sequence[RunFiles],
    places: Mapping[tuple[str, str, str], int],
    class_names: Sequence[str],
    texts: TextChoice,
    also: Collection[int] = (),
) -> dict[str, Any]:
    """Paths, actual classes, and the texts that are wanted and there.

    Args:
        runs: whose predictions are shown.
        places: from `index_reviews`.
        class_names: of all runs.
        texts: of which reviews.
        also: places of reviews that are shown elsewhere, and have their text with "wrong", too.

    Returns:
        ``paths`` and ``actual`` have an entry for each review; ``texts`` by place, as text, for JSON.
    """
    labels = {name: index for index, name in enumerate(class_names)}
    found: dict[int, str] = {}
    for run in runs:
        for row in run.predictions if texts != "none" else ():
            place, text = places[review_key(run, row)], run.texts.get(row.path)
            if text is not None and (texts == "all" or row.is_wrong or place in also):
                found[place] = text
    return {
        "paths": [path for _, path, _ in places],
        "actual": [labels[actual] for _, _, actual in places],
        "texts": {str(place): found[place] for place in sorted(found)},
    }


def row_values(
    run: RunFiles,
    places: Mapping[tuple[str, str, str], int],
    class_names: Sequence[str],
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """The predictions of a run, one entry a row in every column.

    Args:
        run: whose predictions.
        places: from `index_reviews`.
        class_names: of all runs.
        texts: those on the page, by place.
    """
    labels = {name: index for index, name in enumerate(class_names)}
    rows = run.predictions
    reviews = [places[review_key(run, row)] for row in rows]
    return {
        "review": reviews,
        "predicted": [labels[row.predicted] for row in rows],
        "probability": [_digits(row.probability, 5) for row in rows],
        "loss": [_digits(row.loss, 4) for row in rows],
        "tokens": [row.tokens for row in rows],
        "unknown": [row.unknown for row in rows],
        "cut": [row.cut for row in rows],
        "slices": [_slice_column(run, by) for by in SLICES],
        "reasons": {
            str(index): reasons
            for index, row in enumerate(rows)
            if row.is_wrong and (reasons := describe_reasons(row, run.traits.get(row.path, _NO_TRAITS)))
        },
        "words": {
            str(index): word_values(texts[str(place)], run.spans[row.path])
            for index, (row, place) in enumerate(zip(rows, reviews, strict=True))
            if row.path in run.spans and str(place) in texts
        },
    }


def word_values(text: str, found: Sequence[Span]) -> list[float]:
    """The scores of words as one list of numbers: for each the characters skipped before it, its length, its score.

    Places are counted as JavaScript counts them, in UTF-16, where an emoji is two.
    """
    spans = [span for span in found if span.start < span.end <= len(text)]
    strongest = max((abs(span.score) for span in spans), default=0.0)
    wanted = [span for span in spans if abs(span.score) >= _FAINT * strongest > 0]
    values: list[float] = []
    done = 0
    for start, end, score in _in_utf16(text, wanted):
        if start >= done:
            values += [start - done, end - start, _digits(score, 3)]
            done = end
    return values


def _in_utf16(text: str, spans: Sequence[Span]) -> Iterable[tuple[int, int, float]]:
    if max(text, default="") < _FIRST_ASTRAL:
        return ((span.start, span.end, span.score) for span in spans)
    places = [0]
    for character in text:
        places.append(places[-1] + (2 if character >= _FIRST_ASTRAL else 1))
    return ((places[span.start], places[span.end], span.score) for span in spans)


def _slice_column(run: RunFiles, by: str) -> dict[str, Any]:
    """The slice of each review by its place in the list of names."""
    names = [row.name for row in compute_slices(run.predictions, run.traits, by)]
    places = {name: place for place, name in enumerate(names)}
    of = [places[slice_name(row, run.traits.get(row.path), by)] for row in run.predictions]
    return {"by": by, "title": SLICE_TITLES[by], "names": names, "of": of}


def _digits(value: float, count: int) -> float:
    """So many significant digits, which is all that is shown."""
    return float(f"{value:.{count}g}")
