"""How pydantic's errors are said in our words: what was expected, what was received, the nearest valid name."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from sentiment_cli.config.schema import Config
from sentiment_cli.config.yaml_source import KeyPath
from sentiment_cli.errors import suggest

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "string_too_short": "text that is not empty",
    "string_unicode": "text of valid Unicode",
    "string_pattern_mismatch": "auto, cpu, gpu or gpu:N",
}
_SHOWN = 60
_BRANCHES = ("literal[", "dict[", "constrained-int", "constrained-float")


def explain_errors(errors: Sequence[ErrorDetails]) -> list[tuple[KeyPath, str]]:
    """The key path of each error and what is wrong there; the branches of one union are one error."""
    explained: dict[KeyPath, str] = {}
    for path, what in map(_explain, errors):
        if path in explained:
            explained[path] = f"{explained[path].partition(', received')[0]}, or {what.removeprefix('expected ')}"
        else:
            explained[path] = what
    # A mapping that is wrong inside is not also wrong for not being the union's other branch.
    return [(path, what) for path, what in explained.items() if not _explained_deeper(path, explained)]


def _explained_deeper(path: KeyPath, explained: dict[KeyPath, str]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in explained)


def _explain(details: ErrorDetails) -> tuple[KeyPath, str]:
    path = _key_path(details["loc"])
    kind, context, received = details["type"], details.get("ctx", {}), details["input"]
    if kind == "sentiment":
        return path + tuple(context["path"]), str(context["what"])
    if kind == "extra_forbidden":
        return path, f"unknown key; {suggest(str(path[-1]), _known_keys(path[:-1]))}"
    if kind == "missing":
        return path, "this key is needed"
    if kind == "literal_error":
        return path, f"expected {_choices(context)}, received {show(received)}{_nearest(received, context)}"
    return (
        path,
        f"expected {_expected(kind, context, details['msg'])}, received {show(received)}{_hint(kind, received)}",
    )


def show(value: Any) -> str:
    """A received value as the user would have written it, with its kind where that is the mistake."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{value}".lower()
    if isinstance(value, str):
        return f'the text "{_shortened(value)}"'
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _key_path(location: tuple[str | int, ...]) -> KeyPath:
    """Drop what pydantic adds to a path for the branch of a union, which comes right after a setting."""
    path: list[str | int] = []
    model: Any = Config
    for position, part in enumerate(location):
        below_setting = model is None and position == len(path)
        if below_setting and isinstance(part, str) and (part.startswith(_BRANCHES) or part == "bool"):
            continue
        path.append(part)
        model = _annotation(model, part)
    return tuple(path)


def _annotation(model: Any, part: str | int) -> Any:
    """The model class below ``part`` of ``model``, or None where settings end."""
    if isinstance(part, int):
        return model
    if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
        return None
    return _section_in(model.model_fields[part].annotation)


def _section_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for item in get_args(annotation) if (found := _section_in(item))), None)


def _known_keys(path: KeyPath) -> list[str]:
    model: Any = Config
    for part in path:
        model = _annotation(model, part)
    return list(model.model_fields) if model else []


def _choices(context: dict[str, Any]) -> str:
    expected = str(context["expected"])
    return f"one of {expected}" if " or " in expected else expected


def _nearest(received: Any, context: dict[str, Any]) -> str:
    choices = [choice.strip("'") for part in str(context["expected"]).split(", ") for choice in part.split(" or ")]
    hint = suggest(received, choices) if isinstance(received, str) else ""
    return f"; {hint}" if hint.startswith("did") else ""


def _expected(kind: str, context: dict[str, Any], message: str) -> str:
    limits = {"greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<="}
    if kind in limits:
        key = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}[kind]
        return f"a number {limits[kind]} {context[key]:,}"
    if kind == "too_short":
        return f"at least {context['min_length']} item"
    if kind == "too_long":
        return f"at most {context['max_length']} items"
    return _EXPECTED.get(kind, message[:1].lower() + message[1:])


def _hint(kind: str, received: Any) -> str:
    if kind == "string_type" and received is not None and not isinstance(received, (dict, list)):
        return f'; to mean the text, quote it: "{str(received).lower() if isinstance(received, bool) else received}"'
    return ""
