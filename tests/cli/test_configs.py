"""Do `configs`, `init` and `validate` show, copy and check configurations?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from sentiment_cli.config import load_config
from sentiment_cli.config.json_schema import render_json_schema
from sentiment_cli.resources import shipped_configs

Cli = Callable[..., Result]
SHIPPED = sorted(shipped_configs())


def test_every_shipped_configuration_is_listed_with_what_it_is(cli: Cli, workplace: Path) -> None:
    lines = cli("configs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == SHIPPED
    assert all(len(line.split()) > 3 for line in lines)
    assert list(json.loads(cli("configs", "--json").stdout)["configs"]) == SHIPPED


@pytest.mark.parametrize("name", ["lstm", "lstm.yaml"])
def test_a_shipped_configuration_is_shown_as_it_is(cli: Cli, workplace: Path, name: str) -> None:
    text = shipped_configs()["lstm"].read_text(encoding="utf-8")
    assert cli("configs", name).stdout.rstrip() == text.rstrip()
    assert json.loads(cli("configs", name, "--json").stdout)["text"] == text


@pytest.mark.parametrize("command", ["configs", "init"])
def test_a_name_that_is_not_shipped_is_wrong_usage_with_the_nearest(cli: Cli, workplace: Path, command: str) -> None:
    result = cli(command, "imdb_lstn")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: No shipped configuration 'imdb_lstn'; did you mean \"imdb_lstm\"?\n"


def test_init_copies_a_configuration_that_train_finds(cli: Cli, workplace: Path) -> None:
    result = cli("init", "gru", "-o", "mine.yaml")
    assert (result.exit_code, result.stdout) == (0, "mine.yaml\n")
    editors, change = result.stderr.splitlines()
    assert editors == "Editors complete and check it by sentiment.schema.json"
    assert change == "Change it, then: sentiment train --config mine.yaml"
    assert (workplace / "sentiment.schema.json").read_text(encoding="utf-8") == render_json_schema()
    assert (workplace / "mine.yaml").read_bytes() == shipped_configs()["gru"].read_bytes()


def test_init_leaves_the_schema_of_another_version_and_says_so(cli: Cli, workplace: Path) -> None:
    (workplace / "sentiment.schema.json").write_text("{}", encoding="utf-8")
    result = cli("init", "gru")
    assert "sentiment.schema.json is of another version; renew it: sentiment schema -o sentiment.sch" in result.stderr
    assert (workplace / "sentiment.schema.json").read_text(encoding="utf-8") == "{}"
    cli("schema", "-o", "sentiment.schema.json")
    assert "sentiment.schema.json" not in cli("init", "gru", "--force").stderr


def test_the_schema_is_printed_and_written(cli: Cli, workplace: Path) -> None:
    text = render_json_schema()
    assert cli("schema").stdout == text
    assert json.loads(cli("schema", "--json").stdout) == json.loads(text)
    assert json.loads(cli("schema", "-o", "s.json", "--json").stdout) == {"path": "s.json"}
    assert (workplace / "s.json").read_text(encoding="utf-8") == text


def test_init_without_a_file_takes_the_name(cli: Cli, workplace: Path) -> None:
    assert json.loads(cli("init", "gru", "--json").stdout) == {"path": "gru.yaml"}
    assert (workplace / "gru.yaml").is_file()


def test_init_replaces_nothing_unless_forced(cli: Cli, workplace: Path) -> None:
    (workplace / "gru.yaml").write_text("mine", encoding="utf-8")
    result = cli("init", "gru")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: gru.yaml exists; choose another file with -o, or replace it with --force.\n"
    assert (workplace / "gru.yaml").read_text(encoding="utf-8") == "mine"
    assert cli("init", "gru", "--force").exit_code == 0
    assert load_config(workplace / "gru.yaml") == load_config("gru")


def test_a_valid_configuration_is_said_to_be_valid_with_its_reviews(
    cli: Cli, workplace: Path, tiny_config: Path, tiny_reviews: Path
) -> None:
    result = cli("validate", "-c", tiny_config)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{tiny_config}: valid; 56 reviews of bad, good in {tiny_reviews}\n"


def test_verbose_shows_the_configuration_with_all_defaults_as_yaml_that_can_be_used(
    cli: Cli, workplace: Path, tiny_config: Path
) -> None:
    text = cli("validate", "-v", "-c", tiny_config).stdout.partition("\n\n")[2]
    (workplace / "whole.yaml").write_text(text, encoding="utf-8")
    assert load_config(workplace / "whole.yaml") == load_config(tiny_config)
    assert "clip_norm: null" in text


def test_json_has_the_configuration_with_all_defaults(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    result = cli("validate", "-c", tiny_config, "--set", "training.epochs=7", "--json")
    value = json.loads(result.stdout)
    assert sorted(value) == ["class_names", "config", "files", "valid"]
    assert (value["valid"], value["files"], value["class_names"]) == (True, 56, ["bad", "good"])
    assert value["config"]["training"]["epochs"] == 7


def test_a_configuration_from_stdin_can_be_checked(cli: Cli, workplace: Path, tiny_config: Path) -> None:
    content = tiny_config.read_bytes()
    assert cli("validate", "-c", "-", input=content).stdout.startswith("-: valid; ")
    result = cli("validate", "-c", "-", input=content + b"nonsense: 1\n")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[1].startswith("<stdin>:8: nonsense: ")


def test_every_problem_of_a_file_is_said_at_once_with_its_line(cli: Cli, workplace: Path) -> None:
    (workplace / "bad.yaml").write_text(
        "model:\n  recurent: [{cell: lstm, units: 4}]\ntraining:\n  epochs: 0\n  batch_size: many\n", encoding="utf-8"
    )
    result = cli("validate", "-c", "bad.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: 3 problems in the configuration\n"
        'bad.yaml:2: model.recurent: unknown key; did you mean "recurrent"?\n'
        "bad.yaml:4: training.epochs: expected a number >= 1, received 0\n"
        'bad.yaml:5: training.batch_size: expected a whole number, received the text "many"\n'
    )


def test_missing_reviews_are_an_error_of_the_data_and_not_of_the_configuration(cli: Cli, workplace: Path) -> None:
    result = cli("validate", "-c", "lstm", "--set", "data.source=nope")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No such directory: nope" in result.stderr


def test_every_shipped_configuration_of_the_bundled_reviews_is_valid(cli: Cli, workplace: Path) -> None:
    names = [name for name in SHIPPED if load_config(name).data.source == "bnb"]
    assert len(names) >= 5
    assert [name for name in names if cli("validate", "-c", name).exit_code] == []


def test_the_reference_is_markdown_of_all_settings(cli: Cli, workplace: Path) -> None:
    text = cli("configs", "--reference").stdout
    assert text.startswith("#")
    assert "class_weight" in text
    assert json.loads(cli("configs", "--reference", "--json").stdout)["reference"].rstrip() == text.rstrip()
