"""The lives of questions to the help desk and of campaigns, and what goes wrong with addresses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_

# How many working days the desk gives itself for an answer.
WORKING_DAYS = 2
# Above so many, an answer to many asks for their number to be typed.
TYPED_ABOVE = 100
LONGEST = 5000


class QuestionState(StrEnum):
    """Whose turn it is."""

    OPEN = "open"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


QUESTION_MEANINGS: Mapping[QuestionState, str] = {
    QuestionState.OPEN: N_("La question attend une réponse du programme."),
    QuestionState.WAITING: N_("Le programme attend une précision de la personne."),
    QuestionState.ANSWERED: N_("Une réponse est partie ; la personne peut encore écrire."),
    QuestionState.CLOSED: N_("La question est close ; un nouveau message la rouvre."),
}
QUESTION_TRANSITIONS: Mapping[QuestionState, tuple[QuestionState, ...]] = {
    QuestionState.OPEN: (QuestionState.WAITING, QuestionState.ANSWERED, QuestionState.CLOSED),
    QuestionState.WAITING: (
        QuestionState.OPEN,
        QuestionState.WAITING,
        QuestionState.ANSWERED,
        QuestionState.CLOSED,
    ),
    QuestionState.ANSWERED: (
        QuestionState.OPEN,
        QuestionState.WAITING,
        QuestionState.ANSWERED,
        QuestionState.CLOSED,
    ),
    QuestionState.CLOSED: (QuestionState.OPEN,),
}
UNANSWERED = (QuestionState.OPEN, QuestionState.WAITING)


class EntryKind(StrEnum):
    """What one part of a thread is."""

    ASKED = "asked"
    ADDED = "added"
    MAIL = "mail"
    ANSWER = "answer"
    CALL = "call"
    NOTE = "note"


# What the person never sees. Their rows bear no person, so that the wall of the database keeps them too.
INTERNAL = frozenset({EntryKind.NOTE})
FROM_THE_PERSON = frozenset({EntryKind.ASKED, EntryKind.ADDED, EntryKind.MAIL})


class Topic(StrEnum):
    """What a question is about; a question on a payment line is always of `PAYMENT`."""

    APPLICATION = "application"
    DOCUMENTS = "documents"
    CONDITIONS = "conditions"
    DATES = "dates"
    DECISION = "decision"
    PAYMENT = "payment"
    ACCOUNT = "account"
    OTHER = "other"


def answer_by(asked: date, days: int = WORKING_DAYS) -> date:
    """The last day for an answer: so many working days after the day of asking; Saturdays and Sundays do not count.

    What is asked at a weekend counts from Monday as its first day."""
    day, left = asked, days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def is_overdue(state: QuestionState, by: date, today: date) -> bool:
    """Whether the desk is late: only while it is its turn."""
    return state is QuestionState.OPEN and today > by
