"""Are cases judged as CheckList does, by hand-made probabilities?"""

from __future__ import annotations

from typing import Any

import pytest

from sentiment_cli.probes.judgement import judge
from sentiment_cli.probes.polarity import Target
from sentiment_cli.probes.schema import Dir, Inv, Mft, Probe

NAMES = ("bad", "good")
GOOD = Target("good", 1)
TEXT: dict[str, Any] = {"capability": "c", "description": "d"}


def mft(**more: Any) -> Mft:
    return Mft.model_validate({"type": "mft", "templates": {"positive": ["x"]}, **TEXT, **more})


def inv(**more: Any) -> Inv:
    return Inv.model_validate({"type": "inv", "templates": ["x => y"], **TEXT, **more})


def direction(**more: Any) -> Dir:
    return Dir.model_validate({"type": "dir", "templates": {"positive": ["x => y"]}, **TEXT, **more})


def row(good: float) -> list[float]:
    return [1 - good, good]


@pytest.mark.parametrize(
    ("probe", "shares", "failed", "severity"),
    [
        (mft(), [0.8], False, None),
        (mft(), [0.3], True, 0.7),
        (mft(), [0.5], True, 0.5),  # of equal classes the first is predicted
        (mft(at_least=0.9), [0.8], True, 0.2),
        (mft(at_least=0.3), [0.3], False, None),
        (inv(), [0.9, 0.6], False, None),  # it moves by 0.3, and the label stays
        (inv(), [0.55, 0.46], False, None),  # the label changes within the tolerance of 0.1
        (inv(), [0.6, 0.4], True, 0.2),
        (inv(), [0.4, 0.6], True, 0.2),
        (inv(tolerance=0), [0.501, 0.499], True, 0.002),
        (inv(same="probability"), [0.9, 0.75], True, 0.15),
        (inv(same="probability"), [0.9, 0.8], False, None),  # by 0.1, but for rounding
        (direction(), [0.5, 0.5], False, None),
        (direction(), [0.5, 0.4], True, 0.1),
        (direction(at_least=-0.1), [0.5, 0.4], False, None),
        (direction(at_least=-0.1), [0.5, 0.35], True, 0.05),
        (direction(at_least=0.2), [0.5, 0.6], True, 0.1),
        (direction(at_least=0.2), [0.5, 0.7], False, None),
    ],
)
def test_a_case_fails_where_the_expectation_is_not_met(
    probe: Probe, shares: list[float], failed: bool, severity: float | None
) -> None:
    judgement = judge(probe, GOOD, [row(share) for share in shares], NAMES)
    assert judgement.failed == failed
    if severity is not None:
        assert judgement.severity == pytest.approx(severity)


def test_the_probabilities_that_were_looked_at_are_told() -> None:
    judgement = judge(inv(), None, [row(0.4), row(0.7)], NAMES)
    assert judgement.watched == Target("bad", 0)  # what was predicted before the change
    assert judgement.probabilities == pytest.approx((0.6, 0.3))
    judgement = judge(direction(), GOOD, [row(0.4), row(0.7)], NAMES)
    assert judgement.watched == GOOD
    assert judgement.probabilities == pytest.approx((0.4, 0.7))


def test_with_three_classes_any_other_one_is_not_negative() -> None:
    target = Target("bad", 0, negated=True)
    names = ("bad", "fair", "good")
    assert not judge(mft(), target, [[0.3, 0.4, 0.3]], names).failed
    assert judge(mft(), target, [[0.4, 0.3, 0.3]], names).failed  # the most probable class is what counts


def test_a_label_without_a_class_is_no_case() -> None:
    with pytest.raises(ValueError, match="needs the class"):
        judge(mft(), None, [row(0.5)], NAMES)


@pytest.mark.parametrize(
    ("at_least", "before", "can_fail"),
    [(-0.1, 0.05, False), (-0.1, 0.1, False), (-0.1, 0.11, True), (0.0, 0.0, True), (0.2, 0.05, True)],
)
def test_what_is_too_small_to_fall_so_far_cannot_fail(at_least: float, before: float, can_fail: bool) -> None:
    judgement = judge(direction(at_least=at_least), GOOD, [row(before), row(0.0)], NAMES)
    assert judgement.can_fail == can_fail
