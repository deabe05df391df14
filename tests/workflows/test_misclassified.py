"""Are mistakes listed with all that is known of them, runs compared, labels doubted, and error rates counted?"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import write_reviews

from sentiment_cli.analysis.attributions import Attribution, Span, write_attributions
from sentiment_cli.analysis.selection import Selection
from sentiment_cli.analysis.traits import Traits, write_traits
from sentiment_cli.errors import DataError, RunError, UsageError
from sentiment_cli.evaluation.predictions import Prediction, write_predictions
from sentiment_cli.runs import Run, SeedGroup
from sentiment_cli.workflows.group_mistakes import group_mistakes
from sentiment_cli.workflows.misclassified import list_changes, list_misclassified, list_suspects


def row(index: int, actual: str, predicted: str, probability: float, **changed: int) -> Prediction:
    shares = {name: probability if name == predicted else 1 - probability for name in ("bad", "good")}
    counts = {"tokens": 20, "unknown": 0, "cut": 0, **changed}
    path = f"test/{actual}/{index:03}.txt"
    return Prediction(index, path, actual, predicted, probability, 0.5, shares, **counts)


ROWS = [
    row(0, "bad", "good", 0.6, tokens=40),
    row(1, "bad", "bad", 0.99),
    row(2, "good", "bad", 0.9),
    row(3, "good", "bad", 0.6),
    row(4, "bad", "good", 0.75, tokens=30, cut=10),
]
OTHER = [
    row(0, "bad", "good", 0.7),
    row(1, "bad", "good", 0.8),
    row(2, "good", "good", 0.9),
    row(3, "good", "good", 0.6),
    row(4, "bad", "good", 0.75),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    texts = {"bad": [f"bad {i}, not no" for i in range(5)], "good": [f"good {i}" for i in range(5)]}
    write_reviews(tmp_path / "data" / "test", texts)
    return tmp_path / "data"


Make = Callable[..., Run]


@pytest.fixture
def make(trained_run: Path, root: Path, tmp_path: Path) -> Make:
    """Makes runs on the same reviews that have these predictions on their test part, and nothing else about it."""

    def make_run(name: str, rows: list[Prediction], class_names: tuple[str, ...] = ("bad", "good")) -> Run:
        run = Run(tmp_path / "runs" / name)
        run.path.mkdir(parents=True)
        record = Run(trained_run).read_record()
        run.write_record({**record, "data": {**record["data"], "root": str(root)}})
        write_predictions(run.predictions_path("test"), rows, class_names)
        return run

    return make_run


@pytest.fixture
def run(make: Make) -> Run:
    return make("this", ROWS)


def test_only_wrong_ones_the_most_confident_first_and_ties_in_the_order_of_the_reviews(run: Run) -> None:
    found = list_misclassified(run)
    assert (found.examples, found.wrong, found.matches, found.missing_texts) == (5, 4, 4, 0)
    assert [(item.prediction.id, item.text) for item in found.rows] == [
        (2, "good 2"),
        (4, "bad 4, not no"),
        (0, "bad 0, not no"),
        (3, "good 3"),
    ]


@pytest.mark.parametrize(("top", "ids"), [(None, [2, 4, 0, 3]), (2, [2, 4]), (0, []), (99, [2, 4, 0, 3])])
def test_top_takes_the_first_ones_and_all_are_counted(run: Run, top: int | None, ids: list[int]) -> None:
    found = list_misclassified(run, top=top)
    assert ([item.prediction.id for item in found.rows], found.matches) == (ids, 4)


def test_a_selection_is_counted_before_it_is_cut(run: Run) -> None:
    found = list_misclassified(run, selection=Selection(actual="bad", sort="length", top=1))
    assert ([item.prediction.id for item in found.rows], found.matches, found.wrong) == ([0], 2, 4)


def test_a_text_that_is_gone_is_none_and_the_others_are_there(run: Run, root: Path) -> None:
    (root / "test/bad/004.txt").unlink()
    found = list_misclassified(run)
    assert [item.text for item in found.rows] == ["good 2", None, "bad 0, not no", "good 3"]
    assert found.missing_texts == 1


def test_what_a_text_that_is_gone_contains_is_not_known_and_counted(run: Run, root: Path) -> None:
    (root / "test/bad/004.txt").unlink()
    found = list_misclassified(run, selection=Selection(contains="BAD"))
    assert ([item.prediction.id for item in found.rows], found.unread) == ([0], 1)


def test_traits_come_from_where_they_are_kept(run: Run) -> None:
    kept = {each.path: Traits(9, 4, "train/good/000.txt") for each in ROWS[:4]}
    write_traits(run.traits_path("test"), kept)
    found = list_misclassified(run)
    assert found.rows[0].traits == Traits(9, 4, "train/good/000.txt")
    assert found.rows[0].reasons == ["copy of train/good/000.txt", "mild rating (4 of 10)", "9 negations"]
    assert found.rows[1].traits == Traits(None, None, None)  # the table has no row for it


def test_where_traits_are_not_kept_they_are_seen_in_texts_and_names(run: Run) -> None:
    assert [item.traits.negations for item in list_misclassified(run).rows] == [0, 2, 2, 0]


def test_words_come_with_the_prediction_that_they_were_found_for_and_with_no_other(run: Run) -> None:
    spans = (Span(0, 4, 1.5), Span(5, 6, -0.5))
    kept = [Attribution(ROWS[2].path, "bad", spans, 1.0), Attribution(ROWS[4].path, "bad", spans, 1.0)]
    write_attributions(run.attributions_path("test"), kept)
    first, second, *_ = list_misclassified(run).rows
    assert first.words() == [("good", 1.5), ("2", -0.5)]
    assert first.to_dict()["words"] == [["good", 1.5], ["2", -0.5]]
    assert second.words() is None  # it is predicted good now


def test_a_part_that_was_not_evaluated_is_named_with_the_command(run: Run) -> None:
    with pytest.raises(RunError) as caught:
        list_misclassified(run, split="train")
    assert str(caught.value).endswith(
        f"has no predictions on its train part yet. Make them: sentiment evaluate {run.path} --split train"
    )


def test_the_configuration_says_how_to_read_where_the_record_does_not(run_copy: Path, root: Path) -> None:
    run = Run(run_copy)
    record = {**run.read_record(), "config": {}}
    run.write_record({**record, "data": {**record["data"], "root": str(root)}})
    write_predictions(run.predictions_path("test"), ROWS, ["bad", "good"])
    assert list_misclassified(run, top=1).rows[0].text == "good 2"


class TestOtherData:
    @pytest.fixture
    def evaluated(self, run: Run, tmp_path: Path) -> Path:
        """Other reviews that the run was evaluated on."""
        other = write_reviews(tmp_path / "other", {"bad": ["so so"], "good": ["fine, not bad"]})
        directory = run.evaluation_dir("other-2")
        directory.mkdir(parents=True)
        (run.evaluation_dir("other")).mkdir()  # what another evaluation left when it was killed
        (directory / "metrics.json").write_text(json.dumps({"data": str(other)}), encoding="utf-8")
        rows = [replace(ROWS[0], path="bad/000.txt"), replace(ROWS[2], path="good/000.txt")]
        write_predictions(directory / "predictions.csv", rows, ["bad", "good"])
        write_traits(directory / "traits.csv", {"good/000.txt": Traits(1, None, "train/good/007.txt")})
        return other

    def test_the_mistakes_on_other_data_are_listed_from_their_evaluation(self, run: Run, evaluated: Path) -> None:
        found = list_misclassified(run, source=str(evaluated))
        assert (found.split, found.examples, found.data_root) == ("other-2", 2, evaluated)
        assert [(item.text, item.traits.copy_of) for item in found.rows] == [
            ("fine, not bad", "train/good/007.txt"),
            ("so so", None),
        ]
        assert found.part.evaluation == ("--data", str(evaluated))
        assert found.part.counted("labels") == "labels on other-2"

    def test_they_are_known_when_their_reviews_are_gone(self, run: Run, evaluated: Path) -> None:
        shutil.rmtree(evaluated)
        assert list_misclassified(run, source=str(evaluated)).missing_texts == 2

    def test_runs_are_compared_and_labels_doubted_there_too(self, run: Run, evaluated: Path) -> None:
        assert list_changes(run, run, source=str(evaluated)).examples == 2
        assert list_suspects(run, source=str(evaluated)).examples == 2
        assert group_mistakes(run, ["cut"], source=str(evaluated)).examples == 2

    def test_data_that_it_was_not_evaluated_on_are_named_with_the_command(self, run: Run, evaluated: Path) -> None:
        for source in ("bnb", "no such/place"):
            with pytest.raises(RunError) as caught:
                list_misclassified(run, source=source)
            assert str(caught.value) == (
                f"{run.path} was not evaluated on {source} yet. Do that: "
                f"sentiment evaluate {run.path} --data {shlex.quote(source)}"
            )


def test_a_group_of_seeds_has_the_mistakes_of_its_ensemble(run: Run, tmp_path: Path) -> None:
    group = SeedGroup(Path(shutil.copytree(run.path, tmp_path / "group")))
    (group.path / "run.json").rename(group.record_path)
    group.write_record({**group.read_record(), "seeds": [3, 4]})
    assert [item.prediction.id for item in list_misclassified(group).rows] == [2, 4, 0, 3]
    with pytest.raises(RunError) as caught:
        list_suspects(group, split="train")
    single = group.member(3).path
    assert str(caught.value).endswith(f"sentiment evaluate {single} --cross-validate 5, and then name {single}")


class TestVersus:
    def test_each_outcome_is_listed_by_the_confidence_of_the_mistake(self, run: Run, make: Make) -> None:
        found = list_changes(run, make("other", OTHER))
        assert [(item.change.outcome, item.prediction.id) for item in found.rows if item.change] == [
            ("broken", 2),
            ("broken", 3),
            ("fixed", 1),
            ("both-wrong", 4),
            ("both-wrong", 0),
        ]
        assert found.against and found.against.names == ("this", "other")
        assert found.to_dict()["vs"]["matches"] == {"broken": 2, "fixed": 1, "both_wrong": 2}
        assert found.to_dict()["vs"]["p_value"] == 1.0

    def test_a_review_has_both_predictions(self, run: Run, make: Make) -> None:
        values = list_changes(run, make("other", OTHER), show="fixed").to_dict()["misclassified"]
        assert [(each["predicted"], each["probability"]) for each in values] == [("bad", 0.99)]
        assert [(each["other_predicted"], each["other_probability"]) for each in values] == [("good", 0.8)]

    def test_conditions_are_on_the_mistake_and_top_is_of_each_outcome(self, run: Run, make: Make) -> None:
        other = make("other", OTHER)
        found = list_changes(run, other, selection=Selection(predicted="good", top=1, sort="confidence"))
        assert [item.prediction.id for item in found.rows] == [1, 4]
        assert (found.matches, found.against and found.against.matches) == (
            3,
            {"broken": 0, "fixed": 1, "both-wrong": 2},
        )

    def test_one_outcome_alone_is_counted_alone(self, run: Run, make: Make) -> None:
        found = list_changes(run, make("other", OTHER), show="both-wrong")
        assert ([item.prediction.id for item in found.rows], found.matches) == ([4, 0], 2)

    def test_a_run_against_itself_has_broken_and_fixed_nothing(self, run: Run) -> None:
        found = list_changes(run, run)
        assert {item.change.outcome for item in found.rows if item.change} == {"both-wrong"}
        assert found.against and found.against.names == (str(run.path), str(run.path))

    def test_runs_on_other_contents_are_refused(self, run: Run, make: Make) -> None:
        other = make("other", OTHER)
        record = other.read_record()
        other.write_record({**record, "data": {**record["data"], "test_fingerprint": "0" * 64}})
        with pytest.raises(RunError, match="same names and other contents"):
            list_changes(run, other)


class TestSuspects:
    def test_labels_are_doubted_from_predictions_of_reviews_that_were_not_learned(self, run: Run) -> None:
        found = list_suspects(run)
        # thresholds: bad (0.4 + 0.99 + 0.25) / 3 = 0.547, good (0.1 + 0.4) / 2 = 0.25
        assert [(item.prediction.id, item.suspect.suggested) for item in found.rows if item.suspect] == [
            (2, "bad"),
            (4, "good"),
            (0, "good"),
            (3, "bad"),
        ]
        labels = found.to_dict()["labels"]
        assert labels["confident_joint"] == [[1, 2], [2, 0]]
        assert (labels["suspects"], labels["estimated_errors"]) == (4, 4)

    def test_conditions_and_order_can_be_set(self, run: Run) -> None:
        found = list_suspects(run, selection=Selection(actual="bad", sort="length", top=1))
        assert ([item.prediction.id for item in found.rows], found.matches) == ([0], 2)

    def test_what_was_learned_from_says_nothing_about_its_labels(self, run: Run) -> None:
        write_predictions(run.predictions_path("train"), ROWS, ["bad", "good"])
        with pytest.raises(RunError) as caught:
            list_suspects(run, split="train")
        assert str(caught.value) == (
            f"{run.path} has learned its train part, so that its predictions there say nothing about the labels. Let "
            "each review be predicted by a network that has not learned it: "
            f"sentiment evaluate {run.path} --cross-validate 5"
        )

    def test_a_cross_validation_stands_for_the_training_part(self, run: Run) -> None:
        directory = run.cross_validation_dir
        directory.mkdir()
        write_predictions(directory / "predictions.csv", ROWS[1:], ["bad", "good"])
        write_traits(directory / "traits.csv", {ROWS[2].path: Traits(0, 7, None)})
        found = list_suspects(run, split="train", selection=Selection(top=1))
        assert (found.split, found.examples) == ("cross-validation", 4)
        assert [(item.prediction.id, item.text, item.traits.rating) for item in found.rows] == [(2, "good 2", 7)]

    def test_a_class_without_reviews_has_no_threshold_in_json(self, make: Make) -> None:
        only_good = [each for each in ROWS if each.actual == "good"]
        values = list_suspects(make("half", only_good)).to_dict()
        assert values["labels"]["thresholds"] == {"bad": None, "good": pytest.approx(0.25)}

    def test_an_empty_table_has_no_labels_to_doubt(self, make: Make) -> None:
        with pytest.raises(DataError, match="no labels to doubt"):
            list_suspects(make("empty", []))


class TestGroups:
    def test_every_review_and_mistake_is_in_one_slice_of_each_trait(self, run: Run) -> None:
        found = group_mistakes(run, ["cut", "length"])
        assert (found.examples, found.wrong, list(found.slices)) == (5, 4, ["cut", "length"])
        assert [(each["by"], each["name"], each["examples"], each["wrong"]) for each in found.rows()] == [
            ("cut", "read whole", 4, 3),
            ("cut", "a quarter to a half cut", 1, 1),
            ("length", "up to 25 words", 3, 2),
            ("length", "26 to 50 words", 2, 2),
        ]
        assert [each["share_of_errors"] for each in found.rows()] == [0.75, 0.25, 0.5, 0.5]

    def test_negations_are_counted_in_texts_where_they_are_not_kept(self, run: Run, root: Path) -> None:
        (root / "test/good/003.txt").unlink()
        found = group_mistakes(run, ["negation"])
        assert [(each.name, each.examples, each.wrong) for each in found.slices["negation"]] == [
            ("no negation", 1, 1),
            ("2 or 3 negations", 3, 2),
            ("not known", 1, 1),
        ]
        assert found.missing_texts == 1

    def test_other_traits_need_no_texts(self, run: Run, root: Path) -> None:
        shutil.rmtree(root)
        assert group_mistakes(run, ["rating", "unknown"]).missing_texts == 0

    def test_an_unknown_trait_is_refused_with_the_nearest(self, run: Run) -> None:
        with pytest.raises(UsageError) as caught:
            group_mistakes(run, ["lenght"])
        assert str(caught.value) == '--group-by lenght: there is no such trait; did you mean "length"?'

    def test_an_empty_table_has_nothing_to_count(self, make: Make) -> None:
        with pytest.raises(RunError, match="are empty, and so there is nothing to count"):
            group_mistakes(make("empty", []), ["cut"])

    def test_nothing_wrong_is_no_share_of_nothing(self, make: Make) -> None:
        found = group_mistakes(make("right", [ROWS[1]]), ["cut"])
        assert [(each["error_rate"], each["share_of_errors"]) for each in found.rows()] == [(0.0, 0.0)]
