"""`sentiment info`: versions, devices and paths, for bug reports."""

from __future__ import annotations

from typing import Any

import click

from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, pairs


@click.command()
@output_options
def info() -> None:
    """Show versions, devices, threads and paths. -v lets TensorFlow say what it says when it starts."""
    output = Output.current()
    from sentiment_cli.workflows.info import describe_installation

    values = describe_installation(chatter=output.verbose)
    output.result(values, lambda: pairs(list(_flatten(values))))


def _flatten(values: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in values.items():
        if isinstance(value, dict):
            rows += [(key, str(item)) for key, item in value.items()]
        else:
            rows.append((name, _shown(value)))
    return rows


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
