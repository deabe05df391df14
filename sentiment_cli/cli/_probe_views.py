"""How probes and what they came to are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sentiment_cli.cli._output import excerpt, json_line, table
from sentiment_cli.tables import csv_text

if TYPE_CHECKING:
    from sentiment_cli.probes.outcomes import Failure, ProbeOutcome, ProbeReport
    from sentiment_cli.probes.selection import Selected

_EXCERPT = 160
# Characters that are shown before the place where a review was changed.
_BEFORE_CHANGE = 40
_SHOWN_CASES = 6


def render(form: str, report: ProbeReport, top: int) -> str:
    """What the probes came to, as a table, csv or jsonl; ``top`` failures of each in a table."""
    if form == "csv":
        return _as_csv(report)
    if form == "jsonl":
        return "".join(json_line(outcome.to_dict()) + "\n" for outcome in report.outcomes)
    return _as_table(report, top)


def _as_csv(report: ProbeReport) -> str:
    columns = ["suite", "probe", "capability", "type", "source", "cases", "failures", "failure_rate", "low", "high"]
    rows = []
    for one in report.outcomes:
        figures = [one.failure_rate, *(one.interval or (None, None)), one.unknown]
        cells = ["" if figure is None else f"{figure:.6g}" for figure in figures]
        head = [one.suite, one.name, one.capability, one.type, one.source, one.cases, one.failures]
        rows.append([*head, *cells, one.skipped or ""])
    return csv_text([*columns, "unknown_words", "skipped"], rows)


def _as_table(report: ProbeReport, top: int) -> str:
    from sentiment_cli.probes.outcomes import by_capability

    rows = []
    for capability, outcomes in by_capability(report.tested).items():
        for number, one in enumerate(outcomes):
            rows.append(["" if number else capability, _title(one, report), one.type, f"{one.cases:,}", *_figures(one)])
    columns = ["capability", "probe", "type", "cases", "failures", "failure rate (95 %)"]
    parts = [table(columns, rows, right=["cases", "failures", "failure rate (95 %)"])] if rows else []
    parts += [_skipped(report)]
    parts += [_worst(one, report, top) for one in report.tested if one.failures and top]
    return "\n\n".join(filter(None, [*parts, _summary(report)])) + "\n"


def _skipped(report: ProbeReport) -> str:
    """A line for each reason."""
    by_reason: dict[str, list[str]] = {}
    for one in report.skipped:
        by_reason.setdefault(str(one.skipped), []).append(_title(one, report))
    return "\n".join(f"skipped, since {reason}: {', '.join(names)}" for reason, names in by_reason.items())


def _title(one: ProbeOutcome, report: ProbeReport) -> str:
    """With its file where there are several."""
    several = len({outcome.suite for outcome in report.outcomes}) > 1
    return one.title if several else one.title.removeprefix(f"{one.suite}/")


def _figures(one: ProbeOutcome) -> list[str]:
    low, high = one.interval or (0.0, 0.0)
    return [f"{one.failures:,}", f"{one.failure_rate or 0:.2f} ({low:.2f} to {high:.2f})"]


def _worst(one: ProbeOutcome, report: ProbeReport, top: int) -> str:
    """The worst failures of a probe, under what should be so."""
    shares = ", ".join(f"{label}: {failures:,} of {cases:,}" for label, (cases, failures) in one.labels.items())
    by_label = f" ({shares})" if len(one.labels) > 1 else ""
    lines = [f"{_title(one, report)}, {one.failures:,} of {one.cases:,} fail{by_label}. {one.description}"]
    for failure in one.worst[:top]:
        where = f" ({failure.path})" if failure.path else ""
        lines.append(f"  expected {failure.expected}, found {_found(failure)}{where}")
        lines += [f"    {text}" for text in _texts(failure)]
    return "\n".join(lines)


def _found(failure: Failure) -> str:
    labels = " -> ".join(failure.predicted)
    shares = " -> ".join(f"{share:.2f}" for share in failure.probabilities)
    return f"{labels}, P({failure.watched}) {shares}"


def _texts(failure: Failure) -> list[str]:
    """The texts of a failure, long ones around the place where they begin to differ."""
    start = 0
    if len(failure.texts) > 1 and max(map(len, failure.texts)) > _EXCERPT:
        before, after = failure.texts
        differ = (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
        start = max(next(differ, min(len(before), len(after))) - _BEFORE_CHANGE, 0)
    return [("…" if start else "") + excerpt(text[start:], _EXCERPT) for text in failure.texts]


def _summary(report: ProbeReport) -> str:
    cases, failures = (sum(getattr(one, name) for one in report.tested) for name in ("cases", "failures"))
    counts = ((len(report.tested), "probe"), (cases, "case"), (failures, "failure"))
    lines = [", ".join(f"{count:,} {name}{'' if count == 1 else 's'}" for count, name in counts)]
    for suite, one in report.neutral.items():
        what = f"{one.sentences} neutral {'frames' if report.frame else 'sentences'} of {suite}"
        lines.append(f"{what}: P({one.watched}) {one.mean:.2f} on average, {one.low:.2f} to {one.high:.2f}")
    return "\n".join(lines)


def listed_values(selected: Sequence[Selected]) -> list[dict[str, Any]]:
    """A line for each probe, for JSON."""
    return [
        {
            "suite": one.suite.name,
            "name": one.name,
            "capability": one.probe.capability,
            "type": one.probe.type,
            "on_reviews": one.probe.for_reviews,
            "description": one.probe.description,
        }
        for one in selected
    ]


def listed_text(selected: Sequence[Selected]) -> str:
    """A table of probes."""
    rows = [
        [
            one.suite.name,
            one.probe.capability,
            one.name,
            one.probe.type,
            "yes" if one.probe.for_reviews else "",
            one.probe.description,
        ]
        for one in selected
    ]
    return table(["file", "capability", "probe", "type", "on reviews", "what should be so"], rows)


def shown_values(one: Selected) -> dict[str, Any]:
    """A probe and some of its cases, for JSON."""
    from sentiment_cli.probes.cases import make_cases

    cases = [
        {"label": case.label, "texts": list(case.texts)} for case in make_cases(one.suite, one.name, _SHOWN_CASES, 0)
    ]
    definition = one.probe.model_dump(mode="json", exclude_defaults=True)
    return {"suite": one.suite.name, "name": one.name, "definition": definition, "cases": cases}


def shown_text(selected: Sequence[Selected]) -> str:
    """Probes as their files say them, with some of their cases."""
    from sentiment_cli.config.yaml_source import dump_yaml

    parts = []
    for values in map(shown_values, selected):
        definition = dump_yaml({values["name"]: values["definition"]}).rstrip()
        cases = "\n".join(f"  {case['label'] or 'same'}: {' => '.join(case['texts'])}" for case in values["cases"])
        parts.append(f"# {values['suite']}\n{definition}\n\nFor example:\n{cases}")
    return "\n\n".join(parts)
