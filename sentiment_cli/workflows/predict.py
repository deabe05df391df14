"""Label texts with a trained classifier."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.errors import RunError
from sentiment_cli.runs import Run
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.record import check_has_model, network_note, network_records, read_config


@dataclass(frozen=True)
class TextPrediction:
    """What the network says of a text.

    Args:
        text: as it was given.
        label: the most probable class.
        probability: of that class.
        probabilities: by class name.
    """

    text: str
    label: str
    probability: float
    probabilities: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """One item of ``predict --json``."""
        return asdict(self)


def predict(run: Run, texts: Sequence[str], *, progress: Progress | None = None) -> list[TextPrediction]:
    """Label texts.

    Args:
        run: a run with a finished epoch, or a finished group of seeds, whose networks predict together.
        texts: any number of them; an empty one is read as one unknown word.
        progress: told what happens; None: nobody is.

    Returns:
        One prediction a text, in order. It does not depend on the other texts.

    Raises:
        RunError: the run is not complete, or its network gives no number for a text.
    """
    progress = progress or Silent()
    record = run.read_record()
    config = read_config(run, record)
    check_has_model(run, record)
    note = network_note(network_records(run), None)
    if note:
        progress.note(note)
    load_tensorflow()
    from sentiment_cli.evaluation.metrics import compute_probabilities
    from sentiment_cli.runtime import choose_device, evaluation_device
    from sentiment_cli.text.vectorizer import encode
    from sentiment_cli.workflows.ensemble import load_scorer

    device = choose_device(evaluation_device(config))
    classifier = load_scorer(run, config, device)
    # What cannot be written as UTF-8 (half of a surrogate pair, from bytes that are none) becomes U+FFFD.
    readable = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    token_ids = encode(config.text, classifier.vocabulary, readable)
    progress.phase("predicting", len(texts))
    rows = compute_probabilities(classifier.score(token_ids, progress)).tolist()
    for number, row in enumerate(rows, start=1):
        if not all(map(math.isfinite, row)):
            raise RunError(
                f"{run.path}: its network gives no finite probabilities for text {number} of {len(texts):,}. A shorter "
                "one may do; train anew with tanh in place of an activation without a bound, or a lower learning rate."
            )
    labels = [max(range(len(row)), key=row.__getitem__) for row in rows]
    return [
        TextPrediction(
            text, classifier.class_names[label], row[label], dict(zip(classifier.class_names, row, strict=True))
        )
        for text, label, row in zip(texts, labels, rows, strict=True)
    ]
