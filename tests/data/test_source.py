"""What a source means."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment_cli.data.source import portable_source, resolve_source
from sentiment_cli.errors import DataError


def test_bnb_is_found_wherever_one_is(workplace: Path) -> None:
    root = resolve_source("bnb")
    assert root.is_absolute()
    assert (root / "train" / "positive").is_dir()


def test_bnb_is_the_bundled_one_even_beside_a_directory_of_that_name(workplace: Path) -> None:
    (workplace / "bnb").mkdir()
    assert resolve_source("bnb") != Path("bnb")
    assert resolve_source("./bnb") == Path("bnb")


def test_imdb_that_is_not_here_names_the_command(workplace: Path) -> None:
    with pytest.raises(DataError, match="sentiment download imdb"):
        resolve_source("imdb")


def test_imdb_is_found_where_the_environment_says(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (workplace / "elsewhere" / "aclImdb").mkdir(parents=True)
    monkeypatch.setenv("SENTIMENT_DATA", str(workplace / "elsewhere"))
    assert resolve_source("imdb") == workplace / "elsewhere" / "aclImdb"


def test_a_directory_is_itself(tmp_path: Path) -> None:
    assert resolve_source(str(tmp_path)) == tmp_path


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "reviews").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert resolve_source("~/reviews") == tmp_path / "reviews"
    assert portable_source("~/reviews") == str((tmp_path / "reviews").resolve())


def test_the_home_of_nobody_is_a_directory_that_is_not_there(workplace: Path) -> None:
    with pytest.raises(DataError, match=r"^No such directory: ~nobody-of-that-name/reviews "):
        resolve_source("~nobody-of-that-name/reviews")


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("x", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        resolve_source(str(tmp_path / "reviews.csv"))
    assert str(caught.value) == (
        f"{tmp_path / 'reviews.csv'} is a file; expected a directory with one directory of .txt reviews for each class."
    )


def test_a_missing_directory_says_from_where_it_was_looked_for(workplace: Path) -> None:
    with pytest.raises(DataError) as caught:
        resolve_source("reviews")
    assert str(caught.value) == (
        f"No such directory: reviews (looked from {Path.cwd()}). Known sources beside directories: bnb, imdb."
    )


@pytest.mark.parametrize("name", ["bnb", "imdb"])
def test_named_sources_are_portable_as_they_are(name: str) -> None:
    assert portable_source(name) == name


def test_a_relative_directory_becomes_absolute(workplace: Path) -> None:
    assert portable_source("reviews/../mine") == str((workplace / "mine").resolve())
