"""Copy all files from one store to another, and drop them from the first once the other has them.

A run that is cut goes on where it was: what the other store has, under its name and of its size, is not sent again.
What is sent is read back and compared, and nothing is dropped that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from cohortmgr.base.stores.store import Store

# What an installation keeps in its store: files that rows name, and uploads on their way.
PREFIXES = ("files/", "uploads/")
# How many files are on their way at once, and after how many it is told how far the work is.
AT_ONCE, STEP = 8, 400


class NotTheSame(Exception):
    """What was read back is not what was sent."""


@dataclass(frozen=True)
class Moved:
    """How many files were looked at, how many of them were sent, and how many dropped."""

    seen: int = 0
    sent: int = 0
    dropped: int = 0

    def __add__(self, more: Moved) -> Moved:
        return Moved(self.seen + more.seen, self.sent + more.sent, self.dropped + more.dropped)


def move(source: Store, target: Store, drop: bool, tell: Callable[[Moved], object]) -> Moved:
    """Copy what the target lacks; with `drop`, compare every file and drop it from the source. Raises NotTheSame."""

    def carry(found: tuple[str, bool]) -> Moved:
        name, is_there = found
        if is_there and not drop:
            return Moved(seen=1)
        try:
            data = source.get(name)
        except FileNotFoundError:  # deleted since it was listed
            return Moved()
        if not is_there:
            target.put(name, data)
        if target.get(name) != data:
            raise NotTheSame(name)
        if drop:
            source.drop(name)
        return Moved(1, int(not is_there), int(drop))

    done = Moved()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for prefix in PREFIXES:
            listed = _compared(source, target, prefix)
            while part := list(islice(listed, STEP)):
                done = sum(threads.map(carry, part), done)
                tell(done)
    return done


def _compared(source: Store, target: Store, prefix: str) -> Iterator[tuple[str, bool]]:
    """The names in the source, each with whether the target has a file of that name and size. Both are listed in
    order, so neither list is held."""
    there = target.list(prefix)
    other = next(there, None)
    for held in source.list(prefix):
        while other is not None and other.name < held.name:
            other = next(there, None)
        yield held.name, other is not None and (other.name, other.size) == (held.name, held.size)
