"""What does a list say of each review: its prediction, its text, why that may be, and the words behind it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_cli.analysis.attributions import MOST, Attribution, Span, strongest
from sentiment_cli.analysis.reasons import describe_reasons
from sentiment_cli.analysis.suspects import Suspect
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.analysis.versus import Change
from sentiment_cli.data.contents import Policy
from sentiment_cli.data.review_files import ReviewFiles
from sentiment_cli.evaluation.predictions import Prediction

COLUMNS = (
    *("id", "path", "text", "actual", "predicted", "probability", "loss"),
    *("tokens", "cut", "unknown_share", "negations", "rating", "copy_of", "reasons", "words"),
)
CHANGE_COLUMNS = ("outcome", "other_predicted", "other_probability", "other_loss")
SUSPECT_COLUMNS = ("suggested", "self_confidence", "margin")


@dataclass(frozen=True)
class Misclassified:
    """A review in a list.

    Args:
        prediction: the row of the run's table.
        text: the review; None where the file is gone or cannot be read.
        traits: what can be seen of it.
        attribution: what its words added to the log-odds of the predicted class; None where that is not kept.
        change: how another run fares on it, where two are compared.
        suspect: what is wrong with its label, where labels are doubted.
    """

    prediction: Prediction
    text: str | None
    traits: Traits
    attribution: Attribution | None = None
    change: Change | None = None
    suspect: Suspect | None = None

    @property
    def reasons(self) -> list[str]:
        """What about it may have made a network fail, see `analysis.reasons`; the other's, where that was fixed."""
        return describe_reasons(self.change.mistake if self.change else self.prediction, self.traits)

    @property
    def spans(self) -> Sequence[Span]:
        """The words with what each added; none where that is not kept."""
        return self.attribution.spans if self.attribution else ()

    @property
    def facts(self) -> list[str]:
        """What is counted of it, a phrase each."""
        row, traits = self.prediction, self.traits
        counted = [_count(row.tokens, "word")]
        if row.cut:
            counted.append(f"{row.cut:,} cut")
        counted.append(f"{100 * row.unknown_share:.0f} % unknown")
        if traits.negations is not None:
            counted.append(_count(traits.negations, "negation"))
        if traits.rating is not None:
            counted.append(f"{traits.rating} of 10 stars")
        return counted

    def words(self, count: int = MOST) -> list[tuple[str, float]] | None:
        """The words that did the most for the predicted class, or against it (below 0); None where that is not kept."""
        if self.text is None or self.attribution is None:
            return None
        kept = self.attribution.strongest if count <= MOST else ()
        return list(kept[:count]) or strongest(self.text, self.attribution.spans, count)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the first seven are those that every list of predictions has."""
        row, words = self.prediction, self.words()
        # Plus zero, since a score below it may round to -0.0.
        return {
            "id": row.id,
            "path": row.path,
            "text": self.text,
            "actual": row.actual,
            "predicted": row.predicted,
            "probability": row.probability,
            "loss": row.loss,
            "tokens": row.tokens,
            "cut": row.cut,
            "unknown_share": round(row.unknown_share, 4),
            "negations": self.traits.negations,
            "rating": self.traits.rating,
            "copy_of": self.traits.copy_of,
            "reasons": self.reasons,
            "words": None if words is None else [[word, round(score, 4) + 0.0] for word, score in words],
            **(_change_values(self.change) if self.change else {}),
            **(_suspect_values(self.suspect) if self.suspect else {}),
        }


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _change_values(change: Change) -> dict[str, Any]:
    other = change.pair.second
    return {
        "outcome": change.outcome,
        "other_predicted": other.predicted,
        "other_probability": other.probability,
        "other_loss": other.loss,
    }


def _suspect_values(suspect: Suspect) -> dict[str, Any]:
    return {"suggested": suspect.suggested, "self_confidence": suspect.self_confidence, "margin": suspect.margin}


def read_review(data_root: Path, path: str, policy: Policy) -> str | None:
    """The text of one review, see `data.review_files.ReviewFiles.read`; for many that class is quicker."""
    return ReviewFiles(data_root, policy).read(path)
