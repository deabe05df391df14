"""Train several ways of training with several seeds each, and compare them on a test part read once, at the end."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import remove_directory, remove_temporaries
from sentiment_cli.cluster import refuse_cluster
from sentiment_cli.config import Config
from sentiment_cli.data.prepare import PreparedData
from sentiment_cli.errors import ConfigError, DataError, RunError, SentimentError, UsageError
from sentiment_cli.locking import locked
from sentiment_cli.run_sets import Ladder
from sentiment_cli.runs import MOST_SEED, Run, SeedGroup
from sentiment_cli.runtime import choose_device, load_tensorflow
from sentiment_cli.seeds import read_member
from sentiment_cli.training.interruption import StopRequest
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.baseline import baseline_of_run
from sentiment_cli.workflows.creation import check_new, replacing_run
from sentiment_cli.workflows.evaluate import evaluate
from sentiment_cli.workflows.ladder_result import LadderPlan, LadderResult, compared_split, read_ladder
from sentiment_cli.workflows.own_reviews import own_root
from sentiment_cli.workflows.plot_comparison import plot_standing
from sentiment_cli.workflows.prepare import portable, prepare
from sentiment_cli.workflows.record import (
    early_end_recorded,
    is_finished,
    new_record,
    now,
    read_config,
    resume_command,
)
from sentiment_cli.workflows.seeds import renew_figures, resume_seeds, train_seeds, with_split_seed
from sentiment_cli.workflows.train import check_same_data, dry_run
from sentiment_cli.workflows.variants import Directions, Variant, make_variants, recorded_variants

_EACH = "Each run of a ladder"


@dataclass(frozen=True)
class _Job:
    """The trainings of a ladder; everything cheap about them was checked.

    Args:
        ladder: where the files go.
        variants: what is trained.
        record: of the ladder, kept up to date here and in ``ladder.json``.
        data: the prepared files.
        progress: told what happens.
    """

    ladder: Ladder
    variants: list[Variant]
    record: dict[str, Any]
    data: PreparedData
    progress: Progress

    @property
    def seeds(self) -> list[int]:
        """Of each variant."""
        return list(self.record["seeds"])


class _Unannounced(Silent):
    """Passes on how far work is and its warnings, and no notes: an evaluation has the same for every run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def warn(self, message: str) -> None:
        """Passed on."""
        self._progress.warn(message)

    def phase(self, name: str, total: int | None = None) -> None:
        """Passed on."""
        self._progress.phase(name, total)

    def advance(self, reviews: int, loss: float | None = None, accuracy: float | None = None) -> None:
        """Passed on."""
        self._progress.advance(reviews, loss, accuracy)


def train_ladder(
    config: Config,
    output_dir: Path | str,
    cells: Sequence[str],
    bidirectional: Directions,
    count: int,
    *,
    progress: Progress | None = None,
    command: str = "",
    config_name: str | None = None,
) -> LadderResult:
    """Train each variant of a configuration with each seed, then evaluate all of them on test, and compare.

    All have the same division of the reviews. No training reads the test part (``training.evaluate_test`` is false in
    their configurations); after the last one it is evaluated once for each run, where the given configuration has
    ``training.evaluate_test``.

    Args:
        config: what all variants have in common.
        output_dir: the ladder's directory; it must not exist.
        cells: see `variants.make_variants`.
        bidirectional: likewise.
        count: number of seeds from the configured one on, at least 2.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.
        config_name: what the configuration is called, for the records.

    Raises:
        ConfigError: a variant cannot be.
        DataError: the reviews are missing or bad; nothing was written.
        Interrupted: stopped by a signal; the message is the command that continues.
        RunError: the directory exists, or a training failed; what was done before is kept.
        UsageError: there are no such variants or seeds.
    """
    progress = progress or Silent()
    ladder, first = Ladder(Path(output_dir)), config.training.seed
    check_seeds(config, count)
    refuse_cluster(_EACH)
    check_new(ladder, "ladder")
    config = with_split_seed(portable(config))
    variants = make_variants(config, cells, bidirectional)
    with StopRequest(progress.note):
        data = prepare(config, progress)
        load_tensorflow()
        choose_device(config.training.device)
        record = {
            **new_record(config, data, command, config_name),
            "seeds": list(range(first, first + count)),
            "variants": [variant.to_dict() for variant in variants],
            "evaluate_test": config.training.evaluate_test,
        }
        with replacing_run(ladder, config, record, progress.note, force=False):
            progress.note(f"Ladder: {ladder.path}")
        with locked(ladder.lock_path):
            return _run_recorded(_Job(ladder, variants, record, data, progress))


def plan_ladder(
    config: Config,
    output_dir: Path | str,
    cells: Sequence[str],
    bidirectional: Directions,
    count: int,
    *,
    progress: Progress | None = None,
) -> LadderPlan:
    """Do for each variant everything up to its first steps, and leave nothing behind; see `train.dry_run`.

    Args:
        config: as for `train_ladder`, and so the others.
        output_dir: as there.
        cells: as there.
        bidirectional: as there.
        count: as there.
        progress: as there.
    """
    progress = progress or Silent()
    ladder, first = Ladder(Path(output_dir)), config.training.seed
    check_seeds(config, count)
    check_new(ladder, "ladder")
    variants = make_variants(with_split_seed(config), cells, bidirectional)
    reports = {}
    for number, variant in enumerate(variants, start=1):
        progress.note(f"Variant {number} of {len(variants)}: {variant.name}")
        reports[variant.name] = dry_run(variant.config, ladder.path, progress=progress)
    return LadderPlan(ladder, list(range(first, first + count)), config.training.evaluate_test, reports)


def resume_ladder(ladder: Ladder, *, progress: Progress | None = None, command: str = "") -> LadderResult:
    """Continue a ladder that was stopped; what is trained and evaluated is not done again.

    Args:
        ladder: the ladder.
        progress: told what happens; None: nobody is.
        command: the command line, for the records.

    Raises:
        Interrupted: as in `train_ladder`.
        RunError: there is nothing to do, the data or the configuration changed, or a training failed.
    """
    progress = progress or Silent()
    refuse_cluster(_EACH)
    record = ladder.read_record()
    config = read_config(ladder, record)
    groups = ladder.variants
    if record.get("status") == "finished" and not any(_lacks(group, record) for group in groups):
        raise RunError(f"{ladder.path} has finished. To see it: sentiment compare {shlex.quote(str(ladder.path))}")
    variants = recorded_variants(config, record)
    with StopRequest(progress.note), locked(ladder.lock_path):
        remove_temporaries(ladder.path, deep=False)  # below, its groups have locks of their own
        data = prepare(config, progress, root=own_root(ladder, record, config, progress))
        check_same_data(ladder, record, data)
        load_tensorflow()
        record = {**record, "commands": [*record.get("commands", []), command]}
        return _run_recorded(_Job(ladder, variants, record, data, progress))


def check_seeds(config: Config, count: int) -> None:
    """Raise a UsageError where there are no such seeds."""
    first = config.training.seed
    if count < 2 or first + count - 1 > MOST_SEED:
        raise UsageError(
            f"--seeds {count}: expected 2 or more, from seed {first} to {MOST_SEED} at the most: one training cannot "
            "tell luck from skill."
        )


def _run_recorded(job: _Job) -> LadderResult:
    """Train what is not trained yet, and let ``ladder.json`` tell how it stands, however it ends."""
    job.record.update(status="running", stop_reason=None)
    job.ladder.write_record(job.record)
    try:
        with early_end_recorded(job.ladder, lambda status, reason: _keep(job, status, reason)):
            return _train_all(job)
    except (ConfigError, DataError):
        if not any(variant.path.exists() for variant in job.ladder.variants):
            remove_directory(job.ladder.path)  # a corrected call should find the way free
        raise


def _train_all(job: _Job) -> LadderResult:
    for variant in job.variants:
        group = job.ladder.variant(variant.name)
        if is_finished(group):
            continue
        exit_code = _train_variant(job, variant, group)
        if exit_code:
            _keep(job, "interrupted", "interrupted")
            return replace(read_ladder(job.ladder), exit_code=exit_code)
    if job.record["evaluate_test"]:
        _evaluate_test(job)
    job.record["baselines"] = _baselines(job)
    job.ladder.write_record(job.record)
    standing = read_ladder(job.ladder, split=compared_split(job.record)).standing
    if standing:
        plot_standing(standing, job.ladder.picture_path)
    _keep(job, "finished", "all variants done")
    return read_ladder(job.ladder)


def _train_variant(job: _Job, variant: Variant, group: SeedGroup) -> int:
    """Train the seeds of a variant or go on with them; returns the exit code that a signal asks for, else 0."""
    command = job.record["commands"][-1]

    def heading(seed: int, number: int) -> str:
        return _heading(job, f"{variant.name}, seed {seed}")

    try:
        if group.record_path.exists():
            return resume_seeds(group, progress=job.progress, command=command, heading=heading).exit_code
        training = variant.config.training.model_copy(update={"evaluate_test": False})
        return train_seeds(
            variant.config.model_copy(update={"training": training}),
            group.path,
            len(job.seeds),
            progress=job.progress,
            command=command,
            config_name=job.record.get("config_name"),
            data=_without_test(job, variant.config),
            heading=heading,
        ).exit_code
    except (ConfigError, DataError):
        raise
    except SentimentError as error:
        raise RunError(
            f"{variant.name}: {error.__cause__ or error}\nWhat was done before is kept; to try it again and go on: "
            f"{resume_command(job.ladder)}"
        ) from error


def _without_test(job: _Job, config: Config) -> PreparedData:
    """The files as a training that does not read the test part knows them."""
    return job.data if config.data.drop_duplicates else replace(job.data, test_report=None)


def _heading(job: _Job, what: str) -> str:
    """Which training it is of how many, and how long all of them will still take, once that is known."""
    members = [
        read_member(run, seed)
        for variant in job.variants
        for seed, run in ((seed, job.ladder.variant(variant.name).member(seed)) for seed in job.seeds)
    ]
    done = [member.seconds for member in members if member.status == "finished" and member.seconds is not None]
    left = len(members) - len(done)
    expected = f"; about {max(sum(done) / len(done) * left / 60, 0.1):.1f} min left" if done else ""
    return f"Training {len(done) + 1} of {len(members)}: {what}{expected}"


def _evaluate_test(job: _Job) -> None:
    """Predict the test part once by each network and each ensemble, after the last training."""
    missing = [
        run for group in job.ladder.variants for run in (*group.members, group) if not _is_evaluated(run, "test")
    ]
    for number, run in enumerate(missing, start=1):
        job.progress.note(f"Test {number} of {len(missing)}: {run.name}")
        evaluate(run, split="test", progress=_Unannounced(job.progress))
    for group in job.ladder.variants:  # all: a kill may have come between an evaluation and its group's record
        renew_figures(group)


def _is_evaluated(run: Run, split: str) -> bool:
    return split in run.read_metrics() and run.predictions_path(split).exists()


def _lacks(group: SeedGroup, record: dict[str, Any]) -> bool:
    """Whether something of a variant is not done."""
    if not is_finished(group):
        return True
    return bool(record.get("evaluate_test")) and not all(_is_evaluated(run, "test") for run in (*group.members, group))


def _baselines(job: _Job) -> dict[str, dict[str, float | None]]:
    """What simple models reach on the same parts; where they cannot be fitted, the ladder is worth as much."""
    job.progress.note("Baselines on the same reviews")
    run, test = job.ladder.variants[0].members[0], bool(job.record["evaluate_test"])
    try:
        found = baseline_of_run(run, test=test, progress=_Unannounced(job.progress))
    except SentimentError as error:
        job.progress.warn(f"there are no baselines: {error}")
        return {}
    return {
        one.name: {
            split: score.accuracy if score else None
            for split, score in (("validation", one.validation), ("test", one.test))
        }
        for one in found.baselines
    }


def _keep(job: _Job, status: str, stop_reason: str) -> None:
    """Write how the ladder stands."""
    job.record.update(status=status, stop_reason=stop_reason, ended=now())
    job.ladder.write_record(job.record)
