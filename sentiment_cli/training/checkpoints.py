"""The checkpoints of one training: the latest ones to go on from, and those of the best epochs.

    last-<epoch>-<batch>   in the middle of an epoch, or at the beginning of the next one; the latest two
    best-<epoch>           the weights of an epoch that was the best so far; the latest three

Of each kind more than one is kept: where the latest is damaged, a training goes on from the one before, to the same
result, and finds the best epoch that this one speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import remove_directory, remove_temporaries
from sentiment_cli.errors import RunError
from sentiment_cli.training.checkpoint import (
    Damaged,
    Snapshot,
    check_checkpoint,
    manifest_digest,
    restore_checkpoint,
    write_checkpoint,
)
from sentiment_cli.training.state import TrainingState

_NAME = re.compile(r"(last|best)-(\d+)(?:-(\d+))?")
# A best epoch may be written whose `last` never was: the latest two of those speak of two other epochs at the most.
_KEPT = {"last": 2, "best": 3}
# The optimizer's and the averaged weights make up more than half of `last`: a `best` is less than half as large. Both
# kinds together, one more of each being written, take less than so many of `last`.
MOST_KEPT = 5


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints in one directory, which need not exist yet.

    Args:
        directory: where they are.
    """

    directory: Path

    @property
    def has_last(self) -> bool:
        """Whether there is something to go on from, damaged or not."""
        return bool(self._find("last"))

    @property
    def has_best(self) -> bool:
        """Whether the weights of an epoch are there, damaged or not."""
        return bool(self._find("best"))

    def save_last(self, snapshot: Snapshot, state: TrainingState) -> None:
        """Keep what the training goes on from.

        Raises:
            OSError: the disk failed or is full; those before are kept.
        """
        self._save(f"last-{state.epoch:05d}-{state.batch:07d}", snapshot)

    def save_best(self, snapshot: Snapshot, epoch: int) -> None:
        """Keep the weights of an epoch.

        Raises:
            OSError: the disk failed or is full; those before are kept.
        """
        self._save(f"best-{epoch:05d}", snapshot)

    def restore_last(
        self, network: Any, optimizer: Any, average: Any | None = None, *, warn: Callable[[str], None]
    ) -> TrainingState:
        """Go back to the latest checkpoint that is whole; each that is not is told to ``warn``.

        Raises:
            RunError: there is none, all are damaged, or they do not fit the configuration.
        """
        found = self._find("last")
        for index, path in enumerate(found):
            try:
                return restore_checkpoint(path, network, optimizer, average)
            except Damaged as error:
                if index + 1 == len(found):
                    raise
                warn(f"{error} The one before is taken: {found[index + 1].name}.")
        raise RunError(f"{self.directory} has no checkpoint: the run was stopped before it had something to keep.")

    def restore_best(self, network: Any, epoch: int | None = None) -> TrainingState:
        """Load the weights of an epoch, or of the latest best one.

        Raises:
            RunError: they are not there, damaged, or do not fit the configuration.
        """
        return restore_checkpoint(self._find_best(epoch), network)

    def best_digest(self) -> str:
        """What tells the weights of the latest best epoch from others: the checksum of the checksums of its files.

        Raises:
            RunError: they are not there.
        """
        return manifest_digest(self._find_best(None))

    def check_best(self, epoch: int) -> None:
        """Raise a RunError where the weights of an epoch are not there or damaged."""
        check_checkpoint(self._find_best(epoch))

    def keep_only(self, best_epoch: int) -> None:
        """Remove what a finished training no longer needs: all but the latest one, and the best epoch."""
        best = self.directory / f"best-{best_epoch:05d}"
        for path in [*self._find("last")[1:], *(path for path in self._find("best") if path != best)]:
            remove_directory(path)

    def make_room(self) -> bool:
        """Remove what is kept for the case of damage alone, and say whether there was something.

        The latest of `last` stays, and of `best` the latest two, for it speaks of one of them; where nothing speaks of
        any, the latest. Where the latest of `last` is damaged, all stay.
        """
        last, best = self._find("last"), self._find("best")
        try:
            if last:
                check_checkpoint(last[0])
        except RunError:
            return False
        spare = [*last[1:], *best[2 if last else 1 :]]
        for path in spare:
            remove_directory(path)
        return bool(spare)

    def remove_all(self) -> None:
        """Remove every checkpoint, for what begins anew: its own would be older than they, and soon be removed."""
        for path in [*self._find("last"), *self._find("best")]:
            remove_directory(path)

    def _save(self, name: str, snapshot: Snapshot) -> None:
        remove_temporaries(self.directory)
        write_checkpoint(self.directory / name, snapshot)
        kind = name.partition("-")[0]
        for path in self._find(kind)[_KEPT[kind] :]:
            remove_directory(path)

    def _find_best(self, epoch: int | None) -> Path:
        found = self._find("best")
        wanted = [path for path in found if epoch is None or path == self.directory / f"best-{epoch:05d}"]
        if not wanted:
            which = "no weights of any epoch" if epoch is None else f"no weights of epoch {epoch}"
            raise RunError(f"{self.directory} has {which}; restore what was there, or train anew.")
        return wanted[0]

    def _find(self, kind: str) -> list[Path]:
        """The latest first."""
        if not self.directory.is_dir():
            return []
        named = [(match, path) for path in self.directory.iterdir() if (match := _NAME.fullmatch(path.name))]
        found = [(int(match[2]), int(match[3] or 0), path) for match, path in named if match[1] == kind]
        return [path for _, _, path in sorted(found, reverse=True)]
