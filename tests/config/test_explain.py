"""Are problems said whole, in words, with file, line and key? These texts are part of the product."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.config import Config, parse_config
from sentiment_cli.config.explain import show
from sentiment_cli.errors import ConfigError


def message(content: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(content if isinstance(content, bytes) else content.encode(), "my.yaml")
    assert caught.value.exit_code == 2
    return str(caught.value)


# The ten most likely mistakes, with their messages to the letter.
TEN = {
    "a misspelt key": (
        "training:\n  epoch: 5\n",
        'my.yaml:2: training.epoch: unknown key; did you mean "epochs"?',
    ),
    "a key outside of its section": (
        "epochs: 5\n",
        "my.yaml:1: epochs: unknown key; known: data, text, model, pretrain, training",
    ),
    "text for a number": (
        "training:\n  epochs: ten\n",
        'my.yaml:2: training.epochs: expected a whole number, received the text "ten"',
    ),
    "a fraction for a whole number": (
        "model:\n  embedding:\n    dim: 32.5\n",
        "my.yaml:3: model.embedding.dim: expected a whole number, received 32.5",
    ),
    "a percentage for a share": (
        "data:\n  validation_fraction: 20\n",
        "my.yaml:2: data.validation_fraction: expected a number < 1.0, received 20",
    ),
    "another library's name": (
        "model:\n  recurrent:\n    - cell: SimpleRNN\n",
        "my.yaml:3: model.recurrent.0.cell: expected one of 'simple_rnn', 'gru' or 'lstm', "
        'received the text "SimpleRNN"; did you mean "simple_rnn"?',
    ),
    "a layer that is no list": (
        "model:\n  recurrent: {cell: lstm, units: 32}\n",
        "my.yaml:2: model.recurrent: expected a list, received keys and values",
    ),
    "a key given twice": (
        "training:\n  epochs: 5\n  seed: 1\n  epochs: 6\n",
        "my.yaml:4: training.epochs: given twice; the first is in line 2, keep one of them",
    ),
    "a tab": (
        "training:\n\tepochs: 5\n",
        "my.yaml:2: not valid YAML: found character '\\t' that cannot start any token",
    ),
    "a class name that is a number or boolean": (
        "data:\n  classes:\n    - 1\n    - true\n",
        'my.yaml:3: data.classes.0: expected text, received 1; to mean the text, quote it: "1"\n'
        'my.yaml:4: data.classes.1: expected text, received true; to mean the text, quote it: "true"',
    ),
}


@pytest.mark.parametrize(("content", "expected"), TEN.values(), ids=TEN)
def test_message_of_a_likely_mistake(content: str, expected: str) -> None:
    assert message(content) == expected


def test_every_problem_is_said_at_once() -> None:
    content = """\
data:
  source: ""
  classes: [only]
  limit: 1
text:
  max_token: 100
  truncate: middle
model:
  embedding: {dim: 0}
  recurrent:
    - {cell: gru}
    - cell: lstm
      units: -3
      dropuot: 0.1
  pooling: [max, max]
training:
  epochs: 5
  epochs: 6
  optimizer: 3
  device: tpu
"""
    assert sorted(message(content).splitlines()) == sorted(
        [
            'my.yaml:2: data.source: expected text that is not empty, received the text ""',
            "my.yaml:3: data.classes: expected at least two classes, received 1",
            "my.yaml:4: data.limit: expected a number >= 2, received 1",
            'my.yaml:6: text.max_token: unknown key; did you mean "max_tokens"?',
            "my.yaml:7: text.truncate: expected one of 'head', 'tail' or 'head_tail', received the text \"middle\"",
            "my.yaml:9: model.embedding.dim: expected a number >= 1, received 0",
            "my.yaml:13: model.recurrent.1.units: expected a number >= 1, received -3",
            'my.yaml:14: model.recurrent.1.dropuot: unknown key; did you mean "dropout"?',
            "my.yaml:15: model.pooling: expected each kind once, received max, max",
            "my.yaml:18: training.epochs: given twice; the first is in line 17, keep one of them",
            "my.yaml:19: training.optimizer: expected one of 'adam', 'adamw', 'rmsprop', 'sgd', 'nadam' or 'adagrad', "
            "received 3",
            'my.yaml:20: training.device: expected auto, cpu, gpu or gpu:N, received the text "tpu"',
        ]
    )


@pytest.mark.parametrize("content", ["[1, 2]", "text", "3", "- data: {}", '""', "true"])
def test_a_document_that_is_no_mapping_is_refused(content: str) -> None:
    assert message(content) == "my.yaml:1: expected keys such as data, text, model, training"


@pytest.mark.parametrize("content", ["", "# nothing\n", "null", "---\n", "{}"])
def test_an_empty_document_is_the_defaults(content: str) -> None:
    assert parse_config(content.encode(), "my.yaml") == Config()


def test_a_missing_value_is_blamed_on_the_line_of_its_layer() -> None:
    content = "model:\n  dense:\n    - units: 3\n    - activation: relu\n"
    assert message(content) == "my.yaml:4: model.dense.1.units: this key is needed"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "nothing (null)"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (0.5, "0.5"),
        (float("nan"), "nan"),
        ("", 'the text ""'),
        ("3", 'the text "3"'),
        ("x" * 60, f'the text "{"x" * 60}"'),
        ("x" * 61, f'the text "{"x" * 60}…"'),
        (10**100, "1" + "0" * 59 + "…"),
        ({"a": 1}, "keys and values"),
        ({}, "{}"),
        ([], "a list of 0"),
        ([1, 2], "a list of 2"),
    ],
)
def test_a_received_value_is_shown_with_its_kind_and_not_endlessly(value: Any, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            'training: {device: "\\e[31mred\\n"}',
            'my.yaml:1: training.device: expected auto, cpu, gpu or gpu:N, received the text "\\x1b[31mred\\n"',
        ),
        ('"\\e[2Jkey": 1', "my.yaml:1: \\x1b[2Jkey: unknown key; known: data, text, model, pretrain, training"),
        (
            'data: {source: "\\ud800"}',
            'my.yaml:1: data.source: expected text of valid Unicode, received the text "\\ud800"',
        ),
    ],
)
def test_a_message_cannot_steer_a_terminal_or_break_its_line(content: str, expected: str) -> None:
    assert message(content) == expected


# Keys and values that are right somewhere, and marks that pydantic uses in its own paths.
KEYS = [
    *("data", "text", "model", "training", "source", "classes", "limit", "embedding", "dim", "recurrent", "cell"),
    *("pooling", "dense", "units", "epochs", "early_stopping", "patience", "class_weight", "jit_compile", "device"),
    *("pretrain", "kind", "word_vectors", "language_model", "passes"),
    *("bool", "[key]", "literal[", "dict[str,constrained-float]", "function-before", "list[", "is-instance", "0", ""),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["lstm", "max", "auto", "balanced", "word_vectors", "language_model", "\ud800"])
    | st.text(max_size=5)
)
keys = st.sampled_from(KEYS) | st.text(max_size=4)
trees = st.recursive(scalars, lambda c: st.lists(c, max_size=3) | st.dictionaries(keys, c, max_size=4), max_leaves=12)
sections = st.sampled_from(["data", "text", "model", "pretrain", "training"])


@given(st.dictionaries(sections | keys, trees | st.dictionaries(keys, trees, max_size=4), max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_mapping_is_a_configuration_or_a_list_of_problems(values: dict[str, Any]) -> None:
    content = json.dumps(values).replace("NaN", ".nan").replace("-Infinity", "-.inf").replace("Infinity", ".inf")
    try:
        parse_config(content.encode(), "my.yaml")
    except ConfigError as error:
        assert error.problems
        assert len(str(error).splitlines()) == len(error.problems)
        assert all(str(problem).startswith("my.yaml") for problem in error.problems)


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_configuration_or_a_list_of_problems(content: bytes) -> None:
    try:
        parse_config(content, "my.yaml")
    except ConfigError as error:
        assert error.problems
