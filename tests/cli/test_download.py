"""Does `download` put the data set where it is asked to, and refuse an archive that is not it?"""

from __future__ import annotations

import functools
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from sentiment_cli.data import imdb

Cli = Callable[..., Result]
REVIEWS = {
    f"aclImdb/{part}/{name}/{index}_1.txt": f"{part} {name} {index}".encode()
    for part in ("train", "test")
    for name in ("neg", "pos")
    for index in range(2)
}


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect two reviews in each class instead of 12,500."""
    source = replace(imdb.SOURCE, reviews_per_class=2, unpacked_bytes=1000)
    monkeypatch.setattr(imdb, "install", functools.partial(imdb.install, source=source))


def test_a_tiny_archive_is_refused_with_what_is_missing_and_nothing_is_left(cli: Cli, workplace: Path) -> None:
    write_archive(workplace / "tiny.tar.gz", REVIEWS)
    result = cli("download", "imdb", "--from", "tiny.tar.gz", "--to", "there")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: tiny.tar.gz: does not hold the data set:\n"
        "  train/neg: expected 12,500 reviews (*.txt, not empty), found 2\n"
        "  train/pos: expected 12,500 reviews (*.txt, not empty), found 2\n"
        "  test/neg: expected 12,500 reviews (*.txt, not empty), found 2\n"
        "  test/pos: expected 12,500 reviews (*.txt, not empty), found 2\n"
    )
    assert list((workplace / "there").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Error: a.tar.gz: does not exist; expected the archive of the data set, a .tar.gz file\n"),
        (b"PK\x03\x04", "Error: a.tar.gz: is not a sound gzip file, expected a .tar.gz archive: "),
        (b"", "Error: a.tar.gz: "),
    ],
    ids=["missing", "zip", "empty"],
)
def test_what_is_no_archive_is_refused(cli: Cli, workplace: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (workplace / "a.tar.gz").write_bytes(content)
    result = cli("download", "imdb", "--from", "a.tar.gz", "--to", "there")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(message)


def test_an_archive_that_leads_out_of_its_directory_is_refused(cli: Cli, workplace: Path) -> None:
    write_archive(workplace / "a.tar.gz", {"aclImdb/../../evil.txt": b"x"})
    result = cli("download", "imdb", "--from", "a.tar.gz", "--to", "there")
    assert result.exit_code == 1
    assert "leads out of the directory" in result.stderr
    assert not list(workplace.rglob("evil.txt"))


def test_the_data_set_goes_to_the_directory_given_and_the_note_says_how_to_use_it(
    cli: Cli, workplace: Path, small: None
) -> None:
    write_archive(workplace / "a.tar.gz", REVIEWS)
    result = cli("download", "imdb", "--from", "a.tar.gz", "--to", "there")
    assert (result.exit_code, result.stdout) == (0, "there/aclImdb\n")
    assert "a.tar.gz is not the official archive" in result.stderr
    place = Path("there").resolve()
    assert result.stderr.endswith(f"Use it with --data there/aclImdb, or set SENTIMENT_DATA={place} for --data imdb.\n")
    assert (workplace / "there/aclImdb/test/pos/1_1.txt").read_text(encoding="utf-8") == "test pos 1"


@pytest.mark.parametrize("is_set", [True, False])
def test_without_to_it_goes_where_data_imdb_finds_it(
    cli: Cli, workplace: Path, small: None, monkeypatch: pytest.MonkeyPatch, is_set: bool
) -> None:
    if is_set:
        monkeypatch.setenv("SENTIMENT_DATA", str(workplace / "data"))
    write_archive(workplace / "a.tar.gz", REVIEWS)
    result = cli("download", "imdb", "--from", "a.tar.gz", "--json")
    path = Path(json.loads(result.stdout)["path"])
    assert list(json.loads(result.stdout)) == ["path"]
    assert result.stdout.count("\n") == 1
    assert path == imdb.find()
    assert (path == workplace / "data" / "aclImdb") is is_set
    report = json.loads(cli("data", "check", "imdb", "--json").stdout)
    assert (report["files"], report["classes"]) == (8, {"neg": 4, "pos": 4})


def test_a_second_time_there_is_nothing_to_do(cli: Cli, workplace: Path, small: None) -> None:
    write_archive(workplace / "a.tar.gz", REVIEWS)
    cli("download", "imdb", "--from", "a.tar.gz", "--to", "there")
    result = cli("download", "imdb", "--to", "there")
    assert (result.exit_code, result.stdout) == (0, "there/aclImdb\n")
    assert "there/aclImdb: the data set is already there and complete; nothing to do\n" in result.stderr


def test_quiet_says_the_place_alone(cli: Cli, workplace: Path, small: None) -> None:
    write_archive(workplace / "a.tar.gz", REVIEWS)
    result = cli("download", "-q", "imdb", "--from", "a.tar.gz", "--to", "there")
    assert (result.stdout, result.stderr) == ("there/aclImdb\n", "")


def test_other_data_sets_are_wrong_usage(cli: Cli, workplace: Path) -> None:
    assert cli("download", "yelp").exit_code == 2
