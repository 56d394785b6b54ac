"""What is dear to make and the same for everybody, kept in the memory of one process.

A pure function of small values is kept by `functools.lru_cache`; this is for what is made of more than its key says,
such as a row that is read or a page that is drawn.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar, TypeVarTuple

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Given = TypeVarTuple("Given")


class Kept(Generic[Key, Value]):
    """The values used last, `most` of them at most; the one unused for longest makes room. Safe among threads.

    Nothing is ever taken out for being old: the key has to name all that the value was made of (a fingerprint, a
    language), so that what changes is asked for under another key. Whoever keeps something says so beside it.
    """

    __slots__ = ("_lock", "_values", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key, make: Callable[[*Given], Value], *given: *Given) -> Value:
        """The value kept under a key, or else what `make(*given)` gives, kept from now on unless it is None.

        It runs outside the lock, for it may read and draw: two who ask at once may both make it, and both are right.
        """
        values = self._values
        with self._lock:
            known = values.get(key)
            if known is not None:
                values.move_to_end(key)
                return known
        made = make(*given)
        with self._lock:
            values[key] = made
            values.move_to_end(key)
            while len(values) > self.most:
                values.popitem(last=False)
        return made
