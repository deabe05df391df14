"""Does the picture of a comparison show what was measured?"""

from __future__ import annotations

import numpy as np
import pytest

from sentiment_cli.history import Epoch, History
from sentiment_cli.plots.comparison import Mark, plot_comparison


def history(*accuracies: float | None) -> History:
    rows = [Epoch(at, 0.5, 0.7, value and 0.6, value, 0.001, 1.0) for at, value in enumerate(accuracies, start=1)]
    return History(rows)


def test_points_intervals_networks_and_baselines_are_where_they_were_measured() -> None:
    marks = [
        Mark("single", 0.8, (0.7, 0.85), [], [history(0.5, 0.8)]),
        Mark("group", 0.9, (0.85, 0.95), [0.86, 0.88], [history(0.6, 0.7, 0.9), history(0.8, 0.9)]),
    ]
    dots, curves = plot_comparison(marks, {"linear": 0.75}, split="test").axes
    drawn = [line.get_xdata() for line in dots.lines]
    for expected in ([0.7, 0.85], [0.8], [0.85, 0.95], [0.9], [0.86, 0.88], [0.75, 0.75]):
        assert any(np.array_equal(np.atleast_1d(found), expected) for found in drawn), expected
    assert [label.get_text() for label in dots.get_yticklabels()] == ["single", "group"]
    # The mean over both networks, as far as both go.
    np.testing.assert_allclose(curves.lines[0].get_ydata(), [0.5, 0.8])
    np.testing.assert_allclose(curves.lines[1].get_ydata(), [0.7, 0.8])
    assert len(curves.collections) == 1


def test_without_validation_or_history_it_says_so() -> None:
    marks = [Mark("one", 0.8, (0.7, 0.85), [], [History()]), Mark("two", 0.8, (0.7, 0.85), [], [history(None, None)])]
    _, curves = plot_comparison(marks, {}, split="validation").axes
    assert [text.get_text() for text in curves.texts] == ["no validation"]


def test_many_runs_have_room() -> None:
    def height(count: int) -> float:
        marks = [Mark(f"run {number}", 0.8, (0.7, 0.9), [], []) for number in range(count)]
        return float(plot_comparison(marks, {}, split="test").get_size_inches()[1])

    assert height(20) > height(5) > height(2) - 1
    with pytest.raises(ValueError, match="expected at least one run"):
        plot_comparison([], {}, split="test")
