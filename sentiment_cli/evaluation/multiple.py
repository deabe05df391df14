"""How likely is the least likely of several results, when chance had several tries?"""

from __future__ import annotations

from collections.abc import Sequence


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """P-values of several tests, raised so that all of them together are wrongly called rare at the usual rate.

    The smallest is multiplied by the number of tests, the next by one less, and so on; none is below one before it,
    and none above 1. The chance of one wrong call or more stays at the level, whatever the tests depend on.

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    Args:
        p_values: in [0, 1], any number of them.

    Returns:
        As many, in the same order.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
