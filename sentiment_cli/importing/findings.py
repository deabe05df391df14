"""What befell the rows of tables: how many were left out or are worth a look, why, and where the first of them are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# As many places are named of each kind.
_FIRST = 5
# Of so many different values it is counted how often each occurs.
_MOST_VALUES = 1000
_LONGEST_VALUE = 100


@dataclass
class Finding:
    """Rows of one kind.

    Args:
        count: how many.
        first: where the first ones are: ``reviews.csv:17``.
    """

    count: int = 0
    first: list[str] = field(default_factory=list)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Finding:
        """What `to_dict` gave."""
        return cls(int(value["count"]), [str(place) for place in value["first"]])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"count": self.count, "first": self.first}


@dataclass
class Findings:
    """Rows by what befell them.

    Args:
        left_out: rows that are no review now, by the reason.
        noted: reviews with something a user should know of.
        other_values: how often each value of the column of classes occurs that is none of the wanted classes.
    """

    left_out: dict[str, Finding] = field(default_factory=dict)
    noted: dict[str, Finding] = field(default_factory=dict)
    other_values: dict[str, int] = field(default_factory=dict)

    def leave_out(self, reason: str, places: Sequence[str], count: int = 1) -> None:
        """Count rows that are left out; ``places`` are those of the first of them."""
        _add(self.left_out, reason, places, count)

    def note(self, kind: str, places: Sequence[str], count: int = 1) -> None:
        """Count rows that are worth a look, likewise."""
        _add(self.noted, kind, places, count)

    def count_value(self, value: str) -> None:
        """Count a value that is none of the wanted classes."""
        shown = value[:_LONGEST_VALUE]
        if shown in self.other_values or len(self.other_values) < _MOST_VALUES:
            self.other_values[shown] = self.other_values.get(shown, 0) + 1

    @property
    def rows_left_out(self) -> int:
        """For all reasons."""
        return sum(finding.count for finding in self.left_out.values())


def _add(findings: dict[str, Finding], kind: str, places: Sequence[str], count: int) -> None:
    finding = findings.setdefault(kind, Finding())
    finding.count += count
    if len(finding.first) < _FIRST:
        finding.first += places[: _FIRST - len(finding.first)]
