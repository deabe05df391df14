"""The directory of a new run: whether it may be made, and what becomes of the run that it replaces."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sentiment_cli.atomic import is_set_aside, remove_directory, replacing_directory, set_aside, settle
from sentiment_cli.config import Config, write_config
from sentiment_cli.errors import ConfigError, DataError, Interrupted, RunError
from sentiment_cli.locking import locked
from sentiment_cli.runs import Run, SeedGroup, open_run
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.workflows.record import resume_command


def check_free(run: Run, *, force: bool = False) -> None:
    """Raise a RunError when a new run cannot have this directory."""
    _check_name(run)
    if not run.path.exists():
        settle(run.path)
    if run.path.is_symlink() and not run.path.exists():
        raise RunError(f"{run.path} is a link to nothing. Remove it, or choose another --output-dir.")
    if not run.path.exists():
        return
    if not force and not open_run(run.path):
        raise RunError(f"{run.path} exists and is not a run. Choose another --output-dir.")
    if force and (not run.path.is_dir() or not (open_run(run.path) or not any(run.path.iterdir()))):
        raise RunError(f"{run.path} exists and is not a run; --force replaces only runs. Choose another --output-dir.")
    if not force:
        raise RunError(
            f"{run.path} exists; a run is never overwritten silently. Continue it with "
            f"{resume_command(run)}, replace it with --force, or choose another --output-dir."
        )


def check_new(several: Run, kind: str) -> None:
    """Raise a RunError when a new ladder or sweep, which replaces nothing, cannot have this directory.

    Args:
        several: the ladder or the sweep.
        kind: the word for it.
    """
    _check_name(several)
    if several.record_path.is_file():
        raise RunError(
            f"{several.path} exists; a {kind} is never overwritten silently. Continue it with "
            f"{resume_command(several)}, or choose another --output-dir."
        )
    if several.path.exists() or several.path.is_symlink():
        raise RunError(f"{several.path} exists and is not a {kind}. Choose another --output-dir.")


def _check_name(run: Run) -> None:
    try:
        str(run.path).encode("utf-8")
    except UnicodeEncodeError:
        raise RunError(
            f"{str(run.path)!a} is not a name in UTF-8, as pictures and models need. Choose another --output-dir."
        ) from None


@contextlib.contextmanager
def replacing_run(
    run: Run, config: Config, record: Mapping[str, Any], note: Callable[[str], None], *, force: bool
) -> Iterator[None]:
    """Make a run for the body to train; one that it replaces comes back where nothing came of the new one.

    Args:
        run: what is made.
        config: its configuration.
        record: its record.
        note: told that the other run is back.
        force: set a run aside that is there, until `atomic.settle` is called, or the body ends.

    Raises:
        Interrupted: stopped before there was a checkpoint, and the run that was to be replaced is back.
        RunError: another process was faster, or writes into the run that is to be replaced.
    """
    if force and run.path.exists():
        set_run_aside(run)
    try:
        _create_run(run, config, record)
    except BaseException:
        if not run.path.exists():
            settle(run.path)
        raise
    try:
        yield
    except BaseException as error:
        replaces = force and is_set_aside(run.path)
        if (replaces or isinstance(error, (ConfigError, DataError))) and not _has_checkpoint(run):
            # A corrected call should find the way free. Should removing fail, the other run stays set aside.
            remove_directory(run.path)
            settle(run.path)
            if replaces:
                _tell_back(run, error, note)
        raise
    if force:
        settle(run.path)


def _tell_back(run: Run, error: BaseException, note: Callable[[str], None]) -> None:
    back = f"{run.path} is the run that was there before."
    if isinstance(error, Interrupted):
        raise Interrupted(f"Stopped before the first step. {back}", exit_code=error.exit_code) from None
    note(back)


def set_run_aside(run: Run) -> None:
    """Make way, unless another process writes there."""
    group = SeedGroup(run.path)
    with contextlib.ExitStack() as locks:
        for single in (run, *(group.members if group.record_path.is_file() else [])):
            if single.path.exists():
                locks.enter_context(locked(single.lock_path))
    if is_set_aside(run.path):  # a process was killed that was to replace another run by this one
        if not _has_checkpoint(run):
            remove_directory(run.path)
        settle(run.path)
    set_aside(run.path)


def _has_checkpoint(run: Run) -> bool:
    group = SeedGroup(run.path)
    runs = group.members if group.record_path.is_file() else [run]
    return any(Checkpoints(single.checkpoints_dir).has_last for single in runs)


def _create_run(run: Run, config: Config, record: Mapping[str, Any]) -> None:
    """Make the directory with configuration and record: at once, so that a kill leaves both or nothing."""
    try:
        with replacing_directory(run.path, new=True) as temporary:
            unnamed = type(run)(temporary)
            write_config(unnamed.config_path, config)
            unnamed.write_record({**record, "status": "running", "stop_reason": None})
    except FileExistsError:
        if not run.path.exists():  # a file is where a directory has to be
            raise RunError(f"{run.path} cannot be made: {run.path.parent} is not a directory.") from None
        raise RunError(f"{run.path} exists; another process made it meanwhile. Choose another --output-dir.") from None
