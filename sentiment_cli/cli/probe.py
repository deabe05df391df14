"""`sentiment probe`: behaviour tests of a run, with cases whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import RUN
from sentiment_cli.cli._options import output_options, picture_look, picture_options
from sentiment_cli.cli._output import Output, write_data
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.cli._run_argument import chosen_run
from sentiment_cli.cli._target import PICTURES, ending, form_of
from sentiment_cli.errors import SentimentError, UsageError

if TYPE_CHECKING:
    from sentiment_cli.picture_look import Look
    from sentiment_cli.probes.outcomes import ProbeReport
    from sentiment_cli.probes.selection import Selected
    from sentiment_cli.workflows.probe import ProbeSettings

EXIT_GATE = 3
FORMATS = ("table", "csv", "jsonl")
DOMAINS = ("film", "stay", "all")
_TOP, _VERBOSE_TOP, _KEPT = 1, 5, 10


@click.command()
@click.option("--run", "run", type=RUN, help="Run directory or a name under ./runs; default: the newest finished.")
@click.option("--domain", type=click.Choice(DOMAINS), help="Shipped probes; default: those for the run's reviews.")
@click.option("--probes", "files", multiple=True, type=click.Path(path_type=Path), help="Your own, in place of those.")
@click.option("--only", multiple=True, metavar="NAME,…", help="These probes or capabilities alone.")
@click.option("--cases", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most N a probe.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of the cases.")
@click.option("--on-reviews", type=click.IntRange(min=1), metavar="N", help="Change N reviews of the run, too.")
@click.option(
    "--split", type=click.Choice(["test", "validation"]), default="test", show_default=True, help="Their part."
)
@click.option("--frame", type=click.IntRange(1, 2_000), metavar="WORDS", help="Put texts between neutral sentences.")
@click.option("--positive", metavar="NAME", help="The class that is positive.")
@click.option("--negative", metavar="NAME", help="The class that is negative.")
@click.option("--neutral", metavar="NAME", help="The class that is neutral.")
@click.option("--top", type=click.IntRange(min=0), metavar="N", help="Failures to show of each probe.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Form; default: by the ending of -o, else table.")
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="File: a list or a picture."
)
@click.option("--fail-over", multiple=True, metavar="[NAME=]X", help="Exit with 3 where more than X fail.")
@click.option("--list", "listed", is_flag=True, help="List the probes.")
@click.option("--show", metavar="NAME", help="Show a probe and some of its cases.")
@click.option("--init", is_flag=True, help="Write a file of probes to start from; to -o, or probes.yaml.")
@click.option("--force", is_flag=True, help="With --init: replace an existing file.")
@picture_options
@output_options
def probe(
    run: str | None,
    domain: str | None,
    files: tuple[Path, ...],
    only: tuple[str, ...],
    listed: bool,
    show: str | None,
    init: bool,
    force: bool,
    form: str | None,
    target: Path | None,
    fail_over: tuple[str, ...],
    top: int | None,
    **how: object,
) -> None:
    """Try a run on texts whose answer is known: negation, typos, other names, "used to … but now", and more.

    Probes are of three types: mft, a text has a label; inv, a change should not matter; dir, a change should move the
    probability in a direction, or not against it. Shown are how many cases fail, and the worst of them.

    \b
    Examples:
      sentiment probe --run lstm
      sentiment probe --only negation,typos -v
      sentiment probe --on-reviews 200 -o probes.png
      sentiment probe --probes my.yaml --fail-over 0.1 --fail-over negation=0.3
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    if sum([listed, show is not None, init]) > 1:
        raise UsageError("--list, --show and --init exclude each other.")
    if init:
        _write_starter(target or Path("probes.yaml"), force, output)
        return
    chosen = [name.strip() for names in only for name in names.split(",") if name.strip()]
    if only and not chosen:
        raise UsageError(f"--only: expected names of probes or capabilities, received {','.join(only)!r}.")
    if listed or show is not None:
        _look(output, domain, files, chosen, show)
        return
    picture, form = _form_of(target, form, output)
    look = picture_look(target)
    gates = [_parse_gate(gate) for gate in fail_over]
    found = chosen_run(run, output)
    from sentiment_cli.workflows.probe import choose_probes
    from sentiment_cli.workflows.probe import probe as probe_workflow

    settings = _settings(how, top, is_whole=not chosen)
    with make_progress(output) as progress:
        selected = choose_probes(found, domain=domain, files=files, only=chosen, progress=progress)
        _check_gates(gates, selected)
        report = probe_workflow(found, selected, settings, progress=progress)
    _show(report, str(found.path), output, look if picture else None, form, top, target)
    output.note(
        f"Kept in {found.probes_path}" if settings.keep else "Not kept in the run, since --only leaves some out"
    )
    failed = [line for gate in gates for line in _failed(gate, report)]
    if failed:
        from sentiment_cli.cli._output import printable_lines

        click.echo(printable_lines("\n".join(failed)), err=True)
        raise click.exceptions.Exit(EXIT_GATE)


def _settings(how: dict[str, object], top: int | None, *, is_whole: bool) -> ProbeSettings:
    from sentiment_cli.workflows.probe import ProbeSettings

    values = {**how, "frame": how["frame"] or 0, "reviews": how["on_reviews"] or 0, "worst": max(_KEPT, top or 0)}
    values.pop("on_reviews")
    return ProbeSettings(**values, keep=is_whole)  # type: ignore[arg-type]


def _show(
    report: ProbeReport,
    run: str,
    output: Output,
    picture: Look | None,
    form: str,
    top: int | None,
    target: Path | None,
) -> None:
    from sentiment_cli.cli._probe_views import render

    shown = (_VERBOSE_TOP if output.verbose else _TOP) if top is None else top
    if output.as_json:
        output.result({"run": run, **report.to_dict()}, str)
    elif target is None or picture:
        write_data(render(form, report, shown))
    if picture and target is not None:
        from sentiment_cli.plots.probes import plot_probes
        from sentiment_cli.plots.save import save_figure
        from sentiment_cli.plots.style import using

        with using(picture):
            save_figure(plot_probes(report.tested, title=f"{Path(run).name}: cases that fail"), target)
        output.note(f"Picture: {target}")
    elif target is not None:
        from sentiment_cli.atomic import write_text

        write_text(target, render(form, report, shown))
        output.note(f"{len(report.tested)} probes: {target}")


def _form_of(target: Path | None, form: str | None, output: Output) -> tuple[bool, str]:
    """Whether the file is a picture, and the form of the list."""
    found = form_of(target, FORMATS)
    if output.as_json and form not in (None, "table"):
        raise UsageError(f"--json and --format {form} exclude each other.")
    return ending(target) in PICTURES, form or found


def _look(output: Output, domain: str | None, files: Sequence[Path], only: Sequence[str], show: str | None) -> None:
    """What probes there are, or one of them; no run is needed."""
    from sentiment_cli.cli._probe_views import listed_text, listed_values, shown_text, shown_values
    from sentiment_cli.workflows.probe import choose_probes

    if show is None:
        selected = choose_probes(None, domain=domain, files=files, only=only)
        output.result({"probes": listed_values(selected)}, lambda: listed_text(selected))
        return
    selected = choose_probes(None, domain=domain, files=files, only=[show])
    output.result({"probes": [shown_values(one) for one in selected]}, lambda: shown_text(selected))


def _write_starter(target: Path, force: bool, output: Output) -> None:
    from sentiment_cli.atomic import write_text
    from sentiment_cli.resources import starter_probes

    if target.exists() and not force:
        raise SentimentError(f"{target} exists; choose another file with -o, or replace it with --force.")
    write_text(target, starter_probes().read_text(encoding="utf-8"))
    output.result({"path": str(target)}, lambda: str(target))
    output.note(f"Change it, then: sentiment probe --probes {target}")


def _parse_gate(gate: str) -> tuple[str | None, float]:
    name, _, limit = gate.rpartition("=")
    try:
        if 0 <= float(limit) <= 1:
            return name or None, float(limit)
    except ValueError:
        pass
    raise UsageError(f"--fail-over: expected X or NAME=X with a number from 0 to 1, received {gate!r}.")


def _check_gates(gates: Sequence[tuple[str | None, float]], selected: Sequence[Selected]) -> None:
    from sentiment_cli.probes.selection import suggest_names

    known = {name for one in selected for name in one.names}
    for name, _ in gates:
        if name is not None and name not in known:
            raise UsageError(
                f'--fail-over: no probe and no capability "{name}" is tried; {suggest_names(name, selected)}'
            )


def _failed(gate: tuple[str | None, float], report: ProbeReport) -> list[str]:
    """A line for each probe that a gate is about and that fails too often, or for a gate all of whose were skipped."""
    name, limit = gate
    lines = []
    meant = [one for one in report.outcomes if name is None or name in one.names]
    for outcome in meant:
        rate = outcome.failure_rate
        if rate is not None and rate > limit:
            lines.append(f"Gate failed: {rate:.4f} of {outcome.title} fail, expected at most {limit:g}")
    if not any(one.cases for one in meant):
        lines.append(f"Gate failed: {name or 'every probe'} was skipped, expected at most {limit:g} to fail")
    return lines
