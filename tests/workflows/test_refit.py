"""Is the refit the training on both parts that it says it is, whenever it is stopped, and does everything else know?"""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import assert_same_checkpoints

from sentiment_cli.config import Config, load_config
from sentiment_cli.errors import ConfigError, Interrupted
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.evaluation.thresholds import Criterion
from sentiment_cli.runs import Run
from sentiment_cli.workflows import baseline, evaluate, predict, resume, train
from sentiment_cli.workflows.questions import Questions
from workflows.test_train import CHECKPOINT, FILES, Signals, Told, change_sections, files, history, unchanged

pytestmark = pytest.mark.usefixtures("undrawn")

REFIT_FILES = [
    *(f"refit/checkpoints/{kind}/{name}" for kind in ("best", "last") for name in CHECKPOINT),
    "refit/batches.csv",
    "refit/history.csv",
]
# A batch holds more reviews than the training part has, and fewer than both parts together.
SECTIONS: dict[str, dict[str, Any]] = {
    "model": {"dropout": 0.4},
    "training": {
        **{"epochs": 3, "batch_size": 32, "refit": True, "average": 0.9, "learning_rate": 0.02},
        "schedule": {"warmup": 0.3},
    },
}


@pytest.fixture(scope="module")
def config(tiny_config: Path) -> Config:
    return change_sections(load_config(tiny_config), SECTIONS)


@pytest.fixture(scope="module")
def refit_run(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with a refit. Not to be changed."""
    directory = tmp_path_factory.mktemp("refit") / "run"
    train(config, directory)
    return directory


@pytest.fixture
def refit_copy(refit_run: Path, tmp_path: Path) -> Run:
    return Run(Path(shutil.copytree(refit_run, tmp_path / "run")))


def epochs_of(run: Run) -> int:
    return len(history(run.refit.path))


def test_a_run_with_a_refit_holds_it_beside_everything_else(refit_run: Path) -> None:
    run = Run(refit_run)
    record = run.read_record()
    assert files(refit_run) == sorted([*FILES, *REFIT_FILES])
    assert record["refit"] == {"epochs": record["best_epoch"], "reviews": 40, "finished": True}
    rows = history(run.refit.path)
    assert len(rows) == record["best_epoch"]
    assert all(row.val_loss is None for row in rows)
    steps = 2 * len(rows)
    rising = round(0.3 * steps)
    fallen = 0.5 * (1 + math.cos(math.pi * (steps - 1 - rising) / (steps - rising)))
    assert rows[-1].learning_rate == pytest.approx(0.02 * fallen, rel=1e-5)
    assert set(record["seconds"]) > {"training", "refitting", "evaluating"}


def test_a_refit_is_a_training_on_both_parts_for_the_best_number_of_epochs(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.workflows import setup

    # A training without validation would count the words of both parts.
    vocabulary = ["", "[UNK]", "the", "lovely", "cold", "dirty", "quiet"]
    monkeypatch.setattr(setup, "adapt_vocabulary", lambda settings, texts: vocabulary)
    result = train(config, tmp_path / "refit")
    whole = {"training": {"epochs": result.best_epoch, "refit": False}, "data": {"validation_fraction": 0.0}}
    train(change_sections(config, whole), tmp_path / "whole")
    run, expected = Run(tmp_path / "refit"), Run(tmp_path / "whole")
    assert result.to_dict()["refit"] == {"epochs": result.best_epoch, "reviews": 40}
    assert history(run.refit.path) == history(expected.path)
    assert_same_checkpoints(run.refit.path, expected.path)
    assert run.predictions_path("test").read_bytes() == expected.predictions_path("test").read_bytes()


def test_the_choice_of_the_epoch_is_that_of_a_run_without_a_refit(
    refit_run: Path, config: Config, tmp_path: Path
) -> None:
    result = train(change_sections(config, {"training": {"refit": False, "evaluate_test": False}}), tmp_path / "plain")
    run = Run(refit_run)
    assert history(refit_run) == history(tmp_path / "plain")
    assert_same_checkpoints(refit_run, tmp_path / "plain", ("best",))
    assert run.read_metrics()["validation"] == Run(tmp_path / "plain").read_metrics()["validation"]
    assert result.to_dict()["refit"] is None


@pytest.mark.parametrize(
    "phase",
    ["refit 2", *(pytest.param(phase, marks=pytest.mark.slow) for phase in ("encoding train and", "predicting test"))],
)
def test_stopped_anywhere_and_continued_a_refit_equals_one_that_was_not(
    refit_run: Path, config: Config, tmp_path: Path, phase: str
) -> None:
    run = Run(tmp_path / "run")
    told = InRefit(f"epoch {phase.removeprefix('refit ')}") if phase.startswith("refit") else Signals(phase)
    if phase.startswith("refit"):
        stopped = train(config, run.path, progress=told)
        assert (stopped.status, stopped.stop_reason, stopped.refit) == ("interrupted", "interrupted", None)
        assert 0 < epochs_of(run) < epochs_of(Run(refit_run))
    else:
        with pytest.raises(Interrupted):
            train(config, run.path, progress=told)
    assert run.read_record()["status"] == "interrupted"
    assert not run.model_path.exists()
    result = resume(run)
    assert (result.status, result.stop_reason) == ("finished", "all epochs done")
    assert result.refit is not None
    assert files(run.path) == files(refit_run)
    assert_same_checkpoints(run.refit.path, refit_run / "refit")
    for name in ("metrics.json", "predictions-test.csv", "predictions-validation.csv"):
        assert (run.path / name).read_bytes() == (refit_run / name).read_bytes(), name


class InRefit(Signals):
    """Sends its signal in a phase of the refit alone."""

    def note(self, message: str) -> None:
        super().note(message)
        if message.startswith("Refit: "):
            self.armed = True

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        if getattr(self, "armed", False):
            super().advance(reviews, loss, accuracy)


def test_test_and_other_texts_are_predicted_by_the_refit_and_the_parts_it_learned_by_the_network_before(
    refit_copy: Run,
) -> None:
    run, told = refit_copy, Told()
    before = {name: run.predictions_path(name).read_bytes() for name in ("validation", "test")}
    best = run.read_record()["best_epoch"]
    assert evaluate(run, progress=told).network == "refit"
    assert not [line for line in told.notes if "refit" in line]
    evaluate(run, progress=told, questions=Questions(threshold=Criterion("accuracy")))
    assert told.notes[-2:-1] == [
        "The threshold was found for the network from before the refit; the refit may need another"
    ]
    for split in ("validation", "train"):
        assert evaluate(run, split=split, progress=told).network == "best epoch"
        assert (
            f"The refit has learned the validation reviews; the {split} part is predicted by the network of "
            f"epoch {best}, from before the refit"
        ) in told.notes
    assert {name: run.predictions_path(name).read_bytes() for name in before} == before
    text = "lovely warm kind quiet"
    with_refit = predict(run, [text])[0]
    shutil.rmtree(run.refit.checkpoints_dir)
    record = run.read_record()
    del record["refit"]
    run.write_record(record)
    without = predict(run, [text], progress=told)[0]
    assert (
        told.notes[-1] == f"The refit is not finished; predicted by the network of epoch {best}, from before the refit"
    )
    assert with_refit.probabilities != without.probabilities


def test_the_exported_model_is_the_refit(refit_run: Path) -> None:
    import keras
    import tensorflow as tf

    run = Run(refit_run)
    rows = read_predictions(run.predictions_path("test"))
    root = Path(run.read_record()["data"]["root"])
    texts = [(root / row.path).read_text(encoding="utf-8") for row in rows]
    found = keras.models.load_model(run.model_path).predict(tf.constant(texts), verbose=0)
    np.testing.assert_allclose(found[:, 0], [row.probabilities["good"] for row in rows], atol=1e-5)


@pytest.mark.slow
def test_an_extension_does_the_refit_again_where_another_epoch_is_the_best(refit_copy: Run) -> None:
    run = refit_copy
    before = run.read_record()["best_epoch"]
    told = Told()
    result = resume(run, epochs=12, progress=told)
    assert result.best_epoch not in (None, before)
    assert [line for line in told.notes if line.startswith(f"Refit: {result.best_epoch} epochs anew")]
    assert result.refit == {"epochs": result.best_epoch, "reviews": 40}
    assert epochs_of(run) == result.best_epoch


def test_an_extension_keeps_the_refit_where_the_best_epoch_stays(
    refit_copy: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.training import patience

    run = refit_copy
    before = unchanged(run.refit.path), run.predictions_path("test").read_bytes()
    monkeypatch.setattr(patience, "improves", lambda *_: False)
    told = Told()
    result = resume(run, epochs=4, progress=told)
    assert result.epochs == 4
    assert not [line for line in told.notes if line.startswith("Refit")]
    assert (unchanged(run.refit.path), run.predictions_path("test").read_bytes()) == before


def test_a_refit_needs_a_validation_part(tiny_config: Path) -> None:
    with pytest.raises(ConfigError, match=r"training\.refit: without a validation part there is nothing to choose"):
        load_config(tiny_config, settings=["training.refit=true", "data.validation_fraction=0"])


def test_the_baselines_of_such_a_configuration_are_refitted_too(config: Config) -> None:
    plain = baseline(change_sections(config, {"training": {"refit": False}}))
    refitted = baseline(config)
    assert not refitted.from_cache
    assert [one.validation for one in refitted.baselines] == [one.validation for one in plain.baselines]
