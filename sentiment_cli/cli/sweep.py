"""`sentiment sweep`: try other values of settings, and keep the best ones."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._completion import CONFIG, RUN, SETTING
from sentiment_cli.cli._options import (
    command_line,
    config_label,
    device_option,
    limit_option,
    make_overrides,
    output_options,
    picture_look,
    picture_options,
    ray_options,
    ray_workers,
    source_option,
)
from sentiment_cli.cli._output import Output, duration, pairs, table
from sentiment_cli.cli._place import choose_place, no_such
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.config.load import load_config
from sentiment_cli.errors import UsageError
from sentiment_cli.run_sets import Sweep, find_sweep, list_sweeps

if TYPE_CHECKING:
    from sentiment_cli.config import Config
    from sentiment_cli.search.plan import SearchPlan
    from sentiment_cli.search.trial import Trial
    from sentiment_cli.workflows.sweep_checks import Limits
    from sentiment_cli.workflows.sweep_result import SweepPlan, SweepResult

_METRICS, _SAMPLERS = ("val_accuracy", "val_loss"), ("tpe", "random", "grid")
# Of the options, what may change when a sweep is continued.
_CHANGEABLE = ("trials", "max_minutes", "jobs", "ray", "workers")
_REASON_LENGTH = 60


@click.command()
@click.argument("shown", required=False, metavar="[SWEEP]", type=RUN)
@click.option("-c", "--config", type=CONFIG, help="What all trials have in common.")
@click.option("--grid", multiple=True, type=SETTING, metavar="KEY=V1,V2,…", help="A setting and its values.")
@click.option(
    "--random",
    "drawn",
    multiple=True,
    type=SETTING,
    metavar="KEY=RANGE",
    help="log(a,b), uniform(a,b), int(a,b[,log]), choice(a,b,…).",
)
@click.option("--trials", type=int, metavar="N", help="Trials in all.  [default: the whole grid, or 20]")
@click.option("--max-minutes", type=float, metavar="M", help="Stop then; --resume goes on.")
@click.option("--metric", type=click.Choice(_METRICS), help="What is best.  [default: val_accuracy]")
@click.option("--sampler", type=click.Choice(_SAMPLERS), help="[default: tpe, or grid where there is no --random]")
@click.option("--prune/--no-prune", default=None, help="Stop trials that lag behind.  [default: prune]")
@click.option(
    "--jobs", type=int, metavar="N", help="Trials side by side, each on its share of the cores.  [default: 1]"
)
@ray_options
@click.option("--name", metavar="NAME", help="Name of the sweep under ./runs.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Its directory, instead of ./runs/NAME.")
@source_option
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value of the configuration.")
@click.option("--epochs", type=int, metavar="N", help="Epochs of each trial.")
@click.option("--seed", type=int, metavar="N", help="Of the search and of each trial.")
@limit_option
@device_option
@click.option("--dry-run", "only_try", is_flag=True, help="Check everything and show what the trials would take.")
@click.option(
    "--resume", "resumed", type=RUN, metavar="SWEEP", help="Continue a sweep, also with more --trials or minutes."
)
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Draw a picture.")
@picture_options
@output_options
def sweep(shown: str | None, only_try: bool, resumed: str | None, target: Path | None, **options: Any) -> None:
    """Search over settings: train with other values again and again, and keep the best as a configuration.

    With --random, values are chosen from what earlier trials came to (TPE); a grid alone is tried whole. Every trial is
    a run of its own, on the same division of the reviews; none reads the test part. A trial whose best epoch so far is
    worse than the median of the others is stopped. Killed at any moment, --resume goes on. With --ray, each trial is
    trained by a worker of a cluster, which sees the same files; the trials are those of --jobs with as many.

    SWEEP is a sweep's directory or its name under ./runs: shows what came of it. Needs Optuna:
    pip install 'sentiment-cli[sweep]'

    \b
    Examples:
      sentiment sweep -c imdb_lstm --grid model.recurrent.0.units=32,64 \\
        --random "training.learning_rate=log(1e-4,1e-2)" --trials 20 --max-minutes 30 --name first
      sentiment sweep --resume first --trials 30
      sentiment sweep first -o first.png
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    given = [name for name, value in options.items() if value not in (None, ())]
    if resumed is not None:
        fixed = [*(["SWEEP"] if shown else []), *(["--dry-run"] if only_try else [])]
        _refuse(f"--resume continues {resumed} as it was begun", [*fixed, *_unfit(given, _CHANGEABLE)])
        _resume(resumed, options, target, output)
        return
    if shown is not None:
        _refuse("SWEEP is shown as it is", [*_unfit(given, ()), *(["--dry-run"] if only_try else [])])
        _show(_find(shown), target, output)
        return
    if options["config"] is None:
        raise UsageError("Name a configuration to search with (-c NAME), or a sweep to show or to --resume.")
    if only_try and target:
        raise UsageError("--dry-run trains nothing that could be drawn; it does not go with -o.")
    _begin(options, target, output, only_try=only_try)


def _begin(options: dict[str, Any], target: Path | None, output: Output, *, only_try: bool) -> None:
    config = _read_config(options)
    label = config_label(options["config"])
    place = choose_place("sweep", f"{label}-sweep", options["name"], options["output_dir"])
    workers = ray_workers(options["ray"], options["workers"])
    if workers and only_try:
        raise UsageError("--dry-run tries the first trial on this machine; leave out --ray.")
    from sentiment_cli.workflows.sweep import plan_sweep, run_sweep

    _check_picture(target)
    plan, limits = _read_plan(options, config), _read_limits(options)
    with make_progress(output) as progress:
        if only_try:
            tried = plan_sweep(config, place, plan, limits, progress=progress)
        else:
            command = command_line()
            result = run_sweep(
                config, place, plan, limits, workers=workers, progress=progress, command=command, config_name=label
            )
    if only_try:
        output.result(tried.to_dict(), lambda: _plan_text(tried))
    else:
        _show_result(result, target, output)


def _resume(name: str, options: dict[str, Any], target: Path | None, output: Output) -> None:
    found, workers = _find(name), ray_workers(options["ray"], options["workers"])
    from sentiment_cli.workflows.sweep import resume_sweep

    _check_picture(target)
    with make_progress(output) as progress:
        progress.note(f"Sweep: {found.path}")
        limits, command = _read_limits(options), command_line()
        result = resume_sweep(found, limits, workers=workers, progress=progress, command=command)
    _show_result(result, target, output)


def _show(found: Sweep, target: Path | None, output: Output) -> None:
    from sentiment_cli.workflows.sweep_result import read_sweep

    _check_picture(target)
    _show_result(read_sweep(found), target, output)


def _find(name: str) -> Sweep:
    found = find_sweep(name)
    if found is None:
        raise no_such("sweep", name, [known.name for known in list_sweeps()])
    return found


def _read_config(options: dict[str, Any]) -> Config:
    names = ("source", "epochs", "seed", "limit", "device")
    overrides = make_overrides(**{name: options[name] for name in names})
    return load_config(options["config"], overrides, options["settings"])


def _read_plan(options: dict[str, Any], config: Config) -> SearchPlan:
    from sentiment_cli.search.plan import SearchPlan

    return SearchPlan.make(
        options["grid"],
        options["drawn"],
        metric=options["metric"] or "val_accuracy",
        sampler=options["sampler"],
        prune=options["prune"] is not False,
        seed=config.training.seed,
    )


def _read_limits(options: dict[str, Any]) -> Limits:
    from sentiment_cli.workflows.sweep_checks import Limits

    return Limits(options["trials"], options["max_minutes"], options["jobs"])


def _check_picture(target: Path | None) -> None:
    from sentiment_cli.workflows.plot_comparison import check_picture

    check_picture(target)
    picture_look(target)


def _refuse(why: str, unfit: list[str]) -> None:
    if unfit:
        raise UsageError(f"{why}; it does not go with {', '.join(unfit)}.")


def _unfit(given: list[str], fitting: tuple[str, ...]) -> list[str]:
    names = {"drawn": "--random", "source": "--data", "settings": "--set"}
    return [names.get(name, "--" + name.replace("_", "-")) for name in given if name not in fitting]


def _show_result(result: SweepResult, target: Path | None, output: Output) -> None:
    value = result.to_dict()
    if target:
        from sentiment_cli.workflows.plot_sweep import plot_result

        plot_result(result, target, picture_look(target))
        value["picture"] = str(target)
    output.result(value, lambda: _text(result))
    path = shlex.quote(str(result.sweep.path))
    if result.exit_code:
        done = len(result.trials) - result.counts["unfinished"]
        of_all = f" of {result.max_trials}" if result.max_trials else ""
        click.echo(
            f"Stopped after {done}{of_all} trials; everything so far is saved.\n"
            f"To continue: sentiment sweep --resume {path}",
            err=True,
        )
        raise click.exceptions.Exit(result.exit_code)
    if result.status != "finished":
        output.note(f"To continue: sentiment sweep --resume {path}")
    if result.best:
        best = shlex.quote(str(result.sweep.best_path))
        output.note(
            f"Next: sentiment train -c {best}   (reads the test part, once)\n"
            f"      sentiment plot-history {shlex.quote(str(result.sweep.path / result.best.name))}\n"
            f"      {target or result.sweep.picture_path} shows what mattered"
        )


def _text(result: SweepResult) -> str:
    from sentiment_cli.search.space import short_names

    counts = ", ".join(f"{count} {state}" for state, count in result.counts.items() if count) or "none yet"
    status = f"{result.status} ({result.stop_reason})" if result.stop_reason else result.status
    rows = [("sweep", str(result.sweep.path)), ("status", status), ("trials", counts)]
    names = short_names([setting.key for setting in result.plan.settings])
    if result.best:
        values = ", ".join(f"{names[key]} {text}" for key, text in result.best.values.items())
        rows.append(("best", f"{result.best.name}: {values}; {result.sweep.best_path}"))
    if result.importances:
        shares = ", ".join(f"{names[key]} {100 * share:.0f} %" for key, share in result.importances.items())
        rows.append(("mattered", shares))
    parts = [pairs(rows)]
    if result.trials:
        numbers = [result.plan.metric, "epochs (best)", "time"]
        columns = ["trial", *names.values(), *numbers, "state"]
        title = f"{result.plan.metric} of the epoch that was kept, on validation; best first"
        cells = [_cells(trial, list(names)) for trial in result.ranking]
        parts.append(table(columns, cells, right=numbers, title=title))
    return "\n\n".join(parts)


def _cells(trial: Trial, keys: list[str]) -> list[str]:
    state: str = trial.state
    if trial.reason:
        reason = trial.reason if len(trial.reason) <= _REASON_LENGTH else f"{trial.reason[: _REASON_LENGTH - 1]}…"
        state = f"failed: {reason}"
    return [
        str(trial.number),
        *(trial.values.get(key, "-") for key in keys),
        "-" if trial.value is None else f"{trial.value:.4f}",
        f"{trial.epochs} ({trial.epoch})" if trial.epochs else "-",
        "-" if trial.seconds is None else duration(trial.seconds),
        state,
    ]


def _plan_text(plan: SweepPlan) -> str:
    of_all = "" if plan.combinations is None else f" of {plan.combinations:,} combinations"
    trials = f"{plan.max_trials}{of_all}" if plan.max_trials else "as many as the time allows"
    expected = "" if plan.expected_seconds is None else f"about {duration(plan.expected_seconds)} where none is stopped"
    first = ", ".join(f"{key}={text}" for key, text in plan.first.items())
    head = pairs(
        [
            ("sweep", str(plan.sweep.path)),
            ("trials", f"{trials}, sampler {plan.plan.sampler}, by {plan.plan.metric}"),
            ("first", first),
            ("a trial", f"about {duration(plan.report.expected_seconds)}, {plan.report.parameters:,} parameters"),
            ("all trials", expected or "until the time is over"),
            ("test", "not read by any trial"),
        ]
    )
    rows = [[setting.key, setting.describe()] for setting in plan.settings]
    return "\n\n".join([head, table(["setting", "values"], rows)])
