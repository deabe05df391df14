"""How a configuration's values are replaced from the command line: ``--set model.recurrent.0.units=64``."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sentiment_cli.config.yaml_source import KeyPath, read_value
from sentiment_cli.errors import ConfigError, Problem

_INDEX = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Override:
    """A value for one key and the option that gave it.

    Args:
        path: for example ``("model", "recurrent", 0, "units")``.
        value: a plain value.
        origin: the option, for messages: ``--set`` or ``--epochs``.
    """

    path: KeyPath
    value: Any
    origin: str


def parse_set(settings: Sequence[str]) -> list[Override]:
    """Read ``KEY=VALUE`` settings; values are YAML.

    Raises:
        ConfigError: naming every setting that is not of that form.
    """
    overrides, problems = read_settings(settings)
    if problems:
        raise ConfigError(problems)
    return overrides


def read_settings(settings: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """As `parse_set`, with the problems beside what could be read."""
    overrides: list[Override] = []
    problems: list[Problem] = []
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            problems.append(Problem("--set", "", f"expected KEY=VALUE, received {setting!r}"))
            continue
        path = tuple(int(part) if _INDEX.fullmatch(part) else part for part in key.strip().split("."))
        try:
            overrides.append(Override(path, read_value(text, f"--set {key.strip()}"), "--set"))
        except ConfigError as error:
            problems += error.problems
    return overrides, problems


def apply_override(values: dict[str, Any], override: Override, defaults: dict[str, Any]) -> str | None:
    """Put one override into ``values``, in place.

    What lies on the way and is not in ``values`` is taken from ``defaults``, so that
    ``model.recurrent.0.units`` works on a file that does not mention the layers.

    Returns:
        What is wrong with the key, or None.
    """
    here: Any = values
    default: Any = defaults
    for position, part in enumerate(override.path[:-1]):
        default = _child(default, part)
        below = _child(here, part)
        if below is None:
            below = copy.deepcopy(default) if isinstance(default, list) else {}
            problem = _put(here, part, below, override.path[: position + 1])
            if problem:
                return problem
        here = below
    # A copy: a later override may change it inside, and this one may be used again.
    return _put(here, override.path[-1], copy.deepcopy(override.value), override.path)


def _child(values: Any, part: str | int) -> Any:
    if isinstance(values, list) and isinstance(part, int):
        return values[part] if part < len(values) else None
    return values.get(str(part)) if isinstance(values, dict) else None


def _put(values: Any, part: str | int, value: Any, path: KeyPath) -> str | None:
    if isinstance(values, list):
        if not isinstance(part, int) or part >= len(values):
            known = f"expected an item from 0 to {len(values) - 1}" if values else "the list is empty"
            return f"{known}, received {part}; to add one, give the whole list"
        values[part] = value
    elif isinstance(values, dict):
        values[str(part)] = value
    else:
        return f"{path[-2] if len(path) > 1 else 'this'} is {values!r}, which has no {part}"
    return None
