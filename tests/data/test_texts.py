"""Are texts in a file the texts that were put there?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.data import texts
from sentiment_cli.data.texts import store_texts

UNICODE = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(UNICODE))
def test_what_is_stored_is_read_again(given_texts: list[str]) -> None:
    stored = store_texts(given_texts)
    assert len(stored) == len(given_texts)
    assert list(stored) == given_texts
    assert stored[:] == given_texts
    assert stored[1::2] == given_texts[1::2]


@given(st.lists(UNICODE, min_size=1), st.data())
def test_some_of_them_are_those_in_that_order(given_texts: list[str], data: st.DataObject) -> None:
    indices = data.draw(st.lists(st.integers(0, len(given_texts) - 1)))
    taken = store_texts(given_texts).take(np.array(indices, dtype=np.int64))
    assert list(taken) == [given_texts[index] for index in indices]


def test_many_of_them_go_to_disk_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MOST_IN_MEMORY", 100)
    many = [f"é{number} " * 7 for number in range(50)]
    stored = store_texts(many)
    assert stored._file.opened._rolled
    assert list(stored) == many
    assert stored[-1] == many[-1]


def test_beyond_the_end_there_is_no_text() -> None:
    with pytest.raises(IndexError):
        store_texts(["a"])[1]


def test_threads_do_not_get_each_others_texts() -> None:
    many = [str(number) * (number % 50) for number in range(2000)]
    stored = store_texts(many)
    halves = stored.take(np.arange(0, 2000, 2)), stored.take(np.arange(1, 2000, 2))
    with ThreadPoolExecutor(2) as executor:
        even, odd = executor.map(list, halves)
    assert even == many[::2]
    assert odd == many[1::2]
