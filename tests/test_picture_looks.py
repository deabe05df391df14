"""Has a picture the width and the letters that it was asked for, at the size in which it is seen?"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sentiment_cli.history import Epoch, History
from sentiment_cli.learning_rates import RangeTest
from sentiment_cli.picture_look import COLUMN, Look, choose_look
from sentiment_cli.plots.confusion import plot_confusion_matrix
from sentiment_cli.plots.history import plot_history
from sentiment_cli.plots.learning_rates import plot_learning_rates
from sentiment_cli.plots.perplexity import plot_perplexity
from sentiment_cli.plots.probes import plot_probes
from sentiment_cli.plots.save import save_figure
from sentiment_cli.plots.style import current_look, fix_layout, house_style, points, room, using
from sentiment_cli.plots.sweep import plot_sweep
from sentiment_cli.probes.outcomes import ProbeOutcome
from sentiment_cli.search.plan import SearchPlan
from sentiment_cli.search.trial import Trial

pytestmark = pytest.mark.filterwarnings("error")

PAPER = choose_look("paper", None)
RUN = History([Epoch(n, 0.6 / n, 0.8, 0.5, 0.7, 1e-3, 1.0) for n in range(1, 11)])
PICTURES: dict[str, Callable[[], Figure]] = {
    "history": lambda: plot_history({"a": RUN, "another run": RUN}, sentence="What the curves show."),
    "confusion": lambda: plot_confusion_matrix([[100, 20], [15, 110]], ["negative", "positive"], title="lstm on test"),
    "many classes": lambda: plot_confusion_matrix(
        np.eye(12, dtype=np.int64) * 300 + 7, [f"class {i}" for i in range(12)], title="lstm on test"
    ),
    "perplexity": lambda: plot_perplexity([900.0, 200.0, 110.0]),
    "learning rates": lambda: plot_learning_rates(
        RangeTest(np.geomspace(1e-6, 1, 50), np.full(50, 0.7), np.linspace(0.7, 0.4, 50), 0.1, 0.01, False),
        title="Loss as the learning rate rises: imdb_lstm, rmsprop",
        current=1e-3,
    ),
    "probes": lambda: plot_probes(
        [ProbeOutcome("film", f"probe_{i}", f"group {i // 3}", "inv", "", "templates", 10, i) for i in range(8)],
        title="lstm",
    ),
    "sweep": lambda: plot_sweep(
        [
            Trial(i, "finished", {"model.dropout": repr(i / 10), "model.pooling": ("last", "max")[i % 2]}, i / 10, 1, 1)
            for i in range(1, 6)
        ],
        SearchPlan.make(["model.pooling=last,max"], ["model.dropout=uniform(0,0.6)"]),
        {"model.dropout": 0.9, "model.pooling": 0.1},
        title="a sweep",
    ),
}


def drawn(name: str, look: Look) -> Figure:
    with using(look):
        return PICTURES[name]()


def shown_texts(figure: Figure) -> list[Text]:
    """Those with letters, as they are drawn."""
    with using(PAPER), house_style():
        figure.draw_without_rendering()
    return [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text() and text.get_visible()]


@pytest.mark.parametrize("name", ["history", "confusion", "perplexity", "sweep"])
@pytest.mark.parametrize("look", [PAPER, Look("paper", 6.9), Look("screen", 5.0)], ids=str)
def test_the_width_is_kept(tmp_path: Path, name: str, look: Look) -> None:
    save_figure(drawn(name, look), tmp_path / "a.png")
    dots = struct.unpack(">I", (tmp_path / "a.png").read_bytes()[16:20])[0]  # of the header chunk
    assert look.width is not None
    assert dots == pytest.approx(look.width * look.dpi, rel=0.01)


@pytest.mark.parametrize("name", ["history", "confusion", "perplexity", "probes", "sweep"])
def test_letters_on_paper_have_six_to_eleven_points(name: str) -> None:
    sizes = [text.get_fontsize() for text in shown_texts(drawn(name, PAPER))]
    assert min(sizes) > 6 and max(sizes) < 11
    assert any(size == pytest.approx(8) for size in sizes)


def test_what_has_to_shrink_can_still_be_read() -> None:
    figure = drawn("many classes", PAPER)
    assert figure.get_size_inches()[0] == pytest.approx(COLUMN)
    assert min(text.get_fontsize() for text in shown_texts(figure)) > 5
    assert [text.get_text() for text in figure.axes[0].texts][:2] == ["307", "7"]  # no shares below them
    assert figure.get_supxlabel() == "colour: share of the row, the actual class"


def test_paper_has_no_headlines_and_names_its_panels_and_axes() -> None:
    history, confusion, perplexity = (drawn(name, PAPER) for name in ("history", "confusion", "perplexity"))
    assert [figure.get_suptitle() for figure in (history, confusion, perplexity)] == ["", "", ""]
    assert [axes.get_title(loc="left") for axes in history.axes] == ["Accuracy", "Loss"]
    assert perplexity.axes[0].get_title(loc="left") == ""
    assert perplexity.axes[0].get_ylabel() == "perplexity, logarithmic"


def test_in_a_column_the_panels_stand_one_above_the_other() -> None:
    accuracy, loss = (axes.get_position() for axes in drawn("history", PAPER).axes)
    assert accuracy.y0 > loss.y1
    wide = [axes.get_position() for axes in drawn("history", Look("paper", 6.9)).axes]
    assert wide[0].x1 < wide[1].x0


def test_nothing_leaves_a_column_or_lies_over_its_neighbour() -> None:
    figure = drawn("history", PAPER)
    texts = shown_texts(figure)
    boxes = [text.get_window_extent() for text in texts]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in boxes)
    key = figure.axes[1].get_legend().get_window_extent()  # type: ignore[union-attr]
    title = next(box for box, text in zip(boxes, texts, strict=True) if text.get_text() == "Loss")
    assert title.x1 <= key.x0


def test_a_picture_that_knows_nothing_of_looks_has_the_width_and_the_letters() -> None:
    with using(PAPER), house_style():
        figure = Figure(figsize=(7.0, 3.5), layout="constrained")
        figure.subplots().set_xlabel("words")
        fix_layout(figure)
    assert tuple(figure.get_size_inches()) == pytest.approx((COLUMN, COLUMN / 2))
    assert figure.axes[0].xaxis.label.get_fontsize() == pytest.approx(8)


def test_points_and_room_are_those_of_the_current_look() -> None:
    assert (points(11), room(10.0)) == (11, 10.0)
    with using(PAPER):
        assert points(11) == pytest.approx(8)
        assert room(10.0) == pytest.approx(3.3 * 11 / 8)
        with using(Look("screen", 5.0)):
            assert (points(11), room(10.0)) == (11, 5.0)
    assert current_look() == Look()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_picture_is_the_same_file_wherever_it_is_saved(tmp_path: Path, ending: str) -> None:
    figure = drawn("perplexity", PAPER)
    with using(PAPER):
        save_figure(figure, tmp_path / f"a.{ending}")
    save_figure(figure, tmp_path / f"b.{ending}")
    save_figure(drawn("perplexity", PAPER), tmp_path / f"c.{ending}")
    first = (tmp_path / f"a.{ending}").read_bytes()
    assert [(tmp_path / f"{name}.{ending}").read_bytes() == first for name in "bc"] == [True, True]


def test_vector_files_for_papers_hold_text_and_fonts(tmp_path: Path) -> None:
    figure = drawn("confusion", PAPER)
    for ending in ("svg", "pdf"):
        save_figure(figure, tmp_path / f"a.{ending}")
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert re.search(r"<text [^>]*>predicted</text>", svg)
    assert re.search(r'width="237.6pt"', svg)  # 3.3 times 72
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"/Type3" not in pdf and b"/FontFile2" in pdf
