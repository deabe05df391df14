"""How do accuracy and loss go over the epochs, in a terminal? The panels of a picture, made of letters."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from sentiment_cli.curves import PANELS, Panel, RunCurves, Smoothing, best_point, extent, run_curves
from sentiment_cli.text_chart import Chart, Line, Row, Span, run_letter

# From so many letters on the panels stand side by side; each is at least as wide as the second.
_SIDE_BY_SIDE, _NARROWEST, _WIDEST = 96, 30, 160
_GAP = 2


def history_rows(runs: Mapping[str, RunCurves], smoothing: Smoothing, width: int, *, unicode: bool) -> list[Row]:
    """Both panels, and below them what lines and letters mean.

    Args:
        runs: by name, at least one.
        smoothing: of the curves.
        width: of the terminal, in letters.
        unicode: whether it shows Braille; else ASCII.
    """
    width = max(min(width, _WIDEST), _NARROWEST)
    is_wide = width >= _SIDE_BY_SIDE
    panel_width = (width - _GAP) // 2 if is_wide else width
    charts = [_chart(runs, panel, smoothing, panel_width, unicode).rows() for panel in PANELS]
    if is_wide:
        gap = Span(" " * _GAP)
        rows = [[*left, gap, *right] for left, right in zip(*charts, strict=True)]
    else:
        rows = list(itertools.chain.from_iterable(charts))
    return [*rows, [], *_legend(runs, smoothing, unicode)]


def _chart(runs: Mapping[str, RunCurves], panel: Panel, smoothing: Smoothing, width: int, unicode: bool) -> Chart:
    lines = []
    for number, run in enumerate(runs.values()):
        for curve in run_curves(run, panel, smoothing):
            if curve.raw and run.batches is not None:
                continue  # thousands of points would leave no letter for the curve
            style = "points" if curve.raw else "dotted" if curve.part == "training" else "solid"
            letter = run_letter(number) if style == "solid" else run_letter(number).lower()
            lines.append(Line(curve.xs, curve.ys, number, style, letter=letter if len(runs) > 1 else None))
        best = best_point(run.history, panel)
        if best is not None:
            lines.append(Line([], [], number, best=best))
    return Chart(f"{panel.capitalize()} over the epochs", lines, extent(runs), width, unicode=unicode)


def _legend(runs: Mapping[str, RunCurves], smoothing: Smoothing, unicode: bool) -> list[Row]:
    solid, dotted = ("⠤⠤⠤", "⠄⠠ ⠄") if unicode else ("***", "...") if len(runs) == 1 else ("capitals", "small letters")
    marks = [f"{solid} validation", f"{dotted} training"]
    if any(run.history.best_epoch for run in runs.values()):
        marks.append("O best epoch")
    if not any(run.history.has_validation for run in runs.values()):
        del marks[0]
    rows: list[Row] = [[Span("   ".join(marks))]]
    note = smoothing.sentence(runs, behind="points")
    if note:
        rows.append([Span(note)])
    for number, (name, run) in enumerate(runs.items()):
        best = run.history.best_epoch
        outcome = f"best epoch {best}" if best else "no finite loss" if len(run.history) else "no epoch yet"
        letter = [Span(run_letter(number), number), Span(" ")] if len(runs) > 1 else []
        rows.append([*letter, Span(f"{' '.join(name.split())}: {outcome}")])
    return rows
