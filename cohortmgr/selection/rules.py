"""The rules of selection: states of batches, offers and waiting-list places, and the reasons that a refusal gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

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


@dataclass(frozen=True)
class CriterionMark:
    """A criterion as a refused person sees it: their mark, and the average mark of the chosen.

    Both are thousandths out of twenty. `title` and `advice` come from the rubric: texts in three languages,
    or one already in the reader's language, or a problem around such a text.
    """

    key: str
    title: str | Mapping[str, str]
    mark: int
    chosen: int
    advice: str | Mapping[str, str] | Problem = ""


def marks(thousandths: int) -> Decimal:
    """Convert thousandths to a decimal with two places, for display."""
    return (Decimal(thousandths) / 1000).quantize(Decimal("0.01"))


def reason_for(
    rank: int,
    of: int,
    mean: int,
    line: int | None,
    criteria: Sequence[CriterionMark],
    shown: int = 2,
    tied: bool | None = None,
    *,
    harmonised: bool = False,
) -> list[Problem]:
    """Return why a file was not chosen: its rank, the line, and the criteria that cost it most, with advice. Of a
    `harmonised` mean it says what that is.

    `mean` and `line` (the lowest mean chosen) are thousandths out of twenty. Marks in the problems are
    Decimals with two places, or three where two would show the same figure. `tied` says whether the exact
    means are equal: rounded means may be equal when the exact ones are not.
    """
    reasons = [
        Problem(N_("Votre dossier est classé %(rank)s sur %(of)s."), {"rank": rank, "of": of}, "rank"),
    ]
    if line is None:
        reasons.append(Problem(N_("Aucune place n’était à pourvoir."), {}, "line"))
    elif mean == line if tied is None else tied:
        reasons.append(Problem(_TIED_WITH[harmonised], {"mean": marks(mean)}, "line"))
    else:
        reasons.append(Problem(_BELOW[harmonised], _told_apart(mean, line), "line"))
    return reasons + explained(harmonised) + weakest(criteria, shown)


# By whether the mark is harmonised.
_TIED_WITH = (
    N_("Votre moyenne, %(mean)s sur 20, est celle du dernier retenu ; le départage a tranché."),
    N_("Votre note harmonisée, %(mean)s sur 20, est celle du dernier retenu ; le départage a tranché."),
)
_BELOW = (
    N_("Votre moyenne est de %(mean)s sur 20 ; le dernier dossier retenu a %(line)s."),
    N_("Votre note harmonisée est de %(mean)s sur 20 ; celle du dernier dossier retenu est de %(line)s."),
)
_STAYED = (
    N_("Votre dossier s’est arrêté après « %(phase)s », avec une moyenne de %(mean)s sur 20."),
    N_("Votre dossier s’est arrêté après « %(phase)s », avec une note harmonisée de %(mean)s sur 20."),
)
_STAYED_BELOW = (
    N_(
        "Votre dossier s’est arrêté après « %(phase)s » : sa moyenne est de %(mean)s sur 20, et le dernier à aller "
        "plus loin avait %(line)s."
    ),
    N_(
        "Votre dossier s’est arrêté après « %(phase)s » : sa note harmonisée est de %(mean)s sur 20, et celle du "
        "dernier à aller plus loin était de %(line)s."
    ),
)
_HARMONISED = N_(
    "Note harmonisée (péréquation) : la sévérité de chaque personne qui a lu est retirée de ses notes, et une note qui "
    "repose sur peu de lectures est rapprochée de la moyenne, par un calcul qui est le même pour tous les dossiers. La "
    "commission l’a choisi ; elle décide, et non le calcul."
)


def explained(harmonised: bool) -> list[Problem]:
    """Return what a harmonised mark is, where one counts."""
    return [Problem(_HARMONISED, {}, "harmonised")] if harmonised else []


def weakest(criteria: Sequence[CriterionMark], shown: int) -> list[Problem]:
    """Return the criteria that cost a file most against the chosen, with advice; as many as are to be shown."""
    found = sorted((c for c in criteria if c.mark < c.chosen), key=lambda c: (c.mark - c.chosen, c.key))
    return [_weakness(criterion) for criterion in found[:shown]]


def reason_to_knock_out(
    title: Mapping[str, str], mean: Fraction, limit: Decimal, high: int, advice: str | Problem = ""
) -> Problem:
    """Return why a file was not chosen whatever its rank: the mean of its readings on one criterion, in points of a
    scale that ends at `high`."""
    shown = (Decimal(mean.numerator) / mean.denominator).quantize(Decimal("0.01"))
    if shown >= limit:  # rounded up to what it falls short of
        shown = (Decimal(mean.numerator) / mean.denominator).quantize(Decimal("0.00001"))
    values = {"criterion": title, "mark": shown, "limit": limit, "high": high, "advice": advice}
    if advice:
        text = N_(
            "%(criterion)s : les lectures de votre dossier donnent %(mark)s sur %(high)s ; il faut au moins %(limit)s. "
            "%(advice)s"
        )
    else:
        text = N_(
            "%(criterion)s : les lectures de votre dossier donnent %(mark)s sur %(high)s ; il faut au moins %(limit)s."
        )
    return Problem(text, values, "knocked_out")


def reasons_to_stay(
    rank: int,
    of: int,
    phase: Mapping[str, str] | Problem,
    mean: int,
    line: int | None,
    criteria: Sequence[CriterionMark],
    shown: int = 2,
    *,
    harmonised: bool = False,
) -> list[Problem]:
    """Return why a file went no further than a phase: its rank, the lowest mark so far that went on, None without any,
    and the criteria that cost it most against the chosen, with advice. Of a `harmonised` mean it says what that is."""
    reasons = [Problem(N_("Votre dossier est classé %(rank)s sur %(of)s."), {"rank": rank, "of": of}, "rank")]
    if line is None:
        values: dict[str, object] = {"phase": phase, "mean": marks(mean)}
        reasons.append(Problem(_STAYED[harmonised], values, "line"))
    else:
        values = {"phase": phase, **_told_apart(mean, line)}
        reasons.append(Problem(_STAYED_BELOW[harmonised], values, "line"))
    return reasons + explained(harmonised) + weakest(criteria, shown)


def reason_of_absence(phase: Mapping[str, str] | Problem) -> Problem:
    """Return why a file was not chosen whose person did not come."""
    return Problem(N_("Vous n’étiez pas là : « %(phase)s »."), {"phase": phase}, "absent")


def _told_apart(mean: int, line: int) -> dict[str, object]:
    if marks(mean) != marks(line):
        return {"mean": marks(mean), "line": marks(line)}
    return {"mean": Decimal(mean) / 1000, "line": Decimal(line) / 1000}


def _weakness(criterion: CriterionMark) -> Problem:
    values = {
        "criterion": criterion.title,
        "mark": marks(criterion.mark),
        "chosen": marks(criterion.chosen),
        "advice": criterion.advice,
    }
    if criterion.advice:
        text = N_("%(criterion)s : %(mark)s sur 20, contre %(chosen)s pour les dossiers retenus. %(advice)s")
    else:
        text = N_("%(criterion)s : %(mark)s sur 20, contre %(chosen)s pour les dossiers retenus.")
    return Problem(text, values, criterion.key)


def is_refusal(outcome: str, offered: bool, place: int | None) -> bool:
    """Whether a person was told no: by a refusal, or on a waiting list from which nobody is called any more. `offered`:
    whether they ever had an offer; `place`: their rank on the list, None once there is none."""
    return outcome == Outcome.REFUSED or (outcome == Outcome.WAITING and not offered and place is None)
