"""Unpacking archives that were made by mistake or with intent."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sentiment_cli.data import archive as archive_module
from sentiment_cli.data.archive import Limits, unpack
from sentiment_cli.errors import DownloadError

Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"good") -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def special(name: str, kind: bytes, target: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def directory(name: str) -> Member:
    return special(name, tarfile.DIRTYPE)


def pack(path: Path, *members: Member) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def into(tmp_path: Path) -> Path:
    path = tmp_path / "into"
    path.mkdir()
    return path


@pytest.fixture(params=[True, False], ids=["with tarfile's filter", "without"])
def refused(
    request: pytest.FixtureRequest, tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Unpack members, expect a refusal, and give its text; nothing may appear outside ``into``."""
    if not request.param:  # some Pythons have none: our own rules must do
        monkeypatch.setattr(archive_module, "_FILTER", dict.fromkeys(archive_module._FILTER, "fully_trusted"))

    def run(*members: Member, limits: Limits | None = None) -> str:
        archive = pack(tmp_path / "a.tar.gz", *members)
        with pytest.raises(DownloadError) as caught:
            unpack(archive, into, top="top", progress=ignore, limits=limits or Limits())
        assert {path.name for path in tmp_path.iterdir()} == {"into", "a.tar.gz"}
        assert str(archive) in str(caught.value)
        return str(caught.value)

    return run


def ignore(phase: str, done: int, total: int | None, /) -> None:
    """A progress that nobody looks at."""


def test_files_and_directories_arrive_with_their_contents(tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", directory("top"), file("top/a.txt", b"one"), file("top/deep/b.txt", b"two"))

    assert unpack(archive, into, top="top", progress=ignore) == into / "top"

    assert (into / "top/a.txt").read_bytes() == b"one"
    assert (into / "top/deep/b.txt").read_bytes() == b"two"


def test_names_may_begin_with_a_dot_directory(tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", directory("./"), directory("./top"), file("./top/a.txt"))

    unpack(archive, into, top="top", progress=ignore)

    assert (into / "top/a.txt").read_bytes() == b"good"


def test_files_are_neither_executable_nor_private_whatever_the_archive_says(tmp_path: Path, into: Path) -> None:
    executable, private = file("top/x.txt"), file("top/p.txt")
    executable[0].mode, private[0].mode = 0o4777, 0o000
    (into / "usual").touch()

    unpack(pack(tmp_path / "a.tar.gz", executable, private), into, top="top", progress=ignore)

    usual = (into / "usual").stat().st_mode
    assert (into / "top/x.txt").stat().st_mode == usual
    assert (into / "top/p.txt").stat().st_mode == usual


def test_progress_ends_with_the_length_of_the_archive(tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", *(file(f"top/{index}.txt") for index in range(250)))
    seen: list[tuple[str, int, int | None]] = []

    unpack(archive, into, top="top", progress=lambda phase, done, total: seen.append((phase, done, total)))

    size = archive.stat().st_size
    assert len(seen) == 3  # after 100 and 200 members, and at the end
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1] == ("unpack", size, size)


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "top/../../evil.txt", "top/../evil.txt", "/evil.txt", "//top/evil.txt", "top/..\\..\\evil.txt"],
)
def test_names_that_lead_elsewhere_are_refused(refused: Callable[..., str], name: str) -> None:
    assert "leads out of" in refused(file("top/good.txt"), file(name))


def test_an_absolute_name_inside_the_right_directory_is_refused_too(
    refused: Callable[..., str], tmp_path: Path, into: Path
) -> None:
    assert "leads out of" in refused(file(f"{into}/top/a.txt"))


@pytest.mark.parametrize("name", ["other/a.txt", "top.txt", "topmost/a.txt"])
def test_what_is_not_in_the_expected_directory_is_refused(refused: Callable[..., str], name: str) -> None:
    message = refused(file("top/good.txt"), file(name))

    assert f"'{name}' is not in top/" in message


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.SYMTYPE, "good.txt"),
        (tarfile.LNKTYPE, "top/good.txt"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
    ids=["symlink out", "symlink inside", "hard link", "character device", "block device", "fifo"],
)
def test_only_plain_files_and_directories_are_unpacked(
    refused: Callable[..., str], into: Path, kind: bytes, target: str
) -> None:
    message = refused(file("top/good.txt"), special("top/odd", kind, target), file("top/odd/through.txt"))

    assert "'top/odd' is neither a plain file nor a directory" in message
    assert not (into / "top/odd").exists()


def test_as_many_members_as_the_limit_are_unpacked(tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", *(file(f"top/{index}") for index in range(3)))

    unpack(archive, into, top="top", progress=ignore, limits=Limits(members=3))

    assert len(list((into / "top").iterdir())) == 3


def test_one_member_above_the_limit_is_refused(refused: Callable[..., str]) -> None:
    message = refused(*(file(f"top/{index}") for index in range(4)), limits=Limits(members=3))

    assert "more than 3 files and directories" in message


def test_a_file_that_would_pass_the_limit_is_not_even_begun(refused: Callable[..., str], into: Path) -> None:
    bomb = file("top/bomb", bytes(1_000_000))  # about 1 kB in the archive

    assert "unpacks to more than 100,000 bytes" in refused(bomb, limits=Limits(total_bytes=100_000))
    assert not (into / "top/bomb").exists()


def test_many_small_files_count_together(refused: Callable[..., str]) -> None:
    # 20 times a header of 512 bytes and a block of 512: 20,480 bytes
    message = refused(*(file(f"top/{index}") for index in range(20)), limits=Limits(total_bytes=20_000))

    assert "unpacks to more than 20,000 bytes" in message


def test_what_follows_the_end_of_the_tar_counts_too(tmp_path: Path, into: Path) -> None:
    archive = pack(tmp_path / "a.tar.gz", file("top/a"))
    with gzip.open(archive, "ab") as stream:
        stream.write(bytes(1_000_000))

    with pytest.raises(DownloadError, match="unpacks to more than 100,000 bytes"):
        unpack(archive, into, top="top", progress=ignore, limits=Limits(total_bytes=100_000))


def test_a_huge_header_is_refused_before_it_is_in_memory(tmp_path: Path, into: Path) -> None:
    info = tarfile.TarInfo("top/a")
    info.pax_headers = {"comment": "x" * 2_000_000}
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info)

    with pytest.raises(DownloadError, match="header of more than 1,048,576 bytes"):
        unpack(path, into, top="top", progress=ignore)


def test_headers_that_announce_each_other_without_end_are_refused(tmp_path: Path, into: Path) -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 5
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress((long_name.tobuf(tarfile.GNU_FORMAT) + b"top/a".ljust(512, b"\0")) * 2000))

    with pytest.raises(DownloadError, match="is not a sound tar archive"):
        unpack(path, into, top="top", progress=ignore)


@pytest.mark.parametrize("names", [["."], ["top/a", "top"], ["top/a", "top/a/b"]])
def test_a_file_where_a_directory_is_needed_is_refused(tmp_path: Path, into: Path, names: list[str]) -> None:
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))

    with pytest.raises(DownloadError, match="is a file where another member needs a directory"):
        unpack(path, into, top="top", progress=ignore)


def test_a_sparse_file_is_not_a_plain_one(refused: Callable[..., str], into: Path) -> None:
    # four bytes in the archive and the stream, a gigabyte on disk
    sparse = file("top/sparse")
    sparse[0].pax_headers = {"GNU.sparse.map": "0,4", "GNU.sparse.size": "1000000000"}

    assert "'top/sparse' is neither a plain file nor a directory" in refused(sparse)
    assert not (into / "top/sparse").exists()


def test_an_archive_that_was_cut_off_says_so(tmp_path: Path, into: Path) -> None:
    noise = bytes((index * index * 7919 >> 3) % 256 for index in range(50_000))
    path = pack(tmp_path / "a.tar.gz", file("top/a", noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(DownloadError, match="ends too early"):
        unpack(path, into, top="top", progress=ignore)


def test_an_archive_without_its_last_byte_is_not_accepted(tmp_path: Path, into: Path) -> None:
    path = pack(tmp_path / "a.tar.gz", file("top/a"))
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DownloadError, match="ends too early"):
        unpack(path, into, top="top", progress=ignore)


def test_a_wrong_gzip_checksum_is_noticed_although_it_comes_after_the_tar(tmp_path: Path, into: Path) -> None:
    path = pack(tmp_path / "a.tar.gz", file("top/a"))
    content = bytearray(path.read_bytes())
    content[-8] ^= 0xFF  # the last eight bytes: CRC-32 and length
    path.write_bytes(content)

    with pytest.raises(DownloadError, match="not a sound gzip file"):
        unpack(path, into, top="top", progress=ignore)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a sound tar archive"),
        (b"<html>404</html>", "not a sound gzip file"),
        (b"PK\x03\x04 and so on", "not a sound gzip file"),
        (gzip.compress(b"just text, and no tar" * 100), "not a sound tar archive"),
        (gzip.compress(b""), "not a sound tar archive"),
        # a good header, then the first byte of a block of the kind that deflate reserves
        (gzip.compress(b"")[:10] + b"\x07" + bytes(50), "not a sound tar archive"),
    ],
    ids=["empty", "html", "zip", "gzip of text", "gzip of nothing", "garbage in gzip"],
)
def test_other_files_are_told_from_archives(tmp_path: Path, into: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content)

    with pytest.raises(DownloadError, match=message):
        unpack(path, into, top="top", progress=ignore)


def test_an_archive_that_is_not_there_is_the_callers_error(tmp_path: Path, into: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unpack(tmp_path / "none.tar.gz", into, top="top", progress=ignore)
