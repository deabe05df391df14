"""Keras' recurrent layers with the compiled loops inside: the same weights, configuration and results.

A layer takes the compiled loops where they compute what its settings say (tanh, sigmoid gates, no recurrent dropout,
32 bits; for a GRU ``reset_after``), and Keras' own loop otherwise. They run on the processor and cannot be compiled
by XLA: on a GPU the stock layers belong, which cuDNN runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from sentiment_cli.machine import available_cores
from sentiment_cli.recurrent.cells import SIZES
from sentiment_cli.recurrent.sweep import Direction, Layer, run_backward, run_forward

_CELLS = {keras.layers.SimpleRNN: "simple_rnn", keras.layers.GRU: "gru", keras.layers.LSTM: "lstm"}


def cell_name(layer: Any) -> str:
    """``simple_rnn``, ``gru`` or ``lstm``."""
    return next(name for kind, name in _CELLS.items() if isinstance(layer, kind))


def is_exact(layer: Any, *, training: bool) -> bool:
    """Whether the compiled loops compute what the settings of a recurrent layer say.

    Args:
        layer: a SimpleRNN, GRU or LSTM of Keras, or a subclass.
        training: dropout between steps counts then only.
    """
    cell = cell_name(layer)
    return (
        layer.activation is keras.activations.tanh
        and (cell == "simple_rnn" or layer.recurrent_activation is keras.activations.sigmoid)
        and (cell != "gru" or layer.reset_after)
        and not (training and layer.recurrent_dropout)
        and layer.compute_dtype == "float32"
    )


class _CompiledLoop:
    """Puts the compiled loops into a recurrent layer of Keras.

    Args:
        threads: how many the loops may use; None: one for each core. More threads than one change the last bits of
            the gradients, since each adds up its own share.
    """

    def __init__(self, *arguments: Any, threads: int | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.threads = threads or available_cores()
        self.supports_jit = False

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """The last output, all outputs (or the last one again) and the final states, as in Keras."""
        layer: Any = self
        if not is_exact(layer, training=bool(training)):
            return super().inner_loop(sequences, initial_state, mask, training=training)  # type: ignore[misc]
        rows, index, steps = _flat_rows(_drop_out(layer, sequences, training=bool(training)), mask)
        return self._read_one(rows, index, steps, initial_state, training=bool(training), shared_rows=False)

    def read_rows(self, rows: Any, index: Any, mask: Any, *, training: bool) -> Any:
        """What the layer returns for inputs that are rows of a table.

        Args:
            rows: float32[m, features].
            index: int32[batch, time], the row that is the input of each step.
            mask: bool[batch, time], false where a step is skipped.
            training: keep what the gradients need.
        """
        layer: Any = self
        state = layer.get_initial_state(tf.shape(index)[0])
        last, outputs, states = self._read_one(rows, index, mask, state, training=training, shared_rows=True)
        result = outputs if layer.return_sequences else last
        return (result, *states) if layer.return_state else result

    def _read_one(
        self, rows: Any, index: Any, mask: Any, state: Any, *, training: bool, shared_rows: bool
    ) -> tuple[Any, Any, Any]:
        layer: Any = self
        outputs, (states,) = _read([layer], [rows], index, mask, [state], training=training, shared_rows=shared_rows)
        if layer.zero_output_for_mask:
            has_output = mask[:, 0] if layer.go_backwards else mask[:, -1]
        else:
            has_output = tf.reduce_any(mask, axis=1)  # else the state is the one that was given
        last = tf.where(has_output[:, None], states[0], 0.0)
        if not layer.return_sequences:
            return last, last, states
        return last, tf.reverse(outputs, [1]) if layer.go_backwards else outputs, states


@keras.saving.register_keras_serializable("sentiment_cli")
class CompiledSimpleRNN(_CompiledLoop, keras.layers.SimpleRNN):
    """``keras.layers.SimpleRNN`` with the compiled loops."""


@keras.saving.register_keras_serializable("sentiment_cli")
class CompiledGRU(_CompiledLoop, keras.layers.GRU):
    """``keras.layers.GRU`` with the compiled loops."""


@keras.saving.register_keras_serializable("sentiment_cli")
class CompiledLSTM(_CompiledLoop, keras.layers.LSTM):
    """``keras.layers.LSTM`` with the compiled loops."""


@keras.saving.register_keras_serializable("sentiment_cli")
class CompiledBidirectional(keras.layers.Bidirectional):
    """``keras.layers.Bidirectional`` whose directions run at the same time and write to the same outputs.

    So it is with ``merge_mode="concat"``, no initial state given and none carried on (``stateful``); otherwise
    the layers in it run one after the other, as in Keras.
    """

    def __init__(self, layer: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(layer, *arguments, **options)
        self.supports_jit = False
        # Keras makes both layers anew from the configuration, which does not know the threads.
        for made in (self.forward_layer, self.backward_layer):
            if isinstance(made, _CompiledLoop) and isinstance(layer, _CompiledLoop):
                made.threads = layer.threads

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        """As in Keras."""
        layers = [self.forward_layer, self.backward_layer]
        if initial_state is not None or not self.runs_jointly(training=bool(training)):
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        batch = tf.shape(sequences)[0]
        states = [layer.get_initial_state(batch) for layer in layers]
        inputs = [_drop_out(layer, sequences, training=bool(training)) for layer in layers]
        (first, index, steps), (second, _, _) = (_flat_rows(given, mask) for given in inputs)
        return self._merged(layers, [first, second], index, steps, states, bool(training), shared_rows=False)

    def runs_jointly(self, *, training: bool) -> bool:
        """Whether the compiled loops compute both directions at once."""
        layers = [self.forward_layer, self.backward_layer]
        return (
            self.merge_mode == "concat"
            and not self.stateful
            and not self.forward_layer.go_backwards
            and all(isinstance(layer, _CompiledLoop) and is_exact(layer, training=training) for layer in layers)
            and len({(cell_name(layer), layer.units, layer.zero_output_for_mask) for layer in layers}) == 1
        )

    def read_rows(self, rows: Any, index: Any, mask: Any, *, training: bool) -> Any:
        """As `CompiledLSTM.read_rows`, for both directions."""
        layers = [self.forward_layer, self.backward_layer]
        states = [layer.get_initial_state(tf.shape(index)[0]) for layer in layers]
        return self._merged(layers, [rows, rows], index, mask, states, training, shared_rows=True)

    def _merged(
        self, layers: Any, rows: Any, index: Any, mask: Any, states: Any, training: bool, *, shared_rows: bool
    ) -> Any:
        outputs, finals = _read(layers, rows, index, mask, states, training=training, shared_rows=shared_rows)
        result = outputs if self.return_sequences else tf.concat([final[0] for final in finals], axis=-1)
        return (result, *finals[0], *finals[1]) if self.return_state else result


@keras.saving.register_keras_serializable("sentiment_cli")
class EmbeddedRecurrent(keras.layers.Layer):
    """An embedding and the recurrent layer after it, with one product for each different token of a batch.

    A batch of 128 reviews has 28,000 tokens and five thousand different ones (IMDb, 10,000 words): the input
    projection, its two gradients and the gradient of the embedding cost a fifth.

    Args:
        embedding: a ``keras.layers.Embedding``.
        recurrent: one of the layers above, without dropout and with settings that the compiled loops compute.

    Raises:
        ValueError: the recurrent layer is another.
    """

    def __init__(self, embedding: Any, recurrent: Any, **options: Any) -> None:
        super().__init__(**options)
        if not _reads_rows(recurrent):
            raise ValueError(
                f"{type(recurrent).__name__} {recurrent.name!r} cannot share its projections between equal tokens: "
                "expected a compiled layer with tanh, sigmoid gates, no dropout and no state carried on, both "
                "directions concatenated"
            )
        self.embedding, self.recurrent = embedding, recurrent
        self.supports_jit = False

    def build(self, input_shape: Any) -> None:
        """Make the weights, in the order of the two layers."""
        if not self.embedding.built:
            self.embedding.build(input_shape)
        if not self.recurrent.built:
            self.recurrent.build((*input_shape, self.embedding.output_dim))

    def call(self, token_ids: Any, training: Any = None) -> Any:
        """What ``recurrent(embedding(token_ids))`` gives, for int32[batch, time]."""
        different, index = tf.unique(tf.reshape(token_ids, [-1]))
        mask = tf.not_equal(token_ids, 0) if self.embedding.mask_zero else tf.fill(tf.shape(token_ids), True)
        rows = self.embedding(different)
        return self.recurrent.read_rows(rows, tf.reshape(index, tf.shape(token_ids)), mask, training=bool(training))

    def get_config(self) -> dict[str, Any]:
        """As in Keras."""
        own = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in ("embedding", "recurrent")}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> EmbeddedRecurrent:
        """As in Keras."""
        own = {name: keras.saving.deserialize_keras_object(config.pop(name)) for name in ("embedding", "recurrent")}
        return cls(**own, **config)


def _reads_rows(recurrent: Any) -> bool:
    """Whether the compiled loops compute all of a layer, given rows and no initial state."""
    if isinstance(recurrent, CompiledBidirectional):
        layers = [recurrent.forward_layer, recurrent.backward_layer]
        return recurrent.runs_jointly(training=True) and not any(layer.dropout for layer in layers)
    if not isinstance(recurrent, _CompiledLoop):
        return False
    layer: Any = recurrent
    return is_exact(layer, training=True) and not (layer.dropout or layer.stateful)


def _drop_out(layer: Any, sequences: Any, *, training: bool) -> Any:
    """Drop inputs of the cell as Keras does: the same ones at all steps of a review."""
    if not (training and layer.dropout):
        return sequences
    mask = layer.cell.get_dropout_mask(sequences[:, 0, :])
    layer.cell.reset_dropout_mask()
    return sequences * mask[:, None, :]


def _flat_rows(sequences: Any, mask: Any) -> tuple[Any, Any, Any]:
    """Float32[batch, time, features] as rows of their own, the index of each step's row, and the mask."""
    shape = tf.shape(sequences)
    rows = tf.reshape(sequences, [-1, sequences.shape[-1]])
    index = tf.reshape(tf.range(shape[0] * shape[1]), shape[:2])
    steps = tf.fill(shape[:2], True) if mask is None else tf.cast(mask, tf.bool)
    return rows, index, steps


def _read(
    layers: Sequence[Any],
    rows: Sequence[Any],
    index: Any,
    mask: Any,
    states: Sequence[Any],
    *,
    training: bool,
    shared_rows: bool,
) -> tuple[Any, list[Any]]:
    """Run the layers of one or two directions.

    Returns:
        The outputs of all steps in the order of time, and of each direction the final states, the first of which is
        the last output.
    """
    first = layers[0]
    spec = Layer(
        cell=cell_name(first),
        units=first.units,
        directions=tuple(bool(layer.go_backwards) for layer in layers),
        sequences=bool(first.return_sequences),
        hold=not first.zero_output_for_mask,
        threads=first.threads,
    )
    parameters = [_parameters(layer) for layer in layers]
    arrays = [
        *(tf.matmul(given, kernel) + bias for given, (kernel, bias, _, _) in zip(rows, parameters, strict=True)),
        *(recurrent for _, _, recurrent, _ in parameters),
        *(bias for _, _, _, bias in parameters),
        *(tf.concat(state, axis=-1) for state in states),
    ]
    outputs, *finals = _differentiable(spec, index, mask, arrays, keep=training, shared_rows=shared_rows)
    split = [tf.split(final, SIZES[spec.cell].states, axis=-1) for final in finals]
    return outputs, split


def _parameters(layer: Any) -> tuple[Any, Any, Any, Any]:
    """The kernel, its bias, the recurrent kernel and its bias, which only a GRU has."""
    cell, width = layer.cell, SIZES[cell_name(layer)].gates * layer.units
    kernel, recurrent = tf.convert_to_tensor(cell.kernel), tf.convert_to_tensor(cell.recurrent_kernel)
    none = tf.zeros([width])
    if not layer.use_bias:
        return kernel, none, recurrent, none
    bias = tf.convert_to_tensor(cell.bias)
    return (kernel, bias[0], recurrent, bias[1]) if cell_name(layer) == "gru" else (kernel, bias, recurrent, none)


def _differentiable(
    spec: Layer, index: Any, mask: Any, arrays: list[Any], *, keep: bool, shared_rows: bool
) -> tuple[Any, ...]:
    """`sweep.run_forward` as a TensorFlow operation with the gradient of `sweep.run_backward`.

    Args:
        spec: what is computed.
        index: see `sweep.run_forward`.
        mask: see `sweep.run_forward`.
        arrays: the fields of `sweep.Direction`: of each the arrays of all directions.
        keep: note on the way what the gradient needs; else it is computed again when a gradient is asked for.
        shared_rows: see `sweep.run_backward`.
    """
    count = len(spec.directions)

    def directions(values: Sequence[Any]) -> list[Direction]:
        return [Direction(*values[start::count]) for start in range(count)]

    def forward(index: Any, mask: Any, *values: Any) -> list[Any]:
        outputs, finals, tapes = run_forward(spec, directions(values), index, mask, keep=keep)
        return [outputs, *finals, *tapes]

    def backward(index: Any, mask: Any, d_outputs: Any, *values: Any) -> list[Any]:
        d_finals, given = values[count : 2 * count], directions(values[2 * count :])
        tapes = values[:count] if keep else run_forward(spec, given, index, mask, keep=True)[2]
        found = run_backward(spec, given, tapes, index, mask, d_outputs, d_finals, shared_rows=shared_rows)
        return [getattr(one, name) for name in ("projected", "kernel", "bias", "state") for one in found]

    @tf.custom_gradient
    def run(*values: Any) -> tuple[Any, Any]:
        outputs, *rest = tf.numpy_function(forward, [index, mask, *values], [tf.float32] * (1 + 2 * count))
        finals, tapes = rest[:count], rest[count:]
        outputs.set_shape([index.shape[0], index.shape[1] if spec.sequences else 0, spec.units * count])
        for final in finals:
            final.set_shape([index.shape[0], SIZES[spec.cell].states * spec.units])

        def gradient(d_outputs: Any, *d_finals: Any) -> list[Any]:
            given = [index, mask, d_outputs, *tapes, *d_finals, *values]
            found = tf.numpy_function(backward, given, [tf.float32] * (4 * count))
            for one, value in zip(found, values, strict=True):
                one.set_shape(value.shape)
            return list(found)

        return (outputs, *finals), gradient

    return tuple(run(*arrays))
