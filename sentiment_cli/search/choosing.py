"""Which values does the next trial have: a function of the seed, the trial's number and the results before it.

Nothing is carried over from one trial to the next, so that a search which was killed goes on as if it had not been.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment_cli.config import Config
from sentiment_cli.search.order import known_before
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.space import Setting, Values, combinations, count_combinations, find_problems
from sentiment_cli.search.study import copy_study, distributions, load_optuna, make_trial, unwarned, values_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# Of all combinations so many are put in order and looked at; 1 ms each.
MOST_COMBINATIONS = 10_000
# Trials that are drawn before results decide; Optuna's 10 would be most of a search in an evening.
STARTUP = 5
# Draws for values that no trial had and that can be together.
_DRAWS = 50


@dataclass(frozen=True)
class Chooser:
    """Chooses what trials are trained with.

    Args:
        config: what all trials have in common.
        plan: of the search.
    """

    config: Config
    plan: SearchPlan

    @functools.cached_property
    def settings(self) -> list[Setting]:
        """What is searched over."""
        return self.plan.settings

    @functools.cached_property
    def order(self) -> list[Values] | None:
        """All combinations that a configuration can have, in an order drawn by the seed; None where they are too many.

        So a grid that is cut short has some of each value, and a longer one begins with it.
        """
        if count_combinations(self.settings) > MOST_COMBINATIONS:
            return None
        possible = [values for values in combinations(self.settings) if self._is_possible(values)]
        random.Random(self.plan.seed).shuffle(possible)
        return possible

    def choose(self, trials: Sequence[FrozenTrial], jobs: int = 1) -> Values | None:
        """Choose what the next trial is trained with.

        Args:
            trials: all before, in order; those that still run count as tried.
            jobs: how many run side by side, see `order.known_before`.

        Returns:
            Values that no trial had and that a configuration can have; None where no others were found.
        """
        tried = [values_of(trial, self.settings) for trial in trials]
        known = known_before(trials, len(trials), jobs)
        trials = [*known, *(make_trial(self.settings, values) for values in tried[len(known) :])]
        if self.plan.sampler != "grid":
            by_results = self.plan.sampler == "tpe" and len(trials) >= STARTUP
            draw = self._draw_tpe if by_results else self._draw
            for attempt in range(_DRAWS):
                values = draw(trials, attempt)
                if values not in tried and self._is_possible(values):
                    return values
        return next((values for values in self.order or () if values not in tried), None)

    def _is_possible(self, values: Values) -> bool:
        return not find_problems(self.config, self.settings, values)

    def _draw_tpe(self, trials: Sequence[FrozenTrial], attempt: int) -> Values:
        """The choice of the tree-structured Parzen estimator, which takes running trials for bad ones."""
        seed = random.Random(f"{self.plan.seed} {len(trials)} {attempt}").randrange(2**32)
        samplers = load_optuna().samplers
        with unwarned():
            sampler = samplers.TPESampler(n_startup_trials=STARTUP, constant_liar=True, seed=seed)
            study = copy_study(trials, maximizes=self.plan.maximizes, sampler=sampler)
            return values_of(study.ask(distributions(self.settings)), self.settings)

    def _draw(self, trials: Sequence[FrozenTrial], attempt: int) -> Values:
        """Numbers from their ranges; of listed values, in the first attempt, each combination in its turn."""
        rng = random.Random(f"{self.plan.seed} {len(trials)} {attempt}")
        values = {setting.key: _draw_text(setting, rng) for setting in self.settings}
        listed = [setting for setting in self.settings if setting.choices]
        if attempt == 0 and 1 < count_combinations(listed) <= MOST_COMBINATIONS:
            values.update(self._turn(listed, len(trials)))
        return values

    def _turn(self, listed: Sequence[Setting], number: int) -> Values:
        """All combinations come once before one comes again, in another order."""
        every = list(combinations(listed))
        turn, place = divmod(number, len(every))
        random.Random(f"{self.plan.seed} turn {turn}").shuffle(every)
        return every[place]


def _draw_text(setting: Setting, rng: random.Random) -> str:
    if setting.choices:
        return rng.choice(setting.choices)
    if setting.is_log:
        return setting.text(math.exp(rng.uniform(math.log(setting.low), math.log(setting.high))))
    if setting.is_whole:
        return setting.text(rng.randint(round(setting.low), round(setting.high)))
    return setting.text(rng.uniform(setting.low, setting.high))
