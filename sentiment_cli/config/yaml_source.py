"""How YAML is read and written: YAML 1.2's plain values, one document, and the line of every key.

PyYAML follows YAML 1.1: it reads ``1e-3`` as text, ``no`` as a boolean, ``010`` as 8, and keeps the last of
duplicate keys. Here a document is composed into nodes by PyYAML and turned into values by the core schema of
YAML 1.2 (https://yaml.org/spec/1.2.2/, section 10.3.2). Anchors, aliases, tags and merge keys are refused: no
configuration needs them, and they are what alias bombs are made of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from sentiment_cli.errors import ConfigError, Problem

MAX_BYTES = 1_000_000
KeyPath = tuple[str | int, ...]

_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"null|Null|NULL|~|")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass
class Document:
    """A YAML document as values, with the line of every key and list item.

    Args:
        values: plain Python values; None for an empty document.
        lines: the line, from 1, of each key path, for example ``("model", "recurrent", 0, "units")``.
        problems: what is wrong with keys, while the rest could be read: keys given twice, keys that are no text.
    """

    values: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """The line of a key path, or of its nearest parent that is in the document; at least 1."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(content: bytes, name: str) -> Document:
    """Read one YAML document.

    Args:
        content: UTF-8, with or without BOM, at most 1 MB.
        name: what the document is called in messages, usually its path.

    Raises:
        ConfigError: it is not YAML, or more than a configuration needs of it.
    """
    if len(content) > MAX_BYTES:
        raise _failure(name, None, f"expected at most {MAX_BYTES:,} bytes, received {len(content):,}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _failure(name, line, f"expected UTF-8, received byte 0x{content[error.start]:02x}") from None
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"{error.context}, {error.problem}" if str(error.problem).startswith("but ") else error.problem
        raise _failure(name, mark.line + 1 if mark else None, f"not valid YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line, character = text[: error.position].count("\n") + 1, ord(text[error.position])
        raise _failure(name, line, f"not valid YAML: the character U+{character:04X} is not allowed") from None
    except RecursionError:
        raise _failure(name, None, "nested too deeply") from None
    return _construct(node, name)


def read_value(text: str, name: str) -> Any:
    """Read the value of ``--set KEY=VALUE``; ``name`` is what messages call it."""
    document = read_yaml(text.encode("utf-8", "surrogatepass"), name)
    if document.problems:
        raise ConfigError(document.problems)
    return document.values


def dump_yaml(values: Any) -> str:
    """Write values so that `read_yaml` gives them back, keys in the order given."""
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100))


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses what YAML lets one document repeat or point to."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not supported", event.start_mark)
        if getattr(event, "tag", None) not in (None, "!"):
            raise yaml.composer.ComposerError(None, None, f"tags ({event.tag}) are not supported", event.start_mark)
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.2 would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.Node:
        """Escape what is not printable: PyYAML would read a U+0085 between single quotes as a blank."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _Dumper.represent_text)

# PyYAML picks the resolvers by the first character of a plain value; None stands for any.
_Dumper.yaml_implicit_resolvers = {}
for _tag, _pattern in (("bool", _BOOL), ("null", _NULL), ("int", _INT), ("float", _FLOAT)):
    _whole = re.compile(rf"(?:{_pattern.pattern})\Z")
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, None)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
        return node
    except (ValueError, OverflowError):  # PyYAML lets them through for "\UFFFFFFFF" and for absurd %YAML versions
        mark = loader.get_mark()
        raise yaml.scanner.ScannerError(None, None, "a character or version number is out of range", mark) from None
    finally:
        loader.dispose()


def _construct(node: yaml.Node | None, name: str) -> Document:
    if node is None:
        return Document(None)
    document = Document(None)

    def problem(where: yaml.Node, path: KeyPath, what: str) -> None:
        document.problems.append(Problem(f"{name}:{where.start_mark.line + 1}", dotted(path), what))

    document.values = _value(node, (), document.lines, problem)
    return document


def _value(
    node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], problem: Callable[[yaml.Node, KeyPath, str], None]
) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), lines, problem) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            problem(key_node, path, "expected a name as key, received a list or mapping")
            continue
        key = str(key_node.value)
        if key in values:
            first = lines[(*path, key)]
            problem(key_node, (*path, key), f"given twice; the first is in line {first}, keep one of them")
            continue
        lines[(*path, key)] = key_node.start_mark.line + 1
        values[key] = _value(value_node, (*path, key), lines, problem)
    return values


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None:  # quoted or block text
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text) and len(text) < 1000:
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def dotted(path: KeyPath) -> str:
    """``("model", "recurrent", 0)`` as ``model.recurrent.0``."""
    return ".".join(str(part) for part in path)


def _failure(name: str, line: int | None, what: str) -> ConfigError:
    return ConfigError([Problem(f"{name}:{line}" if line else name, "", what)])
