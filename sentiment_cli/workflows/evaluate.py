"""Evaluate a run, or the ensemble of a group of seeds, on a part of its own data, or on other data."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sentiment_cli.analysis.traits import known_texts
from sentiment_cli.config import Config
from sentiment_cli.data.contents import check_contents, read_text
from sentiment_cli.data.directory import Part, find_layout, find_other_part
from sentiment_cli.data.prepare import PreparedData, prepare_data
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.errors import DataError, RunError, UsageError
from sentiment_cli.evaluation.metrics import Evaluation
from sentiment_cli.evaluation.thresholds import FoundThreshold
from sentiment_cli.runs import SPLITS, Run, evaluation_paths, safe_name
from sentiment_cli.runtime import load_tensorflow
from sentiment_cli.training.progress import Progress, Silent
from sentiment_cli.workflows.baseline import known_accuracies
from sentiment_cli.workflows.kept_part import evaluated_origin
from sentiment_cli.workflows.own_reviews import other_reviews, own_root
from sentiment_cli.workflows.questions import Answers, Questions, answer, check_questions
from sentiment_cli.workflows.record import (
    Network,
    check_has_model,
    network_note,
    network_records,
    read_config,
    scoring_network,
    writing,
)

if TYPE_CHECKING:
    from sentiment_cli.runtime import Device
    from sentiment_cli.workflows.attribution import Stored
    from sentiment_cli.workflows.classifier import EvaluationFiles, Scorer

Explained = Literal["wrong", "all"]


@dataclass(frozen=True)
class EvaluateResult:
    """The figures of one evaluation and where they belong.

    Args:
        run: the run.
        split: ``train``, ``validation``, ``test``, or ``all`` for other data that have no test part.
        evaluation: the figures.
        directory: where its files are.
        files: those of this evaluation.
        network: of a run with a refit, the one that predicted: that of the best epoch, or the refit; else None.
        linear_baseline: the accuracies of the linear baselines on the same reviews, by name; None where they were
            not computed yet, on the training part, and on other data.
        answers: to what else was asked.
        explained: where the explanations of predictions are; None: they were not asked for.
    """

    run: Run
    split: str
    evaluation: Evaluation
    directory: Path
    files: EvaluationFiles
    network: Network | None = None
    linear_baseline: dict[str, float] | None = None
    answers: Answers = field(default_factory=Answers)
    explained: Stored | None = None

    def to_dict(self) -> dict[str, Any]:
        """The object of ``evaluate --json``."""
        figures = self.evaluation.to_dict()
        head = {"run": str(self.run.path), "split": self.split, "network": self.network}
        explained = {} if self.explained is None else {"explained": self.explained.to_dict()}
        linear = {"linear_baseline": self.linear_baseline}
        return {**head, **figures, **linear, **self.answers.to_dict(), **explained}


def evaluate(
    run: Run,
    *,
    split: str = "test",
    source: str | None = None,
    progress: Progress | None = None,
    questions: Questions | None = None,
    explain: Explained | None = None,
) -> EvaluateResult:
    """Predict reviews with the network that a run kept and compute the figures.

    After a refit, the training and validation part are predicted by the network of the best epoch, from before it.
    On the run's own data, ``metrics.json`` and ``predictions-<split>.csv`` of the run are renewed. On other data
    everything goes to ``evaluations/<name>/``, and the run's own files stay as they are.

    Args:
        run: the run, or the group of seeds whose networks predict together.
        split: the part of the run's own data.
        source: other data: a directory, a table, ``bnb`` or ``imdb``; its test part, or all of it where it has none.
        progress: told what happens; None: nobody is.
        questions: what else is asked; None: nothing.
        explain: keep what each word added to the wrong predictions, or to all, beside them.

    Raises:
        DataError: the reviews are not there, or do not fit the run.
        RunError: the run is not complete, is in training, or its data changed so that the part cannot be made again;
            or a threshold is asked for that cannot be found.
        UsageError: a question that this run cannot be asked.
    """
    progress, questions = progress or Silent(), questions or Questions()
    if split not in SPLITS:
        raise UsageError(f"No split {split!r}; expected train, validation or test.")
    if source is not None and split != "test":
        raise UsageError(f"--split {split} is for the run's own data; of other data the test part is used, or all.")
    record = run.read_record()
    config = read_config(run, record)
    check_has_model(run, record)
    part = split if source is None else None
    note = network_note(network_records(run), part)
    predicts_by_refit = scoring_network(network_records(run), part) == "refit"
    if note:
        progress.note(note)

    with writing(run, record, progress):
        finds_here = split == "validation" and source is None
        threshold = check_questions(run, record.get("class_names") or [], questions, finds_here=finds_here)
        if isinstance(threshold, FoundThreshold) and predicts_by_refit:
            progress.note("The threshold was found for the network from before the refit; the refit may need another")
        if source is not None:
            result = _evaluate_other(run, config, record, source, explain, progress)
        else:
            result = _evaluate_own(run, config, record, split, explain, progress)
        return replace(result, answers=answer(questions, result.files, threshold))


def _evaluate_own(
    run: Run, config: Config, record: dict[str, Any], split: str, explain: Explained | None, progress: Progress
) -> EvaluateResult:
    root = own_root(run, record, config, progress)
    if not root.is_dir():
        raise DataError(f"The reviews of {run.path} are gone from {root}; evaluate other ones with --data.")
    progress.phase("checking files")
    data = prepare_data(config.data, config.split_seed, root=root, with_test=split == "test")
    _check_own_data(run, record, data, split, progress)
    load_tensorflow()
    from sentiment_cli.runtime import choose_device, evaluation_device
    from sentiment_cli.workflows.classifier import evaluate_reviews, keep_metrics, own_files
    from sentiment_cli.workflows.ensemble import load_scorer

    device = choose_device(evaluation_device(config))
    classifier = load_scorer(run, config, device, split)
    if data.class_names != classifier.class_names:
        raise RunError(
            f"{root} has the classes {data.class_names}, {run.path} was trained on {classifier.class_names}."
        )
    progress.phase("reading reviews")
    reviews, training = _own_reviews(run, config, data, split, progress)
    files = own_files(run, split, with_curves=True)
    evaluation = evaluate_reviews(classifier, reviews, files, progress, split, training)
    keep_metrics(run, split, evaluation)
    explained = _explain(classifier, device, reviews, files, explain, progress)
    bar = _linear_baseline(run, config, record, data, split, progress)
    network = scoring_network(network_records(run), split) if config.training.refit else None
    return EvaluateResult(run, split, evaluation, run.path, files, network, bar, explained=explained)


def _explain(
    scorer: Scorer,
    device: Device,
    reviews: ReviewSet,
    files: EvaluationFiles,
    which: Explained | None,
    progress: Progress,
) -> Stored | None:
    if which is None:
        return None
    from sentiment_cli.workflows.attribution import store_attributions

    return store_attributions(scorer, device, reviews, files, which, progress)


def _linear_baseline(
    run: Run, config: Config, record: dict[str, Any], data: PreparedData, split: str, progress: Progress
) -> dict[str, float] | None:
    """The linear baselines of the same division; where there can be some, a note says how to compute them."""
    if split == "train" or record.get("data", {}).get("fingerprint") != data.fingerprint:
        return None
    known = known_accuracies(config, data, split)
    if known is None:
        option = "--test " if split == "test" and not config.training.evaluate_test else ""
        command = f"sentiment baseline {option}{shlex.quote(str(run.path))}"
        progress.note(f"For what a linear model reaches on these reviews: {command}")
    return known


def _check_own_data(run: Run, record: dict[str, Any], data: PreparedData, split: str, progress: Progress) -> None:
    """The division of changed reviews would be another one; a test part of its own may change, which is said."""
    known, root = record.get("data", {}), data.layout.root
    if split == "test" and data.layout.test is not None:
        before = known.get("test_fingerprint")
        if before is not None and data.test_report and before != data.test_report.fingerprint:
            progress.warn(f"the test reviews in {root} changed since {run.path} was trained")
    elif known.get("fingerprint") != data.fingerprint:
        raise RunError(
            f"The reviews in {root} changed since {run.path} was trained; its {split} part cannot be made again."
        )


def _own_reviews(
    run: Run, config: Config, data: PreparedData, split: str, progress: Progress
) -> tuple[ReviewSet, dict[bytes, str]]:
    """The reviews of one part, and the digests of what was learned from."""
    from sentiment_cli.data.loading import load_part, load_splits

    if split == "test" and data.layout.test is not None:
        # No training review that is a copy of a test review was learned from, where they are left out.
        training = {} if config.data.drop_duplicates else _read_digests(data.layout.train, config)
        return load_part(data.layout.test, config.data.encoding_errors), training
    splits = load_splits(data.layout, config.data, config.split_seed, progress.note)
    reviews = {"train": lambda: splits.train, "validation": lambda: splits.validation, "test": splits.test}[split]()
    if reviews is None:
        raise RunError(f"{run.path} was trained without a validation part (data.validation_fraction: 0).")
    learned = splits.train_and_validation if split == "test" else splits.train
    return reviews, known_texts(learned.paths, learned.texts)


def _read_digests(part: Part, config: Config) -> dict[bytes, str]:
    """The digests of the reviews of a part, by nothing but their files: a second for 25,000."""
    texts = (read_text(part, path, config.data.encoding_errors) or "" for path in part.paths)
    return known_texts(part.paths, texts)


def _own_digests(config: Config, record: dict[str, Any]) -> dict[bytes, str]:
    """The digests of the reviews that a run was trained on; none where they are gone."""
    root = record.get("data", {}).get("root")
    if not root:
        return {}
    try:
        train = find_layout(Path(root), config.data.classes).train.limit(config.data.limit, config.split_seed)
        return _read_digests(train, config)
    except DataError:
        return {}


def _evaluate_other(
    run: Run, config: Config, record: dict[str, Any], source: str, explain: Explained | None, progress: Progress
) -> EvaluateResult:
    class_names = record.get("class_names") or []
    other = other_reviews(source, config, class_names, progress)
    root = other.root
    part, notes = find_other_part(root, class_names)
    report = check_contents(part)
    problems = report.problems(config.data.encoding_errors)
    if problems:
        raise DataError(f"{root} cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
    for note in (*notes, *report.notes(config.data.encoding_errors)):
        progress.note(note)
    load_tensorflow()
    from sentiment_cli.data.loading import load_part
    from sentiment_cli.runtime import choose_device, evaluation_device
    from sentiment_cli.workflows.classifier import EvaluationFiles, evaluate_reviews
    from sentiment_cli.workflows.ensemble import load_scorer

    device = choose_device(evaluation_device(config))
    classifier = load_scorer(run, config, device)
    directory = _evaluation_dir(run, safe_name(other.name), other.origin)
    predictions, traits, attributions = evaluation_paths(directory)
    files = EvaluationFiles(
        predictions=predictions,
        traits=traits,
        attributions=attributions,
        metrics=directory / "metrics.json",
        pictures_dir=directory,
        title=f"{run.name} on {other.name}",
        with_curves=True,
        data=str(root.resolve()),
        source=other.source,
    )
    reviews = load_part(part, config.data.encoding_errors)
    split = "all" if part.directory == root else "test"
    evaluation = evaluate_reviews(classifier, reviews, files, progress, other.name, _own_digests(config, record))
    explained = _explain(classifier, device, reviews, files, explain, progress)
    network = scoring_network(network_records(run), None) if config.training.refit else None
    return EvaluateResult(run, split, evaluation, directory, files, network, explained=explained)


def _evaluation_dir(run: Run, name: str, origin: Path) -> Path:
    """Where the evaluation on the reviews of ``origin`` goes: ``name``, or ``name-2`` where that is of others."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    directories = (run.evaluation_dir(candidate) for candidate in names)
    return next(path for path in directories if evaluated_origin(path) in ("", str(origin)))
