"""Compute what simple models reach on the reviews of a configuration or of a run, or look up what is known of it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.baseline.kept import (
    baseline_key,
    keep,
    kept_path,
    key_of,
    read_kept,
    read_kept_figures,
    without_test,
)
from sentiment_cli.baseline.scores import Baseline
from sentiment_cli.config import Config
from sentiment_cli.data.prepare import PreparedData, prepare_data
from sentiment_cli.errors import DataError, RunError
from sentiment_cli.runs import Run
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.own_reviews import own_root
from sentiment_cli.workflows.record import read_config


@dataclass(frozen=True)
class BaselineResult:
    """What simple models reach.

    Args:
        root: where the reviews are.
        seed: of their division.
        class_names: in the order of the labels.
        baselines: the simplest first.
        from_cache: they were computed before.
    """

    root: Path
    seed: int
    class_names: tuple[str, ...]
    baselines: list[Baseline]
    from_cache: bool

    def to_dict(self) -> dict[str, Any]:
        """The object of ``baseline --json``."""
        return {
            "data": str(self.root),
            "seed": self.seed,
            "class_names": list(self.class_names),
            "baselines": {baseline.name: baseline.to_dict() for baseline in self.baselines},
            "from_cache": self.from_cache,
        }


def baseline(config: Config, *, progress: Progress | None = None) -> BaselineResult:
    """What simple models reach on the parts that a training with this configuration has.

    They are fitted to its training part and scored on its validation part and, with ``training.evaluate_test``, on its
    test part. The figures are kept in the user's cache directory.

    Args:
        config: its ``data`` section, ``text.split`` and, of ``training``, ``seed``, ``evaluate_test`` and ``refit``
            count: with ``refit``, what predicts the test part was fitted to train and validation together.
        progress: told what happens; None: nobody is.

    Raises:
        DataError: the reviews are missing or bad, or have nothing to count.
    """
    progress = progress or Silent()
    return _look_up_or_compute(config, _prepare(config, None, progress), progress)


def baseline_of_run(run: Run, *, test: bool | None = None, progress: Progress | None = None) -> BaselineResult:
    """The same on the reviews of a run, divided as they were for it.

    Args:
        run: the run.
        test: read the test part; None: as the run did.
        progress: told what happens; None: nobody is.

    Raises:
        DataError: the reviews are gone, or bad.
        RunError: the run is damaged, or its reviews changed.
    """
    progress = progress or Silent()
    record = run.read_record()
    config = read_config(run, record)
    if test is not None:
        training = config.training.model_copy(update={"evaluate_test": test})
        config = config.model_copy(update={"training": training})
    known = record.get("data", {})
    root = own_root(run, record, config, progress)
    if not root.is_dir():
        raise DataError(f"The reviews of {run.path} are gone from {root}; give a configuration and --data instead.")
    data = _prepare(config, root, progress)
    if known.get("fingerprint") != data.fingerprint:
        raise RunError(
            f"The reviews in {root} changed since {run.path} was trained; they cannot be divided as they were. "
            f"Of the reviews as they are now: sentiment baseline -c {shlex.quote(str(run.config_path))}"
        )
    return _look_up_or_compute(config, data, progress)


def known_accuracies(config: Config, data: PreparedData, split: str) -> dict[str, float] | None:
    """The accuracies of the linear baselines on one part, by name, as far as they were computed before.

    Args:
        config: as for `baseline`.
        data: the files, those of the part included.
        split: ``validation`` or ``test``.

    Returns:
        None where they are not known.
    """
    return linear_accuracies(read_kept(baseline_key(config, data, refit=config.training.refit), data) or [], split)


def recorded_accuracies(run: Run, split: str) -> dict[str, float] | None:
    """The same by what the record of a run says of its reviews, which are not looked at.

    Raises:
        RunError: the run is damaged.
    """
    record = run.read_record()
    known = record.get("data", {})
    if split == "train" or not known.get("fingerprint") or not run.config_path.exists():
        return None
    config, test = read_config(run, record), known.get("test_fingerprint")
    for splits_off_test in (False, True) if test is None else (False,):
        key = key_of(config, known["fingerprint"], splits_off_test=splits_off_test, refit=config.training.refit)
        if found := linear_accuracies(read_kept_figures(key, test) or [], split):
            return found
    return None


def linear_accuracies(baselines: list[Baseline], split: str) -> dict[str, float] | None:
    """The accuracies of those baselines that read texts, by name; None where none is known on the part."""
    scores = {one.name: one.test if split == "test" else one.validation for one in baselines if one.is_linear}
    return {name: score.accuracy for name, score in scores.items() if score is not None} or None


def _prepare(config: Config, root: Path | None, progress: Progress) -> PreparedData:
    data = prepare_data(
        config.data,
        config.split_seed,
        root=root,
        with_test=config.training.evaluate_test,
        progress=progress,
    )
    for note in data.notes(config.data.encoding_errors):
        progress.note(note)
    return data


def _look_up_or_compute(config: Config, data: PreparedData, progress: Progress) -> BaselineResult:
    key = baseline_key(config, data, refit=config.training.refit)
    with_test = config.training.evaluate_test
    baselines = read_kept(key, data)
    from_cache = baselines is not None and (not with_test or all(one.test for one in baselines))
    if baselines is None or not from_cache:
        baselines = _compute(config, data, progress)
        try:
            keep(key, data, baselines)
        except OSError as error:
            progress.warn(f"{kept_path(key)} cannot be written ({error.strerror}); the figures are not kept")
        except RunError as error:
            progress.warn(f"{error} The figures are not kept")
    elif not with_test:
        baselines = [without_test(one) for one in baselines]
    return BaselineResult(data.layout.root, config.split_seed, data.class_names, baselines, from_cache)


def _compute(config: Config, data: PreparedData, progress: Progress) -> list[Baseline]:
    load_tensorflow()
    from sentiment_cli.baseline.fitting import compute_baselines
    from sentiment_cli.data.loading import load_splits

    progress.phase("reading reviews")
    splits = load_splits(data.layout, config.data, config.split_seed, progress.note)
    test = splits.test() if config.training.evaluate_test else None
    return compute_baselines(
        splits.train,
        splits.validation,
        test,
        split=config.text.split,
        refit=config.training.refit,
        progress=progress,
    )
