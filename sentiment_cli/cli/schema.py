"""`sentiment schema`: the JSON schema of configurations, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output


@click.command()
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="File to write instead of stdout."
)
@output_options
def schema(target: Path | None) -> None:
    """Print the JSON schema of configurations, by which editors complete and check them.

    \b
    An editor with YAML support finds it by a line in the configuration:
      # yaml-language-server: $schema=sentiment.schema.json
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    from sentiment_cli.atomic import write_text
    from sentiment_cli.config.json_schema import render_json_schema

    text = render_json_schema()
    if target is None:
        output.result(json.loads(text), lambda: text.rstrip("\n"))
        return
    write_text(target, text)
    output.result({"path": str(target)}, lambda: str(target))
