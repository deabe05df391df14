"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from sentiment_cli import __version__
from sentiment_cli.runs import SPLITS

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """``--json``, ``-q``, ``-v``, ``--debug`` and ``--version``; read them with `_output.Output`."""
    command = click.version_option(__version__, prog_name="sentiment")(command)
    for option in (
        click.option("--debug", is_flag=True, expose_value=False, callback=_remember, help="Show tracebacks."),
        click.option("-v", "--verbose", is_flag=True, expose_value=False, callback=_remember, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_remember, help="Results only."),
        click.option("--json", "as_json", is_flag=True, expose_value=False, callback=_remember, help="Result as JSON."),
    ):
        command = option(command)
    return command


def split_option(command: Command) -> Command:
    """``--split`` of a run's own data."""
    return click.option(
        "--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Part of the run's own data."
    )(command)


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and parameter.name:
        context.meta[parameter.name] = True
