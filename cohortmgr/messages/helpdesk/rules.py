"""The life of a help desk question: states, kinds of entry, topics, and the day for an answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table

# How many working days the desk has for an answer. What the law gives ten clear days for, from the asking to the day
# after the last, is due within seven.
WORKING_DAYS, RIGHTS_DAYS = 2, 7
# Above this many questions, an answer to many requires their number to be typed.
TYPED_ABOVE = 100
LONGEST = 5000
# The name of the field in which a person joins a file, and of the question that such a file answers.
ATTACHMENT = "attachment"


class HelpRequestState(StrEnum):
    """Where a question stands: whose turn it is."""

    OPEN = "open"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


QUESTION_STATES = Table(
    {
        HelpRequestState.OPEN: Stage(
            N_("La question attend une réponse du programme."),
            to=(HelpRequestState.WAITING, HelpRequestState.ANSWERED, HelpRequestState.CLOSED),
            name=N_("À répondre"),
        ),
        HelpRequestState.WAITING: Stage(
            N_("Le programme attend une précision de la personne."),
            to=(
                HelpRequestState.OPEN,
                HelpRequestState.WAITING,
                HelpRequestState.ANSWERED,
                HelpRequestState.CLOSED,
            ),
            name=N_("Attend la personne"),
        ),
        HelpRequestState.ANSWERED: Stage(
            N_("Une réponse est partie ; la personne peut encore écrire."),
            to=(
                HelpRequestState.OPEN,
                HelpRequestState.WAITING,
                HelpRequestState.ANSWERED,
                HelpRequestState.CLOSED,
            ),
            name=N_("Répondue"),
        ),
        HelpRequestState.CLOSED: Stage(
            N_("La question est close ; un nouveau message la rouvre."),
            to=(HelpRequestState.OPEN,),
            name=N_("Clôturée"),
        ),
    }
)
UNANSWERED = (HelpRequestState.OPEN, HelpRequestState.WAITING)


class EntryKind(StrEnum):
    """The kinds of entry in a thread."""

    ASKED = "asked"
    ADDED = "added"
    MAIL = "mail"
    ANSWER = "answer"
    CALL = "call"
    NOTE = "note"


# Kinds that the person never sees. Their rows have no person, so that the database's wall hides them too.
INTERNAL = frozenset({EntryKind.NOTE})
FROM_THE_PERSON = frozenset({EntryKind.ASKED, EntryKind.ADDED, EntryKind.MAIL})


class Topic(StrEnum):
    """What a question is about. A question on a payment line is always about `PAYMENT`."""

    APPLICATION = "application"
    DOCUMENTS = "documents"
    CONDITIONS = "conditions"
    DATES = "dates"
    DECISION = "decision"
    PAYMENT = "payment"
    ACCOUNT = "account"
    READ_DATA = "read_data"
    CORRECT_DATA = "correct_data"
    OBJECT_DATA = "object_data"
    ERASE_DATA = "erase_data"
    OTHER = "other"


# The rights that law 09-08 gives people over what is known of them.
RIGHTS = frozenset({Topic.READ_DATA, Topic.CORRECT_DATA, Topic.OBJECT_DATA, Topic.ERASE_DATA})


def days_for(topic: str) -> int:
    """Return how many working days the desk has for an answer on a topic; a mail's has none."""
    return RIGHTS_DAYS if topic in RIGHTS else WORKING_DAYS


def answer_by(asked: date, days: int = WORKING_DAYS) -> date:
    """Return the last day for an answer: `days` working days after the day of asking.

    Saturdays and Sundays do not count: for a question asked on a weekend, Monday is the first day."""
    day, left = asked, days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def is_overdue(state: HelpRequestState, by: date, today: date) -> bool:
    """Whether the desk is late, which it can be only while it is its turn."""
    return state is HelpRequestState.OPEN and today > by


@dataclass(frozen=True)
class ThreadFile:
    """A file that came with an entry: its key in the storage, its name and its kind."""

    key: str
    name: str
    media_type: str
