"""What the rooms say to people: each message's key, its name for staff and what fills its texts. Pure.

Every room declares its own in `notices.py`; they are joined in `app.py`. Templates, edited texts and the log of
deliveries know nothing of a message but this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

Kind = Literal["text", "localized", "day", "moment", "number", "mad", "link", "list", "reasons"]


@dataclass(frozen=True)
class Variable:
    """One value that fills a text, as the sending room gives it.

    An edited text may not leave out what is `required`. The value of a link stands in `path` (whose `{}` it
    takes), below the address of the site; edited texts call it `link`, whatever the room calls its value."""

    name: str
    kind: Kind
    example: Any
    required: bool = False
    path: str = "{}"

    @property
    def word(self) -> str:
        """What an edited text writes between braces."""
        return "link" if self.kind == "link" else self.name


@dataclass(frozen=True)
class Notice:
    """One kind of message. `title` is a msgid.

    What is `urgent` leaves at once, never held for quiet hours or a digest; one of a `campaign` may be declined by
    whoever does not want them. What `bears_a_key` opens an account or a file: only whoever reads the mailbox may
    follow it, not whoever sits before a browser that was left signed in."""

    key: str
    title: str
    variables: tuple[Variable, ...]
    campaign: bool = False
    urgent: bool = False
    bears_a_key: bool = False


# What the letters of several rooms bear.
NAME = Variable("name", "text", "Salma Bennis")
PROGRAMME = Variable(
    "programme",
    "localized",
    {
        "fr": "Master en ingénierie des données",
        "ar": "ماستر هندسة البيانات",
        "en": "Master in Data Engineering",
    },
)
INTAKE = Variable("intake", "localized", {"fr": "Rentrée 2027", "ar": "دخول 2027", "en": "2027 intake"})
STARTS_ON = Variable("starts_on", "day", date(2027, 9, 15))

declared: dict[str, Notice] = {}
_room_of: dict[str, str] = {}


def declare(room: str, *notices: Notice) -> None:
    """Add what a room says to what is known. ValueError for a key that says two things, or a text that could not tell
    two values apart."""
    for notice in notices:
        words = [variable.word for variable in notice.variables]
        if len(words) != len(set(words)):
            raise ValueError(f"{notice.key}: two variables bear one name")
        if declared.setdefault(notice.key, notice) != notice:
            raise ValueError(f"{notice.key} is declared twice")
        _room_of[notice.key] = room


def room_of(key: str) -> str:
    """The room whose templates put a message into words; what no room declares is the outbox's own."""
    return _room_of.get(key, "outbox")


def bearing_keys() -> tuple[str, ...]:
    """The messages that are for the mailbox alone."""
    return tuple(sorted(key for key, notice in declared.items() if notice.bears_a_key))
