"""How a sentence becomes a text of the length that a network knows: between sentences without an opinion.

What a reader takes for neutral, a network may not: to an LSTM trained on IMDb, frames of 150 words made of the shipped
neutral sentences were positive with 0.94 on average, and so was every text in them. So many frames are drawn, and those
are kept that the network is the least decided about.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sentiment_cli.errors import UsageError
from sentiment_cli.probes.cases import Case
from sentiment_cli.probes.polarity import Polarity
from sentiment_cli.probes.suite import Suite

# The lexicon that sentences without an opinion are taken from.
NEUTRAL = "neutral"
_DRAWN, _KEPT = 500, 20


@dataclass(frozen=True)
class Frame:
    """Neutral sentences around a text.

    Args:
        before: those before it, as one text; may be empty.
        behind: those behind it.
    """

    before: str
    behind: str

    def around(self, text: str) -> str:
        """The text in its frame."""
        return " ".join(filter(None, (self.before, text, self.behind)))

    @property
    def alone(self) -> str:
        """The frame without a text."""
        return self.around("")


def neutral_sentences(suite: Suite) -> list[str]:
    """The sentences without an opinion of a file; none where it has none."""
    return list(suite.lexicons.get(NEUTRAL, []))


def draw_frames(suite: Suite, words: int, seed: int) -> list[Frame]:
    """Different frames of at least so many words, the same ones for the same seed.

    In a frame no sentence comes again before all have come.

    Args:
        suite: the file whose neutral sentences are used.
        words: at least 1.
        seed: decides which.

    Raises:
        UsageError: the file has no neutral sentences.
    """
    sentences = neutral_sentences(suite)
    if not sentences:
        raise UsageError(f"--frame needs a lexicon called {NEUTRAL} in {suite.path}: sentences without an opinion.")
    rng = random.Random(f"{seed}/{suite.name}/frames/{words}")
    return list(dict.fromkeys(_draw(sentences, words, rng) for _ in range(_DRAWN)))


def choose_undecided(
    frames: Sequence[Frame], rows: Sequence[Sequence[float]], polarity: Polarity, most: int = _KEPT
) -> list[Frame]:
    """The frames that a network takes for neither positive nor negative, the least decided first.

    Where it is not known which classes these are, those between whose two most probable classes the least lies.

    Args:
        frames: any number of them.
        rows: the probabilities of all classes for each.
        polarity: what the classes stand for.
        most: at most so many.
    """
    order = sorted(range(len(frames)), key=lambda place: _decision(rows[place], polarity))
    return [frames[place] for place in order[:most]]


def put_in_frames(cases: Sequence[Case], frames: Sequence[Frame]) -> list[Case]:
    """Cases with both of their texts in the same frame; the frames are used in turn."""
    return [
        replace(case, texts=tuple(frames[number % len(frames)].around(text) for text in case.texts))
        for number, case in enumerate(cases)
    ]


def _draw(sentences: Sequence[str], words: int, rng: random.Random) -> Frame:
    chosen: list[str] = []
    order: list[str] = []
    length = 0
    while length < words:
        order = order or rng.sample(list(sentences), len(sentences))
        chosen.append(order.pop())
        length += max(len(chosen[-1].split()), 1)
    middle = len(chosen) // 2
    return Frame(" ".join(chosen[:middle]), " ".join(chosen[middle:]))


def _decision(row: Sequence[float], polarity: Polarity) -> float:
    positive, negative = polarity.find_target("positive"), polarity.find_target("negative")
    if positive and negative:
        return abs(positive.probability(row) - negative.probability(row))
    first, second = sorted(row, reverse=True)[:2]
    return first - second
