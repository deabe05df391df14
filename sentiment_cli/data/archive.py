"""How a .tar.gz from elsewhere is unpacked so that it can do no harm.

Only plain files and directories below one named directory; nothing that points or climbs out of it; an
upper limit for the number of members and for the bytes that they unpack to. `tarfile`'s ``data`` filter
(PEP 706) stands behind these rules as a second wall, where Python has it. Nothing here knows what the files
mean.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from sentiment_cli.data.download import Progress
from sentiment_cli.errors import DownloadError

# tarfile reads the contents of files in pieces of 16 KiB, but a header of any length at once into memory.
_LONGEST_READ_BYTES = 1024 * 1024
# Python 3.11.0 to 3.11.3 lack the filter, unless patched; Debian 12 comes with 3.11.2.
_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
# IMDb has 100,000 members: progress is told a thousand times.
_MEMBERS_PER_REPORT = 100


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to; more is taken for a decompression bomb.

    Args:
        members: files and directories.
        total_bytes: everything that comes out of gzip, tar's own headers included.
    """

    members: int = 200_000
    total_bytes: int = 2_000_000_000


LIMITS = Limits()


def unpack(archive: Path, into: Path, *, top: str, progress: Progress, limits: Limits = LIMITS) -> Path:
    """Unpack the files in the tree ``top`` of a .tar.gz file, all of them or with an error.

    Directories without a file in them are left out.

    Args:
        archive: the .tar.gz file.
        into: an existing directory, which the caller removes should this fail.
        top: the directory that every member must be in.
        progress: told the phase ``unpack``, in bytes of the compressed file.
        limits: what the archive may hold.

    Returns:
        ``into / top``; it does not exist when no file was in it.

    Raises:
        DownloadError: not a gzipped tar archive, cut off, damaged, over a limit, or with a member that is
            not a plain file or directory below ``top``.
        OSError: the disk failed or is full.
    """
    try:
        with archive.open("rb") as packed, _BoundedGzip(packed, limits.total_bytes) as stream:
            size = os.fstat(packed.fileno()).st_size
            _unpack_members(stream, into, top, limits, lambda: progress("unpack", packed.tell(), size))
    except _Refused as error:
        raise DownloadError(f"{archive}: {error}") from None
    except gzip.BadGzipFile as error:
        raise DownloadError(f"{archive}: is not a sound gzip file, expected a .tar.gz archive: {error}") from error
    except EOFError as error:
        raise DownloadError(f"{archive}: ends too early; it was cut off on its way") from error
    except (tarfile.TarError, zlib.error, ValueError, OverflowError, RecursionError) as error:
        # tarfile lets the last three out for headers that make no sense
        raise DownloadError(f"{archive}: is not a sound tar archive: {error}") from error
    return into / top


class _Refused(Exception):
    """The archive is readable, and holds something that we do not unpack."""


class _BoundedGzip(gzip.GzipFile):
    """A gzip stream that ends with an error where a decompression bomb would go on."""

    def __init__(self, packed: BinaryIO, total_bytes: int) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._total_bytes = total_bytes

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= _LONGEST_READ_BYTES:
            raise _Refused(f"has a header of more than {_LONGEST_READ_BYTES:,} bytes")
        data = super().read(size)
        self.check_room(0)
        return data

    def check_room(self, size: int) -> None:
        """Refuse when ``size`` more bytes would be too many."""
        if not 0 <= size <= self._total_bytes - self.tell():
            raise _Refused(f"unpacks to more than {self._total_bytes:,} bytes")


def _unpack_members(stream: _BoundedGzip, into: Path, top: str, limits: Limits, report: Callable[[], None]) -> None:
    with tarfile.open(fileobj=stream, mode="r:") as tar:
        for count, member in enumerate(tar, start=1):
            if count > limits.members:
                raise _Refused(f"holds more than {limits.members:,} files and directories")
            _check_member(member, top)
            stream.check_room(member.size)
            if member.isfile():  # their directories are made on the way
                # Owners, modes and times mean nothing here; the user's umask decides who may read.
                try:
                    tar.extract(member, into, set_attrs=False, **_FILTER)
                except (IsADirectoryError, NotADirectoryError, FileExistsError):
                    raise _Refused(f"{member.name!r} is a file where another member needs a directory") from None
            if count % _MEMBERS_PER_REPORT == 0:
                report()
    # tarfile stops reading at its end mark; gzip's checksum comes after it.
    while stream.read(_LONGEST_READ_BYTES):
        pass
    report()


def _check_member(member: tarfile.TarInfo, top: str) -> None:
    path = PurePosixPath(member.name)
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise _Refused(f"{member.name!r} is neither a plain file nor a directory")
    if path.is_absolute() or ".." in path.parts or "\\" in member.name:  # the last separates names on Windows
        raise _Refused(f"{member.name!r} leads out of the directory that is unpacked into")
    if path.parts and path.parts[0] != top:  # without parts it is "./", the directory that was packed
        raise _Refused(f"{member.name!r} is not in {top}/, the only directory expected")
