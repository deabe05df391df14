"""Does the picture of a sweep show each trial where it belongs, and the settings in the order of what they matter?"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sentiment_cli.picture_look import COLUMN, choose_look
from sentiment_cli.plots.save import save_figure
from sentiment_cli.plots.style import using
from sentiment_cli.plots.sweep import plot_sweep
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.trial import Trial

pytestmark = pytest.mark.filterwarnings("error")

RATE, UNITS = "training.learning_rate", "model.recurrent.0.units"
PLAN = SearchPlan.make([f"{UNITS}=64,8,16"], [f"{RATE}=log(1e-4,1e-1)"])
TRIALS = [
    Trial(1, "finished", {UNITS: "64", RATE: "0.001"}, 0.80, 2, 3),
    Trial(2, "finished", {UNITS: "8", RATE: "0.01"}, 0.84, 3, 3),
    Trial(3, "pruned", {UNITS: "16", RATE: "0.1"}, 0.5, 1, 2),
    Trial(4, "failed", {UNITS: "16", RATE: "0.05"}, reason="why"),
    Trial(5, "finished", {UNITS: "8", RATE: "0.02"}, 0.82, 3, 3),
]
SHARES = {RATE: 0.75, UNITS: 0.25}


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.get_axes() if axes.get_visible()]


def places(figure: Figure, title: str, marker: str) -> list[tuple[float, float]]:
    (axes,) = [axes for axes in figure.get_axes() if axes.get_title(loc="left") == title]
    lines = [line for line in axes.get_lines() if line.get_marker() == marker]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]  # type: ignore[index]


def test_panels_come_in_the_order_of_what_mattered() -> None:
    assert titles(plot_sweep(TRIALS, PLAN, SHARES)) == ["Trials", "What mattered", "learning_rate", "units"]
    swapped = plot_sweep(TRIALS, PLAN, {UNITS: 0.75, RATE: 0.25})
    assert titles(swapped) == ["Trials", "What mattered", "units", "learning_rate"]
    assert titles(plot_sweep(TRIALS, PLAN, {})) == ["Trials", "units", "learning_rate"]


def test_each_trial_is_drawn_at_its_value_and_the_best_otherwise() -> None:
    figure = plot_sweep(TRIALS, PLAN, SHARES)
    assert places(figure, "Trials", "o") == [(1, 0.80), (5, 0.82)]
    assert places(figure, "Trials", "D") == [(2, 0.84)]
    assert places(figure, "learning_rate", "o") == [(0.001, 0.80), (0.02, 0.82)]
    assert places(figure, "learning_rate", "D") == [(0.01, 0.84)]


def test_numbers_that_were_listed_stand_in_their_order() -> None:
    figure = plot_sweep(TRIALS, PLAN, SHARES)
    (axes,) = [axes for axes in figure.get_axes() if axes.get_title(loc="left") == "units"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "16", "64"]
    assert places(figure, "units", "o")[0] == (2, 0.80)


def test_what_is_far_behind_stands_at_the_edge_and_a_failure_below_it() -> None:
    figure = plot_sweep(TRIALS, PLAN, SHARES)
    # The quartile of 0.80, 0.82 and 0.84 is 0.81, 0.03 from the best; the edge is four times as far.
    assert places(figure, "Trials", "v") == [(3, pytest.approx(0.72))]
    assert [place for place, _ in places(figure, "Trials", "x")] == [4]


def test_of_losses_the_lowest_is_the_best_and_the_edge_is_above() -> None:
    plan = SearchPlan.make(PLAN.grid, PLAN.drawn, metric="val_loss")
    losses = [0.40, 0.36, 0.90, None, 0.38]
    trials = [
        Trial(t.number, t.state, t.values, loss, t.epoch, t.epochs) for t, loss in zip(TRIALS, losses, strict=True)
    ]
    figure = plot_sweep(trials, plan, SHARES)
    assert places(figure, "Trials", "D") == [(2, 0.36)]
    assert places(figure, "Trials", "v") == [(3, pytest.approx(0.48))]
    assert figure.get_axes()[0].get_ylabel() == "validation loss"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_trials_and_equal_ones_can_be_drawn(tmp_path: Path, count: int) -> None:
    trials = [Trial(number, "finished", {UNITS: "8", RATE: "0.01"}, 0.5, 1, 1) for number in range(1, count + 1)]
    save_figure(plot_sweep(trials, PLAN, {}, title="one"), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_in_a_column_all_panels_stand_one_above_the_other() -> None:
    with using(choose_look("paper", None)):
        figure = plot_sweep(TRIALS, PLAN, SHARES, title="a headline")
    assert figure.get_size_inches()[0] == pytest.approx(COLUMN)
    assert figure.get_suptitle() == ""
    boxes = [axes.get_position().transformed(axes.figure.transSubfigure) for axes in figure.get_axes()]  # type: ignore[union-attr]
    assert all(above.y0 > below.y1 for above, below in itertools.pairwise(boxes))
