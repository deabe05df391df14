"""Which column of a table holds the texts, which the classes, and which the ids and ratings?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_cli.errors import DataError, shorten_list, suggest

# Names that public data sets and exports give to their columns, without case, blanks and signs. The first group of
# which a table has a name is looked at; two names of one group could both be meant.
TEXT_NAMES = (
    ("text", "review", "reviews", "reviewtext", "reviewbody", "reviewcontent", "fulltext"),
    ("content", "comment", "comments", "body", "sentence", "message", "tweet", "document", "feedback", "opinion"),
)
_LABEL_NAMES = (
    ("label", "labels", "sentiment", "sentimentlabel", "class", "classname", "polarity", "category", "target"),
    ("rating", "ratings", "stars", "star", "starrating", "score", "reviewrating", "reviewscore", "overall"),
)
# Columns that a message names; of so many a file hardly has more because somebody made them.
_LISTED = 50
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class ColumnNames:
    """Columns by what they hold.

    Args:
        text: the texts; None: to be found by its name.
        label: the classes, likewise.
        id: what the reviews are called; None: they are numbered.
        rating: stars from 1 to 10; None: there are none.
    """

    text: str | None = None
    label: str | None = None
    id: str | None = None
    rating: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """By what they hold."""
        return {"text": self.text, "label": self.label, "id": self.id, "rating": self.rating}


@dataclass(frozen=True)
class Columns:
    """Where the columns of one table are.

    Args:
        names: all that are read, those of texts and classes among them.
        text: position of the texts in a row, from 0.
        label: of the classes.
        id: of the ids; None: there are none.
        rating: of the ratings; None: there are none.
    """

    names: ColumnNames
    text: int
    label: int
    id: int | None
    rating: int | None


def find_columns(known: Sequence[str], wanted: ColumnNames, where: str) -> Columns:
    """The columns of a table that are meant.

    Args:
        known: the names of its columns, in their order.
        wanted: what was asked for; a name that is given has to be there.
        where: what messages call the table.

    Raises:
        DataError: there is no such column, or no name or more than one says what a column holds; all at once.
    """
    problems: list[str] = []
    text = _find(known, wanted.text, "text", TEXT_NAMES, problems)
    label = _find(known, wanted.label, "label", _LABEL_NAMES, problems)
    others = [None if name is None else _position(known, name, problems) for name in (wanted.id, wanted.rating)]
    if text is not None and text == label:
        problems.append(f'the column "{known[text]}" cannot be that of the texts and that of the classes')
    if problems or text is None or label is None:
        listed = shorten_list([f'"{name}"' for name in known], _LISTED) or "none"
        lines = "".join(f"\n  {problem}" for problem in problems)
        raise DataError(f"{where}: its columns cannot be used as they are:{lines}\n  It has the columns {listed}.")
    found = ColumnNames(known[text], known[label], wanted.id, wanted.rating)
    return Columns(found, text, label, *others)


def has_columns(known: Sequence[str], wanted: ColumnNames) -> bool:
    """Whether a table has all columns that are asked for by name."""
    return all(name is None or name in known for name in wanted.to_dict().values())


def plain_column(name: str) -> str:
    """The name of a column without case, blanks and signs."""
    return _SIGNS.sub("", name.casefold())


def _find(
    known: Sequence[str], name: str | None, kind: str, groups: Sequence[Sequence[str]], problems: list[str]
) -> int | None:
    if name is not None:
        return _position(known, name, problems)
    plain = list(map(plain_column, known))
    found = next((hits for group in groups if (hits := [at for at, one in enumerate(plain) if one in group])), [])
    if len(found) == 1:
        return found[0]
    what = {"text": "the texts", "label": "the classes"}[kind]
    if found:
        candidates = " and ".join(f'"{known[at]}"' for at in found)
        problems.append(f"{candidates} could each be the column of {what}; name it (--{kind}, data.{kind}_column)")
    else:
        usual = ", ".join(groups[0][:3])
        problems.append(
            f"no column is called as one of {what} usually is ({usual}, …); name it (--{kind}, data.{kind}_column)"
        )
    return None


def _position(known: Sequence[str], name: str, problems: list[str]) -> int | None:
    places = [at for at, column in enumerate(known) if column == name]
    if len(places) == 1:
        return places[0]
    if places:
        problems.append(f'several columns are called "{name}"; rename them')
        return None
    problems.append(f'there is no column "{name}"; {suggest(name, known)}')
    return None
