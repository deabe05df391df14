"""From cases and a network's answers to what a probe came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sentiment_cli.probes.cases import Case
from sentiment_cli.probes.judgement import Judgement, judge, predicted
from sentiment_cli.probes.outcomes import Failure, ProbeOutcome, Source
from sentiment_cli.probes.polarity import Polarity, Target
from sentiment_cli.probes.schema import Dir, Inv, Mft
from sentiment_cli.probes.selection import Selected


@dataclass(frozen=True)
class Question:
    """A probe with its cases, put to one run.

    Args:
        selected: the probe.
        source: what its cases are of.
        cases: any number of them.
        polarity: what the classes of the run stand for.
    """

    selected: Selected
    source: Source
    cases: Sequence[Case]
    polarity: Polarity

    @property
    def missing(self) -> str | None:
        """Why the run cannot be asked; None where it can."""
        labels = [label for label, _ in self.selected.probe.groups if label is not None]
        return next((self.polarity.missing(label) for label in labels if not self.polarity.find_target(label)), None)


@dataclass(frozen=True)
class Answers:
    """What a network says of texts.

    Args:
        places: the place of each text.
        rows: the probabilities of all classes, by place.
        words: how many tokens are unknown, and how many there are, by place.
    """

    places: Mapping[str, int]
    rows: Sequence[Sequence[float]]
    words: Sequence[tuple[int, int]]

    def row(self, text: str) -> Sequence[float]:
        """The probabilities of one text."""
        return self.rows[self.places[text]]

    def unknown_share(self, texts: Iterable[str]) -> float:
        """The share of unknown tokens in texts, in [0, 1]."""
        counts = [self.words[self.places[text]] for text in texts]
        return sum(unknown for unknown, _ in counts) / max(sum(tokens for _, tokens in counts), 1)


def collect_texts(questions: Iterable[Question | ProbeOutcome], others: Iterable[str]) -> list[str]:
    """Every text to be predicted, once."""
    asked = (question for question in questions if isinstance(question, Question))
    texts = (text for question in asked for case in question.cases for text in case.texts)
    return list(dict.fromkeys([*texts, *others]))


def skipped_outcome(question: Question, reason: str) -> ProbeOutcome:
    """What a probe came to that could not be tried."""
    one = question.selected
    probe = one.probe
    return ProbeOutcome(
        one.suite.name, one.name, probe.capability, probe.type, probe.description, question.source, skipped=reason
    )


def judge_question(question: Question, answers: Answers, worst: int) -> ProbeOutcome:
    """What a probe came to.

    Args:
        question: with at least one case; those that could not have failed are not counted.
        answers: for all of its texts.
        worst: how many failures are listed at most.
    """
    one, probe = question.selected, question.selected.probe
    counted, failures = 0, list[Failure]()
    labels: dict[str, tuple[int, int]] = {}
    for case in question.cases:
        target = None if isinstance(probe, Inv) or case.label is None else question.polarity.find_target(case.label)
        judgement = judge(probe, target, [answers.row(text) for text in case.texts], question.polarity.class_names)
        if not judgement.can_fail:
            continue
        counted += 1
        if case.label is not None:
            cases, failed = labels.get(case.label, (0, 0))
            labels[case.label] = cases + 1, failed + judgement.failed
        if judgement.failed:
            failures.append(_failure(question, case, target, judgement, answers))
    failures.sort(key=lambda failure: -failure.severity)
    return ProbeOutcome(
        suite=one.suite.name,
        name=one.name,
        capability=probe.capability,
        type=probe.type,
        description=probe.description,
        source=question.source,
        cases=counted,
        failures=len(failures),
        unknown=answers.unknown_share(text for case in question.cases for text in case.texts),
        worst=tuple(failures[:worst]),
        labels=labels,
        skipped=None if counted else "no case could have failed: the probability is too small to fall further",
    )


def _failure(question: Question, case: Case, target: Target | None, judgement: Judgement, answers: Answers) -> Failure:
    names = question.polarity.class_names
    return Failure(
        texts=case.texts,
        expected=_expectation(question, target),
        predicted=tuple(names[predicted(answers.row(text))] for text in case.texts),
        watched=str(judgement.watched),
        probabilities=judgement.probabilities,
        severity=judgement.severity,
        path=case.path,
    )


def _expectation(question: Question, target: Target | None) -> str:
    """What was expected of a case, in words."""
    probe = question.selected.probe
    if isinstance(probe, Mft):
        return str(target) if probe.at_least is None else f"P({target}) at least {probe.at_least:g}"
    if isinstance(probe, Dir):
        if probe.at_least <= 0:
            fall = f" by more than {-probe.at_least:g}" if probe.at_least else ""
            return f"P({target}) does not fall{fall}"
        return f"P({target}) rises by at least {probe.at_least:g}"
    if probe.same == "label":
        return "the same label"
    return f"the same probability, but for {probe.tolerance:g}"
