"""Does a write that fails at any byte leave what was there before, and nothing else?

The system itself fails it: RLIMIT_FSIZE lets no file grow beyond a number of bytes. Run with: pytest -m faults
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sentiment_cli.atomic import write_json
from sentiment_cli.batch_history import BatchHistory, Step, write_batches
from sentiment_cli.config import load_config
from sentiment_cli.evaluation.predictions import read_predictions, write_predictions
from sentiment_cli.history import read_history, write_history
from sentiment_cli.runs import Run
from sentiment_cli.text.vocabulary import read_vocabulary, write_vocabulary
from sentiment_cli.training.checkpoint import take_snapshot, write_checkpoint
from sentiment_cli.training.state import TrainingState

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit"),
    pytest.mark.timeout(1800),
]
POSITIONS = 150  # of each file


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Let writes beyond so many bytes fail."""
    import resource

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def contents(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def positions(sizes: list[int]) -> list[int]:
    """Bytes at which a file may fail: the first and last ones, and others evenly between them."""
    largest = max(sizes)
    step = max(largest // POSITIONS, 1)
    return sorted({*range(0, largest, step), *range(min(20, largest)), *range(max(largest - 20, 0), largest)})


def writers(run: Run) -> dict[str, Callable[[Path], None]]:
    """What writes the files of a run, each into a place given."""
    from sentiment_cli.model.export import save_end_to_end
    from sentiment_cli.model.network import build_network
    from sentiment_cli.training.optimizers import build_optimizer

    config = load_config(run.config_path)
    vocabulary, predictions = read_vocabulary(run.vocabulary_path), read_predictions(run.predictions_path("test"))
    history, record = read_history(run.history_path), run.read_record()
    network: Any = build_network(config, len(vocabulary), 2, threads=1)
    optimizer = build_optimizer(config.training, 10)
    optimizer.build(network.trainable_variables)
    batches = BatchHistory()
    for step in range(1, 30):
        batches.add(Step(1, step, step, 8, 5.5, 4.0, 1e-3, 0.25))
    snapshot = take_snapshot(network, optimizer, TrainingState())
    return {
        "checkpoint": lambda place: write_checkpoint(place / "last", snapshot),
        "run.json": lambda place: write_json(place / "run.json", record),
        "history.csv": lambda place: write_history(place / "history.csv", history),
        "batches.csv": lambda place: write_batches(place / "batches.csv", batches),
        "predictions.csv": lambda place: write_predictions(place / "predictions.csv", predictions, ["bad", "good"]),
        "vocabulary.json": lambda place: write_vocabulary(place / "vocabulary.json", vocabulary),
        "model.keras": lambda place: save_end_to_end(place / "model.keras", config, vocabulary, network),
    }


@pytest.mark.parametrize(
    "name",
    ["checkpoint", "run.json", "history.csv", "batches.csv", "predictions.csv", "vocabulary.json", "model.keras"],
)
def test_a_write_that_fails_at_any_byte_leaves_what_was_there(trained_run: Path, tmp_path: Path, name: str) -> None:
    write, place = writers(Run(trained_run))[name], tmp_path / "place"
    write(place)
    before = contents(place)
    tried = positions([len(content) for content in before.values()])
    if name == "model.keras":
        tried = tried[:: len(tried) // 10]  # half a second each
    for size in tried:
        with no_file_above(size), pytest.raises(OSError, match=r"File too large|too large|[Ww]rite"):
            write(place)
        assert contents(place) == before, f"after a failure at byte {size}"
    write(place)
    print(f"{name}: {len(tried)} failing writes, {sum(map(len, before.values())):,} bytes")
