"""`sentiment runs`: a table of the runs."""

from __future__ import annotations

from typing import Any

import click

from sentiment_cli.cli._options import output_options
from sentiment_cli.cli._output import Output, duration, table
from sentiment_cli.errors import RunError
from sentiment_cli.run_search import list_runs
from sentiment_cli.run_sets import Ladder, Sweep, list_ladders, list_sweeps
from sentiment_cli.runs import RUNS_DIR, Run, SeedGroup


@click.command()
@output_options
def runs() -> None:
    """List the runs in ./runs, oldest first, the ladders of variants that they belong to, and the sweeps."""
    output = Output.current()
    rows = [_summary(run) for run in list_runs()]
    ladders = [_ladder_summary(ladder) for ladder in list_ladders()]
    sweeps = [_sweep_summary(sweep) for sweep in list_sweeps()]
    output.result({"runs": rows, "ladders": ladders, "sweeps": sweeps}, lambda: _text(rows, ladders, sweeps))


def _summary(run: Run) -> dict[str, Any]:
    try:
        record, metrics = run.read_record(), run.read_metrics()
    except RunError as error:
        return {"run": run.name, "status": "damaged", "problem": str(error)}
    return {
        "run": run.name,
        "seeds": record.get("seeds") if isinstance(run, SeedGroup) else None,
        "status": record.get("status"),
        "stop_reason": record.get("stop_reason"),
        "started": record.get("started"),
        "epochs": record.get("epochs"),
        "best_epoch": record.get("best_epoch"),
        "parameters": record.get("parameters"),
        "seconds": (record.get("seconds") or {}).get("total"),
        "validation_accuracy": (metrics.get("validation") or {}).get("accuracy"),
        "test_accuracy": (metrics.get("test") or {}).get("accuracy"),
    }


def _ladder_summary(ladder: Ladder) -> dict[str, Any]:
    try:
        record, variants = ladder.read_record(), ladder.variants
    except RunError as error:
        return {"ladder": ladder.name, "status": "damaged", "problem": str(error)}
    return {
        "ladder": ladder.name,
        "status": record.get("status"),
        "started": record.get("started"),
        "seeds": record.get("seeds"),
        "variants": [variant.path.name for variant in variants],
    }


def _sweep_summary(sweep: Sweep) -> dict[str, Any]:
    try:
        record = sweep.read_record()
    except RunError as error:
        return {"sweep": sweep.name, "status": "damaged", "problem": str(error)}
    trials = record.get("trials", [])
    search = record.get("search", {})
    metric = search.get("metric", "val_accuracy")
    values = [row.get("value") for row in trials if row.get("state") == "finished"]
    known = [value for value in values if value is not None]
    return {
        "sweep": sweep.name,
        "status": record.get("status"),
        "started": record.get("started"),
        "settings": [text.partition("=")[0].strip() for text in (*search.get("grid", []), *search.get("random", []))],
        "trials": len(trials),
        "max_trials": record.get("max_trials"),
        "metric": metric,
        "best": (min(known) if metric == "val_loss" else max(known)) if known else None,
    }


def _text(rows: list[dict[str, Any]], ladders: list[dict[str, Any]], sweeps: list[dict[str, Any]]) -> str:
    if not rows and not ladders and not sweeps:
        return f"There are no runs in {RUNS_DIR.resolve()}. Train one: sentiment train"
    columns = ["run", "status", "epochs", "best", "parameters", "time", "validation", "test"]
    parts = [table(columns, [_cells(row) for row in rows], right=columns[2:])] if rows else []
    if ladders:
        lines = [[row["ladder"], str(row["status"]), _variants_text(row)] for row in ladders]
        parts.append(table(["ladder", "status", "variants"], lines))
    if sweeps:
        columns = ["sweep", "status", "trials", "best", "settings"]
        parts.append(table(columns, [_sweep_cells(row) for row in sweeps], right=["trials"]))
    return "\n\n".join(parts)


def _sweep_cells(row: dict[str, Any]) -> list[str]:
    if "trials" not in row:
        return [row["sweep"], str(row["status"]), "", "", ""]
    of_all = f" of {row['max_trials']}" if row["max_trials"] else ""
    best = "" if row["best"] is None else f"{row['metric']} {row['best']:.4f}"
    return [row["sweep"], str(row["status"]), f"{row['trials']}{of_all}", best, ", ".join(row["settings"])]


def _variants_text(row: dict[str, Any]) -> str:
    return f"{', '.join(row['variants'])}; {len(row['seeds'] or [])} seeds" if "variants" in row else ""


def _cells(row: dict[str, Any]) -> list[str]:
    seconds = row.get("seconds")
    return [
        f"{row['run']} ({len(row['seeds'])} seeds)" if row.get("seeds") else row["run"],
        str(row["status"] or "unknown"),
        _number(row.get("epochs"), "d"),
        _number(row.get("best_epoch"), "d"),
        _number(row.get("parameters"), ",d"),
        duration(seconds) if isinstance(seconds, (int, float)) else "",
        _number(row.get("validation_accuracy"), ".4f"),
        _number(row.get("test_accuracy"), ".4f"),
    ]


def _number(value: Any, form: str) -> str:
    return format(value, form) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
