"""Is the next batch computed while the last one is used, in order, and no further?"""

from __future__ import annotations

import threading

import pytest

from sentiment_cli.ahead import computed_ahead


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_result_comes_once_and_in_order(count: int, threads: int) -> None:
    results = list(computed_ahead(lambda item: item * item, range(count), threads))
    assert results == [item * item for item in range(count)]


def test_two_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    assert len(list(computed_ahead(lambda item: both.wait(), range(6), 2))) == 6


def test_one_item_is_computed_while_the_one_before_is_in_use_and_no_more() -> None:
    computed = [threading.Event() for _ in range(4)]
    for result in computed_ahead(lambda item: (computed[item].set(), item)[1], range(4)):
        if result < 3:
            assert computed[result + 1].wait(10)
        assert not any(event.is_set() for event in computed[result + 2 :])


def test_what_goes_wrong_is_raised_in_the_place_of_its_result() -> None:
    results = computed_ahead(lambda item: 6 // item, [3, 2, 0, 1])
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_reader_that_stops_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    for result in computed_ahead(lambda item: item, range(1000)):
        if result == 1:
            break
    assert threading.active_count() == before
