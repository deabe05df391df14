"""How a configuration is found, read, overridden and checked, with every problem at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.atomic import write_text
from sentiment_cli.config.overrides import Override, apply_override, read_settings
from sentiment_cli.config.yaml_source import Document, KeyPath, dotted, dump_yaml, read_yaml
from sentiment_cli.errors import ConfigError, Problem, suggest
from sentiment_cli.resources import shipped_configs

if TYPE_CHECKING:
    from sentiment_cli.config.schema import Config

DEFAULT_CONFIG = "lstm"


def find_config(name: str) -> Path:
    """The file that a user means by ``name``.

    Looked up as the path given, then in ``./configs``, then among the shipped ones, with or without ``.yaml``.

    Raises:
        ConfigError: there is no such file.
    """
    for base in (Path(), Path("configs")):
        for candidate in (base / name, base / f"{name}.yaml"):
            if candidate.is_file():
                return candidate
    shipped = shipped_configs()
    if name.removesuffix(".yaml") in shipped:
        return shipped[name.removesuffix(".yaml")]
    hint = suggest(name.removesuffix(".yaml"), shipped)
    raise ConfigError(
        [Problem(name, "", f"no such configuration, neither as a file nor among the shipped ones; {hint}")]
    )


def load_config(
    name: str | Path = DEFAULT_CONFIG, overrides: Sequence[Override] = (), settings: Sequence[str] = ()
) -> Config:
    """Read a configuration file and check it whole.

    Args:
        name: a path, the name of a shipped configuration, or ``-`` for standard input.
        overrides: values that replace the file's, later ones over earlier ones.
        settings: ``KEY=VALUE`` texts, whose values replace all others; see `overrides.parse_set`.

    Raises:
        ConfigError: listing everything that is wrong, with file and line or the option.
    """
    own, problems = read_settings(settings)
    overrides = [*overrides, *own]
    if str(name) == "-":
        return parse_config(sys.stdin.buffer.read(), "<stdin>", overrides, problems)
    path = find_config(str(name))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError([Problem(str(path), "", f"cannot be read: {error.strerror}")]) from None
    return parse_config(content, str(path), overrides, problems)


def parse_config(
    content: bytes, name: str, overrides: Sequence[Override] = (), known_problems: Sequence[Problem] = ()
) -> Config:
    """Check a configuration given as YAML.

    Args:
        content: the file.
        name: what messages call it.
        overrides: values that replace the file's, later ones over earlier ones.
        known_problems: to be reported with those that are found here.

    Raises:
        ConfigError: listing everything that is wrong.
    """
    document = read_yaml(content, name)
    if document.values is None:
        document.values = {}
    if not isinstance(document.values, dict):
        raise ConfigError([Problem(f"{name}:1", "", "expected keys such as data, text, model, training")])
    return _check(document, name, overrides, [*known_problems, *document.problems])


def change_config(config: Config, overrides: Sequence[Override], name: str = "configuration") -> Config:
    """The same configuration with other values, checked whole.

    Args:
        config: what is changed; it stays as it is.
        overrides: the values, later ones over earlier ones.
        name: what messages call it, where they cannot name an option.

    Raises:
        ConfigError: listing everything that is wrong.
    """
    return _check(Document(config_values(config)), name, overrides, [])


def _check(document: Document, name: str, overrides: Sequence[Override], known_problems: Sequence[Problem]) -> Config:
    # the schema takes 0.1 s to import, and commands such as --help, configs and runs read no configuration
    from pydantic import ValidationError

    from sentiment_cli.config.explain import explain_errors
    from sentiment_cli.config.schema import Config

    origins: dict[tuple[str, ...], str] = {}
    problems = [*known_problems, *_override(document.values, overrides, config_values(Config()), origins)]
    try:
        config = Config.model_validate(document.values)
    except ValidationError as error:
        for path, what in explain_errors(error.errors(include_url=False)):
            problems.append(Problem(_where(path, document, origins, name), dotted(path), what))
    if problems:
        raise ConfigError(problems)
    return config


def config_values(config: Config) -> dict[str, Any]:
    """The configuration as plain values, defaults included."""
    return config.model_dump(mode="json")


def write_config(path: Path, config: Config) -> None:
    """Write a resolved configuration; `load_config` gives the same one back."""
    write_text(path, dump_yaml(config_values(config)))


def config_difference(before: Config, after: Config) -> list[str]:
    """The keys in which two configurations differ, as ``key: before -> after``."""
    old, new = _flatten(config_values(before)), _flatten(config_values(after))
    keys = [key for key in (*old, *(key for key in new if key not in old)) if old.get(key) != new.get(key)]
    return [f"{key}: {old.get(key)} -> {new.get(key)}" for key in keys]


def _flatten(value: Any, path: KeyPath = ()) -> dict[str, Any]:
    if isinstance(value, dict) and value:
        return {key: item for name, child in value.items() for key, item in _flatten(child, (*path, name)).items()}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return {key: item for index, child in enumerate(value) for key, item in _flatten(child, (*path, index)).items()}
    return {dotted(path): value}


def _override(
    values: dict[str, Any],
    overrides: Sequence[Override],
    defaults: dict[str, Any],
    origins: dict[tuple[str, ...], str],
) -> list[Problem]:
    problems = []
    for override in overrides:
        origins[_as_text(override.path)] = override.origin
        wrong = apply_override(values, override, defaults)
        if wrong:
            problems.append(Problem(override.origin, dotted(override.path), wrong))
    return problems


def _where(path: KeyPath, document: Document, origins: dict[tuple[str, ...], str], name: str) -> str:
    """The option that set the value at ``path`` or a part of it, else its line in the file."""
    key = _as_text(path)
    option = next((origins[key[:end]] for end in range(len(key), 0, -1) if key[:end] in origins), None)
    if option is None and path not in document.lines:  # only an option may have said that something is there
        option = next((origin for other, origin in origins.items() if other[: len(key)] == key), None)
    return option or f"{name}:{document.line(path)}"


def _as_text(path: KeyPath) -> tuple[str, ...]:
    return tuple(str(part) for part in path)
