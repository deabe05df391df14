"""The same search on this machine and by two workers of a Ray cluster of it: are the trials the same, and how long?

    SENTIMENT_DATA=… python benchmarks/searches.py --output searches.json

Compared is all that the study says of each trial: values, state, result, and the metric after each epoch, to the bit.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import commands

from sentiment_cli.run_sets import Sweep
from sentiment_cli.runtime import describe_environment
from sentiment_cli.search.study import StudyJournal
from sentiment_cli.workflows.sweep_result import read_plan, read_sweep

WAYS = {
    "one after the other": [],
    "two side by side": ["--jobs", "2"],
    "two workers of a Ray cluster": ["--ray", "local", "--workers", "2"],
}
SPACE = ["--grid", "model.recurrent.0.units=16,32", "--random", "training.learning_rate=log(1e-4,3e-2)"]


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="imdb_lstm")
    parser.add_argument("--limit", type=int, default=2500, help="reviews a class")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    arguments = parser.parse_args()
    options = ["--limit", str(arguments.limit), "--epochs", str(arguments.epochs), "--trials", str(arguments.trials)]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory:
        sweeps = {way: Sweep(Path(directory) / str(number)) for number, way in enumerate(WAYS)}
        for way, more in WAYS.items():
            place = ["--output-dir", str(sweeps[way].path)]
            command = [*commands.SENTIMENT, "sweep", "-c", arguments.config, *SPACE, *options, *more, *place]
            seconds = commands.run(command, Path(directory))["seconds"]
            found[way] = {"seconds": seconds, "states": read_sweep(sweeps[way]).counts}
            print(f"{way}: {json.dumps(found[way])}", file=sys.stderr, flush=True)
        here, there = (read_study(sweeps[way]) for way in list(WAYS)[1:])
    result = {"machine": describe_environment(), "space": SPACE, "options": options, "ways": found}
    text = json.dumps({**result, "equal": here == there, "trials": here}, indent=1)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    if here != there:
        raise SystemExit(f"The trials differ:\n{here}\n{there}")


def read_study(sweep: Sweep) -> list[Any]:
    """All that a study says of its trials, but for times."""
    plan = read_plan(sweep, sweep.read_record())
    trials = StudyJournal(sweep.study_path, plan.settings, maximizes=plan.maximizes).trials
    return [[one.number, one.state.name, one.params, one.values, one.intermediate_values] for one in trials]


if __name__ == "__main__":
    main()
