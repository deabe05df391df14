"""By what character are the cells of a text file separated, and how are they quoted?

A few hundred records are read by each of the delimiters and rules of quoting in turn; the one by which most of them
have the same number of cells as the first is taken. (`csv.Sniffer` looks for characters that are equally frequent in
lines, which quoted commas and line ends in reviews upset.)
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sentiment_cli.tabular.lines import Sample
from sentiment_cli.tabular.records import Dialect, Record, read_records

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MOST_RECORDS = 500
# A delimiter by which fewer than half of the records agree is a character of the texts.
_LEAST_SHARE = 0.5
# Within this, two delimiters do equally well, and the ending of the file decides, then the number of cells.
_EQUAL = 0.02


@dataclass(frozen=True)
class _Trial:
    """How a sample looks by one dialect.

    Args:
        dialect: the dialect.
        width: the most frequent number of cells.
        share: of records with as many cells.
        first: the number of cells of the first record.
        stumbles: the share of records with quotes at which `csv` stumbled.
        lost: the share of records with a quoted cell that could not be read, mended or not.
    """

    dialect: Dialect
    width: int
    share: float
    first: int
    stumbles: float
    lost: float


def find_dialect(sample: Sample, ending: str, delimiter: str | None = None) -> tuple[Dialect, int]:
    """Find how the cells of a file are told from each other.

    Args:
        sample: its beginning.
        ending: of its name, in small letters, with the dot, without ``.gz``; it decides between delimiters that do
            equally well.
        delimiter: what the user says; the quoting is found out all the same.

    Returns:
        The dialect, and the number of cells that most records have; 1 where no delimiter separates anything.
    """
    trials = [_best_quoting(sample, mark) for mark in ([delimiter] if delimiter else DELIMITERS)]
    if delimiter:
        return trials[0].dialect, trials[0].width
    usual = "\t" if ending in (".tsv", ".tab") else ","
    useful = [trial for trial in trials if trial.width > 1 and trial.share >= _LEAST_SHARE]
    if not useful:
        return Dialect(usual), 1
    best = max(_score(trial) for trial in useful)
    near = [trial for trial in useful if _score(trial) >= best - _EQUAL]
    taken = max(near, key=lambda trial: (trial.dialect.delimiter == usual, trial.width))
    return taken.dialect, taken.width


def _score(trial: _Trial) -> float:
    """The share of records that agree; half of it where the first, which mostly is the header, does not."""
    return trial.share if trial.first == trial.width else trial.share / 2


def _best_quoting(sample: Sample, delimiter: str) -> _Trial:
    """The usual rule of quoting, unless another one is clearly better."""
    usual = _try(sample, Dialect(delimiter))
    if not usual.stumbles and usual.share == 1:
        return usual
    others = []
    if any(f'{delimiter} "' in line for line in sample.lines):
        others.append(Dialect(delimiter, "doubled", spaces=True))
    if any('\\"' in line for line in sample.lines):
        others.append(Dialect(delimiter, "backslash"))
    # A few stray quotes do not make quotes mere characters: cells would keep theirs, and break at line ends.
    if usual.lost > 0.5:
        others.append(Dialect(delimiter, "none"))
    return max([usual, *(_try(sample, other) for other in others)], key=lambda trial: (trial.share, -trial.stumbles))


def _try(sample: Sample, dialect: Dialect) -> _Trial:
    records = _read(sample, dialect, None)
    first = len(records[0].cells or ()) if records else 0
    stumbles = _lost(records, sample, '"')
    width, share = _agreement(records)
    if stumbles and first > 1:
        # Told how many cells there are, the reader mends what it stumbled over.
        mended = _read(sample, dialect, first)
        if _agreement(mended)[1] > share:
            records, (width, share) = mended, _agreement(mended)
    opening = rf'(?:^|{re.escape(dialect.delimiter)}) *"'
    return _Trial(dialect, width, share, first, stumbles, _lost(records, sample, opening))


def _read(sample: Sample, dialect: Dialect, width: int | None) -> list[Record]:
    records = list(itertools.islice(read_records(sample.lines, dialect, width), _MOST_RECORDS))
    if not sample.whole and len(records) > 1 and records[-1].fault:
        records.pop()  # it is cut off with the sample
    return records


def _agreement(records: Sequence[Record]) -> tuple[int, float]:
    """The most frequent number of cells, and the share of the records that have as many."""
    widths = Counter(len(record.cells) for record in records if record.cells is not None)
    if not widths:
        return 1, 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return width, count / len(records)


def _lost(records: Sequence[Record], sample: Sample, pattern: str) -> float:
    """Of the records with a pattern on their first line, the share that could not be read."""
    found = [record.fault is not None for record in records if re.search(pattern, sample.lines[record.line - 1])]
    return sum(found) / len(found) if found else 0.0
