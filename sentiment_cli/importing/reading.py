"""The rows of tables as reviews: a path and a content for each, and what befell the others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sentiment_cli.data.contents import MAX_REVIEW_BYTES
from sentiment_cli.importing.findings import Findings
from sentiment_cli.importing.labels import Labels
from sentiment_cli.importing.names import FileNames
from sentiment_cli.importing.seen import Seen, digest_of
from sentiment_cli.importing.settings import ImportSettings, Input
from sentiment_cli.tabular.table import Row
from sentiment_cli.tabular.values import is_missing, label_value

NO_TEXT, NO_CLASS, OTHER_CLASS = "no text", "no class", "none of the wanted classes"
TOO_LONG = f"text of more than {MAX_REVIEW_BYTES:,} bytes"
IN_TEST = "text that is in the test part"
SAME_CLASS, SAME_TEXT = "text of an earlier row", "text of an earlier row of another class"
NO_ID, SAME_ID, NO_RATING = "no id, named by the row", "id of an earlier row", "no rating from 1 to 10"
# A reader tells of rows that it could not read in these words.
UNREADABLE, MENDED = "row that cannot be read", "mended"

_RATING = re.compile("10|[1-9]")
_WHOLE_NUMBER = re.compile("([0-9]+)[.]0")
# Of the mark of a text: the lowest bits are its class, those above them its table.
_CLASS_BITS = 8
_STEP = 1000


@dataclass
class Counts:
    """What a passage through tables came to.

    Args:
        rows: read, those that could not be read included, by the position of their table.
        reviews: number of reviews by part and class.
        findings: what befell rows.
        merged: classes that are written in several ways, each with the others.
        size_bytes: of memory, for what was kept of each row.
    """

    rows: list[int] = field(default_factory=list)
    reviews: dict[str, dict[str, int]] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)
    merged: dict[str, list[str]] = field(default_factory=dict)
    size_bytes: int = 0


class ReviewReader:
    """Reads tables once, one after the other.

    Args:
        inputs: the tables, that of the test part first.
        settings: what is to be made of them.
        step: told, every thousand rows, the position of the table and how many of its rows were read.
    """

    def __init__(self, inputs: Sequence[Input], settings: ImportSettings, step: Callable[[int, int], None]) -> None:
        self.counts = Counts()
        self._inputs, self._settings, self._step = inputs, settings, step
        self._labels = Labels(settings.label_map, settings.classes)
        self._texts = Seen()
        named = settings.columns
        self._names = FileNames(have_ids=named.id is not None, have_ratings=named.rating is not None)
        self._class_numbers: dict[str, int] = {}
        self._has_test = any(one.is_test for one in inputs)
        self._rows_before = 0

    def reviews(self) -> Iterator[tuple[str, bytes]]:
        """The path of each review below the data root, with ``/``, and its content, in the order of the tables.

        Raises:
            DataError: a table cannot be read on, or its classes cannot be used.
        """
        for position, one in enumerate(self._inputs):
            self._rows_before = 0 if one.is_test else sum(self.counts.rows[int(self._has_test) :])
            self.counts.rows.append(0)
            for row in one.table.rows():
                self.counts.rows[position] += 1
                if review := self._read(row, one, position):
                    yield review
                if self.counts.rows[position] % _STEP == 0:
                    self._step(position, self.counts.rows[position])
            self._end(one, position)

    def _end(self, one: Input, position: int) -> None:
        findings, table = self.counts.findings, one.table
        for kinds, told, tell in (
            (table.faults, UNREADABLE, findings.leave_out),
            (table.mended, MENDED, findings.note),
        ):
            for kind, count in kinds.counts.items():
                tell(f"{told}: {kind}", [one.place(number) for number in kinds.places[kind]], count)
        self.counts.rows[position] += table.faults.total
        self.counts.merged = self._labels.merged()
        self.counts.size_bytes = self._texts.size_bytes + self._names.size_bytes

    def _read(self, row: Row, one: Input, position: int) -> tuple[str, bytes] | None:
        findings, columns, values = self.counts.findings, one.columns, row.values
        number = row.number if row.line is None else row.line
        # What reads it takes a byte order mark for no text.
        text = (values[columns.text] or "").removeprefix("\ufeff")
        if not (stripped := text.strip()):
            findings.leave_out(NO_TEXT, [one.place(number)])
            return None
        value = label_value(values[columns.label])
        if value is None:
            findings.leave_out(NO_CLASS, [one.place(number)])
            return None
        name = self._labels.class_of(value)
        if name is None:
            findings.leave_out(OTHER_CLASS, [one.place(number)])
            findings.count_value(value)
            return None
        content = self._content(text, one.place(number))
        if content is None:
            return None
        digest = digest_of(stripped)
        if self._is_repeated(digest, name, (one, position, number)):
            return None
        part = self._part(one, digest)
        place = f"{part}/{name}" if part else name
        counts = self.counts.reviews.setdefault(part, {})
        counts[name] = counts.get(name, 0) + 1
        return f"{place}/{self._file(row, one, place, number)}", content

    def _content(self, text: str, place: str) -> bytes | None:
        """A text as it is written; None where it is too long."""
        content = text.encode("utf-8")
        if len(content) > MAX_REVIEW_BYTES:
            self.counts.findings.leave_out(TOO_LONG, [place])
            return None
        return content

    def _is_repeated(self, digest: int, name: str, where: tuple[Input, int, int]) -> bool:
        """Whether a text occurs before and is left out for that; that it occurs is told in any case."""
        one, position, number = where
        label = self._class_numbers.setdefault(name, len(self._class_numbers))
        before = self._texts.add(digest, position << _CLASS_BITS | label, number)
        if before is None:
            return False
        first, drops = self._inputs[before.mark >> _CLASS_BITS], self._settings.drop_duplicates
        kind = SAME_CLASS if before.mark & ((1 << _CLASS_BITS) - 1) == label else SAME_TEXT
        if first.is_test and not one.is_test:
            kind = IN_TEST
        tell = self.counts.findings.leave_out if drops else self.counts.findings.note
        tell(kind, [f"{one.place(number)} = {first.place(before.place)}"])
        return drops

    def _part(self, one: Input, digest: int) -> str:
        fraction = self._settings.test_fraction
        if fraction is not None:
            return "test" if _is_in_test(digest, fraction, self._settings.seed) else "train"
        if self._has_test:
            return "test" if one.is_test else "train"
        return ""

    def _file(self, row: Row, one: Input, place: str, number: int) -> str:
        findings, columns = self.counts.findings, one.columns
        given = rating = None
        if columns.id is not None:
            given = _id(row.values[columns.id])
            if given is None:
                findings.note(NO_ID, [one.place(number)])
        if columns.rating is not None:
            stars = label_value(row.values[columns.rating])
            if stars is not None and _RATING.fullmatch(stars):
                rating = int(stars)
            else:
                findings.note(NO_RATING, [one.place(number)])
        name, is_taken = self._names.choose(place, self._rows_before + row.number, given, rating)
        if is_taken:
            findings.note(SAME_ID, [one.place(number)])
        return name


def _id(cell: str | None) -> str | None:
    """What a cell calls a review; pandas writes whole numbers as ``17.0`` where one of them is missing."""
    if cell is None or is_missing(cell):
        return None
    found = _WHOLE_NUMBER.fullmatch(cell.strip())
    return found[1] if found else cell.strip()


def _is_in_test(digest: int, fraction: float, seed: int) -> bool:
    """A function of text, seed and fraction alone, so that copies are in one part and rows may come in any order."""
    drawn = hashlib.blake2b(digest.to_bytes(8, "little"), digest_size=8, key=seed.to_bytes(8, "little")).digest()
    return int.from_bytes(drawn, "little") < fraction * 2.0**64
