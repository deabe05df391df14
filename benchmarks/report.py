"""Write README.md and the plots of this directory from the measurements beside it.

python benchmarks/report.py
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

HERE = Path(__file__).parent
COLOURS = {"ours": "#1b6ca8", "Keras": "#c97b2d", "PyTorch": "#7a8b3c"}

HEAD = """# Benchmarks

    pip install -e . torch
    export SENTIMENT_DATA=…        # the directory that aclImdb is in
    cd benchmarks && python epoch.py --output epoch.json && python share.py --output share.json \\
      && python scaling.py --output scaling.json && python commands.py --output commands.json \\
      && python million.py --output million.json && python tables.py all --output tables.json \\
      && python report.py

This page is written by the last of these from what the others measured. Never part of the tests.
"""


def main() -> None:
    """Write the page."""
    parts = [HEAD]
    for name, section in {
        "epoch": epochs,
        "share": share,
        "scaling": scaling,
        "commands": commands,
        "million": million,
        "tables": tables,
    }.items():
        path = HERE / f"{name}.json"
        if path.exists():
            parts.append(section(json.loads(path.read_text(encoding="utf-8"))))
    (HERE / "README.md").write_text("\n".join(parts), encoding="utf-8")


def epochs(measured: dict[str, Any]) -> str:
    """Reviews a second of every contender, and ours over theirs."""
    plot_epochs(measured)
    lines = [
        "## An epoch",
        "",
        f"{machine(measured)}; {measured['reviews']:,} reviews of IMDb, cut to 500 tokens, batches of 128, RMSprop. "
        "Each contender trains in a process of its own and waits for its turn. Ratios are taken within a turn: "
        "median and, in brackets, lowest and highest; `fastest` is the ratio of the fastest turns, for a machine "
        "whose other work slows one turn or another. `first` is the first epoch, with tracing and compiling.",
        "",
        "![Reviews a second](epoch.png)",
        "",
        "| network | contender | reviews/s | ours is faster by | fastest | first, s |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for label, result in measured["networks"].items():
        for name in result["first"]:
            ratios = sorted(turn[name] / turn["ours"] for turn in result["turns"])
            best = min(turn[name] for turn in result["turns"]) / min(turn["ours"] for turn in result["turns"])
            versus = "" if name == "ours" else f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
            fastest = "" if name == "ours" else f"{best:.1f}"
            lines.append(
                f"| {label} | {name} | {speed(result, name):,.0f} | {versus} | {fastest} "
                f"| {result['first'][name]:.1f} |"
            )
    return "\n".join([*lines, ""])


def speed(result: dict[str, Any], name: str) -> float:
    """Reviews a second, the median of the turns."""
    return float(result["reviews"] / statistics.median(turn[name] for turn in result["turns"]))


def plot_epochs(measured: dict[str, Any]) -> None:
    """Bars of reviews a second, a panel a network."""
    networks = measured["networks"]
    figure, panels = plt.subplots(len(networks), 1, figsize=(8, 2.1 * len(networks)), squeeze=False)
    for axis, (label, result) in zip(panels[:, 0], networks.items(), strict=True):
        names = list(result["first"])[::-1]
        values = [speed(result, name) for name in names]
        bars = axis.barh(names, values, color=[COLOURS[name.partition(",")[0].partition(" ")[0]] for name in names])
        axis.bar_label(bars, [f"{value:,.0f}" for value in values], padding=3)
        axis.set_title(label, loc="left", fontsize=11)
        axis.set_xlim(0, max(values) * 1.15)
        axis.spines[["top", "right"]].set_visible(False)
    panels[-1, 0].set_xlabel("reviews a second, whole epoch after compiling")
    figure.tight_layout()
    figure.savefig(HERE / "epoch.png", dpi=130)
    plt.close(figure)


def share(measured: dict[str, Any]) -> str:
    """How near the limit."""
    turns = measured["turns"]
    product, tokens = (statistics.median(turn[key] for turn in turns) for key in ("product", "tokens"))
    shares = sorted(turn["share"] for turn in turns)
    return (
        "## How near the limit\n\n"
        f"{machine(measured)}; {len(turns)} turns. The machine multiplies large float32 matrices at {product:.0f} "
        "GFLOP/s. The products that the bidirectional network above is made of take "
        f"{measured['flop_a_token'] / 1000:.0f} kFLOP a token; ours trains {tokens / 1000:,.0f} thousand tokens a "
        f"second, {statistics.median(shares):.2f} ({shares[0]:.2f} to {shares[-1]:.2f}) of that rate. It can be above "
        "one: the input projection and its "
        "gradients are computed once for each different token of a batch.\n"
    )


def scaling(measured: dict[str, Any]) -> str:
    """What ten times as much costs."""
    lines = [
        "## Ten times as much",
        "",
        f"{machine(measured)}; LSTM 32, Embedding 32, of which one thing at a time grows. 2,560 reviews but in the "
        "last rows. Seconds of an epoch after the first, and peak memory of the whole process, TensorFlow included.",
        "",
        "| what | contender | from | to | s | s | times | MB | MB |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    rows = measured["rows"]
    for dimension in dict.fromkeys(row["dimension"] for row in rows):
        for name in dict.fromkeys(row["contender"] for row in rows):
            small, large = [row for row in rows if (row["dimension"], row["contender"]) == (dimension, name)]
            lines.append(
                f"| {dimension} | {name} | {small['value']:,} | {large['value']:,} | {small['seconds']:.2f} "
                f"| {large['seconds']:.2f} | {large['seconds'] / small['seconds']:.1f} "
                f"| {small['peak_bytes'] / 1e6:,.0f} | {large['peak_bytes'] / 1e6:,.0f} |"
            )
    return "\n".join([*lines, ""])


def commands(measured: dict[str, Any]) -> str:
    """Whole commands."""
    found = measured["commands"]
    ours, theirs = found["train --config imdb_lstm"], found["the source's script"]
    growth = ours["peak_bytes"] - found["import tensorflow"]["peak_bytes"]
    predict, bare = (found[name]["seconds"] for name in ("predict (one review)", "import tensorflow"))
    lines = [
        "## Whole commands",
        "",
        f"{machine(measured)}; process to process, medians.",
        "",
        "| command | runs | seconds | peak, MB |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {row['runs']} | {row['seconds']:.2f} | {row['peak_bytes'] / 1e6:,.0f} |"
            for name, row in found.items()
        ),
        "",
        f"The whole training, which reads, splits, validates, tests, plots and saves, takes 1/"
        f"{theirs['seconds'] / ours['seconds']:.1f} of the script that it grew from, which starts from token ids. Its "
        f"peak is {growth / 1e6:,.0f} MB above a process that imported TensorFlow. Predicting one review takes "
        f"{predict:.2f} s and that import {bare:.2f} s, which also takes TensorFlow down again.",
    ]
    return "\n".join([*lines, ""])


def million(measured: dict[str, Any]) -> str:
    """A million reviews."""
    phases = ", ".join(f"{name} {value:,.0f} s" for name, value in measured["phases"].items() if value >= 1)
    return "\n".join(
        [
            f"## {measured['reviews']:,} reviews",
            "",
            f"{machine(measured)}; IMDb's training reviews under other names, `imdb_lstm`, one epoch, a fifth for test "
            f"and a fifth of the rest for validation: {measured['train']['seconds']:,.0f} s ({phases}); peak "
            f"{measured['train']['peak_bytes'] / 1e6:,.0f} MB, {measured['growth_bytes'] / 1e6:,.0f} MB above a "
            "process that imported TensorFlow. Texts and token ids lie in temporary files; the ids are mapped into "
            "memory, and what is mapped counts here.",
            "",
        ]
    )


def tables(measured: dict[str, Any]) -> str:
    """Tables in every form."""
    lines = [
        "## Tables of reviews",
        "",
        f"{machine(measured)}; IMDb's reviews with numbers, their ids and ratings, each table read row by row in a "
        "process of its own: median, in brackets lowest and highest, and the seconds of them on a processor. A "
        "text file is read twice, first for its encoding. "
        "`dirty.csv` has 20 kinds of dirt, each in a thousandth of its rows.",
        "",
        "| table | form | MB | rows | left out | seconds | on a processor | peak, MB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, found in measured["tables"].items():
        seconds = found["seconds"]
        lines.append(
            f"| {name} | {found['form']} | {found['bytes'] / 1e6:,.0f} | {found['rows']:,} | "
            f"{sum(found['faults'].values()):,} | {seconds['median']:.1f} ({seconds['lowest']:.1f} to "
            f"{seconds['highest']:.1f}) | {found['cpu_seconds']['median']:.1f} | {found['peak_bytes'] / 1e6:,.0f} |"
        )
    return "\n".join([*lines, ""])


def machine(measured: dict[str, Any]) -> str:
    """The processor."""
    found = measured["machine"]
    versions = ", ".join(f"{name} {found['versions'][name]}" for name in ("python", "tensorflow", "keras"))
    return f"{found['processor']}, {found['cores']} cores; {versions}"


if __name__ == "__main__":
    main()
