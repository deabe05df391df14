"""What a file of probes may say: every key, its type, default and meaning.

The three types are those of CheckList (Ribeiro, Wu, Guestrin and Singh 2020, "Beyond Accuracy: Behavioral Testing of
NLP Models with CheckList", Proceedings of ACL, pages 4902-4912): minimum functionality, invariance, directional
expectation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from sentiment_cli.config.section import Section, Text, wrong

Entries = Annotated[list[Text], Field(min_length=1)]
Templates = Annotated[list[Text], Field(min_length=1)]
ByLabel = Annotated[dict[Text, Templates], Field(min_length=1)]
# Between a text and what becomes of it.
ARROW = " => "
_WAYS = ("swap", "add", "typos", "rewrite")


class Change(Section):
    """What is done to a text; exactly one of the keys."""

    swap: Entries | None = Field(
        None, description="Lexicons: an entry that the text has becomes another one of the same lexicon, everywhere."
    )
    add: Text | None = Field(None, description="A lexicon of sentences: one of them comes before or behind the text.")
    typos: int | None = Field(
        None, ge=1, le=100, description="In so many words two neighbouring letters change their places."
    )
    rewrite: Literal["contractions", "punctuation", "case"] | None = Field(
        None,
        description="`contractions`: is not to isn't, or back; `punctuation`: without it, or a full stop where there "
        "is none; `case`: all in lower or all in upper case.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Change:
        given = [way for way in _WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            what = f"expected exactly one of {', '.join(_WAYS)}, received {', '.join(given) or 'none'}"
            raise wrong((), what)
        return self

    @property
    def lexicons(self) -> list[tuple[tuple[str | int, ...], str]]:
        """The lexicons that it needs, each with the key that names it."""
        swapped: list[tuple[tuple[str | int, ...], str]] = [
            (("swap", index), name) for index, name in enumerate(self.swap or [])
        ]
        return [*swapped, *([(("add",), self.add)] if self.add is not None else [])]


class _Probe(Section):
    """What all types of probes say."""

    capability: Text = Field(description="What of the language it is about; probes of one are shown together.")
    description: Text = Field(description="What should be so, in a sentence.")

    @property
    def groups(self) -> list[tuple[str | None, list[str]]]:
        """The templates by the label that is expected of them, or that they should move towards; None: no label."""
        raise NotImplementedError

    @property
    def located(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every template with the keys that lead to it."""
        for label, templates in self.groups:
            for index, template in enumerate(templates):
                yield (("templates", index) if label is None else ("templates", label, index)), template

    @property
    def changed(self) -> Change | None:
        """What makes the second text of a case; None: the templates say it, or there is no second text."""
        change: Change | None = getattr(self, "change", None)
        return change

    @property
    def for_reviews(self) -> bool:
        """Whether its change can be made in a run's reviews."""
        return self.changed is not None and bool(getattr(self, "reviews", False))

    def _check_arrows(self, needed: bool) -> None:
        for path, template in self.located:
            if template.count(ARROW) != int(needed):
                what = (
                    f'expected one "{ARROW.strip()}" between a text and what becomes of it, or the key `change`'
                    if needed
                    else f'expected no "{ARROW.strip()}" here'
                )
                raise wrong(path, f'{what}, received the text "{template[:60]}"')


class Mft(_Probe):
    """A minimum functionality test: texts so plain that there is one right label."""

    type: Literal["mft"] = Field(description="Minimum functionality test.")
    templates: ByLabel = Field(description="By label: `positive`, `negative`, `neutral`, `not …`, or a class's name.")
    at_least: float | None = Field(
        None, gt=0, le=1, description="Least probability of the label; null: it is the most probable one."
    )

    @model_validator(mode="after")
    def _no_pairs(self) -> Mft:
        self._check_arrows(needed=False)
        return self

    @property
    def groups(self) -> list[tuple[str | None, list[str]]]:
        """See `_Probe.groups`."""
        return list(self.templates.items())


class Inv(_Probe):
    """An invariance test: a change that should not matter."""

    type: Literal["inv"] = Field(description="Invariance test.")
    templates: Templates = Field(description="Texts to be changed; without `change`: `before => after`.")
    change: Change | None = Field(None, description="What is done to the texts, and to a run's reviews.")
    same: Literal["label", "probability"] = Field(
        "label",
        description="`label`: it fails where the label changes and its probability by more than `tolerance`; "
        "`probability`: where the probability does, whatever the label.",
    )
    tolerance: float = Field(0.1, ge=0, le=1, description="By how much a probability may change.")
    reviews: bool = Field(True, description="Whether `change` makes sense for whole reviews.")

    @model_validator(mode="after")
    def _pairs_where_nothing_is_changed(self) -> Inv:
        self._check_arrows(needed=self.change is None)
        return self

    @property
    def groups(self) -> list[tuple[str | None, list[str]]]:
        """See `_Probe.groups`."""
        return [(None, self.templates)]


class Dir(_Probe):
    """A directional expectation test: a change that should move the probability of a label, or not against it."""

    type: Literal["dir"] = Field(description="Directional expectation test.")
    templates: ByLabel = Field(description="By the label to move towards; without `change`: `before => after`.")
    change: Change | None = Field(None, description="What is done to the texts, and to a run's reviews.")
    at_least: float = Field(
        0.0,
        ge=-1,
        le=1,
        description="Least change of the label's probability; -0.1: it may fall by up to 0.1.",
    )
    reviews: bool = Field(True, description="Whether `change` makes sense for whole reviews.")

    @model_validator(mode="after")
    def _one_direction_for_one_change(self) -> Dir:
        self._check_arrows(needed=self.change is None)
        if self.change is not None and len(self.templates) > 1:
            what = f"with `change` expected one label to move towards, received {', '.join(self.templates)}"
            raise wrong(("templates",), what)
        return self

    @property
    def groups(self) -> list[tuple[str | None, list[str]]]:
        """See `_Probe.groups`."""
        return list(self.templates.items())


Probe = Mft | Inv | Dir
TYPES: dict[str, type[Mft] | type[Inv] | type[Dir]] = {"mft": Mft, "inv": Inv, "dir": Dir}
TYPE_NAMES = {"mft": "minimum functionality", "inv": "invariance", "dir": "directional expectation"}


class ProbeFile(Section):
    """A file of probes. Each value of ``probes`` is checked by itself, as the section of its type."""

    description: str = Field("", description="What the probes are for.")
    lexicons: dict[Text, Entries] = Field(
        default_factory=dict, description="Words and sentences by name, for the slots of templates."
    )
    probes: Annotated[dict[Text, Any], Field(min_length=1)] = Field(description="Probes by name.")
