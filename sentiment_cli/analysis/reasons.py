"""What about a review may have made a network fail on it, in a few words each?

A reason is something that mistakes have more often than other reviews have it, and no proof. The limits are from the
25,000 test reviews of IMDb and `imdb_lstm`, which is wrong on 12.4 % of them; the error rate of those above a limit is
given beside it (`sentiment misclassified RUN --group-by …`).
"""

from __future__ import annotations

from sentiment_cli.analysis.traits import Traits
from sentiment_cli.evaluation.predictions import Prediction

# Stars that speak for neither side; IMDb's labelled reviews have 4 (18 % wrong) and 7 (25 %) of them.
MILD_RATINGS = range(4, 8)
# Of all words (16 % wrong).
NOTABLE_CUT = 0.1
# Of the words that were read (17 %).
NOTABLE_UNKNOWN = 0.1
# Negation words (14 %); fewer make no difference.
MANY_NEGATIONS = 8
# Words (15 %).
MANY_WORDS = 400
# Known words; what is left of a review that is shorter, or nearly all unknown.
FEW_WORDS = 5
# Probability of the predicted class minus that of the next one (46 %).
CLOSE_CALL = 0.2


def describe_reasons(prediction: Prediction, traits: Traits) -> list[str]:
    """Notable traits in words, the most telling first; empty where there is nothing to say."""
    return [
        *_copy(traits),
        *_rating(traits),
        *_length(prediction),
        *_unknown(prediction),
        *_negations(traits),
        *_doubt(prediction),
    ]


def _copy(traits: Traits) -> list[str]:
    return [f"copy of {traits.copy_of}"] if traits.copy_of is not None else []


def _rating(traits: Traits) -> list[str]:
    return [f"mild rating ({traits.rating} of 10)"] if traits.rating in MILD_RATINGS else []


def _length(row: Prediction) -> list[str]:
    if row.cut >= max(NOTABLE_CUT * row.tokens, 1):
        return [f"cut: {row.cut:,} of {row.tokens:,} words not read"]
    known = row.tokens - row.cut - row.unknown
    if known < FEW_WORDS:
        return ["no known word" if known <= 0 else f"only {known} known {'word' if known == 1 else 'words'}"]
    return [f"long: {row.tokens:,} words"] if row.tokens > MANY_WORDS else []


def _unknown(row: Prediction) -> list[str]:
    is_notable = row.unknown_share >= NOTABLE_UNKNOWN
    return [f"{100 * row.unknown_share:.0f} % unknown words"] if is_notable else []


def _negations(traits: Traits) -> list[str]:
    many = traits.negations is not None and traits.negations >= MANY_NEGATIONS
    return [f"{traits.negations} negations"] if many else []


def _doubt(row: Prediction) -> list[str]:
    second = max((share for name, share in row.probabilities.items() if name != row.predicted), default=0.0)
    is_close = 0 <= row.probability - second < CLOSE_CALL
    return [f"close call ({row.probability:.2f} against {second:.2f})"] if is_close else []
