"""How do all pictures look: colours, fonts and sizes, chosen to be read at half width and by colour-blind eyes."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import matplotlib.style
from matplotlib import font_manager

if TYPE_CHECKING:
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
_SETTINGS: dict[str, object] = {
    "figure.facecolor": "white",
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "font.size": 11,
    "text.color": INK,
    "text.parse_math": False,  # a run may be called "a$b$c"
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 11,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "svg.hashsalt": "sentiment",  # else the ids in an SVG are new each time
}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw and save in one look, whatever the user's matplotlibrc says; matplotlib's settings come back afterwards."""
    installed = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(font for font in _FALLBACK_FONTS if font in installed)]
    with matplotlib.style.context(["default", {**_SETTINGS, "font.family": fonts}]), warnings.catch_warnings():
        # A name in a script that no installed font has is drawn as boxes; nobody can do anything about it here.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def fix_layout(figure: Figure) -> None:
    """Work out once where everything goes; each further time moves it by less than a pixel and changes the file."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


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
