"""What does a trial know of the others where several run side by side?

Of those that are fast and slow nothing: trial n is chosen and judged by what the trials before came to, but for the
latest ones, which may be under way when it begins. So a search comes to the same trials however long each takes,
wherever it runs, and however often it is broken off, as long as as many run side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_cli.search.plan import SearchPlan

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def known_before(trials: Sequence[FrozenTrial], number: int, jobs: int) -> Sequence[FrozenTrial]:
    """The trials that one is chosen and judged by.

    Args:
        trials: all, in order.
        number: of that one, from 0.
        jobs: how many run side by side.
    """
    return trials[: max(number - jobs + 1, 0)]


def may_begin(plan: SearchPlan, trials: Sequence[FrozenTrial], jobs: int) -> bool:
    """Whether all that the trial after these has to know of has ended.

    Args:
        plan: of the search; values that do not depend on results wait for none.
        trials: all so far, in order.
        jobs: how many run side by side.
    """
    if plan.sampler != "tpe" and not plan.prune:
        return True
    return all(trial.state.is_finished() for trial in known_before(trials, len(trials), jobs))
