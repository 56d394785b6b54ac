"""The life of a message to a person: its states, and what a failure or a lost sender does to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cohortmgr.base.errors import N_
from cohortmgr.base.states import Stage, Table
from cohortmgr.outbox.failures import Failure

# Limits: temporary failures (about two hours of them), senders that died, and servers that
# had the message and did not answer.
MAX_TRIES = 8
MAX_LOST_STARTS = 3
MAX_UNANSWERED = 2
# Longer than all the timeouts of one sending together, counted from when
# its sender last said that it is alive.
LEASE = timedelta(minutes=3)
RENEWED = timedelta(seconds=30)
# A lease that ends later was given before the clock was put back. The margin covers the difference between
# two workers' clocks, or between the moments at which they read them.
LONGEST_LEASE = 2 * LEASE


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    SET_ASIDE = "set_aside"
    DROPPED = "dropped"
    RETURNED = "returned"


MESSAGE_STATES = Table(
    {
        MessageState.WAITING: Stage(
            N_("Le message attend son heure."),
            to=(MessageState.SENDING, MessageState.DROPPED, MessageState.HELD),
            name=N_("En attente"),
        ),
        MessageState.HELD: Stage(
            N_("L’envoi dont il fait partie est suspendu ; il attend qu’il reprenne."),
            to=(MessageState.WAITING,),
            name=N_("Suspendu"),
        ),
        MessageState.SENDING: Stage(
            N_("Le message est en cours d’envoi."),
            to=(
                MessageState.SENT,
                MessageState.WAITING,
                MessageState.SET_ASIDE,
                MessageState.DROPPED,
                MessageState.RETURNED,
            ),
            name=N_("En cours d’envoi"),
        ),
        MessageState.SENT: Stage(
            N_("Le message a été remis au service d’envoi."), to=(MessageState.RETURNED,), name=N_("Parti")
        ),
        MessageState.SET_ASIDE: Stage(
            N_("Le message n’a pas pu partir ; une personne doit le regarder."),
            to=(MessageState.WAITING,),
            name=N_("À examiner"),
        ),
        MessageState.DROPPED: Stage(
            N_("Le message n’avait plus lieu d’être à son heure ; rien n’est parti."), name=N_("Sans objet")
        ),
        MessageState.RETURNED: Stage(
            N_("Le message est revenu : l’adresse ne reçoit pas."),
            to=(MessageState.WAITING,),
            name=N_("Revenu"),
        ),
    }
)


# The states of messages that have not left and still may.
UNDER_WAY = (MessageState.WAITING, MessageState.HELD, MessageState.SENDING)


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after the `tries`-th temporary failure:
    one minute, doubled each time, at most six hours."""
    return min(timedelta(minutes=2 ** (max(tries, 1) - 1)), timedelta(hours=6))


@dataclass(frozen=True)
class Past:
    """What happened to a message before: temporary failures, lost starts, and sendings without an answer."""

    tries: int = 0
    lost_starts: int = 0
    unanswered: int = 0

    @property
    def alone(self) -> bool:
        """Whether it is claimed alone:
        it may have killed its sender, and other messages must not suffer for it."""
        return self.lost_starts > 0 or self.unanswered > 0


def after_lost_start(past: Past) -> MessageState:
    """Return the state of a message whose sender fell silent.

    The first silent sender may have handed it over. A later sender notes `unanswered` just before it does.
    So a server gets the message twice at most before a person looks at it.
    """
    worn = past.lost_starts + 1 >= MAX_LOST_STARTS or past.unanswered > 0
    return MessageState.SET_ASIDE if worn else MessageState.WAITING


def after_failure(failure: Failure, past: Past, moment: datetime) -> dict[str, Any]:
    """Return the columns that a failure changes. `past` is what happened before it."""
    if failure == Failure.PERMANENT:
        return {"state": MessageState.RETURNED, "failure": failure}
    tries = past.tries + (failure == Failure.TEMPORARY)
    unanswered = past.unanswered + (failure == Failure.UNANSWERED)
    values: dict[str, Any] = {"tries": tries, "unanswered": unanswered, "failure": failure}
    # A sender that fell silent may have handed it over too:
    # that counts as one more sending without an answer.
    unknown = unanswered + (past.lost_starts > 0)
    if tries >= MAX_TRIES or (failure == Failure.UNANSWERED and unknown >= MAX_UNANSWERED):
        return {**values, "state": MessageState.SET_ASIDE}
    return {**values, "state": MessageState.WAITING, "due": moment + wait_after(tries)}
