"""What the floors above tell the outbox when messages leave. Each is filled once, where the application is wired.

All that take many messages make a constant number of statements for a batch; none of them commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from cohortmgr.base.hooks import Hook, Slot
from cohortmgr.outbox.models import Message


@dataclass(frozen=True)
class Route:
    """Leave now, by that channel ("email", "sms", "inbox") and at that address."""

    channel: str
    address: str


@dataclass(frozen=True)
class Wait:
    """Not now: quiet hours, or (`gathered`) the person's digest."""

    until: datetime
    gathered: bool = False


@dataclass(frozen=True)
class NoWay:
    """Nobody can be reached: no address (the message is set aside), or campaigns are not wanted (`drop`)."""

    drop: bool = False


Routed = Route | Wait | NoWay


class StoredText(Protocol):
    """A text that people edited, the newest of its number."""

    @property
    def number(self) -> int: ...

    @property
    def subject(self) -> str: ...

    @property
    def body(self) -> str: ...


# Institution (None: everybody's), key, channel and language of a text.
TextKey = tuple[int | None, str, str, str]

# Messages and their contents ({"address", "variables"}), to what becomes of each. At most one function; without any
# a message leaves by its own channel to its own address.
router: Slot[[Sequence[Message], Sequence[Mapping[str, Any]]], list[Routed]] = Slot()
# The newest edited text of each that has one.
stored: Slot[[set[TextKey]], Mapping[TextKey, StoredText]] = Slot()
# More headers of an e-mail, by its message and content.
headers: Hook[[Message, Mapping[str, Any]], Mapping[str, str]] = Hook()
# Called in the recording transaction, as the system, when a message is returned or set aside, with the error's kind.
on_returned: Hook[[Message, str], None] = Hook()

# By key, whether what messages of that kind say still holds, asked of their variables just before they leave, in one
# statement for a batch. Whoever plans a message far ahead gives it one: the web only appends to this journal, so that
# it cannot take a row back.
checks: dict[str, Callable[[Sequence[Mapping[str, Any]]], Sequence[bool]]] = {}
