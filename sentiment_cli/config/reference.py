"""The reference of all settings as a Markdown page, made from the schema."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sentiment_cli.config.explain import sections_in, tag
from sentiment_cli.config.schema import Config
from sentiment_cli.config.yaml_source import dump_yaml

_HEAD = """\
# Configuration

Every setting of a configuration file, with its type and range, its default, and what it means. A file names only
what differs from the defaults; `sentiment validate -c FILE -v` shows it with all of them. On the command line
`--set KEY=VALUE` replaces a value: `--set model.recurrent.0.units=64`.

YAML is read by the rules of YAML 1.2: `1e-3` is a number, `no` and `on` are text. Unknown keys, wrong types, values
out of range and keys given twice are errors. Made by `sentiment configs --reference` from the schema.
"""
_NAMES = {int: "whole number", float: "number", str: "text", bool: "true or false"}
_SIGNS = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


def render_reference() -> str:
    """The page."""
    sections = [_HEAD]
    for name, field in Config.model_fields.items():
        kinds = sections_in(field.annotation)
        for section in kinds:
            title = f"`{name}`" if len(kinds) == 1 else f"`{name}`, kind: `{tag(section)}`"
            sections += _section(name, section, level=2, title=title)
    return "\n".join(sections)


def _section(path: str, model: type[BaseModel], level: int, title: str) -> list[str]:
    rows = ["| key | type and range | default | meaning |", "|---|---|---|---|"]
    below: list[str] = []
    for name, field in model.model_fields.items():
        rows.append(f"| `{name}` | {_type(field)} | {_default(field)} | {_cell(field.description or '')} |")
        item = ".0" if get_origin(field.annotation) is list else ""
        for child in sections_in(field.annotation):
            key = f"{path}.{name}{item}"
            below += _section(key, child, level + 1, f"`{key}`")
    return [f"{'#' * level} {title}", "", (model.__doc__ or "").split("\n")[0], "", *rows, "", *below]


def _type(field: FieldInfo) -> str:
    name = _annotation(field.annotation)
    limits = _limits(field.metadata)
    # A range belongs to the number and not to the null beside it.
    return _cell(f"{name.removesuffix(' or null')}{limits}, or null" if name.endswith(" or null") else name + limits)


def _annotation(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin is typing.Annotated:
        return _annotation(arguments[0]) + _limits([*arguments[1:], *_inner(arguments[1:])])
    if origin is list:
        item = _annotation(arguments[0])
        return f"list of {'sections' if item == 'keys below' else item}"
    if origin is dict:
        return f"a {_annotation(arguments[1])} for each class name"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_annotation(item) for item in arguments)
    if annotation is type(None):
        return "null"
    return _NAMES.get(annotation, "keys below")


def _limits(metadata: Any) -> str:
    """Ranges as a clause, from pydantic's (annotated_types') limits."""
    found = [(sign, getattr(item, key)) for item in metadata for key, sign in _SIGNS if hasattr(item, key)]
    clauses = [f"{sign} {_plain(limit)}" for sign, limit in found]
    lengths = [(getattr(item, "min_length", None), getattr(item, "max_length", None)) for item in metadata]
    most = [f"at most {longest}" for _, longest in lengths if longest is not None]
    parts = [*clauses, *most]
    return f" {', '.join(parts)}" if parts else ""


def _inner(metadata: Any) -> list[Any]:
    return [item for field in metadata if isinstance(field, FieldInfo) for item in field.metadata]


def _plain(limit: float) -> str:
    return f"{limit:,}" if limit != 2**31 else "2^31"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "needed"
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, list):
        plain = [item.model_dump() if isinstance(item, BaseModel) else item for item in value]
        return "one, see below" if plain and isinstance(plain[0], dict) else _cell(f"`{plain}`".replace("'", ""))
    return f"`{dump_yaml(value).partition(chr(10))[0]}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
