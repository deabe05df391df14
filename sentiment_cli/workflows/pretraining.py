"""What a configuration learns before its training: found among what is kept, or learned, and given to the network."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.config.pretraining import Pretraining
from sentiment_cli.config.schema import Config
from sentiment_cli.data.loading import Splits
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.locking import locked
from sentiment_cli.model.network import first_layers
from sentiment_cli.plots.perplexity import plot_perplexity
from sentiment_cli.plots.save import save_figure
from sentiment_cli.pretraining.store import (
    Damaged,
    Kept,
    check_writable,
    find_kept,
    keep,
    lock_path,
    unfinished_dir,
)
from sentiment_cli.training.progress import Progress
from sentiment_cli.workflows.pretraining_tasks import VECTORS, Task, layer_arrays, make_task
from sentiment_cli.workflows.record import now


@dataclass(frozen=True)
class Pretrained:
    """What a training begins with.

    Args:
        kind: what was learned.
        kept: where it is, and its arrays.
        reused: it was there before.
    """

    kind: str
    kept: Kept
    reused: bool

    @property
    def vocabulary(self) -> list[str]:
        """Tokens in the order of their ids."""
        return self.kept.vocabulary

    def summary(self) -> dict[str, Any]:
        """What the record of a run says of it."""
        return {
            "kind": self.kind,
            "directory": str(self.kept.directory),
            "sha256": self.kept.sha256,
            "seconds": self.kept.record["seconds"],
            "reused": self.reused,
        }

    def apply(self, network: Any) -> None:
        """Give the weights that were learned to a network with fresh ones."""
        embedding, recurrent = first_layers(network)
        embedding.embeddings.assign(self.kept.arrays[VECTORS])
        if self.kind == "language_model":
            recurrent.set_weights([self.kept.arrays[name] for name in layer_arrays(len(recurrent.weights))])


def obtain_pretrained(
    settings: Pretraining, config: Config, data: PreparedData, splits: Splits, threads: int | None, progress: Progress
) -> Pretrained:
    """Find a result of pretraining among those that are kept, or learn and keep it.

    Args:
        settings: ``pretrain`` of the configuration.
        config: the configuration.
        data: the prepared files.
        splits: the reviews; their labels are not used.
        threads: of the compiled loops; None: on a GPU.
        progress: told what happens.

    Raises:
        DataError: there are no texts, or the file of word vectors cannot be used.
        RunError: nothing can be kept.
    """
    return _obtain(make_task(settings, config, data, splits, threads, progress), progress)


def find_pretrained(
    settings: Pretraining, config: Config, data: PreparedData, splits: Splits, threads: int | None, progress: Progress
) -> Pretrained | None:
    """As `obtain_pretrained`, but None where it would have to be learned, which takes its time."""
    task = make_task(settings, config, data, splits, threads, progress)
    if config.vectors_file is not None:
        return _obtain(task, progress)
    found = _find(task, progress)
    if found is None:
        progress.note("Pretraining: left out here, since it takes its time; `sentiment pretrain` does it and keeps it")
    return found


def _obtain(task: Task, progress: Progress) -> Pretrained:
    def wait() -> None:
        progress.note("Pretraining: another process is at it, and is waited for")

    # Without the lock first: what is kept can be read where nothing can be written.
    with contextlib.suppress(Damaged):
        if kept := find_kept(task.kind, task.decides):
            return _taken(task, kept, progress)
    check_writable()
    with locked(lock_path(task.kind, task.decides), wait=wait):
        return _find(task, progress) or _learn(task, progress)


def _find(task: Task, progress: Progress) -> Pretrained | None:
    try:
        kept = find_kept(task.kind, task.decides)
    except Damaged as error:
        progress.warn(f"{error} It is made anew.")
        return None
    return None if kept is None else _taken(task, kept, progress)


def _taken(task: Task, kept: Kept, progress: Progress) -> Pretrained:
    progress.note(f"Pretraining: taken from {kept.directory} (made {kept.record['made']})")
    return Pretrained(task.kind, kept, reused=True)


def _learn(task: Task, progress: Progress) -> Pretrained:
    started = time.perf_counter()
    unfinished = unfinished_dir(task.kind, task.decides)
    start = None if task.start is None else _obtain(task.start, progress).kept
    vocabulary, arrays, details = task.learn(unfinished, start)
    seconds = round(time.perf_counter() - started + details.pop("seconds_before", 0.0), 3)
    kept = keep(task.kind, task.decides, vocabulary, arrays, {**details, "seconds": seconds, "made": now()})
    shutil.rmtree(unfinished, ignore_errors=True)
    draw_perplexity(kept)
    progress.note(f"Pretraining: kept in {kept.directory}")
    return Pretrained(task.kind, kept, reused=False)


def draw_perplexity(kept: Kept) -> Path | None:
    """The picture of a language model's passes beside it, drawn where it is not there yet; None for other kinds."""
    if "perplexity" not in kept.record:
        return None
    path = kept.directory / "perplexity.png"
    if not path.exists():
        save_figure(plot_perplexity([row["perplexity"] for row in kept.record["passes"]]), path)
    return path
