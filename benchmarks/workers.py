"""One training by one process, by two worker processes, and by two workers of a Ray cluster of this machine.

    SENTIMENT_DATA=… python benchmarks/workers.py --output workers.json
    SENTIMENT_DATA=… python benchmarks/workers.py --kills 8 --ways "two workers, a core each"

Two workers have a core each, so that one process is timed on one core and on all of them. The weights at the end are
held against those of the first way: the largest difference, and the largest weight. Two numbers of threads add in
other orders, too; ``--set training.optimizer=sgd`` does without the division that makes such differences large.
Killed: at random moments one of the two gets SIGKILL; the other is waited for, both are started again with
``--resume``, and the end is held against the unbroken training of the same way, bit for bit. Needs Linux (taskset).
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import commands
import numpy as np

from sentiment_cli.history import read_history
from sentiment_cli.runs import Run
from sentiment_cli.runtime import describe_environment

# How it is started: the cores of each process of the command, and options.
WAYS: dict[str, tuple[list[str], list[str]]] = {
    "one process, one core": (["0"], []),
    "one process, two cores": (["0,1"], []),
    "two workers, a core each": (["0", "1"], []),
    "Ray, two workers": (["0,1"], ["--ray", "local", "--workers", "2"]),
}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="imdb_lstm")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--ways", nargs="+", choices=[*WAYS], default=[*WAYS])
    parser.add_argument("--kills", type=int, default=4, help="of two workers, a core each")
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    task = ["-c", arguments.config, "--epochs", str(arguments.epochs)]
    task += [part for setting in arguments.settings for part in ("--set", setting)]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        for way in arguments.ways:
            found[way] = measure_way(way, place, task, place / slug(arguments.ways[0]))
            if len(WAYS[way][0]) > 1 and arguments.kills:
                found[way]["kills"] = kill(way, place, task, arguments.kills, found[way]["training_seconds"])
            print(f"{way}: {json.dumps(found[way])}", file=sys.stderr, flush=True)
    text = json.dumps({"machine": describe_environment(), "task": task, "ways": found}, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def measure_way(way: str, place: Path, task: list[str], first: Path) -> dict[str, Any]:
    """An unbroken training, and how far its end is from that of the first way."""
    run, started = place / slug(way), time.perf_counter()
    team = Team(way, place, [*task, "--output-dir", str(run)])
    codes = team.wait()
    seconds = time.perf_counter() - started
    if any(codes):
        raise SystemExit("\n".join(team.said(rank) for rank in range(len(codes))))
    record, test = Run(run).read_record(), json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    one, two = read_weights(first), read_weights(run)
    return {
        "seconds": seconds,
        "training_seconds": record["seconds"]["training"],
        "validation": [row.val_accuracy for row in read_history(Run(run).history_path)],
        "test_accuracy": test["accuracy"],
        "largest_difference": max(float(np.abs(one[name] - two[name]).max()) for name in one),
        "largest_weight": max(float(np.abs(array).max()) for array in one.values()),
        "differing_predictions": differing_predictions(first, run),
    }


def kill(way: str, place: Path, task: list[str], count: int, training_seconds: float) -> list[dict[str, Any]]:
    """Kill a worker at random moments; raises where the end is another one than without."""
    rng, found = random.Random(1), []
    for number in range(count):
        run = place / f"killed-{number}"
        team = Team(way, place, [*task, "--output-dir", str(run)])
        while not Run(run).record_path.exists():
            if None not in [process.poll() for process in team.processes]:
                raise SystemExit(team.said(0) + team.said(1))
            time.sleep(0.05)
        time.sleep(rng.uniform(0, training_seconds + 5))
        victim = rng.randrange(2)
        was_over = team.processes[victim].poll() is not None
        team.processes[victim].send_signal(signal.SIGKILL)
        killed = time.perf_counter()
        codes = team.wait()
        ended = time.perf_counter() - killed
        again = [0, 0]
        if Run(run).read_record()["status"] != "finished":
            again = Team(way, place, ["--resume", str(run)]).wait()
        one, two = read_arrays(place / slug(way)), read_arrays(run)
        same = one.keys() == two.keys() and all(np.array_equal(array, two[name]) for name, array in one.items())
        found.append({"victim": victim, "was_over": was_over, "codes": codes, "others_ended_after": ended})
        if any(again) or not same:
            raise SystemExit(f"{found[-1]}: resumed {again}, equal: {same}\n{team.said(1 - victim)}")
    return found


class Team:
    """The processes of one command, with a file for what each says."""

    def __init__(self, way: str, place: Path, task: list[str]) -> None:
        cores, options = WAYS[way]
        ports = free_ports(len(cores))
        addresses = [f"127.0.0.1:{port}" for port in ports]
        self._files = [place / f"said-{port}.txt" for port in ports]
        self.processes = []
        for rank, bound in enumerate(cores):
            environment = dict(os.environ)
            if len(cores) > 1:
                names = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
                environment["TF_CONFIG"] = json.dumps(names)
            command = ["taskset", "--cpu-list", bound, *commands.SENTIMENT, "train", *task, *options]
            with self._files[rank].open("wb") as file:
                process = subprocess.Popen(command, cwd=place, env=environment, stdout=file, stderr=file)
            self.processes.append(process)

    def wait(self) -> list[int]:
        """The exit codes."""
        return [process.wait() for process in self.processes]

    def said(self, rank: int) -> str:
        """What a process said."""
        return self._files[rank].read_text(encoding="utf-8")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(contextlib.closing(socket.socket())) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def read_arrays(run: Path) -> dict[str, np.ndarray]:
    """All that the latest checkpoint holds, but for the figures of its steps, which have times among them."""
    latest = max((run / "checkpoints").glob("last-*"))
    with np.load(latest / "variables.npz") as archive:
        return {name: array for name, array in archive.items() if name != "batches"}


def read_weights(run: Path) -> dict[str, np.ndarray]:
    """Those of the network at the end."""
    arrays = read_arrays(run).items()
    return {name: array for name, array in arrays if name.startswith("network/") and array.dtype == np.float32}


def differing_predictions(one: Path, two: Path) -> int:
    """Test reviews that the two label otherwise."""
    labels = []
    for run in (one, two):
        with (run / "predictions-test.csv").open(encoding="utf-8", newline="") as file:
            labels.append([row["predicted"] for row in csv.DictReader(file)])
    return sum(first != second for first, second in zip(*labels, strict=True))


def slug(way: str) -> str:
    """A directory's name."""
    return way.replace(", ", "-").replace(" ", "-")


if __name__ == "__main__":
    main()
