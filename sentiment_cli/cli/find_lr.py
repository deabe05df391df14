"""`sentiment find-lr`: which learning rate to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import CONFIG, SETTING
from sentiment_cli.cli._options import (
    config_label,
    limit_option,
    make_overrides,
    output_options,
    picture_look,
    picture_options,
    source_option,
)
from sentiment_cli.cli._output import Output, pairs
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.config.load import DEFAULT_CONFIG, load_config

if TYPE_CHECKING:
    from sentiment_cli.learning_rates import RangeTest

_BARS, _WIDEST = 20, 30


@click.command("find-lr")
@click.option("-c", "--config", "name", type=CONFIG, help=f"Configuration; default: {DEFAULT_CONFIG}.")
@source_option
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value of the configuration.")
@click.option("--seed", type=click.IntRange(min=0), help="Of weights, parts and batches.")
@limit_option
@click.option("--from", "lowest", type=float, default=1e-6, show_default=True, help="Smallest learning rate.")
@click.option("--to", "highest", type=float, default=1.0, show_default=True, help="Largest learning rate.")
@click.option("--steps", type=click.IntRange(50, 100_000), default=200, show_default=True, help="Of one sweep.")
@click.option("--sweeps", type=click.IntRange(1, 100), default=3, show_default=True, help="Their median counts.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Draw a picture.")
@picture_options
@output_options
def find_lr(
    name: str | None,
    source: str | None,
    settings: tuple[str, ...],
    seed: int | None,
    limit: int | None,
    lowest: float,
    highest: float,
    steps: int,
    sweeps: int,
    target: Path | None,
) -> None:
    """Suggest a learning rate: train a few steps with one that rises, and see where the loss falls and rises.

    Nothing is left behind but the picture. The suggestion is a thirtieth of the rate at which the loss is lowest.

    \b
    Examples:
      sentiment find-lr -c mine.yaml -o rates.png
      sentiment find-lr -c imdb_lstm --set training.optimizer=sgd --to 100
    """  # noqa: D301 - click looks for this control character
    output, look = Output.current(), picture_look(target)
    from sentiment_cli.workflows.find_lr import Range, find_learning_rate

    tried = Range(lowest, highest, steps, sweeps)
    config = load_config(name or DEFAULT_CONFIG, make_overrides(source=source, seed=seed, limit=limit), settings)
    if target is not None:
        from sentiment_cli.plots.save import picture_format

        picture_format(target)
    with make_progress(output) as progress:
        test = find_learning_rate(config, tried, progress=progress)
    label, configured = config_label(name or DEFAULT_CONFIG), config.training.learning_rate
    if target is not None:
        from sentiment_cli.plots.learning_rates import plot_learning_rates
        from sentiment_cli.plots.save import save_figure
        from sentiment_cli.plots.style import using

        with using(look):
            title = f"Loss as the learning rate rises: {label}, {config.training.optimizer}"
            save_figure(plot_learning_rates(test, title=title, current=configured), target)
    picture = {"picture": None if target is None else str(target)}
    output.result({**test.to_dict(), "configured": configured, **picture}, lambda: _text(test, configured, target))
    if test.suggestion is not None:
        output.note(f"Train with it: sentiment train -c {label} --set training.learning_rate={test.suggestion:g}")


def _text(test: RangeTest, configured: float, target: Path | None) -> str:
    rows = [("configured", f"{configured:g}")]
    if test.suggestion is None or test.lowest is None:
        rows.append(("suggestion", "none: the loss does not fall at any rate; more --steps, or a larger --to"))
    else:
        more = "; it still fell at the end: try a larger --to" if test.still_falling else ""
        rows.append(
            ("suggestion", f"{test.suggestion:g} (a thirtieth of {test.lowest:.2g}, where the loss is lowest{more})")
        )
    if target is not None:
        rows.append(("picture", str(target)))
    return f"{_sketch(test)}\n\n{pairs(rows)}"


def _sketch(test: RangeTest) -> str:
    """The smoothed loss at some of the rates, as bars."""
    last = len(test.rates) - 1
    chosen = sorted({round(index * last / (_BARS - 1)) for index in range(_BARS)})
    losses = [float(test.smoothed[index]) for index in chosen]
    low, high = min(losses), max(min(max(losses), 2 * losses[0]), min(losses) + 1e-9)
    lines = [" learning rate     loss"]
    for index, loss in zip(chosen, losses, strict=True):
        share = min(max((loss - low) / (high - low), 0.0), 1.0)
        lines.append(f" {test.rates[index]:>13.2g} {loss:>8.4f}  {'▪' * round(1 + share * (_WIDEST - 1))}")
    return "\n".join(lines)
