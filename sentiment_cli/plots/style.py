"""How do all pictures look: colours, fonts and sizes, chosen to be read at half width and by colour-blind eyes.

A picture is laid out in the inches and points of the screen look, at the width that `room` gives it, and `fix_layout`
brings it to the size of the current look. Numbers of points that matplotlib's settings do not know go through `points`.
"""

from __future__ import annotations

import contextlib
import textwrap
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import matplotlib.style
from matplotlib import font_manager
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sentiment_cli.picture_look import SCREEN, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, RULE = "#1a1a1a", "#5c5c5c", "#dddddd"  # text, secondary text, grid
# Okabe and Ito (2008), https://jfly.uni-koeln.de/color/, without the yellow that white paper swallows; then
# indigo and wine of Paul Tol's muted scheme and a grey, so that ten runs have ten colours.
PALETTE = (
    "#0072B2",  # blue
    "#D55E00",  # vermillion
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#000000",  # black
    "#882255",  # wine
    "#332288",  # indigo
    "#999999",  # grey
)
BLUE, VERMILLION = PALETTE[:2]
_LETTERS_AN_INCH = 8  # of a headline
# DejaVu comes with matplotlib; the others are used, where a computer has them, for letters that it lacks.
_FALLBACK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "PingFang SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "Arial Unicode MS",
)
# What matplotlib knows in points, as it is in the screen look.
_POINTS: dict[str, float] = {
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titlepad": 10,
    "axes.labelsize": 11,
    "axes.labelpad": 4,
    "axes.linewidth": 0.8,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "lines.markeredgewidth": 1.0,
    "patch.linewidth": 1.0,
    "hatch.linewidth": 1.0,
    "legend.fontsize": 10.5,
    **{f"{axis}tick.major.size": 3.5 for axis in "xy"},
    **{f"{axis}tick.major.pad": 3.5 for axis in "xy"},
    **{f"{axis}tick.major.width": 0.8 for axis in "xy"},
    **{f"{axis}tick.minor.size": 2.0 for axis in "xy"},
    **{f"{axis}tick.minor.width": 0.6 for axis in "xy"},
}
_SETTINGS: dict[str, object] = {
    "figure.facecolor": "white",
    "text.color": INK,
    "text.parse_math": False,  # a run may be called "a$b$c"
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": QUIET,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "svg.hashsalt": "sentiment",  # else the ids in an SVG are new each time
}
# Journals refuse the fonts of type 3 that matplotlib makes by itself, and letters as outlines cannot be searched.
_VECTOR_TEXT: dict[str, object] = {"pdf.fonttype": 42, "svg.fonttype": "none"}
_current: ContextVar[Look] = ContextVar("look", default=SCREEN)
_looks: WeakKeyDictionary[Figure, Look] = WeakKeyDictionary()


@contextlib.contextmanager
def using(look: Look) -> Iterator[None]:
    """Draw in another look than the screen's, whatever is drawn within."""
    token = _current.set(look)
    try:
        yield
    finally:
        _current.reset(token)


def current_look() -> Look:
    """The look that is drawn in."""
    return _current.get()


def look_of(figure: Figure) -> Look:
    """The look that a figure was drawn in."""
    return _looks.get(figure, SCREEN)


def points(size: float) -> float:
    """So many points of the screen look, of fonts, lines and markers, in the current one."""
    return size * current_look().scale


def room(width: float) -> float:
    """The width that a picture is to be laid out for, in inches of the screen look.

    Args:
        width: what it would take by itself.
    """
    look = current_look()
    return width if look.width is None else look.width / look.scale


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw and save in one look, whatever the user's matplotlibrc says; matplotlib's settings come back afterwards."""
    look, installed = current_look(), set(font_manager.get_font_names())
    settings = {
        **_SETTINGS,
        **{name: points(size) for name, size in _POINTS.items()},
        **(_VECTOR_TEXT if look.is_paper else {}),
        "figure.dpi": look.dpi,
        "savefig.dpi": look.dpi,
        "font.family": ["DejaVu Sans", *(font for font in _FALLBACK_FONTS if font in installed)],
    }
    with matplotlib.style.context(["default", settings]), warnings.catch_warnings():
        # A name in a script that no installed font has is drawn as boxes; nobody can do anything about it here.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def fix_layout(figure: Figure) -> None:
    """Bring a figure to the size of the current look, and work out once where everything goes.

    Each further time would move it by less than a pixel and change the file. On paper there are no headlines, since
    the caption says what is shown: neither that of the figure nor that of a single panel.
    """
    look = _looks[figure] = current_look()
    width, height = figure.get_size_inches()
    scale = look.scale if look.width is None else look.width / width
    figure.set_size_inches(width * scale, height * scale)
    if look.is_paper:
        _leave_headlines_out(figure)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        pads = engine.get()
        engine.set(w_pad=pads["w_pad"] * look.scale, h_pad=pads["h_pad"] * look.scale)
    if engine is not None:
        engine.execute(figure)  # all that draw_without_rendering would do for the layout, in two thirds of its time
    figure.set_layout_engine("none")


def _leave_headlines_out(figure: Figure) -> None:
    if figure.get_suptitle():
        figure.suptitle("").set_in_layout(False)
    if len(figure.axes) == 1:
        for place in ("left", "center", "right"):
            figure.axes[0].set_title("", loc=place)


def wrap_headline(title: str, width: float) -> list[str]:
    """The lines of a headline, at least one, above a picture of so many inches of the screen look."""
    return textwrap.wrap(" ".join(title.split()), int(width * _LETTERS_AN_INCH)) or [""]


def write_headline(figure: Figure, text: str) -> None:
    """Write a headline above all panels of a figure that has the width of the screen look, at its left edge."""
    edge = 0.1 / figure.get_size_inches()[0]
    figure.suptitle(text, x=edge, ha="left", fontsize=points(13), fontweight="bold")


def bare_rows(axes: Axes) -> None:
    """Leave out what stands between rows and their names: the line of the axis, its ticks, and the grid along rows."""
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def run_color(index: int) -> str:
    """The colour of the run in place ``index`` (from 0); the eleventh run has that of the first again."""
    return PALETTE[index % len(PALETTE)]


def shorten(name: str, most: int) -> str:
    """``name`` on one line in at most ``most`` (3 or more) characters, cut in the middle.

    Names of runs begin with the configuration and end with what tells them apart, a date or a number.
    """
    line = " ".join(name.split())
    if len(line) <= most:
        return line
    tail = (most - 1) // 2
    return f"{line[: most - 1 - tail]}…{line[-tail:]}"


def shorten_all(names: list[str], most: int) -> list[str]:
    """`shorten` for each; all in full when two of them would look alike."""
    short = [shorten(name, most) for name in names]
    return short if len(set(short)) == len(set(names)) else [" ".join(name.split()) for name in names]
