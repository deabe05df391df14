"""How a file or a directory is written so that it is complete or not there.

A temporary name in the same directory, fsync, then a rename: a reader never sees half a file, and a full disk or a
crash leaves the previous version as it was. What a killed process left is removed by `remove_temporaries`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# One for what is being written and may be removed, one for what may have to be brought back.
_TEMPORARY, _REPLACED = ".unfinished-", ".replaced-"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes the place of ``path``.

    Args:
        path: the file to be written; its directory is made when missing.

    Yields:
        A path in the same directory, with the same ending (writers such as Keras look at it). When the
        body raises, it is removed and ``path`` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _named(path):
        handle, name = tempfile.mkstemp(prefix=f"{_TEMPORARY}{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        # mkstemp makes files that only their owner can read; results are meant to be shared.
        temporary.chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
        _sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing_directory(path: Path, *, new: bool = False) -> Iterator[Path]:
    """Give a temporary directory beside ``path``; on success it takes the place of ``path``.

    Args:
        path: the directory to be made or replaced; its parent is made when missing.
        new: it must not exist.

    Yields:
        An empty directory, for files and directories. When the body raises, it is removed and ``path`` stays as it was.

    Raises:
        FileExistsError: with ``new``, it exists.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _named(path):
        temporary = Path(tempfile.mkdtemp(prefix=f"{_TEMPORARY}{path.name}-", dir=path.parent))
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _sync(file)
        _sync(temporary)
        temporary.chmod(0o777 & ~_umask())
        if path.exists():
            if new:
                raise FileExistsError(errno.EEXIST, "another process made it meanwhile", str(path))
            _take_place(temporary, path)
        else:
            temporary.rename(path)
        _sync(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _take_place(new: Path, path: Path) -> None:
    """Replace a directory, which cannot be done in one step: killed in between, `settle` takes the first one back."""
    set_aside(path)
    try:
        new.rename(path)
    finally:
        settle(path)


def set_aside(path: Path) -> None:
    """Move a directory out of its place, for another one; `settle` ends what begins here."""
    aside = Path(tempfile.mkdtemp(prefix=_REPLACED, dir=path.absolute().parent))
    before = aside / path.absolute().name
    try:
        path.rename(before)
    except BaseException:
        if os.path.lexists(before) and not os.path.lexists(path):
            before.rename(path)
        with contextlib.suppress(OSError):
            aside.rmdir()
        raise


def is_set_aside(path: Path) -> bool:
    """Whether a directory waits for what becomes of the one in its place."""
    return bool(_aside(path))


def settle(path: Path) -> None:
    """Bring a directory back that was set aside, or remove it where another one has its place now.

    Nobody else may be replacing it now; a killed process may have left it.
    """
    for aside in _aside(path):
        if os.path.lexists(path):
            gone = aside.with_name(aside.name.replace(_REPLACED, _TEMPORARY))
            aside.rename(gone)  # at once: half of it is not to be brought back
            shutil.rmtree(gone, ignore_errors=True)
        else:
            (aside / path.absolute().name).rename(path)
            aside.rmdir()


def _aside(path: Path) -> list[Path]:
    """The directories in which one of this name waits; links are not followed."""
    path = path.absolute()
    return [aside for aside in path.parent.glob(f"{_REPLACED}*") if os.path.lexists(aside / path.name)]


def remove_directory(path: Path) -> None:
    """Remove a directory with all that is in it; killed meanwhile, it is gone under its name already."""
    aside = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=path.parent))
    path.rename(aside / path.name)
    shutil.rmtree(aside, ignore_errors=True)


def remove_temporaries(directory: Path, *, deep: bool = True) -> None:
    """End or undo what killed processes left in a directory, at any depth; nobody else may be writing into it now."""
    find = directory.rglob if deep else directory.glob
    for before in list(find(f"{_REPLACED}*/*")):
        settle(before.parent.parent / before.name)
    for path in [*find(f"{_TEMPORARY}*"), *find(f"{_REPLACED}*")]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with line-feed line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented ASCII JSON, whole or not at all.

    ASCII, since tokens and texts may hold line separators and other characters that text tools split on.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


def check_can_be_made(path: Path) -> None:
    """Raise an OSError where no directory could be made at ``path``, or none in the one that is there."""
    resolved = path.resolve()
    place = next(place for place in (resolved, *resolved.parents) if place.exists())
    with _named(path):
        Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=place)).rmdir()


def cannot_move(path: Path) -> bool:
    """Whether a directory stays where it is, and so cannot be replaced: the working directory, or a mount point."""
    if path.is_symlink() or not path.is_dir():
        return False
    return path.samefile(Path.cwd()) or os.path.ismount(path)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let errors name what was to be written, in place of its temporary name."""
    try:
        yield
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None


def _sync(path: Path) -> None:
    """Flush a file or a directory to disk; directories cannot be opened for that on Windows."""
    if path.is_dir() and os.name == "nt":
        return
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:
        if not path.is_dir():  # a directory may not be readable, or not to be synced; the file itself counts
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
