"""Train a classifier from a configuration, continue a run, or try out what a training would do."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import check_can_be_made, remove_temporaries
from sentiment_cli.cluster import chosen_strategy, read_cluster
from sentiment_cli.config import Config, Override, config_values, load_config, write_config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import RunError, UsageError
from sentiment_cli.history import read_history
from sentiment_cli.locking import locked
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.runtime import choose_device, load_tensorflow
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.creation import check_free, replacing_run
from sentiment_cli.workflows.gathering import gather, train_along, way_on_told
from sentiment_cli.workflows.job import Job
from sentiment_cli.workflows.own_reviews import own_root
from sentiment_cli.workflows.prepare import portable, prepare
from sentiment_cli.workflows.record import early_end_recorded, new_record, now, read_config, read_plan, resume_command
from sentiment_cli.workflows.results import DryRun, TrainResult


def train(
    config: Config,
    output_dir: Path | str,
    *,
    progress: Progress | None = None,
    command: str = "",
    config_name: str | None = None,
    force: bool = False,
    data: PreparedData | None = None,
) -> TrainResult:
    """Train a classifier and leave a complete run directory.

    Args:
        config: what to train on what.
        output_dir: the run directory; it must not exist, unless ``force``.
        progress: told what happens; None: nobody is.
        command: the command line, for the run's record.
        config_name: what the configuration is called, for the run's record.
        force: replace an existing run directory, once everything before the first step has gone well.
        data: its files, where they were looked into before; see `prepare`.

    Returns:
        The result; its ``status`` is ``interrupted`` when a signal ended it.

    Raises:
        DataError: the reviews are missing or bad; nothing was written.
        RunError: the directory exists.
        SentimentError: the training failed; the run's record says so.
    """
    progress = progress or Silent()
    run, cluster = Run(Path(output_dir)), read_cluster()
    sharing = chosen_strategy(config.training, cluster)
    writes = cluster is None or cluster.is_first
    if writes:
        check_free(run, force=force)
    with StopRequest(progress.note) as stop:
        data = data or prepare(config, progress)
        load_tensorflow()
        device, team = gather(config.training, sharing, cluster, progress)
        config = portable(config)
        record = new_record(config, data, command, config_name)
        if not writes:
            return train_along(run, Job(config, run, data, device, progress, team), record, stop)
        with replacing_run(run, config, record, progress.note, force=force):
            progress.note(f"Run: {run.path}")
            with locked(run.lock_path):
                return _run_recorded(Job(config, run, data, device, progress, team), record, stop)


def resume(
    run: Run,
    *,
    epochs: int | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> TrainResult:
    """Continue a run that was stopped, or train a finished one further.

    A run that stopped early by patience gets its patience anew. A run without a checkpoint starts over.

    Args:
        run: the run.
        epochs: new number of epochs in total; None: the configured one.
        progress: told what happens; None: nobody is.
        command: the command line, for the run's record.

    Raises:
        RunError: there is nothing to do, or the data or the configuration changed.
    """
    if isinstance(run, SeedGroup):
        raise RunError(f"{run.path} is a group of seeds; in Python, `resume_seeds` continues it.")
    if epochs is not None and run.group:
        raise UsageError(
            f"{run.path} is one of a group of seeds, which are trained for the same number of epochs. "
            f"To train all of them further: sentiment train --resume {run.group.path} --epochs {epochs}"
        )
    return go_on(run, epochs=epochs, progress=progress, command=command)


def go_on(
    run: Run,
    *,
    epochs: int | None = None,
    progress: Progress | None = None,
    command: str = "",
    data: PreparedData | None = None,
) -> TrainResult:
    """As `resume`, one of a group of seeds included.

    Args:
        run: as there, and so the others.
        epochs: as there.
        progress: as there.
        command: as there.
        data: the run's files, where they were looked into before; see `prepare`.
    """
    progress = progress or Silent()
    record = run.read_record()
    config = read_config(run, record)
    if epochs is not None:
        config = load_config(run.config_path, [Override(("training", "epochs"), epochs, "--epochs")])
    cluster = read_cluster()
    sharing = chosen_strategy(config.training, cluster)
    writes = cluster is None or cluster.is_first
    with StopRequest(progress.note) as stop, locked(run.lock_path) if writes else contextlib.nullcontext():
        if writes:
            remove_temporaries(run.path)
        _check_worth_resuming(run, record, config, epochs)
        data = data or prepare(still_needed([run], config), progress, root=own_root(run, record, config, progress))
        check_same_data(run, record, data)
        plan = read_plan(run, record)
        load_tensorflow(threads=plan.threads if plan else None)
        device, team = gather(config.training, sharing, cluster, progress)
        if not writes:
            return train_along(run, Job(config, run, data, device, progress, team), record, stop)
        before, after = (record.get("team") or {}).get("replicas", 1), team.count if team else 1
        if before != after and record.get("plan"):
            progress.note(f"Shared by {after} now and by {before} before: it ends as without a stop but for rounding")
        write_config(run.config_path, config)
        commands = [*record.get("commands", []), command]
        record = {**record, "commands": commands, "config": config_values(config)}
        if record.get("status") == "finished":
            record["extended_from"] = record.get("epochs", 0)
        return _run_recorded(Job(config, run, data, device, progress, team), record, stop)


def dry_run(config: Config, output_dir: Path | str = ".", *, progress: Progress | None = None) -> DryRun:
    """Do everything up to the first steps of a training, and leave nothing behind.

    The data are read, the network is built, saved and reloaded, a few steps are timed.

    Args:
        config: what would be trained on what.
        output_dir: where the run would go; whether it can be made there is tried, and the free space looked at.
        progress: told what happens; None: nobody is.

    Raises:
        SentimentError: what a training would fail with.
        OSError: the directory could not be made.
    """
    progress = progress or Silent()
    check_can_be_made(Path(output_dir))
    with StopRequest(progress.note), tempfile.TemporaryDirectory(prefix="sentiment-dry-run-") as directory:
        data = prepare(config, progress)
        load_tensorflow()
        device = choose_device(config.training.device)
        from sentiment_cli.workflows.rehearsal import rehearse

        return rehearse(Job(config, Run(Path(directory)), data, device, progress), Path(output_dir))


def still_needed(runs: Sequence[Run], config: Config) -> Config:
    """Without the pretraining where checkpoints hold what was learned: what it was learned from may have gone."""
    if config.training.refit or not all(Checkpoints(run.checkpoints_dir).has_last for run in runs):
        return config
    return config.model_copy(update={"pretrain": None})


def _run_recorded(job: Job, record: dict[str, Any], stop: StopRequest) -> TrainResult:
    """Run the training and let ``run.json`` tell how it stands, however it ends."""
    from sentiment_cli.workflows.training import run_training

    run = job.run

    def keep(status: str, reason: str) -> None:
        record.update(status=status, stop_reason=reason, ended=now())
        run.write_record(record)

    run.write_record({**record, "status": "running", "stop_reason": None})
    with early_end_recorded(run, keep), way_on_told(run):
        return run_training(job, record, stop)


def _check_worth_resuming(run: Run, record: dict[str, Any], config: Config, epochs: int | None) -> None:
    # The record counts the epochs when a call ends; after a kill the history knows better.
    done = len(read_history(run.history_path)) if run.history_path.exists() else int(record.get("epochs") or 0)
    if done and not Checkpoints(run.checkpoints_dir).has_last:
        raise RunError(f"{run.checkpoints_dir} has no checkpoint: {run.path} cannot go on after its {done} epochs.")
    if epochs is not None and epochs < done:
        raise RunError(f"{run.path} has {done} epochs already; expected --epochs above that, received {epochs}.")
    if record.get("status") == "finished" and config.training.epochs <= done:
        raise RunError(
            f"{run.path} has finished its {done} epochs. To train it further: {resume_command(run)} --epochs {done + 5}"
        )
    if record.get("status") == "finished" and epochs is None:
        raise RunError(
            f"{run.path} has finished ({record.get('stop_reason')} after {done} epochs). To train it further: "
            f"{resume_command(run)} --epochs {config.training.epochs + 5}"
        )


def check_same_data(run: Run, record: dict[str, Any], data: PreparedData) -> None:
    """Raise a RunError where the reviews are not those that a run was begun with."""
    known = record.get("data", {})
    test = data.test_report.fingerprint if data.test_report else None
    if (known.get("fingerprint"), known.get("test_fingerprint")) == (data.fingerprint, test):
        return
    raise RunError(
        f"{run.path} was trained on other reviews: {known.get('root')} had {known.get('files')} training files "
        f"(fingerprint {str(known.get('fingerprint'))[:12]}), now {data.report.files} "
        f"({data.fingerprint[:12]}), or the groups of its reviews (data.validation_groups) or its test part changed. "
        f"Restore them, or start a new run: sentiment train -c {run.config_path}"
    )
