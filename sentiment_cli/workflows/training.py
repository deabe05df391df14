"""The training itself, from prepared files to a complete run directory, phase by phase."""

from __future__ import annotations

import shutil
from typing import Any

from sentiment_cli.analysis.traits import known_texts
from sentiment_cli.atomic import settle
from sentiment_cli.batch_history import read_batches
from sentiment_cli.data.loading import Splits
from sentiment_cli.data.reviews import ReviewSet, count_copies
from sentiment_cli.diagnosis import Case
from sentiment_cli.diagnosis.causes import find_causes
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.history import History
from sentiment_cli.model.export import needed_import, save_end_to_end
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.save import save_figure
from sentiment_cli.runs import SPLITS
from sentiment_cli.runtime import describe_threads, hand_back_memory
from sentiment_cli.text.vocabulary import vocabulary_checksum
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.state import TrainingState
from sentiment_cli.workflows.classifier import Classifier, evaluate_reviews, keep_metrics, own_files
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.record import is_refit, now
from sentiment_cli.workflows.refit import refit
from sentiment_cli.workflows.results import TrainResult
from sentiment_cli.workflows.setup import Setup, set_up
from sentiment_cli.workflows.stopwatch import Stopwatch

# A share of the test part; of IMDb's it is 0.005.
_MANY_COPIES = 0.01


def run_training(job: Job, record: dict[str, Any], stop: StopRequest) -> TrainResult:
    """Train, or continue from the last checkpoint, and write every file of the run.

    Args:
        job: what is trained.
        record: of the run, kept up to date here and in ``run.json``; ``extended_from`` is the number of epochs that
            it had finished with, when it is trained further.
        stop: asked whether to go on.
    """
    watch = Stopwatch()
    setup = set_up(job, record, watch)
    for warning in setup.warnings(job, job.run.path):
        job.progress.warn(warning)
    for run in filter(None, (job.run, job.run.group)):
        settle(run.path)  # all went well up to here: what it replaces is not needed any more
    state = _restore(job, setup, record)
    record.update(status="running", stop_reason=None, **_facts(job, setup))
    job.run.write_record(record)
    job.progress.note(
        f"{record['parameters']:,} parameters, {len(setup.splits.train):,} training reviews, step {setup.plan.reason}"
    )
    trainer = setup.trainer(job, stop)
    with watch.phase("training"):
        stop_reason = trainer.fit(state)
    watch.add("saving", trainer.keeper.seconds)
    hand_back_memory()
    if job.team is not None and not job.team.writes:
        return _share_done(job, setup, state, stop_reason, watch.read(), stop)
    record.update(stop_reason=stop_reason, epochs=len(state.history), best_epoch=state.best_epoch)
    job.run.write_record(record)
    with watch.phase("evaluating"):
        if state.history:
            _draw_history(job, setup, state, record)
        _remove_stale_results(job, record, state)
        if stop_reason != "interrupted":
            _evaluate_validation(job, setup, state)
    if stop_reason != "interrupted" and job.config.training.refit:
        with watch.phase("refitting"):
            stop_reason = "interrupted" if refit(job, setup, record, stop, watch) == "interrupted" else stop_reason
    interrupted, test = stop_reason == "interrupted", None
    with watch.phase("evaluating"):
        if not interrupted:
            test = _evaluate_test(job, setup)
            if state.best_epoch is not None:
                Checkpoints(job.run.checkpoints_dir).keep_only(state.best_epoch)
    seconds = watch.read()
    status = "interrupted" if interrupted else "finished"
    record.update(status=status, stop_reason=stop_reason, ended=now())
    record["seconds"] = _add_seconds(record.get("seconds"), seconds)
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


def _share_done(
    job: Job, setup: Setup, state: TrainingState, reason: str, seconds: dict[str, float], stop: StopRequest
) -> TrainResult:
    """What a worker has to tell that does not write the run."""
    interrupted = reason == "interrupted"
    return TrainResult(
        run=job.run,
        status="interrupted" if interrupted else "finished",
        stop_reason=reason,
        best_epoch=state.best_epoch,
        epochs=len(state.history),
        parameters=setup.network.count_params(),
        device=job.device.description,
        seconds=seconds,
        validation=_best_validation(state),
        test=None,
        exit_code=(stop.exit_code or 130) if interrupted else 0,
    )


def _facts(job: Job, setup: Setup) -> dict[str, Any]:
    """What the record says of a training before its first step."""
    return {
        **({"pretrained": setup.pretrained.summary()} if setup.pretrained else {}),
        "device": job.device.description,
        "parameters": setup.network.count_params(),
        "planned_epochs": setup.epochs,
        "threads": describe_threads(),
        **({"team": {"workers": job.team.workers, "replicas": job.team.count}} if job.team else {}),
        "deterministic": not job.device.is_gpu,
        "plan": setup.plan.to_dict(),
        "vocabulary": {"size": len(setup.vocabulary), "sha256": vocabulary_checksum(setup.vocabulary)},
        "model": {"file": job.run.model_path.name, "import": needed_import(job.config)},
        "reviews": {"train": len(setup.splits.train), "validation": len(setup.splits.validation or ())},
    }


def _restore(job: Job, setup: Setup, record: dict[str, Any]) -> TrainingState:
    """The state to go on from: the last checkpoint's, or a new one; a run that had finished gets its patience anew."""
    checkpoints = Checkpoints(job.run.checkpoints_dir)
    if not checkpoints.has_last:
        return TrainingState()
    state = checkpoints.restore_last(setup.network, setup.optimizer, setup.average, warn=job.progress.warn)
    _check_best(job, setup, state)
    stopping = job.config.training.early_stopping
    is_over = stopping is not None and state.waited >= stopping.patience
    if is_over and record.get("extended_from") == len(state.history):  # no further epoch was done yet
        state.waited = 0
    return state


def _check_best(job: Job, setup: Setup, state: TrainingState) -> None:
    """Find damage now and not after the last epoch; a later epoch may be better, and make it harmless."""
    try:
        if state.best_epoch is not None:
            Checkpoints(job.run.checkpoints_dir).check_best(state.best_epoch)
    except RunError as error:
        if state.epoch > setup.epochs:
            raise
        job.progress.warn(f"{error} Unless a later epoch is better, the run has no model in the end: restore it.")


def _draw_history(job: Job, setup: Setup, state: TrainingState, record: dict[str, Any]) -> None:
    """Draw the curves, and say what they show and, in a line or two, what may help where it went wrong."""
    run = job.run
    history = History(list(state.history), state.best_epoch)
    batches = read_batches(run.batches_path) if run.batches_path.exists() else None
    case = Case(str(run.path), history, {**record, "status": None}, batches, _majority_share(setup.splits))
    first = case.reading.sentence
    save_figure(plot_history({run.name: history}, sentence=first), run.plots_dir / "history.png")
    job.progress.note(first)
    for cause in find_causes(case)[:1]:
        job.progress.note(cause.sentence)
        if cause.command:
            job.progress.note(f"To try: {cause.command}")


def _evaluate_validation(job: Job, setup: Setup, state: TrainingState) -> None:
    """Load the best epoch, and predict the part that it was chosen by."""
    run = job.run
    if state.best_epoch is None:
        raise RunError(f"No epoch of {run.path} had a {job.config.monitor} that is a number; no model was kept.")
    Checkpoints(run.checkpoints_dir).restore_best(setup.network, state.best_epoch)
    if setup.splits.validation is not None:
        _evaluate(job, setup, setup.splits.validation, "validation")


def _evaluate_test(job: Job, setup: Setup) -> Evaluation | None:
    """Predict the test part and export, with the weights that are loaded. The model comes last."""
    run = job.run
    test = None
    if job.config.training.evaluate_test:
        reviews = setup.splits.test()
        _tell_copies(job, setup, reviews)
        test = _evaluate(job, setup, reviews, "test")
    job.progress.phase("saving the model")
    save_end_to_end(run.model_path, job.config, setup.vocabulary, setup.network)
    return test


def _tell_copies(job: Job, setup: Setup, test: ReviewSet) -> None:
    """Say where the test part is not as unseen as its figures seem."""
    copies = count_copies(test, setup.splits.train_and_validation)
    if copies:
        tell = job.progress.warn if copies >= _MANY_COPIES * len(test) else job.progress.note
        tell(
            f"{copies:,} of {len(test):,} test reviews are copies of training reviews, and flatter the test figures; "
            "data.drop_duplicates: true leaves them out of the training"
        )


def _remove_stale_results(job: Job, record: dict[str, Any], state: TrainingState) -> None:
    """A training that went on may have a new best epoch; what was asked of the one before is not its network's."""
    run, before = job.run, record.get("evaluated_epoch")
    if before == state.best_epoch:
        return
    results = [path for split in SPLITS for path in own_files(run, split).results]
    stale = [path for path in (run.metrics_path, run.model_path, run.probes_path, *results) if path.exists()]
    for path in stale:
        path.unlink()
    for directory in (run.evaluations_dir, run.exports_dir):
        if directory.exists():
            shutil.rmtree(directory)
            stale.append(directory)
    record["evaluated_epoch"] = state.best_epoch
    job.run.write_record(record)
    if stale:
        earlier = "an earlier one" if before is None else f"epoch {before}"
        job.progress.note(f"Epoch {state.best_epoch} is the best now; the results of {earlier} were removed")


def _evaluate(job: Job, setup: Setup, reviews: ReviewSet, split: str) -> Evaluation:
    classifier = Classifier(job.config, setup.splits.train.class_names, setup.vocabulary, setup.network)
    learned = setup.splits.train_and_validation if split == "test" else setup.splits.train
    training = known_texts(learned.paths, learned.texts)
    evaluation = evaluate_reviews(classifier, reviews, own_files(job.run, split), job.progress, split, training)
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
