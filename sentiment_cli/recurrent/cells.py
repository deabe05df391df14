"""One step of each recurrent cell for one review, forwards and back; the equations are Keras'.

With the projected input x = W^T input + b (one row of ``projected``) and p = U^T h (for the GRU with its second bias):

* SimpleRNN: h' = tanh(x + p)
* GRU (``reset_after=True``; Cho et al. 2014, arXiv:1406.1078, in the form of cuDNN), in the order z, r, c:
  z = sigmoid(x_z + p_z), r = sigmoid(x_r + p_r), c = tanh(x_c + r p_c), h' = z h + (1 - z) c
* LSTM (Hochreiter and Schmidhuber 1997; Gers et al. 2000), in the order i, f, g, o:
  c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c')

A step forwards writes to ``tape`` what the step back needs. All functions work on row ``r`` of the block's arrays and
are compiled into `loops`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba

from sentiment_cli.recurrent.blocks import INLINED, ONE, ZERO, sigmoid, tanh

SIMPLE_RNN, GRU, LSTM = 0, 1, 2


@dataclass(frozen=True)
class Sizes:
    """What a cell needs, in multiples of its units.

    Args:
        code: of the cell in the compiled loops.
        gates: numbers that the input is projected to.
        states: numbers that are carried from step to step.
        tape: numbers a step that are kept for the way back.
    """

    code: int
    gates: int
    states: int
    tape: int


SIZES = {"simple_rnn": Sizes(SIMPLE_RNN, 1, 1, 2), "gru": Sizes(GRU, 3, 1, 5), "lstm": Sizes(LSTM, 4, 2, 6)}


@numba.njit(**INLINED)
def simple_rnn_step(z: Any, h: Any, r: int, n: int, keeps: bool, tape: Any) -> None:
    """From z = x + p to the new h. Tape: h', h."""
    for j in range(n):
        z[r, j] = tanh(z[r, j])
    if keeps:
        for j in range(n):
            tape[j] = z[r, j]
        for j in range(n):
            tape[n + j] = h[r, j]
    for j in range(n):
        h[r, j] = z[r, j]


@numba.njit(**INLINED)
def simple_rnn_step_back(tape: Any, h: Any, dh: Any, dz: Any, r: int, n: int) -> None:
    """From the gradient of h' in ``dh`` to that of z; ``dh`` becomes zero, ``h`` the state before the step."""
    for j in range(n):
        dz[r, j] = dh[r, j] * (ONE - tape[j] * tape[j])
        dh[r, j] = ZERO
    for j in range(n):
        h[r, j] = tape[n + j]


@numba.njit(**INLINED)
def gru_step(x: Any, z: Any, h: Any, r: int, n: int, keeps: bool, tape: Any) -> None:
    """From x and z = p to the new h. Tape: z, r, c, p_c, h."""
    if keeps:
        for j in range(n):
            tape[3 * n + j] = z[r, 2 * n + j]
        for j in range(n):
            tape[4 * n + j] = h[r, j]
    for j in range(2 * n):
        z[r, j] = sigmoid(x[r, j] + z[r, j])
    for j in range(n):
        z[r, 2 * n + j] = tanh(x[r, 2 * n + j] + z[r, n + j] * z[r, 2 * n + j])
    if keeps:
        for j in range(3 * n):
            tape[j] = z[r, j]
    for j in range(n):
        h[r, j] = z[r, j] * h[r, j] + (ONE - z[r, j]) * z[r, 2 * n + j]


@numba.njit(**INLINED)
def gru_step_back(tape: Any, h: Any, dh: Any, dx: Any, dz: Any, r: int, n: int) -> None:
    """From the gradient of h' in ``dh`` to those of x and p; ``dh`` keeps what reaches h without them."""
    for j in range(n):
        h[r, j] = tape[4 * n + j]
    for j in range(n):
        update, candidate = tape[j], tape[2 * n + j]
        d = dh[r, j] * (ONE - update) * (ONE - candidate * candidate)
        dx[r, 2 * n + j] = d
        dx[r, j] = dh[r, j] * (h[r, j] - candidate) * update * (ONE - update)
        dh[r, j] *= update
    for j in range(n):
        reset, d = tape[n + j], dx[r, 2 * n + j]
        dx[r, n + j] = d * tape[3 * n + j] * reset * (ONE - reset)
        dz[r, 2 * n + j] = d * reset
    for j in range(2 * n):
        dz[r, j] = dx[r, j]


@numba.njit(**INLINED)
def lstm_step(z: Any, h: Any, c: Any, r: int, n: int, keeps: bool, tape: Any) -> None:
    """From z = x + p to the new h and c. Tape: the four gates, c, h."""
    if keeps:
        for j in range(n):
            tape[4 * n + j] = c[r, j]
        for j in range(n):
            tape[5 * n + j] = h[r, j]
    for j in range(2 * n):
        z[r, j] = sigmoid(z[r, j])
    for j in range(2 * n, 3 * n):
        z[r, j] = tanh(z[r, j])
    for j in range(3 * n, 4 * n):
        z[r, j] = sigmoid(z[r, j])
    if keeps:
        for j in range(4 * n):
            tape[j] = z[r, j]
    for j in range(n):
        c[r, j] = z[r, n + j] * c[r, j] + z[r, j] * z[r, 2 * n + j]
    for j in range(n):
        h[r, j] = z[r, 3 * n + j] * tanh(c[r, j])


@numba.njit(**INLINED)
def lstm_step_back(tape: Any, h: Any, dh: Any, dc: Any, dz: Any, r: int, n: int) -> None:
    """From the gradients of h' and c' in ``dh`` and ``dc`` to those of z and c; ``dh`` becomes zero."""
    for j in range(n):
        h[r, j] = tanh(tape[n + j] * tape[4 * n + j] + tape[j] * tape[2 * n + j])
    for j in range(n):
        output = tape[3 * n + j]
        dc[r, j] += dh[r, j] * output * (ONE - h[r, j] * h[r, j])
        dz[r, 3 * n + j] = dh[r, j] * h[r, j] * output * (ONE - output)
    for j in range(n):
        i, f, g, d = tape[j], tape[n + j], tape[2 * n + j], dc[r, j]
        dz[r, j] = d * g * i * (ONE - i)
        dz[r, n + j] = d * tape[4 * n + j] * f * (ONE - f)
        dz[r, 2 * n + j] = d * i * (ONE - g * g)
        dc[r, j] = d * f
    for j in range(n):
        dh[r, j] = ZERO
        h[r, j] = tape[5 * n + j]
