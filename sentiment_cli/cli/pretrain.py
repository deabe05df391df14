"""`sentiment pretrain`: learn what trainings of a configuration begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sentiment_cli.cli._completion import CONFIG, SETTING
from sentiment_cli.cli._options import make_overrides, output_options, source_option
from sentiment_cli.cli._output import Output, duration, pairs, printable, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.config.load import DEFAULT_CONFIG, load_config

if TYPE_CHECKING:
    from sentiment_cli.workflows.pretrain import PretrainResult


@click.command()
@click.option("-c", "--config", "name", type=CONFIG, help=f"Configuration; default: {DEFAULT_CONFIG}.")
@source_option
@click.option("--set", "settings", multiple=True, type=SETTING, help="Replace a value, e.g. pretrain.passes=8.")
@output_options
def pretrain(name: str | None, source: str | None, settings: tuple[str, ...]) -> None:
    """Learn word vectors or a language model from reviews without their labels, and keep them for trainings.

    `train` does the same by itself, and takes what is kept. A language model that is stopped goes on from where it
    was, at most a minute back, when the same is asked for again.

    \b
    Examples:
      sentiment pretrain --config mine.yaml
      sentiment pretrain --data imdb --set pretrain.kind=word_vectors
      sentiment pretrain --data imdb --set pretrain.kind=language_model
    """  # noqa: D301 - click looks for this control character
    output = Output.current()
    config = load_config(name or DEFAULT_CONFIG, make_overrides(source=source), settings)
    from sentiment_cli.workflows.pretrain import pretrain as pretrain_workflow

    with make_progress(output) as progress:
        result = pretrain_workflow(config, progress=progress)
    output.result(result.to_dict(), lambda: _text(result))


def _text(result: PretrainResult) -> str:
    pretrained, (tokens, dim) = result.pretrained, result.shape
    seconds = duration(pretrained.kept.record["seconds"])
    rows = [
        ("kept in", str(pretrained.kept.directory)),
        ("size", f"{tokens:,} tokens, {dim} numbers each"),
        ("time", f"{seconds}, before; it was there" if pretrained.reused else seconds),
    ]
    if result.perplexity is not None and result.passes is not None:
        perplexities = [row["perplexity"] for row in result.passes]
        best = f"after pass {perplexities.index(min(perplexities)) + 1} of {len(perplexities)}"
        rows += [
            ("perplexity", f"{result.perplexity:,.1f} on held-out texts, {best}"),
            ("plot", str(result.plot)),
        ]
    neighbours = [
        [printable(word), ", ".join(f"{printable(token)} {cosine:.2f}" for token, cosine in nearest)]
        for word, nearest in result.neighbours.items()
    ]
    return f"{pairs(rows)}\n\n{table(['word', 'nearest words, cosine'], neighbours)}"
