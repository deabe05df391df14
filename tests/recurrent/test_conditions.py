"""Do the settings say what the layers do: which of them the compiled loops take?"""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest

from sentiment_cli.config.model import Activation, Recurrent
from sentiment_cli.recurrent.conditions import cudnn_blockers, loop_blockers

CELLS = ("simple_rnn", "gru", "lstm")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_defaults_and_dropout_of_the_input_are_for_the_loops(cell: str, bidirectional: bool) -> None:
    settings = Recurrent.model_validate({"cell": cell, "bidirectional": bidirectional, "dropout": 0.5})
    assert loop_blockers(settings) == []


def test_a_simple_rnn_is_for_the_loops_and_not_for_cudnn() -> None:
    settings = Recurrent.model_validate({"cell": "simple_rnn"})
    assert (loop_blockers(settings), cudnn_blockers(settings)) == ([], ["cell: simple_rnn"])


@pytest.mark.parametrize("cell", CELLS)
def test_the_loops_are_refused_for_exactly_those_settings_that_they_do_not_compute(cell: str) -> None:
    from sentiment_cli.recurrent.layers import CompiledGRU, CompiledLSTM, CompiledSimpleRNN, is_exact

    kind = {"simple_rnn": CompiledSimpleRNN, "gru": CompiledGRU, "lstm": CompiledLSTM}[cell]
    gates = (None,) if cell == "simple_rnn" else (None, *get_args(Activation))
    taken = []
    for activation, gate, dropped in product(get_args(Activation), gates, (0.0, 0.5)):
        if activation != "tanh" and gate not in (None, "relu"):
            continue  # two settings at a time are enough
        options: dict[str, Any] = {"activation": activation, "recurrent_dropout": dropped}
        settings = Recurrent.model_validate({"cell": cell, "recurrent_activation": gate, **options})
        if cell != "simple_rnn":
            options["recurrent_activation"] = gate or "sigmoid"
        layer = kind(2, **options)
        assert is_exact(layer, training=True) is (loop_blockers(settings) == [])
        # What is dropped between steps is dropped in training alone.
        assert is_exact(layer, training=False) is (
            loop_blockers(settings.model_copy(update={"recurrent_dropout": 0.0})) == []
        )
        taken.append(is_exact(layer, training=True))
    assert True in taken
    assert False in taken
