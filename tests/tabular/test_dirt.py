"""Do the twenty kinds of dirt that the benchmark makes cost what it says that they should, and nothing more?"""

from __future__ import annotations

import importlib
import io
from pathlib import Path
from typing import Any

import pytest

from sentiment_cli.tabular.opening import open_table
from sentiment_cli.tabular.values import is_missing, label_value

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture()
def dirt(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("dirt")


@pytest.fixture()
def tables(dirt: Any) -> Any:
    return importlib.import_module("tables")


def reviews(dirt: Any, count: int) -> list[Any]:
    texts = ('Good, "really" good.', "È così noioso, però", "plain")
    return [dirt.Review(f"r{number}", f"{texts[number % 3]} {number}", 1 + number % 10) for number in range(count)]


def test_there_are_twenty_kinds_each_of_its_own(dirt: Any) -> None:
    assert len({kind.name for kind in dirt.KINDS}) == 20
    review = reviews(dirt, 1)[0]
    written = [kind.write(review) for kind in dirt.KINDS]
    assert len({*written, dirt.sound(review)}) == 21


def test_each_kind_alone_leaves_its_neighbours_alone(dirt: Any, tmp_path: Path) -> None:
    before, dirty, behind = reviews(dirt, 3)
    for kind in dirt.KINDS:
        path = tmp_path / "a.csv"
        sound = dirt.sound(reviews(dirt, 5)[4]) * 20
        path.write_bytes(dirt.HEADER + sound + dirt.sound(before) + kind.write(dirty) + dirt.sound(behind) + sound)
        table = open_table(path)
        rows = [row.values for row in table.rows()]
        assert len(rows) == 42 + kind.given, kind.name
        assert rows[20] == (before.id, before.text, str(before.rating)), kind.name
        assert rows[-21] == (behind.id, behind.text, str(behind.rating)), kind.name
        assert table.faults.total == kind.lost, kind.name


def test_a_table_of_all_kinds_gives_what_it_holds(dirt: Any, tables: Any, tmp_path: Path) -> None:
    file = io.BytesIO()
    holds = tables.write_dirty(file, iter(reviews(dirt, 400)), every=4)
    assert holds["dirt"] == {kind.name: 5 for kind in dirt.KINDS}
    (tmp_path / "a.csv").write_bytes(file.getvalue())
    table = open_table(tmp_path / "a.csv")
    rows = [row.values for row in table.rows()]
    assert len(rows) == holds["given"]
    assert table.faults.counts == {
        "too few cells": 5,
        "too many cells": 5,
        "a quote that is never closed": 5,
        "bytes that are not of the encoding": 5,
        "the header again": 5,
    }
    assert table.mended.counts == {
        "quotes within quotes that were not doubled, taken as they stand": 5,
        "NUL characters, taken away": 5,
    }
    ratings = {str(rating) for rating in range(1, 11)}
    usable = {text for _, text, rating in rows if not is_missing(text) and label_value(rating) in ratings}
    assert len(usable) == holds["usable"]
