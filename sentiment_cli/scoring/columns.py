"""Which columns of a table hold the texts and the ids?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_cli.errors import DataError, suggest
from sentiment_cli.importing.columns import TEXT_NAMES, plain_column

# Letters of a name in a message.
_MOST_SAID = 60


@dataclass(frozen=True)
class Columns:
    """Where the columns of one table are.

    Args:
        text: position of the texts in a row, from 0.
        id: of the ids; None: there are none.
    """

    text: int
    id: int | None

    def describe(self, known: Sequence[str]) -> str:
        """For people, by the names of the columns."""
        ids = "no ids" if self.id is None else f'ids from "{known[self.id]}"'
        return f'texts from "{known[self.text]}", {ids}'

    def doubt(self, known: Sequence[str]) -> str | None:
        """Why the names of the columns may be a review; None where they are none."""
        name = known[self.text]
        if len(known) > 1 or any(plain_column(name) in group for group in TEXT_NAMES):
            return None
        said = textwrap.shorten(name, _MOST_SAID, placeholder="…")
        return f'the first row, "{said}", is taken for the name of its one column; where it is a review: --no-header'


def find_columns(known: Sequence[str], text: str | None, id_name: str | None, where: str) -> Columns:
    """The columns that are meant.

    Args:
        known: the names of the columns of a table, in their order, each once.
        text: the one of the texts; None: found by its name, or the only one.
        id_name: the one of the ids; None: ``id``, in whatever case, if it is there.
        where: what messages call the table.

    Raises:
        DataError: there is no such column, or no name or more than one says where the texts are.
    """
    at = _find_text(known, where) if text is None else _position(known, text, "--text", where)
    if id_name is not None:
        return Columns(at, _position(known, id_name, "--id", where))
    ids = [place for place, name in enumerate(known) if name.casefold() == "id" and place != at]
    return Columns(at, ids[0] if len(ids) == 1 else None)


def _find_text(known: Sequence[str], where: str) -> int:
    if len(known) == 1:
        return 0
    plain = list(map(plain_column, known))
    found = next((hits for group in TEXT_NAMES if (hits := [at for at, one in enumerate(plain) if one in group])), [])
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f'"{name}"' for name in known)
    if found:
        candidates = " and ".join(f'"{known[at]}"' for at in found)
        raise DataError(f"{where}: {candidates} could each be the column of texts; name it with --text.")
    usual = ", ".join(TEXT_NAMES[0][:3])
    raise DataError(f"{where}: expected a column that is called {usual} or alike, received {listed}; name it: --text.")


def _position(known: Sequence[str], name: str, option: str, where: str) -> int:
    if name in known:
        return known.index(name)
    raise DataError(f'{where}: {option} {name}: there is no column "{name}"; {suggest(name, known)}')
