"""Which figures must an evaluation reach, as `--fail-under` and `--fail-over` ask for?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment_cli.errors import UsageError, suggest

if TYPE_CHECKING:
    from sentiment_cli.workflows.evaluate import EvaluateResult

UNDER, OVER = "--fail-under", "--fail-over"
# By option: the metrics of a whole evaluation, those of a class, and which of them have a limit of their interval.
_WHOLE = {
    UNDER: ("accuracy", "macro_f1", "roc_auc", "average_precision"),
    OVER: ("loss", "ece", "adaptive_ece", "brier"),
}
_OF_CLASS = {UNDER: ("precision", "recall", "f1"), OVER: ()}
_WITHOUT_INTERVAL = ("average_precision", "ece", "adaptive_ece", "brier")
_BOUND = {UNDER: "_low", OVER: "_high"}
# What a threshold changes.
_DECIDED = ("accuracy", "macro_f1", "precision", "recall", "f1")


@dataclass(frozen=True)
class Gate:
    """One limit that a figure has to keep.

    Args:
        option: `UNDER` or `OVER`.
        metric: its name, without ``_low`` or ``_high``.
        class_name: of a metric of one class; else None.
        at_bound: whether the end of the 95 % interval has to keep the limit, and not the figure alone.
        limit: smallest or largest value that is let through.
    """

    option: str
    metric: str
    class_name: str | None
    at_bound: bool
    limit: float

    @property
    def name(self) -> str:
        """The figure as it is written on the command line."""
        name = self.metric + (_BOUND[self.option] if self.at_bound else "")
        return name if self.class_name is None else f"{name}.{self.class_name}"


def parse_gates(option: str, values: Iterable[str]) -> list[Gate]:
    """The gates that an option was given.

    Args:
        option: `UNDER` or `OVER`.
        values: as ``accuracy=0.85``, ``recall.pos=0.9``, ``accuracy_low=0.87``, ``ece=0.05``.

    Raises:
        UsageError: one cannot be meant; the message says what was expected.
    """
    return [_parse(option, value) for value in values]


def check_classes(gates: Iterable[Gate], class_names: Sequence[str]) -> None:
    """Raise a UsageError where a gate is for a class that there is not."""
    for gate in gates:
        if gate.class_name is not None and gate.class_name not in class_names:
            hint = suggest(gate.class_name, class_names)
            raise UsageError(f'{gate.option} {gate.name}: the run has no class "{gate.class_name}"; {hint}')


def failed_gates(gates: Iterable[Gate], result: EvaluateResult) -> list[str]:
    """A line for each gate that a result does not pass; a figure that is undefined passes none."""
    return [line for gate in gates if (line := _failed(gate, result))]


def known_gates(option: str) -> str:
    """What an option takes, for its help."""
    of_class = [f"{metric}.CLASS" for metric in _OF_CLASS[option]]
    return ", ".join([*_WHOLE[option], *of_class])


def _parse(option: str, value: str) -> Gate:
    left, equals, number = value.rpartition("=")
    if not equals:
        raise UsageError(f"{option} {value}: expected METRIC=X, received no limit.")
    name, dot, class_name = left.partition(".")
    bare = name.removesuffix(_BOUND[option])
    known = (*_WHOLE[option], *_OF_CLASS[option])
    at_bound = bare != name
    if bare not in known or (at_bound and bare in _WITHOUT_INTERVAL):
        raise UsageError(f"{option} {value}: {_unknown(option, name)}")
    if bool(dot and class_name) != (bare in _OF_CLASS[option]):
        expected = f"{name}.CLASS={number}" if bare in _OF_CLASS[option] else f"{name}={number}"
        whose = "of one class" if bare in _OF_CLASS[option] else "of all classes together"
        raise UsageError(f"{option} {value}: {bare} is a figure {whose}; expected {expected}.")
    return Gate(option, bare, class_name or None, at_bound, _limit(option, value, bare, number))


def _unknown(option: str, name: str) -> str:
    other = OVER if option == UNDER else UNDER
    if name.removesuffix(_BOUND[other]) in (*_WHOLE[other], *_OF_CLASS[other]):
        better = "smaller" if other == OVER else "larger"
        return f"{name} is the better the {better} it is; use {other}."
    known = [*_WHOLE[option], *(f"{metric}.CLASS" for metric in _OF_CLASS[option])]
    bounds = [metric + _BOUND[option] for metric in known if metric not in _WITHOUT_INTERVAL and "." not in metric]
    hint = suggest(name, [*known, *bounds])
    return f"expected METRIC=X, received the metric {name!r}; {hint}"


def _limit(option: str, value: str, metric: str, number: str) -> float:
    most = math.inf if metric == "loss" else 2.0 if metric == "brier" else 1.0
    try:
        limit = float(number)
    except ValueError:
        limit = math.nan
    if not 0 <= limit <= most or math.isinf(limit):
        expected = "a number from 0 on" if math.isinf(most) else f"a number from 0 to {most:g}"
        raise UsageError(f"{option} {value}: expected {expected}, received {number!r}.")
    return limit


def _failed(gate: Gate, result: EvaluateResult) -> str | None:
    value, interval = _figure(gate, result)
    if value is not None:
        bound = value if not gate.at_bound else (interval or (math.nan,))[0 if gate.option == UNDER else -1]
        if (bound >= gate.limit) if gate.option == UNDER else (bound <= gate.limit):
            return None
    shown = "undefined" if value is None else f"{value:.4f}"
    if value is not None and interval:
        shown += f" (95 %: {interval[0]:.4f} to {interval[1]:.4f})"
    name = gate.metric if gate.class_name is None else f"{gate.metric}.{gate.class_name}"
    threshold = result.answers.threshold
    at = f" at the threshold {threshold.figures.value:g}" if threshold and gate.metric in _DECIDED else ""
    least = "at least" if gate.option == UNDER else "at most"
    end = {UNDER: " at its lower end", OVER: " at its upper end"}[gate.option] if gate.at_bound else ""
    return f"Gate failed: {name} is {shown}{at}, expected {least} {gate.limit:g}{end}"


def _figure(gate: Gate, result: EvaluateResult) -> tuple[float | None, Sequence[float] | None]:
    """The value and its interval; at the threshold that was asked for, where that makes a difference."""
    whole, threshold = result.evaluation, result.answers.threshold
    decided = threshold.figures if threshold else None
    if gate.class_name is not None:
        intervals = decided.class_intervals if decided else whole.intervals["classes"]
        interval = intervals[gate.class_name][gate.metric]
        classes = decided.classes if decided else whole.classes
        return (classes[gate.class_name][gate.metric] if interval else None), interval
    if gate.metric == "accuracy":
        return (decided.accuracy, decided.accuracy_interval) if decided else (whole.accuracy, whole.accuracy_interval)
    if gate.metric == "macro_f1" and decided:
        return decided.macro_f1, decided.macro_f1_interval
    if gate.metric in whole.calibration:
        return whole.calibration[gate.metric], None
    return getattr(whole, gate.metric), whole.intervals.get(gate.metric)
