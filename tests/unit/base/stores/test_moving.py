"""Files move between two stores: each is read back, a run that is cut goes on, and a second one changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cohortmgr.base.stores import moving
from cohortmgr.base.stores.folder import FolderStore
from cohortmgr.base.stores.moving import Moved, NotTheSame, move
from cohortmgr.base.stores.opening import open_store
from cohortmgr.base.stores.store import Held, Store, StoreAway
from tests.unit.base.stores.servers import bucket

FILES = {f"files/{number % 7:02d}/{number:03d}": b"sealed %d" % number for number in range(20)}
FILES |= {"uploads/12/A/000000000000-5": b"piece", "uploads/12/A/about": b"what"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with bucket() as url:
        yield url


@pytest.fixture
def there(url: str) -> Store:
    """The bucket, emptied."""
    store = open_store(url, Path("/nowhere"), waited_for=False)
    for held in list(store.list("")):
        store.drop(held.name)
    return store


@pytest.fixture
def here(tmp_path: Path) -> Store:
    """The data folder, with the files, and beside them what is no file of the store."""
    store = FolderStore(tmp_path)
    for name, data in FILES.items():
        store.put(name, data)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_bytes(b"not for the bucket")
    return store


def held(store: Store) -> dict[str, bytes]:
    return {each.name: store.get(each.name) for prefix in moving.PREFIXES for each in store.list(prefix)}


def moved(source: Store, target: Store, drop: bool = False) -> Moved:
    return move(source, target, drop, lambda _so_far: None)


def test_all_files_are_copied_and_nothing_else(here: Store, there: Store) -> None:
    assert moved(here, there) == Moved(len(FILES), len(FILES), 0)
    assert held(there) == held(here) == FILES
    assert [each.name for each in there.list("")] == sorted(FILES)


def test_a_second_run_changes_nothing(here: Store, there: Store) -> None:
    moved(here, there)
    before = list(there.list(""))
    assert moved(here, there) == Moved(len(FILES), 0, 0)
    assert list(there.list("")) == before, "not even when they were put"


def test_they_come_back_the_same_way(here: Store, there: Store, tmp_path: Path) -> None:
    moved(here, there)
    other = FolderStore(tmp_path / "other")
    assert moved(there, other).sent == len(FILES) and held(other) == FILES


def test_what_is_dropped_was_compared_first(here: Store, there: Store) -> None:
    moved(here, there)
    name = min(FILES)
    there.put(name, bytes(len(FILES[name])))  # of the same size, and not the same
    with pytest.raises(NotTheSame, match=name):
        moved(here, there, drop=True)
    assert here.get(name) == FILES[name]
    there.put(name, FILES[name])
    moved(here, there, drop=True)
    assert held(here) == {} and held(there) == FILES
    assert moved(here, there, drop=True) == Moved()


class Cut(FolderStore):
    """A store whose server goes away after so many files, once; or that keeps something else than it was given."""

    left = 1000
    spoils = False

    def put(self, name: str, data: bytes) -> None:
        if self.left == 0:
            raise StoreAway("cut")
        self.left -= 1
        super().put(name, data[:-1] + b"?" if self.spoils else data)


def test_a_run_that_is_cut_goes_on_where_it_was(
    here: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "STEP", 4)
    target = Cut(tmp_path / "cut")
    target.left = 9
    with pytest.raises(StoreAway):
        moved(here, target)
    assert set(held(target)) < set(FILES) and set(held(here)) == set(FILES)
    target.left = 1000
    again = moved(here, target)
    assert (again.seen, again.sent) == (len(FILES), len(FILES) - 9)
    assert held(target) == FILES


def test_what_comes_back_otherwise_is_told_and_stays(here: Store, tmp_path: Path) -> None:
    target = Cut(tmp_path / "spoilt")
    target.spoils = True
    with pytest.raises(NotTheSame):
        moved(here, target, drop=True)
    assert held(here) == FILES


def test_a_file_that_is_deleted_meanwhile_is_no_fault(here: Any, tmp_path: Path) -> None:
    name = min(FILES)
    listed = here.list

    def gone(prefix: str) -> Iterator[Held]:
        for each in listed(prefix):
            if each.name == name:
                here.drop(name)
            yield each

    here.list = gone
    assert moved(here, FolderStore(tmp_path / "other")).sent == len(FILES) - 1
