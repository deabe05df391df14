"""What an import came to: ``import.json`` in the directory that it made, and the lines that tell of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentiment_cli.errors import DataError, shorten_list
from sentiment_cli.importing.findings import Finding, Findings

RESULT_FILE = "import.json"
# Of the values that are none of the wanted classes, so many are named.
_VALUES = 20
# Places of each kind in a note; `data import` shows all that are known.
_SHOWN = 2


@dataclass(frozen=True)
class ReadTable:
    """A table that was read.

    Args:
        path: absolute.
        part: ``test``, ``train``, both, or empty where there are no parts.
        sha256: of its bytes.
        description: of its form.
        columns: the names of those that were read, by what they hold.
        rows: how many it has.
        notes: what was assumed of it.
        warnings: what is probably not meant.
    """

    path: str
    part: str
    sha256: str
    description: str
    columns: dict[str, str | None]
    rows: int
    notes: list[str]
    warnings: list[str]


@dataclass(frozen=True)
class ImportResult:
    """A directory of reviews that was made of tables.

    Args:
        directory: where it is.
        tables: what was read, in that order.
        settings: what was to be made of them.
        reviews: how many were written, by part (empty where there are none) and class.
        findings: what befell rows.
        merged: classes that are written in several ways, each with the others.
        seconds: that it took, before it was broken off not included.
        there_before: reviews that an import of before, which was broken off, had written.
        memory_bytes: that was kept of all rows, to know copies and ids again.
    """

    directory: Path
    tables: list[ReadTable]
    settings: Mapping[str, Any]
    reviews: dict[str, dict[str, int]]
    findings: Findings
    merged: dict[str, list[str]] = field(default_factory=dict)
    seconds: float = 0.0
    there_before: int = 0
    memory_bytes: int = 0

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def written(self) -> int:
        """Reviews of all parts and classes."""
        return sum(count for classes in self.reviews.values() for count in classes.values())

    @property
    def class_names(self) -> list[str]:
        """Of all parts, sorted."""
        return sorted({name for classes in self.reviews.values() for name in classes})

    @property
    def is_whole(self) -> bool:
        """Whether the directory has as many reviews as were written: what clears caches may leave some of them."""
        return all(
            _count_reviews(self.directory / part / name) == count
            for part, classes in self.reviews.items()
            for name, count in classes.items()
        )

    def to_dict(self) -> dict[str, Any]:
        """The object of ``data import --json``, and of ``import.json``."""
        values = sorted(self.findings.other_values.items(), key=lambda item: -item[1])
        return {
            "directory": str(self.directory),
            "tables": [vars(table) for table in self.tables],
            "settings": dict(self.settings),
            "rows": self.rows,
            "written": self.written,
            "reviews": {part or "all": dict(sorted(classes.items())) for part, classes in self.reviews.items()},
            "left_out": {kind: finding.to_dict() for kind, finding in self.findings.left_out.items()},
            "noted": {kind: finding.to_dict() for kind, finding in self.findings.noted.items()},
            "other_values": dict(values[:_VALUES]),
            "merged": self.merged,
            "seconds": round(self.seconds, 3),
            "there_before": self.there_before,
            "memory_bytes": self.memory_bytes,
        }

    def check_classes(self) -> None:
        """Raise a DataError unless there are two classes or more, each in both parts where there are parts."""
        names = self.class_names
        if len(names) < 2:
            raise DataError(
                f"{self._names()}: only the class {names[0]}; expected at least two. "
                f"{_values_clause(self.findings.other_values)}"
            )
        for part in ("train", "test") if any(table.part for table in self.tables) else ():
            missing = [name for name in names if name not in self.reviews.get(part, {})]
            if missing:
                if self.settings["test_fraction"]:
                    hint = "Try a larger --test-fraction or another --seed"
                else:
                    hint = "Else name those to keep (--classes, data.classes)"
                raise DataError(
                    f"{self._names()}: the {part} part has no review of {shorten_list(missing)}; every class needs "
                    f"reviews in both parts. {hint}."
                )

    def check_not_empty(self) -> None:
        """Raise a DataError where no row became a review."""
        if self.written:
            return
        reasons = "; ".join(f"{finding.count:,} {kind}" for kind, finding in self.findings.left_out.items())
        raise DataError(
            f"{self._names()}: none of {self.rows:,} rows is a review: {reasons or 'there are none'}. "
            f"{_values_clause(self.findings.other_values)}"
        )

    def _names(self) -> str:
        return ", ".join(Path(table.path).name for table in self.tables)


def read_result(directory: Path) -> ImportResult | None:
    """What an import says that made a directory; None where none did, or it cannot be read."""
    try:
        value = json.loads((directory / RESULT_FILE).read_text(encoding="utf-8"))
        return ImportResult(
            directory=directory,
            tables=[ReadTable(**table) for table in value["tables"]],
            settings=dict(value["settings"]),
            reviews={"" if part == "all" else part: dict(classes) for part, classes in value["reviews"].items()},
            findings=Findings(
                {kind: Finding.from_dict(finding) for kind, finding in value["left_out"].items()},
                {kind: Finding.from_dict(finding) for kind, finding in value["noted"].items()},
                dict(value["other_values"]),
            ),
            merged=dict(value["merged"]),
            seconds=float(value["seconds"]),
            there_before=int(value["there_before"]),
            memory_bytes=int(value["memory_bytes"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _count_reviews(directory: Path) -> int:
    try:
        with os.scandir(directory) as files:  # names alone, for there may be a million of them
            return sum(file.name.endswith(".txt") for file in files)
    except OSError:
        return 0


def describe(result: ImportResult) -> list[str]:
    """What a user should know before the reviews are used, in lines."""
    lines = []
    for table in result.tables:
        columns = ", ".join(f'{kind} from "{name}"' for kind, name in table.columns.items() if name is not None)
        part = f" ({table.part} part)" if table.part else ""
        lines.append(f"{Path(table.path).name}{part}: {table.description}; {columns}")
        lines += table.notes
    left = f", {result.findings.rows_left_out:,} left out" if result.findings.left_out else ""
    lines.append(f"{result.rows:,} rows: {result.written:,} reviews{left}")
    for heading, findings in (("left out", result.findings.left_out), ("noted", result.findings.noted)):
        lines += [f"{heading}: {count_clause(kind, finding)}" for kind, finding in findings.items()]
    return [*lines, *classes_notes(result)]


def count_clause(kind: str, finding: Finding) -> str:
    """One kind of rows: ``1,203 no text (reviews.csv:17, …)``."""
    shown = finding.first[:_SHOWN]
    more = ", …" if finding.count > len(shown) else ""
    return f"{finding.count:,} {kind} ({', '.join(shown)}{more})"


def classes_notes(result: ImportResult) -> list[str]:
    """What a user should know of how values became classes."""
    notes = [
        f"the class {name} is also written {shorten_list(others)}" for name, others in sorted(result.merged.items())
    ]
    if result.findings.other_values:
        notes.append(_values_clause(result.findings.other_values))
    names = result.class_names
    if len(names) > 2 and all(_is_number(name) for name in names) and not result.settings["label_map"]:
        notes.append(
            f"the classes are the numbers {', '.join(sorted(names, key=float))}; to make others of them: "
            f'--map "{min(names, key=float)}=negative {max(names, key=float)}=positive", or data.label_map'
        )
    return notes


def _values_clause(values: Mapping[str, int]) -> str:
    if not values:
        return ""
    most = sorted(values.items(), key=lambda item: -item[1])
    return f"Values that are none of the wanted classes: {shorten_list([f'{v} ({n:,})' for v, n in most])}."


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
