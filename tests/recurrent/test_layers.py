"""Are the layers with compiled loops those of Keras: weights, outputs, gradients, configuration?"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CELLS = ("simple_rnn", "gru", "lstm")
WAYS = ("forwards", "backwards", "both")
UNITS, FEATURES = 3, 4
# Every review is of one kind, in turn: whole, padded, padded in front, with a hole, two of them, one step, all masked.
MASKS = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1],
        [1, 0, 0, 1, 1],
        [0, 1, 0, 1, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ],
    bool,
)
NINE = np.arange(9) % len(MASKS)
# Without the review that is all masked.
READ = np.arange(9) % (len(MASKS) - 1)


def draw(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def kind(cell: str, *, stock: bool) -> Any:
    import keras

    from sentiment_cli.recurrent import layers

    if stock:
        return {"simple_rnn": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell]
    return {"simple_rnn": layers.CompiledSimpleRNN, "gru": layers.CompiledGRU, "lstm": layers.CompiledLSTM}[cell]


def make_layer(cell: str, way: str, *, stock: bool, units: int = UNITS, **options: Any) -> Any:
    import keras

    from sentiment_cli.recurrent.layers import CompiledBidirectional

    both = {name: options.pop(name) for name in ("merge_mode",) if name in options}
    # Weights are put in later: what Keras draws first takes as long as all the rest.
    more = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros", **({} if stock else {"threads": 2})}
    layer = kind(cell, stock=stock)(units, go_backwards=way == "backwards", **options, **more)
    if way != "both":
        return layer
    return (keras.layers.Bidirectional if stock else CompiledBidirectional)(layer, **both)


def make_pair(cell: str, way: str, **options: Any) -> tuple[Any, Any]:
    """A layer of Keras and ours, with the same random weights."""
    import keras

    pair = []
    for stock in (True, False):
        keras.utils.set_random_seed(1)
        pair.append(make_layer(cell, way, stock=stock, **options))
    fill_alike(*pair, shape=(9, 5, FEATURES))
    return pair[0], pair[1]


def fill_alike(*layers: Any, shape: Sequence[int | None]) -> None:
    for layer in layers:
        layer.build(tuple(shape))
    values = [draw(*weight.shape, seed=i) * 0.7 for i, weight in enumerate(layers[0].weights)]
    for layer in layers:
        layer.set_weights(values)


def read(layer: Any, x: np.ndarray, states: Sequence[np.ndarray] = (), **options: Any) -> list[np.ndarray]:
    """All outputs; the gradients by the input, the given states and the weights, of a loss that knows every output."""
    import tensorflow as tf

    inputs = tf.constant(x)
    given_states = [tf.constant(state) for state in states]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *given_states])
        more = {"initial_state": given_states} if given_states else {}
        outputs = layer(inputs, **more, **options)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        loss = sum(
            tf.reduce_sum(tf.cast(output, tf.float64) * draw(*output.shape, seed=i)) / len(x)
            for i, output in enumerate(outputs)
        )
    sources = [*([inputs] if inputs.dtype.is_floating else []), *given_states, *layer.trainable_variables]
    gradients = tape.gradient(loss, sources, unconnected_gradients="zero")
    return [tf.convert_to_tensor(array).numpy() for array in [*outputs, *gradients]]


def check_alike(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for one, another in zip(found, expected, strict=True):
        assert (one.shape, one.dtype) == (another.shape, another.dtype)
        np.testing.assert_allclose(one, another, rtol=0, atol=1e-5)


def is_compiled(layer: Any, **options: Any) -> bool:
    """Whether a call comes to the compiled loops."""
    from unittest import mock

    from sentiment_cli.recurrent import layers

    with mock.patch.object(layers, "run_forward", wraps=layers.run_forward) as called:
        layer(draw(9, 5, FEATURES), **options)
    return bool(called.called)


def make_states(cell: str, way: str, rows: int = 9) -> list[np.ndarray]:
    count = (2 if cell == "lstm" else 1) * (2 if way == "both" else 1)
    return [draw(rows, UNITS, seed=20 + i) for i in range(count)]


# -- Equality with Keras -------------------------------------------------------------------------------------------


def check_settings(cell: str, way: str, masked: bool, given_states: bool, options: dict[str, Any]) -> None:
    stock, ours = make_pair(cell, way, **options)
    states = make_states(cell, way) if given_states else []
    given_arguments = {"mask": MASKS[READ if given_states else NINE] if masked else None, "training": True}
    x = draw(9, 5, FEATURES)
    check_alike(read(ours, x, states, **given_arguments), read(stock, x, states, **given_arguments))


def choose_settings() -> list[Any]:
    """Cell, way, sequences, masked, given states: half of them at once, such that each two occur in all forms."""
    chosen = []
    for (i, cell), (j, way), *flags in product(enumerate(CELLS), enumerate(WAYS), *[(False, True)] * 3):
        marks = [pytest.mark.slow] if (i + j + sum(flags)) % 2 else []
        chosen.append(pytest.param(cell, way, *flags, marks=marks))
    return chosen


@pytest.mark.parametrize(("cell", "way", "sequences", "masked", "given_states"), choose_settings())
def test_outputs_states_and_gradients_are_those_of_keras(
    cell: str, way: str, sequences: bool, masked: bool, given_states: bool
) -> None:
    # Each two of the six settings occur in all their forms; two directions say by themselves what skipped steps give.
    options = {
        "return_sequences": sequences,
        "use_bias": sequences != masked,
        "zero_output_for_mask": masked != given_states and way != "both",
        "return_state": (sequences != masked) != given_states,
    }
    check_settings(cell, way, masked, given_states, options)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_under_all_settings_at_once_the_layers_are_those_of_keras(cell: str, way: str) -> None:
    names = ("return_sequences", "return_state", "use_bias", "zero_output_for_mask")
    for masked, given_states, *values in product((False, True), repeat=2 + len(names)):
        check_settings(cell, way, masked, given_states, dict(zip(names, values, strict=True)))


@pytest.mark.parametrize("sequences", [False, True], ids=["last", "all"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_review_that_is_all_masked_gives_zeros_and_keeps_the_state_that_was_given(
    cell: str, way: str, sequences: bool
) -> None:
    stock, ours = make_pair(cell, way, return_sequences=sequences, return_state=True)
    x, states, mask = draw(9, 5, FEATURES), make_states(cell, way), MASKS[NINE]
    found = read(ours, x, states, mask=mask, training=True)
    assert not found[0][~mask.any(axis=1)].any()
    for given_state, final in zip(states, found[1:], strict=False):
        np.testing.assert_array_equal(final[~mask.any(axis=1)], given_state[~mask.any(axis=1)])
    check_alike(found, read(stock, x, states, mask=mask, training=True))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_outside_a_training_the_gradients_are_those_of_keras_too(cell: str, way: str) -> None:
    stock, ours = make_pair(cell, way, return_sequences=True, return_state=True)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    expected = read(stock, x, mask=mask, training=False)
    check_alike(read(ours, x, mask=mask, training=False), expected)
    assert is_compiled(ours, training=False)


@pytest.mark.parametrize("way", ["forwards", "backwards", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_drops_the_same_inputs(cell: str, way: str) -> None:
    stock, ours = make_pair(cell, way, return_sequences=True, return_state=True, dropout=0.5)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    for _ in range(2):  # the second time with the next numbers of the generators
        dropped = read(ours, x, mask=mask, training=True)
        check_alike(dropped, read(stock, x, mask=mask, training=True))
    assert is_compiled(ours, training=True)
    undropped = read(ours, x, mask=mask, training=False)
    check_alike(undropped, read(stock, x, mask=mask, training=False))
    assert np.abs(dropped[0] - undropped[0]).max() > 0.1


@pytest.mark.parametrize("ways", [("forwards", "forwards"), ("both", "forwards"), ("forwards", "both")])
@pytest.mark.parametrize("cell", CELLS)
def test_stacks_pass_outputs_mask_and_gradients_on_as_in_keras(cell: str, ways: tuple[str, str]) -> None:
    import keras

    stacks = []
    for stock in (True, False):
        first = make_layer(cell, ways[0], stock=stock, return_sequences=True)
        second = make_layer(cell, ways[1], stock=stock, units=4)
        masking = keras.layers.Masking()
        stacks.append(keras.Sequential([masking, first, second]))
    fill_alike(*stacks, shape=(None, None, FEATURES))
    x = draw(9, 5, FEATURES) * MASKS[NINE][:, :, None]  # a step of zeros is masked
    expected, found = (read(stack, x, training=True) for stack in stacks)
    check_alike(found, expected)


@given(
    cell=st.sampled_from(CELLS),
    way=st.sampled_from(WAYS),
    sequences=st.booleans(),
    shape=st.tuples(st.integers(1, 18), st.integers(1, 5)),
    share_read=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
def test_any_batch_under_any_mask_is_read_as_in_keras(
    cell: str, way: str, sequences: bool, shape: tuple[int, int], share_read: float, seed: int
) -> None:
    stock, ours = make_pair(cell, way, return_sequences=sequences, return_state=True)
    mask = np.random.default_rng(seed).random(shape) < share_read
    x = draw(*shape, FEATURES, seed=seed)
    check_alike(read(ours, x, mask=mask, training=True), read(stock, x, mask=mask, training=True))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_number_of_threads_changes_no_output(cell: str, way: str) -> None:
    import tensorflow as tf

    x, found = tf.constant(draw(20, 5, FEATURES)), []
    for threads in (1, 2, 5):
        layer = make_layer(cell, way, stock=False, return_sequences=True)
        for one in (layer.forward_layer, layer.backward_layer) if way == "both" else (layer,):
            one.threads = threads
        fill_alike(layer, shape=x.shape)
        found.append(layer(x).numpy())
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("way", ["forwards", "backwards", "both"])
def test_a_layer_uses_as_many_threads_as_it_was_told(way: str) -> None:
    from sentiment_cli.recurrent.layers import CompiledBidirectional, CompiledGRU

    layer = CompiledGRU(UNITS, go_backwards=way == "backwards", threads=7)
    both = CompiledBidirectional(layer) if way == "both" else None
    assert [one.threads for one in ((both.forward_layer, both.backward_layer) if both else (layer,))] in ([7], [7, 7])


# -- What the loops do not compute ---------------------------------------------------------------------------------

UNKNOWN: list[tuple[str, str, dict[str, Any]]] = [
    *((cell, "forwards", {"activation": "relu"}) for cell in CELLS),
    *((cell, "forwards", {"recurrent_activation": "hard_sigmoid"}) for cell in ("gru", "lstm")),
    *((cell, "forwards", {"recurrent_dropout": 0.5}) for cell in CELLS),
    ("lstm", "both", {"activation": "relu"}),
    ("gru", "both", {"recurrent_dropout": 0.5, "dropout": 0.5}),
    ("gru", "forwards", {"reset_after": False}),
    ("gru", "both", {"reset_after": False}),
    *(("lstm", way, {"dtype": dtype}) for way in ("forwards", "both") for dtype in ("float64", "mixed_bfloat16")),
]


@pytest.mark.parametrize(("cell", "way", "options"), UNKNOWN)
def test_settings_that_the_loops_do_not_know_are_left_to_keras_to_the_bit(
    cell: str, options: dict[str, Any], way: str
) -> None:
    stock, ours = make_pair(cell, way, return_sequences=True, return_state=True, **options)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    for one, another in zip(
        read(ours, x, mask=mask, training=True), read(stock, x, mask=mask, training=True), strict=True
    ):
        assert one.dtype == another.dtype
        np.testing.assert_array_equal(one, another)
    assert not is_compiled(ours, training=True)


@pytest.mark.parametrize("way", ["forwards", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_dropout_between_steps_keeps_the_loops_out_of_training_alone(cell: str, way: str) -> None:
    stock, ours = make_pair(cell, way, return_sequences=True, recurrent_dropout=0.5)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    check_alike(read(ours, x, mask=mask, training=False), read(stock, x, mask=mask, training=False))
    assert is_compiled(ours, training=False)
    assert not is_compiled(ours, training=True)


@pytest.mark.parametrize("mode", ["sum", "ave", "mul", None])
@pytest.mark.parametrize(("sequences", "state"), [(True, False), (False, True)])
def test_other_ways_to_merge_two_directions_are_those_of_keras(mode: str | None, sequences: bool, state: bool) -> None:
    options = {"merge_mode": mode, "return_sequences": sequences, "return_state": state}
    stock, ours = make_pair("gru", "both", **options)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    check_alike(read(ours, x, mask=mask, training=True), read(stock, x, mask=mask, training=True))


@pytest.mark.parametrize(("cell", "way"), [("simple_rnn", "backwards"), ("gru", "forwards"), ("lstm", "both")])
def test_a_state_that_is_carried_on_is_that_of_keras(cell: str, way: str) -> None:
    stock, ours = make_pair(cell, way, return_sequences=True, stateful=True)
    for seed in (1, 2, 3):
        if seed == 3:
            stock.reset_state()
            ours.reset_state()
        x = draw(9, 5, FEATURES, seed=seed)
        check_alike(read(ours, x, mask=MASKS[NINE]), read(stock, x, mask=MASKS[NINE]))


@pytest.mark.parametrize("cell", CELLS)
def test_unrolling_changes_nothing(cell: str) -> None:
    stock, ours = make_pair(cell, "forwards", return_sequences=True, unroll=True)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    check_alike(read(ours, x, mask=mask, training=True), read(stock, x, mask=mask, training=True))


@pytest.mark.parametrize(
    ("cell", "units", "way"),
    [
        ("lstm", 4, "forwards"),
        ("gru", UNITS, "forwards"),
        ("lstm", UNITS, "backwards"),
    ],
)
def test_a_backward_layer_of_another_kind_or_size_or_way_is_read_as_in_keras(cell: str, units: int, way: str) -> None:
    import keras

    from sentiment_cli.recurrent.layers import CompiledBidirectional

    pair = []
    for stock in (True, False):
        other = "backwards" if way == "forwards" else "forwards"
        sequences = {"return_sequences": way == "backwards"}
        forward = make_layer("lstm", way, stock=stock, **sequences)
        backward = make_layer(cell, other, stock=stock, units=units, **sequences)
        pair.append((keras.layers.Bidirectional if stock else CompiledBidirectional)(forward, backward_layer=backward))
    fill_alike(*pair, shape=(9, 5, FEATURES))
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    check_alike(read(pair[1], x, mask=mask, training=True), read(pair[0], x, mask=mask, training=True))


# -- Configuration, weights, files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["forwards", "backwards", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_configuration_and_weights_are_exchanged_with_keras_both_ways(cell: str, way: str) -> None:
    options = {"return_sequences": True, "dropout": 0.1, "use_bias": False, "kernel_regularizer": "l2"}
    stock, ours = make_pair(cell, way, **options)
    x, mask = draw(9, 5, FEATURES), MASKS[NINE]
    expected = stock(x, mask=mask).numpy()
    for source, target in ((stock, type(ours)), (ours, type(stock)), (ours, type(ours))):
        other = target.from_config(source.get_config())
        assert type(other) is target
        other.build(x.shape)
        assert [weight.shape for weight in other.weights] == [weight.shape for weight in source.weights]
        other.set_weights(source.get_weights())
        np.testing.assert_allclose(other(x, mask=mask), expected, rtol=0, atol=1e-5)
        inner = other.forward_layer if way == "both" else other
        assert (inner.dropout, inner.use_bias, type(inner.kernel_regularizer).__name__) == (0.1, False, "L2")


@pytest.mark.parametrize("cell", CELLS)
def test_settings_of_a_layer_are_those_of_keras(cell: str) -> None:
    stock, ours = make_pair(cell, "backwards", return_sequences=True, seed=3, zero_output_for_mask=True)
    assert {**ours.get_config(), "name": ""} == {**stock.get_config(), "name": ""}


READER = """\
import sys
import numpy as np
import sentiment_cli.recurrent.layers
import keras

model = keras.models.load_model(sys.argv[1])
ids = np.load(sys.argv[2])
np.save(sys.argv[3], model(ids).numpy())
print(*sorted({type(layer).__name__ for layer in model.layers if "sentiment_cli" in type(layer).__module__}))
"""


@pytest.mark.slow
def test_a_saved_model_gives_the_same_predictions_in_another_process(tmp_path: Path) -> None:
    import keras

    from sentiment_cli.recurrent.layers import EmbeddedRecurrent

    keras.utils.set_random_seed(1)
    ids = keras.Input((None,), dtype="int32")
    embedding = keras.layers.Embedding(11, FEATURES, mask_zero=True)
    first = make_layer("lstm", "both", stock=False, return_sequences=True)
    outputs = EmbeddedRecurrent(embedding, first)(ids)
    mask = keras.ops.not_equal(ids, 0)
    outputs = make_layer("gru", "both", stock=False, return_sequences=True)(outputs, mask=mask)
    outputs = make_layer("gru", "forwards", stock=False, return_sequences=True)(outputs, mask=mask)
    outputs = make_layer("lstm", "forwards", stock=False, return_sequences=True)(outputs, mask=mask)
    model = keras.Model(ids, make_layer("simple_rnn", "backwards", stock=False)(outputs, mask=mask))
    for i, weight in enumerate(model.weights):
        weight.assign(draw(*weight.shape, seed=i))
    model.save(tmp_path / "model.keras")
    batch = make_ids()
    np.save(tmp_path / "ids.npy", batch)
    files = [tmp_path / name for name in ("model.keras", "ids.npy", "out.npy")]
    done = subprocess.run([sys.executable, "-c", READER, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = ["CompiledBidirectional", "CompiledGRU", "CompiledLSTM", "CompiledSimpleRNN", "EmbeddedRecurrent"]
    assert done.stdout.split() == names
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), model(batch).numpy())


# -- Inside TensorFlow and Keras -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["forwards", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_graph_of_unknown_batch_and_time_gives_what_eager_calls_give(cell: str, way: str) -> None:
    import tensorflow as tf

    layer = make_layer(cell, way, stock=False, return_sequences=True, return_state=True)
    fill_alike(layer, shape=(None, None, FEATURES))

    def compute(x: Any, mask: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, mask=mask, training=True)
            loss = sum(tf.reduce_mean(output**2) for output in outputs)
        return [*outputs, *tape.gradient(loss, [x, *layer.trainable_variables])]

    signature = [tf.TensorSpec([None, None, FEATURES], tf.float32), tf.TensorSpec([None, None], tf.bool)]
    graph = tf.function(compute, input_signature=signature)
    assert [tuple(array.shape) for array in graph.get_concrete_function().structured_outputs[:2]] == [
        (None, None, UNITS * (2 if way == "both" else 1)),
        (None, UNITS),
    ]
    for rows, time in ((9, 5), (1, 1), (17, 3)):
        given_arrays = tf.constant(draw(rows, time, FEATURES)), tf.constant(MASKS[np.arange(rows) % 7][:, :time])
        for one, another in zip(graph(*given_arrays), compute(*given_arrays), strict=True):
            np.testing.assert_allclose(one, another, rtol=0, atol=1e-6)


def test_a_batch_without_reviews_gives_outputs_without_rows() -> None:
    layer = make_layer("lstm", "both", stock=False, return_sequences=True)
    assert layer(np.zeros((0, 5, FEATURES), np.float32)).shape == (0, 5, 2 * UNITS)


def test_fit_learns_what_it_learns_with_the_layers_of_keras() -> None:
    import keras

    rng, learned = np.random.default_rng(1), []
    ids = rng.integers(1, 11, (24, 5)) * MASKS[np.arange(24) % 2]
    targets = rng.normal(size=(24, 1)).astype(np.float32)
    for stock in (True, False):
        layers = [
            keras.layers.Embedding(11, FEATURES, mask_zero=True),
            make_layer("gru", "both", stock=stock, return_sequences=True),
            make_layer("lstm", "forwards", stock=stock, return_sequences=True),
            make_layer("simple_rnn", "backwards", stock=stock),
            keras.layers.Dense(1),
        ]
        model = keras.Sequential(layers)
        fill_alike(model, shape=(None, None))
        # Where it is not told, Keras decides by itself whether XLA may compile.
        how = {"jit_compile": False} if stock else {}
        model.compile(keras.optimizers.SGD(0.1), "mse", **how)
        history = model.fit(ids, targets, batch_size=10, epochs=2, shuffle=False, verbose=0).history["loss"]
        learned.append([np.array(history), *model.get_weights()])
    check_alike(learned[1], learned[0])


# -- An embedding and the layer after it ---------------------------------------------------------------------------


def make_ids() -> np.ndarray:
    """Reviews of the kinds of `MASKS`, with tokens that occur several times and tokens that never do."""
    ids = np.random.default_rng(3).integers(1, 8, MASKS[NINE].shape) * MASKS[NINE]
    ids[3, 0] = ids[3, 1] = 9
    return ids.astype(np.int32)


class Separate:
    """An embedding, then a recurrent layer: what `EmbeddedRecurrent` is to give."""

    def __init__(self, embedding: Any, recurrent: Any) -> None:
        self.parts = [embedding, recurrent]

    def __call__(self, ids: Any, training: bool) -> Any:
        embedding, recurrent = self.parts
        return recurrent(embedding(ids), mask=embedding.compute_mask(ids), training=training)

    @property
    def trainable_variables(self) -> list[Any]:
        return [variable for part in self.parts for variable in part.trainable_variables]


def make_embedded_pair(cell: str, way: str, *, mask_zero: bool, **options: Any) -> tuple[Any, Any]:
    import keras

    from sentiment_cli.recurrent.layers import EmbeddedRecurrent

    stock, ours = make_pair(cell, way, **options)
    embeddings = [keras.layers.Embedding(11, FEATURES, mask_zero=mask_zero) for _ in range(2)]
    fill_alike(*embeddings, shape=(None, None))
    return Separate(embeddings[0], stock), EmbeddedRecurrent(embeddings[1], ours)


@pytest.mark.parametrize("mask_zero", [True, False], ids=["masked", "read"])
@pytest.mark.parametrize(
    ("way", "sequences"),
    [
        *product(("forwards", "both"), (False, True)),
        ("backwards", False),
        ("backwards", True),
    ],
)
@pytest.mark.parametrize("cell", CELLS)
def test_an_embedding_and_its_layer_give_together_what_they_give_apart(
    cell: str, way: str, sequences: bool, mask_zero: bool
) -> None:
    odd = sequences != mask_zero
    stock, ours = make_embedded_pair(
        cell, way, mask_zero=mask_zero, return_sequences=sequences, return_state=odd, use_bias=not odd
    )
    training = way != "backwards"
    check_alike(read(ours, make_ids(), training=training), read(stock, make_ids(), training=training))


@pytest.mark.parametrize(
    "sequences",
    [False, True],
    ids=["last", "all"],
)
def test_an_embedding_and_its_layer_give_zeros_for_skipped_steps_where_they_are_told_to(sequences: bool) -> None:
    options = {"return_sequences": sequences, "zero_output_for_mask": True}
    stock, ours = make_embedded_pair("gru", "forwards", mask_zero=True, **options)
    check_alike(read(ours, make_ids(), training=True), read(stock, make_ids(), training=True))


@pytest.mark.parametrize("way", WAYS)
def test_tokens_that_occur_in_several_reviews_are_known_to_be_shared_by_the_threads(way: str) -> None:
    from unittest import mock

    from sentiment_cli.recurrent import layers

    # What two threads add to the same number at the same time is lost so seldom that no result would show it.
    _, ours = make_embedded_pair("gru", way, mask_zero=True)
    with mock.patch.object(layers, "run_backward", wraps=layers.run_backward) as called:
        read(ours, make_ids(), training=True)
    assert [call.kwargs["shared_rows"] for call in called.call_args_list] == [True]


def test_an_embedding_and_its_layer_are_rebuilt_from_their_configuration() -> None:
    import keras

    from sentiment_cli.recurrent.layers import EmbeddedRecurrent

    _, ours = make_embedded_pair("gru", "both", mask_zero=True, return_sequences=True)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours))
    assert type(again) is EmbeddedRecurrent
    again.build((None, None))
    again.set_weights(ours.get_weights())
    np.testing.assert_array_equal(again(make_ids()), ours(make_ids()))


def test_an_embedding_and_its_layer_have_their_weights_in_the_order_of_the_two() -> None:
    stock, ours = make_embedded_pair("lstm", "both", mask_zero=True)
    ours(make_ids())
    for one, another in zip(ours.weights, stock.trainable_variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), another.numpy())


@pytest.mark.parametrize(
    ("way", "stock", "options"),
    [
        ("forwards", True, {}),
        ("forwards", False, {"activation": "relu"}),
        ("forwards", False, {"reset_after": False}),
        ("forwards", False, {"dropout": 0.1}),
        ("forwards", False, {"recurrent_dropout": 0.1}),
        ("forwards", False, {"stateful": True}),
        ("both", True, {}),
        ("both", False, {"merge_mode": "sum"}),
        ("both", False, {"dropout": 0.1}),
    ],
)
def test_an_embedding_refuses_a_layer_that_the_loops_do_not_compute(
    way: str, stock: bool, options: dict[str, Any]
) -> None:
    import keras

    from sentiment_cli.recurrent.layers import EmbeddedRecurrent

    layer = make_layer("gru", way, stock=stock, **options)
    with pytest.raises(ValueError, match="cannot share its projections"):
        EmbeddedRecurrent(keras.layers.Embedding(11, FEATURES), layer)
