"""The documents say what the code does."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import click
import pytest

from sentiment_cli.cli import main
from sentiment_cli.config.reference import render_reference
from sentiment_cli.resources import shipped_configs

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, prefix: str = "") -> list[str]:
    names = []
    for name, command in group.commands.items():
        names.append(f"{prefix}{name}")
        if isinstance(command, click.Group):
            names += commands(command, f"{prefix}{name} ")
    return names


def test_the_configuration_reference_is_the_schema() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert page == render_reference(), "run: sentiment configs --reference > docs/configuration.md"


@pytest.mark.parametrize("name", commands(main))
def test_the_readme_names_every_command(name: str) -> None:
    assert f"sentiment {name}" in README


@pytest.mark.parametrize("name", list(shipped_configs()))
def test_the_readme_names_every_shipped_configuration(name: str) -> None:
    assert name in README


@pytest.mark.parametrize("path", shipped_configs().values(), ids=lambda path: path.stem)
def test_every_shipped_configuration_says_what_it_is_its_command_and_what_it_reached(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    header = "\n".join(itertools.takewhile(lambda line: line.startswith("#"), lines))
    assert f"sentiment train --config {path.stem}" in header
    assert re.search(r"test accuracy 0\.\d{3}", header)


def test_ci_runs_the_readmes_test_command() -> None:
    command = next(line for line in README.splitlines() if ".[dev]" in line and line.startswith("python3 -m venv"))
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)", README))
def test_the_readmes_links_lead_to_files(target: str) -> None:
    assert (ROOT / target).exists()
