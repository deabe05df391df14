"""What each word added to a prediction, as a run keeps it, and a text cut into words that are coloured and the rest."""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sentiment_cli.atomic import write_text
from sentiment_cli.errors import RunError

# Of a score; more would be noise of 32-bit arithmetic.
_DIGITS = 5
_HEAD = '{"path":'
_DECODER = json.JSONDecoder()


# A named tuple, since a page of 3,000 mistakes has 700,000 of them: as frozen dataclasses they take a second more.
class Span(NamedTuple):
    """A word of a text.

    Args:
        start: its first character.
        end: the character after its last.
        score: what it added to the log-odds of the predicted class; below 0 where it spoke against that.
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Attribution:
    """What the words of a review added to its prediction.

    Args:
        path: of the review, relative to the data root.
        predicted: the class whose log-odds are explained.
        spans: of the words that the network read, in the order of the text, not overlapping.
        total: log-odds of the predicted class for the review minus those for the baseline, which all scores add up to.
    """

    path: str
    predicted: str
    spans: tuple[Span, ...]
    total: float


@dataclass(frozen=True)
class Segment:
    """A piece of a text.

    Args:
        text: the piece.
        score: of the word that it is; None for what stands between words, or was not read.
    """

    text: str
    score: float | None


def segments(text: str, spans: Sequence[Span]) -> list[Segment]:
    """A text in pieces, which add up to it: words with their scores, and what stands between them.

    Args:
        text: the review.
        spans: in order; one that does not lie within what is left of the text is passed over.
    """
    pieces, done = [], 0
    for span in spans:
        if not done <= span.start < span.end <= len(text):
            continue
        if span.start > done:
            pieces.append(Segment(text[done : span.start], None))
        pieces.append(Segment(text[span.start : span.end], span.score))
        done = span.end
    if done < len(text):
        pieces.append(Segment(text[done:], None))
    return pieces


def towards_second(spans: Sequence[Span], predicted: str, class_names: Sequence[str]) -> tuple[Span, ...]:
    """The same words with the signs that colours have.

    With two classes a score above 0 speaks for the second one; with more, for the predicted one.
    """
    turned = len(class_names) == 2 and predicted == class_names[0]
    return tuple(Span(start, end, -score) for start, end, score in spans) if turned else tuple(spans)


def strongest(text: str, spans: Sequence[Span], count: int) -> list[tuple[str, float]]:
    """The words of the largest scores in either direction, a word that occurs twice with the sum of both.

    Args:
        text: the review.
        spans: of its words.
        count: at most so many.

    Returns:
        Words in lower case with their scores; the largest first, ties in the order of the text.
    """
    sums: dict[str, float] = {}
    for span in spans:
        word = text[span.start : span.end].lower()
        sums[word] = sums.get(word, 0.0) + span.score
    return heapq.nlargest(count, sums.items(), key=lambda item: abs(item[1]))


def score_text(score: float, digits: int = 2) -> str:
    """A score for people, with so many digits behind the point and its sign; what is zero then has none."""
    shown = f"{score:+.{digits}f}"
    return shown if float(shown) else shown[1:]


def write_attributions(path: Path, attributions: Iterable[Attribution]) -> None:
    """Write one JSON object a line, whole or not at all."""
    write_text(path, "".join(_line(row) for row in attributions))


def _line(row: Attribution) -> str:
    spans = [[span.start, span.end, round(span.score, _DIGITS)] for span in row.spans]
    value = {"path": row.path, "predicted": row.predicted, "total": round(row.total, _DIGITS), "spans": spans}
    return json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n"


def read_attributions(path: Path, wanted: Container[str] | None = None) -> dict[str, Attribution]:
    """Read what `write_attributions` wrote, by the paths of the reviews; scores have five decimals.

    Args:
        path: the file.
        wanted: paths of the reviews that are asked for; the lines of others are passed over. None: all.

    Raises:
        RunError: the file is missing or damaged; the message names the line.
    """
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None
    rows = (
        _parse(path, number, line)
        for number, line in enumerate(lines, start=1)
        if line and (wanted is None or _may_be(line, wanted))
    )
    return {row.path: row for row in rows if wanted is None or row.path in wanted}


def _may_be(line: str, wanted: Container[str]) -> bool:
    """Whether a line can be of a wanted review, from its first value alone: the rest is twenty times as long."""
    if not line.startswith(_HEAD):
        return True
    try:
        return _DECODER.raw_decode(line, len(_HEAD))[0] in wanted
    except (ValueError, TypeError, RecursionError):
        return True  # damaged; the message is for `_parse`


def _parse(path: Path, number: int, line: str) -> Attribution:
    try:
        value = json.loads(line)
        return Attribution(
            _text(value["path"]), _text(value["predicted"]), _spans(value["spans"]), _score(value["total"])
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(
            f"{path}:{number}: expected path, predicted, total and spans of one review "
            f"({type(error).__name__}: {error}). Made anew by: sentiment evaluate RUN --explain"
        ) from None


def _spans(values: Any) -> tuple[Span, ...]:
    if not values:
        return ()
    starts, ends, scores = zip(*values, strict=True)
    for places in (starts, ends):
        if set(map(type, places)) != {int} or min(places) < 0:
            raise ValueError(f"expected places of characters, received {places!r:.60}")
    if not set(map(type, scores)) <= {int, float} or not all(map(math.isfinite, scores)):
        raise ValueError(f"expected numbers, received {scores!r:.60}")
    return tuple(map(Span, starts, ends, map(float, scores)))


def _score(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"expected a number, received {value!r:.40}")
    return float(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"expected text, received {value!r:.40}")
    return value
