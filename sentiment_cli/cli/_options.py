"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sentiment_cli import __version__
from sentiment_cli.cli._completion import SOURCE
from sentiment_cli.cli._target import PICTURES, ending
from sentiment_cli.config.overrides import Override
from sentiment_cli.errors import UsageError
from sentiment_cli.picture_look import COLUMN, NARROWEST, STYLES, WIDEST, Look, choose_look
from sentiment_cli.runs import SPLITS

if TYPE_CHECKING:
    from sentiment_cli.ray_cluster import RayWorkers

# Which predictions `evaluate --explain` explains.
EXPLAINED = ("wrong", "all")

# Keys of `data` that --data replaces with the source. The schema, which takes 0.1 s to import, knows them as well.
OF_THE_SOURCE = (
    "classes", "text_column", "label_column", "id_column", "rating_column", "label_map", "test_source",
)  # fmt: skip

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


def source_option(command: Command) -> Command:
    """``--data``; give it to `make_overrides`, as the two that follow."""
    return click.option(
        "--data", "source", type=SOURCE, help="bnb, imdb, a directory of class directories, or a table."
    )(command)


def limit_option(command: Command) -> Command:
    """``--limit``."""
    return click.option("--limit", type=int, metavar="N", help="Use N reviews a class only, for a quick try.")(command)


def device_option(command: Command) -> Command:
    """``--device``."""
    return click.option("--device", metavar="auto|cpu|gpu[:N]", help="Where the networks run.")(command)


def split_option(command: Command) -> Command:
    """``--split`` of a run's own data."""
    return click.option(
        "--split", type=click.Choice(SPLITS), default="test", show_default=True, help="Part of the run's own data."
    )(command)


def picture_options(command: Command) -> Command:
    """``--style`` and ``--width`` of the picture that ``-o`` names; read them with `picture_look`."""
    style = click.option(
        "--style",
        "picture_style",
        type=click.Choice(STYLES),
        expose_value=False,
        callback=_keep,
        help="Of the picture: paper has no headline, and letters of 8 points with their fonts.  [default: screen]",
    )
    width = click.option(
        "--width",
        "picture_width",
        type=click.FloatRange(NARROWEST, WIDEST),
        metavar="INCHES",
        expose_value=False,
        callback=_keep,
        help=f"Of the picture.  [default: what it needs; {COLUMN}, a column, on paper]",
    )
    return style(width(command))


def picture_look(target: Path | None) -> Look:
    """The look that the running command was asked for; draw within `plots.style.using` of it.

    Args:
        target: the file that was asked for with ``-o``.

    Raises:
        UsageError: a look was asked for and no picture in a file; those in a run all have the screen's.
    """
    meta = click.get_current_context().meta
    style, width = meta.get("picture_style"), meta.get("picture_width")
    option = "--style" if style else "--width"
    if target is None and (style, width) != (None, None):
        raise UsageError(f"{option} needs -o FILE: the pictures in a run all have the look of a screen.")
    if ending(target) not in PICTURES and (style, width) != (None, None):
        raise UsageError(f"{option} is for pictures, which end in .png, .svg or .pdf; received -o {target}.")
    if width is not None and math.isnan(width):  # which click takes for being within any range
        raise UsageError(f"--width: expected inches from {NARROWEST:g} to {WIDEST:g}, received nan.")
    return choose_look(style, width)


def ray_options(command: Command) -> Command:
    """``--ray`` and ``--workers``; read them with `ray_workers`."""
    where = click.option("--ray", metavar="ADDRESS|local", help="Work on a Ray cluster, or on one of this machine.")
    count = click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes that share it, with --ray.")
    return where(count(command))


def ray_workers(ray: str | None, workers: int | None) -> RayWorkers | None:
    """What ``--ray`` and ``--workers`` ask for; None: this machine without Ray."""
    from sentiment_cli.ray_cluster import RayWorkers

    if ray is not None:
        return RayWorkers(ray, workers)
    if workers is not None:
        raise UsageError("--workers is for a cluster; add --ray local for one on this machine.")
    return None


class ExplainCommand(click.Command):
    """A command whose ``--explain`` may stand alone, which means ``wrong``; click would take the run for its value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give ``--explain`` its value where it has none."""
        whole = [
            f"{arg}=wrong" if arg == "--explain" and after not in EXPLAINED else arg
            for arg, after in zip(args, [*args, ""][1:], strict=True)
        ]
        return super().parse_args(ctx, whole)


def make_overrides(
    *,
    source: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    limit: int | None = None,
    device: str | None = None,
    test: bool | None = None,
) -> list[Override]:
    """What ``--data``, ``--epochs``, ``--seed``, ``--limit``, ``--device``, ``--test`` and ``--no-test`` replace.

    None: the option was not given.
    """
    overrides = []
    if source is not None:
        overrides.append(Override(("data", "source"), source, "--data"))
        overrides += [Override(("data", key), None, "--data") for key in OF_THE_SOURCE]
    for key, value in {"epochs": epochs, "seed": seed, "device": device}.items():
        if value is not None:
            overrides.append(Override(("training", key), value, f"--{key}"))
    if test is not None:
        overrides.append(Override(("training", "evaluate_test"), test, "--test" if test else "--no-test"))
    if limit is not None:
        overrides.append(Override(("data", "limit"), limit, "--limit"))
    return overrides


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if parameter.name:
        context.meta[parameter.name] = value


def config_label(given: str) -> str:
    """What a configuration is called in names and records, from how it was given."""
    return "stdin" if given == "-" else Path(given).name.removesuffix(".yaml")


def command_line() -> str:
    """The command as it was given, for records."""
    return shlex.join(["sentiment", *sys.argv[1:]])


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and parameter.name:
        context.meta[parameter.name] = True
