"""Declare what rooms say to people: each message's key, its name for staff and its variables. Pure.

Each room has its own notices in `notices.py` and declares them in its wiring.py.
Templates, edited texts and the log of deliveries know only what is declared here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

VariableKind = Literal["text", "localized", "day", "moment", "number", "mad", "link", "list", "reasons"]


@dataclass(frozen=True)
class Variable:
    """One value that fills a text, as the sending room gives it.

    An edited text must contain every `required` variable. The value of a link takes the place of
    `{}` in `path`, which is appended to the site's address. Edited texts call a link `link`,
    whatever the room calls its value. What `opens` is asked of whoever reads a number that others typed:
    no short message says it."""

    name: str
    kind: VariableKind
    example: Any
    required: bool = False
    path: str = "{}"
    opens: bool = False

    @property
    def word(self) -> str:
        """The name that an edited text writes between braces."""
        return "link" if self.kind == "link" else self.name


@dataclass(frozen=True)
class Notice:
    """One kind of message. `title` is a msgid.

    An `urgent` message leaves at once and is never held for quiet hours or a digest. A `campaign`
    message may be declined by whoever does not want campaigns. A message that `bears_a_key` has a link
    that opens an account or a file: only whoever reads the mailbox may follow it, not whoever sits at a
    browser that was left signed in."""

    key: str
    title: str
    variables: tuple[Variable, ...]
    campaign: bool = False
    urgent: bool = False
    bears_a_key: bool = False


# Variables that the letters of several rooms have.
FILE_NUMBER = Variable("number", "text", "MDIA-7K3QXP", opens=True)
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
    """Add the notices of a room. Raises ValueError for a key that is declared twice with different contents,
    or for two variables with the same word."""
    for notice in notices:
        words = [variable.word for variable in notice.variables]
        if len(words) != len(set(words)):
            raise ValueError(f"{notice.key}: two variables bear one name")
        if declared.setdefault(notice.key, notice) != notice:
            raise ValueError(f"{notice.key} is declared twice")
        if _room_of.setdefault(notice.key, room) != room:
            raise ValueError(f"{notice.key} is declared by two rooms")


def room_of(key: str) -> str:
    """Return the room whose templates hold a message's text;
    a key that no room declares is the outbox's own."""
    return _room_of.get(key, "outbox")


def is_campaign(key: str) -> bool:
    """Whether a message may be declined by whoever does not want campaigns."""
    return key in declared and declared[key].campaign


def bearing_keys() -> tuple[str, ...]:
    """Return the keys of messages that only the mailbox may show, sorted."""
    return tuple(sorted(key for key, notice in declared.items() if notice.bears_a_key))
