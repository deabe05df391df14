"""What `sentiment evaluate --cross-validate` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sentiment_cli.cli._options import command_line
from sentiment_cli.cli._output import Output, accuracy_text, pairs, table
from sentiment_cli.cli._progress import make_progress
from sentiment_cli.errors import UsageError
from sentiment_cli.runs import Run

if TYPE_CHECKING:
    from sentiment_cli.workflows.cross_validation import CrossValidationResult


def show_cross_validation(run: Run, folds: int, refused: Mapping[str, object], output: Output) -> CrossValidationResult:
    """Cross-validate a run and print what came of it.

    Args:
        run: the run.
        folds: how many.
        refused: other options of the command by their names; any that was given is an error.
        output: how much is said.

    Raises:
        UsageError: an option was given that means nothing here.
    """
    given = [name for name, value in refused.items() if value not in (None, False, ())]
    if given:
        raise UsageError(
            f"--cross-validate predicts the run's own training and validation reviews; it does not go with "
            f"{', '.join(given)}."
        )
    from sentiment_cli.workflows.cross_validation import cross_validate

    with make_progress(output) as progress:
        result = cross_validate(run, folds, progress=progress, command=command_line())
    output.result(result.to_dict(), lambda: _text(result))
    output.note(f"Files: {result.directory}")
    return result


def _text(result: CrossValidationResult) -> str:
    figures = result.evaluation
    head = pairs(
        [
            ("run", str(result.run.path)),
            ("reviews", f"{figures.examples:,} of train and validation, each predicted by a network without it"),
            ("trainings", f"{result.folds} of {result.epochs} epochs, the run's best number"),
            ("accuracy", accuracy_text(figures.accuracy, figures.accuracy_interval)),
            ("folds", ", ".join(f"{accuracy:.4f}" for accuracy in result.fold_accuracies)),
            ("baseline", f"{figures.majority_baseline:.4f} (always the most frequent class)"),
            ("loss", f"{figures.loss:.4f}"),
            ("macro F1", f"{figures.macro_f1:.4f}"),
            ("ROC AUC", "undefined (a class has no reviews)" if figures.roc_auc is None else f"{figures.roc_auc:.4f}"),
        ]
    )
    names = figures.class_names
    matrix = [[name, *(f"{n:,}" for n in row)] for name, row in zip(names, figures.confusion_matrix, strict=True)]
    return "\n\n".join([head, table(["actual \\ predicted", *names], matrix, right=names)])
