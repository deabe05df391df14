"""Is a ladder the runs that it says it is, its test part read last and once, whatever stops it?"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from conftest import Told

from sentiment_cli.config import config_difference, load_config
from sentiment_cli.errors import ConfigError, DataError, Interrupted, RunError, UsageError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.run_search import find_run, list_runs
from sentiment_cli.run_sets import Ladder
from sentiment_cli.runs import Run
from sentiment_cli.workflows import ladder as workflow
from sentiment_cli.workflows.ladder import resume_ladder, train_ladder
from sentiment_cli.workflows.ladder_result import read_ladder
from sentiment_cli.workflows.variants import make_variants
from workflows.test_train import Signals, change, unchanged

Cli = Callable[..., Result]
CELLS = ("simple_rnn", "gru")


class Watches(Told):
    """Remembers how many test predictions there were at each note."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root, self.tested = root, {}

    def note(self, message: str) -> None:
        super().note(message)
        self.tested[message] = len(list(self.root.rglob("predictions-test.csv")))


@pytest.fixture(scope="module")
def told() -> list[Watches]:
    """Who watched the training of `trained_ladder`."""
    return []


@pytest.fixture(scope="module")
def trained_ladder(tiny_config: Path, told: list[Watches], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished ladder of two cells and two seeds. Not to be changed: see `ladder`."""
    directory = tmp_path_factory.mktemp("ladders") / "two"
    told.append(Watches(directory))
    config = change(load_config(tiny_config), "training", epochs=1)
    train_ladder(config, directory, CELLS, "no", 2, progress=told[0], command="first", config_name="tiny")
    return directory


@pytest.fixture
def ladder(trained_ladder: Path, workplace: Path) -> Ladder:
    """A copy at ``runs/two`` in an empty working directory, to be changed at will."""
    return Ladder(Path(shutil.copytree(trained_ladder, Path("runs") / "two")))


class TestVariants:
    def test_cells_come_with_each_direction_and_change_nothing_else(self, tiny_config: Path) -> None:
        config = load_config(tiny_config, settings=["model.recurrent=[{cell: lstm}, {cell: gru, units: 5}]"])
        variants = make_variants(config, ["gru", "lstm"], "both")
        assert [variant.name for variant in variants] == ["gru", "gru-bidirectional", "lstm", "lstm-bidirectional"]
        assert config_difference(config, variants[1].config) == [
            "model.recurrent.0.cell: lstm -> gru",
            "model.recurrent.0.bidirectional: False -> True",
            "model.recurrent.1.bidirectional: False -> True",
        ]

    def test_a_simple_rnn_loses_the_activation_of_the_gates_that_it_has_not(self, tiny_config: Path) -> None:
        config = load_config(tiny_config, settings=["model.recurrent.0.recurrent_activation=hard_sigmoid"])
        simple, gru = make_variants(config, CELLS, "no")
        assert simple.config.model.recurrent[0].recurrent_activation is None
        assert gru.config.model.recurrent[0].recurrent_activation == "hard_sigmoid"

    @pytest.mark.parametrize(
        ("cells", "bidirectional", "message"),
        [
            (["grü"], "both", "no cell 'grü'; did you mean \"gru\""),
            (["gru", "gru"], "no", "expected each cell once, received gru,gru"),
            (["gru"], "yes", "There is but one variant"),
            (["gru"], "maybe", "expected both, yes or no, received 'maybe'"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, tiny_config: Path, cells: list[str], bidirectional: Any, message: str
    ) -> None:
        with pytest.raises(UsageError, match=re.escape(message)):
            make_variants(load_config(tiny_config), cells, bidirectional)


class TestTrained:
    def test_the_test_part_is_read_after_the_last_training_and_once_for_each_network(
        self, trained_ladder: Path, told: list[Watches]
    ) -> None:
        trainings = [note for note in told[0].notes if note.startswith("Training ")]
        tests = [note for note in told[0].notes if note.startswith("Test ")]
        assert [note.split(";")[0] for note in trainings] == [
            "Training 1 of 4: simple_rnn, seed 3",
            "Training 2 of 4: simple_rnn, seed 4",
            "Training 3 of 4: gru, seed 3",
            "Training 4 of 4: gru, seed 4",
        ]
        assert all("min left" in note for note in trainings[1:])
        assert [told[0].tested[note] for note in trainings] == [0, 0, 0, 0]
        assert [told[0].tested[note] for note in tests] == [0, 1, 2, 3, 4, 5]
        assert max(map(told[0].notes.index, trainings)) < min(map(told[0].notes.index, tests))
        for group in Ladder(trained_ladder).variants:
            for run in (group, *group.members):
                assert not load_config(run.config_path).training.evaluate_test
                assert "test" in run.read_metrics()

    def test_all_have_the_same_division_and_the_cells_they_are_called_by(self, trained_ladder: Path) -> None:
        groups = Ladder(trained_ladder).variants
        runs = [run for group in groups for run in group.members]
        divisions = {tuple(row.path for row in read_predictions(run.predictions_path("validation"))) for run in runs}
        assert len(divisions) == 1
        assert [load_config(run.config_path).model.recurrent[0].cell for run in runs] == [
            "simple_rnn", "simple_rnn", "gru", "gru",
        ]  # fmt: skip
        assert [run.read_record()["seed"] for run in runs] == [3, 4, 3, 4]

    def test_the_group_of_a_variant_tells_of_its_test_as_any_other_does(self, trained_ladder: Path) -> None:
        group = Ladder(trained_ladder).variants[1]
        record = group.read_record()
        assert record["ensemble"]["test"]["accuracy"] == group.read_metrics()["test"]["accuracy"]
        assert record["over_seeds"]["test"]["accuracy"]["mean"] == pytest.approx(
            sum(run.read_metrics()["test"]["accuracy"] for run in group.members) / 2
        )

    def test_it_is_read_again_as_it_was_with_baselines_and_a_picture(self, trained_ladder: Path) -> None:
        result = read_ladder(Ladder(trained_ladder))
        assert result.standing is not None
        assert result.standing.split == "test"
        assert [entry.name for entry in result.standing.entries] == list(CELLS)
        assert set(result.baselines) == {"majority", "unigrams", "bigrams"}
        assert result.baselines["majority"] == {"validation": 0.5, "test": 0.5}
        assert result.standing.linear == {name: result.baselines[name]["test"] for name in ("unigrams", "bigrams")}
        assert Ladder(trained_ladder).picture_path.is_file()
        assert result.trained == (4, 4)


class TestStopped:
    @pytest.fixture
    def begun(self, ladder: Ladder) -> Ladder:
        """As it is before its second variant."""
        shutil.rmtree(ladder.variant("gru").path)
        shutil.rmtree(ladder.plots_dir)
        group = ladder.variant("simple_rnn")
        for run in (group, *group.members):
            run.predictions_path("test").unlink()
            metrics = json.loads(run.metrics_path.read_text(encoding="utf-8"))
            run.metrics_path.write_text(json.dumps({"validation": metrics["validation"]}), encoding="utf-8")
        ladder.write_record({**ladder.read_record(), "status": "interrupted", "baselines": {}})
        return ladder

    def test_a_failure_between_variants_keeps_the_first_and_the_message_gives_the_command(
        self, begun: Ladder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: object, **__: object) -> None:
            raise RunError("Seed 3 failed: no disk") from RunError("no disk")

        before = unchanged(begun.variant("simple_rnn").path)
        monkeypatch.setattr(workflow, "train_seeds", fails)
        with pytest.raises(RunError) as caught:
            resume_ladder(begun)
        assert str(caught.value) == (
            "gru: no disk\nWhat was done before is kept; to try it again and go on: sentiment compare --resume runs/two"
        )
        assert begun.read_record()["status"] == "failed"
        assert unchanged(begun.variant("simple_rnn").path) == before

    def test_a_signal_that_ends_a_training_ends_the_ladder_with_its_exit_code(
        self, cli: Cli, begun: Ladder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Stopped:
            exit_code = 143

        monkeypatch.setattr(workflow, "train_seeds", lambda *_, **__: Stopped())
        result = cli("compare", "--resume", "two", "--json")
        assert result.exit_code == 143
        assert result.stderr.endswith(
            "Stopped after 2 of 4 trainings; everything so far is saved.\n"
            "To continue: sentiment compare --resume runs/two\n"
        )
        value = json.loads(result.stdout)
        assert (value["status"], value["comparison"], value["sentence"]) == ("interrupted", None, None)
        assert begun.read_record()["status"] == "interrupted"

    @pytest.mark.parametrize("at", [1, 3, 5])
    def test_stopped_among_the_tests_it_evaluates_the_others_alone_when_it_goes_on(
        self, ladder: Ladder, monkeypatch: pytest.MonkeyPatch, at: int
    ) -> None:
        for group in ladder.variants:
            for run in (group, *group.members):
                run.predictions_path("test").unlink()
        evaluated: list[str] = []

        def fake(run: Run, **_: object) -> None:
            if len(evaluated) == at:
                evaluated.append("stopped")
                raise Interrupted("Stopped.", exit_code=130)
            evaluated.append(run.name)
            run.predictions_path("test").write_text("", encoding="utf-8")

        monkeypatch.setattr(workflow, "evaluate", fake)
        monkeypatch.setattr(workflow, "baseline_of_run", lambda *_, **__: (_ for _ in ()).throw(RunError("none")))
        monkeypatch.setattr(workflow, "read_ladder", lambda *_, **__: SimpleNamespace(standing=None))
        with pytest.raises(Interrupted, match=r"Stopped\. To continue: sentiment compare --resume runs/two"):
            resume_ladder(ladder)
        assert ladder.read_record()["status"] == "interrupted"
        resume_ladder(ladder)
        names = [f"two/{cell}{member}" for cell in CELLS for member in ("/seed-3", "/seed-4", "")]
        assert [name for name in evaluated if name != "stopped"] == names

    def test_killed_between_an_evaluation_and_its_groups_record_the_record_still_comes_to_tell_of_it(
        self, ladder: Ladder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = ladder.variants
        expected = first.read_record()
        before = {split: figures for split, figures in expected["ensemble"].items() if split != "test"}
        first.write_record({**expected, "ensemble": before, "over_seeds": {**expected["over_seeds"], "test": None}})
        table = second.members[1].predictions_path("test")
        content = table.read_bytes()
        table.unlink()
        monkeypatch.setattr(workflow, "evaluate", lambda *_, **__: table.write_bytes(content))
        monkeypatch.setattr(workflow, "baseline_of_run", lambda *_, **__: (_ for _ in ()).throw(RunError("none")))
        assert resume_ladder(ladder).status == "finished"
        assert first.read_record() == expected

    def test_killed_it_is_shown_as_far_as_it_is_and_how_to_go_on(self, begun: Ladder, cli: Cli) -> None:
        begun.write_record({**begun.read_record(), "status": "running", "stop_reason": None})
        result = cli("compare", "two", "-o", "new.png")
        assert "status  running, 2 of 4 trainings\n" in result.stdout
        assert "No picture yet: new.png is drawn when all variants are trained" in result.stderr
        assert "To continue: sentiment compare --resume runs/two" in result.stderr
        assert json.loads(cli("compare", "two", "--json").stdout)["stop_reason"] is None

    @pytest.mark.slow
    def test_stopped_in_a_training_and_continued_it_equals_one_that_was_not(
        self, begun: Ladder, trained_ladder: Path
    ) -> None:
        stopped = resume_ladder(begun, progress=Signals("epoch 1", 2))
        assert (stopped.status, stopped.exit_code, stopped.trained) == ("interrupted", 130, (2, 4))
        result = resume_ladder(begun, command="again")
        assert result.status == "finished"
        for group in Ladder(trained_ladder).variants:
            for run in (group, *group.members):
                for split in ("validation", "test"):
                    expected = run.predictions_path(split)
                    here = begun.path / expected.relative_to(trained_ladder)
                    assert here.read_bytes() == expected.read_bytes(), here

    def test_a_finished_one_has_nothing_to_do(self, cli: Cli, ladder: Ladder) -> None:
        before = unchanged(ladder.path)
        result = cli("compare", "--resume", "two")
        assert result.exit_code == 1
        assert "runs/two has finished. To see it: sentiment compare runs/two" in result.stderr
        assert unchanged(ladder.path) == before

    def test_other_reviews_are_refused(self, begun: Ladder) -> None:
        record = begun.read_record()
        begun.write_record({**record, "data": {**record["data"], "fingerprint": "other"}})
        with pytest.raises(RunError, match="was trained on other reviews"):
            resume_ladder(begun)

    def test_bad_reviews_leave_nothing_behind(self, workplace: Path, tiny_config: Path) -> None:
        config = change(load_config(tiny_config), "data", source="nowhere")
        with pytest.raises(DataError):
            train_ladder(config, "new", CELLS, "no", 2)
        assert list(workplace.iterdir()) == []

    def test_a_first_variant_that_cannot_be_trained_leaves_nothing_behind(
        self, workplace: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: object, **__: object) -> None:
            raise ConfigError([])

        monkeypatch.setattr(workflow, "train_seeds", fails)
        with pytest.raises(ConfigError):
            train_ladder(load_config(tiny_config), "new", CELLS, "no", 2)
        assert list(workplace.iterdir()) == []


class TestCommands:
    def test_it_is_shown_as_a_table_with_pairs_and_a_sentence(self, cli: Cli, ladder: Ladder) -> None:
        result = cli("compare", "two")
        assert result.exit_code == 0, result.stderr
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert lines[:2] == ["ladder runs/two", "status finished (all variants done), 4 of 4 trainings"]
        spread = r"[01]\.\d{4} ± 0\.\d{4}"
        for row in (
            r"gru \d+ [\d.]+ s 1 \(1\)",
            rf"gru {spread} {spread} [01]\.\d{{4}} 0\.\d{{3}}–[01]\.\d{{3}}",
        ):
            assert [line for line in lines if re.fullmatch(row, line)], row
        assert "majority 0.5000 0.5000" in lines
        assert [line for line in lines if line.startswith("simple_rnn gru ")]
        assert "has a mean accuracy over its seeds of" in lines[-1]

    def test_the_picture_is_said_to_be_where_it_was_asked_for(self, cli: Cli, ladder: Ladder) -> None:
        result = cli("compare", "two", "-o", "other.png", "--json")
        assert json.loads(result.stdout)["picture"] == "other.png"
        assert Path("other.png").exists()

    def test_its_variants_are_compared_with_the_best_alone(self, cli: Cli, ladder: Ladder) -> None:
        result = cli("compare", "two", "--against", "first")
        assert result.exit_code == 2
        assert "--against first: the variants of the ladder runs/two are compared with the best." in result.stderr
        assert cli("compare", "two", "--against", "best").exit_code == 0

    def test_json_is_one_object_with_everything(self, cli: Cli, ladder: Ladder) -> None:
        result = cli("compare", "two", "--json")
        value = json.loads(result.stdout)
        assert result.stdout.count("\n") == 1
        assert list(value) == [
            "ladder", "status", "stop_reason", "variants", "baselines", "sentence", "comparison", "picture",
        ]  # fmt: skip
        assert [(row["name"], row["cell"], row["bidirectional"]) for row in value["variants"]] == [
            ("simple_rnn", "simple_rnn", False),
            ("gru", "gru", False),
        ]
        (pair,) = value["comparison"]["comparisons"]
        assert {"difference", "interval", "p_value", "p_adjusted", "reviews_error", "seeds_error"} == set(
            pair["over_seeds"]
        )

    def test_other_commands_take_its_variants_and_name_them_where_the_ladder_is_given(
        self, cli: Cli, ladder: Ladder
    ) -> None:
        assert find_run("two/gru").name == "two/gru"
        assert find_run("two/gru/seed-3").name == "two/gru/seed-3"
        assert {run.name for run in list_runs()} == {"two/simple_rnn", "two/gru"}
        value = json.loads(cli("runs", "--json").stdout)
        assert [(row["ladder"], row["variants"]) for row in value["ladders"]] == [("two", list(CELLS))]
        assert "two      finished   simple_rnn, gru; 2 seeds" in cli("runs").stdout
        assert "of 16 test predictions are wrong" in cli("misclassified", "two/gru").stdout
        assert cli("plot-history", "two/gru", "two/simple_rnn").exit_code == 0
        result = cli("misclassified", "two")
        assert result.exit_code == 1
        assert "runs/two is a ladder of several runs; name one of them (runs/two/gru, runs/two/simple_rnn)" in (
            result.stderr
        )

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            ([], 2, "Name two runs or more, or a configuration to train a ladder of: -c NAME."),
            (["two/gru"], 2, "There is nothing to compare runs/two/gru with; name another run."),
            (["two/gru", "two/simple_rnn", "--seeds", "3"], 2, "--seeds: for a ladder that is to be trained"),
            (["-c", "lstm", "--seeds", "1"], 2, "one training cannot tell luck from skill"),
            (["-c", "lstm", "--split", "test"], 2, "it does not go with --split"),
            (["-c", "lstm", "--cells", ""], 2, "no cell ''"),
            (["-c", "lstm", "--cells", "grus"], 2, "no cell 'grus'; did you mean \"gru\""),
            (["-c", "lstm", "--cells", "gru", "--bidirectional", "no"], 2, "There is but one variant"),
            (["-c", "lstm", "--name", "x", "--output-dir", "y"], 2, "both say where the ladder goes"),
            (["-c", "lstm", "--name", "a/b"], 2, "cannot be a directory name everywhere"),
            (["-c", "lstm", "--name", "two"], 1, "Continue it with sentiment compare --resume runs/two"),
            (["-c", "lstm", "--output-dir", "runs"], 1, "runs exists and is not a ladder"),
            (["-c", "no-such"], 2, "no such configuration"),
            (["-c", "lstm", "-o", "picture.gif"], 2, "a picture is saved as .png, .svg or .pdf"),
            (
                ["--resume", "no-such"],
                1,
                'No ladder "no-such": neither that directory nor runs/no-such is one; known: two',
            ),
            (["--resume", "tow"], 1, 'did you mean "two"?'),
            (["--resume", "two/gru"], 1, 'No ladder "two/gru": neither that directory nor runs/two/gru is one'),
            (["--resume", "two", "-c", "lstm", "--epochs", "3"], 2, "it does not go with --config, --epochs"),
            (["--resume", "two", "two/gru"], 2, "it does not go with RUN"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_and_changes_nothing(
        self, cli: Cli, ladder: Ladder, arguments: list[str], code: int, message: str
    ) -> None:
        before = unchanged(ladder.path)
        result = cli("compare", *arguments)
        assert (result.exit_code, result.stdout) == (code, "")
        assert message in " ".join(result.stderr.split())
        assert unchanged(ladder.path) == before
        assert [path.name for path in Path("runs").iterdir()] == ["two"]

    @pytest.mark.slow
    def test_a_dry_run_tells_every_training_and_leaves_nothing(
        self, cli: Cli, workplace: Path, tiny_config: Path
    ) -> None:
        options = ["--cells", "gru,simple_rnn", "--bidirectional", "no", "--seeds", "2"]
        value = json.loads(cli("compare", "-c", tiny_config, *options, "--dry-run", "--json").stdout)
        assert list(value["variants"]) == ["gru", "simple_rnn"]
        assert value["seeds"] == [3, 4]
        assert cli("compare", "-c", tiny_config, *options, "--dry-run", "-o", "x.png").exit_code == 2
        text = cli("compare", "-c", tiny_config, *options, "--dry-run").stdout
        assert "2 variants with 2 seeds (3 to 4)" in text
        assert list(workplace.iterdir()) == []

    @pytest.mark.slow
    def test_without_test_the_variants_are_compared_on_validation(
        self, cli: Cli, workplace: Path, tiny_config: Path
    ) -> None:
        options = ["--cells", "gru", "--seeds", "2", "--epochs", "1", "--name", "both", "--no-test"]
        value = json.loads(cli("compare", "-c", tiny_config, *options, "--json").stdout)
        assert value["comparison"]["split"] == "validation"
        assert not list(workplace.rglob("predictions-test.csv"))
        assert "To read in both directions is worth" in value["sentence"]
        assert "the epochs were chosen on these reviews" in value["sentence"]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"variants": []}, "variants: expected different names, received []"),
            ({"variants": [{"name": "../x", "cell": "gru", "bidirectional": False}]}, "expected different names"),
            ({"variants": [{"name": "gru", "cell": 3}]}, "variants.0.cell: expected text, received a whole number"),
            ({"variants": [{"name": "gru"}]}, "variants.0: expected name, cell and bidirectional, received name"),
            ({"seeds": "many"}, "seeds: expected a list"),
            (
                {"baselines": {"linear": {"test": "high"}}},
                "baselines.linear.test: expected a whole number or a number or null",
            ),
        ],
    )
    def test_a_damaged_record_is_told_with_its_place(
        self, cli: Cli, ladder: Ladder, change: dict[str, Any], message: str
    ) -> None:
        ladder.record_path.write_text(json.dumps({**ladder.read_record(), **change}), encoding="utf-8")
        result = cli("compare", "two")
        assert result.exit_code == 1
        assert message in result.stderr
        assert cli("runs").exit_code == 0
