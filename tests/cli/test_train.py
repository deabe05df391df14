"""Does `train` do what its options say, keep what they said, and stop and go on as promised?"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from conftest import tiny_texts, write_reviews

from sentiment_cli.config import Config, load_config
from sentiment_cli.errors import SentimentError
from sentiment_cli.runs import Run
from sentiment_cli.training.checkpoints import Checkpoints

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Result]
KEYS = [
    "run",
    "status",
    "stop_reason",
    "best_epoch",
    "epochs",
    "parameters",
    "device",
    "seconds",
    "validation",
    "test",
    "refit",
]


def saved(run: str | Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((Path(run) / "config.yaml").read_text(encoding="utf-8"))
    return values


@dataclass
class Called:
    """What the workflow was called with, instead of a training."""

    config: Config
    path: Path
    config_name: str
    force: bool


@pytest.fixture
def called(cli: Cli, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Called]:
    """Run ``train`` up to its workflow, which only makes the directory."""
    calls: list[Called] = []

    class Enough(SentimentError):
        """The workflow was called; no training follows."""

    def train(config: Config, path: Path, *, config_name: str, force: bool, **_: object) -> None:
        path.mkdir(parents=True, exist_ok=True)
        calls.append(Called(config, path, config_name, force))
        raise Enough("Enough")

    def run(*arguments: str | Path, input: str | bytes | None = None) -> Called:
        result = cli("train", *arguments, input=input)
        assert "Enough" in result.stderr, result.stderr
        return calls[-1]

    # The package has a function of the module's name, which hides the module.
    monkeypatch.setattr(importlib.import_module("sentiment_cli.workflows.train"), "train", train)
    return run


class TestResult:
    def test_json_is_one_object_with_exactly_the_keys_of_the_contract(
        self, cli: Cli, workplace: Path, tiny_config: Path
    ) -> None:
        result = cli("train", "-c", tiny_config, "--name", "first", "--json")
        value = json.loads(result.stdout)
        assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
        assert list(value) == KEYS
        assert [value[key] for key in KEYS[:3]] == ["runs/first", "finished", "all epochs done"]
        assert (value["epochs"], value["best_epoch"] in (1, 2)) == (2, True)
        assert value["seconds"]["total"] > 0
        assert list(value["validation"]) == ["loss", "accuracy"]
        assert list(value["test"]) == ["loss", "accuracy", "accuracy_interval"]
        low, high = value["test"]["accuracy_interval"]
        assert 0 <= low <= value["test"]["accuracy"] <= high <= 1

    def test_text_is_the_result_on_stdout_and_what_comes_next_on_stderr(
        self, cli: Cli, workplace: Path, tiny_config: Path
    ) -> None:
        result = cli("train", "-c", tiny_config, "--name", "my first", "--epochs", "1")
        names = [line.split()[0] for line in result.stdout.splitlines()]
        assert names == ["run", "status", "epochs", "validation", "test", "baseline", "parameters", "time"]
        assert "0.5000 (always the most frequent class)" in result.stdout
        assert re.search(r"^test +accuracy [01]\.\d{4} \(95 %: 0\.\d{3} to [01]\.\d{3}\), loss ", result.stdout, re.M)
        lines = result.stderr.splitlines()
        assert lines[0] == "Run: runs/my first"
        assert sum(line.startswith("epoch 1/1  loss ") for line in lines) == 1
        assert lines[-4:] == [
            "Next: sentiment evaluate 'runs/my first'",
            "      sentiment misclassified 'runs/my first'",
            "      sentiment baseline 'runs/my first'   (what a linear model reaches)",
            "      runs/my first/plots/history.png shows the curves",
        ]

    def test_no_test_leaves_the_test_part_unread(self, cli: Cli, workplace: Path, tiny_config: Path) -> None:
        result = cli("train", "-c", tiny_config, "--name", "a", "--epochs", "1", "--no-test", "--json")
        assert json.loads(result.stdout)["test"] is None
        assert not (workplace / "runs/a/predictions-test.csv").exists()
        assert list(json.loads((workplace / "runs/a/metrics.json").read_text(encoding="utf-8"))) == ["validation"]

    def test_a_finished_run_is_extended(self, cli: Cli, run_copy: Path) -> None:
        result = cli("train", "--resume", "tiny", "--epochs", "3", "--json")
        assert json.loads(result.stdout)["epochs"] == 3
        assert saved(run_copy)["training"]["epochs"] == 3
        assert [line.split(",")[0] for line in (run_copy / "history.csv").read_text().splitlines()[1:]] == list("123")

    def test_a_dry_run_leaves_nothing_behind(self, cli: Cli, workplace: Path, tiny_config: Path) -> None:
        result = cli("train", "-c", tiny_config, "--dry-run", "--json")
        value = json.loads(result.stdout)
        assert result.exit_code == 0
        assert value["reviews"] == {"train": 30, "validation": 10, "test": 16}
        assert {"parameters", "expected_seconds", "memory_bytes", "warnings"} <= set(value)
        assert list(workplace.iterdir()) == []

    def test_force_replaces_a_run_whole(self, cli: Cli, run_copy: Path, tiny_config: Path) -> None:
        (run_copy / "old.txt").write_text("x", encoding="utf-8")
        result = cli("train", "-c", tiny_config, "--name", "tiny", "--epochs", "1", "--force", "-q")
        assert result.exit_code == 0
        assert not (run_copy / "old.txt").exists()
        assert saved(run_copy)["training"]["epochs"] == 1


class TestOptions:
    def test_every_option_that_changes_a_result_is_in_the_saved_configuration(
        self, cli: Cli, workplace: Path, tiny_config: Path
    ) -> None:
        write_reviews(workplace / "mine" / "train", tiny_texts(8))
        write_reviews(workplace / "mine" / "test", tiny_texts(4, start=50))
        content = tiny_config.read_text(encoding="utf-8").replace("data: {", "data: {classes: [x, y], ")
        options = ["--epochs", "1", "--seed", "7", "--limit", "6", "--device", "cpu", "--no-test"]
        settings = ["--set", "text.sequence_length=9", "--set", "model.recurrent.0.units=2"]
        result = cli("train", "-c", "-", "--name", "a", "--data", "mine", *options, *settings, input=content)
        assert result.exit_code == 0, result.stderr
        values = saved("runs/a")
        training = {key: values["training"][key] for key in ("epochs", "seed", "device", "evaluate_test")}
        assert training == {"epochs": 1, "seed": 7, "device": "cpu", "evaluate_test": False}
        assert values["data"]["source"] == str(workplace / "mine")  # absolute: it means the same elsewhere
        assert (values["data"]["classes"], values["data"]["limit"]) == (None, 6)
        assert (values["text"]["sequence_length"], values["model"]["recurrent"][0]["units"]) == (9, 2)
        record = Run(Path("runs/a")).read_record()
        assert record["class_names"] == ["bad", "good"]
        assert sum(record["reviews"].values()) == 12  # six of each class

    def test_data_replaces_source_and_classes_of_the_file(
        self, called: Callable[..., Called], tiny_reviews: Path
    ) -> None:
        assert load_config("lstm").data.classes == ["negative", "positive"]
        config = called("-c", "lstm", "--data", tiny_reviews).config
        assert (config.data.source, config.data.classes) == (str(tiny_reviews), None)

    def test_classes_that_are_set_stay_with_other_data(self, called: Callable[..., Called], tiny_reviews: Path) -> None:
        config = called("-c", "lstm", "--data", tiny_reviews, "--set", "data.classes=[good, bad]").config
        assert config.data.classes == ["good", "bad"]

    def test_file_options_and_settings_take_precedence_in_this_order(self, called: Callable[..., Called]) -> None:
        Path("mine.yaml").write_text("training: {epochs: 4, seed: 4, batch_size: 4}\n", encoding="utf-8")
        options = ["--seed", "5", "--set", "training.epochs=6", "--epochs", "5"]
        training = called("-c", "mine.yaml", *options).config.training
        assert (training.batch_size, training.seed, training.epochs) == (4, 5, 6)
        assert training.learning_rate == Config().training.learning_rate

    def test_without_a_configuration_it_is_the_quick_start_on_the_bundled_reviews(
        self, called: Callable[..., Called]
    ) -> None:
        call = called()
        assert call.config == load_config("lstm")
        assert call.config.data.source == "bnb"
        assert call.path.name.startswith("lstm-")

    @pytest.mark.parametrize(
        ("arguments", "path"),
        [(["--name", "a b"], "runs/a b"), (["--output-dir", "x/y"], "x/y"), (["--output-dir", "../z"], "../z")],
    )
    def test_the_place_of_the_run_can_be_chosen(
        self, called: Callable[..., Called], arguments: list[str], path: str
    ) -> None:
        Path("here").mkdir()
        os.chdir("here")
        assert called(*arguments).path == Path(path)


class TestDefaultName:
    @pytest.fixture(autouse=True)
    def at_noon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Noon(datetime):
            @classmethod
            def now(cls, tz: object = None) -> Noon:
                return cls(2026, 3, 1, 12, 0, 5)

        monkeypatch.setattr(importlib.import_module("sentiment_cli.cli._place"), "datetime", Noon)

    @pytest.mark.parametrize(
        ("config", "name"),
        [
            ("gru", "gru-20260301-120005"),
            ("gru.yaml", "gru-20260301-120005"),
            ("sub/mine.v2.yaml", "mine.v2-20260301-120005"),
            ("sub/mine.v2", "mine.v2-20260301-120005"),
            ("-", "stdin-20260301-120005"),
        ],
    )
    def test_is_configuration_date_and_time(self, called: Callable[..., Called], config: str, name: str) -> None:
        Path("sub").mkdir()
        Path("sub/mine.v2.yaml").write_text("{}\n", encoding="utf-8")
        call = called("-c", config, input="{}\n")
        assert call.path == Path("runs") / name
        assert call.config_name == name.removesuffix("-20260301-120005")

    def test_is_made_unique_within_a_second(self, called: Callable[..., Called]) -> None:
        names = [called("-c", "gru").path.name for _ in range(3)]
        assert names == [f"gru-20260301-120005{ending}" for ending in ("", "-2", "-3")]


@dataclass
class Ended:
    """A child process that was signalled: where it worked, how it ended, what it said."""

    place: Path
    code: int
    stdout: str
    stderr: str


EPOCHS = 40
STOPPING = "Stopping after this batch and saving; once more leaves at once"


def start(place: Path, config: Path, *arguments: str) -> subprocess.Popen[str]:
    place.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "sentiment_cli", "train", "-c", str(config), "--epochs", str(EPOCHS), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=place,
        env={**os.environ, "HOME": str(place), "COLUMNS": "100"},
    )


def read_to(child: subprocess.Popen[str], beginning: str) -> str:
    """What stderr says up to the line with this beginning."""
    said = ""
    assert child.stderr
    for line in child.stderr:
        said += line
        if line.startswith(beginning):
            return said
    raise AssertionError(f"{beginning!r} was never said:\n{said}")


def end(child: subprocess.Popen[str], place: Path, said: str) -> Ended:
    stdout, stderr = child.communicate(timeout=120)
    return Ended(place, child.returncode, stdout, said + stderr)


def stop_in_epoch(place: Path, config: Path, number: signal.Signals, *arguments: str) -> Ended:
    with start(place, config, *arguments) as child:
        said = read_to(child, "epoch ")
        child.send_signal(number)
        return end(child, place, said)


def stop_twice(place: Path, config: Path) -> Ended:
    with start(place, config, "--name", "a") as child:
        said = read_to(child, "epoch ")
        child.send_signal(signal.SIGINT)
        said += read_to(child, STOPPING)
        child.send_signal(signal.SIGINT)
        return end(child, place, said)


def stop_while_loading(place: Path, config: Path) -> Ended:
    reviews = write_reviews(place / "reviews", {**tiny_texts(8), "unsup": ["text"]})
    with start(place, config, "--name", "a", "--data", str(reviews)) as child:
        said = read_to(child, str(reviews))
        # That is said before TensorFlow is loaded, which takes seconds.
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        return end(child, place, said)


@pytest.fixture(scope="module")
def ended(tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Three trainings at once, each stopped in its own way."""
    place = tmp_path_factory.mktemp("stopped")
    with ThreadPoolExecutor(3) as pool:
        futures = {
            "sigint": pool.submit(stop_in_epoch, place / "1", tiny_config, signal.SIGINT, "--name", "a b", "--json"),
            "twice": pool.submit(stop_twice, place / "2", tiny_config),
            "loading": pool.submit(stop_while_loading, place / "3", tiny_config),
        }
        return {name: future.result(timeout=240) for name, future in futures.items()}


@pytest.fixture(scope="module")
def terminated(tiny_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A training that was sent SIGTERM."""
    place = tmp_path_factory.mktemp("terminated") / "1"
    return stop_in_epoch(place, tiny_config, signal.SIGTERM, "--output-dir", "out")


def assert_stopped(child: Ended, code: int, run: str) -> None:
    assert child.code == code, child.stderr
    assert f"{STOPPING}\n" in child.stderr
    assert child.stderr.endswith(f"To continue: sentiment train --resume {run}\n")
    assert "Traceback" not in child.stderr


def assert_continues(child: Ended, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(child.place)
    command = shlex.split(child.stderr.splitlines()[-1].removeprefix("To continue: "))
    assert command[0] == "sentiment"
    result = cli(*command[1:], "--json")
    value = json.loads(result.stdout)
    assert (result.exit_code, value["status"], value["epochs"]) == (0, "finished", EPOCHS)
    history = (Path(value["run"]) / "history.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [int(line.partition(",")[0]) for line in history] == list(range(1, EPOCHS + 1))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
class TestSignals:
    @pytest.mark.parametrize(("kind", "run"), [("sigint", "'runs/a b'"), ("twice", "runs/a")])
    def test_end_with_their_code_and_the_command_that_continues(
        self, ended: dict[str, Ended], kind: str, run: str
    ) -> None:
        assert_stopped(ended[kind], 130, run)

    # The code of SIGTERM, and that it stops as SIGINT does, is tested without a child in workflows/test_train.py.
    @pytest.mark.slow
    def test_sigterm_ends_with_its_own_code_and_is_followed_by_the_command_that_it_names(
        self, terminated: Ended, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert_stopped(terminated, 143, "out")
        assert_continues(terminated, cli, monkeypatch)

    def test_one_of_them_ends_it_after_the_batch_with_everything_saved(self, ended: dict[str, Ended]) -> None:
        child = ended["sigint"]
        value = json.loads(child.stdout)
        assert list(value) == KEYS
        assert (value["status"], value["stop_reason"], value["test"]) == ("interrupted", "interrupted", None)
        assert 1 <= value["epochs"] < EPOCHS
        count = "1 whole epoch" if value["epochs"] == 1 else f"{value['epochs']} whole epochs"
        assert f"Stopped after {count}; everything so far is saved.\n" in child.stderr
        run = Run(child.place / "runs/a b")
        assert run.read_record()["status"] == "interrupted"
        assert len(run.history_path.read_text(encoding="utf-8").splitlines()) == 1 + value["epochs"]
        assert Checkpoints(run.checkpoints_dir).has_last and (run.plots_dir / "history.png").exists()

    def test_one_is_followed_by_the_command_that_it_names_which_finishes(
        self, ended: dict[str, Ended], cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert_continues(ended["sigint"], cli, monkeypatch)

    def test_two_of_them_leave_at_once(self, ended: dict[str, Ended]) -> None:
        child = ended["twice"]
        assert child.stdout == ""
        assert re.search(r"^Stopped\. To continue: ", child.stderr, re.MULTILINE)
        record = Run(child.place / "runs/a").read_record()
        assert record["status"] == "interrupted"

    def test_while_tensorflow_loads_leave_neither_a_traceback_nor_a_run(self, ended: dict[str, Ended]) -> None:
        child = ended["loading"]
        assert (child.code, child.stdout) == (130, "")
        assert child.stderr.endswith("\nStopped.\n")
        assert "Traceback" not in child.stderr
        assert not (child.place / "runs").exists()
