"""Is every bad input answered with its exit code and one clear message, and nothing left behind?

``docs/errors.md`` is the table of them all. Where a message was changed on purpose, write it anew with
``SENTIMENT_WRITE_ERRORS=1 pytest -n 0 tests/test_bad_inputs.py`` and read the difference.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bad_inputs.cases import CASES, Bad, arguments
from click.testing import Result
from conftest import TINY_CONFIG

Cli = Callable[..., Result]
PAGE = Path(__file__).parent.parent / "docs" / "errors.md"
HEAD = """\
# What is answered to bad input

Every row is a test: `pytest tests/test_bad_inputs.py`. Exit code 1: it could not be done; 2: wrong usage or
configuration.

| what is wrong | exit code | message |
|---|---:|---|
"""
WRITE = bool(os.environ.get("SENTIMENT_WRITE_ERRORS"))


@pytest.fixture(scope="module")
def rows() -> Iterator[dict[str, str]]:
    """The rows of the page by what is wrong; what is put into them is written at the end, where it was asked for."""
    lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    found = {row[1]: row[0] for line in lines if (row := re.match(r"\| (.+?) \| \d \| .*", line))}
    yield found
    if WRITE:
        names = [case.what for case in CASES]
        ordered = sorted((name for name in found if name in names), key=names.index)
        PAGE.write_text(HEAD + "".join(f"{found[name]}\n" for name in ordered), encoding="utf-8")


@pytest.fixture
def place(workplace: Path, tiny_reviews: Path, trained_run: Path) -> Path:
    """A directory with good reviews, a good configuration and a finished run, all of its own."""
    shutil.copytree(tiny_reviews, workplace / "reviews")
    shutil.copytree(trained_run, workplace / "runs" / "tiny")
    record = json.loads((workplace / "runs/tiny/run.json").read_text(encoding="utf-8"))
    record["data"]["root"] = str(workplace / "reviews")
    (workplace / "runs/tiny/run.json").write_text(json.dumps(record), encoding="utf-8")
    (workplace / "good.yaml").write_text(TINY_CONFIG.format(source="reviews"), encoding="utf-8")
    return workplace


def row_of(case: Bad, result: Result, place: Path) -> str:
    _, error, message = result.stderr.replace(str(place), "…").replace(os.environ["HOME"], "~").partition("Error: ")
    said = re.sub(r"[\d.,]+ GB\b", "… GB", "<br>".join(line.strip() for line in (error + message).splitlines()))
    return f"| {case.what} | {result.exit_code} | {said.replace('|', chr(92) + '|')} |"


def files_of(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.name != ".lock"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_is_answered_and_leaves_nothing_behind(case: Bad, place: Path, cli: Cli, rows: dict[str, str]) -> None:
    case.prepare()
    before = files_of(place)

    result = cli(*arguments(case), input=case.input)

    row = row_of(case, result, place)
    if WRITE:
        rows[case.what] = row
    assert result.exit_code == case.code, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr and "bug" not in result.stderr
    assert files_of(place) == before
    assert row == rows[case.what]


def test_no_two_cases_have_one_name_and_the_page_has_no_others(rows: dict[str, str]) -> None:
    names = [case.what for case in CASES]
    assert len(set(names)) == len(names) >= 120
    assert WRITE or set(rows) == set(names)
