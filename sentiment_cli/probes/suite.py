"""How a file of probes is read and checked, with every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sentiment_cli.config.explain import explain_errors, show
from sentiment_cli.config.yaml_source import Document, KeyPath, dotted, read_yaml
from sentiment_cli.errors import ConfigError, Problem, suggest
from sentiment_cli.probes.schema import TYPES, Probe, ProbeFile
from sentiment_cli.probes.templates import Lexicons, find_faults
from sentiment_cli.resources import shared_lexicons, shipped_probes

# What an error calls the place of its problems.
PLACE = "the file of probes"
_TYPES = " or ".join(", ".join(f"'{name}'" for name in TYPES).rsplit(", ", 1))


@dataclass(frozen=True)
class Suite:
    """The probes of a file.

    Args:
        name: of the file, without its ending.
        path: the file.
        description: what the probes are for.
        lexicons: entries by name, the shared ones included.
        probes: by name, in the order of the file.
    """

    name: str
    path: Path
    description: str
    lexicons: Lexicons
    probes: Mapping[str, Probe]


def load_shipped(name: str) -> Suite:
    """The shipped probes of one domain.

    Raises:
        KeyError: there are none of that name, see `resources.shipped_probes`.
    """
    return load_suite(shipped_probes()[name])


def load_suite(path: Path) -> Suite:
    """The probes of a file.

    Raises:
        ConfigError: listing everything that is wrong with it, with file and line.
    """
    shared = _read_lexicons(shared_lexicons())
    return parse_suite(_read(path), str(path), path, shared)


def parse_suite(content: bytes, name: str, path: Path, shared: Lexicons) -> Suite:
    """Check a file of probes.

    Args:
        content: YAML.
        name: what messages call it.
        path: the file.
        shared: lexicons beside its own, which come first.

    Raises:
        ConfigError: listing everything that is wrong with it.
    """
    document = _document(content, name)
    found = [*document.problems]

    def problem(key: KeyPath, what: str) -> None:
        found.append(Problem(f"{name}:{document.line(key)}", dotted(key), what))

    # A file all of whose lexicons are commented out is as one without the key.
    values = {key: value for key, value in document.values.items() if value is not None}
    for key, what in _faults(values, ProbeFile):
        problem(key, what)
    lexicons: Lexicons = {**shared, **_usable_lexicons(values)}
    for key, what in _repeated(_usable_lexicons(values)):
        problem(key, what)
    probes: dict[str, Probe] = {}
    known = values.get("probes")
    for probe_name, settings in (known if isinstance(known, dict) else {}).items():
        probe, faults = _read_probe(settings)
        if probe is not None:
            probes[probe_name] = probe
            faults = list(_lexicon_faults(probe, lexicons))
        for key, what in faults:
            problem(("probes", probe_name, *key), what)
    if found:
        raise ConfigError(found, PLACE)
    return Suite(path.stem, path, str(values.get("description", "")), lexicons, probes)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        what = "no such file; write one to start from: sentiment probe --init"
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    raise ConfigError([Problem(str(path), "", what)], PLACE)


def _document(content: bytes, name: str) -> Document:
    try:
        document = read_yaml(content, name)
    except ConfigError as error:
        raise ConfigError(error.problems, PLACE) from None
    if not isinstance(document.values, dict):
        what = f"expected the keys description, lexicons and probes, received {show(document.values)}"
        raise ConfigError([Problem(f"{name}:1", "", what)], PLACE)
    return document


def _read_lexicons(path: Path) -> Lexicons:
    """Lexicons by name, from a file of nothing else."""
    lexicons: Lexicons = _document(_read(path), str(path)).values
    return lexicons


def _faults(values: Any, section: type[BaseModel]) -> list[tuple[KeyPath, str]]:
    try:
        section.model_validate(values)
    except ValidationError as error:
        return explain_errors(error.errors(include_url=False), section)
    return []


def _usable_lexicons(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Those that can be used, so that one that cannot is one problem and not many."""
    lexicons = values.get("lexicons")
    known = lexicons if isinstance(lexicons, dict) else {}
    return {
        name: [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
        for name, entries in known.items()
    }


def _repeated(lexicons: Mapping[str, list[str]]) -> Iterator[tuple[KeyPath, str]]:
    for name, entries in lexicons.items():
        if not (name.isascii() and name.replace("_", "").isalpha() and name[0].islower()):
            yield ("lexicons", name), "a lexicon is named by lower-case letters and _, for the slots {name} and {name2}"
        for index, entry in enumerate(entries):
            if entry in entries[:index]:
                yield ("lexicons", name, index), f'"{entry}" is there twice; every entry once'


def _read_probe(settings: Any) -> tuple[Probe | None, list[tuple[KeyPath, str]]]:
    """A probe, or what is wrong with it."""
    if not isinstance(settings, dict):
        return None, [((), f"expected keys and values, received {show(settings)}")]
    kind = settings.get("type")
    if "type" not in settings:
        return None, [(("type",), f"this key is needed; one of {_TYPES}")]
    section = TYPES.get(kind) if isinstance(kind, str) else None
    if section is None:
        hint = f"; {suggest(kind, TYPES)}" if isinstance(kind, str) else ""
        return None, [(("type",), f"expected one of {_TYPES}, received {show(kind)}{hint}")]
    try:
        return section.model_validate(settings), []
    except ValidationError as error:
        return None, explain_errors(error.errors(include_url=False), section)


def _lexicon_faults(probe: Probe, lexicons: Lexicons) -> Iterator[tuple[KeyPath, str]]:
    for path, template in probe.located:
        for unknown, what in find_faults(template, lexicons):
            yield path, f"{what}; {suggest(unknown, lexicons)}" if unknown else what
    for key, lexicon in probe.changed.lexicons if probe.changed else []:
        if lexicon not in lexicons:
            yield ("change", *key), f'there is no lexicon "{lexicon}"; {suggest(lexicon, lexicons)}'
