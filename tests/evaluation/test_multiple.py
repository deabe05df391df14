"""Is the correction for many comparisons Holm's?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.evaluation.multiple import adjust_holm


def test_the_smallest_counts_the_most() -> None:
    # In order: 4 * 0.005, 3 * 0.01, 2 * 0.03, and 1 * 0.04, which may not be below the one before it.
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_one_test_is_left_as_it_is_and_none_is_none() -> None:
    assert (adjust_holm([0.3]), adjust_holm([])) == ([0.3], [])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_it_keeps_the_order_lowers_none_and_calls_none_rarer_than_bonferroni_would(p_values: list[float]) -> None:
    adjusted = adjust_holm(p_values)
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert [high for _, high in pairs] == sorted(adjusted)
    assert all(p <= raised <= min(1.0, len(p_values) * p) for p, raised in pairs)
