"""Which settings mattered: how much of the differences between trials does each of them explain?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.study import copy_study, load_optuna, make_trial, unwarned, values_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Fewer trials tell nothing of it.
FEWEST = 4


def compute_importances(plan: SearchPlan, trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """The share of the variance of the results that each setting explains alone or first (Hutter et al. 2014, fANOVA).

    Pruned trials count with their best epoch: to leave them out would leave out what is bad.

    Args:
        plan: of the search.
        trials: all of it.

    Returns:
        Shares by key that sum to 1, largest first; empty for fewer than `FEWEST` trials with results, for one setting,
        and where all came to the same.
    """
    optuna, settings = load_optuna(), plan.settings
    counted = [(trial, value) for trial in trials if (value := _result(plan, trial)) is not None]
    if len(counted) < FEWEST or len(settings) < 2 or len({value for _, value in counted}) == 1:
        return {}
    complete = optuna.trial.TrialState.COMPLETE
    copies = [make_trial(settings, values_of(trial, settings), state=complete, value=value) for trial, value in counted]
    study = copy_study(copies, maximizes=plan.maximizes)
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    with unwarned():
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    found = {key: float(share) for key, share in shares.items()}
    return found if all(map(math.isfinite, found.values())) else {}


def _result(plan: SearchPlan, trial: FrozenTrial) -> float | None:
    states = load_optuna().trial.TrialState
    if trial.state == states.COMPLETE:
        return float(trial.values[0])
    known = [value for value in trial.intermediate_values.values() if math.isfinite(value)]
    if trial.state != states.PRUNED or not known:
        return None
    return max(known) if plan.maximizes else min(known)
