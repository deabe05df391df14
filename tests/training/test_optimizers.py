"""Do the fused optimizers take the steps of the papers, and of Keras, and can they be stopped and continued?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentiment_cli.config.training import Training

STEPS = 7
SHAPES = ((5, 3), (4,), ())
RATE = 0.01


def gradients() -> list[list[np.ndarray]]:
    """Of every step and variable, float32: of changing sign and size, the first variable with rows of zeros."""
    rng = np.random.default_rng(1)
    steps = [[rng.normal(0, 10 ** rng.uniform(-2, 1), shape) for shape in SHAPES] for _ in range(STEPS)]
    for index, step in enumerate(steps):
        step[0][index % 5] = 0
        step[0][4] = 0  # a word that never occurs
    return [[np.asarray(gradient, np.float32) for gradient in step] for step in steps]


def make_variables() -> list[Any]:
    import keras

    rng = np.random.default_rng(2)
    return [keras.Variable(rng.normal(size=shape).astype(np.float32)) for shape in SHAPES]


def make_optimizer(name: str, *, stock: bool = False, **options: Any) -> Any:
    import keras

    from sentiment_cli.training.optimizers import FusedAdam, FusedRMSprop

    if stock:
        kind = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[name]
    else:
        kind = {"adam": FusedAdam, "rmsprop": FusedRMSprop}[name]
    return kind(**{"learning_rate": RATE, **options})


def take_steps(optimizer: Any, variables: list[Any], steps: list[list[np.ndarray]], way: str = "eager") -> None:
    import tensorflow as tf

    optimizer.build(variables)

    def apply(*given: Any) -> None:
        optimizer.apply(list(given), variables)

    run = apply if way == "eager" else tf.function(apply, jit_compile=way == "XLA")
    for step in steps:
        run(*map(tf.constant, step))


def numpy_adam(beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7) -> list[np.ndarray]:
    """Kingma and Ba 2015, algorithm 1, with the bias correction in the rate ("epsilon hat", end of section 2)."""
    weights = [variable.numpy().astype(np.float64) for variable in make_variables()]
    mean, square = [np.zeros(shape) for shape in SHAPES], [np.zeros(shape) for shape in SHAPES]
    for t, step in enumerate(gradients(), start=1):
        rate = RATE * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        for i, gradient in enumerate(step):
            mean[i] = beta_1 * mean[i] + (1 - beta_1) * gradient
            square[i] = beta_2 * square[i] + (1 - beta_2) * gradient.astype(np.float64) ** 2
            weights[i] = weights[i] - rate * mean[i] / (np.sqrt(square[i]) + epsilon)
    return weights


def numpy_rmsprop(rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7) -> list[np.ndarray]:
    """The gradient over the root of its running mean square; what momentum keeps are the steps."""
    weights = [variable.numpy().astype(np.float64) for variable in make_variables()]
    square, velocity = [np.zeros(shape) for shape in SHAPES], [np.zeros(shape) for shape in SHAPES]
    for step in gradients():
        for i, gradient in enumerate(step):
            square[i] = rho * square[i] + (1 - rho) * gradient.astype(np.float64) ** 2
            velocity[i] = momentum * velocity[i] + RATE * gradient / np.sqrt(square[i] + epsilon)
            weights[i] = weights[i] - velocity[i]
    return weights


SETTINGS: list[tuple[str, dict[str, float]]] = [
    ("adam", {}),
    ("adam", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.01}),
    ("rmsprop", {}),
    ("rmsprop", {"rho": 0.5, "momentum": 0.7, "epsilon": 0.01}),
]


@pytest.mark.parametrize("way", ["eager", "graph", "XLA"])
@pytest.mark.parametrize(("name", "options"), SETTINGS)
def test_steps_are_those_of_the_formulas(name: str, options: dict[str, float], way: str) -> None:
    variables = make_variables()
    take_steps(make_optimizer(name, **options), variables, gradients(), way)
    expected = numpy_adam(**options) if name == "adam" else numpy_rmsprop(**options)
    for variable, value, start in zip(variables, expected, make_variables(), strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=0, atol=1e-6)
        assert np.abs(variable.numpy() - start.numpy()).max() > RATE / 2  # they moved at all


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_a_word_that_never_occurs_stays_where_it_is(name: str) -> None:
    variables = make_variables()
    take_steps(make_optimizer(name), variables, gradients())
    np.testing.assert_array_equal(variables[0].numpy()[4], make_variables()[0].numpy()[4])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"global_clipnorm": 0.5},
        {"clipnorm": 0.5},
        {"clipvalue": 0.1},
        {"weight_decay": 0.1},
        {"use_ema": True, "ema_overwrite_frequency": 3},
        {"gradient_accumulation_steps": 2},
    ],
    ids=lambda options: next(iter(options), "plain"),
)
@pytest.mark.parametrize(("name", "more"), SETTINGS)
def test_steps_are_those_of_keras(name: str, more: dict[str, float], options: dict[str, Any]) -> None:
    ours, theirs = make_variables(), make_variables()
    take_steps(make_optimizer(name, **more, **options), ours, gradients())
    take_steps(make_optimizer(name, stock=True, **more, **options), theirs, gradients())
    for one, another in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.numpy(), another.numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_a_rate_that_changes_counts_from_the_next_step_on(name: str) -> None:
    results = []
    for stock in (False, True):
        variables, optimizer = make_variables(), make_optimizer(name, stock=stock)
        take_steps(optimizer, variables, gradients()[:3])
        optimizer.learning_rate.assign(RATE / 4)
        take_steps(optimizer, variables, gradients()[3:])
        results.append([variable.numpy() for variable in variables])
    constant = make_variables()
    take_steps(make_optimizer(name), constant, gradients())
    for one, another, other in zip(*results, constant, strict=True):
        np.testing.assert_allclose(one, another, rtol=0, atol=1e-6)
        assert np.abs(one - other.numpy()).max() > RATE / 4


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_clipping_bounds_the_gradients_of_all_variables_together(name: str) -> None:
    # Of a gradient over the limit only the direction counts: ten times as large, it moves the weights as far.
    results = []
    for factor in (1, 10):
        variables = make_variables()
        steps = [[np.float32(factor) * (gradient + np.float32(1)) for gradient in step] for step in gradients()]
        assert all(np.sqrt(sum((gradient**2).sum() for gradient in step)) > 0.01 for step in steps)
        take_steps(make_optimizer(name, global_clipnorm=0.01), variables, steps)
        results.append([variable.numpy() for variable in variables])
    for one, another in zip(*results, strict=True):
        np.testing.assert_allclose(one, another, rtol=0, atol=1e-6)


@pytest.mark.parametrize("way", ["eager", "graph"])
@pytest.mark.parametrize("stop", [1, 3])
@pytest.mark.parametrize(("name", "options"), SETTINGS)
def test_the_variables_are_all_that_is_needed_to_go_on_to_the_same_bits(
    name: str, options: dict[str, float], stop: int, way: str
) -> None:
    straight = make_variables()
    take_steps(make_optimizer(name, **options), straight, gradients(), way)
    stopped, optimizer = make_variables(), make_optimizer(name, **options)
    take_steps(optimizer, stopped, gradients()[:stop], way)
    kept = [variable.numpy() for variable in (*stopped, *optimizer.variables)]
    again, other = make_variables(), make_optimizer(name, **{**options, "learning_rate": 1.0})
    other.build(again)
    for variable, value in zip((*again, *other.variables), kept, strict=True):
        variable.assign(value)
    take_steps(other, again, gradients()[stop:], way)
    for one, another in zip(straight, again, strict=True):
        np.testing.assert_array_equal(one.numpy(), another.numpy())


@pytest.mark.parametrize(("name", "options"), SETTINGS)
def test_a_configuration_is_that_of_keras_and_survives_a_round_trip(name: str, options: dict[str, float]) -> None:
    options = {**options, "global_clipnorm": 2.0}
    optimizer = make_optimizer(name, **options)
    config = optimizer.get_config()
    assert {**config, "name": ""} == {**make_optimizer(name, stock=True, **options).get_config(), "name": ""}
    again = type(optimizer).from_config(dict(config))
    assert again.get_config() == config
    first, second = make_variables(), make_variables()
    take_steps(optimizer, first, gradients())
    take_steps(again, second, gradients())
    for one, another in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.numpy(), another.numpy())


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd", "nadam", "adagrad"])
def test_every_optimizer_builds_with_the_configured_rate_and_clip(optimizer: str) -> None:
    import keras

    from sentiment_cli.training.optimizers import build_optimizer

    settings = Training.model_validate({"optimizer": optimizer, "learning_rate": 0.25, "clip_norm": 2.0})
    built = build_optimizer(settings, steps=1)
    kinds = {kind.__name__.lower(): kind for kind in vars(keras.optimizers).values() if isinstance(kind, type)}
    assert isinstance(built, kinds[optimizer])
    assert float(built.learning_rate) == 0.25
    assert built.global_clipnorm == 2
    # Everything else is Keras' default, but for the momentum of SGD.
    expected = kinds[optimizer](learning_rate=0.25, global_clipnorm=2.0).get_config()
    expected.update({"momentum": 0.9} if optimizer == "sgd" else {})
    assert {**built.get_config(), "name": ""} == {**expected, "name": ""}


@pytest.mark.parametrize(("name", "option"), [("adam", "amsgrad"), ("rmsprop", "centered")])
def test_variants_that_the_operations_do_not_know_are_those_of_keras(name: str, option: str) -> None:
    import keras

    from sentiment_cli.training.optimizers import FusedAdam, FusedRMSprop

    fused = {"adam": FusedAdam, "rmsprop": FusedRMSprop}[name]
    found = []
    for kind in (fused, fused.__base__):
        optimizer, weight = kind(0.1, **{option: True}), keras.Variable([1.0, -2.0])
        for step in range(3):
            optimizer.apply([keras.ops.convert_to_tensor([0.5 - step, 2.0])], [weight])
        found.append(weight.numpy())
    np.testing.assert_allclose(*found, rtol=1e-6)
