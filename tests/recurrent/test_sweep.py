"""Do the compiled loops give the outputs and gradients of the equations, whatever the threads, blocks and masks?"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CELLS = ("simple_rnn", "gru", "lstm")
GATES = {"simple_rnn": 1, "gru": 3, "lstm": 4}
STATES = {"simple_rnn": 1, "gru": 1, "lstm": 2}
TIME = 6
# Every review is of one kind, in turn: whole, padded, padded in front, with a hole, two of them, all masked, one step.
MASKS = np.array(
    [
        [1, 1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 1],
        [1, 1, 0, 0, 1, 1],
        [0, 1, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
    ],
    bool,
)


def make_layer(cell: str, units: int = 3, directions: tuple[bool, ...] = (False, True), **options: Any) -> Any:
    from sentiment_cli.recurrent.sweep import Layer

    return Layer(cell, units, directions, **{"sequences": True, "hold": True, "threads": 1, **options})


def make_problem(layer: Any, mask: np.ndarray, *, shared: bool, seed: int = 1) -> dict[str, Any]:
    """Random inputs and random gradients of what comes out, for the two functions that are tested."""
    from sentiment_cli.recurrent.sweep import Direction

    rng, (batch, time), n = np.random.default_rng(seed), mask.shape, layer.units
    width, states = GATES[layer.cell] * n, STATES[layer.cell] * n

    def draw(*shape: int, scale: float = 1.0) -> np.ndarray:
        return rng.normal(0, scale, shape).astype(np.float32)

    # With five rows for all steps every row is used many times; without, each step has its own, in no order.
    m = 5 if shared else batch * time
    index = rng.integers(0, m, mask.shape) if shared else rng.permutation(m).reshape(mask.shape)
    inputs = [
        Direction(draw(m, width), draw(n, width, scale=n**-0.5), draw(width), draw(batch, states))
        for _ in layer.directions
    ]
    columns = n * len(layer.directions)
    return {
        "inputs": inputs,
        "index": index.astype(np.int32),
        "mask": mask,
        # Gradients of a mean over the batch, so that they do not grow with it.
        "d_outputs": draw(batch, time if layer.sequences else 0, columns) / np.float32(batch),
        "d_finals": [draw(batch, states) / np.float32(batch) for _ in layer.directions],
        "shared_rows": shared,
    }


def arrays_of(direction: Any) -> tuple[np.ndarray, ...]:
    return direction.projected, direction.kernel, direction.bias, direction.state


def run(layer: Any, problem: dict[str, Any]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Outputs and final states; gradients by the four inputs of each direction."""
    from sentiment_cli.recurrent.sweep import run_backward, run_forward

    inputs, index, mask = problem["inputs"], problem["index"], problem["mask"]
    outputs, finals, tapes = run_forward(layer, inputs, index, mask, keep=True)
    found = run_backward(
        *(layer, inputs, tapes, index, mask, problem["d_outputs"], problem["d_finals"]),
        shared_rows=problem["shared_rows"],
    )
    return [outputs, *finals], [array for one in found for array in arrays_of(one)]


def expect(layer: Any, problem: dict[str, Any]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What `run` should give: the equations step by step in 64 bits, the gradients by TensorFlow's differentiation."""
    import tensorflow as tf

    inputs = [[tf.constant(array, tf.float64) for array in arrays_of(given)] for given in problem["inputs"]]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        read = [
            read_direction(layer, backwards, *given, problem["index"], problem["mask"])
            for backwards, given in zip(layer.directions, inputs, strict=True)
        ]
        finals = [final for _, final in read]
        loss = sum(tf.reduce_sum(final * d_final) for final, d_final in zip(finals, problem["d_finals"], strict=True))
        if layer.sequences:
            outputs = tf.concat([outputs for outputs, _ in read], axis=-1)
            loss += tf.reduce_sum(outputs * problem["d_outputs"])
        else:
            outputs = tf.zeros(problem["d_outputs"].shape, tf.float64)
    found = tape.gradient(loss, [array for given in inputs for array in given], unconnected_gradients="zero")
    return [outputs.numpy(), *(final.numpy() for final in finals)], [tf.convert_to_tensor(x).numpy() for x in found]


def read_direction(
    layer: Any, backwards: bool, projected: Any, kernel: Any, bias: Any, state: Any, index: np.ndarray, mask: np.ndarray
) -> tuple[Any, Any]:
    """Outputs [batch, time, n] in the order of time, and the final state."""
    import tensorflow as tf

    time, n = mask.shape[1], layer.units
    output, outputs = tf.zeros_like(state[:, :n]), {}
    for t in reversed(range(time)) if backwards else range(time):
        present = mask[:, t, None]
        stepped = step(layer.cell, n, tf.gather(projected, index[:, t]), kernel, bias, state)
        state = tf.where(present, stepped, state)
        outputs[t] = tf.where(present, stepped[:, :n], output if layer.hold else tf.zeros_like(output))
        output = outputs[t]
    stacked = [outputs[t] for t in range(time)]
    return tf.stack(stacked, axis=1) if stacked else tf.zeros((len(mask), 0, n), tf.float64), state


def step(cell: str, n: int, x: Any, kernel: Any, bias: Any, state: Any) -> Any:
    """One step of Keras' equations; the state of an LSTM is h and c side by side."""
    import tensorflow as tf

    h = state[:, :n]
    if cell == "simple_rnn":
        return tf.tanh(x + h @ kernel)
    if cell == "gru":
        (xz, xr, xc), (pz, pr, pc) = tf.split(x, 3, axis=1), tf.split(h @ kernel + bias, 3, axis=1)
        z = tf.sigmoid(xz + pz)
        return z * h + (1 - z) * tf.tanh(xc + tf.sigmoid(xr + pr) * pc)
    i, f, g, o = tf.split(x + h @ kernel, 4, axis=1)
    c = tf.sigmoid(f) * state[:, n:] + tf.sigmoid(i) * tf.tanh(g)
    return tf.concat([tf.sigmoid(o) * tf.tanh(c), c], axis=1)


def mixed_mask(batch: int) -> np.ndarray:
    """Reviews of all kinds; a batch of one is a review with a hole, for it shows the most."""
    return MASKS[np.arange(3, 3 + batch) % len(MASKS)]


def check(layer: Any, problem: dict[str, Any], atol: float = 5e-6) -> None:
    for found, expected in zip(run(layer, problem), expect(layer, problem), strict=True):
        for one, another in zip(found, expected, strict=True):
            assert one.dtype == np.float32
            np.testing.assert_allclose(one, another, rtol=0, atol=atol)


@pytest.mark.parametrize("directions", [(False,), (True,), (False, True)], ids=["forwards", "backwards", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_states_and_gradients_are_those_of_the_equations(cell: str, directions: tuple[bool, ...]) -> None:
    for sequences, hold, shared in product((True, False), (True, False), (True, False)):
        layer = make_layer(cell, directions=directions, sequences=sequences, hold=hold)
        check(layer, make_problem(layer, mixed_mask(9), shared=shared))


# Around one block of eight reviews, several of them, and fewer of them than threads.
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("batch", [1, 7, 8, 9, 33])
@pytest.mark.parametrize("cell", CELLS)
def test_batches_of_every_size_are_read_to_the_last_review(cell: str, batch: int, threads: int) -> None:
    layer = make_layer(cell, threads=threads)
    for shared in (True, False):
        check(layer, make_problem(layer, mixed_mask(batch), shared=shared))


# Sizes that are no multiple of the four numbers that a product takes at once, and a block of many reviews.
@pytest.mark.parametrize(
    ("cell", "units"),
    [
        ("gru", 1),
        ("simple_rnn", 5),
        ("lstm", 32),
        *(pytest.param(*more, marks=pytest.mark.slow) for more in (("lstm", 1), ("gru", 4), ("gru", 130))),
    ],
)
@pytest.mark.parametrize("batch", [9, 33])
def test_layers_of_every_size_are_computed_to_the_last_unit(cell: str, units: int, batch: int) -> None:
    layer = make_layer(cell, units, (False,), threads=2)
    check(layer, make_problem(layer, mixed_mask(batch), shared=True), atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_over_a_hundred_steps_the_errors_do_not_add_up(cell: str) -> None:
    layer = make_layer(cell, directions=(False,))
    lengths = np.array([120, 100, 1])
    check(layer, make_problem(layer, np.arange(120) < lengths[:, None], shared=False))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("directions", [(False,), (False, True)], ids=["one", "both"])
@pytest.mark.parametrize("cell", CELLS)
def test_threads_change_no_output_and_of_the_gradients_the_last_bits_alone(
    cell: str, directions: tuple[bool, ...], shared: bool
) -> None:
    layer = make_layer(cell, directions=directions)
    problem = make_problem(layer, mixed_mask(33), shared=shared)
    results, gradients = run(layer, problem)
    for threads in (2, 3, 5):
        other_results, other_gradients = run(replace(layer, threads=threads), problem)
        for one, another in zip(results, other_results, strict=True):
            np.testing.assert_array_equal(one, another)
        for one, another in zip(gradients, other_gradients, strict=True):
            np.testing.assert_allclose(one, another, rtol=0, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_as_many_threads_give_the_same_bits_every_time(cell: str, threads: int) -> None:
    layer = make_layer(cell, threads=threads)
    problem = make_problem(layer, mixed_mask(33), shared=True)
    first = [array for arrays in run(layer, problem) for array in arrays]
    for _ in range(10):
        for one, another in zip(first, (array for arrays in run(layer, problem) for array in arrays), strict=True):
            np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_a_row_that_serves_several_steps_has_the_sum_of_their_gradients(cell: str, threads: int) -> None:
    layer = make_layer(cell, threads=threads)
    mask = mixed_mask(33)
    problem = make_problem(layer, mask, shared=True)
    own_rows = [replace(one, projected=one.projected[problem["index"].ravel()]) for one in problem["inputs"]]
    own_index = np.arange(mask.size, dtype=np.int32).reshape(mask.shape)
    own = {**problem, "inputs": own_rows, "index": own_index, "shared_rows": False}
    (results, gradients), (own_results, own_gradients) = run(layer, problem), run(layer, own)
    for one, another in zip(results, own_results, strict=True):
        np.testing.assert_array_equal(one, another)
    for start in range(0, len(gradients), 4):
        summed = np.zeros(gradients[start].shape)
        np.add.at(summed, problem["index"].ravel(), own_gradients[start])
        np.testing.assert_allclose(gradients[start], summed, rtol=0, atol=1e-6)
        for one, another in zip(gradients[start + 1 : start + 4], own_gradients[start + 1 : start + 4], strict=True):
            np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("cell", CELLS)
def test_a_review_is_read_alike_alone_and_among_others(cell: str) -> None:
    layer = make_layer(cell, threads=2)
    mask = mixed_mask(33)
    problem = make_problem(layer, mask, shared=True)
    results, _ = run(layer, problem)
    for i in (0, 5, 8, 32):
        alone = {
            **problem,
            "inputs": [replace(one, state=one.state[i : i + 1]) for one in problem["inputs"]],
            "index": problem["index"][i : i + 1],
            "mask": mask[i : i + 1],
            "d_outputs": problem["d_outputs"][i : i + 1],
            "d_finals": [d_final[i : i + 1] for d_final in problem["d_finals"]],
        }
        for one, another in zip(results, run(layer, alone)[0], strict=True):
            np.testing.assert_array_equal(one[i : i + 1], another)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_skipped_leaves_no_trace(cell: str) -> None:
    # The rows that are read at skipped steps are not a number: what comes out must not know.
    layer = make_layer(cell, threads=2)
    mask = mixed_mask(9)
    problem = make_problem(layer, mask, shared=False)
    spoiled = [one.projected.copy() for one in problem["inputs"]]
    for projected in spoiled:
        projected[problem["index"][~mask]] = np.nan
    changed = [replace(one, projected=rows) for one, rows in zip(problem["inputs"], spoiled, strict=True)]
    (results, gradients), (other_results, other_gradients) = (
        run(layer, problem),
        run(layer, {**problem, "inputs": changed}),
    )
    for one, another in zip([*results, *gradients], [*other_results, *other_gradients], strict=True):
        np.testing.assert_array_equal(one, another)
    for d_projected in gradients[::4]:
        assert not d_projected[problem["index"][~mask]].any()


@pytest.mark.parametrize("cell", CELLS)
def test_a_number_that_is_none_spoils_its_own_review_alone(cell: str) -> None:
    layer = make_layer(cell, threads=2)
    problem = make_problem(layer, np.ones((9, TIME), bool), shared=False)
    problem["inputs"][0].projected[problem["index"][4, 2]] = np.nan
    (outputs, *finals), _ = run(layer, problem)
    broken = np.isnan(outputs[..., :3]).any(axis=-1)
    assert np.argwhere(broken).tolist() == [[4, t] for t in range(2, TIME)]
    assert np.isnan(finals[0]).any(axis=1).tolist() == [i == 4 for i in range(9)]
    assert np.isfinite(outputs[..., 3:]).all()


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_is_written_to_what_is_given(cell: str) -> None:
    layer = make_layer(cell, threads=2)
    problem = make_problem(layer, mixed_mask(9), shared=True)
    given_arrays = [array for one in problem["inputs"] for array in arrays_of(one)]
    given_arrays += [problem["index"], problem["d_outputs"], *problem["d_finals"]]
    before = [array.copy() for array in given_arrays]
    run(layer, problem)
    for one, another in zip(given_arrays, before, strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(("batch", "time"), [(0, 4), (3, 0), (0, 0)])
@pytest.mark.parametrize("cell", CELLS)
def test_an_empty_batch_and_empty_reviews_are_read(cell: str, batch: int, time: int) -> None:
    layer = make_layer(cell, threads=2)
    problem = make_problem(layer, np.ones((batch, time), bool), shared=True)
    (outputs, *finals), gradients = run(layer, problem)
    assert outputs.shape == (batch, time, 6)
    for one, final in zip(problem["inputs"], finals, strict=True):
        np.testing.assert_array_equal(final, one.state)
    for d_final, d_state in zip(problem["d_finals"], gradients[3::4], strict=True):
        np.testing.assert_array_equal(d_state, d_final)
    assert not any(array.any() for i, array in enumerate(gradients) if i % 4 != 3)


def test_what_is_returned_starts_where_tensorflow_takes_it_without_a_copy() -> None:
    layer = make_layer("lstm", threads=2)
    results, gradients = run(layer, make_problem(layer, mixed_mask(9), shared=True))
    assert all(array.ctypes.data % 64 == 0 and array.flags.c_contiguous for array in [*results, *gradients])


def test_without_a_way_back_nothing_is_kept_and_the_results_are_the_same() -> None:
    from sentiment_cli.recurrent.sweep import run_forward

    layer = make_layer("lstm")
    problem = make_problem(layer, mixed_mask(9), shared=True)
    outputs, finals, tapes = run_forward(layer, problem["inputs"], problem["index"], problem["mask"], keep=False)
    for one, another in zip([outputs, *finals], run(layer, problem)[0], strict=True):
        np.testing.assert_array_equal(one, another)
    assert [tape.size for tape in tapes] == [0, 0]


@given(
    cell=st.sampled_from(CELLS),
    directions=st.sampled_from([(False,), (True,), (False, True)]),
    options=st.fixed_dictionaries({"sequences": st.booleans(), "hold": st.booleans(), "threads": st.integers(1, 4)}),
    shape=st.tuples(st.integers(1, 18), st.integers(1, 6)),
    share_read=st.floats(0, 1),
    shared=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40, deadline=None)
def test_any_batch_under_any_mask_is_computed_as_the_equations_say(
    cell: str,
    directions: tuple[bool, ...],
    options: dict[str, Any],
    shape: tuple[int, int],
    share_read: float,
    shared: bool,
    seed: int,
) -> None:
    layer = make_layer(cell, directions=directions, **options)
    mask = np.random.default_rng(seed).random(shape) < share_read
    check(layer, make_problem(layer, mask, shared=shared, seed=seed))


LOOK = """\
import numpy as np
from sentiment_cli.recurrent.sweep import Direction, Layer, run_forward

one, none = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
given = Direction(one, none, none[0], none)
layer = Layer("simple_rnn", 1, (False,), True, True, 1)
print(run_forward(layer, [given], np.zeros((1, 1), np.int32), np.ones((1, 1), bool), keep=False)[0].item())
"""


@pytest.mark.slow
def test_what_was_compiled_before_is_not_used_after_a_change_of_any_source(tmp_path: Path) -> None:
    import sentiment_cli

    root = tmp_path / "sentiment_cli"
    shutil.copytree(Path(sentiment_cli.__file__).parent, root, ignore=shutil.ignore_patterns("__pycache__"))
    edits = [
        (None, "", "", np.tanh(1)),
        (None, "", "", np.tanh(1)),
        ("blocks.py", "    return x * (_P0", "    return HALF * x * (_P0", np.tanh(1) / 2),
        ("cells.py", "h[r, j] = z[r, j]\n", "h[r, j] = z[r, j] + ONE\n", np.tanh(1) / 2 + 1),
        ("loops.py", "out[column + j] = h[r, j]", "out[column + j] = h[r, j] + h[r, j]", np.tanh(1) + 2),
    ]
    for name, before, after, expected in edits:
        if name is not None:
            text = (root / "recurrent" / name).read_text(encoding="utf-8")
            assert before in text
            (root / "recurrent" / name).write_text(text.replace(before, after), encoding="utf-8")
        done = subprocess.run([sys.executable, "-c", LOOK], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert float(done.stdout) == pytest.approx(expected, abs=1e-6)


def test_the_shares_of_a_batch_are_computed_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from sentiment_cli.recurrent import sweep

    together = threading.Barrier(3, timeout=20)
    monkeypatch.setattr(sweep, "compile_forward", lambda cell, units: lambda *arguments: together.wait())
    layer = make_layer("gru", 4, (False,), threads=3)
    state, width = np.zeros((24, 4), np.float32), 12
    given = sweep.Direction(
        np.zeros((1, width), np.float32), np.zeros((4, width), np.float32), np.zeros(width, np.float32), state
    )
    sweep.run_forward(layer, [given], np.zeros((24, 5), np.int32), np.ones((24, 5), bool), keep=False)
    assert not together.broken


@pytest.mark.parametrize(("threads", "directions", "batch", "parts"), [(16, 1, 9, 2), (16, 2, 128, 8), (1, 2, 8, 1)])
def test_no_share_is_without_a_block(threads: int, directions: int, batch: int, parts: int) -> None:
    assert make_layer("gru", 4, (False, True)[:directions], threads=threads).parts(batch) == parts


def test_codes_of_different_sizes_and_cells_are_kept_in_files_of_their_own() -> None:
    from sentiment_cli.recurrent.loops import compile_backward, compile_forward

    made = [compile(cell, units) for compile in (compile_forward, compile_backward) for cell, units in KEPT]
    assert len({one._cache._cache_file._index_name for one in made}) == len(made)


KEPT = (("gru", 4), ("lstm", 4), ("lstm", 5))


def test_code_is_compiled_where_it_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba.core.caching
    from numba import types

    from sentiment_cli.recurrent.blocks import compiled_and_kept

    def full(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    def double(x: Any) -> Any:
        return x * 2

    monkeypatch.setattr(numba.core.caching.IndexDataCacheFile, "save", full)
    assert compiled_and_kept(types.float32(types.float32), double, "never_kept")(4.0) == 8.0


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_no_more_threads_run_than_were_given(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentiment_cli.recurrent import sweep

    seen, together = set(), threading.Barrier(threads)

    def run_part(direction: int, part: int) -> None:
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            together.wait(10)

    layer = make_layer("gru", threads=threads)
    parts = layer.parts(1000)
    assert 2 * parts >= threads
    sweep._run_parts(layer, parts, run_part)
    assert len(seen) == threads
