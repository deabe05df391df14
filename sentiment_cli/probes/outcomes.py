"""What the probes came to: counts, failure rates with their intervals, the worst cases; and how a run keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from sentiment_cli.atomic import write_json
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.intervals import accuracy_interval

FORMAT_VERSION = 1
Source = Literal["templates", "reviews"]


@dataclass(frozen=True)
class Failure:
    """A case in which the network did not do as expected.

    Args:
        texts: one text, or a text and what became of it.
        expected: what was expected, in words.
        predicted: the class of each text.
        watched: the class, or ``not`` a class, whose probabilities follow.
        probabilities: in each text.
        severity: the larger, the worse.
        path: of the review that it was made of; None: of a template.
    """

    texts: tuple[str, ...]
    expected: str
    predicted: tuple[str, ...]
    watched: str
    probabilities: tuple[float, ...]
    severity: float
    path: str | None = None


@dataclass(frozen=True)
class ProbeOutcome:
    """What one probe came to.

    Args:
        suite: the file that it is from, without its ending.
        name: of the probe.
        capability: what of the language it is about.
        type: ``mft``, ``inv`` or ``dir``.
        description: what should be so.
        source: whether its cases are of its templates or of the run's reviews.
        cases: number of cases.
        failures: of those.
        unknown: share of the words of its texts that the network does not know; None without cases.
        worst: some of the failures, the worst first.
        labels: cases and failures by the label of the templates; empty for invariance. A network that always says the
            same fails in all of one label and in none of the other.
        skipped: why there are no cases; None where there are some.
    """

    suite: str
    name: str
    capability: str
    type: str
    description: str
    source: Source
    cases: int = 0
    failures: int = 0
    unknown: float | None = None
    worst: tuple[Failure, ...] = ()
    labels: dict[str, tuple[int, int]] = field(default_factory=dict)
    skipped: str | None = None

    @property
    def failure_rate(self) -> float | None:
        """In [0, 1]; None without cases."""
        return self.failures / self.cases if self.cases else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the failure rate (Wilson), as if each case were drawn by itself; None without cases."""
        return accuracy_interval(self.failures, self.cases) if self.cases else None

    @property
    def title(self) -> str:
        """For people: ``film/typos``, ``film/typos on reviews``."""
        return f"{self.suite}/{self.name}{' on reviews' if self.source == 'reviews' else ''}"

    @property
    def names(self) -> tuple[str, str, str]:
        """All that the probe can be called, see `probes.selection`."""
        return self.name, f"{self.suite}/{self.name}", self.capability

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        interval = self.interval
        return {
            **asdict(self),
            "labels": {label: list(counts) for label, counts in self.labels.items()},
            "failure_rate": self.failure_rate,
            "failure_interval": None if interval is None else list(interval),
        }


@dataclass(frozen=True)
class Reference:
    """What a network says of sentences without an opinion: its zero, to read failure rates by.

    Args:
        watched: the class whose probability it is.
        sentences: number of them.
        mean: mean probability.
        low: least one.
        high: largest one.
    """

    watched: str
    sentences: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ProbeReport:
    """What all probes came to, and what decided the cases.

    Args:
        outcomes: in the order of the files, those on reviews after those on templates.
        seed: of the cases.
        cases: at most so many a probe.
        frame: words around each text of a template; 0: none.
        split: the part whose reviews were changed; None: none were.
        polarity: class names by pole.
        neutral: what the network says of neutral sentences, by file.
    """

    outcomes: tuple[ProbeOutcome, ...]
    seed: int
    cases: int
    frame: int
    split: str | None
    polarity: dict[str, str | None]
    neutral: dict[str, Reference] = field(default_factory=dict)

    @property
    def tested(self) -> list[ProbeOutcome]:
        """Those with cases."""
        return [outcome for outcome in self.outcomes if outcome.cases]

    @property
    def skipped(self) -> list[ProbeOutcome]:
        """Those without."""
        return [outcome for outcome in self.outcomes if not outcome.cases]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        values = {name: value for name, value in vars(self).items() if name not in ("outcomes", "neutral")}
        neutral = {name: asdict(reference) for name, reference in self.neutral.items()}
        return {**values, "neutral": neutral, "probes": [outcome.to_dict() for outcome in self.outcomes]}


def by_capability(outcomes: Sequence[ProbeOutcome]) -> dict[str, list[ProbeOutcome]]:
    """Outcomes by capability, both in the order of their first."""
    grouped: dict[str, list[ProbeOutcome]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome.capability, []).append(outcome)
    return grouped


def write_report(path: Path, report: ProbeReport) -> None:
    """Write what the probes came to, whole or not at all."""
    write_json(path, {"format_version": FORMAT_VERSION, **report.to_dict()})


def read_report(path: Path) -> ProbeReport:
    """Read what `write_report` wrote.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return ProbeReport(
            outcomes=tuple(_outcome(row) for row in values["probes"]),
            seed=int(values["seed"]),
            cases=int(values["cases"]),
            frame=int(values["frame"]),
            split=values["split"],
            polarity=dict(values["polarity"]),
            neutral={str(name): Reference(**row) for name, row in values["neutral"].items()},
        )
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({type(error).__name__}: {error}). Make it anew: sentiment probe") from None


def _outcome(row: dict[str, Any]) -> ProbeOutcome:
    own = {name: value for name, value in row.items() if name not in ("failure_rate", "failure_interval")}
    labels = {label: (int(cases), int(failures)) for label, (cases, failures) in row["labels"].items()}
    worst = tuple(_failure(failure) for failure in row["worst"])
    outcome = ProbeOutcome(**{**own, "labels": labels, "worst": worst})
    if not 0 <= outcome.failures <= outcome.cases:
        raise ValueError(f"{outcome.failures} failures of {outcome.cases} cases")
    return outcome


def _failure(row: dict[str, Any]) -> Failure:
    lists = {name: tuple(row[name]) for name in ("texts", "predicted", "probabilities")}
    return Failure(**{**row, **lists})
