"""`sentiment configs`, `init` and `validate`: see, copy and check configurations."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from sentiment_cli.atomic import write_text
from sentiment_cli.cli._completion import CONFIG, SETTING
from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, pairs
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.config.load import config_values, load_config
from sentiment_cli.config.yaml_source import dump_yaml
from sentiment_cli.errors import SentimentError, UsageError, suggest
from sentiment_cli.resources import SCHEMA_FILE, shipped_configs

_FOR_EDITORS = "# yaml-language-server:"


@click.command()
@click.argument("name", required=False)
@click.option("--reference", is_flag=True, help="Show every setting with type, default and meaning, as Markdown.")
@output_options
def configs(name: str | None, reference: bool) -> None:
    """List the shipped configurations, or show the one called NAME."""
    output = Output.current()
    if reference:
        from sentiment_cli.config.reference import render_reference

        page = render_reference()
        output.result({"reference": page}, lambda: page.rstrip("\n"))
        return
    if name is None:
        summaries = {key: _summary(path) for key, path in shipped_configs().items()}
        output.result({"configs": summaries}, lambda: pairs(list(summaries.items())))
        return
    path = _shipped(name)
    text = path.read_text(encoding="utf-8")
    output.result({"name": path.stem, "path": str(path), "text": text}, lambda: text.rstrip("\n"))


@click.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; default: NAME.yaml.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@output_options
def init(name: str, target: Path | None, force: bool) -> None:
    """Copy the shipped configuration NAME, to be changed."""
    output = Output.current()
    source = _shipped(name)
    target = target or Path(f"{source.stem}.yaml")
    if target.exists() and not force:
        raise SentimentError(f"{target} exists; choose another file with -o, or replace it with --force.")
    write_text(target, source.read_text(encoding="utf-8"))
    _write_schema(target.with_name(SCHEMA_FILE), output)
    output.result({"path": str(target)}, lambda: str(target))
    output.note(f"Change it, then: sentiment train --config {target}")


def _write_schema(path: Path, output: Output) -> None:
    """Put the schema that the copy names beside it, unless there is one."""
    from sentiment_cli.config.json_schema import render_json_schema

    schema = render_json_schema()
    if not path.exists():
        write_text(path, schema)
        output.note(f"Editors complete and check it by {path}")
    elif path.read_bytes() != schema.encode():
        output.note(f"{path} is of another version; renew it: sentiment schema -o {shlex.quote(str(path))}")


@click.command()
@click.option("-c", "--config", "name", required=True, type=CONFIG, help="Configuration to check.")
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value first.")
@output_options
def validate(name: str, settings: tuple[str, ...]) -> None:
    """Check a configuration and the reviews that it names, without TensorFlow. -v shows it with all defaults."""
    output = Output.current()
    config = load_config(name, settings=settings)
    from sentiment_cli.workflows.prepare import prepare

    with make_progress(output) as progress:
        data = prepare(config, progress)
    summary = f"{name}: valid; {data.files:,} reviews of {', '.join(data.class_names)} in {data.layout.root}"
    values = {
        "valid": True,
        "files": data.files,
        "class_names": list(data.class_names),
        "config": config_values(config),
    }
    output.result(
        values, lambda: f"{summary}\n\n{dump_yaml(config_values(config))}".rstrip() if output.verbose else summary
    )


def _shipped(name: str) -> Path:
    known = shipped_configs()
    key = name.removesuffix(".yaml")
    if key not in known:
        raise UsageError(f"No shipped configuration {name!r}; {suggest(key, known)}")
    return known[key]


def _summary(path: Path) -> str:
    """The first line of a configuration's header comment, after the one for editors."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line.lstrip("# ").strip() for line in lines if not line.startswith(_FOR_EDITORS))
