"""The training itself, from prepared files to a complete run directory, phase by phase."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import keras

from sentiment_cli.config.schema import Config
from sentiment_cli.data.loading import Splits, load_splits
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.diagnosis import describe_history
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.history import History
from sentiment_cli.model.export import needed_import, save_end_to_end
from sentiment_cli.model.network import build_network
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.save import save_figure
from sentiment_cli.recurrent.conditions import loop_blockers
from sentiment_cli.recurrent.sweep import compile_in_background
from sentiment_cli.runs import SPLITS
from sentiment_cli.runtime import available_cores, describe_threads, hand_back_memory
from sentiment_cli.text.token_ids import TokenIds
from sentiment_cli.text.vectorizer import adapt_vocabulary, encode
from sentiment_cli.text.vocabulary import vocabulary_checksum, write_vocabulary
from sentiment_cli.training.advice import check_balance, check_encoding, check_settings
from sentiment_cli.training.averaging import AveragedWeights
from sentiment_cli.training.batches import planned_epochs, steps_per_epoch
from sentiment_cli.training.checkpoint import TrainingState, restore_checkpoint, save_checkpoint
from sentiment_cli.training.fit import EncodedSet, Trainer
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.optimizers import build_optimizer
from sentiment_cli.training.plan import Plan, choose_path, make_plan
from sentiment_cli.training.weights import compute_class_weights
from sentiment_cli.workflows.classifier import Classifier, encode_set, evaluate_reviews, keep_metrics, own_files
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.pretraining import Pretrained, find_pretrained, obtain_pretrained, unlabelled_texts
from sentiment_cli.workflows.record import is_refit, now, read_own_vocabulary, read_plan
from sentiment_cli.workflows.refit import refit
from sentiment_cli.workflows.results import TrainResult
from sentiment_cli.workflows.stopwatch import Stopwatch


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

    def warnings(self, job: Job) -> list[str]:
        """What is likely to go wrong, for the user to read before it does."""
        return [
            *check_settings(job.config, on_gpu=job.device.is_gpu),
            *check_encoding(job.config, self.train.token_ids),
            *check_balance(self.splits.train.counts(), job.config),
        ]

    def anew(self, config: Config, train: EncodedSet, epochs: int) -> Setup:
        """The same training from its beginning, for so many epochs on other reviews, without validation."""
        plan = replace(self.plan, rows=min(config.training.batch_size, len(train.labels)))
        sizes = len(self.vocabulary), len(self.splits.train.class_names)
        steps = epochs * steps_per_epoch(config.training, len(train.labels))
        network, optimizer, average = _build(config, sizes, plan, steps, self.pretrained)
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
        return Trainer(
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
    if config.pretrain is not None and (config.training.refit or not job.run.last_checkpoint_path.exists()):
        with watch.phase("pretraining"):
            obtain = obtain_pretrained if learn else find_pretrained
            threads = None if job.device.is_gpu else available_cores()
            pretrained = obtain(config.pretrain, config, job.data, splits, threads, progress)
    with watch.phase("vectorizing"):
        progress.phase("making the vocabulary")
        vocabulary = _vocabulary(job, record, splits, pretrained)
        train = encode_set(config, vocabulary, splits.train, progress, "train")
        validation = None
        if splits.validation is not None:
            validation = encode_set(config, vocabulary, splits.validation, progress, "validation")
    plan = known or make_plan(config, train.token_ids.lengths, on_gpu=job.device.is_gpu, threads=available_cores())
    hand_back_memory()
    with watch.phase("compiling"):
        progress.phase("compiling the loops over time")
        loops.result()
    with watch.phase("building"):
        progress.phase("building the network")
        epochs = planned_epochs(config.training, len(train.labels))
        sizes = len(vocabulary), len(splits.train.class_names)
        steps = epochs * steps_per_epoch(config.training, len(train.labels))
        network, optimizer, average = _build(config, sizes, plan, steps, pretrained)
    unlabelled = _unlabelled(job, record, splits, vocabulary) if _is_virtual(config) else None
    return Setup(
        splits, vocabulary, train, validation, plan, network, optimizer, average, epochs, unlabelled, pretrained
    )


def _unlabelled(job: Job, record: dict[str, Any], splits: Splits, vocabulary: list[str]) -> TokenIds:
    """The reviews that virtual adversarial training reads: those it is trained on, and unlabelled ones."""
    corpus = unlabelled_texts(job.config, job.data, splits, [splits.train], job.progress)
    known = record.get("unlabelled", corpus.digest)
    if known != corpus.digest and job.run.last_checkpoint_path.exists():
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


def _is_virtual(config: Config) -> bool:
    adversarial = config.training.adversarial
    return adversarial is not None and adversarial.kind == "virtual"


def run_training(job: Job, record: dict[str, Any], stop: StopRequest) -> TrainResult:
    """Train, or continue from the last checkpoint, and write every file of the run.

    Args:
        job: what is trained.
        record: of the run, kept up to date here and in ``run.json``; its ``status`` is at first that of the
            call before: one that finished is extended.
        stop: asked whether to go on.
    """
    watch = Stopwatch()
    setup = set_up(job, record, watch)
    for warning in setup.warnings(job):
        job.progress.warn(warning)
    state = _restore(job, setup, extends=record["status"] == "finished")
    record.update(status="running", stop_reason=None, **_facts(job, setup))
    job.run.write_record(record)
    job.progress.note(
        f"{record['parameters']:,} parameters, {len(setup.splits.train):,} training reviews, step {setup.plan.reason}"
    )
    with watch.phase("training"):
        stop_reason = setup.trainer(job, stop).fit(state)
    hand_back_memory()
    record.update(stop_reason=stop_reason, epochs=len(state.history), best_epoch=state.best_epoch)
    job.run.write_record(record)
    with watch.phase("evaluating"):
        if state.history:
            _draw_history(job, setup, state)
        if stop_reason != "interrupted":
            _evaluate_validation(job, setup)
    if stop_reason != "interrupted" and job.config.training.refit:
        with watch.phase("refitting"):
            stop_reason = "interrupted" if refit(job, setup, record, stop) == "interrupted" else stop_reason
    interrupted, test = stop_reason == "interrupted", None
    with watch.phase("evaluating"):
        if interrupted:
            _remove_stale_results(job, state)
        else:
            test = _evaluate_test(job, setup)
    seconds = watch.read()
    status = "interrupted" if interrupted else "finished"
    record.update(status=status, stop_reason=stop_reason, ended=now())
    record["seconds"] = _add_seconds(record.get("seconds"), seconds)
    if not interrupted:
        record["evaluated_epoch"] = state.best_epoch
    job.run.write_record(record)
    return TrainResult(
        run=job.run,
        status=status,
        stop_reason=stop_reason,
        best_epoch=state.best_epoch,
        epochs=len(state.history),
        parameters=record["parameters"],
        device=job.device.description,
        seconds=seconds,
        validation=_best_validation(state),
        test=test,
        refit={key: record["refit"][key] for key in ("epochs", "reviews")} if is_refit(record) else None,
        exit_code=(stop.exit_code or 130) if interrupted else 0,
    )


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


def _facts(job: Job, setup: Setup) -> dict[str, Any]:
    """What the record says of a training before its first step."""
    return {
        **({"pretrained": setup.pretrained.summary()} if setup.pretrained else {}),
        "device": job.device.description,
        "parameters": setup.network.count_params(),
        "planned_epochs": setup.epochs,
        "threads": describe_threads(),
        "plan": setup.plan.to_dict(),
        "vocabulary": {"size": len(setup.vocabulary), "sha256": vocabulary_checksum(setup.vocabulary)},
        "model": {"file": job.run.model_path.name, "import": needed_import(job.config)},
        "reviews": {"train": len(setup.splits.train), "validation": len(setup.splits.validation or ())},
    }


def _vocabulary(job: Job, record: dict[str, Any], splits: Splits, pretrained: Pretrained | None) -> list[str]:
    if pretrained is not None:
        write_vocabulary(job.run.vocabulary_path, pretrained.vocabulary)
        return pretrained.vocabulary
    if job.run.vocabulary_path.exists():
        return read_own_vocabulary(job.run, record)
    vocabulary = adapt_vocabulary(job.config.text, splits.train.texts)
    write_vocabulary(job.run.vocabulary_path, vocabulary)
    return vocabulary


def _restore(job: Job, setup: Setup, *, extends: bool) -> TrainingState:
    """The state to go on from: the last checkpoint's, or a new one; a finished run gets its patience anew."""
    if not job.run.last_checkpoint_path.exists():
        return TrainingState()
    state = restore_checkpoint(job.run.last_checkpoint_path, setup.network, setup.optimizer, setup.average)
    stopping = job.config.training.early_stopping
    if extends and stopping is not None and state.waited >= stopping.patience:
        state.waited = 0
        # At once, for the next start would not know that this one extended a finished run.
        save_checkpoint(job.run.last_checkpoint_path, setup.network, setup.optimizer, state, setup.average)
    return state


def _draw_history(job: Job, setup: Setup, state: TrainingState) -> None:
    run = job.run
    history = History(list(state.history), state.best_epoch)
    sentence = describe_history(history, chance_accuracy=_majority_share(setup.splits))
    save_figure(plot_history({run.name: history}, sentence=sentence), run.plots_dir / "history.png")
    job.progress.note(sentence)


def _evaluate_validation(job: Job, setup: Setup) -> None:
    """Load the best epoch, and predict the part that it was chosen by."""
    run = job.run
    if not run.best_checkpoint_path.exists():
        raise RunError(f"No epoch of {run.path} had a {job.config.monitor} that is a number; no model was kept.")
    restore_checkpoint(run.best_checkpoint_path, setup.network)
    if setup.splits.validation is not None:
        _evaluate(job, setup, setup.splits.validation, "validation")


def _evaluate_test(job: Job, setup: Setup) -> Evaluation | None:
    """Predict the test part and export, with the weights that are loaded. The model comes last."""
    run = job.run
    test = _evaluate(job, setup, setup.splits.test(), "test") if job.config.training.evaluate_test else None
    job.progress.phase("saving the model")
    save_end_to_end(run.model_path, job.config, setup.vocabulary, setup.network)
    return test


def _remove_stale_results(job: Job, state: TrainingState) -> None:
    """An extension that was stopped may have a new best epoch; the figures of the one before are not its own."""
    before = job.run.read_record().get("evaluated_epoch")
    if before is None or before == state.best_epoch:
        return
    for path in (job.run.metrics_path, job.run.model_path, *map(job.run.predictions_path, SPLITS)):
        path.unlink(missing_ok=True)
    job.progress.note(f"Epoch {state.best_epoch} is the best now; the results of epoch {before} were removed")


def _evaluate(job: Job, setup: Setup, reviews: ReviewSet, split: str) -> Evaluation:
    classifier = Classifier(job.config, setup.splits.train.class_names, setup.vocabulary, setup.network)
    evaluation = evaluate_reviews(classifier, reviews, own_files(job.run, split), job.progress, split)
    keep_metrics(job.run, split, evaluation)
    return evaluation


def _majority_share(splits: Splits) -> float:
    reviews = splits.validation if splits.validation is not None else splits.train
    return max(reviews.counts().values()) / max(len(reviews), 1)


def _best_validation(state: TrainingState) -> dict[str, float] | None:
    if state.best_epoch is None:
        return None
    row = state.history[state.best_epoch - 1]
    if row.val_loss is None or row.val_accuracy is None:
        return None
    return {"loss": row.val_loss, "accuracy": row.val_accuracy}


def _add_seconds(before: dict[str, float] | None, now: dict[str, float]) -> dict[str, float]:
    """The seconds of all calls that trained a run."""
    names = [*(before or {}), *(name for name in now if name not in (before or {}))]
    return {name: round((before or {}).get(name, 0.0) + now.get(name, 0.0), 3) for name in names}
