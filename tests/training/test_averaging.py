"""Is the average of the weights the one of the formula, and is it in the network only where it should be?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.schema import Config
from sentiment_cli.errors import RunError
from sentiment_cli.training.checkpoint import restore_checkpoint, take_snapshot, write_checkpoint
from sentiment_cli.training.state import TrainingState

BATCH = np.array([[2, 3, 4], [5, 2, 0], [6, 0, 0]], np.int32)
LABELS = np.array([1, 0, 1], np.int32)
ONES = np.ones(3, np.float32)


def make_averaged(share: float = 0.9, seed: int = 1) -> tuple[Any, Any, Any, Config]:
    import keras

    from sentiment_cli.model.network import build_network
    from sentiment_cli.training.averaging import AveragedWeights
    from sentiment_cli.training.optimizers import build_optimizer

    config = Config.model_validate(
        {
            "model": {"embedding": {"dim": 2}, "recurrent": [{"cell": "gru", "units": 2}], "dropout": 0.5},
            "training": {"optimizer": "sgd", "learning_rate": 0.5, "average": share},
        }
    )
    keras.utils.set_random_seed(seed)
    network = build_network(config, 8, 2)
    optimizer = build_optimizer(config.training, steps=1)
    optimizer.build(network.trainable_variables)
    return network, optimizer, AveragedWeights(network, optimizer.iterations, share), config


def weights(network: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in network.trainable_variables]


def averages(average: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in average.variables]


def assert_equal(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    for one, another in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(
    ("share", "jit_compile"), [(0.2, False), pytest.param(0.2, True, marks=pytest.mark.slow), (0.999, False)]
)
def test_after_each_step_the_average_holds_on_to_its_share_of_itself_or_less_at_the_start(
    share: float, jit_compile: bool
) -> None:
    # 0.2 is below (1 + t) / (10 + t) from the second step on, 0.999 above it for thousands.
    from sentiment_cli.training.step import build_train_step

    network, optimizer, average, config = make_averaged(share)
    step = build_train_step(network, optimizer, config, jit_compile=jit_compile, after=average.update)
    expected = weights(network)
    assert_equal(averages(average), expected)
    for t in range(1, 6):
        step(BATCH, LABELS, ONES, ONES)
        d = min(share, (1 + t) / (10 + t))
        expected = [d * mean + (1 - d) * weight for mean, weight in zip(expected, weights(network), strict=True)]
        for one, another in zip(averages(average), expected, strict=True):
            np.testing.assert_allclose(one, another, rtol=0, atol=1e-6)
    assert max(np.abs(one - other).max() for one, other in zip(expected, weights(network), strict=True)) > 1e-3


def scatter(network: Any, average: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Give the weights and the average values of their own, which are returned."""
    rng = np.random.default_rng(3)
    for variable in (*network.trainable_variables, *average.variables):
        variable.assign(rng.normal(size=variable.shape))
    return weights(network), averages(average)


def test_the_average_is_in_place_within_the_block_and_the_weights_after_it() -> None:
    network, _, average, _ = make_averaged()
    own, mean = scatter(network, average)
    with average.in_place():
        assert_equal(weights(network), mean)
        with average.in_place():
            assert_equal(weights(network), mean)
        assert_equal(weights(network), mean)
    assert_equal(weights(network), own)
    assert_equal(averages(average), mean)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_weights_are_back_after_an_exception_too(error: type[BaseException]) -> None:
    network, _, average, _ = make_averaged()
    own, mean = scatter(network, average)
    with pytest.raises(error), average.in_place():
        raise error
    assert_equal(weights(network), own)
    assert_equal(averages(average), mean)


def test_a_checkpoint_brings_the_average_back_beside_the_weights(tmp_path: Path) -> None:
    network, optimizer, average, _ = make_averaged()
    own, mean = scatter(network, average)
    write_checkpoint(tmp_path / "last", take_snapshot(network, optimizer, TrainingState(), average))
    other, other_optimizer, other_average, _ = make_averaged(seed=2)
    restore_checkpoint(tmp_path / "last", other, other_optimizer, other_average)
    assert_equal(weights(other), own)
    assert_equal(averages(other_average), mean)


def test_a_restored_average_goes_on_as_it_would_have(tmp_path: Path) -> None:
    network, optimizer, average, _ = make_averaged()
    scatter(network, average)
    optimizer.iterations.assign(4)
    write_checkpoint(tmp_path / "last", take_snapshot(network, optimizer, TrainingState(), average))
    other, other_optimizer, other_average, _ = make_averaged(seed=2)
    restore_checkpoint(tmp_path / "last", other, other_optimizer, other_average)
    for each in (average, other_average):
        each.update()
    assert_equal(averages(other_average), averages(average))


def test_a_checkpoint_without_an_average_is_refused_where_one_is_needed(tmp_path: Path) -> None:
    network, optimizer, average, _ = make_averaged()
    before = averages(average)
    write_checkpoint(tmp_path / "last", take_snapshot(network, optimizer, TrainingState()))
    with pytest.raises(RunError, match=r"last does not fit the configuration: .*Average.* is missing"):
        restore_checkpoint(tmp_path / "last", network, optimizer, average)
    assert_equal(averages(average), before)


def test_a_network_alone_is_restored_from_a_checkpoint_with_an_average(tmp_path: Path) -> None:
    network, optimizer, average, _ = make_averaged()
    own, _ = scatter(network, average)
    write_checkpoint(tmp_path / "best", take_snapshot(network, optimizer, TrainingState(), average))
    other, *_ = make_averaged(seed=2)
    restore_checkpoint(tmp_path / "best", other)
    assert_equal(weights(other), own)
