"""Has every setting the default, type and range that it is documented with, and do settings fit together?"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from sentiment_cli.config import Config, config_values, parse_config
from sentiment_cli.config.pretraining import LanguageModel
from sentiment_cli.config.reference import render_reference
from sentiment_cli.errors import ConfigError

# ``0`` stands for the first item of a list of layers, ``language_model`` for ``pretrain`` of that kind.
DEFAULTS: dict[str, Any] = {
    "data.source": "bnb",
    "data.classes": None,
    "data.validation_fraction": 0.2,
    "data.validation_groups": None,
    "data.encoding_errors": "error",
    "data.drop_duplicates": False,
    "data.limit": None,
    "data.unlabelled": "auto",
    "data.split_seed": None,
    "data.text_column": None,
    "data.label_column": None,
    "data.id_column": None,
    "data.rating_column": None,
    "data.label_map": None,
    "data.test_source": None,
    "text.max_tokens": 10_000,
    "text.sequence_length": 500,
    "text.truncate": "tail",
    "text.split": "whitespace",
    "text.standardize": "lower_and_strip_punctuation",
    "text.punctuation": "keep",
    "model.embedding.dim": 32,
    "model.embedding.dropout": 0.0,
    "model.embedding.word_dropout": 0.0,
    "model.embedding.mask": True,
    "model.embedding.trainable": True,
    "model.recurrent.0.cell": "lstm",
    "model.recurrent.0.units": 32,
    "model.recurrent.0.bidirectional": False,
    "model.recurrent.0.dropout": 0.0,
    "model.recurrent.0.recurrent_dropout": 0.0,
    "model.recurrent.0.activation": "tanh",
    "model.recurrent.0.recurrent_activation": None,
    "model.pooling": ["last"],
    "model.window": None,
    "model.dropout": 0.0,
    "model.dense": [],
    "pretrain": None,
    "training.epochs": 10,
    "training.min_steps": 0,
    "training.batch_size": 32,
    "training.optimizer": "adam",
    "training.learning_rate": 0.001,
    "training.schedule": None,
    "training.clip_norm": None,
    "training.label_smoothing": 0.0,
    "training.adversarial": None,
    "training.average": None,
    "training.early_stopping": None,
    "training.class_weight": None,
    "training.checkpoint_seconds": 60.0,
    "training.seed": 1,
    "training.device": "auto",
    "training.strategy": "auto",
    "training.jit_compile": "auto",
    "training.monitor": None,
    "training.refit": False,
    "training.tensorboard": False,
    "training.evaluate_test": True,
}
# Settings of parts that are not there by default: what they are when only what is needed is given.
INSIDE: dict[str, Any] = {
    "training.schedule.warmup": 0.0,
    "training.schedule.decay": "cosine",
    "training.adversarial.kind": "table",
    "training.adversarial.norm": 5.0,
    "training.adversarial.weight": 1.0,
    "training.early_stopping.monitor": "val_loss",
    "training.early_stopping.patience": 3,
    "training.early_stopping.min_delta": 0.0,
    "model.dense.0.units": 4,
    "model.dense.0.activation": "relu",
    "model.dense.0.dropout": 0.0,
    "pretrain.kind": "word_vectors",
    "pretrain.algorithm": "cbow",
    "pretrain.passes": "auto",
    "pretrain.window": 5,
    "pretrain.negative": 5,
    "pretrain.subsample": 0.001,
    "pretrain.even_lengths": "auto",
    "pretrain.scale": "auto",
    "pretrain.file": None,
    "pretrain.seed": 1,
    "language_model.kind": "language_model",
    "language_model.start": "word_vectors",
    "language_model.passes": 6,
    "language_model.min_steps": 2000,
    "language_model.length": 400,
    "language_model.batch_size": 48,
    "language_model.samples": 512,
    "language_model.learning_rate": 0.004,
    "language_model.seed": 1,
}
WHOLE = {  # name: smallest, largest
    "data.limit": (2, None),
    "text.max_tokens": (3, 10_000_000),
    "text.sequence_length": (1, 1_000_000),
    "model.embedding.dim": (1, 10_000),
    "model.recurrent.0.units": (1, 100_000),
    "model.dense.0.units": (1, 100_000),
    "pretrain.window": (1, 1000),
    "pretrain.negative": (1, 100),
    "pretrain.seed": (0, 2**31 - 1),
    "language_model.passes": (1, 1000),
    "language_model.min_steps": (0, 1_000_000_000),
    "language_model.length": (2, 100_000),
    "language_model.batch_size": (1, 1_000_000),
    "language_model.samples": (1, 1_000_000),
    "language_model.seed": (0, 2**31 - 1),
    "training.epochs": (1, 1_000_000),
    "training.min_steps": (0, 1_000_000_000),
    "training.batch_size": (1, 1_000_000),
    "training.seed": (0, 2**31 - 1),
    "data.split_seed": (0, 2**31 - 1),
    "training.early_stopping.patience": (1, None),
}
RATES = (
    *("model.embedding.dropout", "model.recurrent.0.dropout", "model.recurrent.0.recurrent_dropout", "model.dropout"),
    *("model.dense.0.dropout", "data.validation_fraction", "model.embedding.word_dropout"),
    "pretrain.subsample",
    *("training.label_smoothing", "training.average", "training.schedule.warmup"),
)
FROM_ABOVE_ZERO = (
    *("training.learning_rate", "training.clip_norm", "training.adversarial.norm", "training.adversarial.weight"),
    *("language_model.learning_rate", "training.checkpoint_seconds"),
)
NUMBERS = (*RATES, *FROM_ABOVE_ZERO, "training.early_stopping.min_delta")
SWITCHES = (
    *("data.drop_duplicates", "model.embedding.mask", "model.embedding.trainable", "model.recurrent.0.bidirectional"),
    *("training.evaluate_test", "training.refit", "training.tensorboard"),
)
CHOICES = {
    "data.validation_groups": ["movie", "auto"],
    "data.encoding_errors": ["error", "replace", "skip"],
    "text.truncate": ["head", "tail", "head_tail"],
    "text.split": ["whitespace", "character"],
    "text.standardize": ["lower_and_strip_punctuation", "lower", "strip_punctuation", "none", "reviews"],
    "text.punctuation": ["keep", "drop"],
    "model.recurrent.0.cell": ["simple_rnn", "gru", "lstm"],
    "model.recurrent.0.activation": ["tanh", "sigmoid", "relu", "hard_sigmoid", "leaky_relu"],
    "model.recurrent.0.recurrent_activation": ["tanh", "sigmoid", "relu", "hard_sigmoid", "leaky_relu"],
    "model.dense.0.activation": ["tanh", "sigmoid", "relu", "hard_sigmoid", "leaky_relu"],
    "pretrain.kind": ["word_vectors"],
    "language_model.kind": ["language_model"],
    "language_model.start": ["word_vectors", "random"],
    "pretrain.algorithm": ["cbow", "skip_gram"],
    "training.optimizer": ["adam", "adamw", "rmsprop", "sgd", "nadam", "adagrad"],
    "training.early_stopping.monitor": ["val_loss", "val_accuracy"],
    "training.device": ["auto", "cpu", "gpu", "gpu:0", "gpu:12"],
    "training.strategy": ["auto", "mirrored", "multi_worker"],
    "training.jit_compile": ["auto"],
    "training.monitor": ["val_loss", "val_accuracy"],
    "training.schedule.decay": ["cosine", "linear", "none"],
    "training.adversarial.kind": ["table", "labelled", "virtual"],
}
NULLABLE = {
    *(key for key, default in (DEFAULTS | INSIDE).items() if default is None),
    *("data.unlabelled", "pretrain.scale"),
}


def real(key: str) -> str:
    """The key as users write it."""
    return key.replace("language_model.", "pretrain.")


def nested(key: str, value: Any) -> dict[str, Any]:
    """``{"model": {"dense": [{"units": value}]}}`` for ``model.dense.0.units``, with what the section cannot lack."""
    kind = "language_model" if key != real(key) else "word_vectors"
    key = real(key)
    for part in reversed(key.split(".")):
        value = [value] if part == "0" else {part: value}
    if key.startswith("model.dense.0"):
        value["model"]["dense"][0].setdefault("units", 4)
    if key.startswith("pretrain."):
        value["pretrain"].setdefault("kind", kind)
    return typing.cast("dict[str, Any]", value)


def parse(values: dict[str, Any]) -> Config:
    # JSON is YAML for all that is used here.
    return parse_config(json.dumps(values).encode(), "c.yaml")


def problem(key: str, value: Any) -> str:
    """The only problem of a configuration in which ``key`` is ``value``, after ``c.yaml:1: <key>: ``."""
    with pytest.raises(ConfigError) as caught:
        parse(nested(key, value))
    assert [(item.where, item.key) for item in caught.value.problems] == [("c.yaml:1", real(key))]
    return caught.value.problems[0].what


def get(config: Config, key: str) -> Any:
    value: Any = config_values(config)
    for part in real(key).split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        sections = _sections(field.annotation)
        item = "0." if typing.get_origin(field.annotation) is list else ""
        if not sections:
            yield f"{prefix}{name}"
        for section in sections:
            yield from leaves(section, f"{'language_model' if section is LanguageModel else prefix + name}.{item}")


def _sections(annotation: Any) -> list[type[BaseModel]]:
    """Those that a key may hold, alone, in a list or one of several."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [section for item in typing.get_args(annotation) for section in _sections(item)]


def test_these_tests_know_every_setting() -> None:
    tables = {*WHOLE, *NUMBERS, *SWITCHES, *CHOICES, "data.source", "data.classes", "model.pooling", "model.window"}
    tables |= {"training.class_weight", "data.unlabelled", "pretrain.passes", "pretrain.file"}
    tables |= {"pretrain.even_lengths", "pretrain.scale", "data.label_map", *TABLE_COLUMNS}
    assert set(leaves(Config)) == tables
    parts = {"model.dense", "training.early_stopping", "training.schedule", "training.adversarial", "pretrain"}
    assert {*DEFAULTS, *INSIDE} - parts == tables


def test_every_setting_is_described() -> None:
    def described(model: type[BaseModel]) -> Iterator[tuple[str, str | None]]:
        for name, field in model.model_fields.items():
            yield f"{model.__name__}.{name}", field.description
            for section in _sections(field.annotation):
                yield from described(section)

    assert [name for name, text in described(Config) if not (text or "").strip()] == []


@pytest.mark.parametrize("key", DEFAULTS)
def test_default(key: str) -> None:
    config = parse_config(b"", "c.yaml")
    assert get(config, key) == DEFAULTS[key]
    assert type(get(config, key)) is type(DEFAULTS[key])


def test_there_is_one_recurrent_layer_by_default() -> None:
    assert len(Config().model.recurrent) == 1


@pytest.mark.parametrize("key", INSIDE)
def test_default_inside_an_optional_part(key: str) -> None:
    section, part, *_ = key.split(".")
    if section in ("pretrain", "language_model"):
        values: Any = {"pretrain": {"kind": INSIDE[f"{section}.kind"]}}
    else:
        values = {section: {part: [{"units": 4}] if part == "dense" else {}}}
    assert get(parse(values), key) == INSIDE[key]


@pytest.mark.parametrize("key", sorted(NULLABLE))
def test_null_means_none_where_that_is_a_value(key: str) -> None:
    assert get(parse(nested(key, None)), key) is None


@pytest.mark.parametrize("key", sorted({*DEFAULTS, *INSIDE} - NULLABLE))
def test_null_is_refused_elsewhere(key: str) -> None:
    assert "received nothing (null)" in problem(key, None)


@pytest.mark.parametrize("key", WHOLE)
def test_whole_number_range(key: str) -> None:
    smallest, largest = WHOLE[key]
    assert get(parse(nested(key, smallest)), key) == smallest
    assert problem(key, smallest - 1) == f"expected a number >= {smallest}, received {smallest - 1}"
    if largest is None:
        assert get(parse(nested(key, 10**12)), key) == 10**12
    else:
        assert get(parse(nested(key, largest)), key) == largest
        limit = "< 2,147,483,648" if key.endswith("seed") else f"<= {largest:,}"
        assert problem(key, largest + 1) == f"expected a number {limit}, received {largest + 1}"


@pytest.mark.parametrize("key", WHOLE)
@pytest.mark.parametrize(
    ("value", "received"),
    [
        (True, "true"),
        (False, "false"),
        (3.0, "3.0"),
        (3.5, "3.5"),
        ("3", 'the text "3"'),
        ([3], "a list of 1"),
        ({"a": 3}, "keys and values"),
    ],
)
def test_only_a_whole_number_is_a_whole_number(key: str, value: Any, received: str) -> None:
    assert problem(key, value) == f"expected a whole number, received {received}"


@pytest.mark.parametrize("key", RATES)
def test_a_share_is_from_0_to_below_1(key: str) -> None:
    assert get(parse(nested(key, 0)), key) == 0
    assert get(parse(nested(key, 0.999)), key) == 0.999
    assert problem(key, 1) == "expected a number < 1.0, received 1"
    assert problem(key, -0.1) == "expected a number >= 0.0, received -0.1"


@pytest.mark.parametrize("key", FROM_ABOVE_ZERO)
def test_zero_is_too_little(key: str) -> None:
    assert get(parse(nested(key, 1e-9)), key) == 1e-9
    assert problem(key, 0) == "expected a number > 0.0, received 0"
    assert problem(key, -1.5) == "expected a number > 0.0, received -1.5"


def test_a_negative_improvement_is_refused() -> None:
    assert problem("training.early_stopping.min_delta", -0.1) == "expected a number >= 0.0, received -0.1"


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize(
    ("value", "received"),
    [(True, "true"), ("0.1", 'the text "0.1"'), ([0.1], "a list of 1"), ({"a": 1}, "keys and values")],
)
def test_only_a_number_is_a_number(key: str, value: Any, received: str) -> None:
    assert problem(key, value) == f"expected a number, received {received}"


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_a_number_is_finite(key: str, value: str) -> None:
    text = json.dumps(nested(key, "X")).replace('"X"', value)
    with pytest.raises(ConfigError, match=r"received (nan|inf|-inf)"):
        parse_config(text.encode(), "c.yaml")


@pytest.mark.parametrize("key", SWITCHES)
def test_a_switch_is_true_or_false_and_nothing_else(key: str) -> None:
    assert get(parse(nested(key, True)), key) is True
    assert get(parse(nested(key, False)), key) is False
    assert problem(key, "yes") == 'expected true or false, received the text "yes"'
    assert problem(key, 1) == "expected true or false, received 1"


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in CHOICES.items() for value in values])
def test_choice_is_taken(key: str, value: str) -> None:
    assert get(parse(nested(key, value)), key) == value


@pytest.mark.parametrize("key", CHOICES)
@pytest.mark.parametrize("value", ["nothing like it", "", "AUTO", 1, ["adam"], {"adam": 1}])
def test_what_is_no_choice_is_refused(key: str, value: Any) -> None:
    assert problem(key, value).startswith("expected ")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "model.recurrent.0.cell",
            "ltsm",
            "expected one of 'simple_rnn', 'gru' or 'lstm', received the text \"ltsm\"; did you mean \"lstm\"?",
        ),
        (
            "training.optimizer",
            "Adam",
            "expected one of 'adam', 'adamw', 'rmsprop', 'sgd', 'nadam' or 'adagrad', received the text \"Adam\"; "
            'did you mean "adam"?',
        ),
        (
            *("data.validation_groups", "movies"),
            "expected one of 'movie' or 'auto', received the text \"movies\"; did you mean \"movie\"?",
        ),
        ("text.split", 3, "expected one of 'whitespace' or 'character', received 3"),
    ],
)
def test_the_nearest_choice_is_suggested(key: str, value: Any, expected: str) -> None:
    assert problem(key, value) == expected


@pytest.mark.parametrize("device", ["tpu", "gpu:", "gpu:x", "gpu:-1", "cpu:0", "auto ", "gpu:1\n", "GPU"])
def test_a_device_is_one_of_four_forms(device: str) -> None:
    assert problem("training.device", device).startswith("expected auto, cpu, gpu or gpu:N, received the text ")


@pytest.mark.parametrize("window", [1, 50, 500])
def test_windows_are_pooled_by_all_but_the_last_state(window: int) -> None:
    for pooling in ("max", "mean", "attention", ["mean", "attention", "max"]):
        assert parse({"model": {"window": window, "pooling": pooling}}).model.window == window
    for pooling in ("last", ["max", "last"]):
        with pytest.raises(ConfigError, match=r"model\.window: the last state is that of one window alone"):
            parse({"model": {"window": window, "pooling": pooling}})


def test_a_window_is_no_longer_than_a_review() -> None:
    with pytest.raises(ConfigError, match=r"model\.window: expected at most text\.sequence_length, 500, received 501"):
        parse({"model": {"window": 501, "pooling": "max"}})


def test_windows_are_not_compiled_by_xla() -> None:
    with pytest.raises(ConfigError, match=r"training\.jit_compile: XLA cannot compile model\.window"):
        parse({"model": {"window": 5, "pooling": "max"}, "training": {"jit_compile": True}})


def test_of_the_adversarial_kinds_xla_compiles_the_labelled_one_alone() -> None:
    for kind in ("table", "virtual"):
        expected = rf"training\.jit_compile: XLA cannot compile adversarial\.kind: {kind}; expected auto or false"
        with pytest.raises(ConfigError, match=expected):
            parse({"training": {"adversarial": {"kind": kind}, "jit_compile": True}})
        assert parse({"training": {"adversarial": {"kind": kind}, "jit_compile": False}}).training.adversarial
    assert parse({"training": {"adversarial": {"kind": "labelled"}, "jit_compile": True}}).training.jit_compile is True


def test_windows_need_a_mask() -> None:
    with pytest.raises(ConfigError, match=r"model\.window: windows need embedding\.mask: true"):
        parse({"model": {"window": 5, "pooling": "max", "embedding": {"mask": False}}})


@pytest.mark.parametrize("window", [0, -1, 1_000_001, 2.5, "50"])
def test_a_window_is_a_number_of_tokens(window: Any) -> None:
    with pytest.raises(ConfigError, match=r"model\.window"):
        parse({"model": {"window": window, "pooling": "max"}})


@pytest.mark.parametrize("value", [True, False, "auto"])
def test_jit_compile_is_a_switch_or_auto(value: Any) -> None:
    assert parse(nested("training.jit_compile", value)).training.jit_compile is value or value == "auto"
    assert problem("training.jit_compile", 1) == "expected 'auto', or true or false, received 1"


@pytest.mark.parametrize("value", ["auto", 1, 1000])
def test_passes_are_auto_or_a_number(value: Any) -> None:
    assert get(parse(nested("pretrain.passes", value)), "pretrain.passes") == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "expected 'auto', or a number >= 1, received 0"),
        (1001, "expected 'auto', or a number <= 1,000, received 1001"),
        (2.5, "expected 'auto', or a whole number, received 2.5"),
        ("many", "expected 'auto', or a whole number, received the text \"many\""),
    ],
)
def test_passes_that_cannot_be(value: Any, expected: str) -> None:
    assert problem("pretrain.passes", value) == expected


@pytest.mark.parametrize("value", ["auto", 0.3, 1, None])
def test_a_scale_is_auto_a_number_or_none(value: Any) -> None:
    assert get(parse(nested("pretrain.scale", value)), "pretrain.scale") == value


@pytest.mark.parametrize("value", [0, -0.1])
def test_a_scale_is_above_zero(value: float) -> None:
    assert problem("pretrain.scale", value) == f"expected 'auto', or a number > 0.0, received {value}"


@pytest.mark.parametrize("value", ["auto", 0, 0.5, 1])
def test_lengths_are_evened_by_themselves_or_to_a_share(value: Any) -> None:
    assert get(parse(nested("pretrain.even_lengths", value)), "pretrain.even_lengths") == value


@pytest.mark.parametrize(("value", "bound"), [(-0.1, ">= 0.0"), (1.1, "<= 1.0")])
def test_lengths_are_evened_between_not_at_all_and_wholly(value: float, bound: str) -> None:
    assert problem("pretrain.even_lengths", value) == f"expected 'auto', or a number {bound}, received {value}"


TABLE_COLUMNS = [
    f"data.{name}" for name in ("text_column", "label_column", "id_column", "rating_column", "test_source")
]


def test_values_of_a_column_are_mapped_to_classes() -> None:
    text = b"data:\n  label_map: {1: bad, 4.5: good, no: bad}\n"
    assert parse_config(text, "c.yaml").data.label_map == {"1": "bad", "4.5": "good", "no": "bad"}
    assert problem("data.label_map", {"1": "bad"}) == "expected values of at least two classes, received 1"
    assert problem("data.label_map", {}) == "expected values of at least two classes, received 0"


@pytest.mark.parametrize("key", ["data.unlabelled", "pretrain.file", *TABLE_COLUMNS])
def test_a_name_is_text_that_is_not_empty(key: str) -> None:
    assert get(parse(nested(key, "some/where")), key) == "some/where"
    assert problem(key, "") == 'expected text that is not empty, received the text ""'
    assert problem(key, 5) == 'expected text, received 5; to mean the text, quote it: "5"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, ".kind: this key is needed"),
        ({"passes": 5, "pass": 5}, ".kind: this key is needed"),
        (
            {"kind": "glove"},
            ".kind: expected one of 'word_vectors' or 'language_model', received the text \"glove\"",
        ),
        (
            {"kind": "language-model", "pass": 5},
            ".kind: expected one of 'word_vectors' or 'language_model', received the text \"language-model\"; "
            'did you mean "language_model"?',
        ),
        ({"kind": None}, ".kind: expected one of 'word_vectors' or 'language_model', received nothing (null)"),
        ({"kind": ["word_vectors"]}, ".kind: expected one of 'word_vectors' or 'language_model', received a list of 1"),
        ("language_model", ': expected keys and values, received the text "language_model"'),
        ([], ": expected keys and values, received a list of 0"),
    ],
)
def test_a_pretraining_is_of_one_of_two_kinds(value: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"pretrain": value})
    assert str(caught.value) == f"c.yaml:1: pretrain{expected}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "word_vectors", "min_steps": 5}, {"min_steps": "known: kind, algorithm, passes, window"}),
        ({"kind": "language_model", "negative": 5}, {"negative": "known: kind, start, passes, min_steps, length"}),
        ({"kind": "language_model", "sample": 5}, {"sample": 'did you mean "samples"?'}),
        ({"kind": "word_vectors", "sample": 5}, {"sample": 'did you mean "subsample"?'}),
        # the names of the kinds are marks of pydantic's in paths
        ({"kind": "word_vectors", "word_vectors": {}}, {"word_vectors": "known: kind, algorithm"}),
        ({"kind": "word_vectors", "language_model": 1}, {"language_model": "known: kind, algorithm"}),
        (
            {"kind": "language_model", "language_model": 1, "word_vectors": 1},
            {"language_model": "known: kind, start, passes", "word_vectors": "known: kind, start, passes"},
        ),
    ],
)
def test_an_unknown_key_of_a_pretraining_is_told_of_those_of_its_kind(
    value: dict[str, Any], expected: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"pretrain": value})
    found = {item.key.removeprefix("pretrain."): item.what for item in caught.value.problems}
    assert set(found) == set(expected)
    for key, what in expected.items():
        assert found[key].startswith(f"unknown key; {what}")


def test_the_reference_tells_the_kinds_apart() -> None:
    titles = [line for line in render_reference().splitlines() if line.startswith("## ")]
    assert titles[3:5] == ["## `pretrain`, kind: `word_vectors`", "## `pretrain`, kind: `language_model`"]
    assert titles[-1] == "## `training`"


def test_only_what_learns_reads_unlabelled_reviews() -> None:
    assert not Config().reads_unlabelled
    assert parse({"pretrain": {"kind": "word_vectors"}}).reads_unlabelled
    assert parse({"pretrain": {"kind": "language_model"}}).reads_unlabelled
    assert not parse({"pretrain": {"kind": "word_vectors", "file": "glove.txt"}}).reads_unlabelled


def test_a_source_is_text_that_is_not_empty() -> None:
    assert problem("data.source", "") == 'expected text that is not empty, received the text ""'
    assert problem("data.source", 5) == 'expected text, received 5; to mean the text, quote it: "5"'
    assert problem("data.source", ["a"]) == "expected text, received a list of 1"


def test_classes_keep_their_order() -> None:
    assert parse({"data": {"classes": ["pos", "neg", "mixed"]}}).data.classes == ["pos", "neg", "mixed"]


def test_class_names_that_yaml_1_1_takes_for_booleans_are_text() -> None:
    assert parse_config(b"data: {classes: [no, on]}", "c.yaml").data.classes == ["no", "on"]


@pytest.mark.parametrize(
    ("classes", "key", "expected"),
    [
        ([], "data.classes", "expected at least two classes, received 0"),
        (["pos"], "data.classes", "expected at least two classes, received 1"),
        (["a", "b", "a"], "data.classes.2", 'the class "a" is named twice; every class once'),
        (["a", ""], "data.classes.1", 'expected text that is not empty, received the text ""'),
        (["a", False], "data.classes.1", 'expected text, received false; to mean the text, quote it: "false"'),
        (["a", 5], "data.classes.1", 'expected text, received 5; to mean the text, quote it: "5"'),
        (["a", None], "data.classes.1", "expected text, received nothing (null)"),
        ("pos", "data.classes", 'expected a list, received the text "pos"'),
        ({"a": 1}, "data.classes", "expected a list, received keys and values"),
    ],
)
def test_classes_that_cannot_be(classes: Any, key: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"data": {"classes": classes}})
    assert [str(item) for item in caught.value.problems] == [f"c.yaml:1: {key}: {expected}"]


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("max", ["max"]), (["mean", "last", "attention", "max"], ["mean", "last", "attention", "max"])],
)
def test_pooling_is_one_or_a_list(pooling: Any, expected: list[str]) -> None:
    assert parse({"model": {"pooling": pooling}}).model.pooling == expected


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ([], "model.pooling: expected at least 1 item, received a list of 0"),
        (["max", "max"], "model.pooling: expected each kind once, received max, max"),
        (
            ["max", "mean", "last", "attention", "max"],
            "model.pooling: expected at most 4 items, received a list of 5",
        ),
        (3, "model.pooling: expected a list, received 3"),
        (
            ["men"],
            "model.pooling.0: expected one of 'last', 'max', 'mean' or 'attention', received the text \"men\"; "
            'did you mean "mean"?',
        ),
    ],
)
def test_poolings_that_cannot_be(pooling: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse({"model": {"pooling": pooling}})
    assert str(caught.value) == f"c.yaml:1: {expected}"


@pytest.mark.parametrize("key", ["recurrent", "dense"])
def test_there_are_at_most_20_layers(key: str) -> None:
    assert len(getattr(parse({"model": {key: [{"units": 2}] * 20}}).model, key)) == 20
    with pytest.raises(ConfigError, match=rf"model\.{key}: expected at most 20 items, received a list of 21$"):
        parse({"model": {key: [{"units": 2}] * 21}})


def test_there_is_at_least_one_recurrent_layer() -> None:
    assert problem("model.recurrent", []) == "expected at least 1 item, received a list of 0"


def test_a_dense_layer_needs_its_units() -> None:
    with pytest.raises(ConfigError, match=r"^c.yaml:1: model.dense.0.units: this key is needed$"):
        parse({"model": {"dense": [{"activation": "relu"}]}})


@pytest.mark.parametrize("key", ["data", "text", "model", "training", "model.embedding", "model.recurrent.0"])
@pytest.mark.parametrize("value", [3, "lstm", [1], None, True])
def test_a_section_is_keys_and_values(key: str, value: Any) -> None:
    if value is None and "." not in key:
        return  # a section whose keys are all commented out; see below
    assert problem(key, value).startswith("expected keys and values, received ")


@pytest.mark.parametrize("key", ["data", "text", "model", "training"])
def test_an_empty_section_has_its_defaults(key: str) -> None:
    assert parse({key: None}) == Config()


@pytest.mark.parametrize("value", ["balanced", {"neg": 1, "pos": 2.5}, {"bool": 1.0, "[key]": 2.0}])
def test_class_weights_are_balanced_or_by_name(value: Any) -> None:
    assert parse(nested("training.class_weight", value)).training.class_weight == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("balance", ["training.class_weight: expected 'balanced', or keys and values, received the text \"balance\""]),
        ([1, 2], ["training.class_weight: expected 'balanced', or keys and values, received a list of 2"]),
        (True, ["training.class_weight: expected 'balanced', or keys and values, received true"]),
        ({"neg": 0}, ["training.class_weight.neg: expected a number > 0.0, received 0"]),
        (
            {"neg": True, "pos": "2"},
            [
                "training.class_weight.neg: expected a number, received true",
                'training.class_weight.pos: expected a number, received the text "2"',
            ],
        ),
        # pydantic puts "bool" and "dict[…]" into paths itself; classes may be called that
        ({"bool": 0}, ["training.class_weight.bool: expected a number > 0.0, received 0"]),
        ({"dict[": 0}, ["training.class_weight.dict[: expected a number > 0.0, received 0"]),
    ],
)
def test_class_weights_that_cannot_be(value: Any, expected: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(nested("training.class_weight", value))
    assert str(caught.value).splitlines() == [f"c.yaml:1: {line}" for line in expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"text": {"truncate": "head_tail", "sequence_length": 1}},
            "text.sequence_length: expected at least 2 with truncate: head_tail, received 1",
        ),
        (
            {"model": {"recurrent": [{}, {"cell": "simple_rnn", "recurrent_activation": "tanh"}]}},
            "model.recurrent.1.recurrent_activation: a simple_rnn has no gates; remove this key or choose gru or lstm",
        ),
        (
            {"model": {"embedding": {"trainable": False}}, "training": {"adversarial": {}}},
            "model.embedding.trainable: adversarial.kind: table trains the word vectors; "
            "expected true, or another kind",
        ),
        (
            {"data": {"validation_fraction": 0}, "training": {"early_stopping": {}}},
            "training.early_stopping: early stopping needs a validation part; "
            "set data.validation_fraction above 0, or this to null",
        ),
        (
            {"data": {"classes": ["neg", "pos"]}, "training": {"class_weight": {"neg": 1, "good": 1}}},
            "training.class_weight: expected one weight for each of neg, pos, received neg, good",
        ),
    ],
)
def test_settings_that_do_not_go_together(values: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(values)
    assert str(caught.value) == f"c.yaml:1: {expected}"


@pytest.mark.parametrize(
    "values",
    [
        {"text": {"truncate": "head_tail", "sequence_length": 2}},
        {"text": {"truncate": "head", "sequence_length": 1}},
        {"model": {"recurrent": [{"cell": "gru", "recurrent_activation": "tanh"}]}},
        {"data": {"validation_fraction": 0}, "training": {"early_stopping": None}},
        {"data": {"classes": ["neg", "pos"]}, "training": {"class_weight": {"pos": 1, "neg": 2}}},
        {"training": {"class_weight": {"any": 1, "name": 2}}},
    ],
)
def test_settings_that_do_go_together(values: dict[str, Any]) -> None:
    config = config_values(parse(values))
    for section, settings in values.items():
        assert {name: config[section][name] for name in settings}.keys() == settings.keys()


def test_the_best_epoch_is_decided_by_what_early_stopping_monitors_or_the_loss() -> None:
    assert Config().monitor == "val_loss"
    assert parse({"training": {"early_stopping": {"monitor": "val_accuracy"}}}).monitor == "val_accuracy"


def test_a_configuration_cannot_be_changed_after_its_check() -> None:
    with pytest.raises(ValidationError):
        Config().training.epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("Data", 'did you mean "data"?'),
        ("train", 'did you mean "training"?'),
        ("training.epoch", 'did you mean "epochs"?'),
        ("data.class", 'did you mean "classes"?'),
        ("text.max_token", 'did you mean "max_tokens"?'),
        ("model.recurent", 'did you mean "recurrent"?'),
        ("model.embedding.dims", 'did you mean "dim"?'),
        ("model.recurrent.0.unit", 'did you mean "units"?'),
        ("model.dense.0.activations", 'did you mean "activation"?'),
        ("training.early_stopping.patient", 'did you mean "patience"?'),
        ("training.early_stopping.xyz", "known: monitor, patience, min_delta"),
        ("xyz", "known: data, text, model, pretrain, training"),
        ("<<", "known: data, text, model, pretrain, training"),
        # names that pydantic uses for its own marks in paths
        ("bool", "known: data, text, model, pretrain, training"),
        ("[key]", "known: data, text, model, pretrain, training"),
        ("model.embedding.literal[", "known: dim, dropout, word_dropout, mask, trainable"),
        ("pretrain.pass", 'did you mean "passes"?'),
        ("model.recurrent.0.bool", None),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_or_all(key: str, hint: str | None) -> None:
    received = problem(key, 1)
    assert received.startswith("unknown key; ")
    assert hint is None or received == f"unknown key; {hint}"
