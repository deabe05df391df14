"""Does `info` say everything that a bug report needs, and nothing else on stdout?"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import Result

from sentiment_cli import __version__

Cli = Callable[..., Result]


def test_versions_devices_threads_and_paths_are_shown(cli: Cli, workplace: Path) -> None:
    result = cli("info")
    lines = dict(line.split(None, 1) for line in result.stdout.splitlines())
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines["python"] == platform.python_version()
    assert lines["tensorflow"] == metadata.version("tensorflow")
    assert lines["sentiment-cli"] == __version__
    assert int(lines["cores"]) >= 1
    assert lines["runs"] == str(workplace / "runs")
    assert lines["imdb"] == "not downloaded"
    assert {"gpus", "intra_op", "inter_op", "platform", "processor"} <= set(lines)


def test_json_is_one_object(cli: Cli, workplace: Path) -> None:
    result = cli("info", "--json")
    value = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert {"versions", "gpus", "threads", "paths"} <= set(value)
    assert value["versions"]["keras"] == metadata.version("keras")


def test_a_downloaded_imdb_is_found(cli: Cli, workplace: Path) -> None:
    (workplace / "datasets" / "aclImdb").mkdir(parents=True)
    assert json.loads(cli("info", "--json").stdout)["paths"]["imdb"].endswith("datasets/aclImdb")


def test_optional_libraries_are_shown_and_missing_ones_with_their_command(
    cli: Cli, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"optuna           {metadata.version('optuna')}\n" in cli("info").stdout
    version = metadata.version

    def missing(name: str) -> str:
        if name == "optuna":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert "optuna           not installed (pip install 'sentiment-cli[sweep]')\n" in cli("info").stdout
