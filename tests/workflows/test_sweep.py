"""Does a sweep train what it chose, each trial once, and go on after a kill at any moment as if there had been none?

Trainings are played here, epoch by epoch, by `Played`; `tests/faults` kills real ones, and tests/cli trains some.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Told

from sentiment_cli.config import Config, config_difference, load_config
from sentiment_cli.errors import ConfigError, Interrupted, RunError, UsageError
from sentiment_cli.history import Epoch, History, write_history
from sentiment_cli.resources import imported_dir
from sentiment_cli.run_search import find_run, list_runs
from sentiment_cli.run_sets import Sweep
from sentiment_cli.runs import Run
from sentiment_cli.search import study as search_study
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.study import StudyJournal
from sentiment_cli.workflows import sweep as workflow
from sentiment_cli.workflows import sweep_best, sweep_job
from sentiment_cli.workflows.results import DryRun
from sentiment_cli.workflows.sweep import plan_sweep, resume_sweep, run_sweep
from sentiment_cli.workflows.sweep_checks import Limits
from sentiment_cli.workflows.sweep_result import read_sweep
from workflows.played import EPOCHS, PLAN, RATE, UNITS, Played, kept, playing


class Killed(BaseException):
    """The process is gone: nothing is written any more."""


class Bomb:
    """Ends a process at the moment of its n-th tick."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.count = at, 0

    def tick(self) -> None:
        self.count += 1
        if self.at is not None and self.count >= self.at:
            raise Killed


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, workplace: Path) -> Iterator[None]:
    """Trainings are played, and no picture is drawn."""
    with playing(monkeypatch):
        yield


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Callable[[Bomb], None]:
    """Let a bomb tick before and after everything that a sweep writes, and at each look at a training."""
    armed = [Bomb()]

    def ticking(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            armed[0].tick()
            result = function(*arguments, **options)
            armed[0].tick()
            return result

        return call

    backend = search_study.load_optuna().storages.journal.JournalFileBackend
    monkeypatch.setattr(backend, "append_logs", ticking(backend.append_logs))
    monkeypatch.setattr(Sweep, "write_record", ticking(Run.write_record))
    monkeypatch.setattr(sweep_best, "write_text", ticking(sweep_best.write_text))
    Played.tick = staticmethod(lambda: armed[0].tick())

    def arm(bomb: Bomb) -> None:
        armed[0] = bomb

    return arm


@pytest.fixture
def config(tiny_config: Path) -> Config:
    return load_config(tiny_config)


def rows(sweep: Sweep) -> list[dict[str, Any]]:
    return [{**trial.to_dict(), "seconds": None} for trial in read_sweep(sweep).trials]


def search(config: Config, name: str, count: int = 8, plan: SearchPlan = PLAN, **limits: Any) -> Sweep:
    run_sweep(config, Path("runs") / name, plan, Limits(count, **limits), command="sentiment sweep")
    return Sweep(Path("runs") / name)


class TestWhole:
    def test_each_trial_is_trained_with_its_values_and_never_reads_the_test_part(
        self, played: None, config: Config
    ) -> None:
        sweep = search(config, "one")
        result = read_sweep(sweep)
        assert (result.status, result.stop_reason, len(result.trials)) == ("finished", "all trials done", 8)
        assert len(Played.begun) == 8
        for trial, arguments in zip(result.trials, Played.begun, strict=True):
            sets = [f"{key}={text}" for key, text in trial.values.items()]
            assert arguments == [
                "train", "-c", "runs/one/config.yaml", "--set", sets[0], "--set", sets[1],
                "--output-dir", f"runs/one/{trial.name}",
            ]  # fmt: skip
        common = load_config(sweep.config_path)
        assert not common.training.evaluate_test
        assert common.data.split_seed == config.training.seed

    def test_trials_finish_are_stopped_and_fail_and_all_is_told(self, played: None, config: Config) -> None:
        told = Told()
        run_sweep(config, "runs/one", PLAN, Limits(8), progress=told)
        result = read_sweep(Sweep(Path("runs/one")))
        assert result.counts["finished"] >= 4 and result.counts["pruned"] >= 1 and result.counts["failed"] >= 1
        for trial in result.trials:
            if trial.state == "finished":
                assert (trial.epoch, trial.epochs, trial.seconds) == (3, 3, 2.0)
            elif trial.state == "pruned":
                assert (trial.epochs, trial.reason) == (2, None)
                assert trial.seconds in (pytest.approx(0.2), pytest.approx(0.3))  # of its epochs, 0.1 each
            else:
                assert (trial.values[UNITS], trial.value, trial.reason) == ("13", None, "13 is no good number")
        assert any(note.startswith("Trial 8 of 8: units ") for note in told.notes)
        assert sum("behind the others" in note for note in told.notes) == result.counts["pruned"]
        assert len(told.warnings) == result.counts["failed"]

    def test_the_best_is_a_configuration_that_says_where_it_comes_from(self, played: None, config: Config) -> None:
        sweep = search(config, "one")
        best = read_sweep(sweep).best
        assert best is not None
        text = sweep.best_path.read_text(encoding="utf-8")
        assert text.startswith(f"# {best.name} of the sweep one, the best of 8 trials\n#\n")
        assert f"#   val_accuracy {best.value:.4f} after epoch 3\n" in text
        assert "#   sentiment train -c runs/one/best.yaml\n" in text
        changed = load_config(sweep.best_path)
        assert config_difference(config, changed) == [
            f"{UNITS}: 3 -> {best.values[UNITS]}",
            f"{RATE}: 0.05 -> {float(best.values[RATE])}",
        ]
        assert max(row["value"] or 0 for row in rows(sweep) if row["state"] == "finished") == best.value

    def test_no_name_of_a_directory_ends_the_comment_of_the_best(self, played: None, config: Config) -> None:
        sweep = search(config, "a\nb: 1\u2028c: 2", count=2)
        changed = load_config(sweep.best_path)
        assert len(config_difference(config, changed)) == 2

    def test_by_loss_the_lowest_is_the_best(self, played: None, config: Config) -> None:
        plan = SearchPlan.make(PLAN.grid, PLAN.drawn, metric="val_loss", seed=4)
        result = read_sweep(search(config, "one", plan=plan))
        finished = [trial.value for trial in result.trials if trial.state == "finished" and trial.value is not None]
        assert result.best is not None and result.best.value == min(finished)
        assert [trial.value for trial in result.ranking[: len(finished)]] == sorted(finished)

    def test_several_side_by_side_are_each_trained_once(self, played: None, config: Config) -> None:
        plan = SearchPlan.make([f"{UNITS}=1,2,3,4,5,6"], [])
        result = read_sweep(search(config, "one", count=6, plan=plan, jobs=3))
        assert sorted(trial.values[UNITS] for trial in result.trials) == ["1", "2", "3", "4", "5", "6"]
        assert len(Played.begun) == 6
        alone = read_sweep(search(config, "two", count=6, plan=plan))
        assert [trial.values for trial in result.trials] == [trial.values for trial in alone.trials]

    def test_it_is_no_run_and_its_trials_are_not_listed_as_runs(self, played: None, config: Config) -> None:
        search(config, "one", count=2)
        assert list_runs() == []
        with pytest.raises(RunError, match=r"runs/one is a sweep of several trials; .*sentiment sweep runs/one"):
            find_run("one")
        assert find_run("runs/one/trial-001").name == "one/trial-001"


class TestKilled:
    # Enough for one to finish, one to fail and one to be stopped.
    TRIALS = 7

    def go_on(self, config: Config, name: str) -> Sweep:
        """What a user does after a kill."""
        sweep = Sweep(Path("runs") / name)
        if not sweep.record_path.exists():
            search(config, name, self.TRIALS)
        elif sweep.read_record()["status"] != "finished":
            resume_sweep(sweep)
        return sweep

    def check(self, config: Config, arm: Callable[[Bomb], None], moments: Sequence[int], expected: Sweep) -> None:
        for at in moments:
            name = f"killed-at-{at}"
            Played.begun.clear()
            arm(Bomb(at))
            with pytest.raises(Killed):
                search(config, name, self.TRIALS)
            arm(Bomb())
            sweep = self.go_on(config, name)
            assert kept(sweep) == kept(expected), at
            assert rows(sweep) == rows(expected), at
            assert sweep.best_path.read_text() == expected.best_path.read_text().replace("whole", name), at
            anew = [arguments[-1] for arguments in Played.begun if arguments[1] != "--resume"]
            assert len(anew) <= self.TRIALS + 1  # and one that was killed before it had a directory
            assert not list(sweep.path.rglob(".unfinished-*"))

    def moments(self, config: Config, arm: Callable[[Bomb], None]) -> tuple[int, Sweep]:
        bomb = Bomb()
        arm(bomb)
        whole = search(config, "whole", self.TRIALS)
        return bomb.count, whole

    def test_killed_at_some_moments_and_resumed_it_is_the_same_study(
        self, played: None, arm: Callable[[Bomb], None], config: Config
    ) -> None:
        count, whole = self.moments(config, arm)
        assert {row["state"] for row in rows(whole)} == {"finished", "failed", "pruned"}
        self.check(config, arm, range(1, count, count // 8), whole)

    @pytest.mark.faults
    @pytest.mark.timeout(3600)
    def test_killed_at_every_moment_and_resumed_it_is_the_same_study(
        self, played: None, arm: Callable[[Bomb], None], config: Config
    ) -> None:
        count, whole = self.moments(config, arm)
        self.check(config, arm, range(1, count), whole)
        print(f"killed at {count - 1} moments, all equal")

    def test_a_recorded_state_is_gone_on_with(self, played: None, config: Config) -> None:
        """As a kill leaves it: one trial judged and not ended, one begun with a run, one with no directory yet."""
        whole = search(config, "whole")
        sweep = search(config, "one", count=2)
        Played.begun.clear()
        journal = StudyJournal(sweep.study_path, PLAN.settings, maximizes=True)
        third = rows(whole)[2]["values"]
        journal.begin(third)
        record = sweep.read_record()
        sweep.write_record({**record, "status": "running", "stop_reason": None, "max_trials": 8})
        run = sweep.trial("trial-003")
        run.path.mkdir()
        run.write_record({"status": "running", "planned_epochs": EPOCHS})
        (run.path / "values.json").write_text(json.dumps(third))
        accuracy = kept(whole)[2][4].get(1)
        if accuracy is not None:
            write_history(
                run.history_path, History([Epoch(1, 1 - accuracy, accuracy, 1 - accuracy, accuracy, 1e-3, 0.1)])
            )
        told = Told()
        resume_sweep(sweep, progress=told, command="sentiment sweep --resume one")
        assert kept(sweep) == kept(whole)
        assert Played.begun[0] == ["train", "--resume", "runs/one/trial-003"]
        assert any(note.startswith("Trial 3 of 8: goes on") for note in told.notes)
        assert sweep.read_record()["commands"] == ["sentiment sweep", "sentiment sweep --resume one"]

    def test_a_table_that_was_cleared_from_the_cache_is_imported_again(self, played: None, config: Config) -> None:
        lines = [f"{('lovely', 'cold')[number % 2]} {number},{('good', 'bad')[number % 2]}" for number in range(20)]
        Path("t.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
        data = config.data.model_copy(update={"source": "t.csv"})
        sweep = search(config.model_copy(update={"data": data}), "one", count=2)
        shutil.rmtree(imported_dir())
        assert len(resume_sweep(sweep, Limits(3)).trials) == 3


class TestStopped:
    def test_a_signal_lets_trials_save_and_is_told_with_the_exit_code(self, played: None, config: Config) -> None:
        whole = search(config, "whole")
        looks: list[int] = []

        def look() -> None:
            looks.append(1)
            if len(looks) == 6:  # in the middle of a trial
                os.kill(os.getpid(), signal.SIGTERM)

        Played.on_look = staticmethod(look)
        result = run_sweep(config, "runs/one", PLAN, Limits(8))
        assert (result.status, result.exit_code) == ("interrupted", 143)
        assert result.counts["unfinished"] == 1
        stopped = result.trials[-1]
        assert Sweep(Path("runs/one")).trial(stopped.name).read_record()["status"] == "interrupted"
        again = resume_sweep(Sweep(Path("runs/one")))
        assert (again.status, again.exit_code) == ("finished", 0)
        assert kept(Sweep(Path("runs/one"))) == kept(whole)

    def test_a_second_signal_leaves_at_once_with_the_command_that_continues(self, played: None, config: Config) -> None:
        looks: list[int] = []

        def look() -> None:
            looks.append(1)
            if len(looks) >= 5:
                os.kill(os.getpid(), signal.SIGINT)

        Played.on_look = staticmethod(look)
        with pytest.raises(Interrupted, match=r"Stopped\. To continue: sentiment sweep --resume runs/one") as caught:
            run_sweep(config, "runs/one", PLAN, Limits(8))
        assert caught.value.exit_code == 130
        assert Sweep(Path("runs/one")).read_record()["status"] == "interrupted"

    def test_when_the_time_is_up_trials_are_stopped_and_more_minutes_go_on(
        self, played: None, config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = [0.0]
        monkeypatch.setattr(sweep_job.time, "monotonic", lambda: clock[0])

        def look() -> None:
            clock[0] += 10

        Played.on_look = staticmethod(look)
        sweep = search(config, "one", minutes=2)
        result = read_sweep(sweep)
        assert (result.status, result.stop_reason) == ("finished", "2 minutes are over")
        assert 3 <= len(result.trials) < 8
        assert sweep.read_record()["seconds"]["total"] >= 120
        with pytest.raises(RunError, match=r"The 2 minutes of runs/one are over\. To go on: .* --max-minutes 4"):
            resume_sweep(sweep)
        assert resume_sweep(sweep, Limits(minutes=60)).stop_reason == "all trials done"

    def test_three_failures_and_nothing_else_end_it_with_the_reason(self, played: None, config: Config) -> None:
        plan = SearchPlan.make([f"{UNITS}=13", "training.batch_size=1,2,3,4,5"], [])
        with pytest.raises(RunError, match="All 3 trials so far failed, the last one: 13 is no good number\nWhen"):
            search(config, "one", plan=plan)
        record = Sweep(Path("runs/one")).read_record()
        assert (record["status"], len(record["trials"])) == ("failed", 3)
        assert not Sweep(Path("runs/one")).best_path.exists()

    def test_three_failures_while_a_trial_before_them_is_under_way_end_nothing(
        self, played: None, config: Config
    ) -> None:
        plan = SearchPlan.make([f"{UNITS}=8,13", "training.batch_size=1,2,3"], [], prune=False, seed=1)
        values = [row["values"][UNITS] for row in rows(search(config, "alone", count=6, plan=plan))]
        slow, runs = values.index("8"), iter(range(10**6))
        assert values[slow + 1 : slow + 3].count("13") > 0

        def busy() -> bool:  # nothing that trains goes on until much has failed
            return next(runs) < 60

        Played.is_busy = staticmethod(busy)
        result = read_sweep(search(config, "one", count=6, plan=plan, jobs=6))
        assert [trial.state for trial in result.trials].count("failed") == 3
        assert [trial.state for trial in result.trials].count("finished") == 3


class TestFurther:
    def test_more_trials_are_those_that_it_would_have_had_at_once(self, played: None, config: Config) -> None:
        whole, sweep = search(config, "whole"), search(config, "one", count=3)
        assert resume_sweep(sweep, Limits(8)).status == "finished"
        assert kept(sweep) == kept(whole)

    def test_what_has_finished_says_how_to_search_further(self, played: None, config: Config) -> None:
        sweep = search(config, "one", count=2)
        with pytest.raises(RunError, match=r"has finished its 2 trials. To search further: .*--resume .* --trials 4"):
            resume_sweep(sweep)
        with pytest.raises(UsageError, match="--trials 1: runs/one has 2 trials already"):
            resume_sweep(sweep, Limits(1))
        grid = search(config, "grid", plan=SearchPlan.make([f"{UNITS}=1,2"], []))
        with pytest.raises(RunError, match=r"runs/grid has finished its 2 trials.$"):
            resume_sweep(grid, Limits(9))

    def test_another_configuration_or_other_reviews_are_refused(self, played: None, config: Config) -> None:
        sweep = search(config, "one", count=2)
        record = sweep.read_record()
        sweep.write_record({**record, "data": {**record["data"], "fingerprint": "0" * 64}})
        with pytest.raises(RunError, match="was trained on other reviews"):
            resume_sweep(sweep, Limits(3))
        sweep.config_path.write_text(sweep.config_path.read_text().replace("dim: 4", "dim: 5"))
        with pytest.raises(RunError, match=r"was changed since the run began:\n  model\.embedding\.dim: 4 -> 5"):
            resume_sweep(sweep, Limits(3))

    def test_what_a_record_lacks_is_taken_for_what_it_usually_is(self, played: None, config: Config) -> None:
        sweep = search(config, "one", count=1)
        record = sweep.read_record()
        for key in ("evaluate_test", "split_seed", "max_trials", "max_minutes", "jobs", "seconds", "trials"):
            record.pop(key)
        sweep.write_record(record)
        assert len(resume_sweep(sweep, Limits(2)).trials) == 2

    @pytest.mark.parametrize("place", ["trials.0", "importances"])
    def test_a_record_that_names_another_setting_is_refused(self, played: None, config: Config, place: str) -> None:
        sweep = search(config, "one", count=1)
        record = sweep.read_record()
        if place == "importances":
            record["importances"] = {"model.units": 1.0}
        else:
            record["trials"][0]["values"]["model.units"] = "3"
        sweep.write_record(record)
        with pytest.raises(RunError, match=rf"{place}: expected settings .*, received model\.units\."):
            read_sweep(sweep)

    @pytest.mark.parametrize(
        ("search", "message"),
        [
            ({"metric": "val_f1"}, "search: expected a metric and a sampler, received 'val_f1' and 'tpe'"),
            ({"grid": ["units"]}, "search: --grid: expected KEY="),
            ({"seed": None}, "search.seed: expected a whole number, received null"),
        ],
    )
    def test_a_damaged_record_is_refused(
        self, played: None, config: Config, search: dict[str, Any], message: str
    ) -> None:
        sweep = Sweep(Path("runs/one"))
        run_sweep(config, sweep.path, PLAN, Limits(1))
        record = sweep.read_record()
        sweep.write_record({**record, "search": {**record["search"], **search}})
        with pytest.raises(RunError, match="sweep.json: " + message):
            read_sweep(sweep)


class TestRefused:
    def refused(self, config: Config, plan: SearchPlan, limits: Limits | None = None) -> str:
        with pytest.raises((ConfigError, UsageError)) as caught:
            run_sweep(config, "runs/one", plan, limits or Limits(2))
        assert not Path("runs/one").exists()
        assert Played.begun == []
        return str(caught.value)

    def test_what_cannot_be_is_said_before_anything_is_trained(self, played: None, config: Config) -> None:
        none = SearchPlan.make([], [])
        assert self.refused(config, none).startswith("Name what is searched over: --grid ")
        bad = SearchPlan.make([f"{UNITS}=0,1"], ["training.nothing=log(1,2)"])
        assert len(self.refused(config, bad).splitlines()) == 2
        endless = SearchPlan.make([], [f"{RATE}=log(1,2)"], sampler="grid")
        assert "training.learning_rate has values without number" in self.refused(config, endless)
        huge = SearchPlan.make([], ["training.seed=int(1,200)", "training.epochs=int(1,200)"], sampler="grid")
        assert "there are 40,000 combinations; expected 10,000 at the most" in self.refused(config, huge)
        assert "--trials 0: expected more than 0" in self.refused(config, PLAN, Limits(0))
        assert "--max-minutes nan: expected more than 0" in self.refused(config, PLAN, Limits(minutes=math.nan))
        assert "--max-minutes inf: expected a number" in self.refused(config, PLAN, Limits(minutes=math.inf))

    def test_without_a_validation_part_there_is_nothing_to_compare_by(self, played: None, tiny_config: Path) -> None:
        config = load_config(tiny_config, settings=["data.validation_fraction=0"])
        assert "data.validation_fraction: trials are compared by val_accuracy" in self.refused(config, PLAN)

    def test_a_directory_that_is_there_is_left_alone(self, played: None, config: Config) -> None:
        sweep = search(config, "one", count=1)
        with pytest.raises(RunError, match="Continue it with sentiment sweep --resume runs/one"):
            search(config, "one")
        Path("runs/other").mkdir()
        with pytest.raises(RunError, match="runs/other exists and is not a sweep"):
            search(config, "other")
        assert len(rows(sweep)) == 1

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no name can be so")
    def test_a_directory_that_no_picture_can_have_is_refused_before_a_trial(self, played: None, config: Config) -> None:
        with pytest.raises(RunError, match="is not a name in UTF-8"):
            search(config, "b\udcffad")
        assert not Path("runs").exists()

    def test_a_grid_that_is_larger_or_smaller_than_asked_for_is_told(self, played: None, config: Config) -> None:
        told = Told()
        plan = SearchPlan.make(["model.window=null,5", "model.pooling=last,max"], [])
        result = run_sweep(config, "runs/one", plan, Limits(2), progress=told)
        assert "1 of 4 combinations are left out: no configuration can have them" in told.notes
        assert told.warnings == ["the grid has 3 combinations, of which 2 are tried; all: --trials 3"]
        assert result.max_trials == 2


def test_a_dry_run_tries_the_first_trial_and_leaves_nothing(
    played: None, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def dry_run(config: Config, place: Path, *, progress: object) -> DryRun:
        tried.append(config)
        return DryRun({"train": 30}, 100, "CPU", "plan", 0.5, 2.0, None, [])

    monkeypatch.setattr(workflow, "dry_run", dry_run)
    value = plan_sweep(config, "runs/one", PLAN, Limits(6)).to_dict()
    assert not Path("runs").exists()
    assert (value["max_trials"], value["combinations"], value["sampler"]) == (6, None, "tpe")
    assert (value["expected_seconds"], value["first"]["expected_seconds"]) == (12.0, 2.0)
    run_sweep(config, "runs/one", PLAN, Limits(1))
    first = read_sweep(Sweep(Path("runs/one"))).trials[0]
    assert value["first"]["settings"] == first.settings
    assert tried[0].model.recurrent[0].units == int(first.values[UNITS])
    assert not tried[0].training.evaluate_test
