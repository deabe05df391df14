"""Which run a command is about."""

from __future__ import annotations

from sentiment_cli.cli._output import Output
from sentiment_cli.run_search import find_run
from sentiment_cli.runs import Run


def chosen_run(name: str | None, output: Output) -> Run:
    """The run that was named, or the newest finished one, which is then said on stderr.

    Raises:
        RunError: there is no such run.
    """
    run = find_run(name)
    if name is None:
        output.note(f"Run: {run.path} (the newest finished one)")
    return run
