"""Scoring a table of reviews into a directory, here and on a Ray cluster of this machine, unbroken and killed.

    SENTIMENT_DATA=… python benchmarks/scoring.py --run runs/NAME --reviews 1000000 --output scoring.json

The table is Parquet, made by `tables.py`: IMDb's texts again and again, each with its number behind it. Each way is a
process of its own with all that it starts; memory is the sum of their proportional shares (PSS), looked at twice a
second, of which half a GB is what is mapped of TensorFlow's library. Killed: SIGKILL when the first so many parts are
noted, then the same command again. Every directory is compared with the first one, byte for byte, and its ids with
those of the table.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import commands
import psutil

from sentiment_cli.runtime import describe_environment
from sentiment_cli.scoring.blocks import Source
from sentiment_cli.scoring.columns import find_columns
from sentiment_cli.scoring.inputs import open_input

# Options, and to how many cores all processes of the way are bound; None: to none.
WAYS: dict[str, tuple[list[str], int | None]] = {
    "one process": ([], None),
    "one process, one core": ([], 1),
    "Ray, 1 worker, one core": (["--ray", "local", "--workers", "1"], 1),
    "Ray, 1 worker": (["--ray", "local", "--workers", "1"], None),
    "Ray, 2 workers": (["--ray", "local", "--workers", "2"], None),
}
_LOOK_EVERY = 0.5  # seconds


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="a trained run")
    parser.add_argument("--reviews", type=int, default=1_000_000)
    parser.add_argument("--part-rows", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=3, help="of each way on all cores, at even shares of the work")
    parser.add_argument("--ways", nargs="+", choices=[*WAYS], default=[*WAYS])
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        make = [sys.executable, str(commands.HERE / "tables.py"), "make", str(place / "reviews.parquet")]
        subprocess.run([*make, "--rows", str(arguments.reviews)], check=True)
        reading = time_reading(place / "reviews.parquet", arguments.part_rows)
        print(f"reading alone: {reading:.1f} s", file=sys.stderr, flush=True)
        found = {way: measure_way(way, place, arguments) for way in arguments.ways}
    result = {
        "machine": describe_environment(),
        "load": psutil.getloadavg(),
        "reviews": arguments.reviews,
        "part_rows": arguments.part_rows,
        "reading_seconds": reading,
        "ways": found,
    }
    text = json.dumps(result, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def time_reading(path: Path, part_rows: int) -> float:
    """Seconds for cutting a table into blocks, which one process does however many score."""
    table = open_input(path, encoding=None, delimiter=None, header=True)
    columns = find_columns(table.columns, None, None, path.name)
    started = time.perf_counter()
    for _ in Source([table], [columns], [path.stat().st_size], part_rows).blocks():
        pass
    return time.perf_counter() - started


def measure_way(way: str, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """One way, unbroken and killed; raises where a file differs from those of the first way."""
    common = ["predict", "--run", str(arguments.run.resolve()), "--input", "reviews.parquet", "--json"]
    options, cores = WAYS[way]
    bound = [] if cores is None else ["taskset", "--cpu-list", f"0-{cores - 1}"]
    command = [*bound, *commands.SENTIMENT, *common, "--part-rows", str(arguments.part_rows), *options]
    name = way.replace(", ", "-").replace(" ", "-")
    unbroken = run([*command, "--output", name], place)
    first = place / arguments.ways[0].replace(", ", "-").replace(" ", "-")
    compare(first, place / name, arguments.reviews)
    parts = -(-arguments.reviews // arguments.part_rows)
    kills = arguments.kills if cores is None else 0
    marks = [parts * number // (kills + 1) for number in range(1, kills + 1)]
    killed: dict[str, Any] | None = {"kills": kills} if kills else None
    for mark in marks:
        run([*command, "--output", f"{name}-killed"], place, until=has_parts(place / f"{name}-killed", mark))
    if killed is not None:
        last = run([*command, "--output", f"{name}-killed"], place)
        killed["kept"] = last["told"]["kept"]
        compare(first, place / f"{name}-killed", arguments.reviews)
    print(f"{way}: {json.dumps(unbroken)} {json.dumps(killed)}", file=sys.stderr, flush=True)
    return {"unbroken": unbroken, "killed": killed}


def has_parts(directory: Path, count: int) -> Callable[[], bool]:
    """Whether so many parts are noted."""

    def look() -> bool:
        with contextlib.suppress(FileNotFoundError):
            return (directory / ".parts.jsonl").read_bytes().count(b"\n") >= count
        return False

    return look


def run(command: list[str], place: Path, until: Callable[[], bool] | None = None) -> dict[str, Any]:
    """Seconds and peak memory of a command and what it starts, and what it told; killed as soon as ``until`` says."""
    started, peak, is_killed = time.perf_counter(), 0, False
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=place, stdout=said, stderr=errors)
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            if until and until():
                process.kill()
                is_killed = True
            time.sleep(_LOOK_EVERY)
        for file in (said, errors):
            file.seek(0)
        if process.returncode and not is_killed:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read().decode()}")
        told = json.loads(said.read() or b"null")
    return {"seconds": time.perf_counter() - started, "peak_bytes": peak, "told": told}


def memory_of(pid: int) -> int:
    """Bytes of a process and all below it; what several share is counted once."""
    total = 0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += process.memory_full_info().pss
    return total


def compare(expected: Path, found: Path, reviews: int) -> None:
    """Check that two directories have the same files, and that every id is there once and in order."""
    from pyarrow import parquet

    names = [sorted(path.name for path in one.iterdir() if path.name != ".lock") for one in (expected, found)]
    assert names[0] == names[1], names
    assert all((expected / name).read_bytes() == (found / name).read_bytes() for name in names[0])
    number = 0
    for path in sorted(found.glob("part-*.parquet")):
        ids = parquet.read_table(path, columns=["id"]).column("id").to_pylist()
        assert ids == [f"r{number + offset:07}" for offset in range(len(ids))], path
        number += len(ids)
    assert number == reviews, number


if __name__ == "__main__":
    main()
