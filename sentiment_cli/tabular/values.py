"""When are two cells the same value, and when is there none?"""

from __future__ import annotations

import json
import re
from typing import Any

# Those that pandas 2 reads as missing (`pandas.read_csv`, `na_values`), case for case: "none" is a class of some sets.
_MISSING = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"]
) | {"NULL", "NaN", "None", "n/a", "nan", "null"}
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_BOOLEANS = {"true": "True", "false": "False"}


def is_missing(value: str | None) -> bool:
    """Whether a cell of a class, an id or a rating holds none: nothing, white space, or a word such as ``NA``.

    Not for texts: a review may be the word "None"; there only what is blank is missing.
    """
    return value is None or value.strip() in _MISSING


def label_value(value: str | None) -> str | None:
    """The value of a cell by which rows are put into classes, so that it does not depend on how it was written.

    Returns:
        ``5`` for ``5``, ``5.0``, ``+5`` and `` 5 ``; ``4.5`` for ``4.50``; ``True`` for ``TRUE`` and ``true``; any
        other text without the white space around it (leading zeros are kept); None where the value is missing.
    """
    if is_missing(value):
        return None
    text = (value or "").strip()
    if _NUMBER.fullmatch(text):
        number = text.lstrip("+")
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return "0" if number == "-0" else number
    return _BOOLEANS.get(text.lower(), text)


def as_text(value: Any) -> str | None:
    """A value of JSON, Parquet or Excel as the text that a CSV of the same table would hold.

    Args:
        value: a text, number, boolean, date, bytes, list or mapping, or None.

    Returns:
        Whole numbers without a fraction; lists and mappings as JSON; texts with line feeds as line ends; None for None
        and for what is no number (NaN).
    """
    if isinstance(value, str):
        return plain_line_ends(value)
    if value is None:
        return None
    if isinstance(value, float):
        if value != value:
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def plain_line_ends(text: str) -> str:
    """The text with line feeds as its line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
