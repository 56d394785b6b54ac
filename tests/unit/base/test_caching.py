"""What is kept in memory, for how long, and by how many threads at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohortmgr.base.caching import Kept, Reread


def never() -> str:
    raise AssertionError("made anew")


def test_what_is_kept_is_not_made_again_and_the_one_unused_for_longest_goes() -> None:
    kept: Kept[str, str] = Kept(2)
    for key in "ab":
        assert kept.get(key, key.upper) == key.upper()
    assert kept.get("a", never) == "A"
    assert kept.get("c", lambda: "C") == "C"
    assert kept.get("a", never) == "A" and len(kept) == 2
    with pytest.raises(AssertionError):
        kept.get("b", never)


def test_what_is_raised_is_not_kept() -> None:
    kept: Kept[str, str] = Kept(2)
    with pytest.raises(AssertionError):
        kept.get("a", never)
    assert (kept.get("a", lambda: "A"), len(kept)) == ("A", 1)


@given(st.integers(1, 5), st.lists(st.integers(0, 7)))
def test_it_keeps_the_keys_used_last(most: int, keys: list[int]) -> None:
    kept, made = Kept[int, str](most), []

    def making(key: int) -> Callable[[], str]:
        return lambda: made.append(key) or str(key)  # type: ignore[func-returns-value]

    used: list[int] = []
    for key in keys:
        before = len(made)
        assert kept.get(key, making(key)) == str(key)
        assert (len(made) > before) is (key not in used[-most:])
        used = [each for each in used if each != key] + [key]
    assert len(kept) == min(most, len(used))


def test_many_threads_find_their_own_and_no_more_is_kept_than_may_be() -> None:
    kept: Kept[int, int] = Kept(8)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: kept.get(number % 12, lambda: number % 12), range(4000)))
    assert found == [number % 12 for number in range(4000)] and len(kept) == 8


def test_one_value_is_read_again_when_it_is_old_or_was_forgotten() -> None:
    moment, readings = [0.0], iter("ABC")
    shelf: Reread[str] = Reread("none yet", 10, lambda: moment[0])
    assert shelf.last == "none yet"
    for now, wanted in ((0, "A"), (9.9, "A"), (10, "B"), (19, "B")):
        moment[0] = now
        assert shelf.get(lambda: next(readings)) == wanted
    shelf.forget()
    assert shelf.get(lambda: next(readings)) == "C"
    shelf.lay("laid")
    assert shelf.get(never) == shelf.last == "laid"


def test_what_cannot_be_read_stays_as_it_was_and_is_not_asked_for_at_once() -> None:
    moment = [0.0]
    shelf: Reread[str] = Reread("old", 10, lambda: moment[0])
    assert shelf.get(lambda: None) == "old"
    assert shelf.get(never) == "old"
    moment[0] = 10
    assert shelf.get(lambda: "new") == "new"


def test_while_one_thread_reads_the_others_have_it_as_it_was() -> None:
    shelf: Reread[str] = Reread("old", 10, lambda: 0.0)

    def read() -> str:
        with ThreadPoolExecutor(1) as other:
            assert other.submit(shelf.get, never).result() == "old"
        return "new"

    assert shelf.get(read) == "new"
