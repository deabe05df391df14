"""How are JSON lines read as a table?

A line is an object, its keys are the columns: those of the first thousand objects, in the order in which they come.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sentiment_cli.errors import DataError
from sentiment_cli.tabular.content import Content
from sentiment_cli.tabular.encoding import UNDECODABLE, Encoding
from sentiment_cli.tabular.lines import ending, open_lines, read_sample
from sentiment_cli.tabular.records import BAD_BYTES, without_nul
from sentiment_cli.tabular.table import Reading, Row, Table
from sentiment_cli.tabular.values import as_text

_ENDINGS = (".jsonl", ".ndjson", ".jsonlines", ".json")
_LOOK_AT = 1_000  # rows

NO_JSON, NO_OBJECT = "no JSON", "JSON that is no object"
HALF_CHARACTER = "half a character (a lone surrogate)"
LATE_KEY = f"keys that none of the first {_LOOK_AT:,} rows has, left out"


def is_json_lines(content: Content, encoding: Encoding) -> bool:
    """Whether a text file has an object on its first line, or an ending that says so.

    Raises:
        DataError: it is one JSON document.
    """
    lines = read_sample(content, encoding).lines
    first = next((line for line in lines if line.strip()), "")
    sound = _parse(first)[1] is None
    if not sound and ending(content) in _ENDINGS and first.lstrip()[:1] in ("[", "{"):
        recipe = "'.[]'" if first.lstrip().startswith("[") else "."
        raise DataError(
            f"{content.path} is one JSON document over many lines, or a list; expected JSON lines, an object on each "
            f"line: jq -c {recipe} {content.path} > {content.path.with_suffix('.jsonl').name}"
        )
    return sound or ending(content) in _ENDINGS


def open_json_lines(content: Content, encoding: Encoding) -> Table:
    """Give the rows of JSON lines.

    Values that are no text are written as a CSV would have them; lists and objects as JSON.

    Raises:
        DataError: none of the first lines is an object.
    """
    columns = _find_columns(line for line in read_sample(content, encoding).lines if line.strip())
    if not columns:
        raise DataError(f"{content.path}: none of its first lines is a JSON object; expected one for each review.")
    parts = ["JSON lines", f"in {encoding.name}", *(["gzipped"] if content.gzipped else [])]
    notes = [encoding.note] if encoding.note else []
    return Table(content.path, columns, ", ".join(parts), _reader(content, encoding, columns), notes)


def _find_columns(lines: Iterable[str]) -> tuple[str, ...]:
    objects = (_parse(line)[0] for line in itertools.islice(lines, _LOOK_AT))
    return tuple(dict.fromkeys(key for found in objects for key in found))


def _reader(content: Content, encoding: Encoding, columns: tuple[str, ...]) -> Callable[[Reading], Iterator[Row]]:
    known = frozenset(columns)

    def read(state: Reading) -> Iterator[Row]:
        number = 0
        for place, line in enumerate(open_lines(content, encoding, state.tell), start=1):
            if line.isspace():
                continue
            number += 1
            found, fault = _parse(line)
            values = tuple(as_text(found.get(name)) for name in columns)
            # Only an escape, or what is no text in the file, gives a lone surrogate or NUL.
            if fault is None and (not encoding.sound or "\\u" in line):
                fault = _surrogate_in(line, values)
                values = without_nul(values, state, place)
            if fault:
                state.faults.add(fault, place)
                continue
            if len(found) > len(columns) or not known.issuperset(found):
                state.mended.add(LATE_KEY, place)
            yield Row(number, values, place)

    return read


def _parse(line: str) -> tuple[dict[str, Any], str | None]:
    """An object, or why there is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # a number of over 4,300 digits is a ValueError too
        return {}, BAD_BYTES if UNDECODABLE.search(line) else NO_JSON
    return (found, None) if isinstance(found, dict) else ({}, NO_OBJECT)


def _surrogate_in(line: str, values: tuple[str | None, ...]) -> str | None:
    if not line.isascii() and UNDECODABLE.search(line):
        return BAD_BYTES
    return HALF_CHARACTER if any(value and UNDECODABLE.search(value) for value in values) else None
