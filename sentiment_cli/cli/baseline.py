"""`sentiment baseline`: what simple models reach on the same reviews, before a network is worth its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import CONFIG, RUN, SETTING
from sentiment_cli.cli._options import limit_option, make_overrides, output_options, source_option
from sentiment_cli.cli._output import Output, duration, pairs, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.config.load import DEFAULT_CONFIG, load_config
from sentiment_cli.errors import UsageError
from sentiment_cli.run_search import find_run

if TYPE_CHECKING:
    from sentiment_cli.baseline.scores import Score
    from sentiment_cli.workflows.baseline import BaselineResult


@click.command()
@click.argument("run", required=False, type=RUN)
@click.option("-c", "--config", "name", type=CONFIG, help=f"Configuration; default: {DEFAULT_CONFIG}.")
@source_option
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value of the configuration.")
@click.option("--seed", type=int, metavar="N", help="Seed of the division.")
@limit_option
@click.option("--test/--no-test", default=None, help="Read the test part; default: as the configuration says.")
@output_options
def baseline(
    run: str | None,
    name: str | None,
    source: str | None,
    settings: tuple[str, ...],
    seed: int | None,
    limit: int | None,
    test: bool | None,
) -> None:
    """Show what the most frequent class and linear models reach on the same reviews, divided in the same way.

    With RUN, a run directory or a name under ./runs, on the reviews of that run; else on those of a configuration.
    The linear models are logistic regressions on TF-IDF weights. What was computed once is kept.

    \b
    Examples:
      sentiment baseline --config imdb_lstm
      sentiment baseline first
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    if run is not None:
        given = {"--config": name, "--data": source, "--set": settings, "--seed": seed, "--limit": limit}
        _refuse_with_run([option for option, value in given.items() if value not in (None, ())])
        found = find_run(run)
        from sentiment_cli.workflows.baseline import baseline_of_run

        with make_progress(output) as progress:
            result = baseline_of_run(found, test=test, progress=progress)
    else:
        overrides = make_overrides(source=source, seed=seed, limit=limit, test=test)
        config = load_config(name or DEFAULT_CONFIG, overrides, settings)
        from sentiment_cli.workflows.baseline import baseline as baseline_workflow

        with make_progress(output) as progress:
            result = baseline_workflow(config, progress=progress)
    output.result(result.to_dict(), lambda: _text(result))
    if result.from_cache:
        output.note("Computed before, for these files and this division.")


def _refuse_with_run(options: list[str]) -> None:
    if options:
        raise UsageError(
            f"RUN stands for the reviews of a run as they were divided; it does not go with {', '.join(options)}. "
            "Leave out the one or the other."
        )


def _text(result: BaselineResult) -> str:
    first = result.baselines[0]
    sizes = [f"{part} {score.examples:,}" for part in ("validation", "test") if (score := getattr(first, part))]
    head = pairs([("data", str(result.root)), ("reviews", ", ".join(sizes) or "nothing to score on")])
    numbers = ["validation accuracy", "test accuracy", "time"]
    rows = [
        [one.name, one.features, _accuracy(one.validation), _accuracy(one.test), duration(one.seconds)]
        for one in result.baselines
    ]
    return f"{head}\n\n{table(['baseline', 'features', *numbers], rows, right=numbers)}"


def _accuracy(score: Score | None) -> str:
    return f"{score.accuracy:.4f}" if score else "-"
