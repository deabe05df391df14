"""How near is each export to its run, how large is it, and how long does it take?

    python benchmarks/exports.py runs/lstm runs/fast --output exports.json --markdown

Each export is written into a temporary directory and checked on 1,000 reviews of the run's validation part, and the one
with weights in 8 bits on all of them. What is timed runs in a process of its own, from texts to probabilities, after
everything is loaded: the run's network in this package, its `model.keras` in Keras, and each export in its own runtime.
The repetitions take turns, so that a drift of the machine falls on all alike; shown is the fastest turn of each, for a
machine that has other work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sentiment_cli.config import load_config
from sentiment_cli.exports.latency import MANY, measure_latency
from sentiment_cli.exports.layout import ExportDirectory
from sentiment_cli.exports.runtimes import open_export
from sentiment_cli.run_search import find_run
from sentiment_cli.runs import Run
from sentiment_cli.runtime import choose_device, describe_environment, load_tensorflow
from sentiment_cli.training.progress import Silent
from sentiment_cli.workflows import ExportResult, ExportSettings, export
from sentiment_cli.workflows.export_check import find_texts, open_keras_model, own_classifier

OWN, KERAS = "this package", "model.keras"
SETTINGS = {
    "SavedModel": ExportSettings("saved_model"),
    "ONNX": ExportSettings("onnx"),
    "ONNX, 8 bits": ExportSettings("onnx", quantize=True),
}


def main() -> None:
    """Measure and print JSON, or a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", help="runs or groups of seeds, whose reviews are there")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, help="JSON file; none: standard output")
    parser.add_argument("--markdown", action="store_true", help="print a table, too")
    parser.add_argument("--time", nargs=4, metavar=("WHAT", "RUN", "DIRECTORY", "TEXTS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.time:
        print(json.dumps(time_one(*arguments.time)))
        return
    results: dict[str, Any] = {"machine": describe_environment(), "runs": {}}
    for name in arguments.runs:
        results["runs"][name] = measure(find_run(name), arguments.repeats)
        if arguments.output:
            arguments.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        print(markdown(results))
    elif not arguments.output:
        print(json.dumps(results, indent=1))


def measure(run: Run, repeats: int) -> dict[str, dict[str, Any]]:
    """Equality, size and times of a run's exports, and of what they are beside, by name."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        load_tensorflow()
        found = find_texts(run, load(run), MANY, Silent())
        (place / "texts.json").write_text(json.dumps(found.texts), encoding="ascii")
        contenders: dict[str, dict[str, Any]] = {OWN: {}}
        if run.model_path.exists():
            contenders[KERAS] = {"bytes": run.model_path.stat().st_size}
        for name, settings in SETTINGS.items():
            started = time.perf_counter()
            result = export(run, settings, place / name)
            contenders[name] = {"export_seconds": time.perf_counter() - started, **describe(result)}
        times: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for _ in range(repeats):
            for name in contenders:
                times[name].append(in_process(name, run, place))
                print(f"{run.name} {name}: {times[name][-1]}", file=sys.stderr, flush=True)
        fastest = {name: {key: min(turn[key] for turn in turns) for key in turns[0]} for name, turns in times.items()}
        return {name: {**contenders[name], **fastest[name]} for name in contenders}


def describe(result: ExportResult) -> dict[str, Any]:
    """What is no time."""
    model = result.files.get("model.onnx", result.size_bytes)
    return {"bytes": result.size_bytes, "model_bytes": model, "check": result.record["check"]}


def in_process(name: str, run: Run, place: Path) -> dict[str, float]:
    """Times of one contender, in a process of its own."""
    command = [sys.executable, __file__, "--time", name, str(run.path), str(place / name), str(place / "texts.json")]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return figures


def time_one(name: str, run: str, directory: str, texts: str) -> dict[str, float]:
    """Seconds of opening, of one review and of 1,000, and the peak of memory."""
    reviews = json.loads(Path(texts).read_text(encoding="ascii"))
    started = time.perf_counter()
    if name in (OWN, KERAS):
        load_tensorflow()
    if name == OWN:
        classify = own_classifier(load(find_run(run)))
    elif name == KERAS:
        import sentiment_cli.text.standardize  # noqa: F401 - the rule `reviews`

        classify = open_keras_model(find_run(run))
    else:
        classify = open_export(ExportDirectory(Path(directory)), SETTINGS[name].form)
    classify(reviews[:1])
    opened = time.perf_counter() - started
    latency = measure_latency(classify, reviews)
    return {"open_seconds": opened, "peak_bytes": peak_bytes(), **latency.to_dict()}


def peak_bytes() -> int:
    """Of this process alone; what ``getrusage`` gives begins with the peak of the one that started it (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def load(run: Run) -> Any:
    """The run's network, on the processor; TensorFlow must be loaded."""
    from sentiment_cli.workflows.ensemble import load_scorer

    return load_scorer(run, load_config(run.config_path), choose_device("cpu"))


def markdown(results: dict[str, Any]) -> str:
    """A row for each run and contender."""
    lines = [
        "| run | | MB | largest difference | labels changed | accuracy | to the first result, s | one review, ms "
        "| 1,000 reviews, s | peak, MB |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for run, contenders in results["runs"].items():
        lines += [f"| {Path(run).name} | {name} | {_cells(figures)} |" for name, figures in contenders.items()]
    return "\n".join(lines)


def _cells(figures: dict[str, Any]) -> str:
    check = figures.get("check")
    said = ["", "", ""]
    if check:
        changed = f"{check['changed_labels']} of {check['reviews']:,}"
        accuracy = f"{check['exported_accuracy']:.4f} (run {check['accuracy']:.4f})"
        said = [f"{check['largest_difference']:.1e}", changed, accuracy]
    size = f"{figures['bytes'] / 1e6:.2f}" if "bytes" in figures else ""
    one = f"{1000 * figures['one_seconds']:.2f}"
    times = [f"{figures['open_seconds']:.1f}", one, f"{figures['many_seconds']:.2f}"]
    return " | ".join([size, *said, *times, f"{figures['peak_bytes'] / 1e6:,.0f}"])


if __name__ == "__main__":
    main()
