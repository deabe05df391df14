"""Does the picture of error rates show what was counted, slice by slice?"""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from sentiment_cli.analysis.slices import Slice
from sentiment_cli.picture_look import Style, choose_look
from sentiment_cli.plots.save import save_figure
from sentiment_cli.plots.slices import plot_slices
from sentiment_cli.plots.style import BLUE, VERMILLION, using

pytestmark = pytest.mark.filterwarnings("error")

# 30 of 200 are wrong; the interval of 25 of 80 begins at 22 %, above the 15 % of all.
CUT = [Slice("cut", "read whole", 120, 5), Slice("cut", "over a half cut", 80, 25)]
RATING = [Slice("rating", "4 stars", 199, 30), Slice("rating", "no rating", 1, 0)]


def draw(**slices: list[Slice]) -> Figure:
    return plot_slices(slices, title="run, test")


def rates(axes: Axes) -> list[tuple[float, str, str]]:
    """The dots: their error rate, marker and colour."""
    return [
        (float(line.get_xdata()[0]), str(line.get_marker()), to_hex(str(line.get_color())).upper())
        for line in axes.lines
        if line.get_marker() not in ("None", "")
    ]


def test_each_slice_has_its_rate_its_interval_and_its_numbers() -> None:
    (axes,) = draw(cut=CUT).axes
    assert rates(axes) == [(5 / 120, "o", BLUE), (25 / 80, "D", VERMILLION)]
    spans = [tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2][1:]
    assert spans == [pytest.approx(one.interval) for one in CUT]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["read whole", "over a half cut"]
    assert {text.get_text() for text in axes.texts} == {"wrong", "5 of 120", "25 of 80"}
    assert axes.get_xlabel().endswith("dashed: all reviews, 15.0 %; diamond: above that")


def test_each_trait_has_a_panel_and_all_have_one_scale() -> None:
    first, second = draw(cut=CUT, rating=RATING).axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["words lost by cutting", "star rating"]
    assert first.get_xlim() == second.get_xlim()
    assert first.get_xlim()[0] == 0 and first.get_xlim()[1] <= 1


def test_in_a_column_of_a_paper_the_numbers_make_room() -> None:
    with using(choose_look("paper", None)):
        (axes,) = draw(cut=CUT).axes
    assert not axes.texts


@pytest.mark.parametrize("style", ["screen", "paper"])
def test_nothing_leaves_the_picture(style: Style) -> None:
    with using(choose_look(style, None)):
        figure = draw(cut=CUT, rating=RATING)
    width, height = figure.get_size_inches() * figure.dpi
    figure.draw_without_rendering()
    for axes in figure.axes:
        for text in [*axes.texts, *axes.get_yticklabels(), axes.title, axes.xaxis.label]:
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()


def test_a_single_slice_without_a_mistake_can_be_drawn_and_saved(tmp_path: Path) -> None:
    save_figure(draw(cut=[Slice("cut", "read whole", 3, 0)]), tmp_path / "one.pdf")
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("slices", [{}, {"cut": []}])
def test_nothing_to_draw_is_refused(slices: dict[str, list[Slice]]) -> None:
    with pytest.raises(ValueError, match="at least one slice"):
        draw(**slices)
