"""Does `sentiment sweep` train, show, refuse and resume as it says? Its trainings are real here, in real processes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sentiment_cli.cli import main
from sentiment_cli.config import load_config
from sentiment_cli.run_sets import Sweep
from sentiment_cli.runs import Run

Cli = Callable[..., Result]
RATE, UNITS = "training.learning_rate", "model.recurrent.0.units"


@pytest.fixture(scope="module")
def swept(tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A finished sweep of two trials, trained side by side, and what it said. Not to be changed: see `sweep`."""
    place = tmp_path_factory.mktemp("sweeps") / "two"
    options = ["-c", tiny_config, "--grid", f"{UNITS}=2,3", "--jobs", "2", "--output-dir", place]
    result = CliRunner().invoke(main, ["sweep", *map(str, options)], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return place, result


@pytest.fixture
def sweep(swept: tuple[Path, Result], workplace: Path) -> Sweep:
    """A copy at ``runs/two`` in an empty working directory, to be changed at will."""
    return Sweep(Path(shutil.copytree(swept[0], Path("runs") / "two")))


class TestTrained:
    def test_every_trial_is_a_run_with_its_values_that_has_not_read_the_test_part(
        self, swept: tuple[Path, Result]
    ) -> None:
        runs = [Run(swept[0] / name) for name in ("trial-001", "trial-002")]
        assert sorted(load_config(run.config_path).model.recurrent[0].units for run in runs) == [2, 3]
        for run in runs:
            record = run.read_record()
            assert record["status"] == "finished"
            assert set(run.read_metrics()) == {"validation"}
            assert not run.predictions_path("test").exists()
            assert record["commands"][0].startswith("sentiment train -c ")
            assert f"--set {UNITS}=" in record["commands"][0]

    def test_the_best_is_the_one_with_the_best_validation_accuracy_and_can_be_trained(
        self, swept: tuple[Path, Result]
    ) -> None:
        place = swept[0]
        record = json.loads((place / "sweep.json").read_text(encoding="utf-8"))
        values = {row["number"]: row["value"] for row in record["trials"]}
        for number, value in values.items():
            assert Run(place / f"trial-00{number}").read_metrics()["validation"]["accuracy"] == pytest.approx(value)
        best = max(values, key=lambda number: (values[number], -number))
        text = (place / "best.yaml").read_text(encoding="utf-8")
        assert text.startswith(f"# trial-00{best} of the sweep two, the best of 2 trials\n")
        config = load_config(place / "best.yaml")
        assert config.training.evaluate_test
        assert config.model == load_config(place / f"trial-00{best}" / "config.yaml").model

    def test_it_says_what_it_does_and_what_is_next(self, swept: tuple[Path, Result]) -> None:
        place, result = swept
        lines = result.stderr.splitlines()
        assert f"Sweep: {place}" in lines
        assert any(line.startswith("Trial 2 of 2: units ") for line in lines)
        assert f"Next: sentiment train -c {place}/best.yaml   (reads the test part, once)" in lines
        rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert "status finished (all trials done)" in rows
        assert "trials 2 finished" in rows
        assert "trial units val_accuracy epochs (best) time state" in rows
        assert (place / "plots" / "sweep.png").stat().st_size > 5000
        assert "epoch 2/2" in (place / "logs" / "trial-001.txt").read_text(encoding="utf-8")


class TestShown:
    def test_a_sweep_is_shown_from_its_record_without_optuna(
        self, cli: Cli, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "optuna", None)
        result = cli("sweep", "two")
        assert result.exit_code == 0, result.stderr
        assert result.stdout.splitlines()[0] == "sweep   runs/two"
        value = json.loads(cli("sweep", "two", "--json").stdout)
        assert list(value) == [
            "sweep", "status", "stop_reason", "metric", "sampler", "seed", "max_trials", "counts", "trials",
            "importances", "best", "picture",
        ]  # fmt: skip
        assert value["counts"] == {"finished": 2, "pruned": 0, "failed": 0, "unfinished": 0}
        assert [trial["run"] for trial in value["trials"]] == ["runs/two/trial-001", "runs/two/trial-002"]
        assert value["best"]["config"] == "runs/two/best.yaml"
        assert sorted(trial["settings"][UNITS] for trial in value["trials"]) == [2, 3]

    def test_its_picture_can_be_drawn_anew_in_any_look(self, cli: Cli, sweep: Sweep) -> None:
        result = cli("sweep", "two", "-o", "a.svg", "--style", "paper", "--json")
        assert json.loads(result.stdout)["picture"] == "a.svg"
        assert "What mattered" not in Path("a.svg").read_text(encoding="utf-8")  # one setting has no share
        assert cli("sweep", "two", "-o", "a.gif").exit_code == 2

    def test_runs_lists_it_in_a_table_of_its_own(self, cli: Cli, sweep: Sweep) -> None:
        value = json.loads(cli("runs", "--json").stdout)
        assert value["runs"] == []
        (row,) = value["sweeps"]
        assert (row["sweep"], row["status"], row["trials"], row["max_trials"]) == ("two", "finished", 2, 2)
        assert (row["settings"], row["metric"]) == ([UNITS], "val_accuracy")
        text = [" ".join(line.split()) for line in cli("runs").stdout.splitlines()]
        assert text[0] == "sweep status trials best settings"
        assert text[2].startswith("two finished 2 of 2 val_accuracy ")
        sweep.record_path.write_text("{", encoding="utf-8")
        assert json.loads(cli("runs", "--json").stdout)["sweeps"][0]["status"] == "damaged"

    def test_its_trials_are_compared_and_named_as_any_runs(self, cli: Cli, sweep: Sweep) -> None:
        result = cli("compare", "two/trial-001", "two/trial-002", "--split", "validation")
        assert result.exit_code == 0, result.stderr
        assert cli("evaluate", "two").stderr.startswith(
            "Error: runs/two is a sweep of several trials; name one of them"
        )

    def test_a_name_that_none_has_is_said_with_the_nearest(self, cli: Cli, sweep: Sweep) -> None:
        assert 'did you mean "two"?' in cli("sweep", "--resume", "tow").stderr

    def test_a_finished_sweep_says_how_to_search_further(self, cli: Cli, sweep: Sweep) -> None:
        result = cli("sweep", "--resume", "two")
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines()[-1] == "Error: runs/two has finished its 2 trials."  # a grid that is tried


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            ([], 2, "Name a configuration to search with (-c NAME), or a sweep to show or to --resume."),
            (["-c", "lstm"], 2, "Name what is searched over: --grid KEY=V1,V2 or --random KEY=log(a,b)."),
            (["no-such"], 1, 'No sweep "no-such": neither that directory nor runs/no-such is one; there are no sweeps'),
            (["--resume", "no-such"], 1, 'No sweep "no-such"'),
            (["--resume", "a", "--grid", "x=1"], 2, "it does not go with --grid."),
            (["--resume", "a", "b", "--no-prune", "--dry-run"], 2, "does not go with SWEEP, --dry-run, --prune."),
            (["a", "--trials", "3"], 2, "SWEEP is shown as it is; it does not go with --trials."),
            (["-c", "lstm", "--grid", f"{UNITS}=0,3"], 2, f"--grid: {UNITS}: expected a number >= 1, received 0"),
            (["-c", "lstm", "--grid", f"{UNITS}=1,3", "--name", "a/b"], 2, "--name 'a/b' cannot be a directory name"),
            (["-c", "lstm", "--name", "a", "--output-dir", "b"], 2, "both say where the sweep goes"),
            (["-c", "lstm", "--dry-run", "-o", "a.png"], 2, "--dry-run trains nothing that could be drawn"),
            (["-c", "lstm", "--random", f"{RATE}=log(1,2", "--set", "x=1"], 2, "x: unknown key"),
            (["-c", "lstm", "--grid", f"{UNITS}=1,3", "--data", "no/such"], 1, "no/such"),
        ],
    )
    def test_with_its_exit_code_and_nothing_left_behind(
        self, cli: Cli, workplace: Path, arguments: list[str], code: int, message: str
    ) -> None:
        result = cli("sweep", *arguments)
        assert (result.exit_code, result.stdout) == (code, "")
        assert message in result.stderr
        assert list(workplace.iterdir()) == []

    def test_without_optuna_the_command_that_installs_it_is_said(
        self, cli: Cli, workplace: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "optuna", None)
        result = cli("sweep", "-c", "lstm", "--grid", f"{UNITS}=1,3")
        assert result.exit_code == 1
        assert "pip install 'sentiment-cli[sweep]'" in result.stderr
