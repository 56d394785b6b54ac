"""The life of a message to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cohortmgr.base.errors import N_
from cohortmgr.outbox.failures import Failure

# Temporary failures, about two hours of them; senders that died on it; servers that had it and did not say so.
MAX_TRIES = 8
MAX_LOST_STARTS = 3
MAX_UNANSWERED = 2
# Above what all the timeouts of one handing over make together, from when its sender last said that it lives.
LEASE = timedelta(minutes=3)
RENEWED = timedelta(seconds=30)
# A lease that ends later was given before the clock was put back. It is longer than a lease by as much as two workers'
# clocks, or the moments at which they looked at them, may lie apart.
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


MEANINGS: Mapping[MessageState, str] = {
    MessageState.WAITING: N_("Le message attend son heure."),
    MessageState.HELD: N_("L’envoi dont il fait partie est suspendu ; il attend qu’il reprenne."),
    MessageState.SENDING: N_("Le message est en cours d’envoi."),
    MessageState.SENT: N_("Le message a été remis au service d’envoi."),
    MessageState.SET_ASIDE: N_("Le message n’a pas pu partir ; une personne doit le regarder."),
    MessageState.DROPPED: N_("Le message n’avait plus lieu d’être à son heure ; rien n’est parti."),
    MessageState.RETURNED: N_("Le message est revenu : l’adresse ne reçoit pas."),
}

TRANSITIONS: Mapping[MessageState, tuple[MessageState, ...]] = {
    MessageState.WAITING: (MessageState.SENDING, MessageState.DROPPED, MessageState.HELD),
    MessageState.HELD: (MessageState.WAITING,),
    MessageState.SENDING: (
        MessageState.SENT,
        MessageState.WAITING,
        MessageState.SET_ASIDE,
        MessageState.DROPPED,
        MessageState.RETURNED,
    ),
    MessageState.SENT: (MessageState.RETURNED,),
    MessageState.DROPPED: (),
    MessageState.RETURNED: (MessageState.WAITING,),
    MessageState.SET_ASIDE: (MessageState.WAITING,),
}


# Those that have not left and may.
UNDER_WAY = (MessageState.WAITING, MessageState.HELD, MessageState.SENDING)


def wait_after(tries: int) -> timedelta:
    """How long to wait after the `tries`-th temporary failure: one minute, doubling, at most six hours."""
    return min(timedelta(minutes=2 ** (max(tries, 1) - 1)), timedelta(hours=6))


@dataclass(frozen=True)
class Past:
    """What a message has behind it: temporary failures, lost starts, and handings over that were not answered."""

    tries: int = 0
    lost_starts: int = 0
    unanswered: int = 0

    @property
    def alone(self) -> bool:
        """Whether it is claimed by itself: it may be what killed its sender, and its neighbours are not to pay."""
        return self.lost_starts > 0 or self.unanswered > 0


def after_lost_start(past: Past) -> MessageState:
    """Where a message goes whose sender fell silent.

    The first silent sender may have handed it over. A later one says so just before (`unanswered`), so that a server
    may have had it twice at most: then a person looks.
    """
    worn = past.lost_starts + 1 >= MAX_LOST_STARTS or past.unanswered > 0
    return MessageState.SET_ASIDE if worn else MessageState.WAITING


def after_failure(failure: Failure, past: Past, moment: datetime) -> dict[str, Any]:
    """The columns that a failure changes; `past` is what was before it."""
    if failure == Failure.PERMANENT:
        return {"state": MessageState.RETURNED, "failure": failure}
    tries = past.tries + (failure == Failure.TEMPORARY)
    unanswered = past.unanswered + (failure == Failure.UNANSWERED)
    values: dict[str, Any] = {"tries": tries, "unanswered": unanswered, "failure": failure}
    # A sender that fell silent may have handed it over too: that counts like one more without an answer.
    unknown = unanswered + (past.lost_starts > 0)
    if tries >= MAX_TRIES or (failure == Failure.UNANSWERED and unknown >= MAX_UNANSWERED):
        return {**values, "state": MessageState.SET_ASIDE}
    return {**values, "state": MessageState.WAITING, "due": moment + wait_after(tries)}
