"""What is the file of a review called, so that its id can be read from it and every file system takes it?

Letters, digits and ``-_.`` of ASCII stand for themselves, other characters for their bytes, as in addresses:
``urllib.parse.unquote`` gives the id back. A name that is too long, taken already, or that says stars which its row
does not have, ends in ``~`` and the number of its row, which leads back as well.
"""

from __future__ import annotations

from urllib.parse import quote

from sentiment_cli.analysis.traits import read_rating
from sentiment_cli.importing.labels import DEVICES
from sentiment_cli.importing.seen import Seen, digest_of

# File systems take 255 bytes; some tools on Windows 260 characters with all directories.
_LONGEST = 120
# So many digits order the names as the rows are, up to ten million of them.
_DIGITS = 7


class FileNames:
    """Gives each review a file name that no other review of its part and class has, in upper or lower case.

    Args:
        have_ids: whether the table has a column of them; else rows are numbered so that names are in their order.
        have_ratings: whether it has a column of stars; else an id such as ``127_9`` may say them.
    """

    def __init__(self, *, have_ids: bool, have_ratings: bool = False) -> None:
        self._taken, self._have_ids, self._have_ratings = Seen(), have_ids, have_ratings

    @property
    def size_bytes(self) -> int:
        """Of memory, as it is now."""
        return self._taken.size_bytes

    def choose(self, place: str, row: int, given: str | None, rating: int | None) -> tuple[str, bool]:
        """The name of one review.

        Args:
            place: its part and class.
            row: its number, from 1, different for each of a part.
            given: its id; None: its row stands for it.
            rating: stars from 1 to 10, at the end of the name as in aclImdb (``127_9.txt``), behind two ``_`` where the
                id is no number; None: it has none.

        Returns:
            The name, and whether the id was taken already.
        """
        stem = self._number(row) if given is None else safe_id(given)
        if len(stem) > _LONGEST:
            stem = f"{stem[:_LONGEST]}~{row}"
        is_taken = given is not None and self._taken.add(digest_of(f"{place}/{stem}".casefold())) is not None
        # The id ``127_9`` without stars would else have the name, and the stars, of ``127`` with nine.
        if is_taken or (self._have_ratings and rating is None and read_rating(f"{stem}.txt") is not None):
            stem = f"{stem}~{row}"
        if rating is None:
            return f"{stem}.txt", is_taken
        return f"{stem}{'_' if stem.isdecimal() else '__'}{rating}.txt", is_taken

    def _number(self, row: int) -> str:
        return f"~{row}" if self._have_ids else f"{row:0{_DIGITS}}"


def safe_id(text: str) -> str:
    """An id as a part of a file name; different ids give different ones."""
    name = quote(text, safe="", errors="surrogatepass").replace("~", "%7E")
    if name.startswith(".") or name.partition(".")[0].casefold() in DEVICES:
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return name
