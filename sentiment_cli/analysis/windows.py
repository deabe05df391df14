"""Which part of a long review shows best what its words did?"""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_cli.analysis.attributions import Span


def strongest_window(spans: Sequence[Span], length: int, most: int) -> tuple[int, int]:
    """The part of a text whose words have the largest sum of scores, whatever their signs.

    Args:
        spans: of the words, in order.
        length: characters of the text.
        most: characters of the part, at most.

    Returns:
        Its first character and the one after its last; the earliest of equal parts, the beginning where there are no
        words.
    """
    best, total, first, start = 0.0, 0.0, 0, 0
    words = list(spans)
    for last, span in enumerate(words):
        total += abs(span.score)
        while first < last and span.end - words[first].start > most:
            total -= abs(words[first].score)
            first += 1
        if total > best + 1e-9:  # what was added and taken away again is not exactly 0
            best, start = total, words[first].start
    start = max(min(start, length - most), 0)
    return start, min(start + most, length)


def spans_within(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """The words that lie wholly in a part of the text, with their places in that part."""
    return [
        Span(span.start - start, span.end - start, span.score)
        for span in spans
        if start <= span.start and span.end <= end
    ]
