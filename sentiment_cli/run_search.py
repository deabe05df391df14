"""Which runs are there, and which one does a user mean?"""

from __future__ import annotations

import shlex
from pathlib import Path

from sentiment_cli.atomic import settle
from sentiment_cli.errors import RunError, shorten_list, suggest
from sentiment_cli.runs import RUNS_DIR, Run, is_ladder, is_sweep, open_run


def list_runs(directory: Path = RUNS_DIR) -> list[Run]:
    """The runs, groups of seeds and variants of ladders in a directory, oldest first.

    Those in a group are not among them, nor are the trials of a sweep, whose best settings are for a run of their own.
    """
    if not directory.is_dir():
        return []
    places = [directory, *filter(is_ladder, directory.iterdir())]
    paths = [path for place in places for path in place.iterdir() if not path.name.startswith(".")]
    runs = [run for path in paths if (run := open_run(path))]
    return sorted(runs, key=lambda run: (_started(run), run.name))


def find_run(name: str | None, directory: Path = RUNS_DIR) -> Run:
    """The run that a user means, or the group of seeds.

    Args:
        name: its directory, a name under ``directory``, or None for the newest finished one there.
        directory: where runs are kept.

    Raises:
        RunError: there is no such run.
    """
    if name is None:
        return _newest_finished(directory)
    for path in (Path(name), directory / name):
        if not path.exists():
            settle(path)
        run = open_run(path)
        if run:
            return run
        if is_ladder(path):
            begun = shorten_list(sorted(str(below) for below in path.iterdir() if open_run(below)))
            raise RunError(
                f"{path} is a ladder of several runs; name one of them{f' ({begun})' if begun else ''}, or see all: "
                f"sentiment compare {shlex.quote(str(path))}"
            )
        if is_sweep(path):
            raise RunError(
                f"{path} is a sweep of several trials; name one of them, such as {path / 'trial-001'}, or see all: "
                f"sentiment sweep {shlex.quote(str(path))}"
            )
    if Path(name).is_dir():
        raise RunError(f"{name} is not a run: it has no run.json.")
    names = [run.name for run in list_runs(directory)]
    hint = suggest(name, names[::-1][:10]) if names else f"there are no runs in {directory.resolve()} yet."
    raise RunError(f'No run "{name}": neither that directory nor {directory / name} is one; {hint}')


def _newest_finished(directory: Path) -> Run:
    runs = list_runs(directory)
    finished = [run for run in runs if _status(run) == "finished"]
    if finished:
        return finished[-1]
    if runs:
        names = shorten_list([run.name for run in runs])
        raise RunError(f"No run in {directory.resolve()} has finished. There is {names}: name the one you mean.")
    raise RunError(f"There are no runs in {directory.resolve()}. Train one first: sentiment train")


def _status(run: Run) -> str:
    try:
        return str(run.read_record().get("status", ""))
    except RunError:
        return "damaged"


def _started(run: Run) -> str:
    try:
        return str(run.read_record().get("started", ""))
    except RunError:
        return ""
