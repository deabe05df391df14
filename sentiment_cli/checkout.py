"""Which commit of its sources does this package run from?"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# Of a command that takes ten milliseconds; a repository on a network that hangs must hold up no training.
_PATIENCE_SECONDS = 5


def package_commit(package: Path = _PACKAGE) -> str | None:
    """The git commit of the checkout that a package lies in, 40 digits; with ``-dirty`` where its files differ from it.

    Changes beside the package, as in a table of results that is kept in the same repository, count for nothing.

    Args:
        package: its directory.

    Returns:
        None where the package was installed without its repository, has no commit yet, or git is not there.
    """
    # An environment may lie inside the repository of another project, whose commit says nothing of us.
    if not (package.parent / ".git").exists():
        return None
    commit = _git(package, "rev-parse", "HEAD")
    changes = _git(package, "status", "--porcelain", "--", ".")
    if not commit or changes is None:
        return None
    return f"{commit}-dirty" if changes else commit


def _git(directory: Path, *arguments: str) -> str | None:
    """What a git command says; None where it fails."""
    # A hook sets GIT_DIR, which may be of another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_PATIENCE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
