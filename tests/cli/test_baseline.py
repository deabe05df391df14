"""Does `baseline` show its figures as table and JSON, and does `evaluate` show them beside the network's?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sentiment_cli.runs import Run

pytestmark = pytest.mark.usefixtures("undrawn")

Cli = Callable[..., Result]
NAMES = ["majority", "unigrams", "bigrams"]


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_json_is_one_object_with_the_figures_of_every_baseline(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    result = cli("baseline", "-c", tiny_config, "--json")
    value = json.loads(result.stdout)
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert list(value) == ["data", "seed", "class_names", "baselines", "from_cache"]
    assert (value["seed"], value["class_names"], value["from_cache"]) == (3, ["bad", "good"], False)
    assert list(value["baselines"]) == NAMES
    for one in value["baselines"].values():
        assert list(one) == ["features", "validation", "test", "seconds"]
        assert (one["validation"]["examples"], one["test"]["examples"]) == (10, 16)
        assert one["test"]["accuracy"] == one["test"]["correct"] / 16
    assert value["baselines"]["majority"]["test"] == {"accuracy": 0.5, "correct": 8, "examples": 16}


def test_the_table_has_the_figures_of_the_json_object(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    value = json.loads(cli("baseline", "-c", tiny_config, "--json").stdout)["baselines"]
    result = cli("baseline", "-c", tiny_config)
    assert result.stderr == "Computed before, for these files and this division.\n"
    shown = {row[0]: row for row in rows(result.stdout) if row}
    assert shown["reviews"] == ["reviews", "validation", "10,", "test", "16"]
    for name in NAMES:
        accuracies = [f"{value[name][part]['accuracy']:.4f}" for part in ("validation", "test")]
        assert shown[name][-4:-2] == accuracies
        assert shown[name][-1] == "s"


def test_without_the_test_part_its_column_is_empty(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    value = json.loads(cli("baseline", "-c", tiny_config, "--no-test", "--json").stdout)
    assert [one["test"] for one in value["baselines"].values()] == [None] * 3
    text = cli("baseline", "-c", tiny_config, "--set", "training.evaluate_test=false").stdout
    assert "reviews  validation 10\n" in text
    assert [row[-3] for row in rows(text) if row and row[0] in NAMES] == ["-"] * 3


def test_options_replace_values_of_the_configuration(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    arguments = ["-c", tiny_config, "--seed", "7", "--limit", "10", "--set", "data.validation_fraction=0.5", "--json"]
    value = json.loads(cli("baseline", *arguments).stdout)
    majority = value["baselines"]["majority"]
    assert (value["seed"], majority["validation"]["examples"], majority["test"]["examples"]) == (7, 10, 16)


def test_without_options_it_is_the_quick_start(cli: Cli, workplace: Path) -> None:
    value = json.loads(cli("baseline", "--limit", "10", "--json").stdout)
    assert value["class_names"] == ["negative", "positive"]
    assert value["data"].endswith("bnb")


def test_of_a_run_it_is_what_evaluate_shows_beside_the_network(cli: Cli, run_copy: Path) -> None:
    before = cli("evaluate", "tiny")
    assert "For what a linear model reaches on these reviews: sentiment baseline runs/tiny\n" in before.stderr
    assert "linear" not in before.stdout
    assert json.loads(cli("evaluate", "tiny", "--json").stdout)["linear_baseline"] is None
    value = json.loads(cli("baseline", "tiny", "--json").stdout)["baselines"]
    expected = {name: value[name]["test"]["accuracy"] for name in NAMES[1:]}
    after = cli("evaluate", "tiny")
    figures = f"{expected['unigrams']:.4f} (unigrams), {expected['bigrams']:.4f} (bigrams)"
    assert f"linear    accuracy {figures}\n" in after.stdout
    assert "sentiment baseline" not in after.stderr
    assert json.loads(cli("evaluate", "tiny", "--json").stdout)["linear_baseline"] == expected


def test_what_evaluate_advises_computes_what_it_lacks(cli: Cli, run_copy: Path) -> None:
    run = Run(run_copy)
    config = run.config_path.read_text(encoding="utf-8")
    run.config_path.write_text(config.replace("evaluate_test: true", "evaluate_test: false"), encoding="utf-8")
    record = run.read_record()
    record["config"]["training"]["evaluate_test"] = False
    run.write_record(record)
    assert json.loads(cli("baseline", "tiny", "--json").stdout)["baselines"]["bigrams"]["test"] is None
    advice = cli("evaluate", "tiny").stderr.splitlines()[0].partition("sentiment ")[2]
    assert advice == "baseline --test runs/tiny"
    assert cli(*advice.split()).exit_code == 0
    assert json.loads(cli("evaluate", "tiny", "--json").stdout)["linear_baseline"] is not None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["-c", "lstm"], "--config"),
        (["--data", "bnb", "--seed", "1"], "--data, --seed"),
        (["--set", "training.seed=1", "--limit", "5"], "--set, --limit"),
    ],
)
def test_a_run_goes_with_no_other_reviews(cli: Cli, run_copy: Path, options: list[str], named: str) -> None:
    result = cli("baseline", "tiny", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: RUN stands for the reviews of a run as they were divided; it does not go with {named}. "
        "Leave out the one or the other.\n"
    )
