"""What higher rooms tell the outbox when messages leave. They register it in their wiring.py.

Each function that takes many messages makes a constant number of statements for a batch.
None of them commits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cohortmgr.base.hooks import Hook, Slot
from cohortmgr.outbox.models import Message


@dataclass(frozen=True)
class Route:
    """Leave now, by this channel ("email", "sms", "inbox") and to this address."""

    channel: str
    address: str


@dataclass(frozen=True)
class Wait:
    """Do not leave now: wait for the end of quiet hours or, if `gathered`, for the person's digest."""

    until: datetime
    gathered: bool = False


@dataclass(frozen=True)
class Unroutable:
    """The message cannot reach anybody:
    there is no address (it is set aside), or the person does not want campaigns (`drop`)."""

    drop: bool = False


Routed = Route | Wait | Unroutable


@dataclass(frozen=True)
class Signature:
    """Who sends a message, in the language of the message: `name` in full and `short`, the number to call or "", and
    the `lines` below the name, such as the address."""

    name: str
    short: str
    telephone: str
    lines: tuple[str, ...] = ()


class StoredText(Protocol):
    """A text that people edited, in its newest version, `number`."""

    @property
    def number(self) -> int: ...

    @property
    def subject(self) -> str: ...

    @property
    def body(self) -> str: ...


# What identifies a text: institution (None for all), key, channel and language.
TextKey = tuple[int | None, str, str, str]

# Takes messages and their contents ({"address", "variables"}); returns what becomes of each.
# One function at most. If there is none, a message leaves by its own channel to its own address.
router: Slot[[Sequence[Message], Sequence[Mapping[str, Any]]], list[Routed]] = Slot()
# Takes the short messages that are about to leave, and counts them; returns until when each must wait, None if it
# leaves. This is the one place where they leave. Runs in a transaction of its own.
short_budget: Slot[[Sequence[Message]], Sequence[datetime | None]] = Slot()
# Takes the institution of a message, None for one of no institution; returns who signs it, in the current language, or
# None if nobody does. No statement a message: it is asked for each.
signatures: Slot[[int | None], Signature | None] = Slot()
# Returns the newest edited text of each key that has one.
stored: Slot[[set[TextKey]], Mapping[TextKey, StoredText]] = Slot()
# Returns the Arabic names of those persons who have one: they are greeted by it in a message in Arabic.
names_in_arabic: Slot[[Collection[int]], Mapping[int, str]] = Slot()
# Adds headers to an e-mail, from its message and content.
headers: Hook[[Message, Mapping[str, Any]], Mapping[str, str]] = Hook()
# Called in the recording transaction, as the system, when a message is returned or set aside;
# gets the error's kind.
on_returned: Hook[[Message, str], None] = Hook()

# By message key: whether the reason of such messages still holds. Asked of their variables just before they
# leave, in one statement for a batch. A room that plans a message far ahead registers a check, because the
# web can only append to this journal and cannot take a row back.
checks: dict[str, Callable[[Sequence[Mapping[str, Any]]], Sequence[bool]]] = {}
