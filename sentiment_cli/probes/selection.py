"""Which files of probes and which of their probes does a user mean?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.errors import UsageError, suggest
from sentiment_cli.probes.schema import Probe
from sentiment_cli.probes.suite import Suite, load_shipped, load_suite
from sentiment_cli.resources import shipped_probes

ALL_DOMAINS = "all"
# The shipped probes that the built-in sources are asked about.
_OF_SOURCE = {"imdb": "film", "bnb": "stay"}


@dataclass(frozen=True)
class Selected:
    """A probe that is to be tried.

    Args:
        suite: the file that it is in.
        name: of the probe.
    """

    suite: Suite
    name: str

    @property
    def probe(self) -> Probe:
        """What it says."""
        return self.suite.probes[self.name]

    @property
    def names(self) -> tuple[str, str, str]:
        """All that it can be called: itself, with its file, by its capability."""
        return self.name, f"{self.suite.name}/{self.name}", self.probe.capability


def load_suites(domain: str | None, files: Sequence[Path], source: str | None) -> list[Suite]:
    """The files of probes to use.

    Args:
        domain: shipped ones: a name, or ``all``; None: those of the source where no file is given.
        files: the user's own.
        source: ``data.source`` of the run; a directory is taken for IMDb where it is called so, and all shipped probes
            are used for others.

    Raises:
        ConfigError: a file cannot be used.
        UsageError: two files have one name.
    """
    shipped: list[str] = []
    if domain is not None:
        shipped = list(shipped_probes()) if domain == ALL_DOMAINS else [domain]
    elif not files:
        known = find_domain(source)
        shipped = [known] if known else list(shipped_probes())
    suites = [*map(load_shipped, shipped), *map(load_suite, files)]
    names = [suite.name for suite in suites]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f'Two files of probes are called "{name}"; give one another name, since results use it.')
    return suites


def find_domain(source: str | None) -> str | None:
    """The shipped probes for a source of reviews; None: any of them may fit."""
    if source is not None and Path(source).name == "aclImdb":
        return _OF_SOURCE["imdb"]
    return _OF_SOURCE.get(source or "")


def select_probes(suites: Sequence[Suite], only: Sequence[str] = ()) -> list[Selected]:
    """The probes to try, in the order of the files.

    Args:
        suites: the files.
        only: names of probes, ``file/name``, or capabilities; none: all probes.

    Raises:
        UsageError: a name is that of nothing.
    """
    every = [Selected(suite, name) for suite in suites for name in suite.probes]
    known = {name for one in every for name in one.names}
    for name in only:
        if name not in known:
            raise UsageError(f'No probe and no capability "{name}"; {suggest_names(name, every)}')
    return [one for one in every if not only or set(only) & set(one.names)]


def suggest_names(name: str, selected: Sequence[Selected]) -> str:
    """A clause that names the nearest probe or capability; where none is near, the capabilities and how to see all."""
    capabilities = list(dict.fromkeys(one.probe.capability for one in selected))
    hint = suggest(name, dict.fromkeys([*capabilities, *(one.name for one in selected)]))
    if hint.startswith("did"):
        return hint
    return f"capabilities: {', '.join(capabilities)}; all probes: sentiment probe --list"
