"""Predict every labelled training review of a run by a network that has not learned it, fold by fold."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sentiment_cli.atomic import remove_directory, remove_temporaries, write_json
from sentiment_cli.config import Config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import DataError, Interrupted, RunError, UsageError
from sentiment_cli.evaluation.metrics import Evaluation, compute_evaluation
from sentiment_cli.evaluation.outcomes import collect_outcomes
from sentiment_cli.evaluation.predictions import Prediction, read_predictions, write_predictions
from sentiment_cli.locking import locked
from sentiment_cli.run_sets import CrossValidation
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.runtime import choose_device, load_tensorflow
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.own_reviews import own_root
from sentiment_cli.workflows.prepare import prepare
from sentiment_cli.workflows.record import FORMAT_VERSION, now, read_config, read_plan

if TYPE_CHECKING:
    from sentiment_cli.data.reviews import ReviewSet
    from sentiment_cli.workflows.fold import Parts


@dataclass(frozen=True)
class CrossValidationResult:
    """What the networks of all folds come to together.

    Args:
        run: whose configuration was trained.
        folds: how many.
        epochs: of each training.
        evaluation: the figures over all reviews, each predicted by the network that has not learned it.
        fold_accuracies: of each fold, in order.
        directory: where the files are.
    """

    run: Run
    folds: int
    epochs: int
    evaluation: Evaluation
    fold_accuracies: list[float]
    directory: Path

    def to_dict(self) -> dict[str, Any]:
        """The object of ``evaluate --cross-validate --json``."""
        return {
            "run": str(self.run.path),
            "split": "cross-validation",
            "folds": self.folds,
            "epochs": self.epochs,
            "fold_accuracies": self.fold_accuracies,
            **self.evaluation.to_dict(),
            "predictions": str(CrossValidation(self.directory).out_of_fold_path),
        }


@dataclass(frozen=True)
class _Job:
    """A cross-validation; everything cheap about it was checked.

    Args:
        run: whose configuration is trained.
        kept: where the files go.
        record: kept up to date here and in the file.
        config: of the run.
        data: the prepared files.
        stop: asked whether to go on.
        progress: told what happens.
    """

    run: Run
    kept: CrossValidation
    record: dict[str, Any]
    config: Config
    data: PreparedData
    stop: StopRequest
    progress: Progress

    @property
    def folds(self) -> int:
        """How many."""
        return int(self.record["folds"])

    @property
    def done(self) -> list[int]:
        """The folds that are predicted."""
        return [number for number in range(1, self.folds + 1) if self.kept.held_out_path(number).exists()]


def cross_validate(
    run: Run, folds: int, *, progress: Progress | None = None, command: str = ""
) -> CrossValidationResult:
    """Train a run's configuration once for each fold of its training and validation reviews, and predict that fold.

    Each training has the run's best number of epochs and no early stopping: nothing is chosen on the reviews that it
    predicts. (The run chose that one number on its validation part, which is among them.) The vocabulary is made
    from the reviews that are learned; a pretraining, which knows no labels, is taken from the run. Folds have the
    classes in proportion, and keep the groups of ``data.validation_groups`` together. Folds that are done are kept.
    The interval takes reviews for independent draws; that the trainings share most of their reviews is not in it, and
    cannot be (Bengio and Grandvalet 2004, Journal of Machine Learning Research 5, 1089-1105).

    Args:
        run: a finished one.
        folds: how many, at least 2.
        progress: told what happens; None: nobody is.
        command: the command line, for the record.

    Raises:
        DataError: the reviews are gone or too few.
        Interrupted: stopped by a signal; the message is the command that continues.
        RunError: the run is a group of seeds, has not finished, or its reviews changed.
        UsageError: there are no such folds.
    """
    progress = progress or Silent()
    if folds < 2:
        raise UsageError(f"--cross-validate {folds}: expected 2 folds or more.")
    if isinstance(run, SeedGroup):
        first = shlex.quote(str(run.members[0].path))
        raise RunError(
            f"{run.path} is a group of seeds; cross-validate one of its runs: "
            f"sentiment evaluate {first} --cross-validate {folds}"
        )
    record = run.read_record()
    config = read_config(run, record)
    expected = _expected(run, record, folds)
    kept = CrossValidation(run.cross_validation_dir)
    if _is_same(kept, {**expected, "status": "finished"}):
        progress.note(f"Computed before; to compute it anew, remove {kept.path}")
        return _read_result(run, kept)
    data = _prepare(run, record, config, folds, progress)
    with StopRequest(progress.note) as stop, locked(kept.lock_path):
        _begin(kept, expected, command, progress)
        job = _Job(run, kept, kept.read_record(), config, data, stop, progress)
        try:
            return _run(job, record)
        except (Interrupted, KeyboardInterrupt) as error:
            _keep(job, "interrupted")
            code = error.exit_code if isinstance(error, Interrupted) else 130
            raise Interrupted(_stopped(job), exit_code=code) from None
        except BaseException:
            _keep(job, "failed")
            raise


def _expected(run: Run, record: dict[str, Any], folds: int) -> dict[str, Any]:
    """What a cross-validation that is begun has to say of itself to be gone on with."""
    epochs = record.get("best_epoch")
    if record.get("status") != "finished" or not isinstance(epochs, int):
        raise RunError(
            f"{run.path} has not finished ({record.get('status')}): its best number of epochs is not known yet."
        )
    fingerprint = record.get("data", {}).get("fingerprint")
    return {"folds": folds, "epochs": epochs, "seed": record.get("seed"), "data": {"fingerprint": fingerprint}}


def _is_same(kept: CrossValidation, expected: dict[str, Any]) -> bool:
    if not kept.record_path.exists():
        return False
    known = kept.read_record()
    return all(known.get(key) == value for key, value in expected.items())


def _prepare(run: Run, record: dict[str, Any], config: Config, folds: int, progress: Progress) -> PreparedData:
    known = record.get("data", {})
    root = own_root(run, record, config, progress)
    if not root.is_dir():
        raise DataError(f"The reviews of {run.path} are gone from {root}; they are needed for a cross-validation.")
    data = prepare(config, progress, root=root, with_test=False)
    if known.get("fingerprint") != data.fingerprint:
        raise RunError(f"The reviews in {root} changed since {run.path} was trained; their folds would be others.")
    name, count = min(data.layout.train.counts().items(), key=lambda item: item[1])
    if count < folds:
        raise UsageError(f"--cross-validate {folds}: the class {name} has {count} reviews; expected a review a fold.")
    return data


def _begin(kept: CrossValidation, expected: dict[str, Any], command: str, progress: Progress) -> None:
    """Go on with what is there, or make way for a new one."""
    remove_temporaries(kept.path)
    if _is_same(kept, expected):
        record = kept.read_record()
        kept.write_record({**record, "status": "running", "commands": [*record.get("commands", []), command]})
        return
    if kept.record_path.exists():
        before = kept.read_record()
        progress.note(
            f"The cross-validation that was here ({before.get('folds')} folds of {before.get('epochs')} epochs) is "
            "replaced"
        )
    for path in (kept.record_path, kept.out_of_fold_path, kept.metrics_path, kept.out_of_fold_traits_path):
        path.unlink(missing_ok=True)
    for path in kept.path.glob("fold-*"):
        remove_directory(path)
    head = {"format_version": FORMAT_VERSION, "status": "running", "started": now(), "commands": [command]}
    kept.write_record({**head, **expected})


def _run(job: _Job, run_record: dict[str, Any]) -> CrossValidationResult:
    plan = read_plan(job.run, run_record)
    load_tensorflow(threads=plan.threads if plan else None)
    device = choose_device(job.config.training.device)
    from sentiment_cli.data.loading import load_splits
    from sentiment_cli.data.splitting import review_groups, split_folds
    from sentiment_cli.workflows.fold import Parts, predict_held_out
    from sentiment_cli.workflows.setup import pretrain_first
    from sentiment_cli.workflows.stopwatch import Stopwatch

    config = job.config
    job.progress.phase("reading reviews")
    splits = load_splits(job.data.layout, config.data, config.split_seed, job.progress.note)
    reviews = splits.train_and_validation
    groups = review_groups(config.data.validation_groups, job.data.layout.root, reviews.paths)
    fold_of = split_folds(reviews.labels, job.folds, config.split_seed, groups)
    pretrained = pretrain_first(Job(config, job.run, job.data, device, job.progress), run_record, splits)
    watch = Stopwatch()
    begun = len(job.done)
    for number in range(1, job.folds + 1):
        if number in job.done:
            _remove_network(job.kept.fold(number))  # a kill may have come before this
            continue
        parts = Parts(
            reviews.take(np.flatnonzero(fold_of != number - 1)), reviews.take(np.flatnonzero(fold_of == number - 1))
        )
        job.progress.note(_heading(job, number, parts, watch.read()["total"], begun))
        fold = Job(config, job.kept.fold(number), job.data, device, job.progress)
        predictions = predict_held_out(fold, splits, parts, job.record["epochs"], pretrained, job.stop)
        write_predictions(job.kept.held_out_path(number), predictions, reviews.class_names)
        _remove_network(fold.run)
    return _put_together(job, reviews)


def _remove_network(fold: Run) -> None:
    """A fold that is predicted needs its checkpoints no more."""
    for path in (fold.checkpoints_dir, fold.vocabulary_path):
        remove_directory(path) if path.is_dir() else path.unlink(missing_ok=True)


def _heading(job: _Job, number: int, parts: Parts, seconds: float, begun: int) -> str:
    now_done = len(job.done) - begun
    left = ""
    if now_done:
        minutes = seconds / now_done * (job.folds - len(job.done)) / 60
        left = f"; about {minutes:.1f} min left"
    return (
        f"Fold {number} of {job.folds}: {len(parts.learned):,} reviews learned in {job.record['epochs']} epochs, "
        f"{len(parts.held_out):,} predicted{left}"
    )


def _put_together(job: _Job, reviews: ReviewSet) -> CrossValidationResult:
    """One table of all folds in the order of the reviews, with its figures; the record comes last."""
    from sentiment_cli.analysis.traits import find_traits, known_texts, write_traits
    from sentiment_cli.plots.confusion import plot_confusion_matrix
    from sentiment_cli.plots.save import save_figure

    kept, by_path = job.kept, {}
    for number in range(1, job.folds + 1):
        by_path.update({row.path: row for row in read_predictions(kept.held_out_path(number))})
    if by_path.keys() != set(reviews.paths):
        raise RunError(f"The folds in {kept.path} do not hold the reviews of {job.run.path}; remove it and begin anew.")
    rows = [replace(by_path[path], id=index) for index, path in enumerate(reviews.paths)]
    write_predictions(kept.out_of_fold_path, rows, reviews.class_names)
    known = known_texts(reviews.paths, reviews.texts)
    write_traits(kept.out_of_fold_traits_path, find_traits(reviews.paths, reviews.texts, known))
    result = _read_result(job.run, kept, job.record)
    evaluation = result.evaluation
    matrix = np.array(evaluation.confusion_matrix)
    title = f"{job.run.name}, cross-validation in {job.folds} folds"
    save_figure(plot_confusion_matrix(matrix, reviews.class_names, title=title), kept.confusion_matrix_path)
    values = {key: value for key, value in result.to_dict().items() if key not in ("run", "predictions")}
    write_json(kept.metrics_path, values)
    _keep(job, "finished")
    return result


def _read_result(run: Run, kept: CrossValidation, record: dict[str, Any] | None = None) -> CrossValidationResult:
    """The result from the tables."""
    known = record or kept.read_record()
    rows = read_predictions(kept.out_of_fold_path)
    if not rows:
        raise RunError(f"{kept.out_of_fold_path} is empty; remove {kept.path} and cross-validate anew.")
    folds = range(1, int(known["folds"]) + 1)
    accuracies = [_accuracy(read_predictions(kept.held_out_path(number))) for number in folds]
    evaluation = compute_evaluation(collect_outcomes(rows))
    return CrossValidationResult(run, len(folds), int(known["epochs"]), evaluation, accuracies, kept.path)


def _accuracy(rows: list[Prediction]) -> float:
    return sum(not row.is_wrong for row in rows) / max(len(rows), 1)


def _keep(job: _Job, status: str) -> None:
    job.record.update(status=status, ended=now())
    job.kept.write_record(job.record)


def _stopped(job: _Job) -> str:
    command = f"sentiment evaluate {shlex.quote(str(job.run.path))} --cross-validate {job.folds}"
    return f"Stopped after {len(job.done)} of {job.folds} folds; everything so far is saved.\nTo continue: {command}"
