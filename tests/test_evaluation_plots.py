"""Do the pictures of an evaluation show its figures, for two classes and more, few reviews and none?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation.test_curves import outcomes_of, two

from sentiment_cli.evaluation.calibration import compute_calibration
from sentiment_cli.evaluation.curves import compute_curves, compute_operating_points, operating_point
from sentiment_cli.picture_look import Look
from sentiment_cli.plots.calibration import plot_calibration
from sentiment_cli.plots.curves import plot_curves
from sentiment_cli.plots.save import save_figure
from sentiment_cli.plots.style import using
from sentiment_cli.plots.threshold import plot_threshold

SCORES, LABELS = [0.9, 0.8, 0.6, 0.3, 0.7, 0.2, 0.1, 0.05], [1, 1, 1, 1, 0, 0, 0, 0]


def test_both_curves_have_the_points_the_area_and_where_a_half_is() -> None:
    outcomes = two(SCORES, LABELS)
    curves = compute_curves(outcomes)
    mark = operating_point("threshold 0.5", outcomes.confusion_matrix)
    assert mark is not None
    figure = plot_curves(curves, 8, title="run, test", marks=[mark])
    roc, precision_recall = figure.axes
    assert list(roc.lines[0].get_xdata()) == curves[0].false_positive_rate
    assert list(roc.lines[0].get_ydata()) == curves[0].true_positive_rate
    assert list(precision_recall.lines[0].get_ydata())[1:] == curves[0].precision
    assert [line.get_ydata()[0] for line in precision_recall.lines[1:2]] == [0.5]  # what chance reaches
    assert [text.get_text() for text in roc.get_legend().get_texts()] == ["area 0.8750", "by chance: area 0.5"]
    assert (roc.texts[0].get_text(), roc.texts[0].xy) == ("threshold 0.5", (0.25, 0.75))
    assert precision_recall.texts[0].xy == (0.75, 0.75)
    assert roc.get_xlabel() == "false-positive rate: share of others called b"
    assert figure.get_suptitle() == "run, test"


def test_more_classes_have_a_legend_and_of_many_the_worst_are_drawn() -> None:
    rng = np.random.default_rng(11)
    names = [f"class {number}" for number in range(12)]
    probabilities = rng.dirichlet(np.ones(6), 120)
    curves = compute_curves(outcomes_of(probabilities, np.arange(120) % 6))
    many = [type(one)(**{**vars(one), "class_name": name}) for name, one in zip(names, [*curves, *curves], strict=True)]
    figure = plot_curves(many, 120, title="many")
    assert len(figure.legends[0].get_texts()) == 8
    assert figure.get_suptitle() == "many: the 8 of 12 classes with the smallest areas"
    lowest = min(many, key=lambda one: one.roc_auc)
    assert any(text.get_text().startswith(f"{lowest.class_name}: area") for text in figure.legends[0].get_texts())


def test_without_a_curve_the_panels_say_so() -> None:
    figure = plot_curves([], 3, title="one class")
    assert [axes.texts[-1].get_text() for axes in figure.axes] == ["a class has no reviews"] * 2
    assert operating_point("0.5", np.array([[0, 0], [1, 2]])) is None


def test_the_reliability_diagram_has_a_point_an_interval_and_a_bar_for_each_bin() -> None:
    calibration = compute_calibration(two(SCORES, LABELS))
    figure = plot_calibration(calibration, title="run, test", positive="good")
    upper, lower = figure.axes
    bins = calibration.positive_bins
    assert bins is not None
    assert list(upper.lines[1].get_xdata()) == [one.probability for one in bins]
    assert list(upper.lines[1].get_ydata()) == [one.share for one in bins]
    segments = [[list(point) for point in segment] for segment in upper.collections[0].get_segments()]
    assert segments == [[[one.probability, one.interval[0]], [one.probability, one.interval[1]]] for one in bins]
    assert [bar.get_height() for bar in lower.patches] == [one.examples for one in bins]
    assert (upper.get_ylabel(), lower.get_xlabel()) == ("share that was good", "probability of good, as said")
    assert f"error {calibration.ece:.3f}" in upper.get_title(loc="left")


def test_of_three_classes_the_confidence_is_drawn() -> None:
    calibration = compute_calibration(outcomes_of(np.array([[0.2, 0.5, 0.3], [0.7, 0.2, 0.1]]), np.array([1, 2])))
    figure = plot_calibration(calibration, title="three")
    assert list(figure.axes[0].lines[1].get_xdata()) == [0.5, 0.7]
    assert figure.axes[0].get_ylabel() == "share that was right"


@pytest.mark.parametrize(("value", "lines"), [(0.25, [0.5, 0.25]), (0.5, [0.5])])
def test_the_metrics_over_the_threshold_are_those_above_it(value: float, lines: list[float]) -> None:
    points = compute_operating_points(np.array(SCORES), np.array(LABELS) == 1)
    axes = plot_threshold(points, value, title="run, test", positive="good").axes[0]
    accuracy = dict(zip(axes.lines[0].get_xdata(), axes.lines[0].get_ydata(), strict=True))
    for threshold in (0.0, 0.25, 0.5, 0.75, 1.0):
        expected = np.mean((np.array(SCORES) > threshold) == (np.array(LABELS) == 1))
        assert accuracy[threshold] == expected
    assert [line.get_xdata()[0] for line in axes.lines[4:]] == lines


def test_all_can_be_drawn_for_a_paper(tmp_path: Path) -> None:
    outcomes = two(SCORES, LABELS)
    with using(Look("paper", 3.3)):
        for number, figure in enumerate(
            [
                plot_curves(compute_curves(outcomes), 8, title="t"),
                plot_calibration(compute_calibration(outcomes), title="t", positive="b"),
            ]
        ):
            save_figure(figure, tmp_path / f"{number}.svg")
            assert figure.get_size_inches()[0] == pytest.approx(3.3)
