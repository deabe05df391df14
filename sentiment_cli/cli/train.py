"""`sentiment train`: train a classifier, continue a run, or try out a training."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sentiment_cli.cli._completion import CONFIG, RUN, SETTING
from sentiment_cli.cli._options import (
    command_line,
    config_label,
    device_option,
    limit_option,
    make_overrides,
    output_options,
    ray_options,
    ray_workers,
    source_option,
)
from sentiment_cli.cli._output import Output, accuracy_text, duration, pairs, table
from sentiment_cli.cli._place import choose_place
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cluster import is_first, read_cluster
from sentiment_cli.config.load import DEFAULT_CONFIG, load_config
from sentiment_cli.config.overrides import Override
from sentiment_cli.errors import UsageError
from sentiment_cli.run_search import find_run
from sentiment_cli.runs import Run, SeedGroup

if TYPE_CHECKING:
    from sentiment_cli.config import Config
    from sentiment_cli.ray_cluster import RayWorkers
    from sentiment_cli.seeds import Spread
    from sentiment_cli.workflows.results import DryRun, SeedsResult, TrainResult

# What configures a run, by parameters, in the order in which messages name them.
_OPTIONS = {
    "name": "--config",
    "source": "--data",
    "settings": "--set",
    "run_name": "--name",
    "output_dir": "--output-dir",
    "seed": "--seed",
    "seeds": "--seeds",
    "limit": "--limit",
    "device": "--device",
    "no_test": "--no-test",
    "only_try": "--dry-run",
    "force": "--force",
}


@click.command()
@click.option("-c", "--config", "name", type=CONFIG, help=f"Configuration; default: {DEFAULT_CONFIG}.")
@source_option
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value, e.g. training.epochs=5.")
@click.option("--name", "run_name", metavar="NAME", help="Name of the run under ./runs.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Run directory, instead of ./runs/NAME.")
@click.option("--epochs", type=int, metavar="N", help="Epochs in total.")
@click.option("--seed", type=int, metavar="N", help="Seed of everything random.")
@click.option("--seeds", type=click.IntRange(min=2), metavar="N", help="Train N runs, from --seed on, and an ensemble.")
@limit_option
@device_option
@click.option("--no-test", is_flag=True, help="Do not read the test part.")
@click.option("--dry-run", "only_try", is_flag=True, help="Everything up to the first steps; leaves no run behind.")
@click.option("--force", is_flag=True, help="Replace an existing run directory.")
@click.option("--resume", "resumed", type=RUN, help="Continue a run, or extend it with --epochs.")
@ray_options
@output_options
def train(resumed: str | None, epochs: int | None, ray: str | None, workers: int | None, **options: Any) -> None:
    """Train a classifier and leave a run directory with everything about it.

    Without options it trains a small LSTM on the bundled reviews.

    \b
    Examples:
      sentiment train --config gru --name first
      sentiment train --config imdb_lstm --set training.epochs=3
      sentiment train --data path/to/reviews
      sentiment train --resume first --epochs 20
      sentiment train --config imdb_lstm --seeds 5 --name five
      sentiment train --config imdb_lstm --ray auto --workers 4
    """  # noqa: D301 - click looks for this control character
    output, team = Output.current(), ray_workers(ray, workers)
    if resumed is not None:
        _refuse_with_resume(options)
        _resume(find_run(resumed), epochs, output, team)
        return
    _check_options(options, team)
    config_name = config_label(options["name"] or DEFAULT_CONFIG)
    run = Run(choose_place("run", config_name, options["run_name"], options["output_dir"]))
    config = _read_config(options, epochs)
    from sentiment_cli.workflows.creation import check_free

    if is_first():
        check_free(run, force=options["force"])
    if options["only_try"]:
        _dry_run(config, run, output)
    elif options["seeds"]:
        _train_seeds(config, run, options["seeds"], config_name, output, force=options["force"])
    else:
        _train(config, run, team, config_name, output, force=options["force"])


def _check_options(options: dict[str, Any], team: RayWorkers | None) -> None:
    """Raise a UsageError for what does not go together."""
    seeds, cluster = options["seeds"], read_cluster()
    if cluster and team:
        raise UsageError(f"--ray starts its workers by itself, and TF_CONFIG is that of {cluster}; unset it.")
    if cluster and not (options["run_name"] or options["output_dir"]):
        raise UsageError(f"TF_CONFIG makes this {cluster}: give all of them the same --name or --output-dir.")
    alone = [name for name in ("seeds", "only_try", "force") if options[name]]
    if team and alone:
        option = _OPTIONS[alone[0]]
        raise UsageError(f"{option} is done by one process; leave out --ray or {option}.")
    if seeds and options["only_try"]:
        raise UsageError(f"--dry-run tries one training; leave out --seeds. {seeds} seeds take {seeds} times as long.")


def _read_config(options: dict[str, Any], epochs: int | None) -> Config:
    replaced = {name: options[name] for name in ("source", "seed", "limit", "device")}
    overrides = make_overrides(**replaced, epochs=epochs, test=False if options["no_test"] else None)
    return load_config(options["name"] or DEFAULT_CONFIG, overrides, options["settings"])


def _train(config: Config, run: Run, team: RayWorkers | None, config_name: str, output: Output, *, force: bool) -> None:
    with make_progress(output) as progress:
        told: dict[str, Any] = {"progress": progress, "command": command_line(), "config_name": config_name}
        if team:
            from sentiment_cli.workflows.ray_training import train_on_ray

            result = train_on_ray(config, run.path, team, **told)
        else:
            from sentiment_cli.workflows.train import train as train_here

            result = train_here(config, run.path, **told, force=force)
    _show(result, output)


def _train_seeds(config: Config, run: Run, count: int, config_name: str, output: Output, *, force: bool) -> None:
    from sentiment_cli.workflows.seeds import train_seeds

    with make_progress(output) as progress:
        group = train_seeds(
            config, run.path, count, progress=progress, command=command_line(), config_name=config_name, force=force
        )
    _show_seeds(group, output)


def _refuse_with_resume(options: dict[str, Any]) -> None:
    given = [option for name, option in _OPTIONS.items() if options[name] not in (None, False, ())]
    if given:
        raise UsageError(
            f"--resume continues a run as it was configured; it does not go with {', '.join(given)}. "
            "Only --epochs may be changed."
        )


def _resume(run: Run, epochs: int | None, output: Output, team: RayWorkers | None) -> None:
    if epochs is not None and run.config_path.is_file():
        # For its message, which names the option.
        load_config(run.config_path, [Override(("training", "epochs"), epochs, "--epochs")])
    if team:
        from sentiment_cli.workflows.ray_training import resume_on_ray

        with make_progress(output) as progress:
            result = resume_on_ray(run, team, epochs=epochs, progress=progress, command=command_line())
        _show(result, output)
        return
    if isinstance(run, SeedGroup):
        _resume_seeds(run, epochs, output)
        return
    from sentiment_cli.workflows.train import resume

    with make_progress(output) as progress:
        progress.note(f"Run: {run.path}")
        result = resume(run, epochs=epochs, progress=progress, command=command_line())
    _show(result, output)


def _resume_seeds(group: SeedGroup, epochs: int | None, output: Output) -> None:
    from sentiment_cli.workflows.seeds import resume_seeds

    with make_progress(output) as progress:
        result = resume_seeds(group, epochs=epochs, progress=progress, command=command_line())
    _show_seeds(result, output)


def _dry_run(config: Config, run: Run, output: Output) -> None:
    from sentiment_cli.workflows.train import dry_run

    with make_progress(output) as progress:
        report = dry_run(config, run.path, progress=progress)
    output.result(report.to_dict(), lambda: _dry_run_text(report))


def _dry_run_text(report: DryRun) -> str:
    reviews = ", ".join(f"{part} {count:,}" for part, count in report.reviews.items())
    return pairs(
        [
            ("reviews", reviews),
            ("parameters", f"{report.parameters:,}"),
            ("device", report.device),
            ("step", report.plan),
            ("an epoch", f"about {duration(report.seconds_per_epoch)} and its validation"),
            ("all epochs", f"about {duration(report.expected_seconds)}, the first one longer"),
            ("memory", f"{report.memory_bytes / 1e6:,.0f} MB so far, with TensorFlow" if report.memory_bytes else "?"),
            ("warnings", "\n          ".join(report.warnings) or "none"),
        ]
    )


def _show(result: TrainResult, output: Output) -> None:
    output.result(result.to_dict(), lambda: _result_text(result))
    path = shlex.quote(str(result.run.path))
    if result.exit_code:
        _say_stopped(f"after {_epochs(result.epochs)}", path, result.exit_code)
    if not is_first():
        output.note("This worker's share is done; the first worker has written the run")
        return
    part = "" if result.test else " --split validation" if result.validation else " --split train"
    output.note(
        f"Next: sentiment evaluate {path}{part}\n"
        f"      sentiment misclassified {path}{part}\n"
        f"      sentiment baseline {path}   (what a linear model reaches)\n"
        f"      {result.run.plots_dir / 'history.png'} shows the curves"
    )


def _show_seeds(result: SeedsResult, output: Output) -> None:
    output.result(result.to_dict(), lambda: _seeds_text(result))
    path = shlex.quote(str(result.group.path))
    if result.exit_code:
        done = sum(member.status == "finished" for member in result.members)
        _say_stopped(f"after {done} of {len(result.members)} seeds", path, result.exit_code)
    first = shlex.quote(str(result.group.path / result.members[0].run))
    output.note(
        f"Next: sentiment evaluate {path}\n"
        f"      sentiment compare {path} {first}\n"
        f"      {result.group.plots_dir / 'history.png'} shows the curves"
    )


def _say_stopped(when: str, path: str, exit_code: int) -> NoReturn:
    # With -q too.
    click.echo(f"Stopped {when}; everything so far is saved.\nTo continue: sentiment train --resume {path}", err=True)
    raise click.exceptions.Exit(exit_code)


def _seeds_text(result: SeedsResult) -> str:
    head = pairs([("run", str(result.group.path)), ("status", f"{result.status} ({result.stop_reason})")])
    numbers = ["epochs (best)", "validation", "test", "time"]
    rows = [
        [
            str(member.seed),
            f"{member.epochs} ({member.best_epoch})" if member.epochs else member.status,
            *(f"{figures['accuracy']:.4f}" if figures else "-" for figures in (member.validation, member.test)),
            duration(member.seconds) if member.seconds else "-",
        ]
        for member in result.members
    ]
    spreads = [_spread_text(result.over_seeds[split]) for split in ("validation", "test")]
    rows.append(["mean ± sd", "", *spreads, duration(result.seconds)])
    parts = [head, table(["seed", *numbers], rows, right=numbers)]
    if result.ensemble:
        parts.append(_ensemble_text(result))
    return "\n\n".join(parts)


def _spread_text(figures: dict[str, Spread] | None) -> str:
    if not figures:
        return "-"
    accuracy = figures["accuracy"]
    return f"{accuracy.mean:.4f}" + ("" if accuracy.sd is None else f" ± {accuracy.sd:.4f}")


def _ensemble_text(result: SeedsResult) -> str:
    """The networks together; on validation without an interval, for their epochs were chosen there."""
    rows = [("ensemble", f"mean of the probabilities of {len(result.members)} networks")]
    validation, test = result.ensemble.get("validation"), result.ensemble.get("test")
    if validation:
        rows.append(("validation", f"accuracy {validation.accuracy:.4f}, loss {validation.loss:.4f}"))
    if test:
        rows.append(("test", f"accuracy {accuracy_text(test.accuracy, test.accuracy_interval)}, loss {test.loss:.4f}"))
    return pairs(rows)


def _result_text(result: TrainResult) -> str:
    rows = [("run", str(result.run.path)), ("status", f"{result.status} ({result.stop_reason})")]
    rows.append(("epochs", f"{result.epochs}, best {result.best_epoch}" if result.epochs else "0"))
    if result.refit:
        refit = f"{_epochs(result.refit['epochs'])} on train and validation, {result.refit['reviews']:,} reviews"
        rows.append(("refit", refit))
    if result.validation:
        rows.append(
            ("validation", f"accuracy {result.validation['accuracy']:.4f}, loss {result.validation['loss']:.4f}")
        )
    if result.test:
        accuracy = accuracy_text(result.test.accuracy, result.test.accuracy_interval)
        rows.append(("test", f"accuracy {accuracy}, loss {result.test.loss:.4f}"))
        rows.append(("baseline", f"{result.test.majority_baseline:.4f} (always the most frequent class)"))
    rows.append(("parameters", f"{result.parameters:,}"))
    phases = ", ".join(f"{name} {duration(seconds)}" for name, seconds in result.seconds.items() if name != "total")
    rows.append(("time", f"{duration(result.seconds['total'])} ({phases})"))
    return pairs(rows)


def _epochs(count: int) -> str:
    return f"{count} whole {'epoch' if count == 1 else 'epochs'}"
