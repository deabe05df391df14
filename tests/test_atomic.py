"""Is a file complete or not there, whatever fails, and whoever reads meanwhile?"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sentiment_cli import atomic
from sentiment_cli.atomic import remove_temporaries, replacing, replacing_directory, write_json, write_text
from sentiment_cli.errors import Interrupted

OLD, NEW = "old\n", "new " * 1000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text(OLD, encoding="utf-8")
    return path


def assert_untouched(target: Path) -> None:
    assert target.read_text(encoding="utf-8") == OLD
    assert [path.name for path in target.parent.iterdir()] == [target.name], "a temporary file was left"


def full_disk(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", ["fsync", "replace", "chmod"])
def test_a_failing_system_call_leaves_the_old_file(target: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # pathlib calls these through the os module
    monkeypatch.setattr(os, name, full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_text(target, NEW)
    monkeypatch.undo()
    assert_untouched(target)


@pytest.mark.parametrize("written", [0, 1, 5, 4999])
def test_a_disk_that_fills_up_after_some_bytes_leaves_the_old_file(
    target: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    def half_a_write(path: Path, text: str, **_: Any) -> None:
        path.write_bytes(text.encode()[:written])
        full_disk()

    monkeypatch.setattr(Path, "write_text", half_a_write)
    with pytest.raises(OSError, match="No space left"):
        write_text(target, NEW)
    monkeypatch.undo()
    assert_untouched(target)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_whatever_ends_the_body_leaves_the_old_file(target: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), replacing(target) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise error
    assert_untouched(target)


def test_a_failed_first_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), replacing(tmp_path / "new.txt"):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_text(path, "\ud800"),
        lambda path: write_json(path, {"x": float("nan")}),
        lambda path: write_json(path, {"x": float("inf")}),
        lambda path: write_json(path, {"x": object()}),
    ],
    ids=["lone surrogate", "nan", "infinity", "no JSON"],
)
def test_what_cannot_be_written_leaves_the_old_file(target: Path, write: Callable[[Path], None]) -> None:
    with pytest.raises((ValueError, TypeError)):
        write(target)
    assert_untouched(target)


def test_a_directory_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write_text(tmp_path / "taken", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(os.name == "nt", reason="directories are not synced on Windows")
@pytest.mark.parametrize("name", ["open", "fsync"])
def test_a_directory_that_cannot_be_synced_is_no_failure(
    target: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    real, seen = getattr(os, name), []

    def refuse_directories(what: Any, *arguments: Any, **options: Any) -> Any:
        if Path(what).is_dir() if name == "open" else stat.S_ISDIR(os.fstat(what).st_mode):
            seen.append(what)
            raise PermissionError(13, "Permission denied")
        return real(what, *arguments, **options)

    monkeypatch.setattr(os, name, refuse_directories)
    write_text(target, NEW)
    monkeypatch.undo()
    assert seen
    assert target.read_text(encoding="utf-8") == NEW


def test_no_file_stays_open(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open, real_close, opened = os.open, os.close, set()

    def count_open(*arguments: Any, **options: Any) -> int:
        opened.add(handle := real_open(*arguments, **options))
        return handle

    def count_close(handle: int) -> None:
        opened.discard(handle)
        real_close(handle)

    monkeypatch.setattr(os, "open", count_open)
    monkeypatch.setattr(os, "close", count_close)
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_text(target, NEW)
    assert opened == set()


def test_the_bytes_are_on_disk_before_the_name_changes(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(handle: int) -> None:
        calls.append("directory" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{os.fstat(handle).st_size} bytes")
        real_sync(handle)

    def replace(*arguments: Any) -> None:
        calls.append("replace")
        real_replace(*arguments)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    write_text(target, "12345")
    assert calls[:2] == ["5 bytes", "replace"]
    assert calls[2:] in (["directory"], [])


def test_the_temporary_file_is_hidden_beside_the_target_and_has_its_ending(tmp_path: Path) -> None:
    with replacing(tmp_path / "deep" / "model.keras") as temporary:
        assert temporary.parent == tmp_path / "deep"
        assert temporary.suffix == ".keras"
        assert temporary.name.startswith(".")
        assert not (tmp_path / "deep" / "model.keras").exists()
        temporary.write_bytes(b"x")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.keras"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0o000, 0o666)])
def test_permissions_follow_the_umask_and_it_stays(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file", "x")
        after = os.umask(umask)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
    assert after == umask


def test_text_is_utf_8_with_line_feeds(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "größe\n\u2028\r\nend")
    assert (tmp_path / "file").read_bytes() == "größe\n\u2028\r\nend".encode()


def test_json_is_ascii_with_a_last_line_end_and_comes_back(tmp_path: Path) -> None:
    value = {"token": "\x85\u2028größe\ud800", "list": [1, 2.5, None, True]}
    write_json(tmp_path / "file.json", value)
    content = (tmp_path / "file.json").read_bytes()
    assert content.isascii()
    assert content.endswith(b"}\n")
    assert json.loads(content) == value


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    path, stop, wrong = tmp_path / "file", threading.Event(), []
    versions = {letter * 200_000 for letter in "abc"}
    write_text(path, "a" * 200_000)

    def read() -> None:
        while not stop.is_set():
            if (content := path.read_text(encoding="utf-8")) not in versions:
                wrong.append(len(content))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(40):
        write_text(path, "abc"[number % 3] * 200_000)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writers = [threading.Thread(target=write_text, args=(path, letter * 100_000)) for letter in "abcd" * 3]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text(encoding="utf-8") in {letter * 100_000 for letter in "abcd"}
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_processes_left_is_removed_at_any_depth_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.txt", "plots/b.png", "plots/.hidden", ".unfinished-x/c.txt", "plots/.unfinished-y.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    remove_temporaries(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"a.txt", "plots/b.png", "plots/.hidden"}
    assert not (tmp_path / ".unfinished-x").exists()


def replace_directory(path: Path, text: str) -> None:
    with replacing_directory(path) as temporary:
        (temporary / "file.txt").write_text(text, encoding="utf-8")


def test_a_directory_takes_the_place_of_another_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    replace_directory(tmp_path / "it", OLD)
    replace_directory(tmp_path / "it", NEW)
    assert (tmp_path / "it" / "file.txt").read_text(encoding="utf-8") == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("error", [OSError("no"), Interrupted("Stopped."), KeyboardInterrupt()])
def test_a_directory_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, failing: int, *, late: bool
) -> None:
    replace_directory(tmp_path / "it", OLD)
    rename, calls = Path.rename, [0]

    def fails(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == failing and late:
            rename(self, target)
        if calls[0] == failing:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(type(error)):
        replace_directory(tmp_path / "it", NEW)
    is_there = failing == 2 and late
    assert (tmp_path / "it" / "file.txt").read_text(encoding="utf-8") == (NEW if is_there else OLD)


class Killed(BaseException):
    """Stands for a SIGKILL: whatever would run after it does not."""


def kill_between(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace a directory, and die when the old one is out of its place and the new one not in it."""
    rename, calls = Path.rename, [0]

    def second_dies(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == 2:
            raise Killed
        return rename(self, target)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Path, "rename", second_dies)
        patched.setattr(atomic, "settle", die)
        patched.setattr(shutil, "rmtree", die)
        replace_directory(path, NEW)
    assert not path.exists()


@pytest.mark.parametrize("mend", ["settle", "remove_temporaries", "replace"])
def test_a_directory_that_a_kill_left_out_of_its_place_is_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mend: str
) -> None:
    path = tmp_path / "deep" / "it"
    replace_directory(path, OLD)
    kill_between(path, monkeypatch)
    if mend == "settle":
        atomic.settle(path)
    elif mend == "remove_temporaries":
        remove_temporaries(tmp_path)
    else:
        replace_directory(path, NEW)
        remove_temporaries(tmp_path)
    assert (path / "file.txt").read_text(encoding="utf-8") == (NEW if mend == "replace" else OLD)
    if mend != "settle":  # which leaves alone what was being written
        assert [file.name for file in path.parent.iterdir()] == ["it"]


def test_a_directory_that_is_set_aside_comes_back_unless_another_one_took_its_place(tmp_path: Path) -> None:
    path = tmp_path / "it"
    replace_directory(path, OLD)
    replace_directory(tmp_path / "other", OLD)
    atomic.set_aside(tmp_path / "other")
    atomic.set_aside(path)
    assert not path.exists()
    atomic.settle(path)
    assert (path / "file.txt").read_text(encoding="utf-8") == OLD
    atomic.set_aside(path)
    replace_directory(path, NEW)
    atomic.settle(path)
    assert (path / "file.txt").read_text(encoding="utf-8") == NEW
    assert not (tmp_path / "other").exists(), "it is not for others to bring it back"
    atomic.settle(tmp_path / "other")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["it", "other"]


def test_a_removal_that_was_killed_leaves_no_half_to_be_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it"
    replace_directory(path, OLD)
    atomic.set_aside(path)
    replace_directory(path, NEW)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(shutil, "rmtree", die)
        atomic.settle(path)
    assert not atomic.is_set_aside(path)
    remove_temporaries(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["it"]


def test_a_link_and_the_working_directory_are_set_aside_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_directory(tmp_path / "disk" / "first", OLD)
    link = tmp_path / "runs" / "first"
    link.parent.mkdir()
    link.symlink_to("../disk/first")
    atomic.set_aside(link)
    assert atomic.is_set_aside(link)
    monkeypatch.chdir(tmp_path / "disk" / "first")
    assert not atomic.is_set_aside(Path())
    atomic.settle(Path())
    atomic.settle(link)
    assert (link / "file.txt").read_text(encoding="utf-8") == OLD


@pytest.mark.parametrize("write", [lambda path: write_text(path, NEW), lambda path: replace_directory(path, NEW)])
def test_where_nothing_can_be_written_the_error_names_what_was_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    def refuse(*_: object, prefix: str, dir: Path, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(dir / prefix))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(PermissionError) as caught:
        write(tmp_path / "it")
    assert caught.value.filename == str(tmp_path / "it")


def test_the_working_directory_and_mount_points_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    fixed = {place: atomic.cannot_move(Path(place)) for place in (".", tmp_path, "/", "below", "file", "link", "no")}
    assert fixed == {".": True, tmp_path: True, "/": True, "below": False, "file": False, "link": False, "no": False}


def test_a_place_is_writable_where_a_directory_could_be_made_and_nothing_is_left_there(tmp_path: Path) -> None:
    atomic.check_can_be_made(tmp_path / "runs" / "new")
    atomic.check_can_be_made(tmp_path)
    atomic.check_can_be_made(Path("/"))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        atomic.check_can_be_made(tmp_path / "file" / "new")
