"""Is every training review predicted by a network that has not learned it, also when it was stopped in between?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from sentiment_cli.analysis.traits import read_traits
from sentiment_cli.errors import DataError, Interrupted, RunError, UsageError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.history import read_history
from sentiment_cli.run_sets import CrossValidation
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.workflows import cross_validation, fold
from sentiment_cli.workflows.cross_validation import cross_validate
from sentiment_cli.workflows.record import read_config
from workflows.test_train import Signals, unchanged

Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def seen() -> dict[str, list[Any]]:
    """What the trainings of `validated` read: the paths that were encoded, and the number of texts adapted to."""
    return {"encoded": [], "adapted": []}


@pytest.fixture(scope="module")
def validated(trained_run: Path, seen: dict[str, list[Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run with a cross-validation in two folds. Not to be changed."""
    encode, adapt = fold.encode_set, fold.adapt_vocabulary

    def encode_seen(config: Any, vocabulary: Any, reviews: Any, progress: Any, name: str) -> Any:
        seen["encoded"].append(list(reviews.paths))
        return encode(config, vocabulary, reviews, progress, name)

    def adapt_seen(settings: Any, texts: Any) -> list[str]:
        seen["adapted"].append(len(texts))
        return adapt(settings, texts)

    copy = Path(shutil.copytree(trained_run, tmp_path_factory.mktemp("validated") / "tiny"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "encode_set", encode_seen)
        patch.setattr(fold, "adapt_vocabulary", adapt_seen)
        cross_validate(Run(copy), 2, command="first")
    return copy


@pytest.fixture
def copy(validated: Path, workplace: Path) -> Run:
    """A copy of `validated` at ``runs/tiny``, to be changed at will."""
    return Run(Path(shutil.copytree(validated, workplace / "runs" / "tiny")).relative_to(workplace))


def kept(run: Run | Path) -> CrossValidation:
    return CrossValidation((run if isinstance(run, Run) else Run(run)).cross_validation_dir)


def test_every_review_of_train_and_validation_is_predicted_once_in_order(validated: Path, trained_run: Path) -> None:
    rows = read_predictions(kept(validated).out_of_fold_path)
    folds = [[row.path for row in read_predictions(kept(validated).held_out_path(number))] for number in (1, 2)]
    assert [row.id for row in rows] == list(range(40))
    assert [row.path for row in rows] == sorted(row.path for row in rows)
    assert sorted(folds[0] + folds[1]) == [row.path for row in rows]
    # Twenty reviews of each class: ten in each fold.
    assert [sum("/bad/" in path for path in paths) for paths in folds] == [10, 10]
    assert set(read_traits(kept(validated).out_of_fold_traits_path)) == {row.path for row in rows}


def test_a_fold_learns_the_other_ones_alone_for_the_runs_best_number_of_epochs(
    validated: Path, seen: dict[str, list[Any]]
) -> None:
    first, out_first, second, out_second = seen["encoded"]
    assert (set(first), set(second)) == (set(out_second), set(out_first))
    assert not set(first) & set(out_first)
    assert seen["adapted"] == [20, 20]
    best = Run(validated).read_record()["best_epoch"]
    assert [len(read_history(kept(validated).fold(number).history_path)) for number in (1, 2)] == [best, best]


def test_figures_are_those_of_the_table(validated: Path, copy: Run) -> None:
    rows = read_predictions(kept(validated).out_of_fold_path)
    metrics = json.loads(kept(validated).metrics_path.read_text(encoding="utf-8"))
    assert metrics["accuracy"] == np.mean([not row.is_wrong for row in rows])
    assert metrics["loss"] == pytest.approx(np.mean([row.loss for row in rows]))
    assert metrics["accuracy"] == pytest.approx(np.mean(metrics["fold_accuracies"]))
    assert (metrics["folds"], metrics["examples"]) == (2, 40)
    assert kept(validated).read_record()["status"] == "finished"


def test_computed_before_it_is_read_and_nothing_changes(cli: Cli, copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(cross_validation, "load_tensorflow", never)
    before = unchanged(copy.path)
    result = cli("evaluate", "tiny", "--cross-validate", "2", "--json")
    value = json.loads(result.stdout)
    assert unchanged(copy.path) == before
    assert (value["run"], value["split"], value["folds"], value["examples"]) == ("runs/tiny", "cross-validation", 2, 40)
    assert value["predictions"] == "runs/tiny/cross-validation/predictions.csv"
    text = cli("evaluate", "tiny", "--cross-validate", "2").stdout
    assert "40 of train and validation, each predicted by a network without it" in text


def test_killed_between_two_folds_it_keeps_the_first_and_comes_to_the_same(
    copy: Run, validated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(copy.cross_validation_dir)
    trained: list[str] = []

    def predict(job: Any, *_: object) -> Any:
        trained.append(job.run.path.name)
        if trained == ["fold-1", "fold-2"]:
            raise OSError("disk")
        return read_predictions(kept(validated).path / job.run.path.name / "predictions.csv")

    monkeypatch.setattr(fold, "predict_held_out", predict)
    with pytest.raises(OSError, match="disk"):
        cross_validate(copy, 2)
    first = kept(copy).held_out_path(1)
    written = first.stat().st_mtime_ns
    assert kept(copy).read_record()["status"] == "failed"
    assert not kept(copy).out_of_fold_path.exists()
    kept(copy).fold(1).checkpoints_dir.mkdir()  # as if killed before they were removed
    cross_validate(copy, 2, command="second")
    assert not kept(copy).fold(1).checkpoints_dir.exists()
    assert trained == ["fold-1", "fold-2", "fold-2"]
    assert first.stat().st_mtime_ns == written
    for name in ("predictions.csv", "metrics.json", "traits.csv", "fold-2/predictions.csv"):
        assert (kept(copy).path / name).read_bytes() == (kept(validated).path / name).read_bytes(), name


@pytest.mark.slow
def test_stopped_in_the_middle_of_a_fold_it_gives_the_command_and_goes_on_from_there(
    copy: Run, validated: Path
) -> None:
    shutil.rmtree(copy.cross_validation_dir)
    with pytest.raises(Interrupted) as caught:
        cross_validate(copy, 2, progress=Signals("epoch 2", 1))
    assert caught.value.exit_code == 130
    assert str(caught.value) == (
        "Stopped after 0 of 2 folds; everything so far is saved.\n"
        "To continue: sentiment evaluate runs/tiny --cross-validate 2"
    )
    assert list(kept(copy).fold(1).checkpoints_dir.glob("last-*"))
    cross_validate(copy, 2)
    assert kept(copy).out_of_fold_path.read_bytes() == kept(validated).out_of_fold_path.read_bytes()


@pytest.mark.slow
def test_another_number_of_folds_replaces_it_and_says_so(copy: Run, cli: Cli) -> None:
    result = cli("evaluate", "tiny", "--cross-validate", "4")
    assert "The cross-validation that was here (2 folds of 2 epochs) is replaced" in result.stderr
    assert sorted(path.name for path in kept(copy).path.glob("fold-*")) == [f"fold-{number}" for number in range(1, 5)]


def test_movies_stay_in_one_fold_where_the_run_keeps_them_together(copy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The groups go to the folds; the reviews here have none, so they are given."""
    seen: list[Any] = []

    def stop(labels: Any, folds: int, seed: int, groups: Any) -> Any:
        seen.append(groups)
        raise DataError("seen")

    from sentiment_cli.data import splitting

    shutil.rmtree(copy.cross_validation_dir)
    monkeypatch.setattr(splitting, "review_groups", lambda *_: "groups")
    monkeypatch.setattr(splitting, "split_folds", stop)
    with pytest.raises(DataError, match="seen"):
        cross_validate(copy, 2)
    assert seen == ["groups"]


def test_what_cannot_be_cross_validated_is_refused_with_the_reason(copy: Run, workplace: Path) -> None:
    shutil.rmtree(copy.cross_validation_dir)
    with pytest.raises(UsageError, match="--cross-validate 1: expected 2 folds or more"):
        cross_validate(copy, 1)
    with pytest.raises(UsageError, match="the class bad has 20 reviews; expected a review a fold"):
        cross_validate(copy, 21)
    record = copy.read_record()
    copy.write_record({**record, "status": "interrupted"})
    with pytest.raises(RunError, match=r"has not finished \(interrupted\)"):
        cross_validate(copy, 2)
    copy.write_record({**record, "data": {**record["data"], "fingerprint": "other"}})
    with pytest.raises(RunError, match=r"changed since .* was trained; their folds would be others"):
        cross_validate(copy, 2)
    copy.write_record({**record, "data": {**record["data"], "root": "gone"}})
    with pytest.raises(DataError, match="are gone from gone"):
        cross_validate(copy, 2)
    assert not copy.cross_validation_dir.exists()
    assert read_config(copy, record)
    group = SeedGroup(workplace / "runs" / "group")
    group.path.mkdir()
    group.write_record({"status": "finished", "seeds": [1, 2]})
    with pytest.raises(RunError, match=r"is a group of seeds; cross-validate one of its runs: .*seed-1"):
        cross_validate(group, 2)


@pytest.mark.parametrize("options", [["--data", "bnb"], ["--split", "test"], ["--fail-under", "accuracy=0.5"]])
def test_options_that_mean_nothing_with_it_are_refused(cli: Cli, copy: Run, options: list[str]) -> None:
    result = cli("evaluate", "tiny", "--cross-validate", "2", *options)
    assert result.exit_code == 2
    assert f"it does not go with {options[0]}" in result.stderr


def test_a_damaged_record_or_table_is_told(copy: Run) -> None:
    kept(copy).record_path.write_text('{"folds": "two"}', encoding="utf-8")
    with pytest.raises(RunError, match="folds: expected a whole number, received text"):
        cross_validate(copy, 2)
