"""Are the probes chosen that a user means?"""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment_cli.errors import UsageError
from sentiment_cli.probes.selection import find_domain, load_suites, select_probes
from sentiment_cli.resources import starter_probes


def names(domain: str | None, files: list[Path], source: str | None) -> list[str]:
    return [suite.name for suite in load_suites(domain, files, source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [("imdb", "film"), ("bnb", "stay"), ("/data/aclImdb", "film"), ("/data/imdb", None), (None, None)],
)
def test_the_source_of_the_reviews_decides_about_the_domain(source: str | None, expected: str | None) -> None:
    assert find_domain(source) == expected


def test_without_a_known_source_all_shipped_probes_are_used() -> None:
    assert names(None, [], "bnb") == ["stay"]
    assert names(None, [], "elsewhere") == ["film", "stay"]
    assert names("all", [], "bnb") == ["film", "stay"]
    assert names("film", [], "bnb") == ["film"]


def test_own_files_take_the_place_of_the_shipped_ones_unless_a_domain_is_named() -> None:
    assert names(None, [starter_probes()], "bnb") == ["starter"]
    assert names("film", [starter_probes()], "bnb") == ["film", "starter"]


def test_two_files_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match='Two files of probes are called "starter"'):
        load_suites(None, [starter_probes(), starter_probes()], None)


def test_probes_are_chosen_by_name_file_and_capability() -> None:
    suites = load_suites("all", [], None)
    chosen = select_probes(suites, ["typos", "film/but", "degree"])
    assert [f"{one.suite.name}/{one.name}" for one in chosen] == [
        "film/intensifiers",
        "film/reducers",
        "film/but",
        "film/typos",
        "stay/intensifiers",
        "stay/reducers",
        "stay/typos",
    ]
    assert len(select_probes(suites)) == sum(len(suite.probes) for suite in suites)


def test_the_nearest_name_is_suggested() -> None:
    with pytest.raises(UsageError, match=r'No probe and no capability "negatoin"; did you mean "negation"\?'):
        select_probes(load_suites("film", [], None), ["negatoin"])
