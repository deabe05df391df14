"""The training itself, from prepared files to a complete run directory, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from sentiment_cli.config.schema import Config
from sentiment_cli.data.loading import Splits, load_splits
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.diagnosis import describe_history
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.history import History
from sentiment_cli.model.export import needed_import, save_end_to_end
from sentiment_cli.model.network import build_network
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.save import save_figure
from sentiment_cli.runs import Run
from sentiment_cli.runtime import Device, choose_device
from sentiment_cli.text.vectorizer import adapt_vocabulary
from sentiment_cli.text.vocabulary import read_vocabulary, vocabulary_checksum, write_vocabulary
from sentiment_cli.training.advice import check_balance, check_encoding, check_settings
from sentiment_cli.training.checkpoint import TrainingState, restore_checkpoint
from sentiment_cli.training.fit import EncodedSet, Trainer
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.plan import Plan, make_plan
from sentiment_cli.training.progress import Progress
from sentiment_cli.training.step import build_optimizer
from sentiment_cli.training.weights import compute_class_weights
from sentiment_cli.workflows.record import now
from sentiment_cli.workflows.results import TrainResult
from sentiment_cli.workflows.session import Classifier, encode_set, evaluate_reviews, keep_metrics, own_files
from sentiment_cli.workflows.stopwatch import Stopwatch


@dataclass(frozen=True)
class Setup:
    """A training that is ready for its first step.

    Args:
        splits: the reviews.
        vocabulary: tokens in the order of their ids.
        train: the training reviews as token ids.
        validation: likewise; None without validation.
        device: what the network runs on.
        plan: how the step runs.
        network: with fresh weights.
        optimizer: built for the network.
    """

    splits: Splits
    vocabulary: list[str]
    train: EncodedSet
    validation: EncodedSet | None
    device: Device
    plan: Plan
    network: Any
    optimizer: Any

    def warnings(self, config: Config) -> list[str]:
        """What is likely to go wrong, for the user to read before it does."""
        return [
            *check_settings(config, on_gpu=self.device.is_gpu),
            *check_encoding(config, self.train.token_ids),
            *check_balance(self.splits.train.counts(), config),
        ]

    def trainer(self, config: Config, run: Run, progress: Progress, stop: StopRequest) -> Trainer:
        """The loop over epochs, for this setup."""
        weights = compute_class_weights(config.training, self.train.labels, self.splits.train.class_names)
        return Trainer(
            config, run, self.network, self.optimizer, self.plan, self.train, self.validation, weights, progress, stop
        )


def set_up(
    config: Config, run: Run, data: PreparedData, plan: Plan | None, progress: Progress, watch: Stopwatch
) -> Setup:
    """Read the reviews, make the vocabulary, encode, build the network.

    Args:
        config: the configuration.
        run: where the vocabulary goes; one that is there is used again.
        data: the prepared files.
        plan: the plan of the run that is continued; None: choose one.
        progress: told what happens.
        watch: counts the phases.
    """
    device = choose_device(config.training.device)
    progress.note(f"Device: {device.description}")
    keras.utils.set_random_seed(config.training.seed)
    with watch.phase("reading"):
        progress.phase("reading reviews")
        splits = load_splits(data.layout, config.data, config.training.seed, progress.note)
    with watch.phase("vectorizing"):
        progress.phase("making the vocabulary")
        vocabulary = _vocabulary(config, run, splits)
        train = encode_set(config, vocabulary, splits.train, progress, "train")
        validation = None
        if splits.validation is not None:
            validation = encode_set(config, vocabulary, splits.validation, progress, "validation")
    with watch.phase("building"):
        network = build_network(config, len(vocabulary), len(splits.train.class_names))
        optimizer = build_optimizer(config.training)
        optimizer.build(network.trainable_variables)
    plan = plan or make_plan(config, train.token_ids.lengths, on_gpu=device.is_gpu)
    return Setup(splits, vocabulary, train, validation, device, plan, network, optimizer)


def run_training(
    config: Config, run: Run, data: PreparedData, record: dict[str, Any], progress: Progress, stop: StopRequest
) -> TrainResult:
    """Train, or continue from the last checkpoint, and write every file of the run; ``record`` is kept up to date.

    Its ``status`` is at first that of the session before: one that finished is extended.
    """
    watch = Stopwatch()
    known_plan = Plan.from_dict(record["plan"]) if "plan" in record else None
    setup = set_up(config, run, data, known_plan, progress, watch)
    for warning in setup.warnings(config):
        progress.warn(warning)
    parameters = setup.network.count_params()
    extends = record["status"] == "finished"
    record.update(
        status="running",
        stop_reason=None,
        device=setup.device.description,
        parameters=parameters,
        plan=setup.plan.to_dict(),
        vocabulary={"size": len(setup.vocabulary), "sha256": vocabulary_checksum(setup.vocabulary)},
        model={"file": run.model_path.name, "import": needed_import(config)},
        reviews={"train": len(setup.splits.train), "validation": len(setup.splits.validation or ())},
    )
    run.write_record(record)
    state = _restore(config, run, setup, extends=extends)
    progress.note(f"{parameters:,} parameters, {len(setup.splits.train):,} training reviews, step {setup.plan.reason}")
    with watch.phase("training"):
        stop_reason = setup.trainer(config, run, progress, stop).fit(state)
    record.update(stop_reason=stop_reason, epochs=len(state.history), best_epoch=state.best_epoch)
    run.write_record(record)
    test = None
    if state.history:
        with watch.phase("evaluating"):
            test = _finish(config, run, setup, state, progress, interrupted=stop_reason == "interrupted")
    status = "interrupted" if stop_reason == "interrupted" else "finished"
    seconds = watch.read()
    record.update(status=status, ended=now(), seconds=_add_seconds(record.get("seconds"), seconds))
    run.write_record(record)
    return TrainResult(
        run=run,
        status=status,
        stop_reason=stop_reason,
        best_epoch=state.best_epoch,
        epochs=len(state.history),
        parameters=parameters,
        device=setup.device.description,
        seconds=seconds,
        validation=_best_validation(state),
        test=test,
        exit_code=(stop.exit_code or 130) if status == "interrupted" else 0,
    )


def _vocabulary(config: Config, run: Run, splits: Splits) -> list[str]:
    if run.vocabulary_path.exists():
        return read_vocabulary(run.vocabulary_path)
    vocabulary = adapt_vocabulary(config.text, splits.train.texts)
    write_vocabulary(run.vocabulary_path, vocabulary)
    return vocabulary


def _restore(config: Config, run: Run, setup: Setup, *, extends: bool) -> TrainingState:
    """The state to go on from: the last checkpoint's, or a new one; a finished run gets its patience anew."""
    if not run.last_checkpoint_path.exists():
        return TrainingState()
    state = restore_checkpoint(run.last_checkpoint_path, setup.network, setup.optimizer)
    # The learning rate is a variable of the optimizer; the checkpoint's is the configuration's, which is the same.
    stopping = config.training.early_stopping
    if extends and stopping is not None and state.waited >= stopping.patience:
        state.waited = 0
    return state


def _finish(
    config: Config, run: Run, setup: Setup, state: TrainingState, progress: Progress, *, interrupted: bool
) -> Evaluation | None:
    """Plot, and unless interrupted: load the best epoch, predict, export. The model comes last."""
    history = History(list(state.history), state.best_epoch)
    chance = _majority_share(setup.splits)
    sentence = describe_history(history, chance_accuracy=chance)
    save_figure(plot_history({run.name: history}, sentence=sentence), run.plots_dir / "history.png")
    progress.note(sentence)
    if interrupted:
        return None
    if not run.best_checkpoint_path.exists():
        raise RunError(f"No epoch of {run.path} had a {config.monitor} that is a number; there is no model to keep.")
    restore_checkpoint(run.best_checkpoint_path, setup.network)
    classifier = Classifier(config, setup.splits.train.class_names, setup.vocabulary, setup.network)
    if setup.splits.validation is not None:
        evaluation = evaluate_reviews(
            classifier, setup.splits.validation, own_files(run, "validation"), progress, "validation"
        )
        keep_metrics(run, "validation", evaluation)
    test = None
    if config.training.evaluate_test:
        test = evaluate_reviews(classifier, setup.splits.test(), own_files(run, "test"), progress, "test")
        keep_metrics(run, "test", test)
    progress.phase("saving the model")
    save_end_to_end(run.model_path, config, setup.vocabulary, setup.network)
    return test


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
    """The seconds of all sessions of a run."""
    names = [*(before or {}), *(name for name in now if name not in (before or {}))]
    return {name: round((before or {}).get(name, 0.0) + now.get(name, 0.0), 3) for name in names}
