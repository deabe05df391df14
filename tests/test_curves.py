"""Are curves smoothed without moving their turning points, and is the best epoch the one that was measured?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_cli.batch_history import BatchCurves
from sentiment_cli.curves import RunCurves, Smoothing, best_point, extent, run_curves, smooth
from sentiment_cli.history import Epoch, History

NAN = math.nan


def history(*val_losses: float) -> History:
    return History([Epoch(n, 0.5 / n, 0.8, loss, 0.7, 1e-3, 1.0) for n, loss in enumerate(val_losses, 1)])


def steps(count: int, per_epoch: int, block: int = 1) -> BatchCurves:
    step = np.arange(block, count + 1, block)
    epoch = (step - 1) // per_epoch + 1
    ones = np.ones(len(step))
    return BatchCurves(epoch, step - (epoch - 1) * per_epoch, step, block * ones.astype(int), 1 / step, *[ones] * 3)


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        ([1, 2, 6], 1, [1, 2, 6]),
        ([1, 2, 6], 3, [1.5, 3, 4]),  # fewer at the ends
        ([1, 2, 6, 3], 2, [1, 1.5, 4, 4.5]),  # an even width has one more before
        ([1, NAN, 3], 3, [1, NAN, 3]),  # a gap stays one and counts for nobody
        ([4], 9, [4]),
        ([], 3, []),
    ],
)
def test_each_point_becomes_the_mean_of_those_around_it(values: list[float], width: int, expected: list[float]) -> None:
    np.testing.assert_allclose(smooth(values, width), expected)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.integers(1, 15))
@settings(max_examples=100, deadline=None)
def test_smoothed_values_stay_within_the_measured_ones(values: list[float], width: int) -> None:
    smoothed = smooth(values, width)
    assert len(smoothed) == len(values)
    assert min(values) - 1e-9 <= min(smoothed) and max(smoothed) <= max(values) + 1e-9


def test_the_turning_point_of_a_valley_stays_where_it_is() -> None:
    smoothed = smooth([abs(x - 10) for x in range(21)], 5)
    assert smoothed.index(min(smoothed)) == 10


def test_behind_a_smoothed_curve_lies_the_measured_one_and_the_best_epoch_is_measured() -> None:
    run = RunCurves(history(0.9, 0.2, 0.7))
    curves = run_curves(run, "loss", Smoothing(3))
    assert [(curve.part, curve.raw) for curve in curves] == [
        ("training", True),
        ("validation", True),
        ("training", False),
        ("validation", False),
    ]
    assert curves[1].ys == [0.9, 0.2, 0.7]
    np.testing.assert_allclose(curves[3].ys, [0.55, 0.6, 0.45])
    assert best_point(run.history, "loss") == (2.0, 0.2)
    assert Smoothing(3).sentence({"a": run}) == "lines: mean of 3 epochs, centred; faint: as measured"


def test_as_measured_nothing_has_to_be_said() -> None:
    run = RunCurves(history(0.9, 0.2))
    assert [curve.raw for curve in run_curves(run, "loss", Smoothing())] == [False, False]
    assert Smoothing().sentence({"a": run}) is None


def test_steps_lie_between_the_ends_of_epochs_and_are_smoothed_by_their_number() -> None:
    run = RunCurves(history(0.9, 0.5), steps(20, 10))
    raw, smoothed, validation = run_curves(run, "loss", Smoothing(5))
    assert raw.xs[:2] == [0.1, 0.2] and raw.xs[-1] == 2.0
    assert (raw.raw, smoothed.part, validation.part, validation.ys) == (True, "training", "validation", [0.9, 0.5])
    assert smoothed.ys == smooth(raw.ys, 5)
    assert extent({"a": run}) == (0.0, 2.0)
    assert Smoothing(5).sentence({"a": run}) == "training: mean of 5 steps, centred; faint: as measured"


def test_without_a_width_steps_are_smoothed_by_one_that_fits_their_number() -> None:
    assert Smoothing().of_steps(steps(1200, 100)) == 20
    assert Smoothing().of_steps(steps(10, 5)) == 1
    assert Smoothing().sentence({"a": RunCurves(history(0.5), steps(10, 5))}) == "training: each step"


def test_a_width_in_steps_holds_for_blocks_of_steps_as_well() -> None:
    blocks = steps(64, 16, block=4)
    run = RunCurves(history(0.9), blocks)
    smoothed = run_curves(run, "loss", Smoothing(12))[1]
    assert smoothed.ys == smooth([float(y) for y in blocks.loss], 3)  # three blocks of four steps


def test_an_epoch_in_progress_lies_behind_the_last_one() -> None:
    assert extent({"a": RunCurves(history(0.9), steps(15, 10))}) == (0.0, 1.5)
    assert extent({"a": RunCurves(History()), "b": RunCurves(history(0.9, 0.8))}) == (1.0, 2.0)
