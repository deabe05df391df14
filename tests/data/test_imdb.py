"""Finding and installing the Large Movie Review Dataset, with tiny ones in its place."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import http.server
import io
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sentiment_cli.data import imdb
from sentiment_cli.data.download import RetryPolicy
from sentiment_cli.errors import DataError, DownloadError

CLASS_DIRS = ("train/neg", "train/pos", "test/neg", "test/pos")


def reviews(per_class: int = 2) -> dict[str, bytes]:
    """Names and contents of a data set of ``per_class`` reviews in each class directory."""
    texts = {f"aclImdb/{place}/{n}_7.txt": b"A film." for place in CLASS_DIRS for n in range(per_class)}
    return texts | {"aclImdb/README": b"Read me.", "aclImdb/train/unsup/0_0.txt": b"Another film."}


def pack(path: Path, files: dict[str, bytes], *links: str) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "../.."
            tar.addfile(info)
    return path


def write_tree(target_dir: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = target_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def read_tree(target_dir: Path) -> dict[str, bytes]:
    paths = [path for path in target_dir.rglob("*") if path.is_file()]
    return {path.relative_to(target_dir).as_posix(): path.read_bytes() for path in paths}


class Install:
    """`imdb.install` into ``target``, with what it reported."""

    def __init__(self, target: Path, source: imdb.Source) -> None:
        self.target, self.source = target, source
        self.notes: list[str] = []
        self.phases: list[str] = []

    def __call__(self, archive: Path | None = None) -> Path:
        return imdb.install(
            self.target,
            archive=archive,
            source=self.source,
            progress=self.progress,
            note=self.notes.append,
            policy=RetryPolicy(attempts=2, timeout_seconds=0.5, wait_seconds=0.0),
        )

    def progress(self, phase: str, done: int, total: int | None, /) -> None:
        if phase not in self.phases:
            self.phases.append(phase)

    def error(self, archive: Path | None = None) -> str:
        with pytest.raises(DownloadError) as caught:
            self(archive)
        return str(caught.value)


def describe(archive: Path, url: str = "http://127.0.0.1:9/none") -> imdb.Source:
    """A source which says of ``archive`` what SOURCE says of the official one."""
    content = archive.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return imdb.Source(url, len(content), digest, reviews_per_class=2, unpacked_bytes=10_000)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return pack(tmp_path / "official.tar.gz", reviews())


@pytest.fixture
def install(tmp_path: Path, archive: Path) -> Install:
    return Install(tmp_path / "target", describe(archive))


@pytest.fixture
def served(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """An installation from a server, which has the official archive."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    monkeypatch.setenv("no_proxy", "*")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/{archive.name}"
        yield Install(tmp_path / "target", describe(archive, url))
        server.shutdown()
        thread.join()


# The source


def test_the_source_is_the_published_archive() -> None:
    assert imdb.SOURCE.url == "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
    assert imdb.SOURCE.size == 84_125_825
    assert imdb.SOURCE.sha256 == "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
    assert imdb.SOURCE.reviews_per_class == 12_500


# Finding


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three places to look in, none of which exists."""
    places = [tmp_path / name / "aclImdb" for name in ("first", "second", "third")]
    monkeypatch.setattr("sentiment_cli.resources.imdb_candidates", lambda: places)
    return places


def test_the_first_directory_that_exists_is_found(places: list[Path]) -> None:
    places[1].mkdir(parents=True)
    places[2].mkdir(parents=True)

    assert imdb.find() == imdb.require() == places[1]


def test_a_file_of_that_name_is_not_the_data_set(places: list[Path]) -> None:
    places[0].parent.mkdir()
    places[0].touch()
    places[2].mkdir(parents=True)

    assert imdb.find() == places[2]


def test_a_missing_data_set_is_none_or_an_error_that_helps(places: list[Path]) -> None:
    assert imdb.find() is None
    with pytest.raises(DataError) as caught:
        imdb.require()

    for place in places:
        assert str(place) in str(caught.value)
    assert "`sentiment download imdb`" in str(caught.value)


# Completeness


def test_a_complete_data_set_has_no_faults(tmp_path: Path, install: Install) -> None:
    write_tree(tmp_path, reviews())

    assert imdb.find_faults(tmp_path / "aclImdb", install.source) == []


def test_faults_name_the_directory_and_both_counts(tmp_path: Path, install: Install) -> None:
    files = reviews() | {"aclImdb/test/pos/more_1.txt": b"One too many.", "aclImdb/train/pos/0_7.txt": b""}
    del files["aclImdb/train/neg/0_7.txt"], files["aclImdb/train/neg/1_7.txt"]
    write_tree(tmp_path, files | {"aclImdb/test/neg/notes.md": b"Not counted."})

    assert imdb.find_faults(tmp_path / "aclImdb", install.source) == [
        "train/neg: expected 2 reviews (*.txt, not empty), found 0",
        "train/pos: expected 2 reviews (*.txt, not empty), found 1",
        "test/pos: expected 2 reviews (*.txt, not empty), found 3",
    ]


# From the web


def test_the_data_set_is_downloaded_verified_and_unpacked(served: Install) -> None:
    assert served() == served.target / "aclImdb"

    assert read_tree(served.target) == reviews()  # and no archive, no scratch directory
    assert [path.name for path in served.target.iterdir()] == ["aclImdb"]
    assert served.phases == ["download", "verify", "unpack"]
    assert served.notes == []


def test_a_second_installation_does_nothing(served: Install) -> None:
    served()
    served.source = dataclasses.replace(served.source, url="http://127.0.0.1:9/none")
    served.phases.clear()

    assert served() == served.target / "aclImdb"
    assert served.phases == []
    assert "already there and complete" in served.notes[0]


def test_a_wrong_checksum_tells_both_and_leaves_nothing(served: Install) -> None:
    received = served.source.sha256
    served.source = dataclasses.replace(served.source, sha256="0" * 64)

    message = served.error()

    assert received in message
    assert "0" * 64 in message
    assert list(served.target.iterdir()) == []


def test_a_failed_download_tells_how_to_do_without(served: Install) -> None:
    served.source = dataclasses.replace(served.source, url=served.source.url + ".gone")

    message = served.error()

    assert "HTTP 404" in message
    assert f"get {served.source.url}, then `sentiment download imdb --from FILE`" in message
    assert list(served.target.iterdir()) == []


def test_a_download_that_cannot_be_unpacked_is_not_fetched_again(
    served: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*args: Any, **options: Any) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(imdb, "unpack", no_space)
        assert "No space left on device" in served.error()
    assert [path.name for path in served.target.iterdir()] == [".aclImdb_v1.tar.gz.part"]
    served.source = dataclasses.replace(served.source, url="http://127.0.0.1:9/none")

    served()

    assert read_tree(served.target) == reviews()


# From a file


def test_the_official_archive_is_taken_from_a_file_and_left_there(install: Install, archive: Path) -> None:
    install(archive)

    assert read_tree(install.target) == reviews()
    assert install.phases == ["verify", "unpack"]
    assert install.notes == []
    assert archive.exists()


def test_another_archive_with_the_same_reviews_is_accepted_and_noted(install: Install, tmp_path: Path) -> None:
    other = pack(tmp_path / "other.tar.gz", reviews() | {"aclImdb/README": b"Packed again."})

    install(other)

    assert imdb.find_faults(install.target / "aclImdb", install.source) == []
    assert len(install.notes) == 1
    assert f"{other} is not the official archive" in install.notes[0]
    assert hashlib.sha256(other.read_bytes()).hexdigest() in install.notes[0]
    assert install.source.sha256 in install.notes[0]


Bad = Callable[[Path], object]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is not a file"),
        (lambda path: path.write_bytes(b""), "is not a sound tar archive"),
        (lambda path: path.write_bytes(b"<html>"), "is not a sound gzip file"),
        (lambda path: path.write_bytes(pack(path, reviews()).read_bytes()[:-20]), "ends too early"),
        (lambda path: pack(path, reviews(per_class=1)), "train/neg: expected 2 reviews"),
        (lambda path: pack(path, reviews(per_class=3)), "train/neg: expected 2 reviews"),
        (lambda path: pack(path, {"other/README": b"Another data set."}), "is not in aclImdb/"),
        (lambda path: pack(path, {"aclImdb": b"A file."}), "train/neg: expected 2 reviews"),
        (lambda path: pack(path, {}), "train/neg: expected 2 reviews"),
        (lambda path: pack(path, reviews() | {"../evil.txt": b""}), "leads out of"),
        (lambda path: pack(path, reviews() | {"/evil.txt": b""}), "leads out of"),
        (lambda path: pack(path, reviews(), "aclImdb/link"), "neither a plain file nor a directory"),
        (lambda path: pack(path, reviews() | {"aclImdb/README/x": b""}), "needs a directory"),
    ],
    ids=[
        "missing",
        "a directory",
        "empty",
        "html",
        "cut off",
        "too few reviews",
        "too many reviews",
        "another tree",
        "a file of the name",
        "no members",
        "climbing name",
        "absolute name",
        "link",
        "a file as a directory",
    ],
)
def test_a_bad_archive_is_a_clear_error_and_leaves_nothing(
    install: Install, tmp_path: Path, make: Bad, message: str
) -> None:
    bad = tmp_path / "bad.tar.gz"
    make(bad)

    assert message in install.error(bad)

    assert list(install.target.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.tar.gz", "official.tar.gz", "target"}


def test_an_interrupted_installation_leaves_nothing(install: Install, archive: Path) -> None:
    def interrupt(phase: str, done: int, total: int | None, /) -> None:
        if phase == "unpack":
            raise KeyboardInterrupt

    install.progress = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        install(archive)

    assert list(install.target.iterdir()) == []


# What is in the way


def test_an_incomplete_installation_is_an_error_and_stays_untouched(install: Install, archive: Path) -> None:
    files = reviews()
    del files["aclImdb/test/pos/0_7.txt"]
    write_tree(install.target, files)

    with pytest.raises(DataError) as caught:
        install(archive)

    assert "test/pos: expected 2 reviews (*.txt, not empty), found 1" in str(caught.value)
    assert "Move it away or delete it" in str(caught.value)
    assert read_tree(install.target) == files


@pytest.mark.parametrize("occupy", [Path.touch, Path.mkdir], ids=["a file", "an empty directory"])
def test_other_things_of_that_name_are_not_replaced(
    install: Install, archive: Path, occupy: Callable[[Path], None]
) -> None:
    install.target.mkdir()
    occupy(install.target / "aclImdb")

    with pytest.raises(DataError, match="exists and is not the complete data set"):
        install(archive)

    assert [path.name for path in install.target.iterdir()] == ["aclImdb"]


def test_a_complete_installation_survives_a_bad_archive(install: Install, archive: Path, tmp_path: Path) -> None:
    install(archive)

    install(pack(tmp_path / "bad.tar.gz", reviews(per_class=1)))

    assert read_tree(install.target) == reviews()


def test_an_installation_that_another_process_finished_first_is_kept(install: Install, archive: Path) -> None:
    def overtake(phase: str, done: int, total: int | None, /) -> None:
        write_tree(install.target, reviews() | {"aclImdb/README": b"The other one."})

    install.progress = overtake  # type: ignore[method-assign]

    install(archive)

    assert (install.target / "aclImdb/README").read_bytes() == b"The other one."
    assert [path.name for path in install.target.iterdir()] == ["aclImdb"]


# The disk


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    install: Install, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=20_000_000))
    install.source = dataclasses.replace(install.source, size=10_000_000, unpacked_bytes=15_000_000)

    message = install.error()

    assert "25 MB are needed, 20 MB are free" in message
    assert "`--to DIR`" in message
    install(archive)  # needs 15 MB only


def test_a_target_that_cannot_be_made_is_a_clear_error(tmp_path: Path, install: Install, archive: Path) -> None:
    (tmp_path / "file").touch()
    install.target = tmp_path / "file" / "target"

    assert f"{install.target}: Not a directory" in install.error(archive)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_an_archive_that_may_not_be_read_is_a_clear_error(install: Install, archive: Path) -> None:
    archive.chmod(0)

    assert f"{archive}: Permission denied" in install.error(archive)


def test_missing_directories_of_the_target_are_made(tmp_path: Path, install: Install, archive: Path) -> None:
    install.target = tmp_path / "a" / "b"

    assert install(archive) == tmp_path / "a" / "b" / "aclImdb"
