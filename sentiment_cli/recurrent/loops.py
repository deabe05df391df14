"""The loops over time, forwards and back, compiled for one kind of cell and one number of units.

The first compilation of a loop takes two to four seconds; the result is kept on disk, beside this file or, where
that cannot be written, in the user's cache directory, and is loaded in a fraction of a second after that.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import types

from sentiment_cli.recurrent.blocks import (
    ZERO,
    add_product,
    add_transposed_product,
    compiled,
    compiled_and_kept,
    list_steps,
    rows_in_block,
)
from sentiment_cli.recurrent.cells import (
    GRU,
    LSTM,
    SIZES,
    gru_step,
    gru_step_back,
    lstm_step,
    lstm_step_back,
    simple_rnn_step,
    simple_rnn_step_back,
)

# Numba looks at the file of the compiled function alone to see whether what it kept is still true; the contents of
# the files that are compiled into it become a part of the name that it is kept under.
_SOURCES = hashlib.sha256(
    b"".join((Path(__file__).parent / name).read_bytes() for name in ("blocks.py", "cells.py"))
).hexdigest()[:16]


def _array(dtype: Any, dimensions: int, *, written: bool = False) -> Any:
    return types.Array(dtype, dimensions, "C", readonly=not written)


_FLOATS = {(d, w): _array(types.float32, d, written=w) for d in (1, 2, 3, 4) for w in (False, True)}
_READ = (_array(types.int32, 2), _array(types.boolean, 2), types.boolean, types.boolean)
_PART = (types.int64, types.int64)
_FORWARD = types.void(
    *(_FLOATS[2, False], *_READ, _FLOATS[2, False], _FLOATS[1, False], _FLOATS[2, False]),
    *(_FLOATS[3, True], types.int64, _FLOATS[2, True], _FLOATS[4, True], *_PART),
)
_BACKWARD = types.void(
    *(_FLOATS[4, False], *_READ, _FLOATS[2, False], _FLOATS[3, False], types.int64, _FLOATS[2, False]),
    *(_FLOATS[2, True], _FLOATS[2, True], _FLOATS[1, True], _FLOATS[2, True], *_PART),
)


@cache
def compile_forward(cell: str, units: int) -> Any:
    """The loop forwards: `sweep.run_forward` calls it and says what the arguments are."""
    code, n, width, block = SIZES[cell].code, units, SIZES[cell].gates * units, rows_in_block(units)

    def forward(  # type: ignore[no-untyped-def]
        projected, index, mask, backwards, hold, kernel, bias, state, outputs, column, final, tape, part, parts
    ):
        batch, time = mask.shape
        keeps, gives = tape.shape[0] > 0, outputs.shape[1] > 0
        x, z = np.zeros((block, width), np.float32), np.zeros((block, width), np.float32)
        h, c = np.zeros((block, n), np.float32), np.zeros((block, n), np.float32)
        steps, counts = np.zeros((block, time), np.int32), np.zeros(block, np.int64)
        for number in range(part, (batch + block - 1) // block, parts):
            first = number * block
            rows = min(block, batch - first)
            longest = list_steps(mask, first, rows, backwards, steps, counts)
            for r in range(rows):
                for j in range(n):
                    h[r, j] = state[first + r, j]
                if code == LSTM:
                    for j in range(n):
                        c[r, j] = state[first + r, n + j]
            for s in range(longest):
                for r in range(rows):
                    if s < counts[r]:
                        row = projected[index[first + r, steps[r, s]]]
                        if code == GRU:
                            for j in range(width):
                                x[r, j] = row[j]
                            for j in range(width):
                                z[r, j] = bias[j]
                        else:
                            for j in range(width):
                                z[r, j] = row[j]
                add_product(z, h, kernel, block, n, width)
                for r in range(rows):
                    if s < counts[r]:
                        kept = tape[number, s, r] if keeps else z[r]
                        if code == LSTM:
                            lstm_step(z, h, c, r, n, keeps, kept)
                        elif code == GRU:
                            gru_step(x, z, h, r, n, keeps, kept)
                        else:
                            simple_rnn_step(z, h, r, n, keeps, kept)
                        if gives:
                            out = outputs[first + r, steps[r, s]]
                            for j in range(n):
                                out[column + j] = h[r, j]
            for r in range(rows):
                if gives:
                    fill_skipped(mask[first + r], outputs[first + r], column, n, backwards, hold)
                for j in range(n):
                    final[first + r, j] = h[r, j]
                if code == LSTM:
                    for j in range(n):
                        final[first + r, n + j] = c[r, j]

    return compiled_and_kept(_FORWARD, forward, f"forward_{cell}_{units}_{_SOURCES}")


@compiled
def fill_skipped(mask: Any, outputs: Any, column: int, units: int, backwards: bool, hold: bool) -> None:
    """Give the skipped steps of one review the output before them (``hold``; zero before the first), or zero."""
    time, before = mask.shape[0], -1
    for q in range(time):
        t = time - 1 - q if backwards else q
        if mask[t]:
            before = t
            continue
        for j in range(column, column + units):
            outputs[t, j] = outputs[before, j] if hold and before >= 0 else ZERO


@cache
def compile_backward(cell: str, units: int) -> Any:
    """The loop back: `sweep.run_backward` calls it and says what the arguments are."""
    code, n, width, block = SIZES[cell].code, units, SIZES[cell].gates * units, rows_in_block(units)

    def backward(  # type: ignore[no-untyped-def]
        tape, index, mask, backwards, hold, transposed, d_outputs, column, d_final,
        d_projected, d_kernel, d_bias, d_state, part, parts,
    ):  # fmt: skip
        batch, time = mask.shape
        given = d_outputs.shape[1] > 0
        dx, dz = np.zeros((block, width), np.float32), np.zeros((block, width), np.float32)
        dh, dc, h = (
            np.zeros((block, n), np.float32),
            np.zeros((block, n), np.float32),
            np.zeros((block, n), np.float32),
        )
        gradient = np.zeros((n, width), np.float32)
        steps, counts = np.zeros((block, time), np.int32), np.zeros(block, np.int64)
        for number in range(part, (batch + block - 1) // block, parts):
            first = number * block
            rows = min(block, batch - first)
            longest = list_steps(mask, first, rows, backwards, steps, counts)
            for r in range(rows):
                for j in range(n):
                    dh[r, j] = d_final[first + r, j]
                if code == LSTM:
                    for j in range(n):
                        dc[r, j] = d_final[first + r, n + j]
            for s in range(longest - 1, -1, -1):
                for r in range(block):
                    if s >= counts[r]:
                        for j in range(width):
                            dz[r, j] = ZERO
                        continue
                    t = steps[r, s]
                    if given:
                        add_held(d_outputs[first + r], mask[first + r], t, column, n, backwards, hold, dh[r])
                    kept = tape[number, s, r]
                    row = d_projected[index[first + r, t]]
                    if code == LSTM:
                        lstm_step_back(kept, h, dh, dc, dz, r, n)
                    elif code == GRU:
                        gru_step_back(kept, h, dh, dx, dz, r, n)
                    else:
                        simple_rnn_step_back(kept, h, dh, dz, r, n)
                    if code == GRU:
                        for j in range(width):
                            row[j] += dx[r, j]
                        for j in range(width):
                            d_bias[j] += dz[r, j]
                    else:
                        for j in range(width):
                            row[j] += dz[r, j]
                add_product(dh, dz, transposed, block, width, n)
                add_transposed_product(gradient, h, dz, n, block, width)
            for r in range(rows):
                for j in range(n):
                    d_state[first + r, j] = dh[r, j]
                if code == LSTM:
                    for j in range(n):
                        d_state[first + r, n + j] = dc[r, j]
        for i in range(n):
            for j in range(width):
                d_kernel[i, j] += gradient[i, j]

    return compiled_and_kept(_BACKWARD, backward, f"backward_{cell}_{units}_{_SOURCES}")


@compiled
def add_held(d_outputs: Any, mask: Any, t: int, column: int, units: int, backwards: bool, hold: bool, dh: Any) -> None:
    """Add the gradient of the output of step ``t``, and of the skipped steps that repeat it, to ``dh``."""
    time, step = mask.shape[0], -1 if backwards else 1
    while True:
        for j in range(units):
            dh[j] += d_outputs[t, column + j]
        t += step
        if not hold or t < 0 or t >= time or mask[t]:
            return
