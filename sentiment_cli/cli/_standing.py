"""How runs that were compared are shown as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment_cli.cli._output import accuracy_text, duration, pairs, table

if TYPE_CHECKING:
    from sentiment_cli.workflows.compare import CompareResult
    from sentiment_cli.workflows.entries import Entry
    from sentiment_cli.workflows.standing import Pairing, Standing


def standing_text(standing: Standing, *, verbose: bool) -> str:
    """Two runs in detail, or a table of more."""
    return _pair_text(standing, verbose) if len(standing.entries) == 2 else _many_text(standing)


def _pair_text(standing: Standing, verbose: bool) -> str:
    pair = standing.pair
    parts = [_figures(standing, pair), _counts(pair), _entries_table(standing), pair.sentence]
    if standing.over_seeds:
        parts.insert(-1, standing.sentence)
    if verbose and pair.largest_differences:
        parts.append(_largest(pair))
    return "\n\n".join(parts)


def _many_text(standing: Standing) -> str:
    reviews = ("reviews", f"{len(standing.entries[0].predictions):,} ({standing.split})")
    return "\n\n".join([pairs([reviews]), _entries_table(standing), pairings_table(standing), standing.sentence])


def interval_text(interval: tuple[float, float]) -> str:
    """The two limits of the interval of an accuracy."""
    return f"{interval[0]:.3f}–{interval[1]:.3f}"


def _entries_table(standing: Standing) -> str:
    """A row for each run, and for each baseline that is known; with groups, what they cost has a table of its own."""
    baselines = {"majority": standing.majority, **standing.linear}
    costs = ["epochs (best)", "parameters", "time"]
    if all(entry.members is None for entry in standing.entries):
        columns = ["run", "accuracy", "95 %", "loss", *costs]
        rows = [[entry.name, *_figure_cells(entry), *_cost_cells(entry)] for entry in standing.entries]
        rows += [[name, f"{accuracy:.4f}", *[""] * 5] for name, accuracy in baselines.items()]
        return table(columns, rows, right=columns[1:])
    columns = ["run", "accuracy", "95 %", "loss", "networks, mean ± sd"]
    rows = [[_with_seeds(entry), *_figure_cells(entry), _spread(entry)] for entry in standing.entries]
    rows += [[name, f"{accuracy:.4f}", *[""] * 3] for name, accuracy in baselines.items()]
    costs_table = table(["run", *costs], [[entry.name, *_cost_cells(entry)] for entry in standing.entries], right=costs)
    return f"{table(columns, rows, right=columns[1:])}\n\n{costs_table}"


def _with_seeds(entry: Entry) -> str:
    return entry.name if entry.members is None else f"{entry.name} ({len(entry.members)} seeds)"


def _figure_cells(entry: Entry) -> list[str]:
    return [f"{entry.accuracy:.4f}", interval_text(entry.interval), f"{entry.loss:.4f}"]


def _cost_cells(entry: Entry) -> list[str]:
    return [
        f"{range_text(entry.epochs)} ({range_text(entry.best_epochs)})" if entry.epochs else "-",
        "-" if entry.parameters is None else f"{entry.parameters:,}",
        "-" if entry.seconds is None else duration(entry.seconds),
    ]


def _spread(entry: Entry) -> str:
    spread = entry.over_seeds
    if spread is None:
        return "-"
    return f"{spread.mean:.4f}" + ("" if spread.sd is None else f" ± {spread.sd:.4f}")


def range_text(values: list[int]) -> str:
    """The lowest and the highest of some numbers."""
    if not values:
        return "-"
    return str(values[0]) if min(values) == max(values) else f"{min(values)}–{max(values)}"


def pairings_table(standing: Standing) -> str:
    """A row for each pair: the difference that decides, its interval, and the p-values."""
    means = standing.over_seeds
    columns = ["first", "second", "difference", "95 %", "p", *(["p, Holm"] if len(standing.pairings) > 1 else [])]
    columns += ["ensembles, p"] if means else []
    rows = [_pairing_cells(pairing, columns) for pairing in standing.pairings]
    title = "Difference of the mean accuracies" if means else "Difference of the accuracies"
    return table(columns, rows, right=columns[2:], title=f"{title} (first minus second)")


def _pairing_cells(pairing: Pairing, columns: list[str]) -> list[str]:
    difference, (low, high) = pairing.difference, pairing.interval
    p_value = pairing.p_value if pairing.over_seeds is None else pairing.over_seeds.p_value
    cells = [pairing.first, pairing.second, f"{difference:+.4f}", f"{low:+.4f} to {high:+.4f}", p_cell(p_value)]
    if "p, Holm" in columns:
        cells.append(p_cell(pairing.verdict_p))
    return [*cells, p_cell(pairing.p_adjusted)] if "ensembles, p" in columns else cells


def p_cell(p_value: float) -> str:
    """A p-value without its letter."""
    from sentiment_cli.workflows.compare import p_text

    return p_text(p_value).removeprefix("p ").removeprefix("= ")


def _figures(standing: Standing, result: CompareResult) -> str:
    from sentiment_cli.workflows.compare import p_text

    counts, (low, high) = result.comparison.counts, result.difference_interval
    rows = [("reviews", f"{counts.examples:,} ({result.split})")]
    rows += [
        (name, f"accuracy {accuracy_text(accuracy, interval)}")
        for name, accuracy, interval in zip(result.names, result.accuracies, result.intervals, strict=True)
    ]
    rows.append(("difference", f"{counts.difference:+.4f} (95 %: {low:+.4f} to {high:+.4f}), {p_text(result.p_value)}"))
    means = standing.pairings[0].over_seeds
    if means:
        low, high = means.interval
        rows.append(
            ("of the means", f"{means.difference:+.4f} (95 %: {low:+.4f} to {high:+.4f}), {p_text(means.p_value)}")
        )
    return pairs(rows)


def _counts(result: CompareResult) -> str:
    counts, (first, second) = result.comparison.counts, result.names
    rows = [
        [f"{first} right", f"{counts.both_right:,}", f"{counts.only_first:,}"],
        [f"{first} wrong", f"{counts.only_second:,}", f"{counts.both_wrong:,}"],
    ]
    columns = [f"{second} right", f"{second} wrong"]
    return table(["", *columns], rows, right=columns)


def _largest(result: CompareResult) -> str:
    columns = ["review", "actual", *result.names]
    rows = [
        [
            pair.first.path,
            pair.first.actual,
            *(f"{row.predicted} ({row.probability:.3f})" for row in (pair.first, pair.second)),
        ]
        for pair in result.largest_differences
    ]
    return table(columns, rows, title="They differ the most about")
