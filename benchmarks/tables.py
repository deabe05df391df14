"""Tables of reviews: made in any form and size, clean or dirty, and read: seconds and peak memory.

    SENTIMENT_DATA=… python benchmarks/tables.py all --output tables.json
    SENTIMENT_DATA=… python benchmarks/tables.py make reviews.csv --rows 1000000
    SENTIMENT_DATA=… python benchmarks/tables.py make dirty.csv --rows 1000000 --dirty-every 50
    python benchmarks/tables.py read reviews.csv dirty.csv

The texts are those of IMDb, else of the bundled reviews, again and again, each with its number behind it; the ratings
are those of IMDb's file names. Columns: id, review, rating. The ending gives the form: csv, tsv, jsonl, parquet, xlsx;
.gz behind the first three. Beside a table lies what it holds, ``reviews.csv.holds.json``; `read` compares. `all` makes
those of `TABLES` one after the other in a temporary directory, 1.4 GB at a time, and reads each.
"""

from __future__ import annotations

import argparse
import collections
import csv
import gzip
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import commands
import dirt
from dirt import Dirt, Review

from sentiment_cli.data import imdb
from sentiment_cli.resources import bundled_reviews
from sentiment_cli.runtime import describe_environment

COLUMNS = ["id", "review", "rating"]
# Name, share of the rows, options. Excel has 1,048,576 rows at most, and takes a minute for a tenth of them.
TABLES: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("reviews.csv", 1.0, ()),
    ("dirty.csv", 1.0, ("--dirty-every", "50")),
    ("windows.csv", 1.0, ("--delimiter", ";", "--encoding", "cp1252", "--quote-all")),
    ("reviews.csv.gz", 1.0, ()),
    ("reviews.jsonl", 1.0, ()),
    ("reviews.parquet", 1.0, ()),
    ("reviews.xlsx", 0.1, ()),
)
_BATCH = 10_000


def main() -> None:
    """Make tables, or read them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands_ = parser.add_subparsers(dest="command", required=True)
    everything = commands_.add_parser("all")
    everything.add_argument("--rows", type=int, default=1_000_000)
    make = commands_.add_parser("make")
    make.add_argument("file", type=Path)
    make.add_argument("--rows", type=int, default=1_000_000)
    make.add_argument("--dirty-every", type=int, help="one of so many rows is dirty, the kinds in turn (CSV only)")
    make.add_argument("--delimiter", default=None)
    make.add_argument("--encoding", default="utf-8")
    make.add_argument("--quote-all", action="store_true")
    read = commands_.add_parser("read")
    read.add_argument("files", type=Path, nargs="+")
    for each in (everything, read):
        each.add_argument("--repeats", type=int, default=3)
        each.add_argument("--output", type=Path, help="JSON file; none: standard output")
    count = commands_.add_parser("count", help="read one file in this process")
    count.add_argument("file", type=Path)
    count.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    {"all": measure_all, "make": make_table, "read": measure, "count": count_rows}[arguments.command](arguments)


def make_table(arguments: argparse.Namespace) -> None:
    """Write a table, and beside it what it holds."""
    path: Path = arguments.file
    holds: dict[str, Any] = {"rows": arguments.rows, "given": arguments.rows, "usable": arguments.rows, "dirt": {}}
    if arguments.dirty_every:
        with path.open("wb") as file:
            holds |= write_dirty(file, reviews(arguments.rows), arguments.dirty_every)
    elif path.suffix == ".parquet":
        write_parquet(path, reviews(arguments.rows))
    elif path.suffix == ".xlsx":
        write_excel(path, reviews(arguments.rows))
    else:
        write_text(path, arguments)
    Path(f"{path}.holds.json").write_text(json.dumps(holds, indent=1) + "\n", encoding="utf-8")


def reviews(count: int) -> Iterator[Review]:
    """So many reviews, no two alike; of both classes in turn."""
    source = imdb.find()
    root, classes = (source, ("neg", "pos")) if source else (bundled_reviews(), ("negative", "positive"))
    texts = list(itertools.chain(*zip(*(read_class(root / "train" / name) for name in classes), strict=False)))
    for number, (text, rating) in zip(range(count), itertools.cycle(texts), strict=False):
        yield Review(f"r{number:07}", f"{text} ({number})", rating)


def read_class(directory: Path) -> list[tuple[str, int]]:
    """Texts and ratings of the reviews of a class; 2 and 9 where the names have none."""
    found = []
    for file in sorted(directory.glob("*.txt")):
        rating = file.stem.partition("_")[2]
        text = " ".join(file.read_text(encoding="utf-8").split())
        found.append((text, int(rating) if rating else 2 + 7 * directory.name.startswith("pos")))
    return found


def write_dirty(file: IO[bytes], rows: Iterator[Review], every: int) -> dict[str, Any]:
    """Write a CSV of which one of so many rows is dirty; what it holds by the number of each kind."""
    counts: collections.Counter[str] = collections.Counter()
    given = usable = 0
    kinds: Iterator[Dirt] = itertools.cycle(dirt.KINDS)
    file.write(dirt.HEADER)
    for number, review in enumerate(rows, start=1):
        kind = next(kinds) if number % every == 0 else Dirt("", dirt.sound)
        file.write(kind.write(review))
        counts[kind.name] += 1
        given, usable = given + kind.given, usable + kind.usable
    del counts[""]
    return {"given": given, "usable": usable, "dirt": dict(counts)}


def write_text(path: Path, arguments: argparse.Namespace) -> None:
    """Write a CSV, TSV or JSON lines."""
    name = path.name.removesuffix(".gz")
    form = {"encoding": arguments.encoding, "errors": "replace", "newline": ""}
    with gzip.open(path, "wt", 1, **form) if path.suffix == ".gz" else path.open("w", **form) as file:
        if name.endswith(".jsonl"):
            for review in reviews(arguments.rows):
                file.write(json.dumps(dict(zip(COLUMNS, cells(review), strict=True)), ensure_ascii=False) + "\n")
            return
        writer = csv.writer(
            file,
            delimiter=arguments.delimiter or ("\t" if name.endswith(".tsv") else ","),
            quoting=csv.QUOTE_ALL if arguments.quote_all else csv.QUOTE_MINIMAL,
            lineterminator="\n",
        )
        writer.writerow(COLUMNS)
        writer.writerows(cells(review) for review in reviews(arguments.rows))


def cells(review: Review) -> list[Any]:
    """The values of a row."""
    return [review.id, review.text, review.rating]


def write_parquet(path: Path, rows: Iterator[Review]) -> None:
    """Write Parquet, in row groups of 10,000."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([("id", pyarrow.string()), ("review", pyarrow.string()), ("rating", pyarrow.int64())])
    with parquet.ParquetWriter(path, schema) as writer:
        while batch := [cells(review) for review in itertools.islice(rows, _BATCH)]:
            writer.write_table(pyarrow.table(list(map(list, zip(*batch, strict=True))), schema=schema))


def write_excel(path: Path, rows: Iterator[Review]) -> None:
    """Write a workbook of one sheet; Excel has no room for control characters, which some of IMDb's reviews have."""
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Reviews")
    sheet.append(COLUMNS)
    for review in rows:
        sheet.append([review.id, ILLEGAL_CHARACTERS_RE.sub("", review.text), review.rating])
    book.save(path)


def measure_all(arguments: argparse.Namespace) -> None:
    """Make each table and read it; print JSON."""
    found = {}
    for name, share, options in TABLES:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / name
            make = [sys.executable, __file__, "make", str(path), "--rows", str(round(share * arguments.rows)), *options]
            subprocess.run(make, check=True)
            found[name] = read_repeatedly(path, arguments.repeats)
    write(found, arguments.output)


def measure(arguments: argparse.Namespace) -> None:
    """Read each file and print JSON."""
    write({path.name: read_repeatedly(path, arguments.repeats) for path in arguments.files}, arguments.output)


def read_repeatedly(path: Path, repeats: int) -> dict[str, Any]:
    """What a file gives, and how long processes of their own take for it: median, lowest and highest."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "told.json"
        count = [sys.executable, __file__, "count", str(path.resolve()), "--output", str(output)]
        turns = [commands.run(count, Path.cwd()) for _ in range(repeats)]
        told: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    check(path, told)
    print(path.name, told["form"], turns, file=sys.stderr, flush=True)
    return told | {
        "bytes": path.stat().st_size,
        **{key: spread([turn[key] for turn in turns]) for key in ("seconds", "cpu_seconds")},
        "peak_bytes": max(turn["peak_bytes"] for turn in turns),
    }


def write(tables: dict[str, Any], output: Path | None) -> None:
    """Write what was measured."""
    text = json.dumps({"machine": describe_environment(), "tables": tables}, indent=1, ensure_ascii=False)
    if output:
        output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def spread(figures: list[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {"median": statistics.median(figures), "lowest": min(figures), "highest": max(figures)}


def check(path: Path, told: dict[str, Any]) -> None:
    """Stop where a table gave another number of rows than it holds."""
    holds = Path(f"{path}.holds.json")
    if holds.exists() and (given := json.loads(holds.read_text(encoding="utf-8"))["given"]) != told["rows"]:
        raise SystemExit(f"{path} holds {given:,} rows that can be read; {told['rows']:,} were given")


def count_rows(arguments: argparse.Namespace) -> None:
    """Read a file and write what was found."""
    from sentiment_cli.tabular.opening import open_table

    started = time.perf_counter()
    table = open_table(arguments.file)
    opened = time.perf_counter()
    rows = sum(1 for _ in table.rows())
    told = {
        "form": table.description,
        "rows": rows,
        "faults": table.faults.counts,
        "mended": table.mended.counts,
        "opening_seconds": round(opened - started, 2),
        "reading_seconds": round(time.perf_counter() - opened, 2),
    }
    arguments.output.write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
