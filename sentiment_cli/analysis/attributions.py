"""What each word added to a prediction, as a run keeps it, and a text cut into words that are coloured and the rest."""

from __future__ import annotations

import base64
import json
import math
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike

from sentiment_cli.atomic import write_text
from sentiment_cli.errors import RunError

# Words that are kept by themselves; lists show no more.
MOST = 10
# Decimals of a total; more would be noise of 32-bit arithmetic.
_DIGITS = 5
_HEAD = '{"path":'
_DECODER = json.JSONDecoder()


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


class Spans(Sequence[Span]):
    """Words of a text as columns: a page of 3,000 mistakes has 700,000 of them, which take a second as tuples.

    Args:
        starts: int[n], their first characters.
        ends: int[n], the characters after their last.
        scores: float[n], what they added, as in `Span`.
    """

    __slots__ = ("ends", "scores", "starts")

    def __init__(self, starts: ArrayLike = (), ends: ArrayLike = (), scores: ArrayLike = ()) -> None:
        self.starts, self.ends = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
        self.scores = np.asarray(scores, np.float64)

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Spans:
        """The same words in columns."""
        return spans if isinstance(spans, cls) else cls(*zip(*spans, strict=True))

    @property
    def rows(self) -> Iterator[tuple[int, int, float]]:
        """Start, end and score of each word; to make a `Span` of each takes twice as long."""
        return zip(self.starts.tolist(), self.ends.tolist(), self.scores.tolist(), strict=True)

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[Span]:
        return map(Span._make, self.rows)

    @overload
    def __getitem__(self, index: int) -> Span: ...

    @overload
    def __getitem__(self, index: slice | np.ndarray) -> Spans: ...

    def __getitem__(self, index: int | slice | np.ndarray) -> Span | Spans:
        if isinstance(index, (slice, np.ndarray)):
            return Spans(self.starts[index], self.ends[index], self.scores[index])
        return Span(int(self.starts[index]), int(self.ends[index]), float(self.scores[index]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return f"Spans.of({list(self)})"


@dataclass(frozen=True)
class Attribution:
    """What the words of a review added to its prediction.

    Args:
        path: of the review, relative to the data root.
        predicted: the class whose log-odds are explained.
        spans: of the words that the network read, in the order of the text, not overlapping.
        total: log-odds of the predicted class for the review minus those for the baseline, which all scores add up to.
        strongest: the `MOST` words that did the most, from `strongest`; empty in older files. To find them among
            700,000 takes 0.2 s.
    """

    path: str
    predicted: str
    spans: Sequence[Span]
    total: float
    strongest: Sequence[tuple[str, float]] = ()


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


def towards_second(spans: Sequence[Span], predicted: str, class_names: Sequence[str]) -> Spans:
    """The same words with the signs that colours have.

    With two classes a score above 0 speaks for the second one; with more, for the predicted one.
    """
    found = Spans.of(spans)
    turned = len(class_names) == 2 and predicted == class_names[0]
    return Spans(found.starts, found.ends, -found.scores) if turned else found


def strongest(text: str, spans: Sequence[Span], count: int) -> list[tuple[str, float]]:
    """The words of the largest scores in either direction, a word that occurs twice with the sum of both.

    Args:
        text: the review.
        spans: of its words.
        count: at most so many.

    Returns:
        Words in lower case with their scores; the largest first, ties in the order of the text.
    """
    sums: dict[str, float] = defaultdict(float)
    lower = _lower(text)
    for start, end, score in Spans.of(spans).rows:
        sums[lower[start:end]] += score
    least = min(sorted(map(abs, sums.values()))[-count:], default=0.0)
    found = [item for item in sums.items() if abs(item[1]) >= least]
    return sorted(found, key=lambda item: -abs(item[1]))[:count]


def _lower(text: str) -> str:
    """In lower case, each character in its place: there is one that becomes two."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(letter.lower()[:1] for letter in text)


def score_text(score: float, digits: int = 2) -> str:
    """A score for people, with so many digits behind the point and its sign; what is zero then has none."""
    shown = f"{score:+.{digits}f}"
    return shown if float(shown) else shown[1:]


def write_attributions(path: Path, attributions: Iterable[Attribution]) -> None:
    """Write one JSON object a line, whole or not at all.

    Its ``words`` are all starts, all ends and all scores, each a number of 32 bits, in base64: as JSON's numbers they
    are as long, and take 0.7 s for 3,000 reviews instead of 0.1 s.
    """
    write_text(path, "".join(_line(row) for row in attributions))


def _line(row: Attribution) -> str:
    spans = Spans.of(row.spans)
    columns = spans.starts.astype("<u4"), spans.ends.astype("<u4"), spans.scores.astype("<f4")
    packed = b"".join(column.tobytes() for column in columns)
    value = {"path": row.path, "predicted": row.predicted, "total": round(row.total, _DIGITS)}
    value["strongest"] = [[word, round(score, _DIGITS)] for word, score in row.strongest]
    value["words"] = base64.b64encode(packed).decode("ascii")
    return json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n"


def read_attributions(path: Path, wanted: Container[str] | None = None) -> dict[str, Attribution]:
    """Read what `write_attributions` wrote, by the paths of the reviews.

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
        strongest = tuple((_text(word), _score(score)) for word, score in value.get("strongest", ()))
        said = _text(value["path"]), _text(value["predicted"])
        return Attribution(*said, _spans(value), _score(value["total"]), strongest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(
            f"{path}:{number}: expected path, predicted, total and words of one review "
            f"({type(error).__name__}: {error}). Made anew by: sentiment evaluate RUN --explain"
        ) from None


def _spans(value: dict[str, Any]) -> Spans:
    if "spans" in value:
        return _listed(value["spans"])
    numbers = np.frombuffer(base64.b64decode(_text(value["words"]), validate=True), "<u4").reshape(3, -1)
    scores = numbers[2].view("<f4")
    if not np.isfinite(scores).all():
        raise ValueError("expected scores, received one that is infinite or none")
    return Spans(numbers[0], numbers[1], scores)


def _listed(words: list[Any]) -> Spans:
    """Of files that have a list of start, end and score for each word."""
    starts, ends, scores = zip(*words, strict=True) if words else ((), (), ())
    for places in (starts, ends):
        if not set(map(type, places)) <= {int} or min(places, default=0) < 0:
            raise ValueError(f"expected places of characters, received {places!r:.60}")
    if not set(map(type, scores)) <= {int, float} or not all(map(math.isfinite, scores)):
        raise ValueError(f"expected numbers, received {scores!r:.60}")
    return Spans(starts, ends, scores)


def _score(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"expected a number, received {value!r:.40}")
    return float(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"expected text, received {value!r:.40}")
    return value
