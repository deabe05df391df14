"""The directory of a new run: whether it may be made, and what becomes of the run that it replaces."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
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
    if not run.path.exists():
        settle(run.path)
    if not run.path.exists():
        return
    if force and (not run.path.is_dir() or not (open_run(run.path) or not any(run.path.iterdir()))):
        raise RunError(f"{run.path} exists and is not a run; --force replaces only runs. Choose another --output-dir.")
    if not force:
        raise RunError(
            f"{run.path} exists; a run is never overwritten silently. Continue it with "
            f"{resume_command(run)}, replace it with --force, or choose another --output-dir."
        )


@contextlib.contextmanager
def new_run(run: Run, config: Config, record: Mapping[str, Any], *, force: bool) -> Iterator[None]:
    """Make a run for the body to train; one that it replaces comes back where nothing came of the new one.

    Args:
        run: what is made.
        config: its configuration.
        record: its record.
        force: set a run aside that is there, until `atomic.settle` is called, or the body ends.

    Raises:
        Interrupted: stopped before there was a checkpoint, and the run that was to be replaced is back.
        RunError: another process was faster, or writes into the run that is to be replaced.
    """
    _create_run(run, config, record, force=force)
    try:
        yield
    except BaseException as error:
        replaces = force and is_set_aside(run.path)
        # A corrected call should find the way free.
        in_the_way = replaces or isinstance(error, (ConfigError, DataError))
        if in_the_way and run.path.exists() and not _has_checkpoint(run):
            remove_directory(run.path)
            if replaces and isinstance(error, Interrupted):
                message = f"Stopped before the first step. {run.path} is the run that was there before."
                raise Interrupted(message, exit_code=error.exit_code) from None
        raise
    finally:
        if force:
            settle(run.path)


def _has_checkpoint(run: Run) -> bool:
    runs = run.members if isinstance(run, SeedGroup) else [run]
    return any(Checkpoints(single.checkpoints_dir).has_last for single in runs)


def _create_run(run: Run, config: Config, record: Mapping[str, Any], *, force: bool) -> None:
    """Make the directory with configuration and record: at once, so that a kill leaves both or nothing."""
    if force and run.path.exists():
        with locked(run.lock_path):
            pass
        set_aside(run.path)
    try:
        with replacing_directory(run.path, new=True) as temporary:
            unnamed = type(run)(temporary)
            write_config(unnamed.config_path, config)
            unnamed.write_record({**record, "status": "running", "stop_reason": None})
    except BaseException as error:
        if force:
            settle(run.path)
        if not isinstance(error, FileExistsError):
            raise
        if not run.path.exists():  # a file is where a directory has to be
            raise RunError(f"{run.path} cannot be made: {run.path.parent} is not a directory.") from None
        raise RunError(f"{run.path} exists; another process made it meanwhile. Choose another --output-dir.") from None
