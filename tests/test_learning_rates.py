"""Does the range test find where a loss falls and rises, and say nothing where it does not fall?"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from sentiment_cli.errors import SentimentError
from sentiment_cli.learning_rates import Sweep, has_diverged, rising_rates, summarize

RATES = rising_rates(1e-6, 1.0, 200)


def losses(fall_from: float = 1e-3, lowest: float = 3e-2, noise: float = 0.0, seed: int = 0) -> list[float]:
    """0.7 up to ``fall_from``, then (over the logarithm) a line down to 0.4 at ``lowest``, then a steeper one up."""
    rng = np.random.default_rng(seed)
    x = np.log10(RATES)
    a, b = np.log10(fall_from), np.log10(lowest)
    down = np.clip((x - a) / (b - a), 0, 1) - 3 * np.clip((x - b) / (b - a), 0, None)
    return [float(value) for value in 0.7 - 0.3 * down + noise * rng.standard_normal(len(x))]


def test_rates_rise_by_the_same_factor_between_both_ends() -> None:
    rates = rising_rates(1e-4, 1e-1, 4)
    assert rates == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1])


@pytest.mark.parametrize("lowest", [3e-3, 3e-2, 3e-1])
def test_the_suggestion_is_a_thirtieth_of_where_the_loss_is_lowest(lowest: float) -> None:
    test = summarize([Sweep(RATES, losses(lowest / 30, lowest))], RATES)
    assert test.lowest == pytest.approx(lowest, rel=0.3)
    assert test.suggestion == pytest.approx(test.lowest / 30, rel=0.05)
    assert f"{test.suggestion:.1e}" == f"{test.suggestion:e}"[:3] + f"{test.suggestion:e}"[8:]
    assert not test.still_falling


def test_noise_of_single_batches_moves_it_little() -> None:
    noisy = [Sweep(RATES, losses(noise=0.03, seed=seed)) for seed in range(3)]
    test = summarize(noisy, RATES)
    assert test.lowest == pytest.approx(3e-2, rel=0.6)


def test_the_median_of_the_sweeps_counts_and_not_the_one_that_went_wrong() -> None:
    wrong = [5.0] * len(RATES)
    test = summarize([Sweep(RATES, losses()), Sweep(RATES, wrong), Sweep(RATES, losses())], RATES)
    assert test.losses == pytest.approx(losses())


def test_the_curve_ends_where_most_sweeps_diverged() -> None:
    sweeps = [Sweep(RATES[:count], losses()[:count]) for count in (200, 150, 160)]
    test = summarize(sweeps, RATES)
    assert len(test.rates) == len(test.losses) == len(test.smoothed) == 160


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_loss_that_does_not_fall_suggests_nothing(noise: float) -> None:
    flat = np.random.default_rng(1).normal(0.7, noise, len(RATES)).tolist()
    test = summarize([Sweep(RATES, flat)], RATES)
    assert (test.lowest, test.suggestion) == (None, None)
    rising = [0.7 + max(0.0, rate - 1e-3) for rate in RATES]
    assert summarize([Sweep(RATES, rising)], RATES).suggestion is None


def test_a_sweep_that_diverges_at_once_suggests_nothing() -> None:
    assert summarize([Sweep(RATES[:10], [0.7] * 10)], RATES).suggestion is None


def test_means_are_weighted_over_the_logarithm_and_of_what_is_there_alone() -> None:
    bumps = [0.7 + 0.1 * (number // 20 % 2) for number in range(len(RATES))]
    smoothed = summarize([Sweep(RATES, bumps)], RATES).smoothed
    for at in (0, 3, 101, 199):  # 0.15 of a power of ten is the standard deviation
        weights = [np.exp(-0.5 * (np.log10(rate / RATES[at]) / 0.15) ** 2) for rate in RATES]
        assert smoothed[at] == pytest.approx(np.average(bumps, weights=weights), abs=1e-9)


def test_many_steps_take_no_square_of_memory() -> None:
    rates = rising_rates(1e-6, 1.0, 30_000)
    tracemalloc.start()
    try:
        summarize([Sweep(rates, [0.7] * len(rates))], rates)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_sweeps_without_a_step_are_no_test() -> None:
    with pytest.raises(SentimentError, match="first step is no finite number"):
        summarize([Sweep(RATES, losses()), Sweep((), ()), Sweep((), ())], RATES)


def test_a_loss_that_still_falls_at_the_end_is_said_to() -> None:
    test = summarize([Sweep(RATES, losses(1e-2, 10.0))], RATES)
    assert test.still_falling
    assert test.suggestion == pytest.approx(1 / 30, rel=0.05)


def test_divergence_is_of_several_steps_and_not_of_one_batch() -> None:
    calm = [0.7] * 40
    assert not has_diverged([*calm, 50.0])
    assert not has_diverged([*calm, *([2.7] * 20)])
    assert has_diverged([*calm, *([2.9] * 20)])
    assert not has_diverged([5.0, 0.1])
