"""Is the learning rate the one that was asked for, at every step?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.config.training import Training


def make_settings(decay: str = "cosine", warmup: float = 0.0, **training: Any) -> Training:
    schedule = {"decay": decay, "warmup": warmup}
    return Training.model_validate({"learning_rate": 0.5, "schedule": schedule, **training})


def rates(settings: Training, steps: int, at: list[int]) -> list[float]:
    from sentiment_cli.training.schedule import learning_rate

    rate = learning_rate(settings, steps)
    return [float(rate(np.int64(step))) for step in at]


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        # 100 steps, of which 20 rise: step 0 has the first of 20 parts, step 19 the last; the middle of the fall is
        # step 60, three quarters of it are step 80, and 100 is the step after the last.
        ("cosine", [0.025, 0.25, 0.5, 0.5, 0.25, 0.25 * (1 - math.sqrt(0.5)), 0.0, 0.0]),
        ("linear", [0.025, 0.25, 0.5, 0.5, 0.25, 0.125, 0.0, 0.0]),
        ("none", [0.025, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_the_rate_rises_in_equal_parts_and_falls_to_nothing(decay: str, expected: list[float]) -> None:
    found = rates(make_settings(decay, warmup=0.2), 100, [0, 9, 19, 20, 60, 80, 100, 1000])
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("decay", ["cosine", "linear", "none"])
def test_without_a_warm_up_the_first_step_has_the_whole_rate(decay: str) -> None:
    assert rates(make_settings(decay), 8, [0]) == pytest.approx([0.5])


@pytest.mark.parametrize(("decay", "last"), [("cosine", 0.5 * (1 - math.cos(math.pi / 8)) / 2), ("linear", 0.5 / 8)])
def test_the_last_step_still_moves_the_weights(decay: str, last: float) -> None:
    assert rates(make_settings(decay), 8, [7]) == pytest.approx([last], abs=1e-6)


@given(st.sampled_from(["cosine", "linear", "none"]), st.floats(0, 1, exclude_max=True), st.integers(1, 300))
def test_no_rate_is_above_the_highest_or_below_nothing_and_it_rises_once_and_falls_once(
    decay: str, warmup: float, steps: int
) -> None:
    from sentiment_cli.training.schedule import learning_rate

    found = np.asarray(learning_rate(make_settings(decay, warmup), steps)(np.arange(steps + 2)))
    assert (found >= 0).all()
    assert found.max() == pytest.approx(0.5)
    peak = int(found.argmax())
    assert (np.diff(found[: peak + 1]) > 0).all()
    assert (np.diff(found[peak:]) <= 0).all()


def test_without_a_schedule_the_rate_is_the_number_itself() -> None:
    from sentiment_cli.training.schedule import learning_rate

    assert learning_rate(Training(learning_rate=0.5), 100) == 0.5


@pytest.mark.parametrize("jit_compile", [False, True])
def test_an_optimizer_takes_steps_of_the_scheduled_length(jit_compile: bool) -> None:
    # Adam goes as far as its rate where the gradient is always the same.
    import keras
    import tensorflow as tf

    from sentiment_cli.training.optimizers import build_optimizer

    settings, weight = make_settings("linear", warmup=0.5), keras.Variable([0.0])
    optimizer = build_optimizer(settings, steps=4)
    optimizer.build([weight])
    step = tf.function(lambda: optimizer.apply([tf.ones(1)], [weight]), jit_compile=jit_compile)
    positions = [0.0]
    for _ in range(5):
        step()
        positions.append(float(weight.numpy()[0]))
    np.testing.assert_allclose(-np.diff(positions), [0.25, 0.5, 0.5, 0.25, 0.0], atol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd", "nadam", "adagrad"])
def test_every_optimizer_follows_the_schedule(optimizer: str) -> None:
    import keras

    from sentiment_cli.training.optimizers import build_optimizer

    built = build_optimizer(make_settings("linear", optimizer=optimizer), steps=10)
    built.build([keras.Variable([0.0])])
    for step, expected in ((0, 0.5), (5, 0.25), (10, 0.0)):
        built.iterations.assign(step)
        assert float(built.learning_rate) == pytest.approx(expected)
