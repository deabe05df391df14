"""Train a configuration with several seeds, one after the other, and make an ensemble of their networks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sentiment_cli.analysis.traits import known_texts
from sentiment_cli.atomic import remove_temporaries
from sentiment_cli.cluster import refuse_cluster
from sentiment_cli.config import Config, Override, config_values, load_config, write_config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import RunError, SentimentError, UsageError
from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.locking import locked
from sentiment_cli.runs import MOST_SEED, SPLITS, Run, SeedGroup
from sentiment_cli.runtime import choose_device, load_tensorflow
from sentiment_cli.seeds import read_member
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.creation import check_free, replacing_run
from sentiment_cli.workflows.own_reviews import own_root
from sentiment_cli.workflows.prepare import portable, prepare
from sentiment_cli.workflows.record import (
    early_end_recorded,
    is_finished,
    new_record,
    now,
    read_config,
    read_plan,
    resume_command,
)
from sentiment_cli.workflows.results import SeedsResult
from sentiment_cli.workflows.train import check_same_data, go_on, still_needed, train

_EACH = "Each of several seeds"
# Of a seed, and which it is of the group's, from 1.
Heading = Callable[[int, int], str]


@dataclass(frozen=True)
class _Job:
    """The trainings of a group; everything cheap about them was checked.

    Args:
        group: where the files go.
        config: of the first seed.
        record: of the group, kept up to date here and in ``seeds.json``.
        data: the prepared files, the same for every seed.
        progress: told what happens.
        heading: the line that is told before the training of a seed; None: the seed and its place.
    """

    group: SeedGroup
    config: Config
    record: dict[str, Any]
    data: PreparedData
    progress: Progress
    heading: Heading | None = None


def train_seeds(
    config: Config,
    output_dir: Path | str,
    count: int,
    *,
    progress: Progress | None = None,
    command: str = "",
    config_name: str | None = None,
    force: bool = False,
    data: PreparedData | None = None,
    heading: Heading | None = None,
) -> SeedsResult:
    """Train a configuration with as many seeds, from its own on, and leave a directory with a run for each.

    All have the parts that the first seed makes, so that they can be compared and predict together.

    Args:
        config: what to train on what.
        output_dir: the group's directory; it must not exist, unless ``force``.
        count: number of seeds, at least 2.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.
        config_name: what the configuration is called, for the records.
        force: replace an existing run or group, once everything before the first step has gone well.
        data: the files, where they were looked into before; see `prepare`.
        heading: see `_Job`.

    Returns:
        The result; its ``status`` is ``interrupted`` when a signal ended a training.

    Raises:
        DataError: the reviews are missing or bad; nothing was written.
        RunError: the directory exists, or the training of a seed failed; those before it are kept.
        UsageError: there are no such seeds.
    """
    progress = progress or Silent()
    group = SeedGroup(Path(output_dir))
    first = config.training.seed
    if count < 2 or first + count - 1 > MOST_SEED:
        raise UsageError(f"--seeds {count}: expected 2 or more, from seed {first} to {MOST_SEED} at the most.")
    refuse_cluster(_EACH)
    check_free(group, force=force)
    with StopRequest(progress.note):
        data = data or prepare(config, progress)
        load_tensorflow()
        choose_device(config.training.device)
        config = with_split_seed(portable(config))
        seeds = list(range(first, first + count))
        record = {**new_record(config, data, command, config_name), "seeds": seeds}
        with replacing_run(group, config, record, progress.note, force=force), locked(group.lock_path):
            return _run_recorded(_Job(group, config, record, data, progress, heading))


def resume_seeds(
    group: SeedGroup,
    *,
    epochs: int | None = None,
    progress: Progress | None = None,
    command: str = "",
    heading: Heading | None = None,
) -> SeedsResult:
    """Continue a group of seeds that was stopped, or train a finished one further.

    Args:
        group: the group.
        epochs: new number of epochs in total, of every seed; None: the configured one.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.
        heading: see `_Job`.

    Raises:
        RunError: there is nothing to do, the data or the configuration changed, or the training of a seed failed.
    """
    progress = progress or Silent()
    refuse_cluster(_EACH)
    record = group.read_record()
    config = read_config(group, record)
    _check_worth_resuming(group, record, config, epochs)
    if epochs is not None:
        config = load_config(group.config_path, [Override(("training", "epochs"), epochs, "--epochs")])
    with StopRequest(progress.note), locked(group.lock_path):
        remove_temporaries(group.path, deep=False)  # below, its runs have locks of their own
        data = prepare(still_needed(group.members, config), progress, root=own_root(group, record, config, progress))
        check_same_data(group, record, data)
        load_tensorflow(threads=_threads(group))
        write_config(group.config_path, config)
        commands = [*record.get("commands", []), command]
        record = {**record, "commands": commands, "config": config_values(config)}
        return _run_recorded(_Job(group, config, record, data, progress, heading))


def renew_figures(group: SeedGroup) -> None:
    """Let the record of a finished group tell of evaluations that were made after it."""
    record = group.read_record()
    pairs = zip(group.members, record["seeds"], strict=True)
    result = SeedsResult(group, "", "", [read_member(run, seed) for run, seed in pairs], {})
    group.write_record({**record, **_figures_of(result)})


def with_split_seed(config: Config) -> Config:
    """The configuration with the division of its reviews fixed, whatever its seed becomes."""
    return config.model_copy(update={"data": config.data.model_copy(update={"split_seed": config.split_seed})})


def _check_worth_resuming(group: SeedGroup, record: dict[str, Any], config: Config, epochs: int | None) -> None:
    done = [read_member(run, 0).epochs or 0 for run in group.members]
    most = max(config.training.epochs, *done)
    if epochs is not None and epochs <= most:
        raise RunError(f"{group.path} is trained for {most} epochs; expected --epochs above that, received {epochs}.")
    if epochs is None and record.get("status") == "finished" and all(map(is_finished, group.members)):
        raise RunError(
            f"{group.path} has finished its {len(done)} seeds. To train them further: "
            f"{resume_command(group)} --epochs {most + 5}"
        )


def _threads(group: SeedGroup) -> int | None:
    """Of the plan of the run that has to go on with the same; they can be set but once in a process."""
    begun = [run for run in group.members if run.record_path.exists()]
    plans = [read_plan(run, run.read_record()) for run in sorted(begun, key=is_finished)]
    return next((plan.threads for plan in plans if plan), None)


def _run_recorded(job: _Job) -> SeedsResult:
    """Train what is not trained yet, and let ``seeds.json`` tell how it stands, however it ends."""
    job.record.update(status="running", stop_reason=None)
    job.group.write_record(job.record)
    with early_end_recorded(job.group, lambda status, reason: _keep_result(job, status, reason)):
        return _train_all(job)


def _train_all(job: _Job) -> SeedsResult:
    seeds = job.record["seeds"]
    for number, (seed, run) in enumerate(zip(seeds, job.group.members, strict=True), start=1):
        if _is_trained(run, job.config):
            continue
        _remove_ensemble(job.group)
        heading = job.heading or (lambda seed, number: f"Seed {seed} ({number} of {len(seeds)})")
        job.progress.note(heading(seed, number))
        exit_code = _train_member(job, run, seed)
        if exit_code:
            return replace(_keep_result(job, "interrupted", "interrupted"), exit_code=exit_code)
        job.group.write_record({**job.record, **_figures(job)})
    ensemble = _evaluate_ensemble(job)
    from sentiment_cli.workflows.plot_history import plot_runs

    plot_runs([job.group])
    return replace(_keep_result(job, "finished", "all seeds done"), ensemble=ensemble)


def _is_trained(run: Run, config: Config) -> bool:
    return is_finished(run) and _configured_epochs(run) >= config.training.epochs


def _configured_epochs(run: Run) -> int:
    return read_config(run, run.read_record()).training.epochs


def _train_member(job: _Job, run: Run, seed: int) -> int:
    """Train one seed or go on with it; returns the exit code that a signal asks for, else 0."""
    command, name = job.record["commands"][-1], job.record.get("config_name")
    try:
        if run.record_path.exists():
            epochs = job.config.training.epochs
            further = epochs if epochs != _configured_epochs(run) else None
            result = go_on(run, epochs=further, progress=job.progress, command=command, data=job.data)
        else:
            training = job.config.training.model_copy(update={"seed": seed})
            config = job.config.model_copy(update={"training": training})
            progress, data = job.progress, job.data
            result = train(config, run.path, progress=progress, command=command, config_name=name, data=data)
    except SentimentError as error:
        if seed == job.record["seeds"][0] and not Checkpoints(run.checkpoints_dir).has_last:
            raise  # there is nothing to go on from
        raise RunError(
            f"Seed {seed} failed: {error}\nThe seeds before it are kept; to try it again and go on: "
            f"{resume_command(job.group)}"
        ) from error
    return result.exit_code


def _remove_ensemble(group: SeedGroup) -> None:
    """What the networks said together before one of them was trained further."""
    results = (path for split in SPLITS for path in group.result_paths(split))
    for path in (group.metrics_path, group.probes_path, *results):
        path.unlink(missing_ok=True)
    for directory in (group.plots_dir, group.evaluations_dir, group.exports_dir):
        if directory.exists():
            shutil.rmtree(directory)


def _evaluate_ensemble(job: _Job) -> dict[str, Evaluation]:
    """Predict the parts that the runs were evaluated on by all networks together."""
    from sentiment_cli.data.loading import load_splits
    from sentiment_cli.workflows.classifier import evaluate_reviews, keep_metrics, own_files
    from sentiment_cli.workflows.ensemble import load_scorer

    job.progress.note(f"Ensemble of {len(job.record['seeds'])} networks")
    job.progress.phase("reading reviews")
    device = choose_device(job.config.training.device)
    splits = load_splits(job.data.layout, job.config.data, job.config.split_seed, lambda note: None)
    test = splits.test() if job.config.training.evaluate_test else None
    evaluations = {}
    for split, reviews in {"validation": splits.validation, "test": test}.items():
        if reviews is None:
            continue
        scorer = load_scorer(job.group, job.config, device, split)
        learned = splits.train_and_validation if split == "test" else splits.train
        training = known_texts(learned.paths, learned.texts)
        evaluation = evaluate_reviews(scorer, reviews, own_files(job.group, split), job.progress, split, training)
        keep_metrics(job.group, split, evaluation)
        evaluations[split] = evaluation
    return evaluations


def _keep_result(job: _Job, status: str, stop_reason: str) -> SeedsResult:
    """Write how the group stands."""
    job.record.update(status=status, stop_reason=stop_reason, ended=now(), **_figures(job))
    job.group.write_record(job.record)
    return _result(job, status, stop_reason)


def _figures(job: _Job) -> dict[str, Any]:
    return _figures_of(_result(job, "", ""))


def _figures_of(result: SeedsResult) -> dict[str, Any]:
    values = result.to_dict()
    figures = {key: values[key] for key in ("members", "over_seeds")}
    return {**figures, "ensemble": result.group.read_metrics(), "seconds": {"total": values["seconds"]}}


def _result(job: _Job, status: str, stop_reason: str) -> SeedsResult:
    pairs = zip(job.group.members, job.record["seeds"], strict=True)
    return SeedsResult(job.group, status, stop_reason, [read_member(run, seed) for run, seed in pairs], {})
