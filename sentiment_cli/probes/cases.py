"""Which texts a probe asks about: drawn from its templates, or made of a run's reviews, the same ones every time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sentiment_cli.probes.changes import change_text
from sentiment_cli.probes.schema import ARROW, Probe
from sentiment_cli.probes.suite import Suite
from sentiment_cli.probes.templates import Lexicons, draw_values, fill


@dataclass(frozen=True)
class Case:
    """One question to the network.

    Args:
        texts: one text, or a text and what became of it.
        label: of the probe's templates; None for invariance.
        path: of the review that it was made of; None: of a template.
    """

    texts: tuple[str, ...]
    label: str | None
    path: str | None = None


def make_cases(suite: Suite, name: str, count: int, seed: int) -> list[Case]:
    """Cases from the templates of a probe, as many for each label, and for each template of a label.

    A template that has no more combinations, or that nothing can be changed in, leaves its place to the others of its
    label.

    Args:
        suite: the file.
        name: of the probe.
        count: at most so many.
        seed: decides which; a template's cases do not depend on other templates.
    """
    probe = suite.probes[name]
    cases = []
    for number, (label, templates) in enumerate(probe.groups):
        share = count // len(probe.groups) + (number < count % len(probe.groups))
        streams = [
            _pairs(probe, template, suite.lexicons, random.Random(f"{seed}/{suite.name}/{name}/{label}/{template}"))
            for template in templates
        ]
        cases += [Case(texts, label) for texts in _first_distinct(streams, share)]
    return cases


def change_reviews(
    suite: Suite, name: str, reviews: Iterable[tuple[str, str]], count: int, seed: int
) -> Iterator[Case]:
    """Cases from reviews that a probe's change finds something in.

    Args:
        suite: the file.
        name: of a probe with a change.
        reviews: paths and texts, in the order in which they are tried.
        count: at most so many.
        seed: decides what is changed; it does not depend on the other reviews.
    """
    probe = suite.probes[name]
    change = probe.changed
    if change is None:
        return
    label = probe.groups[0][0]
    for path, text in reviews:
        if count == 0:
            return
        rng = random.Random(f"{seed}/{suite.name}/{name}/{path}")
        changed = change_text(change, text, suite.lexicons, rng)
        if changed is not None:
            count -= 1
            yield Case((text, changed), label, path)


def _pairs(probe: Probe, template: str, lexicons: Lexicons, rng: random.Random) -> Iterator[tuple[str, ...]]:
    for values in draw_values(template, lexicons, rng):
        texts = tuple(fill(part, values) for part in template.split(ARROW))
        if probe.changed is None:
            yield texts
        elif changed := change_text(probe.changed, texts[0], lexicons, rng):
            yield (*texts, changed)


def _first_distinct(streams: Sequence[Iterator[tuple[str, ...]]], count: int) -> list[tuple[str, ...]]:
    """So many different items of several streams, in turn; fewer where they end."""
    found: dict[tuple[str, ...], None] = {}
    left = list(streams)
    while left and len(found) < count:
        for stream in list(left):
            item = next((item for item in stream if item not in found), None)
            if item is None:
                left.remove(stream)
            elif len(found) < count:
                found[item] = None
    return list(found)
