"""The command line: one file a command, each of which parses, calls one workflow, and shows the result."""

from __future__ import annotations

import click

from sentiment_cli.cli._errors import CommandGroup
from sentiment_cli.cli._options import output_options
from sentiment_cli.cli.baseline import baseline
from sentiment_cli.cli.compare import compare
from sentiment_cli.cli.configs import configs, init, validate
from sentiment_cli.cli.data import data
from sentiment_cli.cli.download import download
from sentiment_cli.cli.evaluate import evaluate
from sentiment_cli.cli.explain import explain
from sentiment_cli.cli.export import export
from sentiment_cli.cli.find_lr import find_lr
from sentiment_cli.cli.info import info
from sentiment_cli.cli.misclassified import misclassified
from sentiment_cli.cli.plot_history import plot_history
from sentiment_cli.cli.predict import predict
from sentiment_cli.cli.pretrain import pretrain
from sentiment_cli.cli.probe import probe
from sentiment_cli.cli.report import report
from sentiment_cli.cli.results import results
from sentiment_cli.cli.runs import runs
from sentiment_cli.cli.schema import schema
from sentiment_cli.cli.sweep import sweep
from sentiment_cli.cli.train import train


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@output_options
def main() -> None:
    """Train recurrent networks on reviews, and see what they do and where they fail.

    \b
    Quick start, on bundled reviews:
      sentiment train
      sentiment evaluate
      sentiment misclassified
    """  # noqa: D301 - click looks for this control character


for _command in (
    train, sweep, find_lr, pretrain, evaluate, baseline, compare, plot_history, misclassified, predict, explain, probe,
    download, data, configs, init, validate, schema, runs, results, report, export, info,
):  # fmt: skip
    main.add_command(_command)
