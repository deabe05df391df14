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


def explain_errors(errors: Sequence[ErrorDetails], section: type[BaseModel] = Config) -> list[tuple[KeyPath, str]]:
    """The key path of each error and what is wrong there; the branches of one union are one error.

    Args:
        errors: of pydantic.
        section: what was checked.
    """
    explained: dict[KeyPath, str] = {}
    for path, what in (_explain(details, section) for details in errors):
        if path in explained:
            explained[path] = f"{explained[path].partition(', received')[0]}, or {what.removeprefix('expected ')}"
        else:
            explained[path] = what
    # A mapping that is wrong inside is not also wrong for not being the union's other branch.
    return [(path, what) for path, what in explained.items() if not _explained_deeper(path, explained)]


def _explained_deeper(path: KeyPath, explained: dict[KeyPath, str]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in explained)


def _explain(details: ErrorDetails, section: type[BaseModel]) -> tuple[KeyPath, str]:
    path, sections = _resolve(details["loc"], section)
    kind, context, received = details["type"], details.get("ctx", {}), details["input"]
    if kind == "sentiment":
        return path + tuple(context["path"]), str(context["what"])
    if kind == "extra_forbidden":
        known = [name for section in sections for name in section.model_fields]
        return path, f"unknown key; {suggest(str(path[-1]), known)}"
    if kind == "union_tag_not_found":
        return (*path, "kind"), "this key is needed"
    if kind == "union_tag_invalid":
        context = {"expected": context["expected_tags"].replace("', '", "' or '")}
        path, kind, received = (*path, "kind"), "literal_error", received["kind"]
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
        return "keys and values" if value else "{}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return _shortened(repr(value))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _resolve(location: tuple[str | int, ...], section: type[BaseModel]) -> tuple[KeyPath, list[type[BaseModel]]]:
    """A path without what pydantic adds to it for the branches of unions, and the sections that its last key is in."""
    path: list[str | int] = []
    sections: list[type[BaseModel]] = [section]
    inside, after_setting = sections, False
    for part in location:
        chosen = [section for section in sections if part == tag(section)]
        if chosen and len(sections) > 1:
            sections = chosen
        elif isinstance(part, int):
            path.append(part)
        elif not (after_setting and _is_branch(part)):
            path.append(part)
            inside, sections = sections, _sections_below(sections, part)
            after_setting = bool(inside) and not sections
            continue
        after_setting = False
    return tuple(path), inside


def _is_branch(part: str) -> bool:
    """Whether this stands for a branch of a union, right after a setting."""
    return part.startswith(_BRANCHES) or part == "bool"


def tag(section: type[BaseModel]) -> str | None:
    """The kind by which a section is told from the others that a key may hold."""
    kinds = get_args(section.model_fields["kind"].annotation) if "kind" in section.model_fields else ()
    return str(kinds[0]) if len(kinds) == 1 else None


def _sections_below(sections: Sequence[type[BaseModel]], key: str) -> list[type[BaseModel]]:
    fields = [section.model_fields[key] for section in sections if key in section.model_fields]
    return [found for field in fields for found in sections_in(field.annotation)]


def sections_in(annotation: Any) -> list[type[BaseModel]]:
    """The sections that a key may hold, alone or in a list."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [found for item in get_args(annotation) for found in sections_in(item)]


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
