"""Open an export by its own runtime, hold it against the run on the same reviews, and time both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import compute_probabilities
from sentiment_cli.exports.batches import Classify, in_batches
from sentiment_cli.exports.comparison import check_equal, compare_probabilities, draw_texts
from sentiment_cli.exports.latency import Latency, measure_latency
from sentiment_cli.exports.layout import ExportDirectory, Format
from sentiment_cli.exports.runtimes import open_export
from sentiment_cli.extras import version_of
from sentiment_cli.runs import Run
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.kept_part import open_part

if TYPE_CHECKING:
    from sentiment_cli.workflows.classifier import Scorer

# Where there are no reviews.
_MADE_UP = 200
_RUNTIMES: dict[Format, str] = {"saved_model": "tensorflow", "onnx": "onnxruntime"}


@dataclass(frozen=True)
class CheckTexts:
    """What an export is checked on.

    Args:
        part: of the run's own data, or ``made-up``.
        texts: at least one.
        labels: int[n], their right classes; None: there are none.
    """

    part: str
    texts: list[str]
    labels: np.ndarray | None


def find_texts(run: Run, scorer: Scorer, most: int | None, progress: Progress) -> CheckTexts:
    """Reviews of the validation part, else of the test part, which only have to be read alike; else made-up texts.

    Args:
        run: the run or the group of seeds.
        scorer: its network.
        most: at most so many, spread evenly over the part; None: all.
        progress: told where there is none.
    """
    for split in ("validation", "test"):
        try:
            part = open_part(run, split)
        except RunError:  # it was not evaluated, or the table is damaged
            continue
        rows = part.predictions
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(most or len(rows), len(rows))).round().astype(int))
        found = [(text, rows[index].actual) for index in chosen if (text := part.text(rows[index].path)) is not None]
        if found and set(part.class_names) == set(scorer.class_names):
            labels = [scorer.class_names.index(actual) for _, actual in found]
            return CheckTexts(split, [text for text, _ in found], np.array(labels))
    progress.warn("no review is there that the run was evaluated on; the export is checked on made-up texts")
    texts = draw_texts(scorer.vocabulary, min(most or _MADE_UP, _MADE_UP), scorer.config.text.sequence_length)
    return CheckTexts("made-up", texts, None)


def check_export(
    directory: ExportDirectory, scorer: Scorer, form: Format, found: CheckTexts, progress: Progress, *, is_exact: bool
) -> dict[str, Any]:
    """What the comparison came to, for ``export.json``.

    Args:
        directory: of the export.
        scorer: the run's network.
        form: the format.
        found: what both are asked about.
        progress: told what happens.
        is_exact: whether both have to say the same.

    Raises:
        RunError: they do not, or one gives no number.
    """
    progress.phase("checking", len(found.texts))
    runtime = f"{_RUNTIMES[form]} {version_of(_RUNTIMES[form])}"
    own, exported = own_classifier(scorer)(found.texts), open_export(directory, form)(found.texts)
    comparison = compare_probabilities(own, exported, found.labels)
    if is_exact:
        check_equal(comparison, runtime)
    return {"runtime": runtime, "part": found.part, **comparison.to_dict()}


def measure_all(
    directory: ExportDirectory, run: Run, scorer: Scorer, form: Format, found: CheckTexts, progress: Progress
) -> dict[str, Latency]:
    """Time the run's network in this package, in ``model.keras`` where there is one, and the export."""
    contenders = {"this package": own_classifier(scorer)}
    if run.model_path.exists():
        contenders["model.keras"] = open_keras_model(run)
    contenders["export"] = open_export(directory, form)
    result = {}
    for name, classify in contenders.items():
        progress.phase(f"timing {name}")
        result[name] = measure_latency(classify, found.texts)
    return result


def own_classifier(scorer: Scorer) -> Classify:
    """What ``sentiment predict`` says, once the network is loaded."""
    from sentiment_cli.text.vectorizer import build_encoder

    encode = build_encoder(scorer.config.text, scorer.vocabulary)

    def classify(texts: Sequence[str]) -> np.ndarray:
        return compute_probabilities(scorer.score(encode(texts, None), Silent()))

    return classify


def open_keras_model(run: Run) -> Classify:
    """The run's ``model.keras``, by Keras."""
    import keras
    import tensorflow as tf

    model = keras.models.load_model(run.model_path)

    def classify(texts: Sequence[str]) -> np.ndarray:
        # Called as it is, Keras would go through the steps of the recurrent layer one by one in Python.
        rows = np.asarray(model.predict_on_batch(tf.constant(texts, dtype=tf.string)))
        return rows if rows.shape[1] > 1 else np.concatenate([1 - rows, rows], axis=1)

    return in_batches(classify)
