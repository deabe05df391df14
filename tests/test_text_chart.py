"""Do curves of letters show what the numbers are, with and without Braille, in any width?"""

from __future__ import annotations

import math

import pytest

from sentiment_cli.curves import RunCurves, Smoothing
from sentiment_cli.history import Epoch, History
from sentiment_cli.text_chart import Chart, Line, run_letter
from sentiment_cli.text_history import history_rows
from sentiment_cli.ticks import epoch_ticks, even_ticks, tick_labels

NAN = math.nan


def drawn(*lines: Line, last: float = 5.0, width: int = 30, height: int = 5, unicode: bool = False) -> list[str]:
    chart = Chart("Loss", list(lines), (1.0, last), width, height, unicode)
    return ["".join(span.text for span in row) for row in chart.rows()]


def test_a_falling_line_goes_from_the_top_left_to_the_bottom_right() -> None:
    assert [row.rstrip() for row in drawn(Line([1, 5], [1.0, 0.0], 0))] == [
        "Loss",
        "1 +****",
        "  |    ******",
        "  |          ******",
        "  |                ******",
        "0 +                      ****",
        "  +--------------------------",
        "   1     2     3      4     5",
    ]


def test_braille_has_eight_dots_a_letter() -> None:
    rows = drawn(Line([1, 5], [0.0, 1.0], 0), unicode=True)
    assert rows[0].strip() == "Loss"
    assert all(0x2800 < ord(letter) <= 0x28FF for row in rows[1:6] for letter in row[3:].strip())
    assert rows[1].startswith("1 ┤") and rows[1].rstrip()[-1] != "┤"
    assert rows[5].startswith("0 ┤⣀")


def test_every_row_is_as_wide_as_asked_for() -> None:
    for width in (30, 47, 80):
        for unicode in (False, True):
            rows = drawn(Line([1, 2, 3], [0.3, NAN, 0.1], 0), Line([1, 2], [0.3, 0.2], 1), width=width, unicode=unicode)
            assert {len(row) for row in rows} == {width}


def test_gaps_stay_and_lonely_values_are_points() -> None:
    rows = drawn(Line([1, 2, 3, 4, 5], [0.5, NAN, 0.5, NAN, 0.5], 0), height=3)
    assert sum(row.count("*") for row in rows) == 3


def test_the_best_epoch_is_marked_over_everything_else() -> None:
    rows = drawn(Line([1, 3, 5], [1, 0, 1], 0), Line([], [], 0, best=(3.0, 0.0)))
    assert rows[5].strip().endswith("O") or "O" in rows[5]
    assert "".join(rows).count("O") == 1
    assert "O" not in "".join(drawn(Line([1], [NAN], 0), Line([], [], 0, best=(1.0, NAN))))


def test_letters_name_the_runs_where_their_curves_end() -> None:
    rows = drawn(Line([1, 5], [0, 1], 0), Line([1, 5], [0, 0], 1))
    assert rows[1].rstrip().endswith("A")
    assert rows[5].rstrip().endswith("B")
    many = drawn(*(Line([1, 5], [0, 1], run) for run in range(9)))
    assert many[1].rstrip().endswith("ABC+")  # nine curves end in one row
    assert run_letter(27) == "B"


@pytest.mark.parametrize("ys", [[NAN, NAN], [], [0.5], [0.5, 0.5], [0.0, 0.0], [-3.0, 1e90], [1e-9, 2e-9]])
@pytest.mark.parametrize("unicode", [False, True])
def test_whatever_the_values_something_is_drawn(ys: list[float], unicode: bool) -> None:
    rows = drawn(Line([float(x) for x in range(1, len(ys) + 1)], ys, 0), unicode=unicode)
    assert len(rows) == 8
    assert all("nan" not in row for row in rows)


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0.0, 1.0, 6, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.63, 0.96, 6, [0.7, 0.8, 0.9]),
        (0.134, 0.64, 6, [0.2, 0.3, 0.4, 0.5, 0.6]),
        (19.0, 83.0, 6, [20, 40, 60, 80]),
        (-1.0, 1.0, 3, [-1.0, 0.0, 1.0]),
        (1e-9, 3e-9, 3, [1e-9, 2e-9, 3e-9]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert even_ticks(low, high, most) == ticks


def test_tick_labels_have_equal_decimals() -> None:
    assert tick_labels([0.5, 1.0]) == ["0.5", "1.0"]
    assert tick_labels([20, 40]) == ["20", "40"]
    assert tick_labels([1e-9, 2e-9]) == ["1e-09", "2e-09"]
    assert epoch_ticks(30, 12) == [1, 5, 10, 15, 20, 25, 30]
    assert epoch_ticks(30, 4) == [1, 10, 20, 30]


RUN = History([Epoch(n, 0.6 / n, 0.5 + 0.04 * n, 0.5, 0.7, 1e-3, 1.0) for n in range(1, 7)])


def text(width: int, *, unicode: bool = True, **runs: History) -> list[str]:
    rows = history_rows({name: RunCurves(run) for name, run in runs.items()}, Smoothing(), width, unicode=unicode)
    return ["".join(span.text for span in row).rstrip() for row in rows]


def test_wide_terminals_have_the_panels_side_by_side_and_narrow_ones_one_above_the_other() -> None:
    wide, narrow = text(120, a=RUN), text(80, a=RUN)
    assert "Accuracy over the epochs" in wide[0] and "Loss over the epochs" in wide[0]
    assert narrow[0] == "Accuracy over the epochs"
    assert "Loss over the epochs" in narrow
    for width in (1, 30, 80, 120, 500):
        assert max(map(len, text(width, a=RUN, b=RUN))) <= max(min(width, 160), 48)


def test_the_legend_names_lines_runs_and_best_epochs() -> None:
    lines = text(100, lstm=RUN, gru=History(), bad=History([Epoch(1, NAN, 0.5, None, None, 1e-3, 1.0)]))
    assert lines[-4] == "⠤⠤⠤ validation   ⠄⠠ ⠄ training   O best epoch"
    assert lines[-3:] == ["A lstm: best epoch 1", "B gru: no epoch yet", "C bad: no finite loss"]
    assert text(100, unicode=False, lstm=RUN)[-2:] == [
        "*** validation   ... training   O best epoch",
        "lstm: best epoch 1",
    ]


def test_ascii_is_ascii() -> None:
    assert "\n".join(text(100, unicode=False, a=RUN, b=RUN)).isascii()
