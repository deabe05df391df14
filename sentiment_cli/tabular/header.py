"""What are the columns of a table called, and is its first row a header at all?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sentiment_cli.errors import shorten_list

# A name of a column is short; of so many words it is a text.
_LONGEST_NAME = 60
_LOOK_AT = 1_000  # rows


def name_columns(header: Sequence[str | None] | None, width: int) -> tuple[tuple[str, ...], list[str]]:
    """Names for the columns, each of which is there once.

    Args:
        header: the cells of the first row; None: the table has no header.
        width: the number of columns.

    Returns:
        The names: without white space around them; a number, from 1, for what has none; ``name (2)`` for what comes
        again. And notes for the user.
    """
    given = [plain_name(name) for name in header or [""] * width]
    known, times = frozenset(given), Counter[str]()
    names: dict[str, None] = {}
    for number, name in enumerate(given, start=1):
        wanted = unique = name or str(number)
        while unique in names or (unique != name and unique in known):
            times[wanted] += 1
            unique = f"{wanted} ({times[wanted] + 1})"
        names[unique] = None
    renamed = [f'"{new}"' for old, new in zip(given, names, strict=True) if new != old and header is not None]
    notes = [f"columns without a name of their own are called {shorten_list(renamed)}"] if renamed else []
    return tuple(names), notes


def plain_name(cell: str | None) -> str:
    """The name of a column without white space and a byte order mark around it."""
    return (cell or "").strip().strip("\ufeff").strip()


def warn_of_data(rows: Sequence[Sequence[str | None]]) -> list[str]:
    """A warning where the first row looks like data and not like a header.

    A number, a text, or a cell that occurs again below it in its column is no name.

    Args:
        rows: the first rows, the very first included.
    """
    if not rows:
        return []
    for column, name in enumerate(rows[0]):
        below = {row[column] for row in rows[1 : 1 + _LOOK_AT] if column < len(row) and row != rows[0]}
        why = _why_no_name(name or "", below)
        if why:
            return [
                f"the first row is taken as the header, though its cell {_quote(name or '')} {why}; if it is a row as "
                "any: sentiment data import --no-header, or predict --output with it"
            ]
    return []


def _why_no_name(name: str, below: set[str | None]) -> str | None:
    if not name.strip():
        return None
    if name in below:
        return "occurs again below it"
    if name.strip().replace(".", "", 1).isdigit():
        return "is a number"
    if len(name) > _LONGEST_NAME:
        return "is long"
    return None


def _quote(name: str) -> str:
    return f'"{name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"}"'
