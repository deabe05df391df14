"""What directories hold of several trainings for one answer: a ladder, a cross-validation, a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sentiment_cli.errors import RunError
from sentiment_cli.runs import LADDER_FILE, RUNS_DIR, SWEEP_FILE, Run, SeedGroup, is_ladder, is_sweep, safe_name


@dataclass(frozen=True)
class CrossValidation(Run):
    """The directory of a cross-validation: a directory for each fold, and what they come to together."""

    @property
    def record_path(self) -> Path:
        """What is known about it, see `workflows.cross_validation`."""
        return self.path / "cross-validation.json"

    @property
    def out_of_fold_path(self) -> Path:
        """The predictions on all reviews, each by the network of the fold that it is held out in."""
        return self.path / "predictions.csv"

    @property
    def out_of_fold_traits_path(self) -> Path:
        """What can be seen of these reviews without a network."""
        return self.path / "traits.csv"

    @property
    def confusion_matrix_path(self) -> Path:
        """The picture of the predictions."""
        return self.path / "confusion_matrix.png"

    def fold(self, number: int) -> Run:
        """The training without one fold, counted from 1."""
        return Run(self.path / f"fold-{number}")

    def held_out_path(self, number: int) -> Path:
        """The predictions on the reviews of one fold; they are there when its training is done."""
        return self.fold(number).path / "predictions.csv"


@dataclass(frozen=True)
class Ladder(Run):
    """The directory of several ways of training, a group of seeds for each, and what they come to beside each other.

    It is no run: it has no predictions of its own.
    """

    @property
    def record_path(self) -> Path:
        """What is known about it, see `workflows.ladder`."""
        return self.path / LADDER_FILE

    @property
    def picture_path(self) -> Path:
        """How its variants compare."""
        return self.plots_dir / "comparison.png"

    def variant(self, name: str) -> SeedGroup:
        """The group of seeds of one way of training."""
        return SeedGroup(self.path / name)

    @property
    def variants(self) -> list[SeedGroup]:
        """The groups of all its variants, in their order; those that did not begin yet have no directory.

        Raises:
            RunError: the record is missing or damaged.
        """
        rows = self.read_record().get("variants", [])
        for place, row in enumerate(rows):
            if not row.keys() >= {"name", "cell", "bidirectional"}:
                received = ", ".join(row) or "nothing"
                raise RunError(
                    f"{self.record_path}: variants.{place}: expected name, cell and bidirectional, received {received}."
                )
        names = [row["name"] for row in rows]
        if not names or len(set(names)) < len(names) or any(safe_name(name) != name for name in names):
            raise RunError(f"{self.record_path}: variants: expected different names, received {names!r}.")
        return [self.variant(name) for name in names]


@dataclass(frozen=True)
class Sweep(Run):
    """The directory of a search over settings: a run for each trial, and what they come to together.

    It is no run: it has no predictions of its own.
    """

    @property
    def record_path(self) -> Path:
        """What is known about it, see `workflows.sweep`."""
        return self.path / SWEEP_FILE

    @property
    def study_path(self) -> Path:
        """The trials as Optuna keeps them."""
        return self.path / "study.journal"

    @property
    def best_path(self) -> Path:
        """The configuration of the best trial."""
        return self.path / "best.yaml"

    @property
    def picture_path(self) -> Path:
        """What came of the trials, and which settings mattered."""
        return self.plots_dir / "sweep.png"

    def trial(self, name: str) -> Run:
        """The run of one trial."""
        return Run(self.path / name)

    def log_path(self, name: str) -> Path:
        """What the training of a trial said."""
        return self.path / "logs" / f"{name}.txt"


def find_sweep(name: str, directory: Path = RUNS_DIR) -> Sweep | None:
    """The sweep that a user means by its directory, or by its name under ``directory``; None where it is none."""
    return next((Sweep(path) for path in (Path(name), directory / name) if is_sweep(path)), None)


def list_sweeps(directory: Path = RUNS_DIR) -> list[Sweep]:
    """The sweeps in a directory, by name."""
    return [Sweep(path) for path in _visible(directory) if is_sweep(path)]


def find_ladder(name: str, directory: Path = RUNS_DIR) -> Ladder | None:
    """The ladder that a user means by its directory, or by its name under ``directory``; None where it is none."""
    return next((Ladder(path) for path in (Path(name), directory / name) if is_ladder(path)), None)


def list_ladders(directory: Path = RUNS_DIR) -> list[Ladder]:
    """The ladders in a directory, by name."""
    return [Ladder(path) for path in _visible(directory) if is_ladder(path)]


def _visible(directory: Path) -> list[Path]:
    paths = sorted(directory.iterdir()) if directory.is_dir() else []
    return [path for path in paths if not path.name.startswith(".")]
