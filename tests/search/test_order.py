"""Does a trial know of those alone that have ended whichever of those beside it is fast?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sentiment_cli.search.order import known_before, may_begin
from sentiment_cli.search.plan import SearchPlan

RATE = "training.learning_rate"


@dataclass
class State:
    ended: bool

    def is_finished(self) -> bool:
        return self.ended


@dataclass
class Tried:
    state: State


def tried(ended: str) -> list[Any]:
    """Trials, of which those with a 1 have ended."""
    return [Tried(State(one == "1")) for one in ended]


@pytest.mark.parametrize(
    ("number", "jobs", "expected"),
    [(0, 1, 0), (5, 1, 5), (5, 2, 4), (5, 3, 3), (1, 2, 0), (0, 3, 0), (2, 9, 0)],
)
def test_the_latest_that_may_be_under_way_are_not_known(number: int, jobs: int, expected: int) -> None:
    assert list(known_before(tried("1" * 6), number, jobs)) == tried("1" * expected)


@pytest.mark.parametrize(
    ("ended", "jobs", "allowed"),
    [("", 2, True), ("0", 2, True), ("00", 2, False), ("10", 2, True), ("01", 2, False), ("1101", 3, True)],
)
def test_a_trial_waits_for_those_that_it_has_to_know(ended: str, jobs: int, allowed: bool) -> None:
    drawn = SearchPlan.make([], [f"{RATE}=log(1e-4,1e-1)"], prune=False)
    judged = SearchPlan.make([f"{RATE}=1e-4,1e-3"], [])
    assert may_begin(drawn, tried(ended), jobs) is may_begin(judged, tried(ended), jobs) is allowed


def test_where_nothing_depends_on_results_no_trial_waits() -> None:
    assert may_begin(SearchPlan.make([f"{RATE}=1e-4,1e-3"], [], prune=False), tried("01"), 2)
