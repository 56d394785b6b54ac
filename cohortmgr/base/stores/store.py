"""What a place for files can do: put, get, drop, and list by prefix. What lies there is sealed before it comes.

A name is made of parts between slashes, as `files/4K/4KX…` or `uploads/12/9QT…/about`; whoever puts makes it up. A dash
stands in the last part alone: some servers sort names as they stand, others part by part, and so both sort alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_NAME = re.compile(r"(?:[0-9A-Za-z]+/)+[0-9A-Za-z][0-9A-Za-z-]*")
LONGEST_NAME = 300


class StoreAway(Exception):
    """The store does not answer, or does not let us in. What it says is for the log: it holds no secret."""


@dataclass(frozen=True)
class Held:
    """A file that a store holds: its name, its size in bytes as it lies there, and when it was put."""

    name: str
    size: int
    at: datetime


class Store(Protocol):
    """A place for files. Each call may raise StoreAway, and `put` OSError with ENOSPC where no room is left."""

    def put(self, name: str, data: bytes) -> None:
        """Keep a file, whole or not at all; one of that name is replaced. It is safely there when this returns."""

    def get(self, name: str) -> bytes:
        """Return a file. Raises FileNotFoundError."""

    def drop(self, name: str) -> None:
        """Remove a file. One that is already gone is no error."""

    def list(self, prefix: str) -> Iterator[Held]:
        """Go through the files whose names begin so, in the order of their names, without holding all of them."""


def is_name(text: str) -> bool:
    """Whether a text can name a file: no part of it leads out of the store."""
    return len(text) <= LONGEST_NAME and bool(_NAME.fullmatch(text))


def require_name(text: str) -> str:
    """Return a name. Raises FileNotFoundError for a text that is none: nothing lies there."""
    if not is_name(text):
        raise FileNotFoundError(text)
    return text
