"""Is what the pictures show what the numbers say?"""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from sentiment_cli.batch_history import BatchCurves
from sentiment_cli.curves import Smoothing
from sentiment_cli.errors import UsageError
from sentiment_cli.history import Epoch, History
from sentiment_cli.plots.confusion import plot_confusion_matrix, row_shares
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.perplexity import plot_perplexity
from sentiment_cli.plots.save import save_figure
from sentiment_cli.plots.style import PALETTE, house_style, shorten, shorten_all

# Everything this package draws must draw without a warning (glyphs, layout, overflow).
pytestmark = pytest.mark.filterwarnings("error")


def history(losses: list[float], val_losses: list[float] | None = None) -> History:
    """Accuracy is 1 - loss."""
    rows = []
    for i, loss in enumerate(losses):
        val = None if val_losses is None else val_losses[i]
        rows.append(Epoch(i + 1, loss, 1 - loss, val, None if val is None else 1 - val, 1e-3, 1.0))
    return History(rows)


OVERFIT = history([0.6, 0.4, 0.2], [0.5, 0.4, 0.45])


def curves(axes: Axes) -> list[Any]:
    return [line for line in axes.lines if line.get_linestyle() != "None"]


def rings(axes: Axes) -> list[Any]:
    return [line for line in axes.lines if line.get_linestyle() == "None"]


def legend(owner: Axes | Figure) -> Any:
    return owner.legends[0] if isinstance(owner, Figure) else owner.get_legend()


def legend_texts(owner: Axes | Figure) -> list[str]:
    return [text.get_text() for text in legend(owner).get_texts()]


def text_artist(figure: Figure, text: str) -> Any:
    """The text that is drawn as ``text``, wherever it is."""
    return next(found for found in figure.findobj(Text) if isinstance(found, Text) and found.get_text() == text)


def saved(figure: Figure, path: Path) -> bytes:
    save_figure(figure, path)
    return path.read_bytes()


def test_accuracy_and_loss_stand_side_by_side_with_their_values() -> None:
    accuracy, loss = plot_history({"lstm": OVERFIT}).axes
    assert [axes.get_title(loc="left") for axes in (accuracy, loss)] == ["Accuracy", "Loss"]
    assert [axes.get_xlabel() for axes in (accuracy, loss)] == ["epoch", "epoch"]
    training, validation = curves(loss)
    assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    assert list(training.get_xdata()) == [1, 2, 3]
    assert list(training.get_ydata()) == [0.6, 0.4, 0.2]
    assert list(validation.get_ydata()) == [0.5, 0.4, 0.45]
    assert list(curves(accuracy)[1].get_ydata()) == [0.5, 0.6, 0.55]


def test_the_legends_say_what_lines_and_colours_mean() -> None:
    figure = plot_history({"lstm": OVERFIT, "gru": history([0.5, 0.3], [0.4, 0.3])})
    assert legend_texts(figure.axes[1]) == ["training", "validation", "best epoch"]
    assert [handle.get_linestyle() for handle in legend(figure.axes[1]).get_lines()] == ["--", "-", "None"]
    assert legend_texts(figure) == ["lstm: best epoch 2", "gru: best epoch 2"]
    assert [handle.get_color() for handle in legend(figure).get_lines()] == list(PALETTE[:2])


def test_each_run_has_one_colour_in_both_panels_and_its_own_length() -> None:
    figure = plot_history({"lstm": OVERFIT, "gru": history([0.5] * 5, [0.4] * 5)})
    for axes in figure.axes:
        assert [line.get_color() for line in curves(axes)] == [PALETTE[0]] * 2 + [PALETTE[1]] * 2
        assert [len(line.get_xdata()) for line in curves(axes)] == [3, 3, 5, 5]
        assert list(axes.get_xticks()) == [1, 2, 3, 4, 5]


def test_a_ring_marks_the_best_epoch_of_each_run_in_both_panels() -> None:
    figure = plot_history({"lstm": OVERFIT, "without": history([0.5, 0.3])})
    points = [[(float(r.get_xdata()[0]), float(r.get_ydata()[0])) for r in rings(axes)] for axes in figure.axes]
    assert points == [[(2, 0.6), (2, 0.7)], [(2, 0.4), (2, 0.3)]]
    assert all(ring.get_markerfacecolor() == "none" for ring in rings(figure.axes[0]))


def test_without_validation_nothing_claims_to_be_validation() -> None:
    figure = plot_history({"lstm": history([0.6, 0.4])})
    assert legend_texts(figure.axes[1]) == ["training", "best epoch"]
    assert all(len(curves(axes)) == 1 for axes in figure.axes)


def test_a_single_epoch_is_a_point_over_the_only_tick() -> None:
    figure = plot_history({"lstm": history([0.6], [0.5])})
    for axes in figure.axes:
        assert list(axes.get_xticks()) == [1]
        assert [(line.get_marker(), line.get_markevery()) for line in curves(axes)] == [("o", [0]), ("o", [0])]
        assert axes.get_xlim() == (0.5, 1.5)
    assert [handle.get_marker() for handle in legend(figure.axes[1]).get_lines()] == ["o", "o", "o"]


def test_values_that_are_not_finite_leave_gaps_and_lonely_ones_become_points() -> None:
    figure = plot_history({"lstm": history([0.6, math.nan, 0.4, math.inf, 0.3, 0.2])})
    (line,) = curves(figure.axes[1])
    np.testing.assert_array_equal(line.get_ydata(), [0.6, math.nan, 0.4, math.nan, 0.3, 0.2])
    assert line.get_markevery() == [0, 2]


@pytest.mark.parametrize(
    ("losses", "outcome"),
    [([], "no epoch yet"), ([math.nan, math.nan], "no finite loss"), ([1e300, 0.5, -1e308], "best epoch 3")],
)
def test_runs_with_nothing_to_draw_are_named_and_saved(tmp_path: Path, losses: list[float], outcome: str) -> None:
    figure = plot_history({"lstm": history(losses)})
    assert legend_texts(figure) == [f"lstm: {outcome}"]
    assert saved(figure, tmp_path / "history.png")


@pytest.mark.parametrize(
    ("epochs", "ticks"),
    [
        (2, [1, 2]),
        (12, list(range(1, 13))),
        (15, [1, 2, 4, 6, 8, 10, 12, 14]),
        (30, [1, 5, 10, 15, 20, 25, 30]),
        (1000, [1, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]),
    ],
)
def test_epoch_ticks_are_few_whole_numbers(epochs: int, ticks: list[int]) -> None:
    assert list(plot_history({"lstm": history([0.5] * epochs)}).axes[0].get_xticks()) == ticks


def test_the_sentence_is_wrapped_above_the_panels() -> None:
    figure = plot_history({"lstm": OVERFIT}, sentence="word " * 60)
    assert figure.get_suptitle().split() == ["word"] * 60
    assert figure.get_suptitle().count("\n") == 2
    assert plot_history({"lstm": OVERFIT}).get_suptitle() == ""


@pytest.mark.parametrize("names", [[f"run-{'x' * 60}-{i}" for i in range(10)], [f"r{i}" for i in range(10)]])
def test_ten_runs_are_told_apart_and_nothing_leaves_the_picture(names: list[str]) -> None:
    figure = plot_history(dict.fromkeys(names, OVERFIT), sentence="What the curves show. " * 12)
    assert len({line.get_color() for line in figure.axes[0].lines}) == 10
    assert len(set(legend_texts(figure))) == 10
    with house_style():
        figure.draw_without_rendering()
    page = figure.bbox
    key, runs, loss_title = legend(figure.axes[1]), legend(figure), text_artist(figure, "Loss")
    for drawn in (key, runs, loss_title, text_artist(figure, figure.get_suptitle())):
        box = drawn.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1
        assert page.y0 <= box.y0 and box.y1 <= page.y1
    assert loss_title.get_window_extent().x1 < key.get_window_extent().x0
    assert runs.get_window_extent().y1 < figure.axes[0].xaxis.label.get_window_extent().y0


def test_behind_smoothed_curves_lie_the_measured_ones_and_the_ring_is_where_it_was_measured() -> None:
    figure = plot_history({"lstm": OVERFIT}, smoothing=Smoothing(3))
    behind, validation_behind, training, validation = curves(figure.axes[1])
    assert (behind.get_alpha(), training.get_alpha()) == (0.35, None)
    assert list(validation_behind.get_ydata()) == [0.5, 0.4, 0.45]
    np.testing.assert_allclose(validation.get_ydata(), [0.45, 0.45, 0.425])
    (ring,) = rings(figure.axes[1])
    assert list(ring.get_ydata()) == [0.4]
    assert ring.get_zorder() > max(line.get_zorder() for line in curves(figure.axes[1]))
    assert figure.legends[0].get_title().get_text() == "lines: mean of 3 epochs, centred; faint: as measured"


def test_steps_are_drawn_between_the_ends_of_the_epochs() -> None:
    step, ones = np.arange(1, 7), np.ones(6)
    batches = BatchCurves((step + 1) // 2, 2 - step % 2, step, ones.astype(int), 1 / step, *[ones] * 3)
    figure = plot_history({"lstm": OVERFIT}, batches={"lstm": batches}, smoothing=Smoothing(1))
    training, validation = curves(figure.axes[1])
    assert list(training.get_xdata()) == [0.5, 1, 1.5, 2, 2.5, 3]
    assert list(validation.get_xdata()) == [1, 2, 3]
    assert figure.axes[1].get_xlim()[0] < 0.5
    assert list(figure.axes[1].get_xticks()) == [1, 2, 3]
    assert figure.legends[0].get_title().get_text() == "training: each step"


def test_no_history_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one history"):
        plot_history({})


@pytest.mark.parametrize("name", ["a$b$c", "$x_", "_hidden", "line\nbreak", "émotion", "x^{2}"])
def test_names_are_shown_as_they_are(tmp_path: Path, name: str) -> None:
    figure = plot_history({name: OVERFIT})
    assert legend_texts(figure) == [f"{' '.join(name.split())}: best epoch 2"]
    assert saved(figure, tmp_path / "history.svg")
    assert saved(plot_confusion_matrix([[1, 2], [3, 4]], [name, "other"], title=name), tmp_path / "matrix.png")


def test_long_names_are_cut_in_the_middle_and_never_look_alike() -> None:
    assert shorten("imdb-lstm-20250301-101500", 11) == "imdb-…01500"
    assert shorten("short", 11) == "short"
    assert len(shorten("x" * 80, 38)) == 38
    alike = ["aaaaaa-1-bbbbbb", "aaaaaa-2-bbbbbb"]
    assert shorten_all(alike, 9) == alike


def cell_texts(figure: Figure) -> list[tuple[float, str]]:
    return [(text.get_position()[0], text.get_text()) for text in figure.axes[0].texts]


def test_cells_hold_counts_and_shares_of_the_row() -> None:
    figure = plot_confusion_matrix([[1500, 500], [1, 3]], ["negative", "positive"], title="lstm on test")
    assert cell_texts(figure) == [
        *[(0, "1,500"), (0, "75.0%"), (1, "500"), (1, "25.0%")],
        *[(0, "1"), (0, "25.0%"), (1, "3"), (1, "75.0%")],
    ]
    assert figure.get_suptitle() == "lstm on test"


def test_rows_are_actual_and_columns_predicted_from_the_top_left() -> None:
    axes = plot_confusion_matrix(np.eye(3, dtype=np.int64), ["a", "b", "c"], title="t").axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("actual", "predicted")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_ylim() == (2.5, -0.5)


def test_right_answers_are_blue_and_mistakes_vermillion() -> None:
    axes = plot_confusion_matrix([[4, 4], [0, 8]], ["a", "b"], title="t").axes[0]
    right, mistake, empty, full = (to_rgb(cell.get_facecolor()) for cell in axes.patches)
    assert right[2] > right[0]
    assert mistake[0] > mistake[2]
    assert full[0] < right[0]  # all of a row is deeper than half of one
    assert to_hex(empty) == "#f7f7f7"


def test_a_class_without_reviews_has_no_shares() -> None:
    figure = plot_confusion_matrix([[2, 2], [0, 0]], ["a", "b"], title="t")
    assert [text for _, text in cell_texts(figure)][4:] == ["0", "–", "0", "–"]
    np.testing.assert_array_equal(row_shares(np.array([[1, 3], [0, 0]])), [[0.25, 0.75], [math.nan, math.nan]])


def test_a_rare_mistake_is_not_rounded_to_none() -> None:
    texts = [text for _, text in cell_texts(plot_confusion_matrix([[9999, 1], [0, 5]], ["a", "b"], title="t"))]
    assert texts == ["9,999", ">99.9%", "1", "<0.1%", "0", "0%", "5", "100%"]


@pytest.mark.parametrize("size", [2, 5, 12, *(pytest.param(size, marks=pytest.mark.slow) for size in (3, 6, 20))])
@pytest.mark.parametrize("name", ["c", "a class called so", "unbroken_name_of_a_class_that_goes_on"])
def test_every_number_fits_its_cell_and_every_name_the_picture(size: int, name: str) -> None:
    names = [f"{name}{i}" for i in range(size)]
    figure = plot_confusion_matrix(np.full((size, size), 12_500), names, title="a long title of a run on test " * 2)
    with house_style():
        figure.draw_without_rendering()
    axes = figure.axes[0]
    cell = axes.get_window_extent().width / size
    assert all(text.get_window_extent().width < cell for text in axes.texts)
    labels = [label.get_window_extent() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    for box in (*labels, text_artist(figure, figure.get_suptitle()).get_window_extent()):
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1
        assert box.y0 >= 0 and box.y1 <= figure.bbox.y1
    if not axes.get_xticklabels()[0].get_rotation():
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(labels[:size]))


@pytest.mark.parametrize("matrix", [[[1, 2]], [[1, 2], [3, -1]], [[1]], []])
def test_a_matrix_that_does_not_fit_its_names_is_refused(matrix: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"expected counts\[2, 2\]"):
        plot_confusion_matrix(matrix, ["a", "b"], title="t")


SIGNATURES = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF-"}


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "PNG"])
def test_the_ending_decides_the_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"history.{ending}"
    assert saved(plot_history({"lstm": OVERFIT}), path).startswith(SIGNATURES[ending.lower()])
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(("name", "received"), [("h.gif", '".gif"'), ("h", "no ending"), ("h.png.txt", '".txt"')])
def test_another_ending_is_wrong_usage_and_writes_nothing(tmp_path: Path, name: str, received: str) -> None:
    with pytest.raises(UsageError) as caught:
        save_figure(plot_history({"lstm": OVERFIT}), tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: a picture is saved as .png, .svg or .pdf; received {received}."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_equal_pictures_are_equal_files(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = saved(plot_history({"lstm": OVERFIT}, sentence="One."), tmp_path / f"a.{ending}")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")  # another time of day, as far as matplotlib knows
    with matplotlib.rc_context({"font.size": 30, "axes.grid": False, "savefig.dpi": 20, "xtick.major.size": 40}):
        figure = plot_history({"lstm": OVERFIT}, sentence="One.")
        assert saved(figure, tmp_path / f"b.{ending}") == first
    assert saved(figure, tmp_path / f"c.{ending}") == first


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams.copy())
    save_figure(plot_history({"lstm": OVERFIT}), tmp_path / "a.svg")
    save_figure(plot_confusion_matrix([[1, 2], [3, 4]], ["a", "b"], title="t"), tmp_path / "b.png")
    assert dict(matplotlib.rcParams.copy()) == before


def test_neither_pyplot_nor_tensorflow_is_loaded(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from sentiment_cli.history import Epoch, History
from sentiment_cli.plots.confusion import plot_confusion_matrix
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.perplexity import plot_perplexity
from sentiment_cli.plots.save import save_figure
figure = plot_history({"a": History([Epoch(1, 0.5, 0.5, None, None, 0.001, 1.0)])}, sentence="One epoch.")
for ending in ("png", "svg", "pdf"):
    save_figure(figure, Path(sys.argv[1]) / f"a.{ending}")
save_figure(plot_confusion_matrix([[1, 2], [3, 4]], ["a", "b"], title="t"), Path(sys.argv[1]) / "b.png")
print([name for name in ("matplotlib.pyplot", "tensorflow", "keras", "sklearn", "pydantic") if name in sys.modules])
"""
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "[]\n"


class TestPerplexity:
    def test_the_values_are_drawn_and_the_first_lowest_is_ringed_and_named(self) -> None:
        (axes,) = plot_perplexity([210.0, 160.5, 150.25, 150.25, 155.0]).axes
        (curve,), (ring,) = curves(axes), rings(axes)
        assert list(curve.get_xdata()) == [1, 2, 3, 4, 5]
        assert list(curve.get_ydata()) == [210.0, 160.5, 150.25, 150.25, 155.0]
        assert (list(ring.get_xdata()), list(ring.get_ydata())) == ([3], [150.25])
        assert [text.get_text() for text in axes.texts] == ["150.2"]
        assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("Perplexity of held-out texts", "pass")
        assert axes.get_yscale() == "linear"

    @pytest.mark.parametrize(("first", "scale"), [(499.0, "linear"), (500.0, "log"), (12_000.0, "log")])
    def test_the_axis_is_logarithmic_where_it_falls_far(self, first: float, scale: str) -> None:
        (axes,) = plot_perplexity([first, 150.0, 100.0]).axes
        assert axes.get_yscale() == scale
        assert axes.get_ylabel() == ("logarithmic" if scale == "log" else "")

    @pytest.mark.parametrize("values", [[133.2], [1.0, 1.0], [7e86, 5.0, 3.0], [2.0] * 300])
    def test_any_number_of_passes_can_be_saved(self, values: list[float], tmp_path: Path) -> None:
        assert saved(plot_perplexity(values), tmp_path / "perplexity.png").startswith(b"\x89PNG")

    def test_of_no_pass_there_is_no_picture(self) -> None:
        with pytest.raises(ValueError, match="at least one pass"):
            plot_perplexity([])
