"""What the compiled loops over time share: blocks of reviews, products of small matrices, activations.

A loop takes a block of a few reviews through all of its time steps before it takes the next, so that states and
gates stay in the cache nearest to the core, and the blocks are dealt out to the threads, which never wait for one
another. The sizes of the layer are constants of the compiled code: for an LSTM 32 the products of a step then run
at 80 to 110 GFLOP/s on a core whose limit is 118 (AMD EPYC, Zen 4), and at 28 with sizes known at run time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

# Reviews in a block. Eight rows hide the latency of the products and leave many blocks for the threads; a wide
# layer, whose weights leave the cache, has to use each of them more often: LSTM 256 is 1.4 times as fast with 32.
_FEW_ROWS, _MANY_ROWS, _WIDE = 8, 32, 128

# Sums may be taken in another order and products fused with them; infinities and not-a-number keep their meaning.
_MATH = {"contract", "reassoc", "nsz", "arcp"}
INLINED: dict[str, Any] = {
    "inline": "always",
    "fastmath": _MATH,
    "boundscheck": False,
    "error_model": "numpy",
}
_COMPILED: dict[str, Any] = {**INLINED, "inline": "never", "nogil": True}

# tanh(x) = x P(x^2) / Q(x^2) on [-9, 9], beyond which tanh is one in 32 bits. Fitted by weighted least squares
# on Chebyshev points; the largest error in 32 bits is 3.2e-7 (tests/recurrent/test_blocks.py).
_P = tuple(np.float32(value) for value in (0.999999896, 0.133695357, 3.48230275e-3, 2.0404396e-5, 1.3096765e-8))
_Q = tuple(np.float32(value) for value in (1.0, 0.467028291, 0.0258255166, 3.26451359e-4, 7.66558293e-7))
_P0, _P1, _P2, _P3, _P4 = _P
_Q0, _Q1, _Q2, _Q3, _Q4 = _Q
_LIMIT = np.float32(9.0)
ZERO, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


def rows_in_block(units: int) -> int:
    """How many reviews a compiled loop takes at a time, a multiple of four."""
    return _FEW_ROWS if units <= _WIDE else _MANY_ROWS


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, for the callers that are compiled."""
    return numba.njit(**_COMPILED)(function)


def compiled_and_kept(signature: Any, function: Callable[..., Any], name: str) -> Any:
    """Compile a function now, or load it where it was compiled before on this machine.

    Args:
        signature: its types.
        function: what is compiled.
        name: of the files that keep it. One name for one code: of functions that share a name, Numba may keep one
            under the other's number when two processes compile at the same time.
    """
    function.__qualname__ = name
    # Without a home Numba would make a directory called ~.
    keep = "NUMBA_CACHE_DIR" in os.environ or os.path.expanduser("~") != "~"  # noqa: PTH111
    try:
        return numba.njit(signature, cache=keep, **_COMPILED)(function)
    except Exception:  # no directory to keep it in, a full disk, a damaged file; an error in the code comes again
        return numba.njit(signature, **_COMPILED)(function)


@numba.njit(**INLINED)
def tanh(x: Any) -> Any:
    """The hyperbolic tangent of a float32, to 4e-7, in operations that the compiler does many of at once."""
    x = min(max(x, -_LIMIT), _LIMIT)
    u = x * x
    return x * (_P0 + u * (_P1 + u * (_P2 + u * (_P3 + u * _P4)))) / (_Q0 + u * (_Q1 + u * (_Q2 + u * (_Q3 + u * _Q4))))


@numba.njit(**INLINED)
def sigmoid(x: Any) -> Any:
    """The logistic function of a float32, to 2e-7."""
    return HALF + HALF * tanh(HALF * x)


@compiled
def list_steps(mask: Any, first: int, rows: int, backwards: bool, steps: Any, counts: Any) -> int:
    """Note which time steps of a block are read, in the order of reading.

    Args:
        mask: bool[batch, time], false where a step is skipped.
        first: the block's first review.
        rows: number of its reviews; 0 is noted for the rest of the block.
        backwards: read from the last step to the first.
        steps: int32[block, time], filled here.
        counts: int64[block], the steps of each review, filled here.

    Returns:
        The largest count.
    """
    longest, time = 0, mask.shape[1]
    for row in range(counts.shape[0]):
        count = 0
        if row < rows:
            for q in range(time):
                t = time - 1 - q if backwards else q
                if mask[first + row, t]:
                    steps[row, count] = t
                    count += 1
        counts[row] = count
        longest = max(longest, count)
    return longest


@numba.njit(**INLINED)
def add_product(out: Any, a: Any, b: Any, rows: int, inner: int, columns: int) -> None:
    """Out += a b for float32[rows, columns], [rows, inner], [inner, columns]; ``rows`` is a multiple of four.

    Four rows and four terms at a time: a value that was loaded is used four times before it is loaded again.
    """
    whole = inner - inner % 4
    for i in range(0, rows, 4):
        for k in range(0, whole, 4):
            p0, p1, p2, p3 = a[i, k], a[i, k + 1], a[i, k + 2], a[i, k + 3]
            q0, q1, q2, q3 = a[i + 1, k], a[i + 1, k + 1], a[i + 1, k + 2], a[i + 1, k + 3]
            r0, r1, r2, r3 = a[i + 2, k], a[i + 2, k + 1], a[i + 2, k + 2], a[i + 2, k + 3]
            s0, s1, s2, s3 = a[i + 3, k], a[i + 3, k + 1], a[i + 3, k + 2], a[i + 3, k + 3]
            for j in range(columns):
                b0, b1, b2, b3 = b[k, j], b[k + 1, j], b[k + 2, j], b[k + 3, j]
                out[i, j] += p0 * b0 + p1 * b1 + p2 * b2 + p3 * b3
                out[i + 1, j] += q0 * b0 + q1 * b1 + q2 * b2 + q3 * b3
                out[i + 2, j] += r0 * b0 + r1 * b1 + r2 * b2 + r3 * b3
                out[i + 3, j] += s0 * b0 + s1 * b1 + s2 * b2 + s3 * b3
        for k in range(whole, inner):
            for row in range(i, i + 4):
                for j in range(columns):
                    out[row, j] += a[row, k] * b[k, j]


@numba.njit(**INLINED)
def add_transposed_product(out: Any, a: Any, b: Any, rows: int, inner: int, columns: int) -> None:
    """Out += a^T b for float32[rows, columns], [inner, rows], [inner, columns]; ``inner`` is a multiple of four."""
    whole = rows - rows % 4
    for k in range(0, inner, 4):
        for i in range(0, whole, 4):
            p0, q0, r0, s0 = a[k, i], a[k, i + 1], a[k, i + 2], a[k, i + 3]
            p1, q1, r1, s1 = a[k + 1, i], a[k + 1, i + 1], a[k + 1, i + 2], a[k + 1, i + 3]
            p2, q2, r2, s2 = a[k + 2, i], a[k + 2, i + 1], a[k + 2, i + 2], a[k + 2, i + 3]
            p3, q3, r3, s3 = a[k + 3, i], a[k + 3, i + 1], a[k + 3, i + 2], a[k + 3, i + 3]
            for j in range(columns):
                b0, b1, b2, b3 = b[k, j], b[k + 1, j], b[k + 2, j], b[k + 3, j]
                out[i, j] += p0 * b0 + p1 * b1 + p2 * b2 + p3 * b3
                out[i + 1, j] += q0 * b0 + q1 * b1 + q2 * b2 + q3 * b3
                out[i + 2, j] += r0 * b0 + r1 * b1 + r2 * b2 + r3 * b3
                out[i + 3, j] += s0 * b0 + s1 * b1 + s2 * b2 + s3 * b3
        for i in range(whole, rows):
            for row in range(k, k + 4):
                for j in range(columns):
                    out[i, j] += a[row, i] * b[row, j]
