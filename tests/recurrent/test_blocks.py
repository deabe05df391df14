"""Are the activations, products and lists of steps of the compiled loops right, to the digits that they promise?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def activations() -> dict[str, Any]:
    """``tanh`` and ``sigmoid`` over float32[n], compiled as they are in the loops."""
    from sentiment_cli.recurrent.blocks import compiled, sigmoid, tanh

    def over(activation: Any) -> Any:
        def run(x: Any, out: Any) -> None:
            for j in range(x.shape[0]):
                out[j] = activation(x[j])

        loop = compiled(run)

        def apply(x: Any) -> np.ndarray:
            given = np.asarray(x, np.float32)
            out = np.empty_like(given)
            loop(given, out)
            return out

        return apply

    return {"tanh": over(tanh), "sigmoid": over(sigmoid)}


@pytest.fixture(scope="module")
def products() -> dict[str, Any]:
    """``add_product`` and ``add_transposed_product``, compiled for sizes that are known when they are called."""
    from sentiment_cli.recurrent.blocks import add_product, add_transposed_product, compiled

    @compiled
    def plain(out: Any, a: Any, b: Any, rows: int, inner: int, columns: int) -> None:
        add_product(out, a, b, rows, inner, columns)

    @compiled
    def transposed(out: Any, a: Any, b: Any, rows: int, inner: int, columns: int) -> None:
        add_transposed_product(out, a, b, rows, inner, columns)

    return {"plain": plain, "transposed": transposed}


def numpy_sigmoid(x: np.ndarray) -> np.ndarray:
    # Without an overflow for large negative numbers.
    return np.asarray(np.exp(-np.logaddexp(0, -x.astype(np.float64))))


# Half a million numbers where the functions bend, beyond their limits, and near zero in both directions.
GRID = np.concatenate(
    [
        np.linspace(-12, 12, 400_001),
        np.linspace(-200, 200, 20_001),
        *(sign * np.geomspace(1e-30, 1, 40_001) for sign in (-1, 1)),
    ]
).astype(np.float32)


def test_the_error_of_tanh_is_within_four_of_ten_million(activations: dict[str, Any]) -> None:
    assert np.abs(activations["tanh"](GRID) - np.tanh(GRID.astype(np.float64))).max() < 4e-7


def test_the_error_of_sigmoid_is_within_two_of_ten_million(activations: dict[str, Any]) -> None:
    assert np.abs(activations["sigmoid"](GRID) - numpy_sigmoid(GRID)).max() < 2e-7


def test_near_zero_tanh_is_right_in_its_leading_digits_too(activations: dict[str, Any]) -> None:
    small = np.geomspace(1e-30, 0.5, 10_001).astype(np.float32)
    expected = np.tanh(small.astype(np.float64))
    assert np.abs(activations["tanh"](small) / expected - 1).max() < 5e-7
    assert activations["tanh"]([0.0]).tolist() == [0.0]


def test_tanh_is_odd_to_the_bit(activations: dict[str, Any]) -> None:
    np.testing.assert_array_equal(activations["tanh"](-GRID), -activations["tanh"](GRID))


def test_no_activation_leaves_its_range_by_more_than_its_error(activations: dict[str, Any]) -> None:
    assert np.abs(activations["tanh"](GRID)).max() <= 1 + 2e-7
    gates = activations["sigmoid"](GRID)
    assert gates.min() >= -2e-7
    assert gates.max() <= 1 + 2e-7


def test_beyond_their_limits_the_activations_are_flat(activations: dict[str, Any]) -> None:
    large = np.array([9, 9.5, 100, 1e10, 1e38, np.inf], np.float32)
    np.testing.assert_allclose(activations["tanh"](large), 1, atol=4e-7)
    np.testing.assert_allclose(activations["tanh"](-large), -1, atol=4e-7)
    # A sigmoid halves its argument first.
    np.testing.assert_allclose(activations["sigmoid"](2 * large), 1, atol=2e-7)
    np.testing.assert_allclose(activations["sigmoid"](-2 * large), 0, atol=2e-7)
    for name in ("tanh", "sigmoid"):
        for sign in (-1, 1):
            assert np.unique(activations[name](sign * 2 * large)).size == 1


# A number among others, and at every place of a vector register, since the compiler does many at once.
@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_not_a_number_stays_not_a_number(activations: dict[str, Any], name: str) -> None:
    for n in (1, 3, 16, 67):
        for place in range(n):
            values = np.linspace(-3, 3, n, dtype=np.float32)
            values[place] = np.nan
            assert np.flatnonzero(np.isnan(activations[name](values))).tolist() == [place]


# Rows of `add_product` and terms of `add_transposed_product` are a block, a multiple of four; the rest is free.
SIZES = [(4, 1, 1), (8, 3, 5), (8, 4, 12), (8, 5, 4), (12, 7, 3), (8, 13, 52), (32, 33, 17)]


@pytest.mark.parametrize(("rows", "inner", "columns"), SIZES)
def test_products_are_added_to_what_is_there(products: dict[str, Any], rows: int, inner: int, columns: int) -> None:
    rng = np.random.default_rng(rows + inner + columns)
    a, b = rng.normal(size=(rows, inner)).astype(np.float32), rng.normal(size=(inner, columns)).astype(np.float32)
    start = rng.normal(size=(rows, columns)).astype(np.float32)
    out = start.copy()
    products["plain"](out, a, b, rows, inner, columns)
    np.testing.assert_allclose(out, start + a.astype(np.float64) @ b, atol=2e-5)


@pytest.mark.parametrize(("inner", "rows", "columns"), SIZES)
def test_transposed_products_are_added_to_what_is_there(
    products: dict[str, Any], inner: int, rows: int, columns: int
) -> None:
    rng = np.random.default_rng(rows + inner + columns)
    a, b = rng.normal(size=(inner, rows)).astype(np.float32), rng.normal(size=(inner, columns)).astype(np.float32)
    start = rng.normal(size=(rows, columns)).astype(np.float32)
    out = start.copy()
    products["transposed"](out, a, b, rows, inner, columns)
    np.testing.assert_allclose(out, start + a.astype(np.float64).T @ b, atol=2e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_reach_their_own_row_alone(products: dict[str, Any], bad: float) -> None:
    a, b = np.ones((8, 5), np.float32), np.ones((5, 6), np.float32)
    a[3, 4] = bad
    out = np.zeros((8, 6), np.float32)
    products["plain"](out, a, b, 8, 5, 6)
    assert np.flatnonzero(~np.isfinite(out).all(axis=1)).tolist() == [3]


@pytest.mark.parametrize("units", [1, 3, 32, 128, 129, 1000])
def test_a_block_has_a_multiple_of_four_reviews(units: int) -> None:
    from sentiment_cli.recurrent.blocks import rows_in_block

    assert rows_in_block(units) % 4 == 0
    assert rows_in_block(units) > 0


masks = st.integers(0, 7).flatmap(
    lambda time: st.lists(st.lists(st.booleans(), min_size=time, max_size=time), min_size=1, max_size=11)
)


@given(masks, st.integers(1, 8), st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_the_steps_of_a_block_are_those_of_the_mask_in_the_order_of_reading(
    given_mask: list[list[bool]], block: int, backwards: bool, data: st.DataObject
) -> None:
    from sentiment_cli.recurrent.blocks import list_steps

    mask = np.array(given_mask, bool).reshape(len(given_mask), -1)
    first = data.draw(st.integers(0, len(mask) - 1))
    rows = min(block, len(mask) - first)
    # What the block before left there must not count.
    steps, counts = np.full((block, mask.shape[1]), 77, np.int32), np.full(block, 77, np.int64)
    longest = list_steps(mask, first, rows, backwards, steps, counts)
    expected = [[t for t, read in enumerate(row) if read] for row in given_mask[first : first + rows]]
    expected = [times[::-1] if backwards else times for times in expected]
    assert counts.tolist() == [*map(len, expected), *[0] * (block - rows)]
    assert longest == max(map(len, expected))
    assert [steps[row, : len(times)].tolist() for row, times in enumerate(expected)] == expected
