"""Where on an axis do numbers stand?"""

from __future__ import annotations

import math
from collections.abc import Iterator


def epoch_ticks(last: int, most: int = 12) -> list[int]:
    """The first epoch, and at most so many in even steps."""
    step = next(step for step in _steps(0) if last <= max(most, 2) * step)
    return sorted({1, *range(int(step), last + 1, int(step))})


def even_ticks(low: float, high: float, most: int) -> list[float]:
    """At most so many round numbers in even steps from ``low`` to ``high``, both finite, and rounded to their digits.

    Args:
        low: of the axis.
        high: of the axis, above ``low``.
        most: at least 2.
    """
    power = math.floor(math.log10(high - low)) - 2
    for step in _steps(power):
        first = math.ceil(low / step - 1e-9)
        count = math.floor(high / step + 1e-9) - first + 1
        if count <= most:
            digits = max(-math.floor(math.log10(step) + 1e-9), 0)
            return [round((first + index) * step, digits) for index in range(count)]
    raise ValueError(f"expected low < high, received {low} and {high}")


def tick_labels(ticks: list[float]) -> list[str]:
    """The numbers with as many decimals as the one that needs the most."""
    texts = [f"{tick:.10g}" for tick in ticks]
    if any("e" in text for text in texts):
        return [f"{tick:.3g}" for tick in ticks]
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    return [f"{tick:.{decimals}f}" for tick in ticks]


def _steps(power: int) -> Iterator[float]:
    """1, 2, 5, 10, 20 and so on, times ten to a power."""
    for exponent in range(power, power + 320):
        for digit in (1, 2, 5):
            yield digit * 10.0**exponent
