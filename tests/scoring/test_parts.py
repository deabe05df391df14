"""Is a part of predictions what was predicted, in every form, with the same bytes each time?"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from sentiment_cli.scoring.blocks import NO_NUMBER, BadRow, Block, Review
from sentiment_cli.scoring.parts import PartForm, checksum, write_part
from sentiment_cli.scoring.settings import FORMS, Form

BLOCK = Block(
    7,
    [Review(0, 1, 2, "one", "good"), Review(0, 3, 4, None, "bad, \u00fc"), Review(1, 1, 2, "three", "so\nso")],
    [BadRow(0, 2, 3, "no text")],
)
PROBABILITIES = np.array([[0.1, 0.9], [0.75, 0.25], [0.5, 0.5]], np.float32)


def make_form(form: Form, **changes: Any) -> PartForm:
    values = {"files": ("a.csv", "b.csv"), "has_ids": True, "with_text": True, **changes}
    return PartForm(form, ("neg", "pos"), **values)


def read_back(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("form", FORMS)
def test_a_part_reads_back_as_what_was_predicted(tmp_path: Path, form: Form) -> None:
    part = write_part(tmp_path, make_form(form), BLOCK, PROBABILITIES)
    assert (part.file, part.rows, part.labels) == (f"part-00007.{form}", 3, {"neg": 2, "pos": 1})
    rows = read_back(tmp_path / part.file)
    expected = ["file", "id", "row", "label", "probability", "p_neg", "p_pos", "text"]
    assert [list(row) for row in rows] == [expected] * 3
    assert [row["file"] for row in rows] == ["a.csv", "a.csv", "b.csv"]
    assert [row["id"] or None for row in rows] == ["one", None, "three"]
    assert [int(row["row"]) for row in rows] == [1, 3, 1]
    assert [row["label"] for row in rows] == ["pos", "neg", "neg"]
    assert [np.float32(row["probability"]) for row in rows] == [np.float32(0.9), 0.75, 0.5]
    assert [np.float32(row["p_neg"]) for row in rows] == [np.float32(0.1), 0.75, 0.5]
    assert [row["text"] for row in rows] == ["good", "bad, \u00fc", "so\nso"]


@pytest.mark.parametrize("form", FORMS)
def test_the_same_predictions_are_the_same_bytes(tmp_path: Path, form: Form) -> None:
    one, two = (write_part(tmp_path / name, make_form(form), BLOCK, PROBABILITIES) for name in ("a", "b"))
    assert one == two
    assert one.sha256 == checksum(tmp_path / "a" / one.file) == checksum(tmp_path / "b" / one.file)


def test_one_file_without_ids_and_texts_has_no_columns_of_them(tmp_path: Path) -> None:
    form, block = make_form("csv", files=("a",), has_ids=False, with_text=False), Block(7, BLOCK.reviews[:2])
    part = write_part(tmp_path, form, block, PROBABILITIES[:2])
    assert list(read_back(tmp_path / part.file)[0]) == ["row", "label", "probability", "p_neg", "p_pos"]


@pytest.mark.parametrize("form", FORMS)
def test_a_review_without_a_finite_number_is_a_bad_row(tmp_path: Path, form: Form) -> None:
    probabilities = PROBABILITIES.copy()
    probabilities[0] = np.nan
    part = write_part(tmp_path, make_form(form), BLOCK, probabilities)
    assert [int(row["row"]) for row in read_back(tmp_path / part.file)] == [3, 1]
    assert part.bad_rows(BLOCK) == [BadRow(0, 1, 2, NO_NUMBER), BadRow(0, 2, 3, "no text")]


def test_columns_of_parquet_have_the_same_types_where_no_review_has_an_id(tmp_path: Path) -> None:
    without = Block(0, [review._replace(id=None) for review in BLOCK.reviews])
    schemas = []
    for block in (BLOCK, without):
        part = write_part(tmp_path, make_form("parquet"), block, PROBABILITIES)
        schemas.append(parquet.read_schema(tmp_path / part.file))
    assert schemas[0] == schemas[1]
