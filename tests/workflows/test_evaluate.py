"""Are the figures of an evaluation those of its own table, and does other data leave the run as it was?"""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import Told, tiny_texts, write_reviews

from sentiment_cli.analysis.traits import Traits, read_traits
from sentiment_cli.errors import DataError, RunError, UsageError
from sentiment_cli.evaluation.predictions import Prediction, read_predictions, write_predictions
from sentiment_cli.runs import Run
from sentiment_cli.workflows import EvaluateResult, evaluate, predict, resume
from sentiment_cli.workflows.classifier import Classifier
from sentiment_cli.workflows.misclassified import list_misclassified

pytestmark = pytest.mark.usefixtures("undrawn")


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def move_reviews(run: Path, reviews: Path, target: Path) -> Path:
    """A copy of the reviews, and the run's record saying that they are there."""
    shutil.copytree(reviews, target)
    record = Run(run).read_record()
    record["data"]["root"] = str(target.resolve())
    Run(run).write_record(record)
    return target


def assert_figures_follow_from(result: EvaluateResult, rows: list[Prediction]) -> None:
    """Everything that can be counted in a table of predictions."""
    found, names = result.evaluation, result.evaluation.class_names
    assert found.examples == len(rows)
    assert found.accuracy == pytest.approx(sum(row.actual == row.predicted for row in rows) / len(rows))
    assert found.loss == pytest.approx(
        sum(-math.log(row.probabilities[row.actual]) for row in rows) / len(rows), rel=1e-5
    )
    assert found.confusion_matrix == [
        [sum((row.actual, row.predicted) == (actual, guess) for row in rows) for guess in names] for actual in names
    ]
    assert all(row.probability == max(row.probabilities.values()) for row in rows)
    assert all(row.probabilities[row.predicted] == row.probability for row in rows)
    support = {name: sum(row.actual == name for row in rows) for name in names}
    assert {name: found.classes[name]["support"] for name in names} == support
    assert found.majority_baseline == pytest.approx(max(support.values()) / len(rows))


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize(("split", "examples"), [("test", 16), ("validation", 10), ("train", 30)])
def test_a_part_of_the_own_data_is_evaluated_into_the_run(run_copy: Path, split: str, examples: int) -> None:
    run = Run(run_copy)
    before = run.read_metrics()
    result = evaluate(run, split=split)
    rows = read_predictions(run.predictions_path(split))
    assert (result.split, len(rows), result.directory) == (split, examples, run.path)
    assert_figures_follow_from(result, rows)
    assert run.read_metrics() == {**before, split: result.evaluation.to_dict()}
    assert before.get(split, result.evaluation.to_dict()) == result.evaluation.to_dict()  # as training found
    name = "confusion_matrix.png" if split == "test" else f"confusion_matrix_{split}.png"
    for picture in (name, name.replace("confusion_matrix", "curves"), name.replace("confusion_matrix", "calibration")):
        assert (run.plots_dir / picture).stat().st_size > 1000


def test_the_three_parts_share_no_review(run_copy: Path) -> None:
    evaluate(Run(run_copy), split="train")
    paths = [
        row.path
        for part in ("train", "validation", "test")
        for row in read_predictions(Run(run_copy).predictions_path(part))
    ]
    assert len(paths) == len(set(paths)) == 56


def test_the_json_object_has_the_keys_of_the_contract(run_copy: Path) -> None:
    values = json.loads(json.dumps(evaluate(Run(run_copy)).to_dict(), allow_nan=False))
    assert list(values) == [
        "run", "split", "network", "examples", "loss", "accuracy", "accuracy_interval", "macro_f1", "roc_auc",
        "average_precision", "majority_baseline", "classes", "confusion_matrix", "class_names", "calibration",
        "intervals", "linear_baseline", "slices", "threshold",
    ]  # fmt: skip
    assert values["run"] == str(run_copy)
    assert set(values["classes"]["good"]) == {"precision", "recall", "f1", "support"}


def test_other_data_go_to_a_directory_of_their_own_and_the_run_stays_byte_for_byte(run_copy: Path) -> None:
    write_reviews(Path("elsewhere") / "train", tiny_texts(3, 300))
    write_reviews(Path("elsewhere") / "test", tiny_texts(2, 400))
    before = contents(run_copy)
    result = evaluate(Run(run_copy), source="elsewhere")
    after = contents(run_copy)
    assert {name: after[name] for name in before} == before
    pictures = ("confusion_matrix.png", "curves.png", "calibration.png")
    names = ("metrics.json", "predictions.csv", "traits.csv", *pictures)
    added = {f"evaluations/elsewhere/{name}" for name in names}
    assert after.keys() - before.keys() == added
    assert (result.split, result.directory) == ("test", run_copy / "evaluations" / "elsewhere")
    rows = read_predictions(result.directory / "predictions.csv")
    assert [row.path for row in rows] == [f"test/{name}/{index:03}.txt" for name in ("bad", "good") for index in (0, 1)]
    kept = json.loads((result.directory / "metrics.json").read_text(encoding="utf-8"))
    assert kept == {"data": str(Path("elsewhere").resolve()), "source": None, **result.evaluation.to_dict()}
    assert_figures_follow_from(result, rows)


def test_other_data_of_the_same_name_do_not_replace_an_evaluation(run_copy: Path) -> None:
    for place in ("one", "two"):
        write_reviews(Path(place) / "reviews", tiny_texts(2, 400))
    first = evaluate(Run(run_copy), source="one/reviews").directory
    second = evaluate(Run(run_copy), source="two/reviews").directory
    again = evaluate(Run(run_copy), source="one/reviews").directory
    assert (first.name, second.name, again) == ("reviews", "reviews-2", first)


def test_a_directory_called_like_a_named_source_is_not_taken_for_it(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIMENT_DATA", str(Path("data").resolve()))
    write_reviews(Path("imdb"), tiny_texts(2, 400))
    write_reviews(Path("data/aclImdb"), tiny_texts(3, 500))
    run = Run(run_copy)
    directory = evaluate(run, source="./imdb").directory
    with pytest.raises(RunError, match="was not evaluated on imdb yet"):
        list_misclassified(run, source="imdb")
    named = evaluate(run, source="imdb").directory
    assert (directory.name, named.name) == ("imdb", "imdb-2")
    assert [list_misclassified(run, source=source).examples for source in ("imdb", "./imdb", "data/aclImdb")] == [
        6,
        4,
        6,
    ]
    assert evaluate(run, source="data/aclImdb").directory.name == "aclImdb"
    found = [list_misclassified(run, source=source).part for source in ("imdb", "./imdb", "data/aclImdb")]
    assert [part.predictions_path.parent.name for part in found] == ["imdb-2", "imdb", "aclImdb"]
    shutil.move("data", "moved")
    assert list_misclassified(run, source="imdb").examples == 6


def test_classes_of_other_data_are_matched_by_name_and_unknown_ones_left_out(run_copy: Path) -> None:
    # "awesome" sorts before both: by position, bad would be read as good.
    write_reviews(Path("other"), {**tiny_texts(3, 300), "awesome": ["lovely"]})
    told = Told()
    result = evaluate(Run(run_copy), source="other", progress=told)
    assert (result.split, result.evaluation.examples, result.evaluation.class_names) == ("all", 6, ["bad", "good"])
    assert [line for line in told.lines if "awesome" in line and "left out" in line]
    rows = read_predictions(result.directory / "predictions.csv")
    assert all(row.path.startswith(row.actual) for row in rows)
    assert result.evaluation.accuracy == 1  # the words that the run has learned


def test_other_data_with_one_class_of_the_run_have_figures_without_an_auc(run_copy: Path) -> None:
    write_reviews(Path("other"), {"good": ["lovely warm room", ""]})
    told = Told()
    result = evaluate(Run(run_copy), source="other", progress=told)
    assert result.evaluation.roc_auc is None
    assert result.evaluation.classes["bad"]["support"] == 0
    assert [line for line in told.lines if "no reviews of bad" in line]
    (_, empty) = read_predictions(result.directory / "predictions.csv")
    assert (empty.tokens, empty.unknown, empty.cut) == (0, 1, 0)


@pytest.mark.parametrize("names", [("negative", "positive"), ("bad", "nice")])
def test_other_names_are_refused_with_both_lists(run_copy: Path, names: tuple[str, str]) -> None:
    write_reviews(Path("other"), {name: ["text"] for name in names})
    before = contents(run_copy)
    with pytest.raises(DataError, match=f"has the classes {', '.join(names)}; the run knows bad, good"):
        evaluate(Run(run_copy), source="other")
    assert contents(run_copy) == before


def test_bad_bytes_in_other_data_are_refused_with_the_file(run_copy: Path) -> None:
    write_reviews(Path("other"), tiny_texts(2))
    Path("other/good/001.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"1 file not UTF-8: good/001\.txt"):
        evaluate(Run(run_copy), source="other")


def test_a_split_is_for_the_own_data_alone(run_copy: Path) -> None:
    with pytest.raises(UsageError, match="--split train is for the run's own data"):
        evaluate(Run(run_copy), split="train", source="bnb")
    with pytest.raises(UsageError, match="No split 'dev'; expected train, validation or test"):
        evaluate(Run(run_copy), split="dev")


def test_reviews_that_are_gone_are_said_to_be_gone(run_copy: Path, tiny_reviews: Path) -> None:
    shutil.rmtree(move_reviews(run_copy, tiny_reviews, Path("mine")))
    with pytest.raises(DataError, match=r"The reviews of .*tiny are gone from .*mine; evaluate other ones with --data"):
        evaluate(Run(run_copy))


def test_of_changed_reviews_only_the_test_part_is_evaluated_and_that_with_a_warning(
    run_copy: Path, tiny_reviews: Path
) -> None:
    root = move_reviews(run_copy, tiny_reviews, Path("mine"))
    for part in ("train", "test"):
        (root / part / "bad/new.txt").write_text("dirty", encoding="utf-8")
    told, before = Told(), contents(run_copy)
    for split in ("validation", "train"):
        with pytest.raises(RunError, match=f"its {split} part cannot be made again"):
            evaluate(Run(run_copy), split=split)
    assert contents(run_copy) == before
    assert evaluate(Run(run_copy), progress=told).evaluation.examples == 17
    assert [line for line in told.lines if "changed since" in line]


def test_a_new_class_in_the_own_data_is_refused(run_copy: Path, tiny_reviews: Path) -> None:
    root = move_reviews(run_copy, tiny_reviews, Path("mine"))
    for part in ("train", "test"):
        write_reviews(root / part, {"a new one": ["text"]})
    with pytest.raises(RunError, match=r"has the classes .*a new one.*, .*tiny was trained on .*bad.*good"):
        evaluate(Run(run_copy))


def test_a_run_without_a_finished_epoch_has_no_model(run_copy: Path) -> None:
    for path in (run_copy / "checkpoints").glob("best-*"):
        shutil.rmtree(path)
    with pytest.raises(RunError, match="checkpoints has no best epoch any more"):
        evaluate(Run(run_copy))
    Run(run_copy).write_record({**Run(run_copy).read_record(), "status": "interrupted", "best_epoch": None})
    with pytest.raises(RunError, match=r"has no model yet .interrupted.: no epoch was finished"):
        evaluate(Run(run_copy))


def test_a_changed_configuration_is_refused(run_copy: Path) -> None:
    path = run_copy / "config.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("sequence_length: 12", "sequence_length: 3"), "utf-8")
    with pytest.raises(RunError, match=r"text\.sequence_length: 12 -> 3"):
        evaluate(Run(run_copy))
    path.unlink()
    with pytest.raises(RunError, match=r"lacks config\.yaml"):
        evaluate(Run(run_copy))


def test_a_vocabulary_in_another_order_is_refused(run_copy: Path) -> None:
    path = run_copy / "vocabulary.json"
    tokens = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps([*tokens[:2], *tokens[:1:-1]]), encoding="utf-8")
    with pytest.raises(RunError, match="is not the vocabulary that the run was trained with"):
        evaluate(Run(run_copy))


def test_a_vocabulary_of_another_size_is_refused(run_copy: Path) -> None:
    path = run_copy / "vocabulary.json"
    path.write_text(json.dumps([*json.loads(path.read_text(encoding="utf-8")), "more"]), encoding="utf-8")
    record = Run(run_copy).read_record()
    Run(run_copy).write_record({key: value for key, value in record.items() if key != "vocabulary"})
    with pytest.raises(RunError, match=r"does not fit the configuration: \S*embeddings has shape"):
        evaluate(Run(run_copy))


def test_the_table_opens_with_the_csv_module(trained_run: Path) -> None:
    with (trained_run / "predictions-test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    assert all(float(row["p_bad"]) + float(row["p_good"]) == pytest.approx(1) for row in rows)


def test_the_model_file_of_a_run_is_never_opened(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # It may come from a stranger, and Keras' reader makes whatever objects it names.
    import keras

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(keras.models, "load_model", refuse)
    monkeypatch.setattr(keras.saving, "load_model", refuse)
    run = Run(run_copy)
    run.model_path.write_bytes(b"hostile")
    run.model_path.chmod(0)
    assert evaluate(run).evaluation.to_dict() == run.read_metrics()["test"]
    assert len(predict(run, ["a lovely room"])) == 1
    run.model_path.chmod(0o644)
    assert resume(run, epochs=3).epochs == 3
    assert run.model_path.read_bytes() != b"hostile"


def test_what_can_be_seen_of_the_reviews_is_kept_with_their_predictions(run_copy: Path) -> None:
    run = Run(run_copy)
    before = run.traits_path("test").read_bytes()
    run.traits_path("test").unlink()
    evaluate(run)
    assert run.traits_path("test").read_bytes() == before
    traits = read_traits(run.traits_path("test"))
    assert list(traits) == [row.path for row in read_predictions(run.predictions_path("test"))]
    assert set(traits.values()) == {Traits(0, None, None)}


def test_copies_of_training_reviews_are_found_on_the_own_and_on_other_data(
    run_copy: Path, tiny_reviews: Path, tmp_path: Path
) -> None:
    run, known = Run(run_copy), (tiny_reviews / "train/good/003.txt").read_text(encoding="utf-8")
    own = Path(shutil.copytree(tiny_reviews, tmp_path / "own"))
    (own / "test/bad/001.txt").write_text(f"{known}\n", encoding="utf-8")
    record = run.read_record()
    run.write_record({**record, "data": {**record["data"], "root": str(own)}})
    evaluate(run)
    copies = {path: row.copy_of for path, row in read_traits(run.traits_path("test")).items() if row.copy_of}
    assert copies == {"test/bad/001.txt": "train/good/003.txt"}
    other = write_reviews(tmp_path / "other", {"bad": [known, "no room"], "good": ["quiet"]})
    directory = evaluate(run, source=str(other)).directory
    assert list(read_traits(directory / "traits.csv").items()) == [
        ("bad/000.txt", Traits(0, None, "train/good/003.txt")),
        ("bad/001.txt", Traits(1, None, None)),
        ("good/000.txt", Traits(0, None, None)),
    ]
    shutil.rmtree(own)
    evaluate(run, source=str(other))
    assert not any(row.copy_of for row in read_traits(directory / "traits.csv").values())


def test_what_words_added_goes_when_the_predictions_change_and_only_then(run_copy: Path) -> None:
    run = Run(run_copy)
    run.attributions_path("test").write_text("{}\n", encoding="utf-8")
    evaluate(run)
    assert run.attributions_path("test").exists()
    rows = read_predictions(run.predictions_path("test"))
    write_predictions(run.predictions_path("test"), rows[::-1], ["bad", "good"])
    evaluate(run)
    assert not run.attributions_path("test").exists()


def test_a_network_that_gives_no_number_is_an_error_and_leaves_what_was_there(
    run_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(run_copy)
    rows = read_predictions(run.predictions_path("test"))
    before = run.predictions_path("test").read_bytes(), run.metrics_path.read_bytes()
    logits = np.zeros((len(rows), 1), np.float32)
    logits[2] = np.nan
    monkeypatch.setattr(Classifier, "score", lambda *_: logits)
    with pytest.raises(
        RunError, match=f"no finite number for 1 of {len(rows)} reviews of test, {rows[2].path} the first"
    ):
        evaluate(run)
    assert (run.predictions_path("test").read_bytes(), run.metrics_path.read_bytes()) == before


def test_pictures_of_predictions_that_changed_do_not_stay(run_copy: Path) -> None:
    run = Run(run_copy)
    picture = run.plots_dir / "threshold.png"
    picture.write_bytes(b"drawn before")
    evaluate(run)
    assert picture.exists()  # the network says what it said
    run.predictions_path("test").write_text("what another network said", encoding="utf-8")
    evaluate(run)
    assert not picture.exists()
