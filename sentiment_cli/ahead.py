"""The next items while the last one is in use: batches are put together while the network works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def computed_ahead(function: Callable[[Item], Result], items: Iterable[Item], threads: int = 1) -> Iterator[Result]:
    """``function`` of each item, in order, computed by threads, one item ahead for each.

    Args:
        function: what it raises is raised here, in the place of its result.
        items: taken one by one.
        threads: how many items are worked on at a time.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as executor:
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
