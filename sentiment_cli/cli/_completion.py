"""What a shell completes beside commands and options: configurations, runs, sources and settings.

`CONFIG`, `RUN`, `SOURCE` and `SETTING` are types of options and arguments. Where nothing fits, the shell completes
files. Only the standard library and click are loaded, for it happens at each press of the key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from sentiment_cli.resources import SCHEMA_FILE, shipped_configs, shipped_dir
from sentiment_cli.runs import RUNS_DIR

Items = list[CompletionItem]
# What begins a setting that bash takes apart at its equals sign.
_SETTING_OPTIONS = ("--set", "--grid", "--random")
_NOSPACE = '    [[ "${COMPREPLY[0]}" == *= ]] && compopt -o nospace\n\n    return 0'


class _Completed(click.types.StringParamType):
    """Text as it is, for which a shell proposes what there is.

    Args:
        metavar: what help calls it.
        propose: gives the proposals for what is typed so far.
    """

    def __init__(self, metavar: str, propose: Callable[[str], Items]) -> None:
        self._metavar, self._propose = metavar, propose

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What help calls it."""
        return self._metavar

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        """The proposals."""
        return self._propose(incomplete)


def _configs(incomplete: str) -> Items:
    """Names of configurations, those in ``./configs`` first."""
    own = sorted(path.stem for path in Path("configs").glob("*.yaml"))
    return _plain([*own, *(name for name in shipped_configs() if name not in own)], incomplete)


def _runs(incomplete: str) -> Items:
    """Names of runs under ``./runs``, the newest first; other directories where none fits."""
    places = [path for path in RUNS_DIR.iterdir() if path.is_dir()] if RUNS_DIR.is_dir() else []
    newest = sorted(places, key=lambda path: (-path.stat().st_mtime, path.name))
    return _plain([path.name for path in newest if not path.name.startswith(".")], incomplete, otherwise="dir")


def _sources(incomplete: str) -> Items:
    """The sources that have names."""
    return _plain(["bnb", "imdb"], incomplete)


def _keys_and_values(incomplete: str) -> Items:
    """``KEY=`` of every setting and, after that, the values that it may have."""
    settings = dict(_settings())
    key, equals, _ = incomplete.partition("=")
    if not equals:
        return _plain([f"{key}=" for key in settings], incomplete)
    choices = [f"{key}={choice}" for choice in _choices(settings.get(key, {}))]
    return [CompletionItem(choice) for choice in choices if choice.startswith(incomplete)]


def _plain(names: Iterable[str], incomplete: str, otherwise: str = "file") -> Items:
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type=otherwise)]


def _settings() -> Iterator[tuple[str, dict[str, Any]]]:
    """The dotted key of each setting with its part of the JSON schema; ``0`` stands for any layer."""
    schema = json.loads((shipped_dir("configs") / SCHEMA_FILE).read_text(encoding="utf-8"))

    def walk(path: str, node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        sections = [schema["$defs"][item["$ref"].rpartition("/")[2]] for item in _branches(node) if "$ref" in item]
        for section in sections:
            for key, below in section["properties"].items():
                yield from walk(f"{path}.{key}", below)
        items = node.get("items", {})
        if "$ref" in items:
            yield from walk(f"{path}.0", items)
        elif not sections:
            yield path, node

    for name, node in schema["properties"].items():
        yield from walk(name, node)


def _branches(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The forms that a value may have, none of which is a union itself."""
    several = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    for item in several:
        yield from _branches(item)
    if not several:
        yield node


def _choices(node: dict[str, Any]) -> list[str]:
    """The words that a setting may be, its default first."""
    words: list[Any] = [node["default"]] if "default" in node else []
    for item in _branches(node):
        words += item.get("enum", [])
        words += [item["const"]] if "const" in item else []
        words += [True, False] if item.get("type") == "boolean" else [None] if item.get("type") == "null" else []
    texts = [word if isinstance(word, str) else json.dumps(word) for word in words]
    return list(dict.fromkeys(texts))


class _Bash(BashComplete):
    """Bash, which takes ``KEY=VALUE`` for three words, and puts a blank behind what it has completed."""

    source_template = BashComplete.source_template.replace("    return 0", _NOSPACE)
    _joined = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and that one, ``KEY=VALUE`` being one word."""
        args, incomplete = super().get_completion_args()
        words = [*args, incomplete]
        equals = next((at for at in (len(words) - 1, len(words) - 2) if words[at] == "="), None)
        if equals is None or equals < 2 or words[equals - 2] not in _SETTING_OPTIONS:
            return args, incomplete
        self._joined = f"{words[equals - 1]}="
        return words[: equals - 1], self._joined + "".join(words[equals + 1 :])

    def format_completion(self, item: CompletionItem) -> str:
        """The completion without what bash takes for other words."""
        return f"{item.type},{item.value.removeprefix(self._joined)}"


add_completion_class(_Bash, "bash")


CONFIG = _Completed("NAME|PATH|-", _configs)
RUN = _Completed("RUN", _runs)
SOURCE = _Completed("SOURCE", _sources)
SETTING = _Completed("KEY=VALUE", _keys_and_values)
