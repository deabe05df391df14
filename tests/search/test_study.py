"""Is what was tried kept, whole after any kill; are trials stopped and settings weighed as they should be?"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sentiment_cli.errors import RunError
from sentiment_cli.extras import MissingExtraError
from sentiment_cli.search.importance import compute_importances
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.pruning import FINISHED_BEFORE, first_epoch_behind
from sentiment_cli.search.study import StudyJournal, values_of
from sentiment_cli.search.trial import Trial, best_trial, read_trial

RATE, UNITS = "training.learning_rate", "model.recurrent.0.units"
PLAN = SearchPlan.make([f"{UNITS}=8,16"], [f"{RATE}=log(1e-4,1e-2)"])
FIRST = {UNITS: "8", RATE: "0.001"}


def open_journal(path: Path, plan: SearchPlan = PLAN) -> StudyJournal:
    return StudyJournal(path, plan.settings, maximizes=plan.maximizes)


def with_trials(path: Path, curves: list[list[float]]) -> StudyJournal:
    """Finished trials with these figures after each epoch."""
    journal = open_journal(path)
    for number, curve in enumerate(curves, start=1):
        trial = journal.begin({UNITS: "8", RATE: str(number / 10_000)})
        for epoch, value in enumerate(curve, start=1):
            journal.report(trial, epoch, value)
        journal.finish(trial, max(curve))
    return journal


class TestJournal:
    def test_what_was_kept_is_read_again(self, tmp_path: Path) -> None:
        journal = open_journal(tmp_path / "study")
        for end in ("finish", "prune", "fail", "none"):
            trial = journal.begin(FIRST)
            journal.report(trial, 1, 0.5)
            if end == "finish":
                journal.finish(trial, 0.7)
            if end == "prune":
                journal.prune(trial)
            if end == "fail":
                journal.fail(trial, "a reason")
        again = open_journal(tmp_path / "study").trials
        assert [trial.state.name for trial in again] == ["COMPLETE", "PRUNED", "FAIL", "RUNNING"]
        assert [values_of(trial, PLAN.settings) for trial in again] == [FIRST] * 4
        assert again[0].value == 0.7
        assert again[2].user_attrs["reason"] == "a reason"
        assert [trial.intermediate_values for trial in again] == [{1: 0.5}] * 4

    def test_cut_anywhere_it_holds_what_was_written_before_and_goes_on(self, tmp_path: Path) -> None:
        path = tmp_path / "study"
        journal = open_journal(path)
        journal.finish(journal.begin(FIRST), 0.7)
        journal.begin({UNITS: "16", RATE: "0.002"})
        content = path.read_bytes()
        for cut in [*range(0, len(content), 61), len(content)]:
            path.write_bytes(content[:cut])
            whole = content[: content[:cut].rfind(b"\n") + 1]
            cut_journal = open_journal(path)
            known = len(cut_journal.trials)
            assert known == whole.count(b'"op_code":4')  # a trial is one line
            cut_journal.begin({UNITS: "16", RATE: "0.003"})
            assert len(open_journal(path).trials) == known + 1

    def test_the_journal_of_another_search_or_none_is_refused(self, tmp_path: Path) -> None:
        journal = open_journal(tmp_path / "study")
        journal.begin(FIRST)
        other = SearchPlan.make(["training.epochs=1,2"], [])
        with pytest.raises(RunError, match="is the journal of a search over other settings"):
            open_journal(tmp_path / "study", other)
        (tmp_path / "damaged").write_text("no JSON\n", encoding="utf-8")
        with pytest.raises(RunError, match="damaged cannot be read"):
            open_journal(tmp_path / "damaged")

    def test_without_optuna_the_command_that_installs_it_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "optuna", None)
        with pytest.raises(MissingExtraError, match=r"A search over settings needs optuna.*'sentiment-cli\[sweep\]'"):
            open_journal(tmp_path / "study")


class TestPruning:
    # After two epochs the medians of the four are 0.625, then 0.7 after three.
    FOUR = ([0.5, 0.6, 0.7], [0.5, 0.6, 0.65], [0.6, 0.65, 0.7], [0.6, 0.7, 0.75])

    def behind(self, tmp_path: Path, curve: list[float], last: int | None = 3, plan: SearchPlan = PLAN) -> int | None:
        tmp_path.mkdir(exist_ok=True)
        journal = with_trials(tmp_path / "study", list(self.FOUR))
        trial = journal.begin(FIRST)
        return first_epoch_behind(plan, journal.trials[:-1], trial, curve, last)

    def test_a_trial_whose_best_is_below_the_median_is_stopped_there(self, tmp_path: Path) -> None:
        assert self.behind(tmp_path, [0.5, 0.62, 0.8]) == 2

    def test_its_best_epoch_counts_not_its_last(self, tmp_path: Path) -> None:
        assert self.behind(tmp_path, [0.63, 0.4], last=None) is None

    def test_the_first_epoch_decides_nothing_and_the_last_leaves_nothing_to_stop(self, tmp_path: Path) -> None:
        assert self.behind(tmp_path, [0.1]) is None
        assert self.behind(tmp_path / "other", [0.5, 0.63, 0.63], last=3) is None
        assert self.behind(tmp_path / "third", [0.5, 0.63, 0.63], last=4) == 3

    def test_what_is_no_number_is_left_to_the_training(self, tmp_path: Path) -> None:
        assert self.behind(tmp_path, [math.nan, math.nan]) is None

    def test_it_can_be_left_out(self, tmp_path: Path) -> None:
        plan = SearchPlan.make(PLAN.grid, PLAN.drawn, prune=False)
        assert self.behind(tmp_path, [0.1, 0.1], plan=plan) is None

    def test_few_finished_trials_stop_none(self, tmp_path: Path) -> None:
        journal = with_trials(tmp_path / "study", [[0.9, 0.9]] * (FINISHED_BEFORE - 1))
        trial = journal.begin(FIRST)
        assert first_epoch_behind(PLAN, journal.trials[:-1], trial, [0.1, 0.1], 9) is None


class TestImportance:
    def test_the_setting_that_decides_explains_nearly_all(self, tmp_path: Path) -> None:
        journal = open_journal(tmp_path / "study")
        for number in range(12):
            values = {UNITS: ("8", "16")[number % 2], RATE: str((number // 2 + 1) / 1000)}
            journal.finish(journal.begin(values), number // 2 + 0.01 * (number % 2))
        shares = compute_importances(PLAN, journal.trials)
        assert list(shares) == [RATE, UNITS]
        assert shares[RATE] > 0.95
        assert sum(shares.values()) == pytest.approx(1)

    def test_stopped_trials_count_with_their_best_epoch(self, tmp_path: Path) -> None:
        journal = open_journal(tmp_path / "study")
        for number in range(8):
            trial = journal.begin({UNITS: ("8", "16")[number % 2], RATE: str((number + 1) / 1000)})
            journal.report(trial, 1, 0.9 if number % 2 else 0.1)
            journal.report(trial, 2, 0.0)
            journal.prune(trial)
        assert compute_importances(PLAN, journal.trials)[UNITS] > 0.9

    def test_too_few_trials_and_equal_ones_tell_nothing(self, tmp_path: Path) -> None:
        journal = with_trials(tmp_path / "study", [[0.5], [0.6], [0.7]])
        assert compute_importances(PLAN, journal.trials) == {}
        journal = with_trials(tmp_path / "equal", [[0.5]] * 9)
        assert compute_importances(PLAN, journal.trials) == {}


def test_the_best_is_the_first_finished_one_of_equals() -> None:
    rows = [("finished", 0.7), ("pruned", 0.9), ("finished", 0.8), ("finished", 0.8), ("failed", None)]
    trials = [Trial(number, state, {}, value) for number, (state, value) in enumerate(rows, start=1)]  # type: ignore[arg-type]
    best = best_trial(trials, PLAN)
    assert best is not None and best.number == 3
    by_loss = best_trial(trials, SearchPlan.make(PLAN.grid, PLAN.drawn, metric="val_loss"))
    assert by_loss is not None and by_loss.number == 1
    assert best_trial([], PLAN) is None


def test_a_trial_is_read_as_it_was_kept_and_anything_else_refused() -> None:
    trial = Trial(3, "failed", {UNITS: "8"}, reason="why")
    assert read_trial(trial.to_dict()) == trial
    assert trial.settings == {UNITS: 8}
    with pytest.raises(ValueError, match="expected a trial"):
        read_trial({"number": 1, "state": "odd", "values": {}})
