"""Is a group of seeds the runs that it says it is, and its ensemble their mean, whatever stops it?"""

from __future__ import annotations

import json
import re
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from conftest import Told, checkpoint_arrays, tiny_texts, write_reviews

from sentiment_cli.atomic import is_set_aside
from sentiment_cli.config import config_values, load_config, write_config
from sentiment_cli.errors import DataError, RunError, UsageError
from sentiment_cli.evaluation.metrics import compute_probabilities
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.locking import locked
from sentiment_cli.run_search import find_run
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.seeds import Member, Spread, over_seeds
from sentiment_cli.training.progress import Silent
from sentiment_cli.workflows import evaluate, predict, resume, resume_seeds, setup, train, train_seeds
from sentiment_cli.workflows.creation import check_free
from sentiment_cli.workflows.record import is_finished
from workflows.test_train import FILES, Signals, change, change_sections, files, history, unchanged

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Result]
GROUP_FILES = [
    "config.yaml",
    "metrics.json",
    "plots/confusion_matrix.png",
    "plots/confusion_matrix_validation.png",
    "plots/history.png",
    "predictions-test.csv",
    "predictions-validation.csv",
    "seeds.json",
    "traits-test.csv",
    "traits-validation.csv",
]


@pytest.fixture(scope="module")
def trained_group(tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished group of the seeds 3 and 4. Not to be changed: see `group`."""
    directory = tmp_path_factory.mktemp("seeds") / "pair"
    train_seeds(load_config(tiny_config), directory, 2, command="first", config_name="tiny")
    return directory


@pytest.fixture
def group(trained_group: Path, workplace: Path) -> SeedGroup:
    """A copy at ``runs/pair`` in an empty working directory, to be changed at will."""
    return SeedGroup(Path(shutil.copytree(trained_group, Path("runs") / "pair")))


def probabilities(run: Run, split: str = "test") -> np.ndarray:
    return np.array([list(row.probabilities.values()) for row in read_predictions(run.predictions_path(split))])


def paths(run: Run, split: str) -> list[str]:
    return [row.path for row in read_predictions(run.predictions_path(split))]


class TestGroup:
    def test_it_holds_a_whole_run_for_each_seed_and_the_files_of_the_ensemble(self, trained_group: Path) -> None:
        members = [f"seed-{seed}/{name}" for seed in (3, 4) for name in FILES]
        assert files(trained_group) == sorted([*GROUP_FILES, *members])

    def test_a_run_in_it_is_the_run_that_its_configuration_makes_alone(
        self, trained_group: Path, tiny_config: Path, tmp_path: Path
    ) -> None:
        alone = change_sections(load_config(tiny_config), {"training": {"seed": 4}, "data": {"split_seed": 3}})
        train(alone, tmp_path / "alone")
        member = trained_group / "seed-4"
        assert load_config(member / "config.yaml") == alone
        assert history(member) == history(tmp_path / "alone")
        one, two = (checkpoint_arrays(path) for path in (member, tmp_path / "alone"))
        assert all((array == two[name]).all() for name, array in one.items())
        assert (member / "metrics.json").read_bytes() == (tmp_path / "alone" / "metrics.json").read_bytes()

    def test_all_seeds_share_their_parts_and_nothing_else(self, trained_group: Path) -> None:
        first, second = SeedGroup(trained_group).members
        assert paths(first, "validation") == paths(second, "validation")
        assert (probabilities(first) != probabilities(second)).any()

    @pytest.mark.parametrize("split", ["validation", "test"])
    def test_the_ensemble_is_the_mean_of_the_probabilities(self, trained_group: Path, split: str) -> None:
        group = SeedGroup(trained_group)
        mean = np.mean([probabilities(run, split) for run in group.members], axis=0)
        np.testing.assert_allclose(probabilities(group, split), mean, rtol=1e-6)
        rows = read_predictions(group.predictions_path(split))
        actual = [row.probabilities[row.actual] for row in rows]
        figures = group.read_metrics()[split]
        assert figures["loss"] == pytest.approx(-np.mean(np.log(actual)), rel=1e-6)
        assert figures["accuracy"] == np.mean([row.actual == row.predicted for row in rows])

    def test_the_record_has_each_seed_the_spread_and_the_ensemble(self, trained_group: Path) -> None:
        group = SeedGroup(trained_group)
        record = group.read_record()
        assert [record[key] for key in ("status", "stop_reason", "seeds")] == ["finished", "all seeds done", [3, 4]]
        assert record["commands"] == group.members[1].read_record()["commands"] == ["first"]
        metrics = [run.read_metrics() for run in group.members]
        for split in ("validation", "test"):
            values = [figures[split]["accuracy"] for figures in metrics]
            assert [member[split]["accuracy"] for member in record["members"]] == values
            expected = {"mean": statistics.fmean(values), "sd": statistics.stdev(values)}
            assert record["over_seeds"][split]["accuracy"] == expected
        assert record["ensemble"] == group.read_metrics()

    def test_bad_reviews_leave_nothing_behind(self, workplace: Path, tiny_config: Path) -> None:
        with pytest.raises(DataError):
            train_seeds(change(load_config(tiny_config), "data", source="nowhere"), "group", 2)
        assert list(workplace.iterdir()) == []

    @pytest.mark.parametrize(("count", "seed"), [(1, 3), (2, 2**31 - 1)])
    def test_seeds_that_cannot_be_are_refused(self, workplace: Path, tiny_config: Path, count: int, seed: int) -> None:
        with pytest.raises(UsageError, match=f"--seeds {count}: expected 2 or more, from seed {seed} to 2147483647"):
            train_seeds(change(load_config(tiny_config), "training", seed=seed), "group", count)


def assert_same_group(group: SeedGroup, expected: Path) -> None:
    assert files(group.path) == files(expected)
    for name in ("metrics.json", "predictions-test.csv", "predictions-validation.csv"):
        assert (group.path / name).read_bytes() == (expected / name).read_bytes(), name
    for seed in (3, 4):
        for name in ("metrics.json", "predictions-test.csv"):
            member = f"seed-{seed}/{name}"
            assert (group.path / member).read_bytes() == (expected / member).read_bytes(), member


def begin_again(group: SeedGroup, seed: int) -> None:
    """Leave a group as it is before one of its seeds is trained."""
    shutil.rmtree(group.member(seed).path)
    group.write_record({**group.read_record(), "status": "interrupted"})


class InSecond(Signals):
    """Sends its signal while the second seed is trained."""

    armed = False

    def note(self, message: str) -> None:
        super().note(message)
        self.armed |= message == "Seed 4 (2 of 2)"

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        if self.armed:
            super().advance(reviews, loss, accuracy)


class TestStopped:
    def test_stopped_in_a_seed_it_keeps_those_before_and_continued_it_equals_one_that_was_not(
        self, group: SeedGroup, trained_group: Path
    ) -> None:
        begin_again(group, 4)
        first = unchanged(group.member(3).path)
        asked = [
            group.probes_path,
            *(at / "a file" for at in (group.evaluation_dir("other"), group.export_dir("onnx"))),
        ]
        for path in asked:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("of the networks before", encoding="utf-8")
        stopped = resume_seeds(group, progress=InSecond("epoch 2", 2))
        assert not any(path.exists() for path in asked)
        assert (stopped.status, stopped.exit_code, stopped.ensemble) == ("interrupted", 130, {})
        assert [member.status for member in stopped.members] == ["finished", "interrupted"]
        assert group.read_record()["status"] == "interrupted"
        assert not group.metrics_path.exists()
        with pytest.raises(RunError, match=r"has no ensemble yet: seed-4 did not finish. Continue it: sentiment train"):
            evaluate(group)
        result = resume_seeds(group, command="second")
        assert (result.status, sorted(result.ensemble)) == ("finished", ["test", "validation"])
        assert unchanged(group.member(3).path) == first
        assert_same_group(group, trained_group)

    @pytest.mark.slow
    def test_a_seed_that_fails_fails_the_group_which_can_go_on(
        self, group: SeedGroup, trained_group: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from sentiment_cli.training.fit import NotFinite, Trainer

        def fail(trainer: Any, state: Any) -> Any:
            raise NotFinite("The loss is nan.")

        begin_again(group, 4)
        with monkeypatch.context() as patch, pytest.raises(RunError) as caught:
            patch.setattr(Trainer, "fit", fail)
            resume_seeds(group)
        assert str(caught.value) == (
            "Seed 4 failed: The loss is nan.\nThe seeds before it are kept; to try it again and go on: "
            "sentiment train --resume runs/pair"
        )
        record = group.read_record()
        assert record["status"] == "failed"
        assert [member["status"] for member in record["members"]] == ["finished", "failed"]
        assert resume_seeds(group).status == "finished"
        assert_same_group(group, trained_group)

    @pytest.mark.slow
    def test_all_seeds_are_trained_further(self, group: SeedGroup) -> None:
        result = resume_seeds(group, epochs=3)
        assert [member.epochs for member in result.members] == [3, 3]
        assert load_config(group.config_path).training.epochs == 3
        mean = np.mean([probabilities(run) for run in group.members], axis=0)
        np.testing.assert_allclose(probabilities(group), mean, rtol=1e-6)

    @pytest.mark.parametrize(
        ("epochs", "message"),
        [
            (None, "has finished its 2 seeds. To train them further: sentiment train --resume runs/pair --epochs 7"),
            (2, "is trained for 2 epochs; expected --epochs above that, received 2"),
        ],
    )
    def test_where_nothing_is_to_do_resuming_says_so_and_changes_nothing(
        self, group: SeedGroup, epochs: int | None, message: str
    ) -> None:
        before = unchanged(group.path)
        with pytest.raises(RunError, match=message):
            resume_seeds(group, epochs=epochs)
        with pytest.raises(RunError, match="is a group of seeds; in Python, `resume_seeds` continues it"):
            resume(group)
        assert unchanged(group.path) == before


class TestEnsemble:
    @pytest.mark.parametrize(
        ("class_names", "logits"),
        [
            (("bad", "good"), [[[2.0], [-800.0]], [[-1.0], [-900.0]]]),
            (("a", "b", "c"), [[[1.0, 0.0, 3.0], [0.0, 0.0, -800.0]], [[0.0, 2.0, 0.0], [5.0, 0.0, 0.0]]]),
        ],
    )
    def test_its_logits_give_the_mean_of_the_probabilities(
        self, class_names: tuple[str, ...], logits: list[list[list[float]]]
    ) -> None:
        from sentiment_cli.workflows.ensemble import Ensemble

        outputs = [np.array(rows, np.float32) for rows in logits]
        members = [
            SimpleNamespace(class_names=class_names, score=lambda ids, progress, rows=rows: rows) for rows in outputs
        ]
        found = Ensemble(tuple(members)).score([0, 0], Silent())  # type: ignore[arg-type]
        assert found.shape == outputs[0].shape
        assert np.isfinite(found).all()
        mean = np.mean([compute_probabilities(rows) for rows in outputs], axis=0)
        np.testing.assert_allclose(compute_probabilities(found), mean, rtol=1e-6)

    def test_the_group_is_evaluated_as_training_found_and_on_other_data(self, group: SeedGroup) -> None:
        before = unchanged(group.path)
        assert evaluate(group).evaluation.to_dict() == group.read_metrics()["test"]
        assert group.predictions_path("test").read_bytes() == before["predictions-test.csv"]
        write_reviews(Path("other"), tiny_texts(2, 300))
        assert evaluate(group, source="other").directory == group.path / "evaluations" / "other"
        assert {name: (group.path / name).read_bytes() for name in GROUP_FILES if name.endswith(("csv", "json"))} == {
            name: before[name] for name in GROUP_FILES if name.endswith(("csv", "json"))
        }

    def test_texts_are_labelled_by_all_networks_together(self, group: SeedGroup) -> None:
        texts = ["lovely warm", "rude"]
        each = [[row.probabilities["good"] for row in predict(run, texts)] for run in group.members]
        found = [row.probabilities["good"] for row in predict(group, texts)]
        np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-6)

    def test_runs_that_read_texts_differently_cannot_predict_together(self, group: SeedGroup) -> None:
        path, member = group.member(4).vocabulary_path, group.member(4)
        words = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps([*words[:2], *words[:1:-1]]), encoding="utf-8")
        member.write_record({**member.read_record(), "vocabulary": {}})
        with pytest.raises(RunError, match=r"pair/seed-4 has another vocabulary or other classes than .*pair/seed-3"):
            predict(group, ["lovely"])


def test_mean_and_spread_are_over_the_seeds_that_were_evaluated() -> None:
    def member(seed: int, accuracy: float | None) -> Member:
        figures = None if accuracy is None else {"accuracy": accuracy, "loss": 1.0}
        return Member(seed, f"seed-{seed}", "finished", 1, 1, 1.0, figures, None)

    members = [member(1, 0.5), member(2, 0.7), member(3, None)]
    spread = over_seeds(members, "validation")
    assert spread is not None
    assert (spread["accuracy"].mean, spread["accuracy"].sd) == (pytest.approx(0.6), pytest.approx(0.02**0.5))
    assert over_seeds(members, "test") is None
    assert over_seeds(members[:1], "validation") == {"accuracy": Spread(0.5, None), "loss": Spread(1.0, None)}


class TestCommands:
    @pytest.mark.slow
    def test_json_is_one_object_and_a_test_part_that_is_split_off_the_same_for_all(
        self, cli: Cli, workplace: Path, tiny_config: Path
    ) -> None:
        write_reviews(workplace / "reviews", tiny_texts(10))
        options = ["--data", "reviews", "--seeds", "2", "--seed", "8", "--epochs", "1", "--json"]
        result = cli("train", "-c", tiny_config, "--name", "two", *options)
        value = json.loads(result.stdout)
        assert result.stdout.count("\n") == 1
        assert list(value) == [
            *("run", "status", "stop_reason", "seeds", "members", "over_seeds", "ensemble", "seconds")
        ]
        assert (value["run"], value["status"], value["seeds"]) == ("runs/two", "finished", [8, 9])
        assert [member["run"] for member in value["members"]] == ["seed-8", "seed-9"]
        assert list(value["over_seeds"]["validation"]["loss"]) == ["mean", "sd"]
        assert list(value["ensemble"]["validation"]) == ["loss", "accuracy"]
        assert list(value["ensemble"]["test"]) == ["loss", "accuracy", "accuracy_interval"]
        group = SeedGroup(Path("runs/two"))
        tested = [paths(run, "test") for run in (group, *group.members)]
        assert len(tested[0]) == 4
        assert tested[0] == tested[1] == tested[2]

    def test_the_test_part_of_a_group_without_test_stays_unread(self, cli: Cli, group: SeedGroup) -> None:
        for run in (group, *group.members):
            settings = change(load_config(run.config_path), "training", evaluate_test=False)
            write_config(run.config_path, settings)
            record = {**run.read_record(), "config": config_values(settings)}
            record["data"]["test_fingerprint"] = None
            run.write_record({**record, "status": "interrupted" if run is group else "finished"})
            shutil.rmtree(run.plots_dir)
            for path in (run.predictions_path("test"), run.metrics_path):
                path.unlink()
        value = json.loads(cli("train", "--resume", "pair", "--json").stdout)
        assert (value["over_seeds"]["test"], value["ensemble"]["test"]) == (None, None)
        assert value["ensemble"]["validation"]
        assert not group.predictions_path("test").exists()

    def test_text_is_a_table_of_the_seeds_their_spread_and_the_ensemble(self, cli: Cli, group: SeedGroup) -> None:
        group.write_record({**group.read_record(), "status": "interrupted"})
        result = cli("train", "--resume", "pair")
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert lines[:2] == ["run runs/pair", "status finished (all seeds done)"]
        assert [line.split()[0] for line in lines if re.match(r"[34] ", line)] == ["3", "4"]
        spread = r"[01]\.\d{4} ± 0\.\d{4}"
        assert [line for line in lines if re.match(f"mean ± sd {spread} {spread} ", line)]
        assert "ensemble mean of the probabilities of 2 networks" in lines
        assert re.match(r"test accuracy [01]\.\d{4} \(95 %: 0\.\d{3} to [01]\.\d{3}\), loss ", lines[-1])

    def test_other_commands_take_the_group_or_its_runs(self, cli: Cli, group: SeedGroup) -> None:
        (row,) = json.loads(cli("runs", "--json").stdout)["runs"]
        assert (row["run"], row["seeds"]) == ("pair", [3, 4])
        assert row["test_accuracy"] == group.read_metrics()["test"]["accuracy"]
        assert "pair (2 seeds)" in cli("runs").stdout
        assert find_run(None) == group
        assert "of 16 test predictions are wrong" in cli("misclassified", "pair").stdout
        assert json.loads(cli("compare", "pair", "pair/seed-4", "--json").stdout)["examples"] == 16
        table = json.loads(cli("results", "pair", "--json").stdout)
        assert [(line["run"], line["seed"]) for line in table["results"]] == [("pair/seed-3", 3), ("pair/seed-4", 4)]
        assert [line["seeds"] for line in table["configurations"]] == [2]
        assert list(json.loads(cli("plot-history", "pair", "--json").stdout)["sentences"]) == [
            "pair/seed-3",
            "pair/seed-4",
        ]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--seeds", "1"], "1 is not in the range x>=2"),
            (["--seeds", "3", "--dry-run"], "--dry-run tries one training; leave out --seeds. 3 seeds take 3 times"),
            (["--resume", "pair", "--seeds", "3"], "it does not go with --seeds"),
            (["--resume", "pair/seed-4", "--epochs", "9"], "is one of a group of seeds"),
            (["--name", "pair"], "exists; a run is never overwritten silently"),
            (["--resume", "pair", "--epochs", "0"], "training.epochs"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_and_changes_nothing(
        self, cli: Cli, group: SeedGroup, arguments: list[str], message: str
    ) -> None:
        before = unchanged(group.path)
        result = cli("train", *arguments)
        assert result.exit_code != 0
        assert message in " ".join(result.stderr.split())
        assert unchanged(group.path) == before

    def test_force_waits_for_no_run_of_the_group_that_another_process_writes(
        self, group: SeedGroup, tiny_config: Path
    ) -> None:
        with locked(group.members[0].lock_path), pytest.raises(RunError, match=r"Another process is writing .*seed-3"):
            train_seeds(load_config(tiny_config), group.path, 2, force=True)

    @pytest.mark.parametrize("seeds", [[1, 1], [1, -7], [1, 2**31], []])
    def test_seeds_that_no_group_has_are_refused(self, group: SeedGroup, seeds: list[int]) -> None:
        group.write_record({**group.read_record(), "seeds": seeds})
        with pytest.raises(RunError, match="seeds: expected a list of different whole numbers"):
            resume_seeds(group, epochs=9)

    @pytest.mark.parametrize("accuracy", ["x", None, True])
    def test_a_figure_that_is_none_is_refused_with_its_place(self, group: SeedGroup, accuracy: object) -> None:
        path = group.members[0].metrics_path
        metrics = json.loads(path.read_text(encoding="utf-8"))
        metrics["validation"]["accuracy"] = accuracy
        path.write_text(json.dumps(metrics), encoding="utf-8")
        with pytest.raises(RunError, match=r"seed-3/metrics.json: validation.accuracy: expected a number"):
            resume_seeds(group, epochs=9)

    def test_force_keeps_the_old_group_where_nothing_comes_of_the_new_one_and_else_replaces_it(
        self, group: SeedGroup, tiny_config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, config = unchanged(group.path), load_config(tiny_config)
        told = Told()

        def fails(*_: object, **__: object) -> None:
            raise RunError("no device")

        with monkeypatch.context() as patched, pytest.raises(RunError, match=r"^no device$"):
            patched.setattr(setup, "build_network", fails)
            train_seeds(config, group.path, 2, force=True, progress=told)
        assert unchanged(group.path) == before
        assert told.notes[-1] == f"{group.path} is the run that was there before."

        class Looks(Silent):
            def phase(self, name: str, total: int | None = None) -> None:
                if name.startswith("epoch 1/"):
                    assert not is_set_aside(group.path)

        train_seeds(config, group.path, 2, force=True, progress=Looks())
        assert all(map(is_finished, group.members))
        assert group.read_record()["commands"] != ["first"]

    def test_force_may_replace_a_group_by_a_run_and_a_run_by_a_group(self, group: SeedGroup) -> None:
        check_free(Run(group.path), force=True)
        check_free(SeedGroup(group.member(3).path), force=True)
