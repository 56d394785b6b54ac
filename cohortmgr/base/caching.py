"""What is dear to make and the same for everybody, kept in the memory of one process.

A pure function of small values is kept by `functools.lru_cache`; this is for what is made of more than its key says,
such as a row that is read or a page that is drawn.
"""

from __future__ import annotations

import time
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


class Reread(Generic[Value]):
    """One value that everybody sees, read again when it is older than so many `seconds`. Safe among threads.

    For what changes seldom, and may be seen late by that long in the processes that did not change it: the one that did
    calls `forget`. While one thread reads it again the others have it as it was, and so has everybody if the reading
    fails: what stands on each page must not make a page fail.
    """

    __slots__ = ("_lock", "_read_at", "_value", "clock", "seconds")

    def __init__(self, value: Value, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._value = value
        self._read_at: float | None = None
        self._lock = Lock()

    @property
    def last(self) -> Value:
        """The value as it is, however old."""
        return self._value

    def get(self, read: Callable[[], Value | None]) -> Value:
        """The value; `read` is called if it is too old, and gives None if it cannot be read."""
        moment = self.clock()
        if self._is_young(moment) or not self._lock.acquire(blocking=False):
            return self._value
        try:
            found = read()
            self._read_at = moment
            if found is not None:
                self._value = found
        finally:
            self._lock.release()
        return self._value

    def lay(self, value: Value) -> None:
        """Put a value in its place, as if it had just been read."""
        self._value, self._read_at = value, self.clock()

    def forget(self) -> None:
        """Have the value read again when it is asked for."""
        self._read_at = None

    def _is_young(self, moment: float) -> bool:
        return self._read_at is not None and moment - self._read_at < self.seconds
