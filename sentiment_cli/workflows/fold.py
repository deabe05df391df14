"""The training without one fold of the reviews, and what its network says of that fold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sentiment_cli.data.loading import Splits
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.errors import Interrupted
from sentiment_cli.evaluation.predictions import Prediction, make_predictions
from sentiment_cli.machine import available_cores
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import adapt_vocabulary, encode
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.plan import make_plan
from sentiment_cli.training.state import TrainingState
from sentiment_cli.workflows.classifier import Classifier, encode_set
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.pretraining import Pretrained
from sentiment_cli.workflows.setup import Setup
from sentiment_cli.workflows.unlabelled import unlabelled_texts


@dataclass(frozen=True)
class Parts:
    """How the labelled reviews are divided for one fold.

    Args:
        learned: those of the other folds.
        held_out: those of this one.
    """

    learned: ReviewSet
    held_out: ReviewSet


def predict_held_out(
    job: Job, splits: Splits, parts: Parts, epochs: int, pretrained: Pretrained | None, stop: StopRequest
) -> list[Prediction]:
    """Train on all folds but one, from the checkpoint that an earlier call left on, and predict that one.

    It begins with the random weights of the run's seed, and has a schedule that spans its own steps, as a refit has.

    Args:
        job: what is trained; its run is the fold's directory.
        splits: the run's own division of the reviews.
        parts: the fold's.
        epochs: how many; no validation chooses among them.
        pretrained: what the network begins with; None: random weights, and a vocabulary of the reviews learned.
        stop: asked whether to go on.

    Raises:
        Interrupted: a signal came; the checkpoint holds what was done.
    """
    setup = _set_up(job, splits, parts, epochs, pretrained)
    checkpoints, state = Checkpoints(job.run.checkpoints_dir), TrainingState()
    if checkpoints.has_last:
        state = checkpoints.restore_last(setup.network, setup.optimizer, setup.average, warn=job.progress.warn)
    if setup.trainer(job, stop).fit(state) == "interrupted":
        raise Interrupted("Stopped.", exit_code=stop.exit_code or 130)
    checkpoints.restore_best(setup.network, epochs)  # with averaging, the average
    held_out = encode_set(job.config, setup.vocabulary, parts.held_out, job.progress, "held-out reviews")
    job.progress.phase("predicting held-out reviews", len(parts.held_out))
    class_names = parts.held_out.class_names
    network = Classifier(job.config, class_names, setup.vocabulary, setup.network)
    logits = network.score(held_out.token_ids, job.progress)
    return make_predictions(logits, held_out.labels, held_out.paths, held_out.token_ids, class_names)


def _set_up(job: Job, splits: Splits, parts: Parts, epochs: int, pretrained: Pretrained | None) -> Setup:
    config, progress = job.config, job.progress
    divided = replace(splits, train=parts.learned, validation=parts.held_out)
    progress.phase("making the vocabulary")
    vocabulary = pretrained.vocabulary if pretrained else adapt_vocabulary(config.text, parts.learned.texts)
    learned = encode_set(config, vocabulary, parts.learned, progress, "training reviews")
    plan = make_plan(config, learned.token_ids.lengths, on_gpu=job.device.is_gpu, threads=available_cores())
    setup = Setup(
        splits=divided,
        vocabulary=vocabulary,
        train=learned,
        validation=None,
        plan=plan,
        network=None,
        optimizer=None,
        average=None,
        epochs=epochs,
        unlabelled=_unlabelled(job, divided, vocabulary),
        pretrained=pretrained,
    )
    return setup.anew(config, learned, epochs, pretrained)


def _unlabelled(job: Job, divided: Splits, vocabulary: list[str]) -> TokenIds | None:
    """What virtual adversarial training reads, without the fold that is held out."""
    adversarial = job.config.training.adversarial
    if adversarial is None or adversarial.kind != "virtual" or divided.validation is None:
        return None
    without = divided.validation.texts
    corpus = unlabelled_texts(job.config, job.data, divided, [divided.train], job.progress, without=without)
    return encode(job.config.text, vocabulary, corpus.texts)
