"""List the wrong predictions of a run, those that another run makes differently, and the labels to doubt.

None of it needs TensorFlow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sentiment_cli.analysis.selection import Selection, select
from sentiment_cli.analysis.suspects import LabelNoise, Suspect, find_suspects
from sentiment_cli.analysis.versus import OUTCOMES, Change, Outcome, Versus, compare_mistakes
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.misclassified import Misclassified
from sentiment_cli.runs import Run
from sentiment_cli.workflows.compare import check_same_contents
from sentiment_cli.workflows.kept_part import KeptPart, open_held_out, open_other, open_part

Item = TypeVar("Item")


@dataclass(frozen=True)
class Against:
    """The run that another one is compared with.

    Args:
        run: it.
        names: of the run that is looked at, and of this one: their names, or their paths where those are the same.
        versus: what was counted.
        matches: how many reviews of each outcome meet the conditions.
    """

    run: Run
    names: tuple[str, str]
    versus: Versus
    matches: dict[Outcome, int]


@dataclass(frozen=True)
class Listing:
    """A list of reviews of one part of a run's data.

    Args:
        part: what the run keeps of it.
        selection: what was asked for.
        rows: the reviews, in order, at most as many as asked for.
        matches: how many meet the conditions.
        unread: how many of those whose text was to contain something have none, because their file is gone.
        against: the comparison with another run, where there is one.
        noise: what was found about the labels, where they are doubted.
    """

    part: KeptPart
    selection: Selection
    rows: list[Misclassified]
    matches: int
    unread: int = 0
    against: Against | None = None
    noise: LabelNoise | None = None

    @property
    def run(self) -> Run:
        """The run."""
        return self.part.run

    @property
    def split(self) -> str:
        """The part."""
        return self.part.split

    @property
    def examples(self) -> int:
        """Number of reviews in the part."""
        return len(self.part.predictions)

    @property
    def wrong(self) -> int:
        """Number of wrong predictions on it."""
        return len(self.part.wrong)

    @property
    def data_root(self) -> Path:
        """Where the texts were looked for."""
        return self.part.data_root

    @property
    def missing_texts(self) -> int:
        """How many of the rows have no text, because their file is gone."""
        return sum(row.text is None for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """The object of ``misclassified --json``."""
        head = {"run": str(self.run.path), "split": self.split, "examples": self.examples, "wrong": self.wrong}
        facts: dict[str, Any] = {"matches": self.matches}
        if self.against:
            facts["vs"] = _against_values(self.against)
        if self.noise:
            facts["labels"] = _noise_values(self.noise)
        key = "suspects" if self.noise else "misclassified"
        return {**head, **facts, key: [row.to_dict() for row in self.rows]}


def list_misclassified(
    run: Run,
    *,
    split: str = "test",
    source: str | None = None,
    top: int | None = None,
    selection: Selection | None = None,
) -> Listing:
    """The wrong predictions of a run.

    Args:
        run: the run.
        split: ``train``, ``validation`` or ``test``.
        source: other data that the run was evaluated on, in place of a part of its own.
        top: at most so many; None: all. It is for callers who have nothing else to ask for.
        selection: what is asked for; None: all, the most confident first.

    Raises:
        RunError: that part was not evaluated, or a table is damaged.
        UsageError: the selection asks for a class that the run does not have.
    """
    part = _open(run, split, source)
    selection = selection or Selection(sort="confidence", top=top)
    found, unread = _select(part, part.wrong, selection, lambda row: row)
    shown = found[: selection.top]
    return Listing(part, selection, _rows(part, shown), len(found), unread)


def list_changes(
    run: Run,
    other: Run,
    *,
    split: str = "test",
    source: str | None = None,
    selection: Selection | None = None,
    show: Outcome | None = None,
) -> Listing:
    """The reviews that one of two runs gets wrong: what the run broke, what it fixed, and what neither can.

    Conditions are on the wrong prediction: the other run's, where it was fixed.

    Args:
        run: the run that is looked at.
        other: the one that it is compared with.
        split: the part of both.
        source: other data that both were evaluated on.
        selection: what is asked for; ``top`` is of each outcome. None: all, the most confident first.
        show: one outcome alone; None: all three.

    Raises:
        RunError: a part was not evaluated, a table is damaged, or the runs do not have the same reviews and classes.
        UsageError: the selection asks for a class that the runs do not have.
    """
    part, others = (_open(each, split, source) for each in (run, other))
    names = (str(run.path), str(other.path)) if run.name == other.name else (run.name, other.name)
    versus = compare_mistakes(part.predictions, others.predictions, names)
    if source is None:
        check_same_contents(run, other, split, names)
    selection = selection or Selection(sort="confidence")
    found, unread = _select(part, versus.changes, selection, lambda change: change.mistake)
    matches = Counter(change.outcome for change in found)
    outcomes = (show,) if show else OUTCOMES
    shown = [
        change
        for outcome in outcomes
        for change in [each for each in found if each.outcome == outcome][: selection.top]
    ]
    rows = _rows(part, [change.pair.first for change in shown], changes=shown)
    counted = {outcome: matches[outcome] for outcome in OUTCOMES}
    against = Against(other, names, versus, counted)
    return Listing(part, selection, rows, sum(counted[outcome] for outcome in outcomes), unread, against)


def list_suspects(
    run: Run, *, split: str = "test", source: str | None = None, selection: Selection | None = None
) -> Listing:
    """The labels that are likely wrong, see `analysis.suspects`.

    Args:
        run: the run.
        split: ``test`` or ``validation``; for ``train`` a cross-validation stands, which is of the training and
            validation part together, since a network's predictions of what it has learned only repeat the labels.
        source: other data that the run was evaluated on.
        selection: what is asked for; None: all, the most suspect first.

    Raises:
        RunError: the part was not evaluated, there was no cross-validation, or a table is damaged.
        UsageError: the selection asks for a class that the run does not have.
    """
    part = open_held_out(run) if split == "train" and source is None else _open(run, split, source)
    selection = selection or Selection()
    noise = find_suspects(part.predictions)
    found, unread = _select(part, noise.suspects, selection, lambda suspect: suspect.prediction)
    shown = found[: selection.top]
    rows = _rows(part, [suspect.prediction for suspect in shown], suspects=shown)
    return Listing(part, selection, rows, len(found), unread, noise=noise)


def _open(run: Run, split: str, source: str | None) -> KeptPart:
    return open_part(run, split) if source is None else open_other(run, source)


def _select(
    part: KeptPart, items: Sequence[Item], selection: Selection, prediction: Callable[[Item], Prediction]
) -> tuple[list[Item], int]:
    """What meets the conditions, and how many could not be looked into because their text is gone."""
    selection.check(part.class_names)
    asked: list[str | None] = []

    def text(item: Item) -> str | None:
        asked.append(part.text(prediction(item).path))
        return asked[-1]

    found = select(items, selection, prediction=prediction, text=text)
    return found, asked.count(None)


def _rows(
    part: KeptPart,
    predictions: Sequence[Prediction],
    *,
    changes: Sequence[Change] = (),
    suspects: Sequence[Suspect] = (),
) -> list[Misclassified]:
    traits, kept = part.traits(predictions), part.attributions(predictions)
    return [
        Misclassified(
            prediction=row,
            text=part.text(row.path),
            traits=traits[row.path],
            attribution=kept.get(row.path),
            change=changes[index] if changes else None,
            suspect=suspects[index] if suspects else None,
        )
        for index, row in enumerate(predictions)
    ]


def _against_values(against: Against) -> dict[str, Any]:
    counts = against.versus.counts
    return {
        "run": str(against.run.path),
        "both_right": counts.both_right,
        "broken": counts.only_second,
        "fixed": counts.only_first,
        "both_wrong": counts.both_wrong,
        "difference": counts.difference,
        "difference_interval": list(against.versus.difference_interval),
        "p_value": against.versus.p_value,
        "matches": {outcome.replace("-", "_"): count for outcome, count in against.matches.items()},
    }


def _noise_values(noise: LabelNoise) -> dict[str, Any]:
    thresholds = noise.thresholds.tolist()
    return {
        "class_names": noise.class_names,
        "suspects": len(noise.suspects),
        "estimated_errors": noise.estimated_errors,
        "thresholds": {
            name: None if value != value else value for name, value in zip(noise.class_names, thresholds, strict=True)
        },
        "confident_joint": noise.confident_joint.tolist(),
        "joint": noise.joint.tolist(),
    }
