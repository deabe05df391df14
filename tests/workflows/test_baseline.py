"""Are the baselines' figures right and those of the network's own split, and is no wrong one ever kept or shown?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from conftest import Told, tiny_texts, write_reviews

from sentiment_cli.baseline import fitting, kept
from sentiment_cli.baseline.fitting import compute_baselines
from sentiment_cli.baseline.recipe import INVERSE_PENALTY
from sentiment_cli.baseline.scores import Baseline, Score
from sentiment_cli.config import Config
from sentiment_cli.data.loading import load_splits
from sentiment_cli.data.prepare import prepare_data
from sentiment_cli.data.reviews import ReviewSet
from sentiment_cli.errors import DataError, RunError
from sentiment_cli.evaluation.predictions import read_predictions
from sentiment_cli.resources import user_cache_dir
from sentiment_cli.runs import Run
from sentiment_cli.training.progress import Silent
from sentiment_cli.workflows import BaselineResult, baseline, baseline_of_run, evaluate

pytestmark = pytest.mark.usefixtures("undrawn")


def configure(
    source: Path | str, *, seed: int = 3, test: bool = True, split: str = "whitespace", **data: Any
) -> Config:
    return Config.model_validate(
        {
            "data": {"source": str(source), "validation_fraction": 0.25, **data},
            "text": {"split": split},
            "training": {"seed": seed, "evaluate_test": test},
        }
    )


def part(texts: list[str], labels: list[int]) -> ReviewSet:
    return ReviewSet(texts, np.array(labels, dtype=np.int32), [f"{i}.txt" for i in range(len(texts))], ("bad", "good"))


def figures(result: BaselineResult) -> dict[str, tuple[Score | None, Score | None]]:
    return {one.name: (one.validation, one.test) for one in result.baselines}


def kept_files() -> list[Path]:
    return sorted((user_cache_dir() / "baselines").glob("*"))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that baselines are computed."""
    calls: list[int] = []

    def compute(*arguments: Any, **options: Any) -> list[Baseline]:
        calls.append(1)
        return compute_baselines(*arguments, **options)

    monkeypatch.setattr(fitting, "compute_baselines", compute)
    return calls


@pytest.fixture
def reviews(tiny_reviews: Path, tmp_path: Path) -> Path:
    """A copy of the tiny reviews, to be changed at will."""
    return Path(shutil.copytree(tiny_reviews, tmp_path / "reviews"))


class TestComputeBaselines:
    def test_the_majority_is_that_of_the_training_part(self) -> None:
        train = part(["one two", "two three", "three four"], [1, 1, 0])
        other = part(["one", "two", "three", "four"], [0, 0, 0, 1])
        majority = compute_baselines(train, other, None, split="whitespace", progress=Silent())[0]
        assert (majority.name, majority.validation, majority.test) == ("majority", Score(1, 4), None)
        assert not majority.is_linear

    @pytest.mark.parametrize(
        ("split", "texts", "runs"),
        [("whitespace", ["not good", "good not"], "bigrams"), ("character", ["abc", "acb"], "trigrams")],
    )
    def test_only_runs_tell_texts_of_the_same_words_or_characters_apart(
        self, split: Literal["whitespace", "character"], texts: list[str], runs: str
    ) -> None:
        train = part(texts * 4, [0, 1] * 4)
        found = compute_baselines(train, None, train, split=split, progress=Silent())
        assert {one.name: one.test for one in found} == {
            "majority": Score(4, 8),
            "unigrams": Score(4, 8),
            runs: Score(8, 8),
        }
        assert all(one.validation is None for one in found)

    def test_with_refit_the_test_part_is_predicted_after_validation_was_learned_too(self) -> None:
        train, validation = part(["cold bed", "warm bed"], [0, 1]), part(["rude", "rude", "kind"], [0, 0, 1])
        test = part(["rude", "kind"], [0, 1])
        plain, refitted = (
            {
                one.name: one
                for one in compute_baselines(
                    train, validation, test, split="whitespace", refit=refit, progress=Silent()
                )
            }
            for refit in (False, True)
        )
        assert plain["unigrams"].test == Score(1, 2)  # it knows neither word
        assert refitted["unigrams"].test == Score(2, 2)
        assert plain["unigrams"].validation == refitted["unigrams"].validation

    def test_texts_with_nothing_to_count_are_an_error_that_says_so(self) -> None:
        train = part(["a", "!"], [0, 1])
        with pytest.raises(DataError, match="nothing that a linear model could count"):
            compute_baselines(train, None, None, split="whitespace", progress=Silent())

    def test_an_empty_part_is_an_error_that_says_so(self) -> None:
        train = part(["cold bed", "warm bed"], [0, 1])
        with pytest.raises(DataError, match="No review is left"):
            compute_baselines(train, None, part([], []), split="whitespace", progress=Silent())


class TestScore:
    @pytest.mark.parametrize("numbers", [(-1, 2), (3, 2), (0, 0), (1.0, 2), (True, 2), ("1", 2), (None, 2)])
    def test_what_cannot_be_is_refused(self, numbers: tuple[Any, Any]) -> None:
        with pytest.raises((TypeError, ValueError)):
            Score(*numbers)

    def test_accuracy_is_the_share_of_right_predictions(self) -> None:
        assert Score(3, 4).to_dict() == {"accuracy": 0.75, "correct": 3, "examples": 4}

    @pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
    def test_seconds_that_cannot_be_are_refused(self, seconds: float) -> None:
        with pytest.raises(ValueError, match="expected seconds"):
            Baseline("majority", "none", None, None, seconds)


def words(text: str) -> list[str]:
    """Runs of two or more letters, digits and underscores, in lower case."""
    plain = "".join(character if character.isalnum() or character == "_" else " " for character in text.lower())
    return [word for word in plain.split() if len(word) > 1]


def tfidf(texts: list[list[str]], weights: dict[str, float]) -> np.ndarray:
    """(1 + ln count) times the word's weight, each row of length 1."""
    rows = [
        [weight * (1 + np.log(text.count(word))) if word in text else 0.0 for word, weight in weights.items()]
        for text in texts
    ]
    return np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)


def logistic_regression(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights, the bias last, by Newton's method on the sum of losses plus |weights|^2 / (2 C), the bias left out."""
    wide = np.hstack([features, np.ones((len(features), 1))])
    penalty = np.diag([1 / INVERSE_PENALTY] * features.shape[1] + [0.0])
    weights, gradient = np.zeros(wide.shape[1]), np.ones(wide.shape[1])
    for _ in range(20):
        share = 1 / (1 + np.exp(-wide @ weights))
        gradient = wide.T @ (share - labels) + penalty @ weights
        weights -= np.linalg.solve(wide.T @ (wide * (share * (1 - share))[:, None]) + penalty, gradient)
    assert np.abs(gradient).max() < 1e-9
    return weights


def test_unigrams_score_as_tfidf_and_logistic_regression_written_out() -> None:
    config = configure("bnb", classes=["negative", "positive"], limit=80)
    data = prepare_data(config.data, config.training.seed)
    splits = load_splits(data.layout, config.data, config.training.seed, lambda note: None)
    train = [words(text) for text in splits.train.texts]
    every = sorted({word for text in train for word in text})
    weights = {word: 1 + np.log((1 + len(train)) / (1 + sum(word in text for text in train))) for word in every}
    learned = logistic_regression(tfidf(train, weights), splits.train.labels)
    expected = []
    for reviews in (splits.validation, splits.test()):
        assert reviews is not None
        logits = tfidf([words(text) for text in reviews.texts], weights) @ learned[:-1] + learned[-1]
        expected.append(Score(int(((logits > 0) == reviews.labels).sum()), len(reviews)))
    assert figures(baseline(config))["unigrams"] == tuple(expected)
    assert all(0.5 < score.accuracy < 1 for score in expected)


def test_the_parts_are_those_that_the_network_had(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[ReviewSet] = []

    def compute(*parts: ReviewSet, **options: Any) -> list[Baseline]:
        given.extend(parts)
        return compute_baselines(*parts, **options)

    monkeypatch.setattr(fitting, "compute_baselines", compute)
    run = Run(run_copy)
    baseline_of_run(run)
    evaluate(run, split="train")
    for reviews, name in zip(given, ("train", "validation", "test"), strict=True):
        assert reviews.paths == [row.path for row in read_predictions(run.predictions_path(name))]


def test_more_than_two_classes(tmp_path: Path) -> None:
    texts = {"bad": ["cold bed"] * 5, "fair": ["plain bed"] * 5, "good": ["warm bed"] * 5}
    found = baseline(configure(write_reviews(tmp_path, texts)))
    assert found.class_names == ("bad", "fair", "good")
    assert {name: test for name, (_, test) in figures(found).items()} == {
        "majority": Score(1, 3),
        "unigrams": Score(3, 3),
        "bigrams": Score(3, 3),
    }


class TestKept:
    def test_the_same_question_is_answered_without_computing(self, reviews: Path, counted: list[int]) -> None:
        told = Told()
        first = baseline(configure(reviews))
        second = baseline(configure(reviews), progress=told)
        assert (first.from_cache, second.from_cache, len(counted)) == (False, True, 1)
        assert second.baselines == first.baselines
        assert told.phases == ["checking files"]
        assert len(kept_files()) == 1

    def test_what_does_not_change_the_figures_does_not_compute_them_again(
        self, reviews: Path, counted: list[int]
    ) -> None:
        baseline(configure(reviews))
        other = configure(reviews).model_dump()
        other["training"].update(epochs=99, learning_rate=0.5)
        other["text"].update(max_tokens=77)
        assert baseline(Config.model_validate(other)).from_cache

    @pytest.mark.parametrize(
        "changed",
        [
            {"seed": 4},
            {"validation_fraction": 0.5},
            {"encoding_errors": "replace"},
            {"drop_duplicates": True},
            {"limit": 10},
            {"classes": ["good", "bad"]},
            {"split": "character"},
        ],
        ids=str,
    )
    def test_another_question_is_computed(self, reviews: Path, counted: list[int], changed: dict[str, Any]) -> None:
        baseline(configure(reviews))
        assert not baseline(configure(reviews, **changed)).from_cache
        assert (len(counted), len(kept_files())) == (2, 2)

    def test_the_seed_counts_only_where_something_is_divided(self, reviews: Path, counted: list[int]) -> None:
        baseline(configure(reviews, validation_fraction=0, seed=1))
        assert baseline(configure(reviews, validation_fraction=0, seed=2)).from_cache
        shutil.rmtree(reviews / "test")
        one, two = (baseline(configure(reviews, validation_fraction=0, seed=seed)) for seed in (1, 2))
        assert not one.from_cache and not two.from_cache

    @pytest.mark.parametrize("part", ["train", "test"])
    def test_changed_reviews_are_computed_again(self, reviews: Path, counted: list[int], part: str) -> None:
        baseline(configure(reviews))
        (reviews / part / "bad" / "000.txt").write_text("another text", encoding="utf-8")
        assert not baseline(configure(reviews)).from_cache
        assert baseline(configure(reviews)).from_cache

    def test_another_version_of_scikit_learn_is_computed_again(
        self, reviews: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        baseline(configure(reviews))
        monkeypatch.setattr(kept.metadata, "version", lambda name: "0.0")
        assert not baseline(configure(reviews)).from_cache

    def test_without_the_test_part_it_is_not_read(self, reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (reviews / "test" / "bad" / "000.txt").write_bytes(b"\xff")  # would be an error if it were looked at
        found = baseline(configure(reviews, test=False))
        assert all(one.validation and one.test is None for one in found.baselines)

    def test_what_was_computed_without_the_test_part_is_completed(self, reviews: Path, counted: list[int]) -> None:
        without = baseline(configure(reviews, test=False))
        whole = baseline(configure(reviews))
        again = baseline(configure(reviews))
        assert (without.from_cache, whole.from_cache, again.from_cache) == (False, False, True)
        assert all(one.test for one in again.baselines)
        assert [one.validation for one in again.baselines] == [one.validation for one in without.baselines]
        assert len(kept_files()) == 1

    @pytest.mark.parametrize("options", [{}, {"drop_duplicates": True}])
    def test_figures_on_the_test_part_are_not_shown_unasked(
        self, reviews: Path, counted: list[int], options: dict[str, Any]
    ) -> None:
        baseline(configure(reviews, **options))
        found = baseline(configure(reviews, test=False, **options))
        assert found.from_cache
        assert all(one.validation and one.test is None for one in found.baselines)

    @pytest.mark.parametrize(
        "damage",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"[]",
            b"null",
            b"[" * 100_000,
            b'{"key": {}}',
            lambda value: value.pop("test"),
            lambda value: value.update(baselines=[]),
            lambda value: value["baselines"].pop("bigrams"),
            lambda value: value["baselines"].update(unigrams=None),
            lambda value: value["baselines"]["unigrams"]["test"].update(correct=17),
            lambda value: value["baselines"]["unigrams"]["test"].pop("examples"),
            lambda value: value["baselines"]["unigrams"].update(seconds=float("nan")),
        ],
        ids=lambda damage: repr(damage[:12]) if isinstance(damage, bytes) else "changed",
    )
    def test_a_damaged_file_is_computed_again_and_replaced(
        self, reviews: Path, counted: list[int], damage: Any
    ) -> None:
        expected = figures(baseline(configure(reviews)))
        (path,) = kept_files()
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(damage, bytes):
            path.write_bytes(damage)
        else:
            damage(value)
            path.write_text(json.dumps(value), encoding="utf-8")
        found = baseline(configure(reviews))
        assert (found.from_cache, figures(found)) == (False, expected)
        assert baseline(configure(reviews)).from_cache

    def test_where_nothing_can_be_kept_the_figures_are_given_with_a_warning(self, reviews: Path) -> None:
        user_cache_dir().mkdir(parents=True)
        (user_cache_dir() / "baselines").write_text("a file", encoding="utf-8")
        told = Told()
        found = baseline(configure(reviews), progress=told)
        assert all(one.test for one in found.baselines)
        assert told.lines[-1].endswith("; the figures are not kept")

    @pytest.mark.usefixtures("homeless")
    def test_without_a_home_the_figures_are_given_with_a_warning(self, reviews: Path) -> None:
        told = Told()
        found = baseline(configure(reviews), progress=told)
        assert all(one.test for one in found.baselines)
        assert told.warnings[-1].startswith("There is no home directory")
        assert not Path("~").exists()


class TestRun:
    def test_it_is_the_baseline_of_its_configuration(
        self, run_copy: Path, tiny_reviews: Path, counted: list[int]
    ) -> None:
        found = baseline_of_run(Run(run_copy))
        assert found.root == tiny_reviews
        assert baseline(configure(tiny_reviews)).from_cache

    def test_evaluate_knows_it_afterwards(self, run_copy: Path) -> None:
        run, told = Run(run_copy), Told()
        assert evaluate(run, progress=told).linear_baseline is None
        assert told.lines == [f"For what a linear model reaches on these reviews: sentiment baseline {run.path}"]
        found = figures(baseline_of_run(run))
        for index, split in enumerate(("validation", "test")):
            told = Told()
            scores = {name: found[name][index] for name in ("unigrams", "bigrams")}
            expected = {name: score.accuracy for name, score in scores.items() if score}
            assert evaluate(run, split=split, progress=told).linear_baseline == expected
            assert told.lines == []

    def test_on_the_training_part_and_other_data_there_is_none_and_nothing_is_said(self, run_copy: Path) -> None:
        run, told = Run(run_copy), Told()
        baseline_of_run(run)
        write_reviews(Path("other"), tiny_texts(2, 400))
        assert evaluate(run, split="train", progress=told).linear_baseline is None
        assert evaluate(run, source="other", progress=told).linear_baseline is None
        assert told.lines == []

    def test_changed_training_reviews_are_an_error(self, run_copy: Path, reviews: Path) -> None:
        run = Run(run_copy)
        record = run.read_record()
        run.write_record({**record, "data": {**record["data"], "root": str(reviews)}})
        (reviews / "train" / "bad" / "000.txt").write_text("another text", encoding="utf-8")
        with pytest.raises(RunError, match="changed since"):
            baseline_of_run(run)
        told = Told()
        assert evaluate(run, progress=told).linear_baseline is None
        assert told.lines == []

    def test_reviews_that_are_gone_are_an_error(self, run_copy: Path) -> None:
        run = Run(run_copy)
        record = run.read_record()
        run.write_record({**record, "data": {**record["data"], "root": str(run_copy / "gone")}})
        with pytest.raises(DataError, match="are gone from"):
            baseline_of_run(run)
