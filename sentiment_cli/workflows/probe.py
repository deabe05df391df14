"""Ask a run about cases whose answers are known, and count where it does not behave as expected."""

from __future__ import annotations

import contextlib
import functools
import math
import random
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sentiment_cli.config import Config
from sentiment_cli.errors import RunError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.misclassified import read_review
from sentiment_cli.probes.asking import Answers, Question, collect_texts, judge_question, skipped_outcome
from sentiment_cli.probes.cases import change_reviews, make_cases
from sentiment_cli.probes.frames import Frame, choose_undecided, draw_frames, neutral_sentences, put_in_frames
from sentiment_cli.probes.outcomes import ProbeOutcome, ProbeReport, Reference, write_report
from sentiment_cli.probes.polarity import Polarity, find_polarity
from sentiment_cli.probes.selection import Selected, load_suites, select_probes
from sentiment_cli.probes.suite import Suite
from sentiment_cli.runs import Run
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.record import (
    check_has_model,
    network_note,
    network_records,
    read_config,
    scoring_network,
    writing,
)

# Of more unknown words than these, what a network says is about the others.
_MANY_UNKNOWN = 1 / 3
# A mean probability between these is that of frames that decide for neither side.
_NEUTRAL = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class ProbeSettings:
    """How a run is asked.

    Args:
        cases: at most so many a probe.
        seed: decides which.
        frame: put the texts of templates between neutral sentences of about so many words in all; 0: they stand alone.
        reviews: change so many of the run's reviews, too, for each probe that can.
        split: the part that these are of, ``test`` or ``validation``; it has to be evaluated.
        worst: how many failures of each probe are kept.
        positive: the class that is meant by it; None: see `probes.polarity.find_polarity`.
        negative: likewise.
        neutral: likewise.
        keep: write what it came to into the run.
    """

    cases: int = 100
    seed: int = 0
    frame: int = 0
    reviews: int = 0
    split: str = "test"
    worst: int = 10
    positive: str | None = None
    negative: str | None = None
    neutral: str | None = None
    keep: bool = True


def choose_probes(
    run: Run | None,
    *,
    domain: str | None = None,
    files: Sequence[Path] = (),
    only: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Selected]:
    """The probes that are meant, without TensorFlow.

    Args:
        run: whose source of reviews decides about the domain where nothing else does; None: all shipped ones.
        domain: ``film``, ``stay`` or ``all`` of the shipped ones; None: see `probes.selection.load_suites`.
        files: the user's own.
        only: names of probes or capabilities; none: all.
        progress: told which were chosen where nobody said it.

    Raises:
        ConfigError: a file cannot be used; every problem is in the message.
        UsageError: a name in ``only`` is that of nothing.
        RunError: the run is damaged.
    """
    source = None if run is None else read_config(run, run.read_record()).data.source
    suites = load_suites(domain, files, source)
    if run is not None and domain is None and not files and progress is not None:
        names = " and ".join(suite.name for suite in suites)
        fits = f"for data.source {source}" if len(suites) == 1 else f"since none are for data.source {source}"
        progress.note(f"Probes: {names}, {fits}; --domain chooses others")
    return select_probes(suites, only)


def probe(
    run: Run, selected: Sequence[Selected], settings: ProbeSettings, *, progress: Progress | None = None
) -> ProbeReport:
    """Ask a run about the cases of probes.

    Args:
        run: a run with a finished epoch, or a finished group of seeds, whose networks predict together.
        selected: the probes; see `probes.selection`.
        settings: how it is asked.
        progress: told what happens; None: nobody is.

    Returns:
        What each probe came to; also in the run's ``probes.json`` unless the settings say otherwise.

    Raises:
        RunError: the run is not complete, or the part whose reviews are wanted was not evaluated; or it is in training,
            where something is to be kept in it.
        UsageError: the run has no class of a name that the settings give.
    """
    progress = progress or Silent()
    record = run.read_record()
    config = read_config(run, record)
    check_has_model(run, record)
    polarity = _read_polarity(run, settings, progress)
    note = network_note(network_records(run), None)
    if note:
        progress.note(note)
    with writing(run, record, progress) if settings.keep else contextlib.nullcontext():
        report = _ask_all(run, config, polarity, selected, settings, progress)
        if settings.keep:
            write_report(run.probes_path, report)
    return report


def _ask_all(
    run: Run,
    config: Config,
    polarity: Polarity,
    selected: Sequence[Selected],
    settings: ProbeSettings,
    progress: Progress,
) -> ProbeReport:
    progress.phase("making cases")
    suites = list({one.suite.name: one.suite for one in selected}.values())
    drawn = {suite.name: draw_frames(suite, settings.frame, settings.seed) for suite in suites if settings.frame}
    reviews = _open_reviews(run, config, settings, progress) if settings.reviews else None
    questions = _ask_templates(selected, settings, polarity) + _ask_reviews(selected, settings, polarity, reviews)
    if all(isinstance(question, ProbeOutcome) for question in questions):
        progress.warn("no probe could be tried; the reasons stand beside them")
        drawn, suites = {}, []
    ask = _open_network(run, config, progress) if suites else lambda texts: Answers({}, [], [])
    frames = {name: _undecided(ask, some, polarity) for name, some in drawn.items()}
    questions = [_in_frames(question, frames) for question in questions]
    neutral = _neutral_texts(suites, frames) if polarity.is_known else {}
    answers = ask(collect_texts(questions, [text for texts in neutral.values() for text in texts]))
    report = ProbeReport(
        outcomes=tuple(
            question if isinstance(question, ProbeOutcome) else judge_question(question, answers, settings.worst)
            for question in questions
        ),
        seed=settings.seed,
        cases=settings.cases,
        frame=settings.frame,
        split=settings.split if settings.reviews else None,
        polarity=polarity.to_dict(),
        neutral={name: _reference(answers, texts, polarity) for name, texts in neutral.items() if texts},
    )
    _warn_of_unknown_words(report, suites, progress)
    _warn_of_frames(report, progress)
    return report


def _read_polarity(run: Run, settings: ProbeSettings, progress: Progress) -> Polarity:
    class_names = network_records(run)[0].get("class_names")
    if not class_names or len(class_names) < 2:
        raise RunError(f"{run.path} has no list of class names; it stopped before it read its data.")
    polarity = find_polarity(
        class_names, positive=settings.positive, negative=settings.negative, neutral=settings.neutral
    )
    if polarity.is_known:
        neutral = f", {polarity.neutral} for neutral" if polarity.neutral else ""
        progress.note(f"Taken for positive: {polarity.positive}, for negative: {polarity.negative}{neutral}")
    else:
        progress.note(
            f"Which of the classes {', '.join(class_names)} is positive and which negative is not known: invariance is "
            "tested alone, and what names these classes itself. Say it with --positive NAME --negative NAME."
        )
    return polarity


def _ask_templates(
    selected: Sequence[Selected], settings: ProbeSettings, polarity: Polarity
) -> list[Question | ProbeOutcome]:
    questions: list[Question | ProbeOutcome] = []
    for one in selected:
        question = Question(one, "templates", [], polarity)
        reason = question.missing
        if reason is None:
            cases = make_cases(one.suite, one.name, settings.cases, settings.seed)
            question = Question(one, "templates", cases, polarity)
            reason = None if cases else "there is nothing in its templates that could be changed"
        questions.append(question if reason is None else skipped_outcome(question, reason))
    return questions


def _ask_reviews(
    selected: Sequence[Selected],
    settings: ProbeSettings,
    polarity: Polarity,
    reviews: Callable[[], Iterator[tuple[str, str]]] | None,
) -> list[Question | ProbeOutcome]:
    """For probes with a change, in so many reviews as it finds something to change in."""
    questions: list[Question | ProbeOutcome] = []
    for one in selected if reviews else []:
        if not one.probe.for_reviews:
            continue
        question = Question(one, "reviews", [], polarity)
        reason = question.missing
        if reason is None and reviews is not None:
            cases = list(change_reviews(one.suite, one.name, reviews(), settings.reviews, settings.seed))
            question = Question(one, "reviews", cases, polarity)
            reason = None if cases else "no review has anything that could be changed"
        questions.append(question if reason is None else skipped_outcome(question, reason))
    return questions


def _open_reviews(
    run: Run, config: Config, settings: ProbeSettings, progress: Progress
) -> Callable[[], Iterator[tuple[str, str]]] | None:
    """The reviews of a part in a random order, each read when it is first asked for; None where all are gone."""
    path = run.predictions_path(settings.split)
    if not path.exists():
        command = f"sentiment evaluate {shlex.quote(str(run.path))} --split {settings.split}"
        raise RunError(f"{run.path} has no predictions on its {settings.split} part yet. Make them: {command}")
    if settings.split == "validation" and scoring_network(network_records(run), None) == "refit":
        progress.warn("the refit has learned the validation reviews, which may make it steadier on them than on others")
    paths = [row.path for row in read_predictions(path)]
    random.Random(f"{settings.seed}/reviews").shuffle(paths)
    root = Path(str(run.read_record().get("data", {}).get("root", "")))

    @functools.cache
    def read(path: str) -> str | None:
        return read_review(root, path, config.data.encoding_errors)

    if not any(read(path) for path in paths):
        progress.warn(f"the reviews of {run.path} are gone from {root}; the probes' templates are tried alone")
        return None
    return lambda: ((path, text) for path in paths if (text := read(path)))


def _open_network(run: Run, config: Config, progress: Progress) -> Callable[[Sequence[str]], Answers]:
    """What predicts texts, all of a call at once: what is said of one does not depend on the others."""
    load_tensorflow()
    from sentiment_cli.evaluation.metrics import compute_probabilities
    from sentiment_cli.runtime import choose_device, evaluation_device
    from sentiment_cli.text.vectorizer import encode
    from sentiment_cli.workflows.ensemble import load_scorer

    scorer = load_scorer(run, config, choose_device(evaluation_device(config)))

    def ask(texts: Sequence[str]) -> Answers:
        token_ids = encode(config.text, scorer.vocabulary, texts)
        progress.phase("predicting", len(texts))
        rows = compute_probabilities(scorer.score(token_ids, progress)).tolist()
        if not all(math.isfinite(share) for row in rows for share in row):
            raise RunError(
                f"{run.path}: its network gives no probabilities (NaN); train anew with a lower learning rate."
            )
        words = zip(token_ids.unknown.tolist(), (token_ids.tokens - token_ids.cut).tolist(), strict=True)
        return Answers({text: index for index, text in enumerate(texts)}, rows, list(words))

    return ask


def _undecided(ask: Callable[[Sequence[str]], Answers], frames: Sequence[Frame], polarity: Polarity) -> Sequence[Frame]:
    """Those of the frames that a network finds neutral."""
    return choose_undecided(frames, ask([frame.alone for frame in frames]).rows, polarity)


def _in_frames(question: Question | ProbeOutcome, frames: Mapping[str, Sequence[Frame]]) -> Question | ProbeOutcome:
    """A question about templates with its texts in frames; a review has its length."""
    if isinstance(question, ProbeOutcome) or question.source == "reviews" or not frames:
        return question
    return replace(question, cases=put_in_frames(question.cases, frames[question.selected.suite.name]))


def _neutral_texts(suites: Sequence[Suite], frames: Mapping[str, Sequence[Frame]]) -> dict[str, list[str]]:
    """What has no opinion: the frames that are used, or the sentences that they would be made of, by file."""
    if frames:
        return {name: [frame.alone for frame in some] for name, some in frames.items()}
    return {suite.name: neutral_sentences(suite) for suite in suites}


def _reference(answers: Answers, sentences: Sequence[str], polarity: Polarity) -> Reference:
    target = polarity.find_target("positive")
    if target is None:
        raise ValueError("a reference needs a positive class")
    shares = [target.probability(answers.row(text)) for text in sentences]
    return Reference(target.name, len(shares), sum(shares) / len(shares), min(shares), max(shares))


def _warn_of_unknown_words(report: ProbeReport, suites: Sequence[Suite], progress: Progress) -> None:
    for suite in suites:
        shares = [one.unknown for one in report.tested if one.suite == suite.name and one.unknown is not None]
        share = sum(shares) / len(shares) if shares else 0.0
        if share > _MANY_UNKNOWN:
            progress.warn(
                f"{share:.0%} of the words in the {suite.name} probes are not in the run's vocabulary; they say little "
                "of it. Choose others with --domain, or write your own: sentiment probe --init -o my.yaml"
            )


def _warn_of_frames(report: ProbeReport, progress: Progress) -> None:
    for name, one in report.neutral.items() if report.frame else ():
        if not _NEUTRAL[0] <= one.mean <= _NEUTRAL[1]:
            progress.warn(
                f"no frames of {report.frame} words from {name} are neutral to the network: P({one.watched}) is "
                f"{one.mean:.2f} in the nearest, whatever stands in them; use fewer words, or other neutral sentences"
            )
