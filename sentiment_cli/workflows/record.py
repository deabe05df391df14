"""What ``run.json`` says of a run, and whether the run is still what it says."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sentiment_cli.config import Config, config_difference, config_values, load_config, parse_config
from sentiment_cli.config.yaml_source import dump_yaml
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import Interrupted, RunError, shorten_list
from sentiment_cli.locking import locked
from sentiment_cli.run_sets import Ladder, Sweep
from sentiment_cli.runs import Run, SeedGroup, single_runs
from sentiment_cli.runtime import describe_environment
from sentiment_cli.text.vocabulary import read_vocabulary, vocabulary_checksum
from sentiment_cli.training.checkpoints import Checkpoints
from sentiment_cli.training.plan import Plan
from sentiment_cli.training.progress import Progress

FORMAT_VERSION = 1
Network = Literal["best epoch", "refit"]


def new_record(config: Config, data: PreparedData, command: str, config_name: str | None) -> dict[str, Any]:
    """The record of a run that begins; what is known later is added to it."""
    return {
        "format_version": FORMAT_VERSION,
        "status": "running",
        "stop_reason": None,
        "started": now(),
        "commands": [command],
        "config_name": config_name,
        "config": config_values(config),
        "seed": config.training.seed,
        "class_names": list(data.class_names),
        "data": {
            "source": config.data.source,
            "root": str(data.layout.root.resolve()),
            "fingerprint": data.fingerprint,
            "test_fingerprint": data.test_report.fingerprint if data.test_report else None,
            "files": data.report.files,
        },
        **describe_environment(),
    }


def now() -> str:
    """The time in UTC, to the microsecond, so that runs started in the same second keep their order."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@contextlib.contextmanager
def writing(run: Run, record: dict[str, Any], progress: Progress) -> Iterator[None]:
    """Hold the lock of a run that something is added to; another that does so is waited for, which is said.

    Raises:
        RunError: the run is in training, which would take too long to wait for.
    """

    def wait() -> None:
        progress.note(f"Another process is writing {run.path}, and is waited for")

    with locked(run.lock_path, wait=None if record.get("status") == "running" else wait):
        yield


def read_config(run: Run, record: dict[str, Any]) -> Config:
    """The configuration of a run, which has to be the one it was begun with.

    Raises:
        RunError: it was changed; what the run holds fits nothing else.
    """
    if not run.config_path.exists():
        raise RunError(f"{run.path} lacks {run.config_path.name}; {run.record_path} holds its values under config.")
    config = load_config(run.config_path)
    known = record.get("config")
    try:
        before = parse_config(dump_yaml(known).encode(), str(run.record_path)) if isinstance(known, dict) else config
    except RecursionError:
        raise RunError(f"{run.record_path}: config: values lie too deep within each other.") from None
    difference = [line for line in config_difference(before, config) if not line.startswith("training.epochs:")]
    if difference:
        raise RunError(
            f"{run.config_path} was changed since the run began:\n  " + "\n  ".join(difference) + "\n"
            f"Put it back (only --epochs may change), or start a new run: sentiment train -c {run.config_path}"
        )
    return config


def read_own_vocabulary(run: Run, record: dict[str, Any]) -> list[str]:
    """The vocabulary of a run, which has to be the one it was trained with.

    Raises:
        RunError: it is missing, damaged, or another one: every token id would mean another word.
    """
    vocabulary = read_vocabulary(run.vocabulary_path)
    known = record.get("vocabulary", {}).get("sha256")
    if known is not None and known != vocabulary_checksum(vocabulary):
        raise RunError(f"{run.vocabulary_path} is not the vocabulary that the run was trained with; restore it.")
    return vocabulary


def read_plan(run: Run, record: dict[str, Any]) -> Plan | None:
    """How a run's steps were computed so far, for it to go on in the same way; None before the first step.

    Raises:
        RunError: the record says it in a way that is not understood.
    """
    known = record.get("plan")
    if known is None:
        return None
    try:
        return Plan.from_dict(known)
    except (TypeError, ValueError) as error:
        raise RunError(f"{run.record_path}: plan: {error}") from None


def is_refit(record: dict[str, Any]) -> bool:
    """Whether a run has a network that was trained anew on train and validation, for its best number of epochs."""
    refit = record.get("refit") or {}
    return bool(refit.get("finished")) and refit.get("epochs") == record.get("best_epoch")


def network_records(run: Run) -> list[dict[str, Any]]:
    """The records of the runs whose networks predict: of the run itself, or of all in a group of seeds.

    Raises:
        RunError: a record is missing or damaged.
    """
    return [single.read_record() for single in single_runs([run])]


def scoring_network(records: Sequence[dict[str, Any]], split: str | None) -> Network:
    """Which networks of runs predict.

    Args:
        records: of the runs.
        split: a part of its own data; None: other texts. The refit has learned ``train`` and ``validation``: their
            figures are those of the network before it, so that they can be compared with each other.
    """
    return "refit" if all(map(is_refit, records)) and split not in ("train", "validation") else "best epoch"


def network_note(records: Sequence[dict[str, Any]], split: str | None) -> str | None:
    """What a user should know about the networks that predict; None where a run has but one."""
    if not all(record.get("config", {}).get("training", {}).get("refit") for record in records):
        return None
    epochs = ", ".join(str(record.get("best_epoch")) for record in records)
    network = f"the {'network of epoch' if len(records) == 1 else 'networks of epochs'} {epochs}, from before the refit"
    if not all(map(is_refit, records)):
        return f"The refit is not finished; predicted by {network}"
    if scoring_network(records, split) == "refit":
        return None
    return f"The refit has learned the validation reviews; the {split} part is predicted by {network}"


def check_has_model(run: Run, record: dict[str, Any]) -> None:
    """Raise a RunError where a run has no weights to predict with, or one in a group of seeds has none."""
    if isinstance(run, SeedGroup):
        _check_all_finished(run)
        return
    needed = [run.checkpoints_dir, *([run.refit.checkpoints_dir] if is_refit(record) else [])]
    missing = [path for path in needed if not Checkpoints(path).has_best]
    if not missing:
        return
    if record.get("best_epoch"):
        raise RunError(f"{missing[0]} has no best epoch any more; restore it, or train anew.")
    raise RunError(f"{run.path} has no model yet ({record.get('status')}): no epoch was finished.")


def resume_command(run: Run) -> str:
    """The command line that continues a run, a group of seeds, a ladder or a sweep."""
    if isinstance(run, Sweep):
        return f"sentiment sweep --resume {shlex.quote(str(run.path))}"
    if isinstance(run, Ladder):
        return f"sentiment compare --resume {shlex.quote(str(run.path))}"
    return f"sentiment train --resume {shlex.quote(str(run.path))}"


@contextlib.contextmanager
def early_end_recorded(run: Run, keep: Callable[[str, str], object]) -> Iterator[None]:
    """Let a record tell of a body that does not end as it should.

    Args:
        run: the run or the group of seeds that the body writes.
        keep: called with its status and the reason.

    Raises:
        Interrupted: a signal ended the body; its message is the command that continues.
    """
    try:
        yield
    except BaseException as error:
        stopped = isinstance(error, (Interrupted, KeyboardInterrupt))
        reason = "interrupted" if stopped else str(error).splitlines()[0] if str(error) else type(error).__name__
        keep("interrupted" if stopped else "failed", reason)
        if isinstance(error, Interrupted):
            message = f"Stopped. To continue: {resume_command(run)}"
            raise Interrupted(message, exit_code=error.exit_code) from None
        raise


def is_finished(run: Run) -> bool:
    """Whether a run is there and has finished."""
    return run.record_path.exists() and run.read_record().get("status") == "finished"


def _check_all_finished(group: SeedGroup) -> None:
    unfinished = [run.path.name for run in group.members if not is_finished(run)]
    if unfinished:
        raise RunError(
            f"{group.path} has no ensemble yet: {shorten_list(unfinished)} did not finish. "
            f"Continue it: {resume_command(group)}"
        )
    for run in group.members:
        check_has_model(run, run.read_record())
