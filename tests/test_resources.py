"""Is what ships found in a wheel and in a checkout, and IMDb where the documentation says?"""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from sentiment_cli import resources
from sentiment_cli.errors import RunError
from sentiment_cli.resources import (
    bundled_reviews,
    imdb_candidates,
    imdb_download_dir,
    shared_lexicons,
    shipped_configs,
    shipped_dir,
    shipped_probes,
    starter_probes,
)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place that has ``sentiment_cli`` in it, as site-packages or a checkout."""
    package = tmp_path / "sentiment_cli"
    package.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", package)
    monkeypatch.setattr(resources, "_SHIPPED", package / "shipped")
    return tmp_path


def make(directory: Path, *names: str) -> Path:
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).touch()
    return directory


def test_in_a_checkout_it_lies_beside_the_package(installation: Path) -> None:
    configs = make(installation / "configs", "a.yaml")
    assert shipped_dir("configs") == configs
    assert list(shipped_configs()) == ["a"]


def test_in_a_wheel_it_lies_inside_the_package_whatever_is_beside_it(installation: Path) -> None:
    make(installation / "configs", "of_somebody_else.yaml")
    inside = make(installation / "sentiment_cli" / "shipped" / "configs", "a.yaml")
    assert shipped_dir("configs") == inside
    assert shipped_configs() == {"a": inside / "a.yaml"}


def test_shipped_configurations_are_yaml_files_in_alphabetical_order(installation: Path) -> None:
    make(installation / "configs", "b.yaml", "a.yaml", "c.yml", "readme.md")
    assert list(shipped_configs()) == ["a", "b"]


def test_an_installation_without_configurations_has_none(installation: Path) -> None:
    assert shipped_configs() == {}


def test_the_bundled_reviews_are_there() -> None:
    classes = {path.name for path in (bundled_reviews() / "train").iterdir() if path.is_dir()}
    assert {"negative", "positive"} <= classes
    for part in ("train", "test"):
        for name in classes:
            assert any((bundled_reviews() / part / name).glob("*.txt")), f"{part}/{name} has no reviews"


def test_what_ships_does_not_depend_on_the_working_directory(workplace: Path) -> None:
    assert bundled_reviews().is_absolute()
    assert bundled_reviews().is_dir()
    assert all(path.is_absolute() and path.is_file() for path in shipped_configs().values())


def cache() -> Path:
    return platformdirs.user_cache_path("sentiment")


@pytest.mark.parametrize("value", [None, ""])
def test_imdb_is_looked_for_in_datasets_then_in_the_cache(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv("SENTIMENT_DATA", value)
    assert imdb_candidates() == [Path("datasets/aclImdb"), cache() / "aclImdb"]
    assert imdb_download_dir() == cache()


def test_sentiment_data_comes_first_and_is_downloaded_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENTIMENT_DATA", str(tmp_path / "not there yet"))
    places = imdb_candidates()
    assert places == [tmp_path / "not there yet" / "aclImdb", Path("datasets/aclImdb"), cache() / "aclImdb"]
    assert imdb_download_dir() / "aclImdb" == places[0]


def test_a_tilde_in_sentiment_data_is_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_DATA", "~/reviews")
    assert imdb_candidates()[0] == Path.home() / "reviews" / "aclImdb"
    assert imdb_download_dir() == Path.home() / "reviews"


def test_a_tilde_of_nobody_is_a_name_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_DATA", "~nobody-is-called-this/reviews")
    assert imdb_candidates()[0] == Path("~nobody-is-called-this/reviews/aclImdb")
    assert imdb_download_dir() == Path("~nobody-is-called-this/reviews")


def test_a_download_lands_where_it_is_looked_for() -> None:
    assert imdb_download_dir() / "aclImdb" in imdb_candidates()


@pytest.mark.usefixtures("homeless")
def test_without_a_home_nothing_is_kept_in_a_directory_called_tilde() -> None:
    assert imdb_candidates() == [Path("datasets/aclImdb")]
    with pytest.raises(RunError, match=r"no home directory .* Set XDG_CACHE_HOME"):
        imdb_download_dir()


def test_shipped_probes_lie_inside_the_package() -> None:
    package = Path(resources.__file__).parent
    paths = [*shipped_probes().values(), shared_lexicons(), starter_probes()]
    assert list(shipped_probes()) == ["film", "stay"]
    assert all(path.is_file() and path.is_relative_to(package) for path in paths)
