"""How `sentiment compare` trains a ladder, continues one, and shows what came of it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._options import command_line, config_label, make_overrides, picture_look
from sentiment_cli.cli._output import Output, duration, pairs, table
from sentiment_cli.cli._place import choose_place, no_such
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._standing import interval_text, pairings_table, range_text
from sentiment_cli.config.load import load_config
from sentiment_cli.errors import UsageError
from sentiment_cli.run_sets import Ladder, find_ladder, list_ladders

if TYPE_CHECKING:
    from sentiment_cli.config import Config
    from sentiment_cli.workflows.ladder_result import LadderPlan, LadderResult, Rung

_SPLITS = ("validation", "test")
_CELLS, _SEEDS = "simple_rnn,gru,lstm", 3


def check_ladder_options(resumed: str, given: list[str]) -> None:
    """Raise a UsageError where a ladder that is continued would be changed."""
    if given:
        raise UsageError(f"--resume continues {resumed} as it was begun; it does not go with {', '.join(given)}.")


def train_ladder(options: dict[str, Any], target: Path | None, output: Output) -> None:
    """Train a ladder as the options ask for it."""
    config, ladder = _read(options)
    from sentiment_cli.workflows.ladder import train_ladder as train
    from sentiment_cli.workflows.plot_comparison import check_picture

    check_picture(target)
    picture_look(target)
    with make_progress(output) as progress:
        result = train(
            config,
            ladder.path,
            *_shape(options),
            progress=progress,
            command=command_line(),
            config_name=config_label(options["config"]),
        )
    _show(result, target, output)


def dry_run_ladder(options: dict[str, Any], output: Output) -> None:
    """Show what a ladder would train, and what that would take."""
    config, ladder = _read(options)
    from sentiment_cli.workflows.ladder import plan_ladder

    with make_progress(output) as progress:
        plan = plan_ladder(config, ladder.path, *_shape(options), progress=progress)
    output.result(plan.to_dict(), lambda: _plan_text(plan))


def resume_ladder(name: str, target: Path | None, output: Output) -> None:
    """Continue a ladder."""
    ladder = find_ladder(name)
    if ladder is None:
        raise no_such("ladder", name, [known.name for known in list_ladders()])
    from sentiment_cli.workflows.ladder import resume_ladder as resume
    from sentiment_cli.workflows.plot_comparison import check_picture

    check_picture(target)
    picture_look(target)
    with make_progress(output) as progress:
        progress.note(f"Ladder: {ladder.path}")
        result = resume(ladder, progress=progress, command=command_line())
    _show(result, target, output)


def show_ladder(ladder: Ladder, split: str | None, against: str | None, target: Path | None, output: Output) -> None:
    """Show what is known of a ladder, from its files."""
    if against == "first":
        raise UsageError(f"--against first: the variants of the ladder {ladder.path} are compared with the best.")
    from sentiment_cli.workflows.ladder_result import read_ladder
    from sentiment_cli.workflows.plot_comparison import check_picture

    check_picture(target)
    picture_look(target)
    _show(read_ladder(ladder, split=split), target, output)


def _read(options: dict[str, Any]) -> tuple[Config, Ladder]:
    label = f"{config_label(options['config'])}-ladder"
    place = choose_place("ladder", label, options["name"], options["output_dir"])
    names = ("source", "epochs", "seed", "limit", "device")
    overrides = make_overrides(**{key: options[key] for key in names}, test=False if options["no_test"] else None)
    return load_config(options["config"], overrides, options["settings"]), Ladder(place)


def _shape(options: dict[str, Any]) -> tuple[list[str], Any, int]:
    """Cells, directions and number of seeds."""
    cells = [cell.strip() for cell in (_CELLS if options["cells"] is None else options["cells"]).split(",")]
    return cells, options["bidirectional"] or "both", _SEEDS if options["seeds"] is None else options["seeds"]


def _show(result: LadderResult, target: Path | None, output: Output) -> None:
    value = result.to_dict()
    if target and result.standing:
        from sentiment_cli.workflows.plot_comparison import plot_standing

        plot_standing(result.standing, target, picture_look(target))
        value["picture"] = str(target)
    output.result(value, lambda: _text(result))
    path = shlex.quote(str(result.ladder.path))
    if result.exit_code:
        done, of_all = result.trained
        click.echo(
            f"Stopped after {done} of {of_all} trainings; everything so far is saved.\n"
            f"To continue: sentiment compare --resume {path}",
            err=True,
        )
        raise click.exceptions.Exit(result.exit_code)
    if result.standing is None:
        if target:
            output.note(f"No picture yet: {target} is drawn when all variants are trained")
        output.note(f"To continue: sentiment compare --resume {path}")
        return
    best = result.standing.reference.run.path
    groups = shlex.join(str(entry.run.path) for entry in result.standing.entries)
    output.note(
        f"Next: sentiment misclassified {shlex.quote(str(best))}\n"
        f"      sentiment plot-history {groups}\n"
        f"      {target or result.ladder.picture_path} shows accuracies and curves"
    )


def _text(result: LadderResult) -> str:
    done, of_all = result.trained
    status = f"{result.status} ({result.stop_reason})" if result.stop_reason else result.status
    head = pairs([("ladder", str(result.ladder.path)), ("status", f"{status}, {done} of {of_all} trainings")])
    parts = [head, _costs(result), _accuracies(result)]
    if result.standing:
        parts += [pairings_table(result.standing), str(result.sentence)]
    return "\n\n".join(parts)


def _costs(result: LadderResult) -> str:
    numbers = ["parameters", "a training", "epochs (best)"]
    return table(["variant", *numbers], [_cost_cells(rung) for rung in result.rungs], right=numbers)


def _cost_cells(rung: Rung) -> list[str]:
    epochs = [member.epochs for member in rung.members if member.epochs]
    best = [member.best_epoch for member in rung.members if member.best_epoch]
    return [
        rung.variant["name"],
        "-" if rung.parameters is None else f"{rung.parameters:,}",
        "-" if rung.seconds is None else duration(rung.seconds),
        f"{range_text(epochs)} ({range_text(best)})" if epochs else "-",
    ]


def _accuracies(result: LadderResult) -> str:
    """Of the networks and, once all are trained, of those of a variant together; and of the baselines."""
    standing = result.standing
    together = {entry.name: entry for entry in standing.entries} if standing else {}
    numbers = ["validation", "test", *(["together", "95 %"] if together else [])]
    rows = []
    for rung in result.rungs:
        cells = [rung.variant["name"], *(_spread_text(rung, split) for split in _SPLITS)]
        if entry := together.get(rung.variant["name"]):
            cells += [f"{entry.accuracy:.4f}", interval_text(entry.interval)]
        rows.append(cells)
    for name, figures in result.baselines.items():
        known = [figures.get(split) for split in _SPLITS]
        rows.append([name, *("-" if value is None else f"{value:.4f}" for value in known), *[""] * (len(numbers) - 2)])
    title = "Accuracy of each network, mean ± sd over the seeds"
    title += f"; and of a variant's networks together, on {standing.split}" if standing else ""
    return table(["variant", *numbers], rows, right=numbers, title=title)


def _spread_text(rung: Rung, split: str) -> str:
    spread = rung.accuracy(split)
    if spread is None:
        return "-"
    return f"{spread.mean:.4f}" + ("" if spread.sd is None else f" ± {spread.sd:.4f}")


def _plan_text(plan: LadderPlan) -> str:
    numbers = ["parameters", "an epoch", "a training", "all seeds"]
    rows = [
        [
            name,
            f"{report.parameters:,}",
            duration(report.seconds_per_epoch),
            duration(report.expected_seconds),
            duration(report.expected_seconds * len(plan.seeds)),
        ]
        for name, report in plan.reports.items()
    ]
    head = pairs(
        [
            ("ladder", str(plan.ladder.path)),
            ("trainings", f"{len(rows)} variants with {len(plan.seeds)} seeds ({plan.seeds[0]} to {plan.seeds[-1]})"),
            ("test", "read once for each network, after the last training" if plan.evaluate_test else "not read"),
            ("all in all", f"about {duration(plan.expected_seconds)}, validation and test left out"),
        ]
    )
    return "\n\n".join([head, table(["variant", *numbers], rows, right=numbers)])
