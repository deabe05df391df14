"""A recurrent layer over a batch, one direction or both: the compiled loops on arrays, dealt out to threads.

Plain NumPy on both sides; `layers` puts it into TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from sentiment_cli.recurrent.blocks import rows_in_block
from sentiment_cli.recurrent.cells import SIZES
from sentiment_cli.recurrent.loops import compile_backward, compile_forward

# TensorFlow takes an array as it is where its first byte lies at a multiple of this, and copies it otherwise.
_ALIGNMENT = 64


@dataclass(frozen=True)
class Layer:
    """What is computed.

    Args:
        cell: ``simple_rnn``, ``gru`` or ``lstm``.
        units: size of the state, n.
        directions: of each direction, whether it reads from the end.
        sequences: give the outputs of all steps.
        hold: a skipped step repeats the output before it, as in Keras; else it gives zeros.
        threads: how many there are to use; they decide in how many shares gradients are added up, and so their last
            bits.
    """

    cell: str
    units: int
    directions: tuple[bool, ...]
    sequences: bool
    hold: bool
    threads: int

    def parts(self, batch: int) -> int:
        """Into how many shares the blocks of a direction are dealt."""
        blocks = -(-batch // rows_in_block(self.units))
        return max(min(-(-self.threads // len(self.directions)), blocks), 1)


@dataclass(frozen=True)
class Direction:
    """The inputs of one direction; g n is the width of all gates.

    Args:
        projected: float32[m, g n], the inputs times the kernel, with the bias; rows may serve several steps.
        kernel: float32[n, g n], the recurrent kernel.
        bias: float32[g n], the recurrent bias of a GRU; unused otherwise.
        state: float32[batch, n], or [batch, 2 n] (h and c) for an LSTM: the initial state.
    """

    projected: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    state: np.ndarray


def compile_in_background(cells: Iterable[tuple[str, int]]) -> Future[None]:
    """Compile the loops of some cells and numbers of units in a thread of their own, or load them.

    The first batch that needs them compiles them otherwise.
    """

    def compile_all() -> None:
        for cell, units in cells:
            compile_forward(cell, units)
            compile_backward(cell, units)

    executor = ThreadPoolExecutor(1, thread_name_prefix="compiling")
    future = executor.submit(compile_all)
    executor.shutdown(wait=False)
    return future


def run_forward(
    layer: Layer, inputs: Sequence[Direction], index: np.ndarray, mask: np.ndarray, *, keep: bool
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Read a batch.

    Args:
        layer: what is computed.
        inputs: of each direction.
        index: int32[batch, time], the row of ``projected`` that each step reads.
        mask: bool[batch, time], false where a step is skipped: the state stays as it is.
        keep: note what the way back needs.

    Returns:
        The outputs of all steps, float32[batch, time, directions * n] (time 0 without ``sequences``); of each
        direction the final state, as `Direction.state`; and of each direction the tape for the way back.
    """
    (batch, time), sizes, n = mask.shape, SIZES[layer.cell], layer.units
    outputs = _empty(batch, time if layer.sequences else 0, n * len(inputs))
    finals = [_empty(batch, sizes.states * n) for _ in inputs]
    block = rows_in_block(n)
    tapes = [_empty(-(-batch // block) if keep else 0, time, block, sizes.tape * n) for _ in inputs]
    loop, parts = compile_forward(layer.cell, n), layer.parts(batch)

    def run(direction: int, part: int) -> None:
        given = inputs[direction]
        loop(
            *(given.projected, index, mask, layer.directions[direction], layer.hold),
            *(given.kernel, given.bias, given.state, outputs, direction * n),
            *(finals[direction], tapes[direction], part, parts),
        )

    _run_parts(layer, parts, run)
    return outputs, finals, tapes


def run_backward(
    layer: Layer,
    inputs: Sequence[Direction],
    tapes: Sequence[np.ndarray],
    index: np.ndarray,
    mask: np.ndarray,
    d_outputs: np.ndarray,
    d_finals: Sequence[np.ndarray],
    *,
    shared_rows: bool,
) -> list[Direction]:
    """The gradients of a batch that was read with ``keep``.

    Args:
        layer: what was computed.
        inputs: of each direction.
        tapes: from `run_forward`.
        index: as there.
        mask: as there.
        d_outputs: the gradient by the outputs, of their shape.
        d_finals: by the final states, of their shapes.
        shared_rows: whether a row of ``projected`` may serve several steps.

    Returns:
        Of each direction the gradients by its inputs, of their shapes.
    """
    loop, parts = compile_backward(layer.cell, layer.units), layer.parts(len(mask))
    shares = [_make_shares(given, parts, shared_rows=shared_rows) for given in inputs]
    transposed = [np.ascontiguousarray(given.kernel.T) for given in inputs]

    def run(direction: int, part: int) -> None:
        share = shares[direction][part]
        loop(
            *(tapes[direction], index, mask, layer.directions[direction], layer.hold),
            *(transposed[direction], d_outputs, direction * layer.units, d_finals[direction]),
            *(share.projected, share.kernel, share.bias, share.state, part, parts),
        )

    _run_parts(layer, parts, run)
    return [_add_up(share, shared_rows=shared_rows) for share in shares]


def _make_shares(given: Direction, parts: int, *, shared_rows: bool) -> list[Direction]:
    """Zeros for the gradients that each part adds to; states, and rows of its own, no part has to share."""
    state, projected = _zeros(*given.state.shape), _zeros(*given.projected.shape)
    return [
        Direction(
            _zeros(*projected.shape) if shared_rows and part else projected,
            _zeros(*given.kernel.shape),
            _zeros(*given.bias.shape),
            state,
        )
        for part in range(parts)
    ]


def _add_up(shares: Sequence[Direction], *, shared_rows: bool) -> Direction:
    total = shares[0]
    for share in shares[1:]:
        if shared_rows:
            np.add(total.projected, share.projected, out=total.projected)
        np.add(total.kernel, share.kernel, out=total.kernel)
        np.add(total.bias, share.bias, out=total.bias)
    return total


def _run_parts(layer: Layer, parts: int, run: Callable[[int, int], None]) -> None:
    """Run every share of every direction, this thread being one of those there are to use."""
    *others, last = product(range(len(layer.directions)), range(parts))
    if layer.threads == 1:
        for share in (*others, last):
            run(*share)
        return
    started = [_pool(layer.threads - 1).submit(run, *share) for share in others]
    run(*last)
    for future in started:
        future.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="recurrent")


def _empty(*shape: int) -> np.ndarray:
    size = math.prod(shape)
    memory = np.empty(size + _ALIGNMENT // 4, np.float32)
    start = -memory.ctypes.data % _ALIGNMENT // 4
    return memory[start : start + size].reshape(shape)


def _zeros(*shape: int) -> np.ndarray:
    array = _empty(*shape)
    array.fill(0)
    return array
