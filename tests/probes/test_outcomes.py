"""Are failure rates and their intervals right, and does what a run keeps come back?"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.errors import RunError
from sentiment_cli.probes.outcomes import (
    Failure,
    ProbeOutcome,
    ProbeReport,
    Reference,
    by_capability,
    read_report,
    write_report,
)

FAILURE = Failure(("a\u2028\x1b", "<b>"), "the same label", ("=1+1", "bad"), "=1+1", (0.75, 0.25), 0.5, "test/ä.txt")


def outcome(name: str = "p", capability: str = "c", cases: int = 10, failures: int = 3) -> ProbeOutcome:
    return ProbeOutcome(
        "film",
        name,
        capability,
        "inv",
        "d",
        "templates",
        cases,
        failures,
        0.125,
        (FAILURE,),
        {"not good": (cases, failures)},
    )


def report(*outcomes: ProbeOutcome) -> ProbeReport:
    return ProbeReport(
        outcomes, 3, 100, 0, "test", {"positive": "good", "negative": "bad", "neutral": None},
        {"film": Reference("good", 4, 0.5, 0.25, 0.75)},
    )  # fmt: skip


def test_the_interval_is_wilsons() -> None:
    # 3 of 10 by the formula: centre (p + z²/2n) / (1 + z²/n), half z sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n)
    z, n, p = 1.959964, 10, 0.3
    centre, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = [(centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)]
    one = outcome()
    assert one.failure_rate == 0.3
    assert one.interval == pytest.approx(expected, abs=1e-6)
    assert one.to_dict()["failure_interval"] == pytest.approx(expected, abs=1e-6)


def test_without_cases_there_is_no_rate() -> None:
    one = ProbeOutcome("film", "p", "c", "mft", "d", "templates", skipped="no class")
    assert (one.failure_rate, one.interval) == (None, None)
    assert report(one, outcome()).skipped == [one]
    assert report(one, outcome()).tested == [outcome()]


def test_outcomes_are_grouped_in_the_order_of_their_first() -> None:
    first, second, third = outcome("a", "x"), outcome("b", "y"), outcome("c", "x")
    assert by_capability([first, second, third]) == {"x": [first, third], "y": [second]}


@given(cases=st.integers(1, 50), data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_report_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, cases: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("run") / "probes.json"
    skipped = ProbeOutcome("film", "q", "c", "mft", "d", "reviews", skipped="no class")
    written = report(outcome(cases=cases, failures=data.draw(st.integers(0, cases))), skipped)
    write_report(path, written)
    assert read_report(path) == written


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"probes": 3}', "[" * 100_000, '{"format_version": 1, "probes": [3]}']
)
def test_a_damaged_report_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "probes.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match="Make it anew: sentiment probe"):
        read_report(path)


def test_more_failures_than_cases_are_no_report(tmp_path: Path) -> None:
    path = tmp_path / "probes.json"
    write_report(path, report(outcome()))
    values = json.loads(path.read_text(encoding="utf-8"))
    values["probes"][0]["failures"] = 11
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(RunError, match="11 failures of 10 cases"):
        read_report(path)


def test_a_report_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"probes\.json cannot be read"):
        read_report(tmp_path / "probes.json")
