"""Which settings does a search try, and with which values?"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sentiment_cli.config import Config, Override, change_config
from sentiment_cli.config.overrides import read_settings
from sentiment_cli.config.yaml_source import read_value
from sentiment_cli.errors import ConfigError, Problem, suggest

# Values by key as text, as `--set` takes them.
Values = dict[str, str]
# Combinations that are tried to find one in which a value is possible, 2 ms each.
_LOOKED_AT = 200
# Significant digits of a number that is drawn; more would tell nothing, and be read by nobody.
_DIGITS = 4
_KINDS = ("log", "uniform", "int", "choice")
_CALL = re.compile(r"\s*([A-Za-z_]+)\s*\((.*)\)\s*", re.DOTALL)
_OPENING, _CLOSING = "([{", ")]}"
# What makes trials incomparable, or lets one read the test part.
_FIXED = {
    ("data",): "it decides which reviews are for validation, and trials could not be compared",
    ("training",): "name single settings of it, such as training.batch_size",
    ("training", "evaluate_test"): "no trial reads the test part",
    ("training", "device"): "it is the same for all trials; use --device",
}
_FREE = ("data", "unlabelled")


@dataclass(frozen=True)
class Setting:
    """One setting that is searched over: a list of values, or a range of numbers.

    Args:
        key: dotted, for example ``model.recurrent.0.units``.
        origin: the option that named it.
        choices: the values as they were written; empty for a range.
        low: of a range, in it.
        high: likewise, above ``low``.
        is_log: numbers are drawn evenly by their logarithm.
        is_whole: they are whole.
    """

    key: str
    origin: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    is_log: bool = False
    is_whole: bool = False

    @property
    def count(self) -> float:
        """How many values there are."""
        if self.choices:
            return len(self.choices)
        return self.high - self.low + 1 if self.is_whole else math.inf

    @property
    def ends(self) -> tuple[str, ...]:
        """The values that decide whether it can be: all that are listed, or the ends of the range."""
        return self.choices or (self.text(self.low), self.text(self.high))

    @property
    def all_texts(self) -> tuple[str, ...]:
        """All values, of a list or of a range of whole numbers."""
        return self.choices or tuple(map(str, range(round(self.low), round(self.high) + 1)))

    def text(self, number: float) -> str:
        """A number of a range as it is written, rounded to what tells."""
        if self.is_whole:
            return str(round(number))
        return repr(min(max(float(f"{number:.{_DIGITS}g}"), self.low), self.high))

    def override(self, text: str) -> Override:
        """The replaced value of a configuration."""
        (override,), _ = read_settings([f"{self.key}={text}"])
        return replace(override, origin=self.origin)

    def describe(self) -> str:
        """What is searched, in a few words."""
        if self.choices:
            return ", ".join(self.choices)
        kind = "whole numbers from" if self.is_whole else "from"
        return f"{kind} {self.low:g} to {self.high:g}{', by the logarithm' if self.is_log else ''}"


def parse_space(grid: Sequence[str], drawn: Sequence[str]) -> list[Setting]:
    """Read the options of a search.

    Args:
        grid: ``KEY=V1,V2,…``, values in YAML; commas within brackets and quotes belong to a value.
        drawn: ``KEY=log(a,b)``, ``uniform(a,b)``, ``int(a,b)``, ``int(a,b,log)`` or ``choice(V1,V2,…)``.

    Returns:
        The settings, those of ``grid`` first.

    Raises:
        ConfigError: naming everything that is not of that form.
    """
    settings: list[Setting] = []
    problems: list[Problem] = []
    for origin, text in (*(("--grid", text) for text in grid), *(("--random", text) for text in drawn)):
        try:
            settings.append(_read_setting(origin, text))
        except ConfigError as error:
            problems += error.problems
    problems += _repeated(settings)
    if problems:
        raise ConfigError(problems)
    return settings


def check_space(config: Config, settings: Sequence[Setting]) -> None:
    """Find every value that no trial could be trained with.

    A value that is wrong with the configuration's other values may be right with those that other settings have.

    Raises:
        ConfigError: listing all of them.
    """
    problems: list[Problem] = []
    for setting in settings:
        for text in setting.ends:
            found = find_problems(config, settings, {setting.key: text})
            if found and not _is_possible(config, settings, setting.key, text):
                problems += found
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))


def find_problems(config: Config, settings: Sequence[Setting], values: Mapping[str, str]) -> list[Problem]:
    """What is wrong with a configuration of these values; nothing where a training can have it."""
    try:
        apply_values(config, settings, values)
    except ConfigError as error:
        named = [setting for setting in settings if setting.key in values]
        origin, said = named[0].origin, " ".join(f"{key}={text}" for key, text in values.items())
        alone = [named[0].key] if len(named) == 1 else []
        return [replace(one, where=origin if one.key in alone else f"{origin} {said}") for one in error.problems]
    return []


def apply_values(config: Config, settings: Sequence[Setting], values: Mapping[str, str]) -> Config:
    """The configuration of a trial.

    Raises:
        ConfigError: these values cannot be together.
    """
    overrides = [setting.override(values[setting.key]) for setting in settings if setting.key in values]
    return change_config(config, overrides)


def combinations(settings: Sequence[Setting]) -> Iterator[Values]:
    """All combinations of values; there has to be no range of fractions."""
    return _products(settings, [setting.all_texts for setting in settings])


def count_combinations(settings: Sequence[Setting]) -> float:
    """How many different trials there are; inf where there is a range of fractions."""
    return math.prod(setting.count for setting in settings)


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Each key by its last parts, as many as tell it from the others: ``units``, or ``recurrent.1.units``."""
    parts = {key: key.split(".") for key in keys}

    def name(key: str) -> str:
        own = parts[key]
        for count in range(1, len(own)):
            is_alone = sum(other[-count:] == own[-count:] for other in parts.values()) == 1
            if is_alone and not own[-count].isdigit():
                return ".".join(own[-count:])
        return key

    return {key: name(key) for key in keys}


def _products(settings: Sequence[Setting], texts: Sequence[Sequence[str]]) -> Iterator[Values]:
    keys = [setting.key for setting in settings]
    return (dict(zip(keys, some, strict=True)) for some in itertools.product(*texts))


def _is_possible(config: Config, settings: Sequence[Setting], key: str, text: str) -> bool:
    others = [setting for setting in settings if setting.key != key]
    some = itertools.islice(_products(others, [setting.ends for setting in others]), _LOOKED_AT)
    return any(not find_problems(config, settings, {**values, key: text}) for values in some)


def _read_setting(origin: str, option: str) -> Setting:
    key, equals, text = option.partition("=")
    key = key.strip()
    if not equals or not key:
        raise _wrong(origin, "", f"expected KEY=…, received {option!r}")
    parts = tuple(key.split("."))
    for fixed, why in _FIXED.items():
        is_below = fixed == ("data",) and parts[:1] == fixed and parts != _FREE
        if parts == fixed or is_below:
            raise _wrong(origin, key, f"cannot be searched over: {why}")
    if origin == "--grid":
        return Setting(key, origin, _read_choices(origin, key, text))
    return _read_drawn(key, text)


def _read_drawn(key: str, text: str) -> Setting:
    forms = "log(a,b), uniform(a,b), int(a,b), int(a,b,log) or choice(a,b,…)"
    call = _CALL.fullmatch(text)
    if call is None:
        raise _wrong("--random", key, f"expected {forms}, received {text!r}")
    kind, inner = call.groups()
    if kind not in _KINDS:
        raise _wrong("--random", key, f"there is no {kind}(); {suggest(kind, _KINDS)}")
    if kind == "choice":
        return Setting(key, "--random", _read_choices("--random", key, inner))
    arguments = [part.strip() for part in inner.split(",")]
    is_log = kind == "log" or (kind == "int" and arguments[2:] == ["log"])
    if len(arguments) != (3 if kind == "int" and is_log else 2):
        form = "int(a,b) or int(a,b,log)" if kind == "int" else f"{kind}(a,b)"
        raise _wrong("--random", key, f"expected {form}, received {text.strip()!r}")
    low, high = (_read_number(key, argument, whole=kind == "int") for argument in arguments[:2])
    if not low < high:
        raise _wrong("--random", key, f"expected the lower end first, received {text.strip()!r}")
    if is_log and low <= 0:
        raise _wrong("--random", key, f"a range by the logarithm begins above 0, received {arguments[0]}")
    return Setting(key, "--random", low=low, high=high, is_log=is_log, is_whole=kind == "int")


def _read_number(key: str, text: str, *, whole: bool) -> float:
    value = read_value(text, f"--random {key}")
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    try:
        number = float(value) if is_number else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        kind = "a whole number" if whole else "a number"
        raise _wrong("--random", key, f"expected {kind}, received {text!r}")
    return number


def _read_choices(origin: str, key: str, text: str) -> tuple[str, ...]:
    texts = _split(text)
    values: list[Any] = [read_value(one, f"{origin} {key}") for one in texts]
    if any(not one for one in texts):
        raise _wrong(origin, key, f"expected a value between commas, received {text!r}")
    for place, value in enumerate(values):
        if any(value == other and type(value) is type(other) for other in values[:place]):
            raise _wrong(origin, key, f"expected each value once, received {texts[place]} twice")
    return tuple(texts)


def _split(text: str) -> list[str]:
    """At the commas that lie in no brackets and no quotes."""
    pieces, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPENING or character in _CLOSING:
            depth += 1 if character in _OPENING else -1
        if character == "," and depth <= 0 and not quote:
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece.strip() for piece in pieces]


def _repeated(settings: Sequence[Setting]) -> list[Problem]:
    """Settings that are named twice, or that lie within each other."""
    problems = []
    for place, setting in enumerate(settings):
        for other in settings[:place]:
            shorter, longer = sorted((setting.key, other.key), key=len)
            if shorter == longer:
                problems.append(Problem(setting.origin, setting.key, "named twice; give all its values at once"))
            elif longer.startswith(f"{shorter}."):
                problems.append(Problem(setting.origin, longer, f"is a part of {shorter}; search over one of them"))
    return problems


def _wrong(origin: str, key: str, what: str) -> ConfigError:
    return ConfigError([Problem(origin, key, what)])
