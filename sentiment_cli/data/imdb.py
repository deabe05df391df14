"""Where the Large Movie Review Dataset (IMDb) is, and how it gets there.

50,000 labelled and 50,000 unlabelled film reviews, a text file each. Only files are looked at here; reading
reviews is another module's work.

Maas, Daly, Pham, Huang, Ng, Potts: Learning Word Vectors for Sentiment Analysis. ACL 2011.
https://aclanthology.org/P11-1015/
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sentiment_cli import resources
from sentiment_cli.data.archive import unpack
from sentiment_cli.data.download import RETRY_POLICY, Progress, RemoteFile, RetryPolicy, compute_sha256, fetch
from sentiment_cli.errors import DataError, DownloadError

_TOP = "aclImdb"
_CLASS_DIRS = ("train/neg", "train/pos", "test/neg", "test/pos")
_PARTIAL_NAME = ".aclImdb_v1.tar.gz.part"


@dataclass(frozen=True)
class Source(RemoteFile):
    """The archive on the web, and what is in it.

    Args:
        url: http or https address.
        size: length in bytes.
        sha256: checksum in lower-case hexadecimal.
        reviews_per_class: texts in each of train/neg, train/pos, test/neg and test/pos.
        unpacked_bytes: room that the unpacked tree takes on disk, most of it for filling up blocks of 4 KiB.
    """

    reviews_per_class: int
    unpacked_bytes: int


SOURCE = Source(
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    size=84_125_825,
    sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
    reviews_per_class=12_500,
    unpacked_bytes=550_000_000,
)
"""The data set of Maas et al. 2011 (ACL, https://aclanthology.org/P11-1015/), version 1.0."""


def find() -> Path | None:
    """The first existing directory among `resources.imdb_candidates`; it need not be complete."""
    return next((place for place in resources.imdb_candidates() if Path(place).is_dir()), None)


def require() -> Path:
    """The same as `find`, where going on without it makes no sense.

    Raises:
        DataError: it is in none of the places; names them and the command that fetches it.
    """
    place = find()
    if place is None:
        looked_in = ", ".join(str(candidate) for candidate in resources.imdb_candidates())
        raise DataError(
            f"The Large Movie Review Dataset is not here; looked for {looked_in}. "
            "Fetch it with `sentiment download imdb`, or set SENTIMENT_DATA to the directory that aclImdb is in."
        )
    return place


def find_faults(place: Path, source: Source = SOURCE) -> list[str]:
    """What is wrong with the data set at ``place``, a line for each class directory; empty when complete.

    Empty files count as missing: they are what a power failure leaves of files written just before it, and
    no review is empty.
    """
    counts = {name: _count_reviews(place / name) for name in _CLASS_DIRS}
    expected = source.reviews_per_class
    return [
        f"{name}: expected {expected:,} reviews (*.txt, not empty), found {count:,}"
        for name, count in counts.items()
        if count != expected
    ]


def install(
    target_dir: Path,
    *,
    archive: Path | None = None,
    source: Source = SOURCE,
    progress: Progress,
    note: Callable[[str], None],
    policy: RetryPolicy = RETRY_POLICY,
) -> Path:
    """Put the data set at ``target_dir/aclImdb``, whole or not at all.

    Args:
        target_dir: made when missing. The download is kept in it, hidden, until it has been unpacked.
        archive: a .tar.gz already here, instead of a download; it may differ from the official one as long
            as the data set is in it, and ``note`` says so.
        source: what to download, and what to expect of it.
        progress: told the phases ``download``, ``verify`` and ``unpack``, all in bytes.
        note: told one line about everything worth knowing that is not an error.
        policy: time-outs and retries of the download.

    Returns:
        ``target_dir/aclImdb``. When the complete data set is there already, nothing is done.

    Raises:
        DataError: ``target_dir/aclImdb`` exists and is not the complete data set.
        DownloadError: the archive cannot be fetched, read or unpacked, or is not the data set.
    """
    place = target_dir / _TOP
    try:
        if os.path.lexists(place):
            _check_installed(place, source)
            note(f"{place}: the data set is already there and complete; nothing to do")
            return place
        target_dir.mkdir(parents=True, exist_ok=True)
        if archive is None:
            _install_from_web(place, source, progress, note, policy)
        else:
            _install_from_file(place, archive, source, progress, note)
    except OSError as error:
        where = error.filename or target_dir
        raise DownloadError(f"{where}: {error.strerror or error}; the data set was not installed") from error
    return place


def _check_installed(place: Path, source: Source) -> None:
    faults = find_faults(place, source)
    if faults:
        raise DataError(
            f"{place} exists and is not the complete data set:\n  "
            + "\n  ".join(faults)
            + "\nMove it away or delete it, then run `sentiment download imdb` again."
        )


def _install_from_web(
    place: Path, source: Source, progress: Progress, note: Callable[[str], None], policy: RetryPolicy
) -> None:
    partial = place.with_name(_PARTIAL_NAME)
    already = partial.stat().st_size if partial.exists() else 0
    _check_free_space(place.parent, max(source.size - already, 0) + source.unpacked_bytes)
    try:
        fetch(source, partial, progress=progress, note=note, policy=policy)
    except DownloadError as error:
        raise DownloadError(
            f"{error}\nThe archive can be fetched by other means too: "
            f"get {source.url}, then `sentiment download imdb --from FILE`."
        ) from error
    _unpack_to(place, partial, source, progress)
    partial.unlink(missing_ok=True)


def _install_from_file(
    place: Path, archive: Path, source: Source, progress: Progress, note: Callable[[str], None]
) -> None:
    _check_is_file(archive)
    _check_free_space(place.parent, source.unpacked_bytes)
    with archive.open("rb") as file:
        received = compute_sha256(file, progress=progress)
    _unpack_to(place, archive, source, progress)
    if received != source.sha256:
        note(
            f"{archive} is not the official archive (sha256 {received}, expected {source.sha256}); "
            f"accepted, since it holds {source.reviews_per_class:,} reviews in each of {', '.join(_CLASS_DIRS)}"
        )


def _unpack_to(place: Path, archive: Path, source: Source, progress: Progress) -> None:
    """Unpack beside ``place``, check, and move there last, so that what exists is complete."""
    # Errors while cleaning up would hide the one that matters, and a second Ctrl-C may well cut it short.
    with tempfile.TemporaryDirectory(prefix=f".{_TOP}-", dir=place.parent, ignore_cleanup_errors=True) as scratch:
        unpacked = unpack(archive, Path(scratch), top=_TOP, progress=progress)
        faults = find_faults(unpacked, source)
        if faults:
            raise DownloadError(f"{archive}: does not hold the data set:\n  " + "\n  ".join(faults))
        try:
            Path(unpacked).rename(place)
        except OSError:
            if not os.path.lexists(place):
                raise
            _check_installed(place, source)  # another process was faster; its result serves as well


def _check_is_file(archive: Path) -> None:
    if archive.is_file():
        return
    fault = "is not a file" if archive.exists() else "does not exist"
    raise DownloadError(f"{archive}: {fault}; expected the archive of the data set, a .tar.gz file")


def _check_free_space(directory: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(directory).free
    if free_bytes < needed_bytes:
        raise DownloadError(
            f"{directory}: not enough space on the disk: {needed_bytes / 1e6:,.0f} MB are needed, "
            f"{free_bytes / 1e6:,.0f} MB are free. `--to DIR` puts the data set on another one."
        )


def _count_reviews(directory: Path) -> int:
    try:
        entries = os.scandir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    with entries:
        return sum(entry.name.endswith(".txt") and entry.is_file() and entry.stat().st_size > 0 for entry in entries)
