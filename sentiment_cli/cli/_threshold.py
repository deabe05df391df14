"""What does `--threshold` ask for: a number, or the threshold that serves something best?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sentiment_cli.errors import UsageError

if TYPE_CHECKING:
    from sentiment_cli.evaluation.thresholds import Criterion

_EXPECTED = "expected a number from 0 to 1, accuracy, f1, macro_f1, recall=X or precision=X"


def parse_threshold(value: str) -> Criterion | float:
    """A threshold in [0, 1], or what one is to be found for.

    Args:
        value: as ``0.3``, ``accuracy``, ``f1``, ``f1.neg``, ``recall=0.95``, ``precision.neg=0.9``.

    Raises:
        UsageError: it is neither.
    """
    from sentiment_cli.evaluation.thresholds import MAXIMIZED, REACHED, Criterion

    number = _number(value)
    if number is not None:
        if 0 <= number <= 1:
            return number
        raise UsageError(f"--threshold {value}: {_EXPECTED}.")
    metric = re.split("[.=]", value, maxsplit=1)[0]
    if metric not in (*MAXIMIZED, *REACHED):
        raise UsageError(
            f"--threshold {value}: {_EXPECTED}; f1, recall and precision are of the second class, or of the one that "
            "is named: f1.CLASS, recall.CLASS=X."
        )
    left, equals, level = value.rpartition("=") if metric in REACHED else (value, "", "")
    class_name = (left or level).removeprefix(metric).removeprefix(".")
    if metric in MAXIMIZED:
        if value not in (metric, f"{metric}.{class_name}") or (class_name and metric != "f1"):
            raise UsageError(f"--threshold {value}: {metric} is made as large as it can be; expected {metric} alone.")
        return Criterion(metric, class_name or None)
    reached = _number(level) if equals else None
    if reached is None or not 0 < reached <= 1:
        raise UsageError(
            f"--threshold {value}: expected what the {metric} has to reach, above 0 and up to 1, as "
            f"{left or value}=0.95."
        )
    return Criterion(metric, class_name or None, reached)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
