"""Is the configuration found that a user means, read whole, and given back by what is written?"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment_cli.config import (
    Config,
    Override,
    config_difference,
    config_values,
    find_config,
    load_config,
    parse_config,
    parse_set,
    write_config,
)
from sentiment_cli.errors import ConfigError
from sentiment_cli.resources import shipped_configs


def write(path: Path, epochs: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"training: {{epochs: {epochs}}}\n", encoding="utf-8")
    return path


# Lookup


def test_the_lookup_order_is_path_then_configs_then_shipped(workplace: Path) -> None:
    assert find_config("lstm") == shipped_configs()["lstm"]
    write(workplace / "configs" / "lstm.yaml", 2)
    assert find_config("lstm") == Path("configs/lstm.yaml")
    write(workplace / "configs" / "lstm", 3)
    assert find_config("lstm") == Path("configs/lstm")
    write(workplace / "lstm.yaml", 4)
    assert find_config("lstm") == Path("lstm.yaml")
    write(workplace / "lstm", 5)
    assert find_config("lstm") == Path("lstm")
    assert load_config("lstm").training.epochs == 5


@pytest.mark.parametrize("name", ["lstm", "lstm.yaml"])
def test_a_shipped_configuration_is_found_with_and_without_its_ending(workplace: Path, name: str) -> None:
    assert find_config(name) == shipped_configs()["lstm"]


@pytest.mark.parametrize("name", ["sub/mine", "sub/mine.yaml", "./sub/mine"])
def test_a_path_is_found_with_and_without_its_ending(workplace: Path, name: str) -> None:
    write(workplace / "sub" / "mine.yaml", 7)
    assert load_config(name).training.epochs == 7


@pytest.mark.parametrize("name", ["mine", "mine.yaml", "sub/mine"])
def test_configs_is_looked_into_with_and_without_the_ending(workplace: Path, name: str) -> None:
    write(workplace / "configs" / f"{name.removesuffix('.yaml')}.yaml", 8)
    assert load_config(name).training.epochs == 8


def test_an_absolute_path_is_found(workplace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write(tmp_path_factory.mktemp("elsewhere") / "mine.conf", 9)
    assert load_config(path).training.epochs == 9


def test_a_directory_is_no_configuration(workplace: Path) -> None:
    (workplace / "lstm").mkdir()
    (workplace / "configs" / "lstm.yaml").mkdir(parents=True)
    assert find_config("lstm") == shipped_configs()["lstm"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ltsm", 'did you mean "lstm"?'),
        ("LSTM.yaml", 'did you mean "lstm"?'),
        ("imdb_gru.yml", 'did you mean "imdb_gru"?'),
    ],
)
def test_a_missing_configuration_is_wrong_usage_with_the_nearest_name(workplace: Path, name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(name)
    assert str(caught.value) == f"{name}: no such configuration, neither as a file nor among the shipped ones; {hint}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["xyz", "", ".", "..", "\0", "no/such/file"])
def test_where_nothing_is_near_all_shipped_names_are_given(workplace: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(name)
    assert str(caught.value).endswith("known: " + ", ".join(shipped_configs()))


def test_a_file_that_cannot_be_read_is_named(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(workplace / "mine.yaml", 1)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match=r"^mine\.yaml: cannot be read: Permission denied$"):
        load_config("mine")


def test_standard_input_is_read_and_called_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    def given_input(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    given_input(b"\xef\xbb\xbftraining: {epochs: 4}\n")
    assert load_config("-").training.epochs == 4
    given_input(b"\ntraining: {epochs: 0}\n")
    with pytest.raises(ConfigError, match=r"^<stdin>:2: training\.epochs: "):
        load_config("-")


def test_problems_name_the_file_that_was_found(workplace: Path) -> None:
    write(workplace / "configs" / "mine.yaml", 0)
    with pytest.raises(ConfigError) as caught:
        load_config("mine")
    where = str(Path("configs/mine.yaml"))
    assert str(caught.value) == f"{where}:1: training.epochs: expected a number >= 1, received 0"


# Precedence


def test_defaults_give_way_to_the_file_it_to_options_and_they_to_set(workplace: Path) -> None:
    write(workplace / "mine.yaml", 4)
    option = Override(("training", "epochs"), 5, "--epochs")
    assert load_config("mine", []).training == Config().training.model_copy(update={"epochs": 4})
    assert load_config("mine", [option]).training.epochs == 5
    assert load_config("mine", [option, *parse_set(["training.epochs=6"])]).training.epochs == 6


# The shipped ones


def test_configurations_are_shipped() -> None:
    assert "lstm" in shipped_configs()


@pytest.mark.parametrize("name", shipped_configs())
def test_a_shipped_configuration_loads_and_says_in_its_first_line_what_it_is(workplace: Path, name: str) -> None:
    load_config(name)
    assert shipped_configs()[name].read_text(encoding="utf-8").startswith("# ")


def test_without_a_name_it_is_the_quick_start(workplace: Path) -> None:
    assert load_config() == load_config("lstm")
    assert load_config().data.source == "bnb"


# Round trip

rates = st.floats(0, 0.999, allow_nan=False)
above_zero = st.floats(1e-300, 1e300, allow_nan=False)
activations = st.sampled_from(["tanh", "sigmoid", "relu", "linear", "mish", "relu6"])
names = st.text(min_size=1, max_size=8) | st.sampled_from(
    ["no", "yes", "1", "1e-3", "null", " ", "a: b", "#", "\x85", "\u2028", "\n", "\U0001f600", "bool", "{", "<<"]
)
texts = names.filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text))


def recurrent(cell: str) -> st.SearchStrategy[dict[str, Any]]:
    gates = st.none() if cell == "simple_rnn" else st.none() | activations
    return st.fixed_dictionaries(
        {"cell": st.just(cell)},
        optional={
            "units": st.integers(1, 100_000),
            "bidirectional": st.booleans(),
            "dropout": rates,
            "recurrent_dropout": rates,
            "activation": activations,
            "recurrent_activation": gates,
        },
    )


DATA = {
    "source": texts,
    "classes": st.none() | st.lists(texts, min_size=2, max_size=4, unique=True),
    "validation_fraction": st.floats(0.01, 0.9),
    "validation_groups": st.sampled_from([None, "movie"]),
    "encoding_errors": st.sampled_from(["error", "replace", "skip"]),
    "drop_duplicates": st.booleans(),
    "limit": st.none() | st.integers(2, 10**9),
}
TEXT = {
    "max_tokens": st.integers(3, 10_000_000),
    "sequence_length": st.integers(2, 1_000_000),
    "truncate": st.sampled_from(["head", "tail", "head_tail"]),
    "split": st.sampled_from(["whitespace", "character"]),
    "standardize": st.sampled_from(["lower_and_strip_punctuation", "lower", "none", "reviews"]),
}
MODEL = {
    "embedding": st.fixed_dictionaries(
        {}, optional={"dim": st.integers(1, 10_000), "dropout": rates, "mask": st.booleans()}
    ),
    "recurrent": st.lists(st.sampled_from(["simple_rnn", "gru", "lstm"]).flatmap(recurrent), min_size=1, max_size=3),
    "pooling": st.lists(st.sampled_from(["last", "max", "mean"]), min_size=1, max_size=3, unique=True)
    | st.sampled_from(["last", "max"]),
    "dropout": rates,
    "dense": st.lists(
        st.fixed_dictionaries(
            {"units": st.integers(1, 100_000)}, optional={"activation": activations, "dropout": rates}
        ),
        max_size=2,
    ),
}
TRAINING = {
    "epochs": st.integers(1, 1_000_000),
    "batch_size": st.integers(1, 1_000_000),
    "optimizer": st.sampled_from(["adam", "adamw", "rmsprop", "sgd", "nadam", "adagrad"]),
    "learning_rate": above_zero,
    "clip_norm": st.none() | above_zero,
    "early_stopping": st.none()
    | st.fixed_dictionaries({}, optional={"patience": st.integers(1, 99), "min_delta": rates}),
    "class_weight": st.none() | st.just("balanced"),
    "seed": st.integers(0, 2**31 - 1),
    "device": st.sampled_from(["auto", "cpu", "gpu", "gpu:3"]),
    "jit_compile": st.just("auto") | st.booleans(),
    "evaluate_test": st.booleans(),
}
configurations = st.fixed_dictionaries(
    {},
    optional={
        "data": st.fixed_dictionaries({}, optional=DATA),
        "text": st.fixed_dictionaries({}, optional=TEXT),
        "model": st.fixed_dictionaries({}, optional=MODEL),
        "training": st.fixed_dictionaries({}, optional=TRAINING),
    },
)


@given(configurations, st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_loads_as_the_same_configuration(
    tmp_path: Path, values: dict[str, Any], weighted: bool
) -> None:
    classes = values.get("data", {}).get("classes")
    if classes and weighted:
        values.setdefault("training", {})["class_weight"] = {name: i + 0.5 for i, name in enumerate(classes)}
    config = Config.model_validate(values)
    write_config(tmp_path / "config.yaml", config)
    again = load_config(tmp_path / "config.yaml")
    assert again == config
    assert config_difference(config, again) == []
    # equal to the last digit and in type, and stable when written again
    assert json.dumps(config_values(again)) == json.dumps(config_values(config))


def test_a_written_configuration_spells_out_every_default(tmp_path: Path) -> None:
    write_config(tmp_path / "config.yaml", Config())
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
    assert text.startswith("data:\n  source: bnb\n  classes: null\n  validation_fraction: 0.2\n")
    assert "  recurrent:\n  - cell: lstm\n    units: 32\n" in text


# Differences


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ("", "training: {epochs: 10}", []),
        ("", "training: {epochs: 11}", ["training.epochs: 10 -> 11"]),
        (
            "training: {seed: 3}",
            "text: {max_tokens: 5}",
            ["text.max_tokens: 10000 -> 5", "training.seed: 3 -> 1"],
        ),
        (
            "model: {recurrent: [{units: 1}, {units: 2}]}",
            "model: {recurrent: [{units: 1}, {units: 3}]}",
            ["model.recurrent.1.units: 2 -> 3"],
        ),
        ("model: {pooling: max}", "model: {pooling: [max, mean]}", ["model.pooling: ['max'] -> ['max', 'mean']"]),
        (
            "data: {classes: [a, b]}",
            "data: {classes: [b, a]}",
            ["data.classes: ['a', 'b'] -> ['b', 'a']"],
        ),
        (
            "training: {class_weight: {a: 1, b: 2}}",
            "training: {class_weight: {a: 1, b: 3}}",
            ["training.class_weight.b: 2.0 -> 3.0"],
        ),
        ("training: {jit_compile: true}", "training: {jit_compile: auto}", ["training.jit_compile: True -> auto"]),
    ],
)
def test_difference(before: str, after: str, expected: list[str]) -> None:
    first, second = (parse_config(text.encode(), "c.yaml") for text in (before, after))
    assert config_difference(first, second) == expected


@given(configurations, configurations)
@settings(max_examples=60, deadline=None)
def test_configurations_differ_exactly_when_a_difference_is_named(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    before, after = Config.model_validate(first), Config.model_validate(second)
    assert (config_difference(before, after) == []) == (before == after)
