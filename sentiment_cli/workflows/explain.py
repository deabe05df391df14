"""Explain the prediction of one text: what each word added, how it grows, and what happens in the cells."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment_cli.config import Config
from sentiment_cli.errors import DataError, RunError, UsageError, suggest
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.misclassified import read_review
from sentiment_cli.picture_look import SCREEN, Look
from sentiment_cli.plots.save import picture_format
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.record import (
    check_has_model,
    network_note,
    network_records,
    read_config,
    read_own_vocabulary,
)

if TYPE_CHECKING:
    from sentiment_cli.explanation.cells import CellTrace, Direction
    from sentiment_cli.explanation.reading import Reading
    from sentiment_cli.explanation.result import Explanation
    from sentiment_cli.runtime import Device
    from sentiment_cli.workflows.classifier import Scorer


@dataclass(frozen=True)
class Request:
    """What shall be explained, and how deeply.

    Args:
        explained: the class; None: the one that is predicted.
        layer: the recurrent layer to look into, from 1.
        direction: of it.
        with_cell: look into it also where no picture is drawn.
        picture: where a picture goes, ending in .png, .svg or .pdf; None: there is none.
        look: of the picture.
        split: the part of the run's own data that the text is of, see `record.scoring_network`; None: another text.
    """

    explained: str | None = None
    layer: int = 1
    direction: Direction = "forward"
    with_cell: bool = False
    picture: Path | None = None
    look: Look = SCREEN
    split: str | None = None


@dataclass(frozen=True)
class ExplainResult:
    """An explanation and where it belongs.

    Args:
        run: the run.
        explanation: all that was found.
        picture: the file; None: there is none.
        seconds: how long it took, after the network was loaded.
    """

    run: Run
    explanation: Explanation
    picture: Path | None
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The object of ``explain --json``."""
        picture = None if self.picture is None else str(self.picture)
        head = {"run": str(self.run.path), "picture": picture, "seconds": round(self.seconds, 3)}
        return {**head, **self.explanation.to_dict()}


def explain(run: Run, text: str, request: Request | None = None, *, progress: Progress | None = None) -> ExplainResult:
    """Explain the prediction of a text.

    Args:
        run: a run with a finished epoch, or a finished group of seeds: the mean of their probabilities is explained,
            and the cells are those of the first.
        text: an empty one is read as one unknown word.
        request: what and how deeply; None: the predicted class, without a picture.
        progress: told what happens; None: nobody is.

    Raises:
        RunError: the run is not complete, or its network gives no finite numbers.
        UsageError: there is no such class, layer or direction, or the picture has another ending.
    """
    progress, request = progress or Silent(), request or Request()
    record = run.read_record()
    config = read_config(run, record)
    check_has_model(run, record)
    _check_request(request, config, record.get("class_names") or [])
    note = network_note(network_records(run), request.split)
    if note:
        progress.note(note)
    load_tensorflow()
    from sentiment_cli.runtime import choose_device, evaluation_device
    from sentiment_cli.workflows.ensemble import load_scorer

    device = choose_device(evaluation_device(config))
    scorer = load_scorer(run, config, device, request.split)
    started = time.perf_counter()
    explanation = _explain(scorer, device, _read(config, scorer.vocabulary, text), request, progress)
    if abs(explanation.residual) > _tolerance():
        progress.warn(
            f"the scores miss {explanation.residual:+.4f} of the log-odds that they should add up to "
            f"({explanation.points:,} gradients); the network is very steep here"
        )
    if request.picture is not None:
        from sentiment_cli.plots.explanation import plot_explanation
        from sentiment_cli.plots.save import save_figure
        from sentiment_cli.plots.style import using

        with using(request.look):
            save_figure(plot_explanation(explanation, title=run.name), request.picture)
    return ExplainResult(run, explanation, request.picture, time.perf_counter() - started)


def read_tokens(run: Run, text: str) -> Reading:
    """What the vectorizer of a run makes of a text; no network is loaded.

    Raises:
        RunError: the run has no configuration or vocabulary.
    """
    single = run.members[0] if isinstance(run, SeedGroup) else run
    record = single.read_record()
    config, vocabulary = read_config(single, record), read_own_vocabulary(single, record)
    load_tensorflow()
    return _read(config, vocabulary, text)


def read_own_review(run: Run, path: str) -> tuple[str, str | None]:
    """A review of a run's own data, and the part that it was predicted with, where that is known.

    Args:
        run: the run.
        path: of the review, as in ``predictions-<split>.csv``: relative to the data root.

    Raises:
        DataError: there is no such review, or it cannot be read.
    """
    record = run.read_record()
    root = Path(str(record.get("data", {}).get("root", "")))
    text = read_review(root, path, read_config(run, record).data.encoding_errors)
    if text is None:
        raise DataError(
            f"{root / path} is not there or cannot be read; expected the path of a review below {root}, as "
            "sentiment misclassified shows it."
        )
    return text, next((split for split in ("validation", "train") if _has_predicted(run, split, path)), None)


def _has_predicted(run: Run, split: str, path: str) -> bool:
    file = run.predictions_path(split)
    return file.exists() and any(row.path == path for row in read_predictions(file))


def _check_request(request: Request, config: Config, class_names: list[str]) -> None:
    if request.picture is not None:
        picture_format(request.picture)
    if request.explained is not None and request.explained not in class_names:
        raise UsageError(f'--class: no class "{request.explained}"; {suggest(request.explained, class_names)}')
    layers = config.model.recurrent
    if not 1 <= request.layer <= len(layers):
        raise UsageError(f"--layer: expected 1 to {len(layers)}, the recurrent layers; received {request.layer}.")
    if request.direction == "backward" and not layers[request.layer - 1].bidirectional:
        raise UsageError(f"--direction backward: layer {request.layer} reads forward only.")


def _tolerance() -> float:
    from sentiment_cli.explanation.gradients import TOLERANCE

    return TOLERANCE


def _read(config: Config, vocabulary: list[str], text: str) -> Reading:
    from sentiment_cli.explanation.reading import make_reading
    from sentiment_cli.text.vectorizer import clean, tokenize

    # What cannot be written as UTF-8 (half of a surrogate pair, from bytes that are none) becomes U+FFFD.
    readable = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    words = tokenize(config.text, [readable])[0]
    return make_reading(config.text, readable, clean(config.text, readable), words, vocabulary)


def _explain(scorer: Scorer, device: Device, reading: Reading, request: Request, progress: Progress) -> Explanation:
    import numpy as np

    from sentiment_cli.evaluation.metrics import compute_probabilities
    from sentiment_cli.explanation.gradients import BASELINE
    from sentiment_cli.explanation.growth import make_prefixes
    from sentiment_cli.explanation.result import Explanation
    from sentiment_cli.workflows.attribution import explain_words, members

    names = scorer.class_names
    whole = make_prefixes(reading.ids, [len(reading.ids)])
    probabilities = compute_probabilities(scorer.score(whole, Silent()))[0].tolist()
    if not np.isfinite(probabilities).all():
        raise RunError(f"The network gives {probabilities} for this text, no finite numbers; nothing can be explained.")
    index = probabilities.index(max(probabilities)) if request.explained is None else names.index(request.explained)
    (found,) = explain_words(scorer, device, whole, np.array([index]), progress)
    if not np.isfinite(found.residual):
        raise RunError("The network has no finite gradients for this text; its words cannot be explained.")
    return Explanation(
        reading=reading,
        class_names=names,
        explained=names[index],
        probabilities=dict(zip(names, probabilities, strict=True)),
        scores=found.scores,
        log_odds=found.log_odds,
        baseline=found.baseline,
        baseline_kind=BASELINE,
        points=found.points,
        growth=_grow(scorer, reading, index, progress),
        cell=_trace(scorer, device, reading, request) if request.with_cell or request.picture else None,
        networks=len(members(scorer)),
    )


def _grow(scorer: Scorer, reading: Reading, index: int, progress: Progress) -> Any:
    from sentiment_cli.explanation.growth import Growth, compute_log_odds, make_prefixes, prefix_lengths

    lengths = prefix_lengths(len(reading.ids))
    progress.phase("reading word by word", len(lengths))
    logits = scorer.score(make_prefixes(reading.ids, lengths), progress)
    return Growth(lengths, compute_log_odds(logits, index))


def _trace(scorer: Scorer, device: Device, reading: Reading, request: Request) -> CellTrace:
    import numpy as np

    from sentiment_cli.explanation.cells import trace_cells
    from sentiment_cli.training.scoring import fixed_width
    from sentiment_cli.workflows.attribution import open_networks

    network = open_networks(scorer, device)[0]
    width = fixed_width(scorer.config) or len(reading.ids)
    ids = np.pad(reading.ids, (0, width - len(reading.ids)))
    weights = {layer.name: layer.get_weights() for layer in network.layers if layer.weights}
    trace = trace_cells(scorer.config.model, weights, ids, layer=request.layer, direction=request.direction)
    return trace.first(len(reading.ids))
