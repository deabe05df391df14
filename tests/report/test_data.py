"""Does a report say what its runs say, figure by figure, as plain values?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from report.runs import RECORD, SIX, prediction, run_files, six
from sentiment_cli.analysis.attributions import Span
from sentiment_cli.analysis.traits import Traits
from sentiment_cli.errors import RunError
from sentiment_cli.report.data import VERSION, build_report
from sentiment_cli.report.rows import word_values


def build(*runs: Any, **options: Any) -> dict[str, Any]:
    return build_report(runs or [run_files()], split=options.pop("split", "test"), **options)


def only_run(**changed: Any) -> dict[str, Any]:
    run: dict[str, Any] = build(run_files(**changed))["runs"][0]
    return run


def test_the_object_has_a_version_and_is_plain_json() -> None:
    report = build()
    assert report["version"] == VERSION == 1
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert list(report) == [
        "version",
        "program",
        "title",
        "split",
        "source",
        "texts",
        "class_names",
        "slice_limit",
        "reviews",
        "runs",
        "comparisons",
    ]


def test_the_same_run_gives_the_same_object() -> None:
    assert json.dumps(build()) == json.dumps(build())


def test_the_figures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 300)
    shares = np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0.001, 0.999).round(6)
    names = np.array(["bad", "good"])
    rows = six([(float(share), str(names[label])) for share, label in zip(shares, labels, strict=True)])
    run = only_run(predictions=rows)
    assert run["evaluation"]["confusion_matrix"] == confusion_matrix(labels, shares > 0.5).tolist()
    assert run["roc"][0]["area"] == pytest.approx(roc_auc_score(labels, shares))
    assert run["precision_recall"][0]["area"] == pytest.approx(average_precision_score(labels, shares))
    for place, threshold in enumerate(run["threshold"]["values"]):
        _, fp, _, tp = confusion_matrix(labels, shares > threshold).ravel()
        assert (run["threshold"]["true_positives"][place], run["threshold"]["false_positives"][place]) == (tp, fp)


def test_the_slider_counts_what_is_above_each_position() -> None:
    # Above 0.35 are 0.9, 0.6 and 0.4, which are good, and 0.7, which is not.
    table = only_run()["threshold"]
    place = table["values"].index(0.35)
    assert (table["positives"], table["negatives"]) == (3, 3)
    assert (table["true_positives"][place], table["false_positives"][place]) == (3, 1)
    assert (table["true_positives"][0], table["false_positives"][0]) == (3, 3)
    assert (table["true_positives"][-1], table["false_positives"][-1]) == (0, 0)
    assert (table["values"][0], table["values"][-1]) == (0.0, 1.0)


def test_at_one_half_the_slider_says_what_the_confusion_matrix_says() -> None:
    run = only_run()
    (tn, fp), (fn, tp) = run["evaluation"]["confusion_matrix"]
    place = run["threshold"]["values"].index(0.5)
    assert (run["threshold"]["true_positives"][place], run["threshold"]["false_positives"][place]) == (tp, fp)
    assert (tn, fn) == (2, 1)


def test_a_threshold_is_suggested_by_validation_and_is_a_position_of_the_slider() -> None:
    # All good ones are above 0.2 and all bad ones below 0.1: anything between is right on all.
    validation = six([(0.3, "good"), (0.2001, "good"), (0.1, "bad"), (0.05, "bad")])
    table = only_run(validation=validation)["threshold"]
    chosen = table["chosen"]
    assert chosen["accuracy"] == 1
    assert chosen["examples"] == 4
    assert 0.1 <= chosen["value"] < 0.2001
    assert chosen["value"] in table["values"]


def test_runs_side_by_side_share_the_positions_of_the_slider() -> None:
    other = run_files(name="other", validation=six([(0.7777, "good"), (0.7, "bad")]))
    tables = [run["threshold"] for run in build(run_files(), other)["runs"]]
    assert tables[0]["values"] == tables[1]["values"]
    assert {table["chosen"]["value"] for table in tables} <= set(tables[0]["values"])
    assert [len(table["true_positives"]) for table in tables] == [len(tables[0]["values"])] * 2


@pytest.mark.parametrize(
    "rows",
    [
        [prediction(0, 0.9, "good"), prediction(1, 0.2, "good")],
        [
            prediction(0, 0.9, "good", probabilities={"bad": 0.05, "good": 0.9, "so-so": 0.05}),
            prediction(1, 0.2, "bad", probabilities={"bad": 0.8, "good": 0.1, "so-so": 0.1}),
        ],
    ],
    ids=["one class alone", "three classes"],
)
def test_there_is_no_slider_where_a_threshold_means_nothing(rows: list[Any]) -> None:
    assert only_run(predictions=rows, validation=[])["threshold"] is None


def test_three_classes_have_a_curve_each_that_has_reviews() -> None:
    shares = ({"a": 0.7, "b": 0.2, "c": 0.1}, {"a": 0.3, "b": 0.6, "c": 0.1})
    rows = [
        prediction(i, 0.6, actual, predicted=actual, probability=max(share.values()), probabilities=share)
        for i, (actual, share) in enumerate(zip("ab", shares, strict=True))
    ]
    run = only_run(predictions=rows, validation=[], record={**RECORD, "class_names": ["a", "b", "c"]})
    assert [curve["name"] for curve in run["roc"]] == ["a", "b"]


def test_the_bins_of_the_calibration_hold_all_reviews() -> None:
    calibration = only_run()["calibration"]
    assert sum(one["examples"] for one in calibration["bins"]) == 6
    assert calibration["ece"] == pytest.approx(
        sum(one["examples"] / 6 * abs(one["confidence"] - one["accuracy"]) for one in calibration["bins"])
    )


def test_slices_have_counts_rates_and_intervals() -> None:
    traits = {row.path: Traits(0 if row.id < 2 else 5, None, None) for row in six()}
    groups = {group["by"]: group for group in only_run(traits=traits)["slices"]}
    negation = groups["negation"]["rows"]
    # Of the first two reviews the second is wrong (0.7, bad), of the others the fourth (0.4, good).
    assert [(row["name"], row["examples"], row["wrong"]) for row in negation] == [
        ("no negation", 2, 1),
        ("4 to 7 negations", 4, 1),
    ]
    assert negation[0]["error_rate"] == 0.5
    assert negation[1]["interval"][0] < 0.25 < negation[1]["interval"][1]
    assert "rating" not in groups  # no file name says stars: all reviews are alike


def test_the_slice_of_each_review_is_kept_for_the_filters() -> None:
    columns = {column["by"]: column for column in only_run()["rows"]["slices"]}
    assert columns["length"]["names"] == ["up to 25 words"]
    assert columns["length"]["of"] == [0] * 6


def test_columns_have_an_entry_for_each_review() -> None:
    report = build()
    rows = report["runs"][0]["rows"]
    assert report["reviews"]["paths"][1] == "test/bad/1.txt"
    assert report["reviews"]["actual"] == [1, 0, 1, 1, 0, 0]
    assert rows["predicted"] == [1, 1, 1, 0, 0, 0]
    assert rows["probability"] == [0.9, 0.7, 0.6, 0.6, 0.7, 0.9]
    assert rows["tokens"] == [10, 11, 12, 13, 14, 15]
    assert rows["loss"][0] == pytest.approx(-np.log(0.9), rel=1e-3)
    assert rows["review"] == list(range(6))


@pytest.mark.parametrize(("choice", "expected"), [("wrong", ["1", "3"]), ("all", list("012345")), ("none", [])])
def test_texts_are_those_of_the_reviews_that_are_asked_for(choice: Any, expected: list[str]) -> None:
    texts = build(texts=choice)["reviews"]["texts"]
    assert list(texts) == expected
    assert all(text == f"review {place} is not {SIX[int(place)][1]}" for place, text in texts.items())


def test_a_text_that_is_gone_is_left_out() -> None:
    assert build(run_files(texts={}))["reviews"]["texts"] == {}


def test_a_review_that_another_run_gets_wrong_has_its_text() -> None:
    other = run_files(six([(0.9, "good"), (0.2, "bad"), (0.4, "good"), (0.6, "good"), (0.3, "bad"), (0.1, "bad")]))
    report = build(run_files(), other)
    assert list(report["reviews"]["texts"]) == ["1", "2", "3"]
    assert len(report["reviews"]["paths"]) == 6, "the same reviews are listed once"


def test_reviews_of_other_data_with_the_same_paths_are_others() -> None:
    other = run_files(data_root="/elsewhere")
    assert len(build(run_files(), other)["reviews"]["paths"]) == 12


def test_runs_of_other_classes_keep_their_own() -> None:
    rows = [
        prediction(i, 0.9, "yes", predicted="yes", probabilities={"no": 0.1, "yes": 0.9}, path=f"test/yes/{i}.txt")
        for i in range(2)
    ]
    report = build(run_files(), run_files(rows, record={**RECORD, "class_names": ["no", "yes"]}, validation=[]))
    assert report["class_names"] == ["bad", "good", "no", "yes"]
    assert [run["class_names"] for run in report["runs"]] == [["bad", "good"], ["no", "yes"]]
    assert report["runs"][1]["rows"]["predicted"] == [3, 3]


def test_wrong_predictions_have_reasons() -> None:
    rows = [prediction(0, 0.9, "bad", cut=8, tokens=10), prediction(1, 0.2, "bad"), prediction(2, 0.7, "good")]
    reasons = only_run(predictions=rows)["rows"]["reasons"]
    assert list(reasons) == ["0"]
    assert "cut: 8 of 10 words not read" in reasons["0"]


def test_words_are_gaps_lengths_and_scores() -> None:
    words = word_values("not bad at all", [Span(0, 3, 1.0), Span(4, 7, -0.5), Span(11, 14, 0.25)])
    assert words == [0, 3, 1.0, 1, 3, -0.5, 4, 3, 0.25]


def test_places_of_words_count_as_a_browser_counts() -> None:
    # U+1F600 is one character here and two there.
    assert word_values("\U0001f600 bad", [Span(2, 5, 1.0)]) == [3, 3, 1.0]


def test_words_that_nobody_would_see_coloured_are_left_out() -> None:
    assert word_values("a b", [Span(0, 1, 10.0), Span(2, 3, 0.1)]) == [0, 1, 10.0]
    assert word_values("a b", [Span(0, 1, 0.0), Span(2, 3, 0.0)]) == []


def test_words_that_are_beyond_the_text_are_left_out() -> None:
    assert word_values("a b", [Span(2, 9, 1.0)]) == []


def test_words_are_kept_for_the_texts_on_the_page_alone() -> None:
    spans = {row.path: (Span(0, 6, 0.5),) for row in six()}
    assert list(only_run(spans=spans)["rows"]["words"]) == ["1", "3"]


def test_a_history_has_none_for_what_is_no_number() -> None:
    curve = only_run()["curves"][0]
    assert curve["epochs"] == [1, 2]
    assert curve["loss"] == [0.7, None]
    assert curve["val_loss"] == [0.6, None]
    assert curve["best"] == 1


def test_suspect_labels_are_ranked_and_have_their_texts() -> None:
    rows = six([(0.95, "good"), (0.9, "good"), (0.99, "bad"), (0.1, "bad"), (0.2, "bad")])
    report = build(run_files(rows))
    suspects = report["runs"][0]["suspects"]
    assert suspects["rows"][0]["review"] == 2
    assert report["class_names"][suspects["rows"][0]["suggested"]] == "good"
    assert "2" in report["reviews"]["texts"]


def test_a_network_is_not_asked_about_labels_that_it_has_learned() -> None:
    assert build(split="train")["runs"][0]["suspects"] is None


def test_the_data_card_counts_lengths_cutting_unknown_words_and_copies() -> None:
    rows = [prediction(i, 0.9, "good", tokens=10 * (i + 1), cut=5 * i, unknown=i) for i in range(3)]
    texts = {rows[0].path: "same", rows[1].path: " same\n", rows[2].path: "other"}
    traits = {rows[0].path: Traits(0, None, "train/good/7.txt")}
    look = only_run(predictions=rows, texts=texts, traits=traits)["card"]["reviews"]
    assert look["words"] == {"shortest": 10, "median": 20, "95 %": 29, "longest": 30}
    assert look["cut_reviews"] == 2
    assert look["cut_words"] == pytest.approx(15 / 60)
    assert look["unknown_words"] == pytest.approx(3 / 45)  # of the 60 - 15 words that were read
    assert (look["copies"], look["repeated"]) == (1, 1)


def test_copies_are_not_said_to_be_none_where_nobody_looked() -> None:
    assert only_run(knows_copies=False)["card"]["reviews"]["copies"] is None


def test_parts_have_the_classes_that_are_known() -> None:
    metrics = {"validation": {"classes": {"bad": {"support": 4}, "good": {"support": 6}}}}
    assert only_run(metrics=metrics)["card"]["parts"] == [
        {"name": "train", "reviews": 20, "classes": None},
        {"name": "validation", "reviews": 10, "classes": {"bad": 4, "good": 6}},
        {"name": "test", "reviews": 6, "classes": {"bad": 3, "good": 3}},
    ]


def test_a_run_that_was_not_evaluated_shows_what_there_is() -> None:
    run = only_run(predictions=[], validation=[], record={"status": "interrupted"})
    assert run["evaluation"] is run["threshold"] is run["calibration"] is run["suspects"] is None
    assert run["roc"] == run["slices"] == []
    assert run["curves"][0]["epochs"] == [1, 2]


def test_a_class_that_no_column_has_is_a_damaged_table() -> None:
    with pytest.raises(RunError, match=r"predictions of runs/tiny are damaged.*neither"):
        build(run_files([prediction(0, 0.9, "neither")]))
