"""What a run directory holds: the one place that knows the name of every file in it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import write_json
from sentiment_cli.errors import RunError
from sentiment_cli.run_record import find_fault

RUNS_DIR = Path("runs")
SEEDS_FILE = "seeds.json"
LADDER_FILE = "ladder.json"
SWEEP_FILE = "sweep.json"
MOST_SEED = 2**31 - 1
SPLITS = ("train", "validation", "test")
# Windows forbids these in names; so do we everywhere, that a run can be copied there.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


@dataclass(frozen=True)
class Run:
    """A run directory.

    Args:
        path: the directory itself; it need not exist yet.
    """

    path: Path

    @property
    def name(self) -> str:
        """The directory's name; of a run in a group of seeds, a ladder or a sweep with that before it."""
        path, group = self.path.resolve(), self.group
        if group:
            return f"{group.name}/{path.name}"
        is_one_of_several = is_ladder(path.parent) or is_sweep(path.parent)
        return f"{path.parent.name}/{path.name}" if is_one_of_several else path.name

    @property
    def group(self) -> SeedGroup | None:
        """The group of seeds that the run is in; None where it stands alone."""
        group = SeedGroup(self.path.resolve().parent)
        return group if group.record_path.is_file() else None

    @property
    def config_path(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.yaml"

    @property
    def record_path(self) -> Path:
        """What is known about the run, see `workflows.record`."""
        return self.path / "run.json"

    @property
    def lock_path(self) -> Path:
        """Held by the process that writes the run."""
        return self.path / ".lock"

    @property
    def history_path(self) -> Path:
        """The figures of every epoch."""
        return self.path / "history.csv"

    @property
    def batches_path(self) -> Path:
        """The figures of the steps."""
        return self.path / "batches.csv"

    @property
    def metrics_path(self) -> Path:
        """The evaluations on the run's own data, by split."""
        return self.path / "metrics.json"

    @property
    def vocabulary_path(self) -> Path:
        """The tokens in the order of their ids."""
        return self.path / "vocabulary.json"

    @property
    def model_path(self) -> Path:
        """The model end to end, for others."""
        return self.path / "model.keras"

    @property
    def checkpoints_dir(self) -> Path:
        """What the training goes on from, and the best epochs, see `training.checkpoints`."""
        return self.path / "checkpoints"

    @property
    def refit(self) -> Run:
        """The training on train and validation together: its checkpoints and history, in a directory of its own."""
        return Run(self.path / "refit")

    @property
    def tensorboard_dir(self) -> Path:
        """Events for TensorBoard, where ``training.tensorboard`` asks for them."""
        return self.path / "tensorboard"

    @property
    def plots_dir(self) -> Path:
        """The pictures."""
        return self.path / "plots"

    def predictions_path(self, split: str) -> Path:
        """The predictions on one part of the run's own data."""
        return self.path / f"predictions-{split}.csv"

    def traits_path(self, split: str) -> Path:
        """What can be seen of the reviews of one part without the network, see `analysis.traits`."""
        return self.path / f"traits-{split}.csv"

    def attributions_path(self, split: str) -> Path:
        """What the words added to predictions on one part, where that was asked for, see `analysis.attributions`."""
        return self.path / f"attributions-{split}.jsonl"

    def result_paths(self, split: str) -> tuple[Path, Path, Path]:
        """What an evaluation on one part leaves, the figures and pictures of all parts aside."""
        return self.predictions_path(split), self.traits_path(split), self.attributions_path(split)

    @property
    def cross_validation_dir(self) -> Path:
        """Predictions of all training reviews by networks that have not learned them."""
        return self.path / "cross-validation"

    @property
    def probes_path(self) -> Path:
        """What the probes of behaviour found."""
        return self.path / "probes.json"

    @property
    def evaluations_dir(self) -> Path:
        """The evaluations on other data."""
        return self.path / "evaluations"

    @property
    def exports_dir(self) -> Path:
        """The network as files for other programs, where no other place was asked for."""
        return self.path / "exports"

    def export_dir(self, name: str) -> Path:
        """One of these exports."""
        return self.exports_dir / name

    def report_path(self, split: str) -> Path:
        """The page about one part of its own data."""
        return self.path / ("report.html" if split == "test" else f"report-{split}.html")

    def evaluation_dir(self, name: str) -> Path:
        """Where the evaluation on other data, called ``name``, is kept."""
        return self.evaluations_dir / name

    def read_record(self) -> dict[str, Any]:
        """The contents of ``run.json``.

        Raises:
            RunError: it is missing, is not a JSON object, or has a value of another kind.
        """
        try:
            record = _read_json(self.record_path)
        except FileNotFoundError:
            raise RunError(f"{self.path} is not a run: it has no {self.record_path.name}.") from None
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{self.record_path} cannot be read: {error}") from error
        if not isinstance(record, dict):
            raise RunError(f"{self.record_path}: expected a JSON object, received {type(record).__name__}.")
        fault = find_fault(record)
        if fault:
            raise RunError(f"{self.record_path}: {fault}.")
        return record

    def write_record(self, record: dict[str, Any]) -> None:
        """Replace ``run.json``."""
        write_json(self.record_path, record)

    def read_metrics(self) -> dict[str, Any]:
        """The evaluations made so far by split; empty when there are none.

        Raises:
            RunError: the file is damaged.
        """
        if not self.metrics_path.exists():
            return {}
        try:
            metrics = _read_json(self.metrics_path)
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"{self.metrics_path} cannot be read: {error}") from error
        if not isinstance(metrics, dict) or not all(isinstance(figures, dict) for figures in metrics.values()):
            raise RunError(f"{self.metrics_path}: expected a JSON object of objects.")
        return metrics


@dataclass(frozen=True)
class SeedGroup(Run):
    """The directory of several runs that differ in their seeds alone, with the files of their ensemble.

    It has the files of a run but for the network and the history: those of its runs stand for them.
    """

    @property
    def record_path(self) -> Path:
        """What is known about the group, see `workflows.seeds`."""
        return self.path / SEEDS_FILE

    def member(self, seed: int) -> Run:
        """The run of one seed."""
        return Run(self.path / f"seed-{seed}")

    @property
    def members(self) -> list[Run]:
        """The runs of all its seeds, in their order; those that did not begin yet have no directory.

        Raises:
            RunError: the group's record is missing or damaged.
        """
        seeds = self.read_record().get("seeds")
        if not seeds or len(set(seeds)) < len(seeds) or not all(0 <= seed <= MOST_SEED for seed in seeds):
            raise RunError(
                f"{self.record_path}: seeds: expected a list of different whole numbers from 0 to {MOST_SEED}, "
                f"received {seeds!r}."
            )
        return [self.member(seed) for seed in seeds]


def evaluation_paths(directory: Path) -> tuple[Path, Path, Path]:
    """What `Run.result_paths` are of a part, in the directory of an evaluation that has one."""
    return directory / "predictions.csv", directory / "traits.csv", directory / "attributions.jsonl"


def evaluation_report_path(directory: Path) -> Path:
    """The page about an evaluation on other data."""
    return directory / "report.html"


def is_ladder(path: Path) -> bool:
    """Whether a directory holds groups of seeds that were trained to be compared, see `run_sets`."""
    return (path / LADDER_FILE).is_file()


def is_sweep(path: Path) -> bool:
    """Whether a directory holds the trials of a search over settings, see `run_sets`."""
    return (path / SWEEP_FILE).is_file()


def open_run(path: Path) -> Run | None:
    """The run or the group of seeds that a directory is; None where it is neither."""
    return next((run for run in (Run(path), SeedGroup(path)) if run.record_path.is_file()), None)


def single_runs(runs: Iterable[Run]) -> list[Run]:
    """The same runs, with those of its seeds in the place of each group.

    Raises:
        RunError: the record of a group is missing or damaged.
    """
    return [single for run in runs for single in (run.members if isinstance(run, SeedGroup) else [run])]


def new_run(name: str, directory: Path = RUNS_DIR) -> Run:
    """A run directory that does not exist yet: ``name``, or ``name-2``, ``name-3`` and so on."""
    safe = safe_name(name)
    path, number = directory / safe, 1
    while path.exists():
        number += 1
        path = directory / f"{safe}-{number}"
    return Run(path)


def safe_name(name: str) -> str:
    """``name`` with what file systems do not take replaced by ``_``; never empty, never hidden."""
    return _UNSAFE.sub("_", name).strip(" .")[:100].rstrip(" .") or "run"


def _read_json(path: Path) -> Any:
    """JSON has no NaN and no infinity, and no number here is beyond 64 bits; Python would read them all the same."""

    def refuse(text: str) -> Any:
        raise ValueError(f"{text[:20]} is no number that a run has")

    def whole(text: str) -> Any:
        return int(text) if len(text) < len(str(2**63)) else refuse(text)

    def real(text: str) -> Any:
        return float(text) if math.isfinite(float(text)) else refuse(text)

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse, parse_float=real, parse_int=whole)
