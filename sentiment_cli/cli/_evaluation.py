"""How are the figures of an evaluation shown as text?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment_cli.cli._output import accuracy_text, pairs, table

if TYPE_CHECKING:
    from sentiment_cli.evaluation.metrics import Evaluation
    from sentiment_cli.workflows.evaluate import EvaluateResult
    from sentiment_cli.workflows.questions import SliceFigures, ThresholdAnswer

_NETWORKS = {
    "refit": "refit on train and validation together",
    "best epoch": "of the best epoch, from before the refit",
}
_FIGURES = ("precision", "recall", "f1")


def evaluation_text(result: EvaluateResult, *, verbose: bool) -> str:
    """The result of ``evaluate``; ``verbose``: with the intervals of all classes and what else is known."""
    parts = [_head(result, verbose=verbose), _classes(result.evaluation, verbose=verbose), _matrix(result.evaluation)]
    parts += [_slices(by, rows) for by, rows in (result.answers.slices or {}).items()]
    if result.answers.threshold:
        parts.append(_threshold(result.evaluation, result.answers.threshold))
    return "\n\n".join(parts)


def _head(result: EvaluateResult, *, verbose: bool) -> str:
    figures = result.evaluation
    linear = [f"{accuracy:.4f} ({name})" for name, accuracy in (result.linear_baseline or {}).items()]
    undefined = "undefined (a class has no reviews)"
    auc = undefined if figures.roc_auc is None else _with_interval(figures.roc_auc, figures.intervals["roc_auc"])
    return pairs(
        [
            ("run", str(result.run.path)),
            ("split", f"{result.split}, {figures.examples:,} reviews"),
            *([("network", _NETWORKS[result.network])] if result.network else []),
            ("accuracy", accuracy_text(figures.accuracy, figures.accuracy_interval)),
            ("baseline", f"{figures.majority_baseline:.4f} (always the most frequent class)"),
            *([("linear", f"accuracy {', '.join(linear)}")] if linear else []),
            ("loss", _with_interval(figures.loss, figures.intervals["loss"])),
            ("macro F1", _with_interval(figures.macro_f1, figures.intervals["macro_f1"])),
            ("ROC AUC", auc),
            ("avg prec", undefined if figures.average_precision is None else _average_precision(figures)),
            ("ECE", _calibration(figures)),
            *(_more_calibration(figures) if verbose else []),
        ]
    )


def _with_interval(value: float, interval: Sequence[float] | None) -> str:
    return f"{value:.4f}" if interval is None else accuracy_text(value, interval)


def _average_precision(figures: Evaluation) -> str:
    of = figures.class_names[1] if len(figures.class_names) == 2 else "each class against the rest, on average"
    return f"{figures.average_precision:.4f} (area under precision and recall of {of})"


def _calibration(figures: Evaluation) -> str:
    found = figures.calibration
    return (
        f"{found['ece']:.4f} (chance alone: {found['chance_ece']:.4f}); "
        f"says {found['mean_confidence']:.4f} on average, is right in {figures.accuracy:.4f}"
    )


def _more_calibration(figures: Evaluation) -> list[tuple[str, str]]:
    found = figures.calibration
    return [
        ("adaptive", f"{found['adaptive_ece']:.4f} (ECE over bins of equally many reviews)"),
        ("Brier", f"{found['brier']:.4f}"),
    ]


def _classes(figures: Evaluation, *, verbose: bool) -> str:
    columns = ["precision", "recall", "F1", "reviews"]
    rows = []
    for name, row in figures.classes.items():
        intervals = figures.intervals["classes"][name] if verbose else {}
        cells = [_cell(row[key], intervals.get(key)) for key in _FIGURES]
        rows.append([name, *cells, f"{row['support']:,}"])
    return table(["class", *columns], rows, right=columns)


def _cell(value: float, interval: Sequence[float] | None) -> str:
    return f"{value:.4f}" if interval is None else f"{value:.4f} ({interval[0]:.3f} to {interval[1]:.3f})"


def _matrix(figures: Evaluation) -> str:
    names = figures.class_names
    rows = [[name, *(f"{n:,}" for n in row)] for name, row in zip(names, figures.confusion_matrix, strict=True)]
    return table(["actual \\ predicted", *names], rows, right=names)


def _slices(by: str, rows: Sequence[SliceFigures]) -> str:
    columns = ["reviews", "wrong", "accuracy", "95 %", "confidence"]
    cells = [
        [
            one.slice.name,
            f"{one.slice.examples:,}",
            f"{one.slice.wrong:,}",
            f"{one.slice.accuracy:.4f}",
            "{:.3f} to {:.3f}".format(*one.accuracy_interval),
            f"{one.mean_confidence:.4f}",
        ]
        for one in rows
    ]
    return table([by, *columns], cells, right=columns)


def _threshold(figures: Evaluation, answer: ThresholdAnswer) -> str:
    from sentiment_cli.workflows.compare import p_text

    here, intervals = answer.figures, figures.intervals
    rows = [
        [
            "accuracy",
            _cell(figures.accuracy, figures.accuracy_interval),
            _cell(here.accuracy, here.accuracy_interval),
        ],
        ["macro F1", _cell(figures.macro_f1, intervals["macro_f1"]), _cell(here.macro_f1, here.macro_f1_interval)],
        *(
            [
                f"{key.replace('f1', 'F1')} of {name}",
                _cell(figures.classes[name][key], intervals["classes"][name][key]),
                _cell(here.classes[name][key], here.class_intervals[name][key]),
            ]
            for name in figures.class_names
            for key in _FIGURES
        ),
    ]
    columns = ["above 0.5", f"above {here.value:g}"]
    low, high = here.difference_interval
    difference = (
        f"The accuracy changes by {here.counts.difference:+.4f} (95 %: {low:+.4f} to {high:+.4f}), "
        f"{p_text(here.p_value)}."
    )
    head = f"{figures.class_names[1]} where its probability is above {here.value:g}{_origin(answer)}"
    return "\n\n".join([head, table(["", *columns], rows, right=columns), difference])


def _origin(answer: ThresholdAnswer) -> str:
    if answer.found is None:
        return ""
    found = answer.found
    criterion, reviews = found.criterion, f"{found.examples:,} validation reviews"
    name = criterion.metric.replace("macro_f1", "macro F1").replace("f1", "F1")
    whose = f" of {criterion.class_name}" if criterion.class_name else ""
    if criterion.level is None:
        reason = f": the highest {name}{whose} on {reviews}, {found.figure:.4f}"
    else:
        reason = f": {name}{whose} reaches {found.figure:.4f} on {reviews}"
    if answer.is_same_part:
        reason += ", which are these; it was chosen on them, and will do less well on others"
    return reason
