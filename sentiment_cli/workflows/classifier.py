"""The parts that training and evaluation share: encoded reviews, a network with its weights, an evaluation."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sentiment_cli.analysis.traits import find_traits, write_traits
from sentiment_cli.atomic import write_json
from sentiment_cli.config.schema import Config
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.errors import DataError, RunError
from sentiment_cli.evaluation.calibration import compute_calibration
from sentiment_cli.evaluation.curves import compute_curves, operating_point
from sentiment_cli.evaluation.metrics import Evaluation, compute_evaluation, make_outcomes
from sentiment_cli.evaluation.outcomes import Outcomes
from sentiment_cli.evaluation.predictions import make_predictions, write_predictions
from sentiment_cli.machine import available_cores, available_memory
from sentiment_cli.model.network import build_network
from sentiment_cli.plots.calibration import plot_calibration
from sentiment_cli.plots.confusion import plot_confusion_matrix
from sentiment_cli.plots.curves import plot_curves
from sentiment_cli.plots.save import save_figure
from sentiment_cli.runs import Run
from sentiment_cli.runtime import Device
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import encode
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.encoded import EncodedSet
from sentiment_cli.training.memory import check_memory
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.scoring import compute_logits, fixed_width
from sentiment_cli.training.step import build_score_step
from sentiment_cli.workflows.record import read_own_vocabulary, scoring_network

# Reviews in a batch where nothing is learned; the batch does not change a prediction.
_SCORING_ROWS = 256


class Scorer(Protocol):
    """What reads texts and gives probabilities: a `Classifier`, or several together."""

    @property
    def config(self) -> Config:
        """How texts are read."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the outputs."""

    @property
    def vocabulary(self) -> list[str]:
        """Tokens in the order of their ids."""

    def score(self, token_ids: TokenIds, progress: Progress) -> np.ndarray:
        """Logits float[n, 1 or classes] of encoded reviews."""


@dataclass(frozen=True)
class Classifier:
    """A trained network with all that it needs to read texts.

    Args:
        config: the run's configuration.
        class_names: in the order of the outputs.
        vocabulary: tokens in the order of their ids.
        network: with its weights.
    """

    config: Config
    class_names: tuple[str, ...]
    vocabulary: list[str]
    network: Any

    @functools.cached_property
    def _step(self) -> Any:
        """Traced once: that takes two seconds, a short review a hundredth of one."""
        return build_score_step(self.network)

    def score(self, token_ids: TokenIds, progress: Progress) -> np.ndarray:
        """Logits float32[n, 1 or classes] of encoded reviews."""
        return compute_logits(
            self._step,
            token_ids,
            batch_size=_SCORING_ROWS,
            fixed_width=fixed_width(self.config),
            progress=progress.advance,
        )


def load_classifier(run: Run, config: Config, device: Device, split: str | None = None) -> Classifier:
    """The network that a run kept, from our own configuration, vocabulary and arrays.

    Args:
        run: with a finished epoch.
        config: of the run.
        device: where it shall predict.
        split: the part of its own data that it shall predict, see `record.scoring_network`; None: other texts.

    Raises:
        RunError: a file of the run is missing or damaged.
        ConfigError: the network needs more memory than there is.
    """
    record = run.read_record()
    class_names = record.get("class_names")
    if (
        not isinstance(class_names, list)
        or len(class_names) < 2
        or not all(isinstance(name, str) for name in class_names)
    ):
        raise RunError(f"{run.record_path} has no list of class names; the run stopped before it read its data.")
    vocabulary = read_own_vocabulary(run, record)
    threads = None if device.is_gpu else available_cores()
    if not device.is_gpu:
        check_memory(config, len(vocabulary), len(class_names), None, available_memory())
    network = build_network(config, len(vocabulary), len(class_names), threads=threads)
    kept = run.refit if scoring_network([record], split) == "refit" else run
    Checkpoints(kept.checkpoints_dir).restore_best(network)
    return Classifier(config, tuple(class_names), vocabulary, network)


def encode_set(
    config: Config, vocabulary: Sequence[str], reviews: ReviewSet, progress: Progress, name: str
) -> EncodedSet:
    """The reviews of one part as token ids."""
    progress.phase(f"encoding {name}", len(reviews))
    ids = encode(config.text, vocabulary, reviews.texts, progress.advance)
    return EncodedSet(ids, reviews.labels, reviews.paths)


@dataclass(frozen=True)
class EvaluationFiles:
    """Where the files of one evaluation go.

    Args:
        predictions: the table of single predictions.
        traits: what can be seen of their reviews.
        attributions: what their words added, from an earlier evaluation; removed when the predictions change.
        metrics: the figures; None: the caller keeps them.
        pictures_dir: where its pictures are.
        title: of the pictures.
        suffix: at the end of the names of the pictures, which tells the parts of a run apart.
        with_curves: whether the pictures of curves and calibration are drawn, which takes half a second.
        data: the reviews' directory, kept with the figures.
        source: ``bnb`` or ``imdb`` where they were asked for so, or the table that they were made of; likewise.
    """

    predictions: Path
    traits: Path
    attributions: Path
    metrics: Path | None
    pictures_dir: Path
    title: str
    suffix: str = ""
    with_curves: bool = False
    data: str = ""
    source: str | None = None

    def picture(self, name: str) -> Path:
        """One of its pictures: ``confusion_matrix``, ``curves``, ``calibration``, ``slices`` or ``threshold``."""
        return self.pictures_dir / f"{name}{self.suffix}.png"

    @property
    def made_on_request(self) -> tuple[Path, ...]:
        """What not every evaluation makes: it may be that of an earlier one."""
        pictures = map(self.picture, ("curves", "calibration", "slices", "threshold"))
        return self.attributions, *pictures

    @property
    def results(self) -> tuple[Path, ...]:
        """All of its tables and pictures, the figures aside."""
        return self.predictions, self.traits, self.picture("confusion_matrix"), *self.made_on_request


def evaluate_reviews(
    classifier: Scorer,
    reviews: ReviewSet,
    files: EvaluationFiles,
    progress: Progress,
    name: str,
    training: Mapping[bytes, str] | None = None,
) -> Evaluation:
    """Predict every review once, and write tables, picture and figures from that one pass.

    Args:
        classifier: what predicts.
        reviews: what is predicted.
        files: where the results go.
        progress: told what happens.
        name: of the reviews, for people.
        training: from `analysis.traits.known_texts` of what was learned from, to find copies; None: not known.

    Raises:
        DataError: there is no review.
        RunError: the network gives no finite number for some.
    """
    if not len(reviews):
        raise DataError(f"No review of {name} is left to evaluate; see data.encoding_errors.")
    encoded = encode_set(classifier.config, classifier.vocabulary, reviews, progress, name)
    progress.phase(f"predicting {name}", len(reviews))
    logits = classifier.score(encoded.token_ids, progress)
    _check_finite(logits, reviews.paths, name)
    predictions = make_predictions(logits, reviews.labels, reviews.paths, encoded.token_ids, classifier.class_names)
    outcomes = make_outcomes(logits, reviews.labels, classifier.class_names)
    evaluation = compute_evaluation(outcomes)
    write_predictions(files.predictions, predictions, classifier.class_names, made_from_it=files.made_on_request)
    write_traits(files.traits, find_traits(reviews.paths, reviews.texts, training))
    _draw(outcomes, files)
    if files.metrics is not None:
        write_json(files.metrics, {"data": files.data, "source": files.source, **evaluation.to_dict()})
    return evaluation


def _check_finite(logits: np.ndarray, paths: Sequence[str], name: str) -> None:
    """Finite weights, which a training makes sure of, may still add up to no number over a long review."""
    failed = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(failed):
        raise RunError(
            f"The network gives no finite number for {len(failed):,} of {len(paths):,} reviews of {name}, "
            f"{paths[failed[0]]} the first; expected one for each. An activation without a bound, as relu, grows "
            "beyond all numbers over many words: train with tanh, or with a smaller text.sequence_length."
        )


def _draw(outcomes: Outcomes, files: EvaluationFiles) -> None:
    matrix, names, title = outcomes.confusion_matrix, outcomes.class_names, files.title
    save_figure(plot_confusion_matrix(matrix, names, title=title), files.picture("confusion_matrix"))
    if not files.with_curves:
        return
    mark = operating_point("threshold 0.5", matrix) if len(names) == 2 else None
    curves = compute_curves(outcomes)
    figure = plot_curves(curves, len(outcomes.labels), title=title, marks=[mark] if mark else [])
    save_figure(figure, files.picture("curves"))
    figure = plot_calibration(compute_calibration(outcomes), title=title, positive=names[1])
    save_figure(figure, files.picture("calibration"))


def own_files(run: Run, split: str, *, with_curves: bool = False) -> EvaluationFiles:
    """Where the evaluation on one part of a run's own data goes.

    Args:
        run: the run.
        split: the part.
        with_curves: see `EvaluationFiles`; a training does not wait for them.
    """
    predictions, traits, attributions = run.result_paths(split)
    return EvaluationFiles(
        predictions=predictions,
        traits=traits,
        attributions=attributions,
        metrics=None,
        pictures_dir=run.plots_dir,
        title=f"{run.name}, {split}",
        suffix="" if split == "test" else f"_{split}",
        with_curves=with_curves,
    )


def keep_metrics(run: Run, split: str, evaluation: Evaluation) -> None:
    """Put the figures of one part into the run's ``metrics.json``, beside those of the others."""
    try:
        others = run.read_metrics()
    except RunError:  # a damaged file is replaced; its figures can be computed again
        others = {}
    write_json(run.metrics_path, {**others, split: evaluation.to_dict()})
