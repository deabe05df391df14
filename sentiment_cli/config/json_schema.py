"""The configuration as a JSON schema, by which editors complete keys and check values while they are typed."""

from __future__ import annotations

import json
from typing import Any

from sentiment_cli.config.schema import Config

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render_json_schema() -> str:
    """The schema as text, two blanks a level.

    What one key may hold is in it: names, types, ranges, choices, defaults and meanings. What depends on two keys (an
    early stopping needs a validation part) is left to ``sentiment validate``.
    """
    schema = Config.model_json_schema()
    # A section whose keys are all commented out is null, and means its defaults.
    schema["properties"] = {name: _or_null(section) for name, section in schema["properties"].items()}
    sections = {name: _cleaned(section) for name, section in schema.pop("$defs").items()}
    whole = {"$schema": _DIALECT, "title": "Configuration of sentiment", **_cleaned(schema), "$defs": sections}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _or_null(section: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in section:
        return section
    others = {key: value for key, value in section.items() if key != "$ref"}
    return {"anyOf": [{"$ref": section["$ref"]}, {"type": "null"}], **others}


def _cleaned(schema: Any) -> Any:
    """Without titles, which repeat the keys, and without OpenAPI's ``discriminator``."""
    if isinstance(schema, list):
        return [_cleaned(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key != "discriminator" and not _is_title(key, value)}
    return {key: _cleaned(value) for key, value in kept.items()}


def _is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)
