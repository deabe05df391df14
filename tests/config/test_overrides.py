"""Do options replace the values they name, and only those?"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.config import Config, Override, config_difference, parse_config, parse_set
from sentiment_cli.errors import ConfigError


def with_set(content: str, *settings_: str) -> Config:
    return parse_config(content.encode(), "c.yaml", parse_set(settings_))


def problems(content: str, *settings_: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        with_set(content, *settings_)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("training.epochs=5", ("training", "epochs"), 5),
        ("training.learning_rate=1e-3", ("training", "learning_rate"), 0.001),
        ("model.recurrent.0.units=64", ("model", "recurrent", 0, "units"), 64),
        ("data.classes=[no, yes]", ("data", "classes"), ["no", "yes"]),
        ('data.source="5"', ("data", "source"), "5"),
        ("data.source='true'", ("data", "source"), "true"),
        ("data.source=a=b", ("data", "source"), "a=b"),
        ("data.source=", ("data", "source"), None),
        ("data.limit=null", ("data", "limit"), None),
        (" data.limit =3", ("data", "limit"), 3),
        ("training.early_stopping={patience: 2}", ("training", "early_stopping"), {"patience": 2}),
        ("model.dense=[{units: 3}, {units: 4}]", ("model", "dense"), [{"units": 3}, {"units": 4}]),
        ("data.source=C:\\reviews", ("data", "source"), "C:\\reviews"),
        ("data.source=größe", ("data", "source"), "größe"),
    ],
)
def test_a_setting_is_a_dotted_key_and_a_yaml_value(setting: str, path: tuple[str | int, ...], value: Any) -> None:
    assert parse_set([setting]) == [Override(path, value, "--set")]


@pytest.mark.parametrize("setting", ["training.epochs", "", "=5", "  =5", "training.epochs 5"])
def test_a_setting_of_another_form_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_set([setting])
    assert str(caught.value) == f"--set: expected KEY=VALUE, received {setting!r}"


def test_all_bad_settings_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_set(["first", "data.source=[", "training.epochs=3", "data.limit=&x 1", "last"])
    assert [problem.where for problem in caught.value.problems] == [
        "--set",
        "--set data.source:1",
        "--set data.limit:1",
        "--set",
    ]


@pytest.mark.parametrize(
    ("setting", "difference"),
    [
        ("training.epochs=5", ["training.epochs: 10 -> 5"]),
        ("model.recurrent.0.units=64", ["model.recurrent.0.units: 32 -> 64"]),
        ("model.pooling=max", ["model.pooling: ['last'] -> ['max']"]),
        ("model.pooling.0=max", ["model.pooling: ['last'] -> ['max']"]),
        ("data.classes=[a, b]", ["data.classes: None -> ['a', 'b']"]),
        (
            "training.early_stopping.patience=7",
            [
                "training.early_stopping.monitor: None -> val_loss",
                "training.early_stopping.patience: None -> 7",
                "training.early_stopping.min_delta: None -> 0.0",
            ],
        ),
        ("training.class_weight.neg=2", ["training.class_weight.neg: None -> 2.0"]),
        ("training.class_weight.0=2", ["training.class_weight.0: None -> 2.0"]),
    ],
)
def test_a_setting_changes_its_key_alone_where_the_file_does_not_mention_it(
    setting: str, difference: list[str]
) -> None:
    assert config_difference(Config(), with_set("", setting)) == difference


def test_a_setting_inside_a_list_keeps_the_rest_of_the_list() -> None:
    content = "model: {recurrent: [{units: 8, cell: gru}, {units: 9}]}"
    layers = with_set(content, "model.recurrent.1.dropout=0.5").model.recurrent
    assert [(layer.cell, layer.units, layer.dropout) for layer in layers] == [("gru", 8, 0.0), ("lstm", 9, 0.5)]


def test_a_whole_list_replaces_the_file_s() -> None:
    content = "model: {recurrent: [{units: 8}, {units: 9}]}"
    assert [layer.units for layer in with_set(content, "model.recurrent=[{units: 3}]").model.recurrent] == [3]


@pytest.mark.parametrize("written", ["training: {early_stopping: null}", "training:\n", "{}"])
def test_a_setting_fills_what_is_null_in_the_file(written: str) -> None:
    stopping = with_set(written, "training.early_stopping.patience=2").training.early_stopping
    assert stopping is not None
    assert stopping.patience == 2


def test_later_settings_win_and_build_on_earlier_ones() -> None:
    config = with_set("", "training.epochs=2", "training.epochs=3", "model.dense=[{units: 5}]", "model.dense.0.units=6")
    assert config.training.epochs == 3
    assert [layer.units for layer in config.model.dense] == [6]


def test_overrides_are_the_same_after_use() -> None:
    overrides = parse_set(["model.dense=[{units: 5}]", "model.dense.0.units=6", "model.recurrent.0.units=7"])
    before = copy.deepcopy(overrides)
    assert parse_config(b"", "c.yaml", overrides).model.dense[0].units == 6
    assert overrides == before


def test_defaults_are_the_same_after_use() -> None:
    with_set("", "model.recurrent.0.units=64", "model.pooling.0=max")
    assert with_set("") == Config()
    assert Config().model.recurrent[0].units == 32


@pytest.mark.parametrize(
    ("content", "setting", "expected"),
    [
        (
            "",
            "model.recurrent.1.units=3",
            "--set: model.recurrent.1.units: expected an item from 0 to 0, received 1; to add one, give the whole list",
        ),
        (
            "model: {recurrent: [{}, {}]}",
            "model.recurrent.2={}",
            "--set: model.recurrent.2: expected an item from 0 to 1, received 2; to add one, give the whole list",
        ),
        (
            "",
            "model.recurrent.first.units=3",
            "--set: model.recurrent.first.units: expected an item from 0 to 0, received first; "
            "to add one, give the whole list",
        ),
        (
            "",
            "model.recurrent.-1.units=3",
            "--set: model.recurrent.-1.units: expected an item from 0 to 0, received -1; "
            "to add one, give the whole list",
        ),
        (
            "",
            "model.dense.0.units=3",
            "--set: model.dense.0.units: the list is empty, received 0; to add one, give the whole list",
        ),
        ("data: {source: here}", "data.source.x=3", "--set: data.source.x: source is 'here', which has no x"),
        ("", "training.epoch=3", '--set: training.epoch: unknown key; did you mean "epochs"?'),
        ("", "epochs=3", "--set: epochs: unknown key; known: data, text, model, pretrain, training"),
        ("", "trainig.epochs=3", '--set: trainig: unknown key; did you mean "training"?'),
        ("", "training.epochs=two", '--set: training.epochs: expected a whole number, received the text "two"'),
        ("", "training.epochs=true", "--set: training.epochs: expected a whole number, received true"),
        ("", "training.epochs=", "--set: training.epochs: expected a whole number, received nothing (null)"),
        ("", "training.epochs=0", "--set: training.epochs: expected a number >= 1, received 0"),
        ("", "training..epochs=3", "--set: training.: unknown key; known: epochs,"),
        ("", "data.0=3", "--set: data.0: unknown key; known: source,"),
        ("", "data.source.x=3", "--set: data.source: expected text, received keys and values"),
        ("", "data.classes=5", "--set: data.classes: expected a list, received 5"),
        ("", "model={recurrent: []}", "--set: model.recurrent: expected at least 1 item, received a list of 0"),
        ("", "data=bnb", '--set: data: expected keys and values, received the text "bnb"'),
    ],
)
def test_a_setting_that_cannot_be_is_blamed_on_the_option(content: str, setting: str, expected: str) -> None:
    found = problems(content, setting)
    assert found[0].startswith(expected)
    assert len(found) == 1


def test_a_problem_of_the_file_keeps_its_line_beside_settings() -> None:
    found = problems("\ntraining:\n  epochs: 0\n  seed: -1\n", "training.batch_size=0", "training.seed=3")
    assert sorted(found) == [
        "--set: training.batch_size: expected a number >= 1, received 0",
        "c.yaml:3: training.epochs: expected a number >= 1, received 0",
    ]


def test_a_setting_mends_the_file() -> None:
    assert with_set("training: {epochs: zero}", "training.epochs=3").training.epochs == 3


def test_other_options_are_named_in_problems() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(b"", "c.yaml", [Override(("training", "epochs"), 0, "--epochs")])
    assert str(caught.value) == "--epochs: training.epochs: expected a number >= 1, received 0"


def test_the_last_option_that_set_a_key_is_named() -> None:
    overrides = [Override(("training", "epochs"), 5, "--epochs"), *parse_set(["training.epochs=0"])]
    with pytest.raises(ConfigError, match=r"^--set: "):
        parse_config(b"", "c.yaml", overrides)


KEYS = ["data", "model", "training", "recurrent", "dense", "epochs", "classes", "pooling", "0", "1", "-1", "bool", ""]
keys = st.lists(st.sampled_from(KEYS) | st.text(max_size=5), min_size=1, max_size=5).map(".".join)
values = st.sampled_from(["", "3", "[a, b]", "{a: 1}", "null", "true", "[]", "[{units: 2}]", "9" * 6000]) | st.text(
    max_size=10
)


@given(st.lists(st.tuples(keys, values).map("=".join) | st.text(max_size=10), max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_settings_are_taken_or_refused_with_problems(given_settings: list[str]) -> None:
    try:
        with_set("model: {dense: [{units: 2}]}\ntraining: null", *given_settings)
    except ConfigError as error:
        assert error.problems
        assert "\n".join(str(problem) for problem in error.problems) == str(error)


def test_an_index_of_thousands_of_digits_does_not_break_python() -> None:
    assert problems("", f"model.recurrent.{'9' * 5000}.units=3")[0].startswith("--set: model.recurrent.999")
