"""Where does what is trained go, and which of the ladders or sweeps that are there is meant?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sentiment_cli.errors import RunError, UsageError, suggest
from sentiment_cli.runs import RUNS_DIR, new_run, safe_name


def choose_place(kind: str, label: str, name: str | None, directory: Path | None) -> Path:
    """The directory that ``--name`` and ``--output-dir`` ask for; without them, one with the time in its name.

    Args:
        kind: the word for what is trained.
        label: what its name begins with by itself.
        name: its directory below ``./runs``.
        directory: the directory.

    Raises:
        UsageError: both are given, or the name cannot be a directory everywhere.
    """
    if name is not None and directory is not None:
        raise UsageError(f"--name and --output-dir both say where the {kind} goes; give one of them.")
    if directory is not None:
        return directory
    if name is None:
        return new_run(f"{label}-{datetime.now():%Y%m%d-%H%M%S}").path
    if safe_name(name) != name:
        raise UsageError(f"--name {name!r} cannot be a directory name everywhere; try {safe_name(name)!r}.")
    return RUNS_DIR / name


def no_such(kind: str, name: str, known: Sequence[str]) -> RunError:
    """What to raise where a ladder or a sweep is not there.

    Args:
        kind: the word for it.
        name: what was asked for.
        known: the names of those that are there.
    """
    hint = suggest(name, known) if known else f"there are no {kind}s in {RUNS_DIR.resolve()} yet."
    return RunError(f'No {kind} "{name}": neither that directory nor {RUNS_DIR / name} is one; {hint}')
