"""Make a directory of reviews of one's own tables."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from sentiment_cli.atomic import cannot_move
from sentiment_cli.errors import DataError, Interrupted, UsageError
from sentiment_cli.importing.making import make_directory
from sentiment_cli.importing.result import RESULT_FILE, ImportResult
from sentiment_cli.importing.settings import ImportSettings, open_inputs
from sentiment_cli.importing.writing import Workplace
from sentiment_cli.locking import locked
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent


def import_data(
    tables: Sequence[Path],
    target: Path,
    settings: ImportSettings | None = None,
    *,
    test: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    command: str = "",
) -> ImportResult:
    """Read tables and write each row as a file, ``<class>/<id>.txt``, below ``train`` and ``test`` with a test part.

    The directory is whole or not there. Broken off, the same call goes on.

    Args:
        tables: the files.
        target: the directory; it must not exist, unless ``force``.
        settings: what is to be made of them; None: columns are found by their names, each value is a class.
        test: a table that is the test part.
        force: replace a directory that an import made, and begin anew where another import was broken off.
        progress: told what happens; None: nobody is.
        command: the command line that goes on, for the message after a signal.

    Raises:
        DataError: a table cannot be used, or the directory exists.
        Interrupted: stopped by a signal.
        RunError: another process makes the same directory.
        UsageError: the options do not go together.
    """
    settings, progress = settings or ImportSettings(), progress or Silent()
    fraction = settings.test_fraction
    if fraction is not None and test is not None:
        raise UsageError("--test and --test-fraction both say what the test part is; give one of them.")
    if fraction is not None and not 0 < fraction < 1:
        raise UsageError(f"--test-fraction: expected a number above 0 and below 1, received {fraction:g}.")
    _check_target(target, force=force)
    workplace = Workplace(target)
    with StopRequest(progress.note):
        try:
            progress.phase("looking at the tables")
            inputs = open_inputs(tables, test, settings)
            with locked(workplace.lock_path):
                try:  # another process may have made it while the tables were looked at
                    _check_target(target, force=force)
                except DataError:
                    workplace.leave()
                    raise
                return make_directory(inputs, settings, workplace, progress, force=force)
        except Interrupted as error:
            message = "Stopped; what was written is kept."
            if command:
                message += f" To continue: {command}"
            raise Interrupted(message, exit_code=error.exit_code) from None


def _check_target(target: Path, *, force: bool) -> None:
    quoted = shlex.quote(str(target))
    if target.is_symlink() and not target.exists():
        raise DataError(f"{target} is a link to nothing. Remove it, or choose another --to.")
    if not target.exists():
        return
    if not target.is_dir():
        raise DataError(f"{target} is a file; expected a directory that is not there yet. Choose another --to.")
    if cannot_move(target):
        raise DataError(
            f"{target} is a directory that cannot be replaced: the working directory, or a mount point. Choose one "
            "below it as --to."
        )
    if not any(target.iterdir()):
        return
    if not (target / RESULT_FILE).is_file():
        raise DataError(
            f"{target} exists and was not made by an import (it has no {RESULT_FILE}). Choose another --to."
        )
    if not force:
        raise DataError(
            f"{target} exists. Look at it with `sentiment data check {quoted}`, replace it with --force, or choose "
            "another --to."
        )
