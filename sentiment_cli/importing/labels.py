"""Which class does a cell of the column of classes mean?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from sentiment_cli.data.directory import NEVER_CLASSES
from sentiment_cli.errors import DataError, UsageError, shorten_list
from sentiment_cli.importing.result import RESULT_FILE
from sentiment_cli.tabular.values import label_value

# A column with more different values holds something else, and each would become a directory.
MOST_CLASSES = 200
_NO_NAME = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
# Windows has devices of these names, in every directory and with every ending.
DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))))
_LONGEST_NAME = 100
# Beside directories of these names the others are no classes, or what the import came to is in the way.
_TAKEN = ("train", "test", RESULT_FILE)


def parse_map(texts: Sequence[str]) -> dict[str, str] | None:
    """Read ``1,2=negative 4,5=positive``.

    Args:
        texts: each one or more of ``VALUE,…=CLASS``, separated by blanks; values and classes that have blanks stand in
            a text of their own. None: there is no map.

    Returns:
        The class of each value, or None without texts.

    Raises:
        UsageError: a text is not of that form, a value is given two classes, or there is but one class.
    """
    if not texts:
        return None
    found: dict[str, str] = {}
    for text in texts:
        for values, name in _assignments(text):
            for value in values:
                if found.setdefault(value, name) != name:
                    raise UsageError(f'--map: the value "{value}" is given two classes, {found[value]} and {name}.')
    if len(set(found.values())) < 2:
        raise UsageError(f"--map: expected values of at least two classes, received {shorten_list([*found.values()])}.")
    return found


def _assignments(text: str) -> list[tuple[list[str], str]]:
    pieces = text.split() if text.count("=") > 1 else [text]
    assignments = []
    for piece in pieces:
        left, equals, name = piece.partition("=")
        values = [value for cell in left.split(",") if (value := label_value(cell)) is not None]
        if not equals or not values or not name.strip():
            raise UsageError(
                f'--map: expected VALUE,…=CLASS, such as "1,2=negative 4,5=positive", received {piece!r}. '
                "A class with blanks in it needs a --map of its own."
            )
        assignments.append((values, name.strip()))
    return assignments


class Labels:
    """The classes of a table, as its cells are met.

    Names that differ in case, or in how accents are composed, alone are one class, called as ``classes`` has it, else
    as the first of them: on Windows and macOS they would be one directory.

    Args:
        mapping: the class of each value; others have none, unless they are called as one of the classes is. Case is
            looked at only where it makes a difference. None: each value is a class.
        classes: only these; None: all.
    """

    def __init__(self, mapping: Mapping[str, str] | None = None, classes: Sequence[str] | None = None) -> None:
        self._mapping = None if mapping is None else _normalized(mapping)
        self._classes = None if classes is None else {_folded(name): name for name in classes}
        self._names: dict[str, str] = {}
        self._known: dict[str, str | None] = {}
        for name in mapping.values() if mapping else ():
            self._names.setdefault(_folded(name), name)

    def class_of(self, value: str) -> str | None:
        """The class of a value as `label_value` gives it; None: rows of it are left out.

        Raises:
            DataError: there are more values than classes can be, or a class that cannot be a directory.
        """
        if value not in self._known:
            name = self._find(value)
            if name is None and len(self._known) > MOST_CLASSES:  # to know each of a million would take memory
                return None
            self._known[value] = name
        return self._known[value]

    def merged(self) -> dict[str, list[str]]:
        """Classes that are written in several ways, each with the others; empty with a map."""
        spellings: dict[str, list[str]] = {}
        for value, name in self._known.items():
            if name is not None and self._mapping is None and value != name:
                spellings.setdefault(name, []).append(value)
        return spellings

    def _find(self, value: str) -> str | None:
        folded = _folded(value)
        if self._mapping is not None:
            name = self._mapping.get(value) or self._mapping.get(folded) or self._names.get(folded)
        else:
            name = (self._classes or {}).get(folded) or self._names.get(folded, value)
        if name is None or (self._classes is not None and _folded(name) not in self._classes):
            return None
        name = (self._names if self._classes is None else self._classes).get(_folded(name), name)
        _check_name(name)
        self._names.setdefault(_folded(name), name)
        if len(self._names) > MOST_CLASSES:
            raise DataError(
                f"The column of classes has more than {MOST_CLASSES} different values, such as "
                f"{shorten_list([*self._names.values()])}; expected a class in each cell. Name another column "
                "(--label, data.label_column), or say which values are which class (--map, data.label_map)."
            )
        return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _normalized(mapping: Mapping[str, str]) -> dict[str, str]:
    """The same map by the values as `label_value` gives them, and by these without case where that is one class."""
    exact = {value: name for key, name in mapping.items() if (value := label_value(key)) is not None}
    folded: dict[str, set[str]] = {}
    for value, name in exact.items():
        folded.setdefault(_folded(value), set()).add(name)
    return {**{value: names.pop() for value, names in folded.items() if len(names) == 1}, **exact}


def _check_name(name: str) -> None:
    """Raise a DataError where a class cannot be a directory on every system."""
    is_device = _folded(name.partition(".")[0]) in DEVICES
    is_never = name in NEVER_CLASSES or _folded(name) in _TAKEN
    if _NO_NAME.search(name) or name[0] == "." or name[-1] in " ." or is_never or is_device:
        reason = "is never the name of a class" if is_never else "cannot be the name of a directory"
        raise DataError(f'The class "{name}" {reason}; give its values another name (--map, data.label_map).')
    if len(name.encode()) > _LONGEST_NAME:
        raise DataError(
            f'A class of more than {_LONGEST_NAME} bytes: "{name[:60]}…". Is --label the column of classes? '
            "If so, give its values short names (--map, data.label_map)."
        )
