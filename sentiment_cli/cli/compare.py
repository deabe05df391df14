"""`sentiment compare`: which run is better on the same reviews, or could it be chance? Also trains what to compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment_cli.cli._completion import CONFIG, RUN, SETTING
from sentiment_cli.cli._ladder import check_ladder_options, dry_run_ladder, resume_ladder, show_ladder, train_ladder
from sentiment_cli.cli._options import (
    device_option,
    limit_option,
    output_options,
    picture_look,
    picture_options,
    source_option,
)
from sentiment_cli.cli._output import Output
from sentiment_cli.cli._standing import standing_text
from sentiment_cli.errors import UsageError
from sentiment_cli.run_search import find_run
from sentiment_cli.run_sets import find_ladder
from sentiment_cli.runs import SPLITS

if TYPE_CHECKING:
    from sentiment_cli.workflows.standing import Against


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", type=RUN)
@click.option("--split", type=click.Choice(SPLITS), help="Part of the runs' own data.  [default: test]")
@click.option("--against", type=click.Choice(["first", "best"]), help="What the others are compared with.")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Draw a picture.")
@picture_options
@click.option("-c", "--config", type=CONFIG, help="Train a ladder of variants of this configuration.")
@click.option("--cells", metavar="CELL,CELL…", help="Of the ladder.  [default: simple_rnn,gru,lstm]")
@click.option("--bidirectional", metavar="both|yes|no", help="Its variants' directions.  [default: both]")
@click.option("--seeds", type=int, metavar="N", help="Trainings of each variant, from --seed on.  [default: 3]")
@click.option("--seed", type=int, metavar="N", help="Seed of the first training, and of the division.")
@click.option("--name", metavar="NAME", help="Name of the ladder under ./runs.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Its directory, instead of ./runs/NAME.")
@source_option
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value of the configuration.")
@click.option("--epochs", type=int, metavar="N", help="Epochs of each training.")
@limit_option
@device_option
@click.option("--no-test", is_flag=True, help="Do not read the test part; compare on validation.")
@click.option("--dry-run", "only_try", is_flag=True, help="Show the trainings of a ladder and what they would take.")
@click.option("--resume", "resumed", type=RUN, metavar="LADDER", help="Continue a ladder that was stopped.")
@output_options
def compare(
    runs: tuple[str, ...],
    split: str | None,
    against: Against | None,
    target: Path | None,
    resumed: str | None,
    **ladder: Any,
) -> None:
    """Compare runs on the same reviews, and say whether the differences could be chance; or train a ladder of them.

    RUN is a run directory or a name under ./runs; a group of seeds stands for its ensemble, a ladder for its variants.
    The interval of a difference is Newcombe's for paired proportions, p that of McNemar's exact test; several are
    corrected by Holm's method. Groups of seeds are compared by their means, too: there seeds and reviews both count
    as chance. With two runs, -v lists the reviews that they differ about the most.

    A ladder trains every cell, in one direction and in both, with every seed, on the same division of the reviews. The
    test part is read once, after the last training.

    \b
    Examples:
      sentiment compare lstm gru
      sentiment compare lstm gru five-seeds --against best -o compared.png
      sentiment compare -c imdb_lstm --cells simple_rnn,gru,lstm --bidirectional both --seeds 3
      sentiment compare --resume runs/imdb_lstm-ladder
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    given = [_option(name) for name, value in ladder.items() if value not in (None, False, ())]
    if resumed is not None:
        check_ladder_options(resumed, [*given, *(["RUN"] if runs else []), *_shown(split, against)])
        resume_ladder(resumed, target, output)
        return
    if not runs:
        if ladder["config"] is None:
            raise UsageError("Name two runs or more, or a configuration to train a ladder of: -c NAME.")
        if unfit := _shown(split, against):
            raise UsageError(f"A ladder is compared when it is trained; it does not go with {', '.join(unfit)}.")
        only_try = ladder.pop("only_try")
        if only_try and target:
            raise UsageError("--dry-run trains nothing that could be drawn; it does not go with -o.")
        dry_run_ladder(ladder, output) if only_try else train_ladder(ladder, target, output)
        return
    if given:
        raise UsageError(f"{', '.join(given)}: for a ladder that is to be trained; leave out the runs, or these.")
    found = find_ladder(runs[0]) if len(runs) == 1 else None
    if found:
        show_ladder(found, split, against, target, output)
        return
    _compare(runs, split or "test", against or "first", target, output)


def _compare(runs: tuple[str, ...], split: str, against: Against, target: Path | None, output: Output) -> None:
    from sentiment_cli.workflows.plot_comparison import check_picture, plot_standing
    from sentiment_cli.workflows.standing import compare_many

    check_picture(target)
    look = picture_look(target)
    ladders = {name: ladder for name in runs if (ladder := find_ladder(name))}
    chosen = [run for name in runs for run in (ladders[name].variants if name in ladders else [find_run(name)])]
    standing = compare_many(chosen, split=split, against=against)
    if target:
        plot_standing(standing, target, look)
    value = {**standing.to_dict(), "picture": str(target) if target else None}
    output.result(value, lambda: standing_text(standing, verbose=output.verbose))
    if target:
        output.note(f"Picture: {target}")


def _shown(split: str | None, against: str | None) -> list[str]:
    return [name for name, value in (("--split", split), ("--against", against)) if value is not None]


def _option(parameter: str) -> str:
    names = {"source": "--data", "settings": "--set", "only_try": "--dry-run"}
    return names.get(parameter, "--" + parameter.replace("_", "-"))
