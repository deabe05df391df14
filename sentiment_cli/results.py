"""The table of results: a row for each evaluation of a finished run, kept over many runs, and what they come to."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any

from sentiment_cli.atomic import write_text
from sentiment_cli.errors import RunError
from sentiment_cli.tables import csv_text, read_csv


@dataclass(frozen=True)
class Result:
    """One evaluation of one run; the fields are the columns.

    Args:
        date: when the run ended, ISO 8601, UTC.
        run: its name.
        config: what its configuration was called; None where nobody said.
        split: the evaluated part.
        reviews: number of reviews in it.
        accuracy: in [0, 1].
        accuracy_low: lower limit of its 95 % interval.
        accuracy_high: upper limit.
        loss: mean cross-entropy in nats.
        seed: of everything random.
        epochs: epochs done.
        best_epoch: the one whose weights were kept.
        seconds: wall-clock time of the whole training.
        device: what it ran on.
        processor: model of the processor.
        cores: how many of its cores it might use.
        command: the command lines, in order, joined by ``&&``.
        version: of this package.
        commit: of this package's sources; None where it was installed without its repository.
        config_sha256: of the configuration without its seed: runs that differ in the seed alone share it.
    """

    date: str
    run: str
    config: str | None
    split: str
    reviews: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    loss: float
    seed: int
    epochs: int
    best_epoch: int
    seconds: float
    device: str
    processor: str
    cores: int
    command: str
    version: str
    commit: str | None
    config_sha256: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same row when a run is added again."""
        return self.run, self.split, self.config_sha256, self.date

    @property
    def machine(self) -> str:
        """What the seconds were measured on."""
        on_processor = self.device.startswith("CPU")
        return f"{self.processor}, {self.cores} cores" if on_processor else self.device.partition(" (")[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Summary:
    """What the runs of one configuration came to that differ in their seeds alone.

    Args:
        config: what it is called.
        config_sha256: of the configuration without its seed.
        split: the evaluated part.
        reviews: number of reviews in it.
        seeds: number of different seeds; the newest run of each counts.
        mean_accuracy: over the seeds.
        accuracy_sd: standard deviation over the seeds (n - 1); None of one.
        median_seconds: of the whole trainings.
        machines: what they ran on.
    """

    config: str | None
    config_sha256: str
    split: str
    reviews: int
    seeds: int
    mean_accuracy: float
    accuracy_sd: float | None
    median_seconds: float
    machines: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Result))
_TYPES = {field.name: str(field.type) for field in fields(Result)}


def read_results(path: Path) -> list[Result]:
    """The rows of a table in their order.

    Raises:
        RunError: the file is missing or damaged; the message names the line, what was expected and received.
    """
    return _parse(path, _read_text(path))


def append_results(path: Path, results: Iterable[Result]) -> list[Result]:
    """Append the rows that a table does not have yet; it is made where there is none.

    The lines that are there stay as they are, byte for byte. Nothing is written to a damaged table, nor where
    nothing is new.

    Args:
        path: a CSV file.
        results: rows to be added.

    Returns:
        Those that were added.

    Raises:
        RunError: the table is damaged.
    """
    text = _read_text(path) if path.exists() else csv_text(COLUMNS, [])
    known = {result.key for result in _parse(path, text)}
    added = list({result.key: result for result in results if result.key not in known}.values())
    if added:
        _, _, lines = csv_text(COLUMNS, map(astuple, added)).partition("\n")
        end = "" if text.endswith("\n") else "\n"
        write_text(path, f"{text}{end}{lines}")
    return added


def summarize(results: Sequence[Result]) -> list[Summary]:
    """What each configuration came to, in the order of their oldest runs.

    A run that was repeated with its seed says nothing new about chance: the newest of each seed counts.
    """
    groups: dict[tuple[str | None, str, str, int], dict[int, Result]] = {}
    for result in sorted(results, key=lambda result: result.date):
        group = groups.setdefault((result.config, result.config_sha256, result.split, result.reviews), {})
        group[result.seed] = result
    return [_summarize_group(list(by_seed.values())) for by_seed in groups.values()]


def markdown_table(summaries: Sequence[Summary]) -> str:
    """The summaries as a table in Markdown; of a single seed there is no deviation."""
    head = ["configuration", "sha256", "split", "reviews", "seeds", "accuracy, mean ± sd", "median seconds", "machine"]
    rule = ["---", "---", "---", "---:", "---:", "---:", "---:", "---"]
    rows = [head, rule, *(_markdown_cells(summary) for summary in summaries)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _summarize_group(results: list[Result]) -> Summary:
    first, accuracies = results[0], [result.accuracy for result in results]
    return Summary(
        config=first.config,
        config_sha256=first.config_sha256,
        split=first.split,
        reviews=first.reviews,
        seeds=len(results),
        mean_accuracy=statistics.fmean(accuracies),
        accuracy_sd=statistics.stdev(accuracies) if len(results) > 1 else None,
        median_seconds=statistics.median(result.seconds for result in results),
        machines=sorted({result.machine for result in results}),
    )


def _markdown_cells(summary: Summary) -> list[str]:
    deviation = "" if summary.accuracy_sd is None else f" ± {summary.accuracy_sd:.4f}"
    return [
        _markdown_text(summary.config or "not named"),
        summary.config_sha256[:8],
        summary.split,
        f"{summary.reviews:,}",
        str(summary.seeds),
        f"{summary.mean_accuracy:.4f}{deviation}",
        f"{summary.median_seconds:.1f}",
        _markdown_text("; ".join(summary.machines)),
    ]


def _markdown_text(text: str) -> str:
    """In one line, without what would end a cell."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise RunError(f"There is no table {path} yet. Make it: sentiment results RUN -o {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: expected a UTF-8 CSV file, received: {error}") from error


def _parse(path: Path, text: str) -> list[Result]:
    try:
        lines = list(read_csv(text))
    except csv.Error as error:
        raise RunError(f"{path}:{error}. Mend that line; nothing was written.") from None
    header = lines[0][1] if lines else []
    if tuple(header) != COLUMNS:
        raise RunError(
            f"{path}:1: expected the header {','.join(COLUMNS)}, received {','.join(header) or 'an empty file'}. "
            "It is no table of results, or of another version; give another file with -o. Nothing was written."
        )
    return [_parse_row(path, line, cells) for line, cells in lines[1:]]


def _parse_row(path: Path, line: int, cells: list[str]) -> Result:
    if len(cells) != len(COLUMNS):
        raise RunError(
            f"{path}:{line}: expected {len(COLUMNS)} cells, received {len(cells)}. Mend that line; nothing was written."
        )
    return Result(**{name: _parse_cell(path, line, name, cell) for name, cell in zip(COLUMNS, cells, strict=True)})


def _parse_cell(path: Path, line: int, column: str, cell: str) -> Any:
    kind = _TYPES[column]
    try:
        if kind == "int":
            return int(cell)
        if kind == "float" and math.isfinite(float(cell)):
            return float(cell)
    except ValueError:
        pass
    if kind in ("int", "float"):
        what = "a whole number" if kind == "int" else "a number"
        raise RunError(
            f'{path}:{line}: {column}: expected {what}, received "{cell}". Mend that line; nothing was written.'
        )
    return None if kind.endswith("None") and not cell else cell
