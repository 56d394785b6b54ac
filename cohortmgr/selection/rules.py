"""The rules of selection: states of batches, offers and waiting-list places, and the reasons that a refusal gives."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from cohortmgr.base.errors import N_, Problem, Refused
from cohortmgr.base.states import Stage, Table


class BatchState(StrEnum):
    """The state of a batch of decisions."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVING = "approving"
    APPROVED = "approved"
    CANCELLED = "cancelled"


BATCH_STATES = Table(
    {
        BatchState.DRAFT: Stage(
            N_("Les décisions se préparent ; personne n’en est informé."),
            to=(BatchState.PROPOSED, BatchState.CANCELLED),
        ),
        BatchState.PROPOSED: Stage(
            N_("Les décisions sont figées et attendent l’accord d’une deuxième personne."),
            to=(BatchState.APPROVING, BatchState.APPROVED, BatchState.CANCELLED),
        ),
        BatchState.APPROVING: Stage(
            N_(
                "Une deuxième personne a donné son accord : les lettres s’écrivent, et rien ne part avant la dernière."
            ),
            to=(BatchState.APPROVED, BatchState.PROPOSED),
        ),
        BatchState.APPROVED: Stage(N_("Les décisions sont prises : les offres et les réponses partent.")),
        BatchState.CANCELLED: Stage(N_("Le lot est abandonné ; aucune de ses décisions ne vaut.")),
    }
)


LIVE = (BatchState.DRAFT, BatchState.PROPOSED, BatchState.APPROVING, BatchState.APPROVED)
"""The states of which an offering has one batch at most, and in which readings that it rests on change no more."""

SETTLED = (BatchState.PROPOSED, BatchState.APPROVING, BatchState.APPROVED)
"""The states in which the decisions of a batch stand as they were proposed: rankings show them."""

AT_ONCE = 2_000
"""An intake with this many sent files at most is ranked, proposed and approved while the person waits; a larger one by
the worker."""


APPEAL_DAYS = 60
"""How many days after they were told of a decision its person may contest it: those that law 41-90 gives to ask an
establishment to look again, or an administrative court to annul."""


def appeal_until(told: date) -> date:
    """The last day on which a decision that was told on a day may be contested."""
    return told + timedelta(days=APPEAL_DAYS)


class OfferState(StrEnum):
    """The state of the offer of a seat."""

    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OFFER_STATES = Table(
    {
        OfferState.SENT: Stage(
            N_("Une place est proposée et réservée jusqu’à la date limite."),
            to=(OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.WITHDRAWN),
        ),
        OfferState.ACCEPTED: Stage(
            N_("La personne a accepté : la place est à elle."), to=(OfferState.DECLINED, OfferState.WITHDRAWN)
        ),
        OfferState.DECLINED: Stage(N_("La personne a renoncé : la place revient à la liste d’attente.")),
        OfferState.EXPIRED: Stage(
            N_("La date limite est passée sans réponse : la place revient à la liste d’attente.")
        ),
        OfferState.WITHDRAWN: Stage(N_("L’établissement a retiré l’offre, avec un motif.")),
    }
)


# What a list says of an offer, and its look.
OFFER_WORDS: Mapping[str, str] = {
    OfferState.SENT.value: N_("Attend sa réponse"),
    OfferState.ACCEPTED.value: N_("Acceptée"),
    OfferState.DECLINED.value: N_("Renoncement"),
    OfferState.EXPIRED.value: N_("Sans réponse"),
    OfferState.WITHDRAWN.value: N_("Retirée"),
}
OFFER_TAGS: Mapping[str, str] = {"sent": "wait", "accepted": "done", "expired": "stop"}

# The letter that tells those who waited that a list is closed.
WAITING_CLOSED = "waiting_closed"
SEAT_HOLDING = frozenset({OfferState.SENT, OfferState.ACCEPTED})
"""The states in which an offer holds a seat."""


GRACE = timedelta(days=1)
"""How long after its deadline an unanswered offer still waits: its person may answer, and staff see who would lose a
seat and may hold it. A seat that passes on in the minute of a deadline is lost to whoever had no network then."""


def lapses_at(deadline: datetime, held_at: datetime | None) -> datetime | None:
    """Return when an unanswered offer lapses; None while staff hold it."""
    return deadline + GRACE if held_at is None else None


def is_open(state: str, deadline: datetime, held_at: datetime | None, now: datetime) -> bool:
    """Whether an offer may still be answered: also in its day of grace, and while staff hold it."""
    ends = lapses_at(deadline, held_at)
    return state == OfferState.SENT and (ends is None or now < ends)


class Outcome(StrEnum):
    """The outcome of a decision about a file."""

    OFFER = "offer"
    WAITING = "waiting"
    REFUSED = "refused"


class WaitingState(StrEnum):
    """The state of a place on the waiting list."""

    WAITING = "waiting"
    OFFERED = "offered"
    LEFT = "left"
    CLOSED = "closed"


WAITING_STATES = Table(
    {
        WaitingState.WAITING: Stage(
            N_("La personne attend, à son rang, qu’une place se libère."),
            to=(WaitingState.OFFERED, WaitingState.LEFT, WaitingState.CLOSED),
        ),
        WaitingState.OFFERED: Stage(N_("Une place s’est libérée et lui a été offerte.")),
        WaitingState.LEFT: Stage(N_("La personne a quitté la liste d’attente.")),
        WaitingState.CLOSED: Stage(N_("La liste a été close sans qu’une place lui revienne.")),
    }
)


LONGEST_REASON = 1000


def required_reason(reason: str) -> str:
    """Return the reason of an act that people will ask about. Refused if it is empty or too long."""
    if not reason.strip():
        raise Refused(Problem(N_("Écrivez le motif : il explique cet acte plus tard."), {}, "reason"))
    if len(reason) > LONGEST_REASON:
        raise Refused(Problem(N_("Écrivez %(most)s caractères au plus."), {"most": LONGEST_REASON}, "reason"))
    return reason.strip()


def is_refusal(outcome: str, offered: bool, place: int | None) -> bool:
    """Whether a person was told no: by a refusal, or on a waiting list from which nobody is called any more. `offered`:
    whether they ever had an offer; `place`: their rank on the list, None once there is none."""
    return outcome == Outcome.REFUSED or (outcome == Outcome.WAITING and not offered and place is None)
