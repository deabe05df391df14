"""In which behaviour tests does a network fail, and how often?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator, PercentFormatter

from sentiment_cli.plots.style import (
    BLUE,
    INK,
    PALETTE,
    QUIET,
    VERMILLION,
    bare_rows,
    fix_layout,
    house_style,
    points,
    room,
    shorten,
)
from sentiment_cli.probes.outcomes import by_capability

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.probes.outcomes import ProbeOutcome

WIDTH = 9.0  # inches
_ROW, _HEAD = 0.33, 1.6  # inches
_NAME_LENGTH = 44
# Below, the legend has two rows and the scale fewer numbers.
_WIDE = 7.0  # inches
# Where a row has two marks, each is so far from its middle.
_APART = 0.2
# Marker and colour say the same, so that the picture can be read without colours.
_TYPES = {
    "mft": ("o", BLUE, "mft: the right label"),
    "inv": ("s", VERMILLION, "inv: no change"),
    "dir": ("D", PALETTE[2], "dir: a change in one direction"),
}


def plot_probes(outcomes: Sequence[ProbeOutcome], *, title: str) -> Figure:
    """The failure rate of each probe with its 95 % interval, in groups by capability, from 0 to 100 %.

    Filled marks are cases of templates, empty ones cases of reviews.

    Args:
        outcomes: those with cases, in the order of their first capabilities; none: a picture that says so.
        title: of the picture; wrapped where it is long.
    """
    groups = {capability: _rows(some) for capability, some in by_capability(outcomes).items()}
    width = room(WIDTH)
    rows = sum(map(len, groups.values())) + 0.6 * max(len(groups) - 1, 0)
    headline = textwrap.wrap(" ".join(title.split()), int(width / 0.12)) or [""]
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
        size = (width, _HEAD + 0.26 * len(headline) + _ROW * max(rows, 2))
        figure = Figure(figsize=size, layout=layout)
        axes = figure.subplots()
        _label_axes(axes, _draw_groups(axes, groups), 0.2 if width > _WIDE else 0.5)
        axes.set_title("\n".join(headline), loc="left")
        _add_legend(figure, outcomes, in_one_row=width > _WIDE)
        fix_layout(figure)
    return figure


def _rows(outcomes: Sequence[ProbeOutcome]) -> dict[str, list[ProbeOutcome]]:
    """What stands in one row: a probe on templates and on reviews."""
    rows: dict[str, list[ProbeOutcome]] = {}
    for one in outcomes:
        rows.setdefault(f"{one.suite}/{one.name}", []).append(one)
    return rows


def _draw_groups(axes: Axes, groups: dict[str, dict[str, list[ProbeOutcome]]]) -> dict[str, float]:
    """Draw every probe; returns the height of each row."""
    places: dict[str, float] = {}
    height = 0.0
    for capability, rows in groups.items():
        axes.axhspan(height - 0.5, height + len(rows) - 0.5, color="#f4f4f4", linewidth=0, zorder=0)
        middle = height + (len(rows) - 1) / 2
        label = shorten(capability, 18)
        axes.text(1.02, middle, label, transform=axes.get_yaxis_transform(), va="center", color=INK)
        for name, outcomes in rows.items():
            for number, one in enumerate(outcomes):
                _draw(axes, height + (_APART * (2 * number - 1) if len(outcomes) > 1 else 0), one)
            places[name] = height
            height += 1
        height += 0.6
    if not places:
        axes.text(0.5, 0.5, "No probe could be tried.", transform=axes.transAxes, ha="center", color=QUIET)
    return places


def _draw(axes: Axes, height: float, one: ProbeOutcome) -> None:
    marker, color, _ = _TYPES[one.type]
    rate, (low, high) = one.failure_rate or 0.0, one.interval or (0.0, 0.0)
    axes.plot([low, high], [height, height], color=color, linewidth=points(2), solid_capstyle="butt", zorder=2)
    axes.plot(
        [rate],
        [height],
        marker=marker,
        markersize=points(7),
        linestyle="none",
        zorder=3,
        clip_on=False,
        markerfacecolor="white" if one.source == "reviews" else color,
        markeredgecolor=color,
        markeredgewidth=points(1.8),
    )


def _label_axes(axes: Axes, places: dict[str, float], step: float) -> None:
    suites = {name.partition("/")[0] for name in places}
    names = [name if len(suites) > 1 else name.partition("/")[2] for name in places]
    axes.set_yticks(list(places.values()), [shorten(name, _NAME_LENGTH) for name in names])
    axes.set(xlim=(0, 1), ylim=(max(places.values(), default=1.0) + 0.6, -0.6))
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_xlabel("cases that fail, with 95 % interval")
    bare_rows(axes)
    axes.tick_params(axis="y", pad=points(9))


def _add_legend(figure: Figure, outcomes: Sequence[ProbeOutcome], *, in_one_row: bool) -> None:
    """The types that are there; and what an empty mark means, where there are reviews."""
    used = [kind for kind in _TYPES if any(one.type == kind for one in outcomes)]
    entries = [
        Line2D([], [], linestyle="none", marker=marker, markersize=points(8), color=color, label=label)
        for marker, color, label in (_TYPES[kind] for kind in used)
    ]
    if any(one.source == "reviews" for one in outcomes):
        hollow = Line2D(
            [], [], linestyle="none", marker="s", markersize=points(8), color=QUIET, markerfacecolor="white"
        )
        hollow.set_label("empty: in the run's reviews")
        entries.append(hollow)
    if entries:
        figure.legend(
            handles=entries, loc="outside lower center", ncols=len(entries) if in_one_row else 2, handletextpad=0.2
        )
