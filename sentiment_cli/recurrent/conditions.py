"""Which settings of a recurrent layer keep it from a fast path, and why."""

from __future__ import annotations

from sentiment_cli.config.model import Recurrent


def loop_blockers(layer: Recurrent) -> list[str]:
    """The settings that the compiled loops of `recurrent.layers` do not know; empty: they take the layer."""
    blockers = _other_activations(layer)
    if layer.recurrent_dropout:
        blockers.append(f"recurrent_dropout: {layer.recurrent_dropout}")
    return blockers


def cudnn_blockers(layer: Recurrent) -> list[str]:
    """The settings that keep Keras from using cuDNN on a GPU (keras/src/layers/rnn, 3.15)."""
    return ["cell: simple_rnn"] if layer.cell == "simple_rnn" else loop_blockers(layer)


def _other_activations(layer: Recurrent) -> list[str]:
    blockers = []
    if layer.activation != "tanh":
        blockers.append(f"activation: {layer.activation}")
    if layer.recurrent_activation not in (None, "sigmoid"):
        blockers.append(f"recurrent_activation: {layer.recurrent_activation}")
    return blockers
