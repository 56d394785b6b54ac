"""The four calls mean the same on every store: in a folder, on moto's server, and on a real one where it is there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cohortmgr.base.stores.opening import open_store
from cohortmgr.base.stores.store import LONGEST_NAME, Store
from tests.unit.base.stores.servers import KINDS, bucket


@pytest.fixture(scope="module", params=["folder", *KINDS])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("store")
    if request.param == "folder":
        yield open_store("", folder, waited_for=False)
        return
    with bucket(request.param) as url:
        yield open_store(url, folder, waited_for=False)
        assert list(folder.iterdir()) == [], "with a bucket nothing is written to the data folder"


@pytest.fixture
def store(opened: Store) -> Store:
    """The store, emptied."""
    for held in list(opened.list("")):
        opened.drop(held.name)
    return opened


def names(store: Store, prefix: str) -> list[str]:
    return [held.name for held in store.list(prefix)]


def test_what_was_put_is_got_whole(store: Store) -> None:
    data = bytes(range(256)) * 4000
    began = datetime.now(UTC)
    store.put("files/4K/4KX", data)
    store.put("files/4K/EMPTY", b"")
    assert store.get("files/4K/4KX") == data and store.get("files/4K/EMPTY") == b""
    (held, empty) = store.list("files/")
    assert (held.name, held.size, empty.size) == ("files/4K/4KX", len(data), 0)
    assert abs(held.at - began) < timedelta(minutes=1), (
        "it bears a time zone, and the moment at which it was put"
    )


def test_what_is_not_there_is_said_so_and_dropping_it_is_no_error(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        store.get("files/4K/4KX")
    store.drop("files/4K/4KX")
    store.put("files/4K/4KX", b"x")
    store.drop("files/4K/4KX")
    with pytest.raises(FileNotFoundError):
        store.get("files/4K/4KX")
    assert names(store, "") == []
    # Below what is a file, nothing lies.
    store.put("files/4K", b"x")
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        store.get("files/4K/4KX")


def test_what_is_put_again_is_replaced(store: Store) -> None:
    store.put("uploads/1/A/about", b"the first, and longer")
    store.put("uploads/1/A/about", b"the second")
    assert store.get("uploads/1/A/about") == b"the second"
    assert [held.size for held in store.list("uploads/")] == [len(b"the second")]


def test_a_list_holds_what_begins_so_in_the_order_of_names(store: Store) -> None:
    given = [
        "files/1/A",
        "files/1/A-1",
        "files/10/A",
        "uploads/1/A/000-5",
        "uploads/1/A/about",
        "uploads/12/A/about",
    ]
    for name in reversed(given):
        store.put(name, b"x")
    assert names(store, "") == sorted(given)
    assert names(store, "uploads/1/") == ["uploads/1/A/000-5", "uploads/1/A/about"]
    assert names(store, "uploads/1") == [each for each in given if each.startswith("uploads/")]
    assert names(store, "files/1/A-") == ["files/1/A-1"] and names(store, "nothing/") == []


def test_a_list_goes_on_behind_its_first_thousand(store: Store) -> None:
    given = [f"files/{number % 100:02d}/{number:04d}" for number in range(1001)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: store.put(name, b"x"), given))
    assert names(store, "files/") == sorted(given)
    assert len(names(store, "files/00/")) == 11


@pytest.mark.parametrize(
    "name", ["", "about", "/etc/passwd", "files/../secrets/key", "files//x", "files/x\0y", "files/é",
             "files/.x", "files/x/", "files/1-/x", "files/" + "x" * LONGEST_NAME]
)  # fmt: skip
def test_no_name_leads_out_of_the_store(store: Store, name: str) -> None:
    for call in (store.get, store.drop, lambda name: store.put(name, b"x")):
        with pytest.raises(FileNotFoundError):
            call(name)


def test_many_who_put_and_drop_in_one_place_do_not_meet(store: Store) -> None:
    """A folder that has just become empty is removed, while another file comes into it."""

    def come_and_go(number: int) -> bytes:
        name = f"uploads/7/SAME/{number:012d}-1"
        store.put(name, b"%d" % number)
        found = store.get(name)
        store.drop(name)
        return found

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(come_and_go, range(200))) == [b"%d" % number for number in range(200)]
    assert names(store, "") == []
