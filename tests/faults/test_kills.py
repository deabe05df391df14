"""Killed at any moment and continued, does a training end with the same bits as one that was left alone?

Every process is a real one, and dies by a real signal. Run with: pytest -m faults
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import assert_same_checkpoints, tiny_texts, write_reviews

from sentiment_cli.history import Epoch, read_history
from sentiment_cli.runs import Run

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
    pytest.mark.timeout(3600),
]

KILLS = int(os.environ.get("SENTIMENT_KILLS", "40"))  # of each kind of training
# Of ten, seven are of the kind that no process can answer.
SIGNALS = [signal.SIGKILL] * 7 + [signal.SIGTERM] * 2 + [signal.SIGINT]
COMMON = """
data: {{source: "{source}", validation_fraction: 0.25}}
text: {{max_tokens: 200, sequence_length: 24}}
training: {{epochs: 6, batch_size: 4, learning_rate: 0.01, checkpoint_seconds: 0.05, average: 0.9, {training}}}
model:
  embedding: {{dim: 8, dropout: 0.1, word_dropout: 0.1}}
  dropout: 0.3
  {model}
{more}
"""
KINDS = {
    "lstm": {"model": "recurrent: [{cell: lstm, units: 8, bidirectional: true}]"},
    "gru": {
        "model": "recurrent: [{cell: gru, units: 8, recurrent_dropout: 0.2}]",
        "training": "early_stopping: {monitor: val_loss, patience: 2}, schedule: {warmup: 0.2}",
    },
    "windows": {
        "model": "recurrent: [{cell: lstm, units: 8}]\n  window: 8\n  pooling: [max, mean]",
        "training": "refit: true",
    },
    "adversarial": {
        "model": "recurrent: [{cell: gru, units: 8}]\n  pooling: attention",
        "training": "adversarial: {kind: virtual}",
    },
    "language model": {
        "model": "recurrent: [{cell: lstm, units: 8, bidirectional: true}]\n  pooling: attention",
        "more": "pretrain: {kind: language_model, passes: 3, min_steps: 60, batch_size: 8, samples: 16}",
    },
    "extension": {
        "model": "recurrent: [{cell: lstm, units: 8}]",
        "training": "early_stopping: {monitor: val_loss, patience: 2, min_delta: 100}",
    },
    "seeds": {"model": "recurrent: [{cell: gru, units: 8}]", "training": "refit: true"},
}
# What a kind's command has beside a configuration, and the epochs that its finished runs are extended to.
OPTIONS = {"seeds": ["--seeds", "2"]}
FURTHER = {"extension": ["--epochs", "9"]}
# The files of a run that say nothing of time.
SAME = ("batches.csv", "vocabulary.json", "metrics.json", "predictions-test.csv", "predictions-validation.csv")


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reviews")
    write_reviews(root / "train", tiny_texts(60))
    write_reviews(root / "test", tiny_texts(20, start=100))
    return root


def begin(place: Path, *arguments: str) -> subprocess.Popen[str]:
    """A process of ours in a place of its own, whose cache is its own, too."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "HOME": str(place)}
    return subprocess.Popen(
        [sys.executable, "-m", "sentiment_cli", "train", *arguments],
        cwd=place,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, float]:
    """Exit code, what it said, and the seconds that it took."""
    started = time.monotonic()
    _, said = process.communicate(timeout=600)
    return process.returncode, said, time.monotonic() - started


def history(run: Path) -> list[Epoch]:
    return [replace(row, seconds=0.0) for row in read_history(Run(run).history_path)]


def single_runs(run: Path) -> list[Path]:
    """A run, or those of a group of seeds."""
    return sorted(run.glob("seed-*")) or [run]


def train_alone(place: Path, kind: str, config: Path, name: str) -> float:
    """Train without a stop, and keep a copy from before an extension; the seconds that the last command took."""
    commands = [["-c", str(config), "--output-dir", name, *OPTIONS.get(kind, [])]]
    if kind in FURTHER:
        commands.append(["--resume", name, *FURTHER[kind]])
    seconds = 0.0
    for command in commands:
        if command[0] == "--resume":
            shutil.copytree(place / name, place / f"{name} before")
        code, said, seconds = finish(begin(place, *command))
        assert code == 0, said
    return seconds


def is_done(run: Path, option: str, epochs: str) -> bool:
    """Whether a run has finished an extension; a signal may come when nothing is left but to say so."""
    record = Run(run).read_record()
    return record["status"] == "finished" and record["config"]["training"][option.lstrip("-")] == int(epochs)


def kill_once(process: subprocess.Popen[str], after: float, number: signal.Signals) -> tuple[bool, str]:
    """Let a process live so long, then send it a signal; whether it was still there, and what it said."""
    try:
        _, said = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        _, said = process.communicate(timeout=600)
        return True, said
    return False, said


def assert_ended_as_it_should(code: int, number: signal.Signals, said: str) -> None:
    """By the signal itself, or with its exit code and the command that continues."""
    assert "Traceback" not in said, said
    assert code in (-number, 128 + number, 0), said


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_and_continued_it_ends_with_the_same_bits(reviews: Path, tmp_path: Path, kind: str) -> None:
    blanks = {"model": "", "training": "", "more": ""}
    config = tmp_path / "config.yaml"
    config.write_text(COMMON.format(source=reviews, **{**blanks, **KINDS[kind]}), encoding="utf-8")
    alone = tmp_path / "alone"
    alone.mkdir()
    # The first compiles the loops, the second tells how long one takes that finds them compiled.
    train_alone(alone, kind, config, "compiling")
    whole = train_alone(alone, kind, config, "run")
    rng, kills, runs = random.Random(f"{kind} {os.environ.get('SENTIMENT_SEED', '1')}"), 0, 0
    while kills < KILLS:
        runs += 1
        run = alone / f"killed{runs}"
        if kind in FURTHER:
            shutil.copytree(alone / "run before", run)
        while True:
            start = ["-c", str(config), "--output-dir", run.name, *OPTIONS.get(kind, [])]
            go_on = ["--resume", run.name, *FURTHER.get(kind, [])] if run.exists() else start
            process, number = begin(alone, *go_on), rng.choice(SIGNALS)
            killed, said = kill_once(process, rng.uniform(0, 1.1 * whole), number)
            if not killed:
                assert process.returncode == 0 or "has finished its" in said, said
                break
            kills += 1
            assert_ended_as_it_should(process.returncode, number, said)
            if kind in FURTHER and is_done(run, *FURTHER[kind]):
                break  # the same command would train it further still
        for killed, other in zip(single_runs(run), single_runs(alone / "run"), strict=True):
            assert history(killed) == history(other)
            assert_same_checkpoints(killed, other)
        for path in (alone / "run").rglob("*"):
            if path.name in SAME:
                name = path.relative_to(alone / "run")
                assert (run / name).read_bytes() == path.read_bytes(), name
        assert not [path for path in run.rglob(".*") if path.name.startswith((".unfinished-", ".replaced-"))]
    print(f"{kind}: {kills} kills, {runs} runs, all equal")
