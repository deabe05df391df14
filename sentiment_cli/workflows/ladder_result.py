"""What a ladder came to: a row for each variant, and how they stand to each other, from its files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sentiment_cli.baseline.scores import MAJORITY
from sentiment_cli.run_sets import Ladder
from sentiment_cli.runs import SeedGroup
from sentiment_cli.seeds import Member, Spread, over_seeds, read_member
from sentiment_cli.workflows.compare import RARE, p_text
from sentiment_cli.workflows.results import DryRun
from sentiment_cli.workflows.standing import Standing, compare_many


@dataclass(frozen=True)
class Rung:
    """What one variant came to.

    Args:
        variant: its name, cell and direction.
        parameters: of one network; None before one was built.
        members: a training for each seed.
    """

    variant: dict[str, Any]
    parameters: int | None
    members: list[Member]

    @property
    def seconds(self) -> float | None:
        """Of a training, on average over those that ended."""
        known = [member.seconds for member in self.members if member.seconds is not None]
        return round(sum(known) / len(known), 3) if known else None

    def accuracy(self, split: str) -> Spread | None:
        """Mean and spread over the seeds on ``validation`` or ``test``; None where that was not evaluated."""
        figures = over_seeds(self.members, split)
        return figures["accuracy"] if figures else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        spreads = {split: over_seeds(self.members, split) for split in ("validation", "test")}
        return {
            **self.variant,
            "parameters": self.parameters,
            "seconds": self.seconds,
            "over_seeds": {
                split: figures and {name: asdict(spread) for name, spread in figures.items()}
                for split, figures in spreads.items()
            },
            "members": [member.to_dict() for member in self.members],
        }


@dataclass(frozen=True)
class LadderResult:
    """What a ladder came to.

    Args:
        ladder: where its files are.
        status: ``running``, ``finished``, ``interrupted`` or ``failed``.
        stop_reason: why it ended; None where it did not, or was killed.
        rungs: a variant each, in order.
        standing: how the variants compare, on test or else on validation; None before all are trained.
        baselines: the accuracies of simple models, by name and part.
        exit_code: 0, or what the signal asks for when interrupted.
    """

    ladder: Ladder
    status: str
    stop_reason: str | None
    rungs: list[Rung]
    standing: Standing | None
    baselines: dict[str, dict[str, float | None]]
    exit_code: int = 0

    @property
    def trained(self) -> tuple[int, int]:
        """How many trainings have finished, and of how many."""
        statuses = [member.status for rung in self.rungs for member in rung.members]
        return statuses.count("finished"), len(statuses)

    @property
    def sentence(self) -> str | None:
        """What may be concluded, in plain words; None before all are trained."""
        if self.standing is None:
            return None
        return " ".join(filter(None, [self.standing.sentence, self._about_directions(self.standing)]))

    def _about_directions(self, standing: Standing) -> str:
        """What reading in both directions is worth, for each cell that was trained with it and without."""
        names = {(rung.variant["cell"], rung.variant["bidirectional"]): rung.variant["name"] for rung in self.rungs}
        said = []
        for cell in dict.fromkeys(cell for cell, _ in names):
            both, one = names.get((cell, True), ""), names.get((cell, False), "")
            if pairing := standing.between(both, one):
                gain = pairing.difference if pairing.first == both else -pairing.difference
                what = "could be luck" if pairing.verdict_p >= RARE else "is more than chance makes likely"
                said.append(f"{gain:+.4f} for {cell} ({p_text(pairing.verdict_p)}), which {what}")
        return f"To read in both directions is worth {'; '.join(said)}." if said else ""

    def to_dict(self) -> dict[str, Any]:
        """The object of ``compare -c --json`` and ``compare LADDER --json``."""
        return {
            "ladder": str(self.ladder.path),
            "status": self.status,
            "stop_reason": self.stop_reason,
            "variants": [rung.to_dict() for rung in self.rungs],
            "baselines": self.baselines,
            "sentence": self.sentence,
            "comparison": self.standing and self.standing.to_dict(),
            "picture": str(self.ladder.picture_path) if self.standing else None,
        }


@dataclass(frozen=True)
class LadderPlan:
    """What a ladder would train.

    Args:
        ladder: where it would go.
        seeds: of each variant.
        evaluate_test: whether the test part would be read in the end.
        reports: what one training of each variant would be, by its name.
    """

    ladder: Ladder
    seeds: list[int]
    evaluate_test: bool
    reports: dict[str, DryRun]

    @property
    def expected_seconds(self) -> float:
        """Of all trainings, without their validation and the test."""
        return round(len(self.seeds) * sum(report.expected_seconds for report in self.reports.values()), 1)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``compare -c --dry-run --json``."""
        return {
            "ladder": str(self.ladder.path),
            "seeds": self.seeds,
            "evaluate_test": self.evaluate_test,
            "expected_seconds": self.expected_seconds,
            "variants": {name: report.to_dict() for name, report in self.reports.items()},
        }


def read_ladder(ladder: Ladder, *, split: str | None = None) -> LadderResult:
    """What a ladder came to, from its files, without TensorFlow.

    Args:
        ladder: the ladder.
        split: the part that the variants are compared on; None: test, or validation where test was not to be read.

    Raises:
        RunError: a file is missing or damaged.
    """
    record = ladder.read_record()
    groups = ladder.variants
    seeds = record.get("seeds", [])
    rungs = [_rung(group, row, seeds) for group, row in zip(groups, record["variants"], strict=True)]
    standing, status = None, str(record.get("status"))
    chosen = split or compared_split(record)
    if status == "finished" or split is not None:
        names = [row["name"] for row in record["variants"]]
        linear = _linear(record, chosen)
        standing = compare_many(groups, split=chosen, against="best", linear=linear, names=names)
    return LadderResult(ladder, status, record.get("stop_reason"), rungs, standing, record.get("baselines", {}))


def compared_split(record: dict[str, Any]) -> str:
    """The part that the variants of a ladder are compared on."""
    return "test" if record.get("evaluate_test") else "validation"


def _linear(record: dict[str, Any], split: str) -> dict[str, float]:
    """The accuracies of the baselines that read texts."""
    known = {name: row.get(split) for name, row in record.get("baselines", {}).items() if name != MAJORITY}
    return {name: accuracy for name, accuracy in known.items() if accuracy is not None}


def _rung(group: SeedGroup, row: dict[str, Any], seeds: list[int]) -> Rung:
    runs = [group.member(seed) for seed in seeds]
    known = [run.read_record().get("parameters") for run in runs if run.record_path.exists()]
    parameters = next((value for value in known if value is not None), None)
    variant = {**row, "run": str(group.path)}
    return Rung(variant, parameters, [read_member(run, seed) for run, seed in zip(runs, seeds, strict=True)])
