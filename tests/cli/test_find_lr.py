"""Does `find-lr` suggest a learning rate that trains, draw it, and leave nothing behind?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Cli = Callable[..., Result]


@pytest.fixture
def tried(tiny_config: Path) -> list[str]:
    return ["-c", str(tiny_config), "--steps", "60", "--sweeps", "2"]


def test_a_rate_is_suggested_with_the_command_and_a_picture_and_no_run(
    cli: Cli, workplace: Path, tried: list[str]
) -> None:
    result = cli("find-lr", *tried, "--from", "1e-5", "--to", "10", "-o", "rates.svg", "--json")
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert len(value["rates"]) == len(value["losses"]) == len(value["smoothed"]) <= 60
    assert value["rates"][0] == pytest.approx(1e-5)
    # The reviews are told apart by single words, which any optimizer learns within sixty steps.
    assert 1e-5 < value["suggestion"] < value["lowest"] <= 10
    assert f"--set training.learning_rate={value['suggestion']:g}" in result.stderr
    assert f"suggested {value['suggestion']:g}" in (workplace / "rates.svg").read_text(encoding="utf-8")
    assert [path.name for path in workplace.iterdir()] == ["rates.svg"]


def test_the_table_shows_the_loss_over_the_rates(cli: Cli, workplace: Path, tried: list[str]) -> None:
    result = cli("find-lr", *tried)
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["learning", "rate", "loss"]
    assert lines[1].split()[0] == "1e-06"
    assert any(line.startswith("suggestion") for line in lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--from", "1", "--to", "0.1"], "Expected 0 < --from < --to, received --from 1 --to 0.1."),
        (["--from", "0"], "Expected 0 < --from < --to, received --from 0 --to 1."),
        (["--to", "nan"], "Expected 0 < --from < --to, received --from 1e-06 --to nan."),
        (["-o", "rates.gif"], "rates.gif: a picture is saved as .png, .svg or .pdf"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_read(
    cli: Cli, workplace: Path, options: list[str], message: str
) -> None:
    result = cli("find-lr", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
