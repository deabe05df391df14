"""What a report is made from: everything of a run that is in its files, read by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sentiment_cli.analysis.attributions import Attribution
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.predictions import Prediction
from sentiment_cli.history import History

# Of which reviews the page has the texts: of those that one of the runs gets wrong, of all, of none.
TextChoice = Literal["wrong", "all", "none"]
TEXT_CHOICES: tuple[TextChoice, ...] = ("wrong", "all", "none")


@dataclass(frozen=True)
class Curve:
    """The history of one training.

    Args:
        name: of the run; for a run in a group of seeds that of its directory.
        history: its epochs so far.
        sentence: what they show.
    """

    name: str
    history: History
    sentence: str


@dataclass(frozen=True)
class RunFiles:
    """What is known of a run or of a group of seeds; what its files do not say is empty or None.

    Args:
        name: what it is called on the page.
        path: its directory, as commands take it.
        record: ``run.json``; of a group ``seeds.json``, with what its first run knows besides.
        configuration: ``config.yaml``.
        metrics: ``metrics.json``, by split.
        curves: of its training; of a group one for each seed.
        predictions: on the part that the report is about, in the order of the reviews.
        validation: on the validation part.
        traits: of the reviews of that part, by path.
        texts: likewise; a review whose file is gone has none.
        attributions: what words added to predictions, by path.
        probes: ``probes.json``.
        linear: the accuracies of the linear baselines on that part, by name.
        missing: what a reader might look for and will not find, and the command that makes it; sentences.
    """

    name: str
    path: str
    record: Mapping[str, Any]
    configuration: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    curves: Sequence[Curve] = ()
    predictions: Sequence[Prediction] = ()
    validation: Sequence[Prediction] = ()
    traits: Mapping[str, Traits] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    attributions: Mapping[str, Attribution] = field(default_factory=dict)
    probes: Mapping[str, Any] | None = None
    linear: Mapping[str, float] | None = None
    missing: Sequence[str] = ()

    @property
    def is_group(self) -> bool:
        """Whether it is a group of seeds."""
        return "seeds" in self.record

    @property
    def class_names(self) -> list[str]:
        """In the order of the labels; empty where nothing says so yet."""
        if self.predictions:
            return list(self.predictions[0].probabilities)
        return list(self.record.get("class_names") or [])
