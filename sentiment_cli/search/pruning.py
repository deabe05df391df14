"""Does a trial lag so far behind others that it is stopped?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.study import copy_study, load_optuna, make_trial, unwarned, values_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Trials that have to finish before one is stopped, and the first epoch that may be its last: a low learning rate and
# a schedule that warms up show little after one.
FINISHED_BEFORE = 4
FIRST_EPOCH = 2


def first_epoch_behind(
    plan: SearchPlan, others: Sequence[FrozenTrial], trial: FrozenTrial, values: Sequence[float], last: int | None
) -> int | None:
    """The epoch after which a trial is to be stopped: its best so far is worse than the median of others at that epoch.

    The answer depends on the figures alone, not on when they are looked at.

    Args:
        plan: of the search.
        others: the trials that ended before; only finished ones count (Golovin et al. 2017, section 3.2.2).
        trial: the one that is judged.
        values: its metric after each epoch.
        last: the epoch that ends the training, after which there is nothing to stop; None: not known.

    Returns:
        An epoch from 1; None where the trial may go on.
    """
    if not plan.prune:
        return None
    optuna = load_optuna()
    pruner = optuna.pruners.MedianPruner(n_startup_trials=FINISHED_BEFORE, n_warmup_steps=FIRST_EPOCH)
    known = [other for other in others if other.state == optuna.trial.TrialState.COMPLETE]
    study = copy_study(known, maximizes=plan.maximizes)
    settings = plan.settings
    reported: dict[int, float] = {}
    for epoch, value in enumerate(values, start=1):
        if not math.isfinite(value):
            continue  # the training itself stops where that is a fault
        reported[epoch] = value
        judged = make_trial(settings, values_of(trial, settings), intermediate_values=dict(reported))
        with unwarned():  # of epochs whose figures are no numbers
            if epoch != last and pruner.prune(study, judged):
                return epoch
    return None
