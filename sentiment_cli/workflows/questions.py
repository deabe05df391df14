"""What else is an evaluation asked: how slices of the reviews fare, and what another threshold than 0.5 changes."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentiment_cli.analysis.slices import Slice, compute_slices, slice_name
from sentiment_cli.analysis.traits import Traits, read_traits
from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.evaluation.curves import compute_operating_points
from sentiment_cli.evaluation.outcomes import Outcomes, collect_outcomes
from sentiment_cli.evaluation.predictions import Prediction, read_predictions
from sentiment_cli.evaluation.thresholds import (
    Criterion,
    FoundThreshold,
    ThresholdFigures,
    compute_threshold_figures,
    find_threshold,
    for_classes,
)
from sentiment_cli.runs import Run

if TYPE_CHECKING:
    from sentiment_cli.workflows.classifier import EvaluationFiles


@dataclass(frozen=True)
class Questions:
    """What is asked beyond the figures of all reviews.

    Args:
        by: traits to slice the reviews by, of `analysis.slices.SLICES`.
        threshold: a threshold, or what one is to be found for; None: only 0.5.
    """

    by: tuple[str, ...] = ()
    threshold: Criterion | float | None = None


@dataclass(frozen=True)
class SliceFigures:
    """How one slice fares.

    Args:
        slice: the reviews and mistakes in it.
        mean_confidence: of its predictions; above its accuracy: over-confident there.
    """

    slice: Slice
    mean_confidence: float

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        low, high = self.slice.interval
        return 1 - high, 1 - low

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.slice.name,
            "examples": self.slice.examples,
            "wrong": self.slice.wrong,
            "accuracy": self.slice.accuracy,
            "accuracy_interval": list(self.accuracy_interval),
            "mean_confidence": self.mean_confidence,
        }


@dataclass(frozen=True)
class ThresholdAnswer:
    """What a threshold changes.

    Args:
        figures: of the evaluated reviews.
        found: where the threshold comes from; None: it was given.
        is_same_part: whether it was found on the evaluated reviews themselves.
    """

    figures: ThresholdFigures
    found: FoundThreshold | None
    is_same_part: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found = None
        if self.found:
            found = {"split": "validation", "examples": self.found.examples, "figure": self.found.figure}
        criterion = str(self.found.criterion) if self.found else None
        return {"criterion": criterion, "found_on": found, **self.figures.to_dict()}


@dataclass(frozen=True)
class Answers:
    """What came of the questions.

    Args:
        slices: by trait, in the order that was asked for; None where none was.
        threshold: None where none was asked for.
    """

    slices: dict[str, list[SliceFigures]] | None = None
    threshold: ThresholdAnswer | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        slices = self.slices
        return {
            "slices": slices and {by: [one.to_dict() for one in rows] for by, rows in slices.items()},
            "threshold": self.threshold and self.threshold.to_dict(),
        }


def check_questions(
    run: Run, class_names: Sequence[str], questions: Questions, *, finds_here: bool
) -> float | FoundThreshold | None:
    """Refuse what cannot be answered, and find the threshold on the run's validation predictions, before any network.

    Args:
        run: the run or group of seeds.
        class_names: its classes.
        questions: what is asked.
        finds_here: the reviews to be evaluated are the validation part, so that the threshold is found afterwards.

    Returns:
        The threshold; None where there is none, or not yet.

    Raises:
        UsageError: a threshold for other than two classes, or for a class that there is not.
        RunError: the validation part was not evaluated, or has no such threshold.
    """
    asked = questions.threshold
    if asked is None:
        return None
    if len(class_names) != 2:
        raise UsageError(
            f"--threshold is for two classes; {run.path} has {len(class_names)}: {', '.join(class_names)}."
        )
    if not isinstance(asked, Criterion):
        return asked
    criterion = for_classes(asked, class_names)
    if finds_here:
        return None
    return find_threshold(_validation_outcomes(run), criterion)


def answer(questions: Questions, files: EvaluationFiles, threshold: float | FoundThreshold | None) -> Answers:
    """Answer from the files of an evaluation, and draw the slices and what a threshold changes.

    Args:
        questions: what is asked; checked by `check_questions`.
        files: of the evaluation.
        threshold: from `check_questions`; None with a criterion asked for: it is found on these predictions.

    Raises:
        RunError: a file is damaged, or there is no such threshold.
    """
    if not questions.by and questions.threshold is None:
        return Answers()
    rows = read_predictions(files.predictions)
    slices = None
    if questions.by:
        seen = read_traits(files.traits)
        slices = {by: compute_slice_figures(rows, seen, by) for by in questions.by}
        _draw_slices(slices, files)
    if questions.threshold is None:
        return Answers(slices)
    outcomes = collect_outcomes(rows)
    answered = _answer_threshold(outcomes, questions.threshold, threshold)
    _draw_threshold(outcomes, answered.figures.value, files)
    return Answers(slices, answered)


def compute_slice_figures(
    predictions: Sequence[Prediction], traits: Mapping[str, Traits], by: str
) -> list[SliceFigures]:
    """Accuracy and confidence of each slice; see `analysis.slices.compute_slices`."""
    confidences = defaultdict(list)
    for row in predictions:
        confidences[slice_name(row, traits.get(row.path), by)].append(row.probability)
    return [
        SliceFigures(one, sum(confidences[one.name]) / one.examples) for one in compute_slices(predictions, traits, by)
    ]


def _answer_threshold(
    outcomes: Outcomes, asked: Criterion | float, known: float | FoundThreshold | None
) -> ThresholdAnswer:
    is_same_part = known is None
    if known is None and isinstance(asked, Criterion):
        known = find_threshold(outcomes, for_classes(asked, outcomes.class_names))
    found = known if isinstance(known, FoundThreshold) else None
    value = known.value if isinstance(known, FoundThreshold) else known
    if value is None:
        raise RunError("No threshold was found; this is a bug in sentiment.")
    return ThresholdAnswer(compute_threshold_figures(outcomes, value), found, is_same_part)


def _draw_slices(slices: Mapping[str, Sequence[SliceFigures]], files: EvaluationFiles) -> None:
    from sentiment_cli.plots.save import save_figure
    from sentiment_cli.plots.slices import plot_slices

    figure = plot_slices({by: [one.slice for one in rows] for by, rows in slices.items()}, title=files.title)
    save_figure(figure, files.picture("slices"))


def _draw_threshold(outcomes: Outcomes, value: float, files: EvaluationFiles) -> None:
    from sentiment_cli.plots.save import save_figure
    from sentiment_cli.plots.threshold import plot_threshold

    points = compute_operating_points(outcomes.probabilities[:, 1], outcomes.labels == 1)
    figure = plot_threshold(points, value, title=files.title, positive=outcomes.class_names[1])
    save_figure(figure, files.picture("threshold"))


def _validation_outcomes(run: Run) -> Outcomes:
    path = run.predictions_path("validation")
    if not path.exists():
        command = f"sentiment evaluate {shlex.quote(str(run.path))} --split validation"
        raise RunError(
            f"{run.path} has no predictions on its validation part, on which a threshold is found. Make them: {command}"
        )
    rows = read_predictions(path)
    if not rows:
        raise RunError(f"{path} has no rows; a threshold needs predictions to be found on.")
    return collect_outcomes(rows)
