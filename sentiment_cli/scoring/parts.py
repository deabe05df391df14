"""How is one file of predictions written?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sentiment_cli.atomic import replacing, write_text
from sentiment_cli.extras import require
from sentiment_cli.scoring.blocks import NO_NUMBER, BadRow, Block, Review
from sentiment_cli.scoring.settings import Form
from sentiment_cli.tables import csv_text


@dataclass(frozen=True)
class PartForm:
    """What all parts of one output have in common.

    Args:
        form: of the file.
        class_names: in the order of the outputs.
        files: the names of the input files; they are a column where there are several.
        has_ids: whether a table has ids, which are then a column.
        with_text: whether the texts are.
    """

    form: Form
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    has_ids: bool
    with_text: bool

    @property
    def columns(self) -> list[str]:
        """Their names; ``row`` is the number of the row in its file, from 1."""
        head = [*(["file"] if len(self.files) > 1 else []), *(["id"] if self.has_ids else []), "row"]
        tail = [*(f"p_{name}" for name in self.class_names), *(["text"] if self.with_text else [])]
        return [*head, "label", "probability", *tail]

    def name(self, number: int) -> str:
        """The file name of a part, from 0; names sort as the parts do up to 100,000 of them."""
        return f"part-{number:05d}.{self.form}"


@dataclass(frozen=True)
class Part:
    """A part that is written.

    Args:
        number: from 0.
        file: its name.
        rows: reviews in it.
        sha256: of the file.
        labels: how many there are of each class, in the order of the classes.
        unscored: positions in its block of the reviews that the network gave no number for.
    """

    number: int
    file: str
    rows: int
    sha256: str
    labels: dict[str, int]
    unscored: list[int]

    def bad_rows(self, block: Block) -> list[BadRow]:
        """All rows of its block that have no prediction, in the order of the inputs."""
        if not self.unscored:
            return block.bad
        without = (block.reviews[position] for position in self.unscored)
        return sorted([*block.bad, *(BadRow(one.file, one.row, one.line, NO_NUMBER) for one in without)])


def write_part(directory: Path, form: PartForm, block: Block, probabilities: np.ndarray) -> Part:
    """Write the predictions of a block, whole or not at all.

    Args:
        directory: where to.
        form: how.
        block: what was scored, with a number.
        probabilities: float32[n, classes] of its reviews; rows that are not finite are left out. The most probable
            class is the label, the first of several.
    """
    number = block.number or 0
    finite = np.isfinite(probabilities).all(axis=1)
    reviews = [review for review, is_finite in zip(block.reviews, finite.tolist(), strict=True) if is_finite]
    labels, path = probabilities[finite].argmax(axis=1), directory / form.name(number)
    _write(path, form, _make_columns(form, reviews, labels, probabilities[finite]))
    counts = np.bincount(labels, minlength=len(form.class_names)).tolist()
    by_class = dict(zip(form.class_names, counts, strict=True))
    return Part(number, path.name, len(reviews), checksum(path), by_class, np.flatnonzero(~finite).tolist())


def checksum(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_columns(
    form: PartForm, reviews: Sequence[Review], labels: np.ndarray, probabilities: np.ndarray
) -> dict[str, Any]:
    """The values of each column: lists of texts and whole numbers, and float32 arrays."""
    columns: dict[str, Any] = {
        "file": [form.files[review.file] for review in reviews],
        "id": [review.id for review in reviews],
        "row": [review.row for review in reviews],
        "label": [form.class_names[label] for label in labels.tolist()],
        "probability": probabilities[np.arange(len(labels)), labels],
        "text": [review.text for review in reviews] if form.with_text else [],
    }
    columns |= {f"p_{name}": probabilities[:, index] for index, name in enumerate(form.class_names)}
    return {name: columns[name] for name in form.columns}


def _write(path: Path, form: PartForm, columns: dict[str, Any]) -> None:
    if form.form == "parquet":
        _write_parquet(path, columns)
    elif form.form == "csv":
        write_text(path, csv_text(list(columns), list(_rows(columns))))
    else:
        lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in _rows(columns, float))
        write_text(path, "".join(f"{line}\n" for line in lines))


def _write_parquet(path: Path, columns: dict[str, Any]) -> None:
    """Types do not depend on the values: a part without ids has the same columns as the others."""
    arrow, parquet = require("pyarrow", "Writing Parquet"), require("pyarrow.parquet", "Writing Parquet")
    types = {"row": arrow.int64(), **dict.fromkeys(("file", "id", "label", "text"), arrow.string())}
    schema = arrow.schema([(name, types.get(name, arrow.float32())) for name in columns])
    table = arrow.table({name: arrow.array(values, schema.field(name).type) for name, values in columns.items()})
    with replacing(path) as temporary:
        parquet.write_table(table, temporary)


def _rows(columns: dict[str, Any], convert: type = str) -> Iterator[tuple[Any, ...]]:
    """The rows, with probabilities of nine digits, which give a float32 back."""
    values = (
        [convert(f"{one:.9g}") for one in column.tolist()] if isinstance(column, np.ndarray) else column
        for column in columns.values()
    )
    return zip(*values, strict=True)
