"""Does the JSON schema accept and refuse what `validate` accepts and refuses?"""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sentiment_cli.config.json_schema import render_json_schema
from sentiment_cli.config.load import config_values
from sentiment_cli.config.schema import Config
from sentiment_cli.config.yaml_source import read_yaml
from sentiment_cli.resources import SCHEMA_FILE, shipped_configs, shipped_dir

SCHEMA = json.loads(render_json_schema())
EDITOR = jsonschema.Draft202012Validator(SCHEMA)
# A configuration with every section in it.
FULL: dict[str, Any] = {
    **config_values(Config()),
    "pretrain": {"kind": "word_vectors", "passes": 3, "even_lengths": "auto"},
}
FULL["model"]["dense"] = [{"units": 8, "activation": "relu", "dropout": 0.1}]
FULL["training"] |= {
    "early_stopping": {"monitor": "val_loss", "patience": 3, "min_delta": 0.0},
    "schedule": {"warmup": 0.1, "decay": "linear"},
    "adversarial": {"kind": "table", "norm": 5.0, "weight": 1.0},
    "class_weight": {"good": 1.0, "bad": 2.0},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values of a configuration, of sections and of settings."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, item in items for below in places(item, (*path, key)))]


def put(path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(FULL)
    if not path:
        return value
    here: Any = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return changed


def is_valid(values: Any) -> bool | None:
    """Whether our check accepts it; None where it fails for what no schema can say."""
    try:
        Config.model_validate(values)
    except ValidationError as error:
        errors = error.errors()
        # Rules of ours are of two keys, or of what JSON has no word for; and to JSON 3.0 is a whole number.
        beyond = all(details["type"] == "sentiment" for details in errors) or any(map(_is_whole_float, errors))
        return None if beyond else False
    return True


def _is_whole_float(details: Any) -> bool:
    return isinstance(details["input"], float) and details["input"].is_integer()


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 0.5, 1.0, -0.5, 1e9, 10**12, 2**31, 2**31 - 1]),
    st.sampled_from(["", "auto", "lstm", "last", "balanced", "gpu:1", "gpu:x", "cosine", "random", "word_vectors"]),
    st.lists(st.sampled_from(["last", "max", "a", 1]), max_size=5),
    st.dictionaries(st.sampled_from(["units", "kind", "a", "b"]), st.sampled_from([1, "x", 2.5]), max_size=3),
)


@given(path=st.sampled_from(places(FULL)), value=VALUES)
@settings(max_examples=200, deadline=None)
@example(path=("model", "pooling"), value="max")
@example(path=("data",), value=None)
@example(path=("training", "device"), value="gpu:x")
def test_an_editor_marks_what_validate_refuses_and_nothing_else(path: tuple[Any, ...], value: Any) -> None:
    values = put(path, value)
    expected = is_valid(values)
    if expected is not None:
        assert EDITOR.is_valid(values) == expected


# The keys of class weights are class names.
NAMED = [path for path in places(FULL) if path and isinstance(path[-1], str) and "class_weight" not in path[:-1]]


@pytest.mark.parametrize("section", sorted({path[:-1] for path in NAMED}, key=str))
def test_an_unknown_key_of_any_section_is_marked(section: tuple[Any, ...]) -> None:
    values = put((*section, "unknown_key"), 1)
    assert not EDITOR.is_valid(values)


def test_every_setting_has_a_meaning() -> None:
    for name, section in SCHEMA["$defs"].items():
        for key, setting in section["properties"].items():
            assert "$ref" in setting or setting.get("description"), f"{name}.{key}"
            assert "title" not in setting


@pytest.mark.parametrize(("path", "value"), [("pooling", ["max", "max"]), ("classes", ["a", "a"]), ("classes", ["a"])])
def test_rules_of_one_list_are_in_the_schema(path: str, value: Any) -> None:
    section = "model" if path == "pooling" else "data"
    assert not EDITOR.is_valid({section: {path: value}})
    assert EDITOR.is_valid({section: {path: ["max", "last"]}})


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", sorted(shipped_configs()))
def test_a_shipped_configuration_names_its_schema_and_keeps_to_it(name: str) -> None:
    content = shipped_configs()[name].read_bytes()
    assert content.startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n".encode())
    EDITOR.validate(read_yaml(content, name).values)


def test_the_shipped_schema_is_that_of_the_settings() -> None:
    shipped = (shipped_dir("configs") / SCHEMA_FILE).read_text(encoding="utf-8")
    assert shipped == render_json_schema(), f"renew it: sentiment schema -o configs/{SCHEMA_FILE}"
