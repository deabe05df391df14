"""Which linear models are the bar: what they count, and how strongly they are regularised.

The recipe is fixed. It takes nothing from the network's vocabulary, cleaning and cutting: the bar is what a few lines
of scikit-learn make of the same texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Goes up when the figures change though nothing below does; kept figures of another version are not used.
VERSION = 1
# Inverse strength of the L2 penalty. With 1, 10 and 100, words and pairs reach 0.798, 0.802 and 0.804 on validation
# parts of two bundled classes, and 0.739, 0.756 and 0.754 of all three (means of four seeds; 0.01 is luck).
INVERSE_PENALTY = 10.0


@dataclass(frozen=True)
class Features:
    """What a linear model sees of a text: TF-IDF weights of runs of words or characters, in lower case.

    Args:
        name: of the baseline.
        description: for people.
        analyzer: scikit-learn's name for what is counted.
        shortest: words or characters in the shortest run.
        longest: in the longest one.
    """

    name: str
    description: str
    analyzer: Literal["word", "char"]
    shortest: int
    longest: int


_WORDS = (
    Features("unigrams", "words", "word", 1, 1),
    Features("bigrams", "words and pairs of words", "word", 1, 2),
)
# One character says little; three are a word or its stem in the languages that need this.
_CHARACTERS = (
    Features("unigrams", "characters", "char", 1, 1),
    Features("trigrams", "one to three characters", "char", 1, 3),
)


def linear_features(split: Literal["whitespace", "character"]) -> tuple[Features, ...]:
    """The features of each linear baseline.

    Args:
        split: ``text.split`` of the network that is compared.
    """
    return _CHARACTERS if split == "character" else _WORDS
