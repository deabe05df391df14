"""Are the labels that confident learning doubts those of its definition, worked out by hand and by plain loops?"""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_cli.analysis.suspects import find_suspects
from sentiment_cli.errors import DataError
from sentiment_cli.evaluation.predictions import Prediction


def said(index: int, actual: str, shares: dict[str, float]) -> Prediction:
    predicted = max(shares, key=lambda name: shares[name])
    return Prediction(index, f"{index}.txt", actual, predicted, shares[predicted], 0.5, shares, 3, 0, 0)


def of_two(actual: str, share_of_b: float, index: int) -> Prediction:
    return said(index, actual, {"a": 1 - share_of_b, "b": share_of_b})


# Thresholds: a: (0.9 + 0.8 + 0.1) / 3 = 0.6; b: (0.7 + 0.9 + 0.2 + 0.6 + 0.45) / 5 = 0.57.
LABELS = ["a", "a", "a", "b", "b", "b", "b", "b"]
SHARES_OF_B = [0.1, 0.2, 0.9, 0.7, 0.9, 0.2, 0.6, 0.45]
TWO = [of_two(label, share, index) for index, (label, share) in enumerate(zip(LABELS, SHARES_OF_B, strict=True))]


def test_thresholds_are_the_mean_probabilities_of_each_class_for_its_own_reviews() -> None:
    assert find_suspects(TWO).thresholds.tolist() == pytest.approx([0.6, 0.57])


def test_reviews_count_for_the_class_whose_threshold_they_reach_and_one_reaches_none() -> None:
    # 0 and 1: a; 2: b (0.9); 3, 4 and 6: b; 5: a (0.8); 7 has 0.55 and 0.45, and reaches neither 0.6 nor 0.57.
    assert find_suspects(TWO).confident_joint.tolist() == [[2, 1], [1, 3]]


def test_the_joint_has_the_number_of_labels_in_its_rows_and_one_as_its_sum() -> None:
    # Row a has 3 of 8 labels, row b 5: 5 / 4 for each of its four confident reviews.
    joint = find_suspects(TWO).joint
    assert joint.tolist() == [pytest.approx([2 / 8, 1 / 8]), pytest.approx([1.25 / 8, 3.75 / 8])]
    assert joint.sum() == pytest.approx(1)


def test_the_number_of_wrong_labels_is_estimated_from_the_joint() -> None:
    assert find_suspects(TWO).estimated_errors == 2  # (1 + 1.25) / 8 of 8


def test_the_most_suspect_comes_first_with_the_class_that_it_likely_has() -> None:
    found = [(each.prediction.id, each.suggested, each.margin) for each in find_suspects(TWO).suspects]
    assert found == [(2, "b", pytest.approx(-0.8)), (5, "a", pytest.approx(-0.6))]
    assert [each.self_confidence for each in find_suspects(TWO).suspects] == pytest.approx([0.1, 0.2])


def test_of_several_thresholds_that_are_reached_the_most_probable_class_counts() -> None:
    # Class c is never more probable than 0.3, so that it has a low threshold: 0.3. The last review, labelled c, reaches
    # those of a (0.4) and b (0.25), and is more probably b.
    rows = [
        said(0, "a", {"a": 0.4, "b": 0.2, "c": 0.4}),
        said(1, "b", {"a": 0.7, "b": 0.0, "c": 0.3}),
        said(2, "b", {"a": 0.3, "b": 0.5, "c": 0.2}),
        said(3, "c", {"a": 0.5, "b": 0.2, "c": 0.3}),
        said(4, "c", {"a": 0.41, "b": 0.57, "c": 0.02}),
    ]
    found = find_suspects(rows)
    # thresholds: a 0.4, b (0.0 + 0.5) / 2 = 0.25, c (0.3 + 0.02) / 2 = 0.16
    assert found.thresholds.tolist() == pytest.approx([0.4, 0.25, 0.16])
    assert {each.prediction.id: each.suggested for each in found.suspects} == {1: "a", 3: "a", 4: "b"}


def test_a_label_may_be_suspect_though_it_is_the_predicted_class() -> None:
    # The network seldom says b: where it is labelled so, 0.25 on average. Review 0 reaches that, and not a's 0.7.
    rows = [of_two("a", 0.45, 0), of_two("a", 0.15, 1), of_two("b", 0.35, 2), of_two("b", 0.15, 3)]
    found = find_suspects(rows).suspects
    assert [(each.prediction.id, each.prediction.predicted, each.suggested) for each in found] == [
        (3, "a", "a"),
        (0, "a", "b"),
    ]


def test_labels_that_all_predictions_agree_with_are_none_to_doubt() -> None:
    rows = [of_two("a", 0.1, 0), of_two("a", 0.1, 1), of_two("a", 0.1, 2), of_two("b", 0.9, 3)]
    found = find_suspects(rows)
    assert (found.suspects, found.estimated_errors) == ([], 0)
    assert found.joint.tolist() == [[0.75, 0.0], [0.0, 0.25]]


def test_a_class_without_reviews_has_no_threshold_and_is_never_suggested() -> None:
    found = find_suspects([of_two("a", 0.2, 0), of_two("a", 0.9, 1)])
    assert np.isnan(found.thresholds[1])
    assert found.suspects == []
    assert found.joint.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_without_predictions_there_is_nothing_to_doubt() -> None:
    with pytest.raises(DataError, match="no predictions"):
        find_suspects([])


def test_many_reviews_of_four_classes_agree_with_plain_loops() -> None:
    names, rng = ["a", "b", "c", "d"], np.random.default_rng(3)
    shares = rng.dirichlet([0.6] * 4, size=400)
    labels = [names[int(index)] for index in rng.integers(0, 4, 400)]
    rows = [
        said(i, label, dict(zip(names, row.tolist(), strict=True)))
        for i, (label, row) in enumerate(zip(labels, shares, strict=True))
    ]
    limits = {}
    for name in names:
        own = [row.probabilities[name] for row in rows if row.actual == name]
        limits[name] = sum(own) / len(own)
    counts = {(given, true): 0 for given in names for true in names}
    doubted = []
    for row in rows:
        reached = [name for name in names if row.probabilities[name] >= limits[name]]
        if reached:
            true = max(reached, key=lambda name: row.probabilities[name])
            counts[row.actual, true] += 1
            if true != row.actual:
                best_other = max(share for name, share in row.probabilities.items() if name != row.actual)
                doubted.append((row.probabilities[row.actual] - best_other, row.id, true))
    found = find_suspects(rows)
    assert found.confident_joint.tolist() == [[counts[given, true] for true in names] for given in names]
    assert [(each.prediction.id, each.suggested) for each in found.suspects] == [each[1:] for each in sorted(doubted)]
