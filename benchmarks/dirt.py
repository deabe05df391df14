"""Twenty kinds of dirt that tables of reviews come with, and what a reader should make of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

HEADER = b"id,review,rating\n"


@dataclass(frozen=True)
class Review:
    """A row before it is written.

    Args:
        id: of its own.
        text: without line ends.
        rating: from 1 to 10.
    """

    id: str
    text: str
    rating: int


@dataclass(frozen=True)
class Dirt:
    """What is wrong with a row.

    Args:
        name: of the kind.
        write: gives the bytes of the row, its line end included, in UTF-8 with commas but for what is wrong.
        given: how many rows a reader should give for it.
        lost: how many lines or rows it should count as left out.
        usable: how many of them have a text and a class of their own.
    """

    name: str
    write: Callable[[Review], bytes]
    given: int = 1
    lost: int = 0
    usable: int = 1


def quoted(text: str) -> str:
    """A cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


def line(*cells: str, end: str = "\n") -> bytes:
    """A line of cells that are ready to be written."""
    return (",".join(cells) + end).encode()


def sound(review: Review) -> bytes:
    """A row with nothing wrong."""
    return line(review.id, quoted(review.text), str(review.rating))


def _plain(review: Review) -> str:
    """The text without what would need quotes."""
    return review.text.replace('"', "").replace(",", "")


def _again(review: Review, rating: int) -> bytes:
    return sound(review) + line(f"{review.id}-again", quoted(review.text), str(rating))


KINDS = (
    Dirt("a blank line", lambda r: b"\n" + sound(r)),
    Dirt("a line that is cut off", lambda r: line(r.id, _plain(r)[:40]), given=0, lost=1, usable=0),
    Dirt(
        "commas without quotes",
        lambda r: line(r.id, f"{_plain(r)}, and, so on", str(r.rating)),
        given=0,
        lost=1,
        usable=0,
    ),
    Dirt("a quote never closed", lambda r: line(r.id, '"' + _plain(r), str(r.rating)), given=0, lost=1, usable=0),
    Dirt("quotes not doubled", lambda r: line(r.id, f'"A "must", they say. {_plain(r)}"', str(r.rating))),
    Dirt("line ends within a text", lambda r: line(r.id, quoted(f"One.\n\nTwo, \nthree: {r.text}"), str(r.rating))),
    Dirt("Windows line ends", lambda r: line(r.id, quoted(r.text), str(r.rating), end="\r\n")),
    Dirt("a NUL", lambda r: line(r.id, quoted(f"\0{r.text}"), str(r.rating))),
    Dirt("latin-1", lambda r: sound(r).replace(b',"', b',"Caf\xe9: ', 1), given=0, lost=1, usable=0),
    Dirt("delimiters at the end", lambda r: line(r.id, quoted(r.text), str(r.rating), "", "")),
    Dirt("no text", lambda r: line(r.id, "", str(r.rating)), usable=0),
    Dirt("no rating", lambda r: line(r.id, quoted(r.text), ""), usable=0),
    Dirt("rating NA", lambda r: line(r.id, quoted(r.text), "NA"), usable=0),
    Dirt("a rating that means nothing", lambda r: line(r.id, quoted(r.text), "99"), usable=0),
    Dirt("rating as a fraction", lambda r: line(r.id, quoted(r.text), f" {r.rating}.0 ")),
    Dirt("the same row again", lambda r: _again(r, r.rating), given=2, usable=1),
    Dirt("the same text, other rating", lambda r: _again(r, 11 - r.rating), given=2, usable=1),
    Dirt("the header again", lambda r: HEADER + sound(r), lost=1),
    Dirt("an id that is a path", lambda r: line(f"../{r.id}/x:y", quoted(r.text), str(r.rating))),
    Dirt(
        "an id again", lambda r: sound(r) + line(r.id, quoted(f"Once more: {r.text}"), str(r.rating)), given=2, usable=2
    ),
)
