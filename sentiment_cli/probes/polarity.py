"""Which classes of a run are meant by ``positive``, ``negative`` and ``neutral``, and by a label of a probe?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sentiment_cli.errors import UsageError, suggest

POLES = ("positive", "negative", "neutral")
_NAMES = {
    "positive": ("positive", "pos", "good"),
    "negative": ("negative", "neg", "bad"),
    "neutral": ("neutral", "neu"),
}
_NOT = "not "


@dataclass(frozen=True)
class Target:
    """What the label of a probe means in a run.

    Args:
        name: a class of the run.
        index: its place among the outputs.
        negated: any other class is meant.
    """

    name: str
    index: int
    negated: bool = False

    def __str__(self) -> str:
        """For people: ``pos``, or ``not pos``."""
        return f"{_NOT}{self.name}" if self.negated else self.name

    def probability(self, row: Sequence[float]) -> float:
        """Of what is meant, from the probabilities of all classes."""
        return 1 - row[self.index] if self.negated else row[self.index]

    def is_met(self, label: int) -> bool:
        """Whether a predicted class is what is meant."""
        return (label == self.index) != self.negated


@dataclass(frozen=True)
class Polarity:
    """What the classes of a run stand for.

    Args:
        class_names: in the order of the outputs.
        positive: a class; None: unknown, or there is none.
        negative: likewise.
        neutral: likewise.
    """

    class_names: tuple[str, ...]
    positive: str | None = None
    negative: str | None = None
    neutral: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether opinions can be told from the classes."""
        return self.positive is not None and self.negative is not None

    def to_dict(self) -> dict[str, str | None]:
        """Class names by pole."""
        return {pole: getattr(self, pole) for pole in POLES}

    def find_target(self, label: str) -> Target | None:
        """The class that a label means: a pole, the name of a class, or ``not`` one of these.

        A pole comes first. With two classes, ``not positive`` is ``negative`` and so on. None where the run has no
        such class.
        """
        negated = label.startswith(_NOT) and label not in self.class_names
        wanted = label.removeprefix(_NOT) if negated else label
        name = getattr(self, wanted) if wanted in POLES else wanted
        if name not in self.class_names:
            return None
        index = self.class_names.index(name)
        if negated and len(self.class_names) == 2:
            return Target(self.class_names[1 - index], 1 - index)
        return Target(name, index, negated)

    def missing(self, label: str) -> str:
        """Why a label has no class here."""
        wanted = label.removeprefix(_NOT)
        classes = ", ".join(self.class_names)
        option = f"; --{wanted} NAME says which it is" if wanted in POLES else ""
        return f"the run has no class for {wanted} (its classes: {classes}{option})"


def find_polarity(
    class_names: Iterable[str], *, positive: str | None = None, negative: str | None = None, neutral: str | None = None
) -> Polarity:
    """What the classes of a run stand for.

    What the user says comes first, then names such as ``pos`` or ``Negative``; of two classes with other names the
    second is the positive one.

    Args:
        class_names: in the order of the outputs.
        positive: the class that the user names.
        negative: likewise.
        neutral: likewise.

    Raises:
        UsageError: the run has no such class, or one class is named twice.
    """
    names = tuple(class_names)
    given = {"positive": positive, "negative": negative, "neutral": neutral}
    _check_given({pole: name for pole, name in given.items() if name is not None}, names)
    left = [name for name in names if name not in given.values()]
    found = {pole: given[pole] or _recognised(pole, left) for pole in POLES}
    if len(names) == 2:
        found = {**_of_two(found, given, names), "neutral": given["neutral"]}
    return Polarity(names, found["positive"], found["negative"], found["neutral"])


def _of_two(
    found: dict[str, str | None], given: dict[str, str | None], names: tuple[str, ...]
) -> dict[str, str | None]:
    """One class of two decides what the other one is."""
    chosen = given if given["positive"] or given["negative"] else found
    if chosen["positive"] is None and chosen["negative"] is None:
        return {"positive": names[1], "negative": names[0]}
    other = dict(zip(names, reversed(names), strict=True))
    positive = chosen["positive"] or other[str(chosen["negative"])]
    return {"positive": positive, "negative": chosen["negative"] or other[positive]}


def _recognised(pole: str, names: Sequence[str]) -> str | None:
    matches = [name for name in names if name.strip().lower() in _NAMES[pole]]
    return matches[0] if len(matches) == 1 else None


def _check_given(given: dict[str, str], names: Sequence[str]) -> None:
    for pole, name in given.items():
        if name not in names:
            raise UsageError(f'--{pole}: the run has no class "{name}"; {suggest(name, names)}')
    if len(set(given.values())) < len(given):
        received = ", ".join(f"--{pole} {name}" for pole, name in given.items())
        raise UsageError(f"Expected different classes for positive, negative and neutral, received {received}.")
