"""Are trials chosen by the seed and the results alone, each once, and better than by chance where results decide?"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sentiment_cli.config import Config, load_config
from sentiment_cli.search.choosing import STARTUP, Chooser
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.space import Values
from sentiment_cli.search.study import StudyJournal, values_of

RATE = "training.learning_rate"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config("lstm")


def search(plan: SearchPlan, config: Config, path: Path, count: int, *, reopen: bool = False) -> list[Values]:
    """Trials whose result is best at a learning rate of 0.003; with ``reopen`` everything is forgotten in between."""
    journal, chooser = StudyJournal(path, plan.settings, maximizes=True), Chooser(config, plan)
    for _ in range(count):
        if reopen:
            journal, chooser = StudyJournal(path, plan.settings, maximizes=True), Chooser(config, plan)
        values = chooser.choose(journal.trials)
        if values is None:
            break
        journal.finish(journal.begin(values), -abs(math.log10(float(values.get(RATE, "0.003")) / 0.003)))
    return [values_of(trial, plan.settings) for trial in journal.trials]


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_forgetting_everything_between_trials_changes_none_of_them(
    config: Config, tmp_path: Path, sampler: str
) -> None:
    plan = SearchPlan.make(["model.recurrent.0.units=8,16"], [f"{RATE}=log(1e-4,1e-1)"], sampler=sampler)  # type: ignore[arg-type]
    once = search(plan, config, tmp_path / "once", 9)
    assert search(plan, config, tmp_path / "again", 9, reopen=True) == once
    other = SearchPlan.make(plan.grid, plan.drawn, sampler=plan.sampler, seed=2)
    assert search(other, config, tmp_path / "other", 9) != once


def test_after_the_first_trials_results_decide(config: Config, tmp_path: Path) -> None:
    plan = SearchPlan.make([], [f"{RATE}=log(1e-4,1e-1)"])
    rates = [float(values[RATE]) for values in search(plan, config, tmp_path / "study", 25)]
    far = [abs(math.log10(rate / 0.003)) for rate in rates]
    assert sum(far[STARTUP + 5 :]) / len(far[STARTUP + 5 :]) < 0.5 * sum(far[:STARTUP]) / STARTUP


def test_a_grid_is_tried_whole_each_once_and_cut_short_has_some_of_each_value(config: Config, tmp_path: Path) -> None:
    plan = SearchPlan.make(["model.recurrent.0.units=8,16,32", "training.batch_size=4,8,16,32"], [])
    assert plan.sampler == "grid"
    tried = search(plan, config, tmp_path / "study", 100)
    assert len(tried) == 12
    assert len({tuple(values.values()) for values in tried}) == 12
    assert {values["training.batch_size"] for values in tried[:8]} == {"4", "8", "16", "32"}
    assert tried != sorted(tried, key=lambda values: tuple(values.values()))


def test_combinations_that_no_configuration_can_have_are_left_out(config: Config, tmp_path: Path) -> None:
    grid = ["model.window=null,20", "model.pooling=last,max"]
    for sampler in ("grid", "tpe", "random"):
        plan = SearchPlan.make(grid, [], sampler=sampler)  # type: ignore[arg-type]
        tried = search(plan, config, tmp_path / sampler, 10)
        assert len(tried) == 3
        assert {"model.window": "20", "model.pooling": "last"} not in tried


def test_random_takes_each_combination_of_listed_values_in_its_turn(config: Config, tmp_path: Path) -> None:
    plan = SearchPlan.make(["model.recurrent.0.units=8,16,32"], [f"{RATE}=log(1e-4,1e-1)"], sampler="random")
    units = [values["model.recurrent.0.units"] for values in search(plan, config, tmp_path / "study", 9)]
    assert [sorted(units[start : start + 3]) for start in (0, 3, 6)] == [["16", "32", "8"]] * 3


def test_no_trial_has_the_values_of_one_before_it(config: Config, tmp_path: Path) -> None:
    plan = SearchPlan.make(["training.batch_size=4,8,16,32,64"], [], sampler="tpe")
    tried = [values["training.batch_size"] for values in search(plan, config, tmp_path / "study", 10)]
    assert sorted(tried, key=int) == ["4", "8", "16", "32", "64"]
