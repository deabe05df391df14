"""Did the network behave as a probe expects?

As CheckList judges (Ribeiro et al. 2020, section 2; its package, checklist/expect.py): a minimum functionality test by
the predicted label, an invariance test by whether it stays (a change of label within the tolerance is none), a
directional test by how far the probability of a label moves; where it is too small to fall as far as it may, the case
says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_cli.probes.polarity import Target
from sentiment_cli.probes.schema import Dir, Inv, Mft, Probe

# Probabilities are 32-bit numbers: a change of exactly the tolerance is within it.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Judgement:
    """What came of one case.

    Args:
        failed: the network did not do as expected.
        severity: how far it was from that; the larger, the worse. Of failures of one probe only.
        watched: the class whose probability was looked at.
        probabilities: of that in each text.
        can_fail: whether any answer to the second text would have been a failure.
    """

    failed: bool
    severity: float
    watched: Target
    probabilities: tuple[float, ...]
    can_fail: bool = True


def judge(
    probe: Probe, target: Target | None, rows: Sequence[Sequence[float]], class_names: Sequence[str]
) -> Judgement:
    """Judge one case.

    Args:
        probe: what is expected.
        target: the class that the case's label means; None for invariance.
        rows: the probabilities of all classes, for each text of the case.
        class_names: in the order of a row.

    Raises:
        ValueError: there is no target where the probe needs one.
    """
    if isinstance(probe, Inv):
        return _judge_inv(probe, rows, class_names)
    if target is None:
        raise ValueError("a case with a label needs the class that it means")
    shares = tuple(target.probability(row) for row in rows)
    if isinstance(probe, Mft):
        return Judgement(not _has_label(probe, target, rows[0], shares[0]), 1 - shares[0], target, shares)
    return _judge_dir(probe, target, shares)


def predicted(row: Sequence[float]) -> int:
    """The most probable class; the first of several."""
    return max(range(len(row)), key=row.__getitem__)


def _has_label(probe: Mft, target: Target, row: Sequence[float], share: float) -> bool:
    if probe.at_least is not None:
        return share >= probe.at_least - _ROUNDING
    return target.is_met(predicted(row))


def _judge_inv(probe: Inv, rows: Sequence[Sequence[float]], class_names: Sequence[str]) -> Judgement:
    label = predicted(rows[0])
    target = Target(class_names[label], label)
    shares = tuple(target.probability(row) for row in rows)
    moved = abs(shares[1] - shares[0])
    kept = probe.same == "label" and predicted(rows[1]) == label
    return Judgement(not kept and moved > probe.tolerance + _ROUNDING, moved, target, shares)


def _judge_dir(probe: Dir, target: Target, shares: tuple[float, ...]) -> Judgement:
    change = shares[1] - shares[0]
    can_fail = shares[0] + probe.at_least > _ROUNDING or probe.at_least >= 0
    return Judgement(change < probe.at_least - _ROUNDING, probe.at_least - change, target, shares, can_fail)
