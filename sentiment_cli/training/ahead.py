"""The next item while the last one is in use: batches are put together while the network works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def computed_ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``function`` of each item, in order, computed by a thread one item ahead.

    Args:
        function: what it raises is raised here, in the place of its result.
        items: taken one by one.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as executor:
        waiting: Future[Result] | None = None
        for item in items:
            done, waiting = waiting, executor.submit(function, item)
            if done is not None:
                yield done.result()
        if waiting is not None:
            yield waiting.result()
