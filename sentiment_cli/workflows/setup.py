"""A training up to its first step: reviews read, vocabulary made, texts encoded, network built."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras

from sentiment_cli.config.schema import Config
from sentiment_cli.data.loading import Splits, load_splits
from sentiment_cli.errors import RunError
from sentiment_cli.machine import available_cores, available_memory
from sentiment_cli.model.network import build_network
from sentiment_cli.recurrent.conditions import loop_blockers
from sentiment_cli.recurrent.sweep import compile_in_background
from sentiment_cli.runtime import hand_back_memory
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import adapt_vocabulary, encode
from sentiment_cli.text.vocabulary import write_vocabulary
from sentiment_cli.training.advice import check_balance, check_disk, check_encoding, check_settings
from sentiment_cli.training.averaging import AveragedWeights
from sentiment_cli.training.batches import planned_epochs, steps_per_epoch
from sentiment_cli.training.checkpoint import bytes_of
from sentiment_cli.training.checkpoints import MOST_KEPT, Checkpoints
from sentiment_cli.training.encoded import EncodedSet
from sentiment_cli.training.fit import Trainer
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.memory import check_memory
from sentiment_cli.training.optimizers import build_optimizer
from sentiment_cli.training.plan import Plan, choose_path, make_plan
from sentiment_cli.training.scoring import fixed_width
from sentiment_cli.training.team_fit import TeamTrainer
from sentiment_cli.training.weights import compute_class_weights
from sentiment_cli.workflows.classifier import encode_set
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.pretraining import Pretrained, find_pretrained, obtain_pretrained
from sentiment_cli.workflows.record import read_own_vocabulary, read_plan
from sentiment_cli.workflows.stopwatch import Stopwatch
from sentiment_cli.workflows.unlabelled import unlabelled_texts


@dataclass(frozen=True)
class Setup:
    """A training that is ready for its first step.

    Args:
        splits: the reviews.
        vocabulary: tokens in the order of their ids.
        train: the training reviews as token ids.
        validation: likewise; None without validation.
        plan: how the step runs.
        network: with fresh weights.
        optimizer: built for the network.
        average: of the network's weights; None: they are not averaged.
        epochs: how many there are to be in all.
        unlabelled: what virtual adversarial training reads; None: nothing.
        pretrained: what the network begins with; None: nothing, or a checkpoint takes its place.
    """

    splits: Splits
    vocabulary: list[str]
    train: EncodedSet
    validation: EncodedSet | None
    plan: Plan
    network: Any
    optimizer: Any
    average: AveragedWeights | None
    epochs: int
    unlabelled: TokenIds | None
    pretrained: Pretrained | None

    def warnings(self, job: Job, place: Path) -> list[str]:
        """What is likely to go wrong, for the user to read before it does; ``place`` is where the run goes."""
        needed = MOST_KEPT * bytes_of(self.network, self.optimizer, self.average) + bytes_of(self.network)
        return [
            *check_settings(job.config, on_gpu=job.device.is_gpu),
            *check_encoding(job.config, self.train.token_ids),
            *check_balance(self.splits.train.counts(), job.config),
            *check_disk(needed, place),
        ]

    def anew(self, config: Config, train: EncodedSet, epochs: int, pretrained: Pretrained | None) -> Setup:
        """The same training from its beginning, for so many epochs on other reviews, without validation.

        Args:
            config: the configuration.
            train: the other reviews.
            epochs: how many.
            pretrained: what the network begins with; None: nothing, or a checkpoint takes its place.
        """
        plan = replace(self.plan, rows=min(config.training.batch_size, len(train.labels)))
        sizes = len(self.vocabulary), len(self.splits.train.class_names)
        steps = epochs * steps_per_epoch(config.training, len(train.labels))
        network, optimizer, average = _build(config, sizes, plan, steps, pretrained)
        return replace(
            self,
            train=train,
            validation=None,
            plan=plan,
            network=network,
            optimizer=optimizer,
            average=average,
            epochs=epochs,
        )

    def trainer(self, job: Job, stop: StopRequest) -> Trainer:
        """The loop over epochs, for this setup."""
        kind: Any = Trainer if job.team is None else partial(TeamTrainer, team=job.team)
        trainer: Trainer = kind(
            config=job.config,
            run=job.run,
            network=self.network,
            optimizer=self.optimizer,
            plan=self.plan,
            train=self.train,
            validation=self.validation,
            class_weights=compute_class_weights(job.config.training, self.train.labels, self.splits.train.class_names),
            progress=job.progress,
            stop=stop,
            epochs=self.epochs,
            average=self.average,
            unlabelled=self.unlabelled,
        )
        return trainer


def set_up(job: Job, record: dict[str, Any], watch: Stopwatch, *, learn: bool = True) -> Setup:
    """Read the reviews, make the vocabulary, encode, build the network.

    Args:
        job: what is trained; a vocabulary that is in its run is used again.
        record: of the run; a plan that is in it is used again, and the unlabelled reviews are noted in it.
        watch: counts the phases.
        learn: False: leave a pretraining out whose result is not kept yet.
    """
    config, progress = job.config, job.progress
    progress.note(f"Device: {job.device.description}")
    known = _known_plan(job, record)
    loops = _start_compiling(job, known)
    with watch.phase("reading"):
        progress.phase("reading reviews")
        splits = load_splits(job.data.layout, config.data, config.split_seed, progress.note)
    pretrained = None
    if config.pretrain is not None and not Checkpoints(job.run.checkpoints_dir).has_last:
        with watch.phase("pretraining"):
            pretrained = pretrain_first(job, record, splits, learn=learn)
    with watch.phase("vectorizing"):
        progress.phase("making the vocabulary")
        vocabulary = _vocabulary(job, record, splits, pretrained)
        train = encode_set(config, vocabulary, splits.train, progress, "train")
        validation = None
        if splits.validation is not None:
            validation = encode_set(config, vocabulary, splits.validation, progress, "validation")
    plan = known or make_plan(
        config if job.team is None else _without_xla(config),
        train.token_ids.lengths,
        on_gpu=job.device.is_gpu,
        threads=available_cores(),
    )
    hand_back_memory()
    with watch.phase("compiling"):
        progress.phase("compiling the loops over time")
        loops.result()
    with watch.phase("building"):
        progress.phase("building the network")
        epochs = planned_epochs(config.training, len(train.labels))
        if epochs > config.training.epochs:
            least = f"training.min_steps: {config.training.min_steps:,}"
            progress.note(f"{epochs} epochs instead of {config.training.epochs}, since there are few reviews ({least})")
        sizes = len(vocabulary), len(splits.train.class_names)
        if not job.device.is_gpu:
            widest = fixed_width(config) or int(train.token_ids.lengths.max())
            check_memory(config, *sizes, plan.rows * widest, available_memory())
        steps = epochs * steps_per_epoch(config.training, len(train.labels))
        network, optimizer, average = _build(config, sizes, plan, steps, pretrained)
    unlabelled = _unlabelled(job, record, splits, vocabulary) if _is_virtual(config) else None
    return Setup(
        splits=splits,
        vocabulary=vocabulary,
        train=train,
        validation=validation,
        plan=plan,
        network=network,
        optimizer=optimizer,
        average=average,
        epochs=epochs,
        unlabelled=unlabelled,
        pretrained=pretrained,
    )


def pretrain_first(job: Job, record: dict[str, Any], splits: Splits, *, learn: bool = True) -> Pretrained | None:
    """What the configuration learns before a training, and before its refit.

    Args:
        job: what is trained.
        record: of the run; once it has a checkpoint, what it began with is what its refit begins with.
        splits: the reviews.
        learn: False: leave it out where it is not kept yet.

    Raises:
        RunError: it is not what the run began with.
    """
    settings = job.config.pretrain
    if settings is None:
        return None
    obtain, threads = obtain_pretrained if learn else find_pretrained, None if job.device.is_gpu else available_cores()
    pretrained = obtain(settings, job.config, job.data, splits, threads, job.progress)
    known, begun = record.get("pretrained", {}), Checkpoints(job.run.checkpoints_dir).has_last
    if pretrained and known and begun and known.get("sha256") != pretrained.kept.sha256:
        raise RunError(
            f"{job.run.path} began with another pretraining, {known.get('directory')} (SHA-256 "
            f"{str(known.get('sha256'))[:12]}, now {pretrained.kept.sha256[:12]}): its texts changed, or it was "
            f"learned again. Restore it, or start a new run: sentiment train -c {job.run.config_path}"
        )
    return pretrained


def _unlabelled(job: Job, record: dict[str, Any], splits: Splits, vocabulary: list[str]) -> TokenIds:
    """The reviews that virtual adversarial training reads: those it is trained on, and unlabelled ones."""
    held_out = splits.validation.texts if splits.validation is not None else ()
    corpus = unlabelled_texts(job.config, job.data, splits, [splits.train], job.progress, without=held_out)
    known = record.get("unlabelled", corpus.digest)
    if known != corpus.digest and Checkpoints(job.run.checkpoints_dir).has_last:
        raise RunError(
            f"{job.run.path} was trained with other unlabelled reviews (data.unlabelled): their fingerprint was "
            f"{known[:12]}, now {corpus.digest[:12]}. Restore them, or start a new run: "
            f"sentiment train -c {job.run.config_path}"
        )
    record["unlabelled"] = corpus.digest
    job.progress.phase("encoding unlabelled reviews")
    return encode(job.config.text, vocabulary, corpus.texts)


def _build(
    config: Config, sizes: tuple[int, int], plan: Plan, steps: int, pretrained: Pretrained | None
) -> tuple[Any, Any, AveragedWeights | None]:
    """A network whose random weights are those of the seed, its optimizer, and the average where there is one.

    Args:
        config: the configuration.
        sizes: of the vocabulary, and number of classes.
        plan: how the step runs.
        steps: of the whole training.
        pretrained: what the network begins with, in place of random weights.
    """
    keras.utils.set_random_seed(config.training.seed)
    network = build_network(config, *sizes, threads=plan.loop_threads)
    if pretrained is not None:
        pretrained.apply(network)
    optimizer = build_optimizer(config.training, steps)
    optimizer.build(network.trainable_variables)
    share = config.training.average
    return network, optimizer, None if share is None else AveragedWeights(network, optimizer.iterations, share)


def _without_xla(config: Config) -> Config:
    """XLA compiles no step that is shared."""
    return config.model_copy(update={"training": config.training.model_copy(update={"jit_compile": False})})


def _is_virtual(config: Config) -> bool:
    adversarial = config.training.adversarial
    return adversarial is not None and adversarial.kind == "virtual"


def _known_plan(job: Job, record: dict[str, Any]) -> Plan | None:
    """The plan of the run that is continued, where it was made for such a device."""
    known = read_plan(job.run, record)
    if known is None or known.on_gpu == job.device.is_gpu:
        return known
    before = "GPU" if known.on_gpu else "CPU"
    job.progress.warn(f"the run was begun on a {before}; it goes on here, but not to the same last bits")
    return None


def _start_compiling(job: Job, known: Plan | None) -> Future[None]:
    """Compile the loops over time, or load them, while the reviews are read."""
    path = known.path if known else choose_path(job.config, on_gpu=job.device.is_gpu)[0]
    cells = {(layer.cell, layer.units) for layer in job.config.model.recurrent if not loop_blockers(layer)}
    return compile_in_background(sorted(cells) if path == "compiled loops" else [])


def _vocabulary(job: Job, record: dict[str, Any], splits: Splits, pretrained: Pretrained | None) -> list[str]:
    if pretrained is not None:
        write_vocabulary(job.run.vocabulary_path, pretrained.vocabulary)
        return pretrained.vocabulary
    if job.run.vocabulary_path.exists():
        return read_own_vocabulary(job.run, record)
    vocabulary = adapt_vocabulary(job.config.text, splits.train.texts)
    write_vocabulary(job.run.vocabulary_path, vocabulary)
    return vocabulary
