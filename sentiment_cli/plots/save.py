"""How does a figure become a file: png, svg or pdf, whole or not at all, the same bytes every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sentiment_cli.atomic import replacing
from sentiment_cli.errors import UsageError
from sentiment_cli.plots.style import house_style, look_of, using

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The entries with the time of day; without them two equal pictures are equal files.
_METADATA: dict[str, dict[str, str | None]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def picture_format(path: Path) -> str:
    """``png``, ``svg`` or ``pdf``, from the ending of ``path`` in either case.

    Raises:
        UsageError: any other ending.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in _METADATA:
        received = f'"{path.suffix}"' if path.suffix else "no ending"
        raise UsageError(f"{path}: a picture is saved as .png, .svg or .pdf; received {received}.")
    return ending


def save_figure(figure: Figure, path: Path) -> None:
    """Write ``figure`` to ``path`` in the format of its ending, in the look that it was drawn in.

    The directory is made when missing.

    Raises:
        UsageError: the ending is none of .png, .svg and .pdf; nothing is written.
    """
    picture = picture_format(path)
    # Ticks are made while drawing, so the style has to hold here as well.
    with using(look_of(figure)), house_style(), replacing(path) as temporary:
        figure.savefig(temporary, format=picture, metadata=_METADATA[picture])
