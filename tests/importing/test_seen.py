"""Does a compact table of digests remember as a dict does?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentiment_cli.importing.seen import Before, Seen, digest_of


@given(st.lists(st.tuples(st.integers(1, 40) | st.integers(1, 2**64 - 1), st.integers(0, 2**32 - 1))))
def test_it_says_of_each_digest_what_was_said_of_it_first(entries: list[tuple[int, int]]) -> None:
    seen, known = Seen(), dict[int, Before]()
    for place, (digest, mark) in enumerate(entries):
        assert seen.add(digest, mark, place) == known.get(digest)
        known.setdefault(digest, Before(mark, place))
    assert len(seen) == len(known)


def test_it_grows_and_forgets_nothing() -> None:
    seen = Seen()
    for number in range(5000):
        assert seen.add(digest_of(f"review {number}"), number, 2 * number) is None
    for number in range(5000):
        assert seen.add(digest_of(f"review {number}")) == Before(number, 2 * number)
    # 16 bytes a place, from half to a quarter of them taken
    assert 32 * 5000 <= seen.size_bytes <= 64 * 5000


def test_digests_that_share_their_lowest_bits_are_told_apart() -> None:
    seen = Seen()
    for high in range(1, 300):
        assert seen.add(high << 20, high) is None
    assert [seen.add(high << 20) for high in range(1, 300)] == [Before(high, 0) for high in range(1, 300)]


def test_a_digest_is_never_the_mark_of_an_empty_place() -> None:
    assert digest_of("a") == digest_of("a") != digest_of("b")
    assert digest_of("") > 0
    assert digest_of("\ud800") > 0
