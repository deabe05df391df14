"""What a report is made from: everything of a run that is in its files, read by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sentiment_cli.analysis.attributions import Span
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.diagnosis import Finding
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.history import History
from sentiment_cli.seeds import Member

# Of which reviews the page has the texts: of those that one of the runs gets wrong, of all, of none.
TextChoice = Literal["wrong", "all", "none"]
TEXT_CHOICES: tuple[TextChoice, ...] = ("wrong", "all", "none")


@dataclass(frozen=True)
class Curve:
    """The history of one training.

    Args:
        name: of the run; for a run in a group of seeds that of its directory.
        history: its epochs so far.
        findings: what they show, the most telling first.
    """

    name: str
    history: History
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class Missing:
    """Something that a reader might look for and will not find.

    Args:
        what: a sentence.
        command: what makes it; None where nothing does.
    """

    what: str
    command: str | None = None

    def __str__(self) -> str:
        """One line."""
        return f"{self.what} {self.command}" if self.command else self.what


@dataclass(frozen=True)
class RunFiles:
    """What is known of a run or of a group of seeds; what its files do not say is empty or None.

    Args:
        name: what it is called on the page.
        path: its directory, as commands take it.
        record: ``run.json``; of a group ``seeds.json``, with what its first run knows besides.
        configuration: ``config.yaml``.
        metrics: ``metrics.json``, by split.
        members: of a group of seeds, its runs; of a single run none.
        curves: of its training; of a group one for each seed.
        predictions: on the part that the report is about, in the order of the reviews.
        validation: on the validation part.
        traits: of the reviews of that part, by path.
        texts: likewise; a review whose file is gone has none.
        data_root: what the paths of those reviews are relative to.
        spans: what words added to the predictions of reviews whose texts are shown, by path.
        has_words: whether the run keeps what words added.
        probes: ``probes.json``, see `probes.outcomes.ProbeReport.to_dict`.
        linear: the accuracies of the linear baselines on that part, by name.
        knows_copies: whether the traits say which reviews are copies of training reviews.
        missing: what is not there.
    """

    name: str
    path: str
    record: Mapping[str, Any]
    configuration: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    members: Sequence[Member] = ()
    curves: Sequence[Curve] = ()
    predictions: Sequence[Prediction] = ()
    validation: Sequence[Prediction] = ()
    traits: Mapping[str, Traits] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    data_root: str = ""
    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    has_words: bool = False
    probes: Mapping[str, Any] | None = None
    linear: Mapping[str, float] | None = None
    knows_copies: bool = True
    missing: Sequence[Missing] = ()

    @property
    def is_group(self) -> bool:
        """Whether it is a group of seeds."""
        return bool(self.members)

    @property
    def class_names(self) -> list[str]:
        """In the order of the labels; empty where nothing says so yet."""
        if self.predictions:
            return list(self.predictions[0].probabilities)
        return list(self.record.get("class_names") or [])
