"""What came of the trials of a search, and which settings mattered?"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from sentiment_cli.plots.style import (
    BLUE,
    INK,
    QUIET,
    VERMILLION,
    bare_rows,
    fix_layout,
    house_style,
    points,
    room,
    shorten,
    write_headline,
)
from sentiment_cli.search.space import Setting, short_names
from sentiment_cli.search.trial import Trial, best_trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sentiment_cli.search.plan import SearchPlan

_WIDTH = 10.0  # inches of the screen look
_NARROW = 7.0  # below it all panels stand one above the other
_ROW, _HEAD = 2.9, 1.2  # inches
# Panels side by side by the number of settings, where it is not three.
_ABREAST = {1: 1, 2: 2, 4: 2}
_NAME_LENGTH, _VALUE_LENGTH = 26, 8
# Trials of which shares say little.
_FEW = 20
# Trials of one value stand so far apart.
_SPREAD = 0.22
_NAMES = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}


def plot_sweep(
    trials: Sequence[Trial], plan: SearchPlan, importances: Mapping[str, float], *, title: str = ""
) -> Figure:
    """The result of each trial in order; the share that each setting explains; and a panel for each setting.

    Trials far behind the others are drawn at the edge, or the differences between good ones could not be seen.

    Args:
        trials: of the search; some may have no result.
        plan: of the search.
        importances: shares by key; empty where they are not known.
        title: a line above the picture.
    """
    settings = sorted(plan.settings, key=lambda setting: -importances.get(setting.key, 0.0))
    width = room(_WIDTH)
    is_narrow = width < _NARROW
    abreast = 1 if is_narrow else _ABREAST.get(len(settings), 3)
    above, below = (2 if is_narrow and importances else 1), math.ceil(len(settings) / abreast)
    with house_style():
        layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
        figure = Figure(figsize=(width, _HEAD + _ROW * (above + below)), layout=layout)
        # Two halves, each with margins of its own.
        halves: Any = figure.subfigures(2, 1, height_ratios=(above, below))
        top, bottom = halves
        panels = top.subplots(above, 2 if importances and not is_narrow else 1, squeeze=False).flat
        _draw_trials(next(panels), trials, plan)
        if importances:
            _draw_importances(next(panels), importances, len(trials))
        _draw_settings(bottom.subplots(below, abreast, squeeze=False), settings, trials, plan)
        _add_key(figure, trials, plan, 2 if is_narrow else 5)
        if title:
            write_headline(figure, shorten(title, 80))
        fix_layout(figure)
    return figure


def _draw_settings(panels: Any, settings: Sequence[Setting], trials: Sequence[Trial], plan: SearchPlan) -> None:
    """A panel for each setting; those of a row have one scale of results."""
    names = short_names([setting.key for setting in settings])
    for place, axes in enumerate(panels.flat):
        if place >= len(settings):
            axes.set_visible(False)
            continue
        _draw_setting(axes, settings[place], trials, plan)
        axes.set_title(shorten(names[settings[place].key], _NAME_LENGTH), fontsize=points(11.5))
        is_first = place % panels.shape[1] == 0
        _label_results(axes, plan, named=is_first)
        axes.tick_params(axis="y", labelleft=is_first)


def _draw_trials(axes: Axes, trials: Sequence[Trial], plan: SearchPlan) -> None:
    known = [trial for trial in trials if trial.value is not None]
    _draw_marks(axes, known, [float(trial.number) for trial in known], trials, plan)
    best: list[float] = []
    for trial in trials:
        before = best[-1] if best else math.nan
        is_better = trial.state == "finished" and trial.value is not None
        value = trial.value if is_better and trial.value is not None else math.nan
        best.append(value if math.isnan(before) or (is_better and plan.is_better(value, before)) else before)
    numbers = [trial.number for trial in trials]
    axes.step(numbers, best, where="post", color=QUIET, linewidth=points(1.2), zorder=1)
    for trial in trials:
        if trial.value is None:
            axes.plot(
                trial.number, 0.03, "x", color=INK, markersize=points(6), transform=axes.get_xaxis_transform(), zorder=3
            )
    axes.set_title("Trials")
    axes.set_xlim(0.4, max(numbers, default=1) + 0.6)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.set_xlabel("trial; line: best so far")
    _label_results(axes, plan, named=True)


def _draw_importances(axes: Axes, importances: Mapping[str, float], count: int) -> None:
    names = short_names(list(importances))
    shares = list(importances.values())
    axes.barh(range(len(shares)), shares, color=BLUE, height=0.55)
    for place, share in enumerate(shares):
        _write_beside(axes, f"{100 * share:.0f} %", share, place)
    axes.set_yticks(range(len(shares)), [shorten(names[key], _NAME_LENGTH) for key in importances])
    axes.set(ylim=(max(len(shares), 3) - 0.5, -0.6), xlim=(0, max(1.12 * max(shares), 0.2)))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    bare_rows(axes)
    axes.set_title("What mattered")
    axes.set_xlabel("share of the differences explained" + ("; a rough guess" if count < _FEW else ""))


def _write_beside(axes: Axes, text: str, right: float, height: float) -> None:
    axes.annotate(
        text,
        (right, height),
        xytext=(points(5), 0),
        textcoords="offset points",
        va="center",
        fontsize=points(10.5),
        color=INK,
    )


def _draw_setting(axes: Axes, setting: Setting, trials: Sequence[Trial], plan: SearchPlan) -> None:
    known = [trial for trial in trials if trial.value is not None and setting.key in trial.values]
    if not setting.choices:
        _draw_marks(axes, known, [float(trial.values[setting.key]) for trial in known], trials, plan)
        _scale_numbers(axes, setting)
        return
    order = _in_order(setting.choices)
    places = _apart([order.index(trial.values[setting.key]) for trial in known], len(order))
    _draw_marks(axes, known, places, trials, plan)
    low, high = _limits(trials, plan)
    for place, text in enumerate(order):
        values = [trial.value for trial in known if trial.values[setting.key] == text and trial.value is not None]
        if values:
            middle = min(max(float(np.median(values)), low), high)
            axes.plot([place - 0.32, place + 0.32], [middle, middle], color=QUIET, linewidth=points(1.4), zorder=1)
    axes.set_xticks(range(len(order)), [_in_lines(text) for text in order])
    axes.set_xlim(-0.6, len(order) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0, labelcolor=INK, labelrotation=30 if len(order) > 5 else 0)


def _scale_numbers(axes: Axes, setting: Setting) -> None:
    if not setting.is_log:
        margin = 0.04 * (setting.high - setting.low)
        axes.set_xlim(setting.low - margin, setting.high + margin)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=setting.is_whole))
        return
    axes.set_xscale("log")
    axes.set_xlim(setting.low / 1.15, setting.high * 1.15)
    decades = math.log10(setting.high / setting.low)
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decades >= 2 else (1.0, 2.0, 5.0), numticks=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _draw_marks(
    axes: Axes, known: Sequence[Trial], places: Sequence[float], trials: Sequence[Trial], plan: SearchPlan
) -> None:
    """A mark for each trial that has a result, the best one last, on top of the others."""
    best = best_trial(trials, plan)
    low, high = _limits(trials, plan)
    for trial, place in sorted(zip(known, places, strict=True), key=lambda pair: pair[0] is best):
        if trial.value is None:
            continue
        height = min(max(trial.value, low), high)
        axes.plot(place, height, clip_on=False, **_mark(trial, is_best=trial is best))
    margin = 0.06 * (high - low)
    axes.set_ylim(low - margin, high + margin)


def _mark(trial: Trial, *, is_best: bool) -> dict[str, Any]:
    if is_best:
        return {"marker": "D", "markersize": points(8), "color": VERMILLION, "linestyle": "none", "zorder": 4}
    if trial.state == "finished":
        return {"marker": "o", "markersize": points(6.5), "color": BLUE, "linestyle": "none", "zorder": 3}
    return {
        "marker": "v",
        "markersize": points(6.5),
        "markerfacecolor": "white",
        "markeredgecolor": QUIET,
        "markeredgewidth": points(1.4),
        "linestyle": "none",
        "zorder": 2,
    }


def _limits(trials: Sequence[Trial], plan: SearchPlan) -> tuple[float, float]:
    """The results that are drawn where they are; what is worse than that is drawn at the edge.

    From the best to four times as far as the quartile of the finished ones is from it.
    """
    values = [trial.value for trial in trials if trial.value is not None]
    finished = [trial.value for trial in trials if trial.value is not None and trial.state == "finished"] or values
    if not finished:
        return 0.0, 1.0
    sign = 1.0 if plan.maximizes else -1.0
    best = max(sign * value for value in values)
    quartile = float(np.percentile([sign * value for value in finished], 25))
    worst = max(min(sign * value for value in values), best - 4 * (best - quartile))
    if best - worst < 1e-9:
        worst = best - 0.01
    return (worst, best) if plan.maximizes else (-best, -worst)


def _label_results(axes: Axes, plan: SearchPlan, *, named: bool) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(5))
    if named:
        axes.set_ylabel(_NAMES[plan.metric])


def _in_order(texts: Sequence[str]) -> list[str]:
    """Numbers by their size, everything else as it was listed."""
    try:
        return sorted(texts, key=float)
    except ValueError:
        return list(texts)


def _in_lines(text: str) -> str:
    """Two lines at the most, narrow enough to stand beside others."""
    lines = textwrap.wrap(text, _VALUE_LENGTH) or [text]
    return "\n".join([lines[0], *([shorten(" ".join(lines[1:]), _VALUE_LENGTH)] if lines[1:] else [])])


def _apart(places: Sequence[int], count: int) -> list[float]:
    """Trials of one value side by side, in the order of the trials."""
    spread = []
    seen = [0] * count
    for place in places:
        of_all = places.count(place)
        step = 2 * _SPREAD / max(of_all - 1, 1)
        spread.append(place + (seen[place] * step - _SPREAD if of_all > 1 else 0.0))
        seen[place] += 1
    return spread


def _add_key(figure: Figure, trials: Sequence[Trial], plan: SearchPlan, columns: int) -> None:
    """What the marks mean, of those that are there."""
    shown = [
        ("best trial", "D", VERMILLION, VERMILLION, any(trial.state == "finished" for trial in trials)),
        ("finished", "o", BLUE, BLUE, sum(trial.state == "finished" for trial in trials) > 1),
        (
            "stopped; its best epoch",
            "v",
            QUIET,
            "white",
            any(trial.state in ("pruned", "unfinished") for trial in trials),
        ),
        ("failed", "x", INK, INK, any(trial.value is None for trial in trials)),
    ]
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=points(7),
            color=color,
            markerfacecolor=face,
            label=label,
        )
        for label, marker, color, face, is_there in shown
        if is_there
    ]
    if any(setting.choices for setting in plan.settings):
        handles.append(Line2D([], [], color=QUIET, linewidth=points(1.4), label="median of a value"))
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=columns, columnspacing=1.8)
