"""Which ways of training does a ladder have: one configuration with other cells and directions."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sentiment_cli.config import Config, config_values, parse_config
from sentiment_cli.config.yaml_source import dump_yaml
from sentiment_cli.errors import UsageError, suggest

Directions = Literal["both", "yes", "no"]
CELLS = ("simple_rnn", "gru", "lstm")


@dataclass(frozen=True)
class Variant:
    """One way of training.

    Args:
        name: of its directory.
        cell: of all its recurrent layers.
        bidirectional: whether all of them read in both directions.
        config: of its first seed.
    """

    name: str
    cell: str
    bidirectional: bool
    config: Config

    def to_dict(self) -> dict[str, Any]:
        """What the record of a ladder says of it."""
        return {"name": self.name, "cell": self.cell, "bidirectional": self.bidirectional}


def make_variants(config: Config, cells: Sequence[str], bidirectional: Directions) -> list[Variant]:
    """The variants of a configuration: each cell, in one direction, in both, or first so and then so.

    All recurrent layers get the cell and the direction; everything else stays, but that a ``simple_rnn``, which has
    no gates, loses their activation.

    Args:
        config: whose data, sizes and training all have.
        cells: different ones of `CELLS`.
        bidirectional: ``yes``, ``no``, or ``both`` for a variant of each.

    Raises:
        ConfigError: a variant cannot be, such as a pretraining that fits one kind of cell alone.
        UsageError: there is no such cell, one is named twice, or there is but one variant.
    """
    for cell in cells:
        if cell not in CELLS:
            raise UsageError(f"--cells: there is no cell {cell!r}; {suggest(cell, CELLS)}")
    if len(set(cells)) < len(cells):
        raise UsageError(f"--cells: expected each cell once, received {','.join(cells)}.")
    if bidirectional not in get_args(Directions):
        raise UsageError(f"--bidirectional: expected both, yes or no, received {bidirectional!r}.")
    directions = {"both": (False, True), "yes": (True,), "no": (False,)}[bidirectional]
    variants = [_variant(config, cell, both) for cell, both in itertools.product(cells, directions)]
    if len(variants) < 2:
        raise UsageError("There is but one variant; name another cell (--cells), or take --bidirectional both.")
    return variants


def recorded_variants(config: Config, record: dict[str, Any]) -> list[Variant]:
    """The variants that the record of a ladder names."""
    return [_variant(config, row["cell"], row["bidirectional"]) for row in record["variants"]]


def _variant(config: Config, cell: str, bidirectional: bool) -> Variant:
    values = config_values(config)
    for layer in values["model"]["recurrent"]:
        layer.update(cell=cell, bidirectional=bidirectional)
        if cell == "simple_rnn":
            layer["recurrent_activation"] = None
    name = f"{cell}-bidirectional" if bidirectional else cell
    return Variant(name, cell, bidirectional, parse_config(dump_yaml(values).encode(), name))
