"""Does a training leave what it promises, repeat itself, go on where it stopped, and say why it failed?"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Told, assert_same_checkpoints, checkpoint_arrays, damage_checkpoints, tiny_texts, write_reviews

from sentiment_cli.atomic import is_set_aside, set_aside
from sentiment_cli.checkout import package_commit
from sentiment_cli.config import Config, config_values, load_config
from sentiment_cli.errors import ConfigError, DataError, DeviceError, Interrupted, RunError, SentimentError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.history import Epoch, read_history
from sentiment_cli.run_search import find_run
from sentiment_cli.runs import Run
from sentiment_cli.training.progress import Silent
from sentiment_cli.workflows import creation, dry_run, resume, setup, train, training
from sentiment_cli.workflows.classifier import own_files
from sentiment_cli.workflows.creation import set_run_aside

pytestmark = pytest.mark.usefixtures("undrawn")

CHECKPOINT = ("manifest.json", "state.json", "variables.npz")
FILES = [
    "batches.csv",
    *(f"checkpoints/{kind}/{name}" for kind in ("best", "last") for name in CHECKPOINT),
    "config.yaml",
    "history.csv",
    "metrics.json",
    "model.keras",
    "plots/confusion_matrix.png",
    "plots/confusion_matrix_validation.png",
    "plots/history.png",
    "predictions-test.csv",
    "predictions-validation.csv",
    "run.json",
    "traits-test.csv",
    "traits-validation.csv",
    "vocabulary.json",
]


def change(config: Config, section: str, **values: Any) -> Config:
    plain = config_values(config)
    plain[section].update(values)
    return Config.model_validate(plain)


def files(directory: Path) -> list[str]:
    """Those in a directory but for locks; a checkpoint without its numbers."""
    found = (path for path in directory.rglob("*") if path.is_file() and path.name != ".lock")
    names = (path.relative_to(directory).as_posix() for path in found)
    return sorted(re.sub(r"(best|last)-[\d-]+/", r"\1/", name) for name in names)


def history(directory: Path) -> list[Epoch]:
    return [replace(row, seconds=0.0) for row in read_history(Run(directory).history_path)]


class Dies(Told):
    """Raises an error that nobody expects when a phase begins."""

    def __init__(self, phase: str) -> None:
        super().__init__()
        self.at = phase

    def phase(self, name: str, total: int | None = None) -> None:
        if name == self.at:
            raise ZeroDivisionError


class Signals(Told):
    """Sends signals to this process at the k-th piece of progress in a phase whose name starts so."""

    def __init__(self, phase: str, k: int = 1, times: int = 1, number: signal.Signals = signal.SIGINT) -> None:
        super().__init__()
        self.wanted, self.left, self.times, self.number = phase, k, times, number
        self.current = ""

    def phase(self, name: str, total: int | None = None) -> None:
        self.current = name

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        if self.current.startswith(self.wanted):
            self.left -= 1
            if self.left == 0:
                for _ in range(self.times):
                    os.kill(os.getpid(), self.number)


# -- A finished run --------------------------------------------------------------------------------------------------


def test_a_finished_run_holds_exactly_these_files(trained_run: Path) -> None:
    assert files(trained_run) == FILES


def test_the_record_says_what_was_done_with_what(trained_run: Path, tiny_reviews: Path) -> None:
    record = Run(trained_run).read_record()
    assert (record["status"], record["stop_reason"]) == ("finished", "all epochs done")
    assert record["commands"] == ["sentiment train -c tiny.yaml"]
    assert record["seed"] == 3
    assert record["class_names"] == ["bad", "good"]
    assert record["data"]["root"] == str(tiny_reviews.resolve())
    assert record["data"]["files"] == 2 * 20
    assert len(record["data"]["fingerprint"]) == len(record["data"]["test_fingerprint"]) == 64
    assert record["reviews"] == {"train": 30, "validation": 10}
    # embedding 4 a word; gru 3 * (3 * (4 + 3) + 2 * 3) = 81; logit 3 + 1
    assert record["parameters"] == 4 * record["vocabulary"]["size"] + 81 + 4
    assert record["model"] == {"file": "model.keras", "import": None}
    assert record["device"].startswith(("CPU", "NVIDIA", "Tesla"))
    assert record["plan"]["rows"] == 8
    assert (record["epochs"], record["best_epoch"]) == (2, 2)
    assert record["started"] < record["ended"]
    assert set(record["seconds"]) == {
        *("reading", "vectorizing", "compiling", "building", "training", "saving", "evaluating", "total")
    }
    assert record["seconds"]["total"] >= record["seconds"]["training"] > record["seconds"]["saving"] > 0
    assert record["deterministic"] is True
    assert {"python", "tensorflow", "keras", "sentiment-cli"} <= set(record["versions"])
    assert record["config_name"] is None
    assert record["commit"] == package_commit()
    assert record["cores"] >= 1
    assert {"platform", "processor", "format_version"} <= set(record)


def test_the_vocabulary_is_that_of_the_training_part_alone(trained_run: Path) -> None:
    vocabulary = json.loads((trained_run / "vocabulary.json").read_text(encoding="utf-8"))
    assert vocabulary[:2] == ["", "[UNK]"]
    rooms = [token for token in vocabulary if token.startswith("room") and token != "room"]
    assert rooms
    assert all(int(token.removeprefix("room")) < 20 for token in rooms)  # room100 and on are in test
    in_validation = {row.path for row in read_predictions(trained_run / "predictions-validation.csv")}
    # A number that only validation reviews have is no word either: both classes hold room7, so both must be away.
    both = {f"room{i}" for i in range(20) if {f"train/bad/{i:03}.txt", f"train/good/{i:03}.txt"} <= in_validation}
    assert not both & set(vocabulary)


def test_the_best_epoch_is_the_one_in_the_metrics(trained_run: Path) -> None:
    best = history(trained_run)[Run(trained_run).read_record()["best_epoch"] - 1]
    metrics = Run(trained_run).read_metrics()
    assert set(metrics) == {"validation", "test"}
    assert metrics["validation"]["loss"] == pytest.approx(best.val_loss, abs=1e-6)
    assert metrics["validation"]["accuracy"] == pytest.approx(best.val_accuracy)
    assert metrics["test"]["examples"] == 16


def test_the_saved_configuration_repeats_the_run(trained_run: Path, tmp_path: Path) -> None:
    config = load_config(trained_run / "config.yaml")
    result = train(config, tmp_path / "again")
    assert history(tmp_path / "again") == history(trained_run)
    assert_same_checkpoints(tmp_path / "again", trained_run)
    assert load_config(tmp_path / "again" / "config.yaml") == config
    for name in ("predictions-test.csv", "metrics.json", "vocabulary.json"):
        assert (tmp_path / "again" / name).read_bytes() == (trained_run / name).read_bytes()
    values = result.to_dict()
    assert list(values) == [
        "run", "status", "stop_reason", "best_epoch", "epochs", "parameters", "device", "seconds", "validation", "test",
        "refit",
    ]  # fmt: skip
    figures = Run(trained_run).read_metrics()["test"]
    assert values["test"] == {key: figures[key] for key in ("loss", "accuracy", "accuracy_interval")}
    best = history(trained_run)[1]
    assert values["validation"] == {"loss": best.val_loss, "accuracy": best.val_accuracy}
    assert result.exit_code == 0


def test_a_relative_source_is_saved_so_that_it_means_the_same_elsewhere(
    workplace: Path, tiny_reviews: Path, tiny_config: Path
) -> None:
    shutil.copytree(tiny_reviews, workplace / "mine")
    config = change(change(load_config(tiny_config), "data", source="mine"), "training", epochs=1, evaluate_test=False)
    train(config, "run")
    assert load_config(Path("run/config.yaml")).data.source == str((workplace / "mine").resolve())


# -- Interrupted and continued ---------------------------------------------------------------------------------------

RUNS: dict[str, dict[str, dict[str, Any]]] = {
    "lstm": {"model": {"recurrent": [{"cell": "lstm", "units": 3, "dropout": 0.3}], "dropout": 0.4}},
    "gru": {
        "model": {"recurrent": [{"cell": "gru", "units": 3, "recurrent_dropout": 0.3}], "pooling": ["max", "last"]}
    },
    # One epoch is too few for eight steps, so that there are two as in the others.
    "everything": {
        "model": {"embedding": {"dim": 4, "dropout": 0.2, "word_dropout": 0.2}, "pooling": "attention", "dropout": 0.4},
        "training": {
            **{"epochs": 1, "min_steps": 8, "label_smoothing": 0.1, "average": 0.9},
            "schedule": {"warmup": 0.4},
            "adversarial": {"kind": "virtual"},
        },
    },
}


def change_sections(config: Config, sections: dict[str, dict[str, Any]]) -> Config:
    for section, values in sections.items():
        config = change(config, section, **values)
    return config


@pytest.fixture(scope="module", params=["lstm", pytest.param("gru", marks=pytest.mark.slow)])
def uninterrupted(
    request: pytest.FixtureRequest, tiny_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, Path]:
    """A configuration with dropout and its run."""
    config = change_sections(load_config(tiny_config), RUNS[request.param])
    directory = tmp_path_factory.mktemp("uninterrupted") / "run"
    train(config, directory)
    return config, directory


# 30 reviews in batches of 8 are four batches an epoch. Every batch is tried in training/test_fit.py.
@pytest.mark.parametrize(("phase", "k"), [("epoch 2", 3), ("validation", 1)])
def test_stopped_and_continued_a_run_equals_one_that_was_not(
    uninterrupted: tuple[Config, Path], tmp_path: Path, phase: str, k: int
) -> None:
    assert_stopped_equals_straight(*uninterrupted, tmp_path, phase, k)


def test_with_everything_on_a_stopped_and_continued_run_equals_one_that_was_not(
    tiny_config: Path, tmp_path: Path
) -> None:
    config = change_sections(load_config(tiny_config), RUNS["everything"])
    train(config, tmp_path / "straight")
    assert_stopped_equals_straight(config, tmp_path / "straight", tmp_path, "epoch 2", 3)


def assert_stopped_equals_straight(config: Config, expected: Path, tmp_path: Path, phase: str, k: int) -> None:
    """Train with a stop at the k-th batch of a phase, and continue; ``expected`` is the run that was not stopped."""
    told = Signals(phase, k)
    stopped = train(config, tmp_path / "run", progress=told, command="first")
    run = Run(tmp_path / "run")
    assert (stopped.status, stopped.stop_reason, stopped.exit_code) == ("interrupted", "interrupted", 130)
    assert run.read_record()["status"] == "interrupted"
    assert "Stopping after this batch and saving; once more leaves at once" in told.notes
    assert not run.model_path.exists()
    result = resume(run, command="second")
    assert (result.status, result.epochs) == ("finished", 2)
    assert history(run.path) == history(expected)
    assert_same_checkpoints(run.path, expected)
    assert files(run.path) == FILES
    for name in ("metrics.json", "predictions-test.csv", "vocabulary.json", "config.yaml"):
        assert (run.path / name).read_bytes() == (expected / name).read_bytes(), name
    record = run.read_record()
    assert (record["status"], record["stop_reason"]) == ("finished", "all epochs done")
    assert record["commands"] == ["first", "second"]


def test_a_training_that_did_not_learn_ends_with_a_cause_and_what_to_try(tiny_config: Path, tmp_path: Path) -> None:
    told, run = Told(), tmp_path / "run"
    slow = change(load_config(tiny_config), "training", learning_rate=1e-9, epochs=3, evaluate_test=False)
    train(slow, run, progress=told)
    assert any(note.startswith("The learning rate of 1e-09 is too low: in 12 steps no weight") for note in told.notes)
    assert f"To try: sentiment train -c {run}/config.yaml --set training.learning_rate=0.001" in told.notes


def test_sigterm_is_told_from_ctrl_c_by_the_exit_code(tiny_config: Path, tmp_path: Path) -> None:
    result = train(load_config(tiny_config), tmp_path / "run", progress=Signals("epoch 1", number=signal.SIGTERM))
    assert result.exit_code == 143
    # No epoch was finished, and everything else is there to go on with.
    assert (result.epochs, result.best_epoch, result.validation) == (0, None, None)
    assert files(tmp_path / "run") == [
        "batches.csv",
        *(f"checkpoints/last/{name}" for name in CHECKPOINT),
        *("config.yaml", "history.csv", "run.json", "vocabulary.json"),
    ]


def test_a_second_signal_leaves_at_once_and_the_message_gives_the_command(tiny_config: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Interrupted) as caught:
        train(load_config(tiny_config), tmp_path / "run", progress=Signals("epoch 2", 2, times=2))
    assert caught.value.exit_code == 130
    assert str(caught.value) == f"Stopped. To continue: sentiment train --resume {tmp_path / 'run'}"
    assert signal.getsignal(signal.SIGINT) is before
    run = Run(tmp_path / "run")
    assert (run.read_record()["status"], run.read_record()["stop_reason"]) == ("interrupted", "interrupted")
    assert len(history(run.path)) == 1  # of the epoch in progress nothing was saved
    assert not [name for name in files(run.path) if "/." in name or name.startswith(".")]  # no half files


def test_stopped_while_evaluating_a_run_keeps_its_early_stop(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.training import patience

    # An epoch never improves, so that patience is over after the second one of six.
    monkeypatch.setattr(patience, "improves", lambda value, best, *rest: best is None)
    config = change(load_config(tiny_config), "training", epochs=6, early_stopping={"patience": 1})
    with pytest.raises(Interrupted):
        train(config, tmp_path / "run", progress=Signals("predicting test"))
    assert Run(tmp_path / "run").read_record()["status"] == "interrupted"
    result = resume(Run(tmp_path / "run"))
    assert (result.status, result.stop_reason, result.epochs) == ("finished", "early stopping", 2)
    assert files(tmp_path / "run") == FILES
    # Extended, it gets its patience anew.
    with pytest.raises(RunError, match=r"has finished .early stopping after 2 epochs"):
        resume(Run(tmp_path / "run"))
    assert resume(Run(tmp_path / "run"), epochs=7).epochs == 3


def test_stopped_before_there_is_a_checkpoint_a_run_starts_over(
    trained_run: Path, tiny_config: Path, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        train(load_config(tiny_config), tmp_path / "run", progress=Signals("encoding"))
    assert files(tmp_path / "run") == ["config.yaml", "run.json", "vocabulary.json"]
    assert Run(tmp_path / "run").read_record()["status"] == "interrupted"
    assert resume(Run(tmp_path / "run")).status == "finished"
    assert history(tmp_path / "run") == history(trained_run)


def test_an_extended_run_keeps_its_past_and_goes_on(run_copy: Path) -> None:
    past = read_history(Run(run_copy).history_path).rows
    weights = checkpoint_arrays(run_copy)
    result = resume(Run(run_copy), epochs=3, command="sentiment train --resume tiny --epochs 3")
    assert result.epochs == 3
    rows = read_history(Run(run_copy).history_path).rows
    assert rows[:2] == past  # seconds included
    assert len(rows) == 3
    assert load_config(run_copy / "config.yaml").training.epochs == 3
    assert any((weights[name] != array).any() for name, array in checkpoint_arrays(run_copy).items())
    record = Run(run_copy).read_record()
    assert record["commands"] == ["sentiment train -c tiny.yaml", "sentiment train --resume tiny --epochs 3"]
    assert record["epochs"] == 3
    assert files(run_copy) == FILES


def unchanged(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("epochs", "message"),
    [
        (None, "has finished its 2 epochs. To train it further: sentiment train --resume .* --epochs 7"),
        (2, "has finished its 2 epochs"),
        (1, "has 2 epochs already; expected --epochs above that, received 1"),
    ],
)
def test_where_nothing_is_to_do_resuming_says_so_and_changes_nothing(
    run_copy: Path, epochs: int | None, message: str
) -> None:
    before = unchanged(run_copy)
    with pytest.raises(RunError, match=message):
        resume(Run(run_copy), epochs=epochs)
    assert unchanged(run_copy) == before


def test_changed_reviews_are_refused_and_nothing_is_touched(run_copy: Path, tiny_reviews: Path) -> None:
    shutil.copytree(tiny_reviews, "mine")
    record = Run(run_copy).read_record()
    record["data"]["root"] = str(Path("mine").resolve())
    Run(run_copy).write_record(record)
    Path("mine/train/bad/000.txt").write_text("dirtier", encoding="utf-8")
    before = unchanged(run_copy)
    with pytest.raises(RunError, match=r"was trained on other reviews: .* had 40 training files .* now 40 "):
        resume(Run(run_copy), epochs=3)
    assert unchanged(run_copy) == before


def test_reviews_that_are_gone_are_said_to_be_gone(run_copy: Path) -> None:
    record = Run(run_copy).read_record()
    record["data"]["root"] = str(Path("gone").resolve())
    Run(run_copy).write_record(record)
    with pytest.raises(DataError, match="gone does not exist"):
        resume(Run(run_copy), epochs=3)


def test_a_damaged_checkpoint_is_refused_with_its_name(run_copy: Path) -> None:
    damage_checkpoints(run_copy, "last")
    with pytest.raises(RunError, match=r"last-00003-0000000 is damaged: wrong checksum of variables\.npz"):
        resume(Run(run_copy), epochs=3)
    assert Run(run_copy).read_record()["status"] == "failed"
    assert len(history(run_copy)) == 2


# -- Where a run goes, and how it fails ------------------------------------------------------------------------------


def test_an_existing_directory_is_refused_untouched(run_copy: Path, tiny_config: Path) -> None:
    before = unchanged(run_copy)
    with pytest.raises(RunError, match="exists; a run is never overwritten silently"):
        train(load_config(tiny_config), run_copy)
    assert unchanged(run_copy) == before


def test_force_replaces_a_run_whole(run_copy: Path, tiny_config: Path) -> None:
    (run_copy / "notes.txt").write_text("old", encoding="utf-8")
    config = change(load_config(tiny_config), "training", epochs=1, evaluate_test=False)
    assert train(config, run_copy, force=True).epochs == 1
    assert files(run_copy) == [
        name for name in FILES if name not in ("plots/confusion_matrix.png", "predictions-test.csv", "traits-test.csv")
    ]


def test_force_does_not_replace_what_is_no_run(workplace: Path, tiny_config: Path) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work", encoding="utf-8")
    Path("file").write_text("a file", encoding="utf-8")
    for name in ("mine", "file"):
        with pytest.raises(RunError, match="is not a run; --force replaces only runs"):
            train(load_config(tiny_config), name, force=True)
    assert Path("mine/thesis.txt").exists()


def test_force_keeps_the_old_run_when_the_reviews_are_bad(run_copy: Path, tiny_config: Path) -> None:
    before = unchanged(run_copy)
    with pytest.raises(DataError):
        train(change(load_config(tiny_config), "data", source="nowhere"), run_copy, force=True)
    assert unchanged(run_copy) == before


@pytest.mark.parametrize("fails", ["memory", "classes"])
def test_force_keeps_the_old_run_when_a_later_check_fails(
    run_copy: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    before, config = unchanged(run_copy), load_config(tiny_config)
    if fails == "memory":
        monkeypatch.setattr(setup, "available_memory", lambda: 1000)
    else:
        config = change(config, "training", class_weight={"good": 1.0, "fine": 2.0})
    with pytest.raises(ConfigError):
        train(config, run_copy, force=True)
    assert unchanged(run_copy) == before
    assert [path.name for path in run_copy.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("error", [Interrupted("Stopped.", exit_code=143), OSError(28, "No space left on device")])
def test_force_keeps_the_old_run_whatever_ends_the_new_one_before_its_first_step(
    run_copy: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before = unchanged(run_copy)

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(setup, "build_network", fails)
    with pytest.raises(type(error)) as caught:
        train(load_config(tiny_config), run_copy, force=True)
    assert unchanged(run_copy) == before
    if isinstance(error, Interrupted):
        assert "is the run that was there before" in str(caught.value)
        assert isinstance(caught.value, Interrupted) and caught.value.exit_code == 143


def test_reviews_that_go_before_the_test_part_is_read_cost_no_training(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise DataError("test changed after its reviews were listed")

    monkeypatch.setattr(training, "_evaluate_test", gone)
    with pytest.raises(DataError):
        train(load_config(tiny_config), tmp_path / "run")
    monkeypatch.undo()
    assert len(history(tmp_path / "run")) == 2
    assert resume(Run(tmp_path / "run")).status == "finished"


def test_force_keeps_the_old_run_through_a_kill_and_another_failure(
    run_copy: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, config = unchanged(run_copy), load_config(tiny_config)
    for index in range(3):  # killed in its set-up each time
        if index:
            set_run_aside(Run(run_copy))
        else:
            set_aside(run_copy)
        run_copy.mkdir()
        Run(run_copy).write_record({"status": "running"})
    monkeypatch.setattr(setup, "available_memory", lambda: 1000)
    with pytest.raises(ConfigError):
        train(config, run_copy, force=True)
    assert unchanged(run_copy) == before
    assert [path.name for path in run_copy.parent.iterdir() if path.name.startswith(".")] == []


def test_force_leaves_the_old_run_set_aside_where_the_new_one_cannot_be_removed(
    run_copy: Path, tiny_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = unchanged(run_copy)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space"):
        patched.setattr(setup, "build_network", full)
        patched.setattr(creation, "remove_directory", full)
        train(load_config(tiny_config), run_copy, force=True)
    assert is_set_aside(run_copy)
    shutil.rmtree(run_copy)
    assert find_run("tiny").path == run_copy.relative_to(Path.cwd())
    assert unchanged(run_copy) == before


def test_force_has_replaced_the_old_run_once_the_first_step_is_near(run_copy: Path, tiny_config: Path) -> None:
    class Looks(Silent):
        seen: list[str]

        def phase(self, name: str, total: int | None = None) -> None:
            if name.startswith("epoch 1/"):
                self.seen = [path.name for path in run_copy.parent.iterdir() if path.name.startswith(".")]

    looks = Looks()
    train(load_config(tiny_config), run_copy, force=True, progress=looks)
    assert looks.seen == []


def test_a_run_that_a_kill_left_out_of_its_place_is_there_again(run_copy: Path, tiny_config: Path) -> None:
    before = unchanged(run_copy)
    set_aside(run_copy)
    with pytest.raises(RunError, match="exists; a run is never overwritten silently"):
        train(load_config(tiny_config), run_copy)
    assert unchanged(run_copy) == before


def test_bad_reviews_leave_no_run_behind(workplace: Path, tiny_config: Path) -> None:
    with pytest.raises(DataError):
        train(change(load_config(tiny_config), "data", source="nowhere"), "run")
    assert list(workplace.iterdir()) == []


def test_a_failed_training_says_so_in_its_record(tiny_config: Path, tmp_path: Path) -> None:
    config = change(load_config(tiny_config), "training", learning_rate=3e38)
    with pytest.raises(SentimentError, match=r"The loss is (nan|inf) in epoch 1, batch \d"):
        train(config, tmp_path / "run")
    record = Run(tmp_path / "run").read_record()
    assert record["status"] == "failed"
    assert record["stop_reason"].startswith("The loss is")
    assert "ended" in record
    assert not (tmp_path / "run" / "model.keras").exists()


def test_any_error_is_in_the_record(tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentiment_cli.training.fit import Trainer

    def fill_disk(trainer: Any, state: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Trainer, "fit", fill_disk)
    with pytest.raises(OSError, match="No space"):
        train(load_config(tiny_config), tmp_path / "run")
    record = Run(tmp_path / "run").read_record()
    assert (record["status"], record["stop_reason"]) == ("failed", "[Errno 28] No space left on device")


def test_weights_for_other_classes_are_a_configuration_error(tiny_config: Path, tmp_path: Path) -> None:
    config = change(load_config(tiny_config), "training", class_weight={"good": 1.0, "better": 2.0})
    with pytest.raises(ConfigError, match="expected one weight for each of bad, good, received good, better"):
        train(config, tmp_path / "run")


# -- Settings that change what is read -------------------------------------------------------------------------------


def test_balanced_weights_change_the_training_of_unbalanced_reviews_and_end_the_warning(
    tiny_config: Path, tmp_path: Path
) -> None:
    texts = tiny_texts(20)
    root = write_reviews(
        tmp_path / "reviews", {"bad": texts["bad"][:6], "good": texts["good"] + tiny_texts(20, 50)["good"]}
    )
    config = change(load_config(tiny_config), "data", source=str(root))
    config = change(config, "training", epochs=1, evaluate_test=False)
    plain, balanced = Told(), Told()
    train(config, tmp_path / "plain", progress=plain)
    train(change(config, "training", class_weight="balanced"), tmp_path / "balanced", progress=balanced)
    assert [line for line in plain.warnings if 'of the reviews are "good"' in line]
    assert balanced.warnings == []
    first, second = (checkpoint_arrays(tmp_path / run) for run in ("plain", "balanced"))
    assert any(not np.array_equal(array, second[name]) for name, array in first.items())


def test_three_classes_in_a_given_order_without_validation_and_with_a_limit(tiny_config: Path, tmp_path: Path) -> None:
    fair = {"fair": [f"it was fine room{i}" for i in range(9)]}
    root = write_reviews(tmp_path / "reviews" / "train", {**tiny_texts(9), **fair, "unsup": ["none of them"]})
    write_reviews(tmp_path / "reviews" / "test", {**tiny_texts(6, 50), "fair": fair["fair"][:6]})
    config = change(
        load_config(tiny_config),
        "data",
        source=str(root.parent),
        classes=["good", "fair", "bad"],
        limit=4,
        validation_fraction=0,
    )
    result = train(config, tmp_path / "run")
    record = Run(tmp_path / "run").read_record()
    assert record["class_names"] == ["good", "fair", "bad"]
    assert record["reviews"] == {"train": 12, "validation": 0}
    assert result.validation is None
    assert result.best_epoch == 2  # the last one
    assert result.test is not None
    assert result.test.examples == 12
    assert list(result.test.classes) == ["good", "fair", "bad"]
    rows = read_predictions(tmp_path / "run" / "predictions-test.csv")
    assert list(rows[0].probabilities) == ["good", "fair", "bad"]
    assert [row.actual for row in rows] == ["good"] * 4 + ["fair"] * 4 + ["bad"] * 4
    assert all(sum(row.probabilities.values()) == pytest.approx(1) for row in rows)
    assert all(row.val_loss is None for row in history(tmp_path / "run"))
    assert set(Run(tmp_path / "run").read_metrics()) == {"test"}


def test_the_test_part_is_not_read_where_it_is_not_wanted(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentiment_cli.data import loading

    read: list[str] = []
    load_part = loading.load_part
    monkeypatch.setattr(
        loading, "load_part", lambda part, policy: read.append(part.directory.name) or load_part(part, policy)
    )
    config = change(load_config(tiny_config), "training", epochs=1, evaluate_test=False)
    assert train(config, tmp_path / "run").test is None
    assert read == ["train"]
    assert set(Run(tmp_path / "run").read_metrics()) == {"validation"}
    config = change(config, "training", evaluate_test=True)
    train(config, tmp_path / "with")
    assert read == ["train", "train", "test"]


def test_a_dry_run_tells_what_a_training_would_be_and_leaves_nothing(
    workplace: Path, tiny_config: Path, trained_run: Path
) -> None:
    told = Told()
    report = dry_run(load_config(tiny_config), progress=told)
    assert list(workplace.iterdir()) == []
    assert report.reviews == {"train": 30, "validation": 10, "test": 16}
    assert report.parameters == Run(trained_run).read_record()["parameters"]
    assert report.plan == Run(trained_run).read_record()["plan"]["reason"]
    assert report.expected_seconds == pytest.approx(2 * report.seconds_per_epoch, abs=0.06)
    assert report.memory_bytes > 50_000_000
    assert report.warnings == told.warnings


def test_a_dry_run_counts_the_epochs_that_the_steps_need_and_those_of_a_refit(
    workplace: Path, tiny_config: Path
) -> None:
    config = change_sections(load_config(tiny_config), RUNS["everything"])
    report = dry_run(change(config, "training", refit=True))
    assert list(workplace.iterdir()) == []
    # Two epochs on 30 reviews, and at the most two on all 40.
    assert report.expected_seconds == pytest.approx((2 + 2 * 40 / 30) * report.seconds_per_epoch, abs=0.06)


def test_a_dry_run_fails_with_what_a_training_would_fail_with(workplace: Path, tiny_config: Path) -> None:
    with pytest.raises(SentimentError, match="The loss is"):
        dry_run(change(load_config(tiny_config), "training", learning_rate=3e38))
    assert list(workplace.iterdir()) == []


def test_a_dry_run_finds_that_the_run_could_not_be_made(workplace: Path, tiny_config: Path) -> None:
    Path("file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        dry_run(load_config(tiny_config), "file/run", progress=Dies("reading reviews"))
    assert caught.value.filename == "file/run"


def test_a_changed_configuration_is_refused_with_the_difference(run_copy: Path) -> None:
    path = run_copy / "config.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("batch_size: 8", "batch_size: 4"), encoding="utf-8")
    before = unchanged(run_copy)

    with pytest.raises(RunError, match=r"was changed since the run began:\n  training\.batch_size: 8 -> 4\n"):
        resume(Run(run_copy), epochs=4)

    assert unchanged(run_copy) == before


def test_a_record_whose_configuration_lies_too_deep_is_refused_with_its_name(run_copy: Path) -> None:
    run, deep = Run(run_copy), {}
    inner: dict[str, Any] = deep
    for _ in range(500):
        inner["a"] = inner = {}
    run.record_path.write_text(json.dumps({**run.read_record(), "config": deep}), encoding="utf-8")
    with pytest.raises(RunError, match=r"run\.json: config: values lie too deep"):
        resume(run, epochs=4)


def test_after_a_kill_the_history_says_how_many_epochs_are_done(run_copy: Path) -> None:
    record = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))
    killed = {key: value for key, value in record.items() if key != "epochs"} | {"status": "running"}
    (run_copy / "run.json").write_text(json.dumps(killed), encoding="utf-8")

    with pytest.raises(RunError, match="has 2 epochs already"):
        resume(Run(run_copy), epochs=1)


def change_plan(run: Path, **values: Any) -> None:
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["plan"].update(values)
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")


def test_a_plan_that_no_run_wrote_is_refused_and_nothing_changes(run_copy: Path) -> None:
    change_plan(run_copy, threads="two")
    before = unchanged(run_copy)

    with pytest.raises(RunError, match=r"run\.json: plan: not a plan"):
        resume(Run(run_copy), epochs=4)

    assert unchanged(run_copy) == before


def test_a_run_that_was_begun_on_a_gpu_goes_on_here_by_a_new_plan_and_says_so(run_copy: Path) -> None:
    change_plan(run_copy, on_gpu=True, path="Keras", reason="there")
    told = Told()

    resume(Run(run_copy), epochs=3, progress=told)

    assert any("the run was begun on a GPU" in line for line in told.warnings)
    plan = json.loads((run_copy / "run.json").read_text(encoding="utf-8"))["plan"]
    assert (plan["on_gpu"], plan["path"]) == (False, "compiled loops")


def test_a_device_that_is_not_there_leaves_no_run_behind(workplace: Path, tiny_config: Path) -> None:
    config = change(load_config(tiny_config), "training", device="gpu:7")

    with pytest.raises(DeviceError, match=r"--device gpu:7: no such GPU"):
        train(config, "runs/none")

    assert not Path("runs").exists()


def test_an_extension_finds_at_once_that_its_best_epoch_is_damaged(run_copy: Path) -> None:
    [best] = (run_copy / "checkpoints").glob("best-*")
    (best / "variables.npz").write_bytes(b"")
    told = Dies("epoch 3/4")
    with pytest.raises(ZeroDivisionError):
        resume(Run(run_copy), epochs=4, progress=told)
    assert (
        f"{best.name} is damaged: wrong checksum of variables.npz. Unless a later epoch is better" in told.warnings[0]
    )


def test_a_finished_run_without_its_last_checkpoint_is_not_started_over(run_copy: Path) -> None:
    for path in (run_copy / "checkpoints").glob("last-*"):
        shutil.rmtree(path)
    before = unchanged(run_copy)
    with pytest.raises(RunError, match=r"checkpoints has no checkpoint: .* cannot go on after its 2 epochs"):
        resume(Run(run_copy), epochs=4)
    assert unchanged(run_copy) == before


@pytest.mark.parametrize("dies_at", ["reading reviews", "epoch 3/12"])
def test_an_extension_that_is_killed_in_its_first_epoch_still_goes_on(run_copy: Path, dies_at: str) -> None:
    run = Run(run_copy)
    stopping = {"monitor": "val_loss", "patience": 1, "min_delta": 100.0}
    config = change(load_config(run.config_path), "training", epochs=9, early_stopping=stopping)
    train(config, run.path, force=True)
    assert len(history(run.path)) == 2

    with pytest.raises(ZeroDivisionError):
        resume(run, epochs=12, progress=Dies(dies_at))
    record = run.read_record()
    run.write_record({**record, "status": "running", "stop_reason": None})  # as a kill leaves it
    resume(run)

    assert len(history(run.path)) > 2


def test_what_an_extension_made_untrue_is_removed(run_copy: Path) -> None:
    run = Run(run_copy)
    directories = run.evaluation_dir("other"), run.export_dir("onnx")
    asked = [run.predictions_path("train"), run.probes_path, *(directory / "a file" for directory in directories)]
    asked += [own_files(run, split).picture("curves") for split in ("train", "test")]
    for path in asked:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of epoch 2", encoding="utf-8")
    result = resume(run, epochs=30, progress=Signals("epoch 20/30"))
    assert (result.status, run.read_record()["evaluated_epoch"]) == ("interrupted", result.best_epoch)
    assert result.best_epoch != 2
    assert not any(path.exists() for path in asked)
    assert not run.metrics_path.exists() and not run.model_path.exists()
    assert not any(path.exists() for split in ("validation", "test") for path in run.result_paths(split))
    run.write_record({**run.read_record(), "evaluated_epoch": 2})  # now of an extension that is not stopped
    asked[0].write_text("of epoch 2", encoding="utf-8")
    told = Told()
    assert resume(run, progress=told).status == "finished"
    assert "is the best now; the results of epoch 2 were removed" in " ".join(told.notes)
    assert run.metrics_path.exists() and run.model_path.exists()
    assert not asked[0].exists()
