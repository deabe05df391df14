"""What can go wrong in a user's hands, and the exit code that each kind ends with.

    SentimentError        1   it could not be done
    ├── ConfigError       2   the configuration is wrong: every problem at once
    ├── UsageError        2   the command was called wrongly
    ├── DataError         1   reviews are missing or bad
    ├── RunError          1   no such run, or a damaged one
    ├── DownloadError     1   an archive could not be fetched or is not what it should be
    └── DeviceError       1   the device that was asked for is not there
    Interrupted         130   stopped by a signal; what was done so far is kept (143 for SIGTERM)

A message says what happened and where, what was expected, what was received, and what to do.
Nothing in this package but the command line turns them into text on a screen.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class SentimentError(Exception):
    """Base of every error that a user can cause and mend. The text is the whole message."""

    exit_code = 1


class UsageError(SentimentError):
    """A command was called in a way that cannot be meant."""

    exit_code = 2


class DataError(SentimentError):
    """Reviews are missing, unreadable, or not sorted as expected."""


class RunError(SentimentError):
    """A run directory is missing, incomplete, damaged, or in the way."""


class DownloadError(SentimentError):
    """A download or an archive failed its checks."""


class DeviceError(SentimentError):
    """The device that was asked for cannot be used."""


class Interrupted(BaseException):
    """The work was stopped by a signal, after saving what there was.

    It is no ``Exception``, as ``KeyboardInterrupt`` is none: a signal can come anywhere, and code that mends errors,
    TensorFlow's tracing among it, would take it for one.

    Args:
        message: what was saved and the command that continues.
        exit_code: 130 for SIGINT, 143 for SIGTERM.
    """

    def __init__(self, message: str, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def signal_behind(error: Exception) -> BaseException | None:
    """The stop that an import was broken by: some C extensions turn what is raised while they load into an error."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, (Interrupted, KeyboardInterrupt)):
        cause = cause.__cause__ or cause.__context__
    return cause


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration or another file of settings.

    Args:
        where: ``file:line`` or the option that set the value, for example ``--set``.
        key: dotted key, for example ``model.recurrent.0.units``; empty for the file as a whole.
        what: what is wrong, what was expected and what was received.
    """

    where: str
    key: str
    what: str

    def __str__(self) -> str:
        """One line, in which nothing can steer a terminal."""
        line = ": ".join(part for part in (self.where, self.key, self.what) if part)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)


class ConfigError(SentimentError):
    """A configuration cannot be used; ``problems`` lists everything that is wrong with it.

    Args:
        problems: in the order in which they are shown.
        place: what they are in, where it is another file than a configuration.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], place: str = "the configuration") -> None:
        self.problems, self.place = list(problems), place
        super().__init__("\n".join(str(problem) for problem in self.problems))


def suggest(name: str, known: Iterable[str]) -> str:
    """A clause that names the nearest known name, in whatever case it was written, or all of them when none is near."""
    names = list(known)
    by_lower = {other.lower(): other for other in reversed(names)}
    near = difflib.get_close_matches(name, names, n=1)
    near = near or [by_lower[other] for other in difflib.get_close_matches(name.lower(), by_lower, n=1)]
    return f'did you mean "{near[0]}"?' if near else "known: " + ", ".join(names)


def shorten_list(items: Sequence[str], most: int = 5) -> str:
    """The first ``most`` items, comma-separated, and how many more there are."""
    shown = ", ".join(items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
