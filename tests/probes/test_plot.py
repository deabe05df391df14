"""Does the picture show every probe, in groups, and where nothing could be tried?"""

from __future__ import annotations

from sentiment_cli.plots.probes import plot_probes
from sentiment_cli.probes.outcomes import ProbeOutcome


def outcome(name: str, capability: str, source: str = "templates", suite: str = "film") -> ProbeOutcome:
    return ProbeOutcome(suite, name, capability, "inv", "d", source, 10, 3)  # type: ignore[arg-type]


def labels(outcomes: list[ProbeOutcome]) -> list[str]:
    (axes,) = plot_probes(outcomes, title="run").axes
    return [label.get_text() for label in axes.get_yticklabels()]


def test_there_is_a_row_for_each_probe_in_the_order_of_capabilities() -> None:
    rows = [outcome("a", "x"), outcome("b", "y"), outcome("c", "x"), outcome("a", "x", "reviews")]
    assert labels(rows) == ["a", "c", "b"]


def test_files_are_named_where_there_are_several() -> None:
    assert labels([outcome("a", "x"), outcome("a", "x", suite="stay")]) == ["film/a", "stay/a"]


def test_marks_are_at_the_rate_between_the_ends_of_the_interval() -> None:
    (axes,) = plot_probes([outcome("a", "x")], title="run").axes
    bar, mark = axes.lines
    low, high = ProbeOutcome("film", "a", "x", "inv", "d", "templates", 10, 3).interval or (0, 0)
    assert list(bar.get_xdata()) == [low, high]
    assert list(mark.get_xdata()) == [0.3]
    assert axes.get_xlim() == (0, 1)


def test_without_probes_the_picture_says_so() -> None:
    (axes,) = plot_probes([], title="run").axes
    assert [text.get_text() for text in axes.texts] == ["No probe could be tried."]
