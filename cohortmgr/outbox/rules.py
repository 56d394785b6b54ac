"""The life of a message to a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_

MAX_TRIES = 8
LEASE = timedelta(minutes=2)


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    SET_ASIDE = "set_aside"
    DROPPED = "dropped"
    RETURNED = "returned"


MEANINGS: Mapping[MessageState, str] = {
    MessageState.WAITING: N_("Le message attend son heure."),
    MessageState.SENDING: N_("Le message est en cours d’envoi."),
    MessageState.SENT: N_("Le message a été remis au service d’envoi."),
    MessageState.SET_ASIDE: N_("Le message n’a pas pu partir ; une personne doit le regarder."),
    MessageState.DROPPED: N_("Le message n’avait plus lieu d’être à son heure ; rien n’est parti."),
    MessageState.RETURNED: N_("Le message est revenu : l’adresse ne reçoit pas."),
}

TRANSITIONS: Mapping[MessageState, tuple[MessageState, ...]] = {
    MessageState.WAITING: (MessageState.SENDING, MessageState.DROPPED),
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


def wait_after(tries: int) -> timedelta:
    """How long to wait after the `tries`-th temporary failure: one minute, doubling, at most six hours."""
    return min(timedelta(minutes=2 ** (tries - 1)), timedelta(hours=6))
