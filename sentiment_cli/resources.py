"""Where the configurations, reviews and probes that ship with the package are.

In a wheel the configurations and reviews lie inside the package (``sentiment_cli/shipped``), in a checkout or an
editable install beside it; the probes lie inside it everywhere. This is the only place that knows.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs

from sentiment_cli.errors import RunError

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"
# Every shipped configuration names it in its first line, as a neighbour.
SCHEMA_FILE = "sentiment.schema.json"


def shipped_dir(name: str) -> Path:
    """The directory of what ships as ``name`` (``configs`` or ``datasets``)."""
    inside = _SHIPPED / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def shipped_configs() -> dict[str, Path]:
    """The shipped configurations by name, in alphabetical order."""
    return {path.stem: path for path in sorted(shipped_dir("configs").glob("*.yaml"))}


def shipped_probes() -> dict[str, Path]:
    """The shipped files of probes by name, in alphabetical order."""
    return {path.stem: path for path in sorted((_PACKAGE / "probes" / "suites").glob("*.yaml"))}


def shared_lexicons() -> Path:
    """The words that every file of probes may use: names, places, and what strengthens or weakens."""
    return _PACKAGE / "probes" / "lexicons.yaml"


def starter_probes() -> Path:
    """A short file of probes with comments, for users to begin with."""
    return _PACKAGE / "probes" / "starter.yaml"


def bundled_reviews() -> Path:
    """The reviews of a bed and breakfast that ship with the package (``--data bnb``)."""
    return shipped_dir("datasets") / "bnb"


def imdb_candidates() -> list[Path]:
    """Where ``aclImdb`` is looked for: ``$SENTIMENT_DATA``, ``./datasets``, the user's cache."""
    configured = _configured_dir()
    places = [configured] if configured else []
    places.append(Path("datasets"))
    with contextlib.suppress(RunError):
        places.append(user_cache_dir())
    return [place / "aclImdb" for place in places]


def imdb_download_dir() -> Path:
    """Where ``download imdb`` puts ``aclImdb`` when not told: ``$SENTIMENT_DATA``, else the user's cache."""
    return _configured_dir() or user_cache_dir()


def user_cache_dir() -> Path:
    """Where files go that can be fetched or computed again; on Linux below ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Raises:
        RunError: the user has no home, as under a number that no user of the machine has.
    """
    # Without a home platformdirs gives ``~/.cache`` as it is, newer versions (4.13) raise.
    with contextlib.suppress(RuntimeError):
        place = platformdirs.user_cache_path("sentiment")
        if place.is_absolute():
            return place
    raise RunError("There is no home directory to keep files in. Set XDG_CACHE_HOME to a directory.")


def pretrained_dir() -> Path:
    """Where results of pretraining are kept for all runs of this user."""
    return user_cache_dir() / "pretrained"


def imported_dir() -> Path:
    """Where tables are kept as directories of reviews, for all trainings of this user."""
    return user_cache_dir() / "imported"


def expand_path(text: str) -> Path:
    """The path with ``~`` replaced; as it is where that means nobody's home, for it may happen to be called so."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def absolute_path(text: str) -> str:
    """A path that means the same from any working directory."""
    return str(expand_path(text).resolve())


def _configured_dir() -> Path | None:
    """``$SENTIMENT_DATA``; None where it is not set or empty."""
    configured = os.environ.get("SENTIMENT_DATA")
    return expand_path(configured) if configured else None
