"""Whose turn it is: one line for each file of a person, always with the next date that matters to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from cohortmgr.base.errors import N_, Problem


@dataclass(frozen=True)
class Turn:
    """A status in a word or two, its colour (named as in macros/status), what comes next, and where to go."""

    status: str
    kind: str
    next: Problem
    endpoint: str
    mine: bool = False


@dataclass(frozen=True)
class FileSituation:
    """What is known of a file. `closes_at` is its own deadline, with any extension given to it.

    `outcome` and `offer` are set only once the person was told. `owed` is the number of answers still asked
    of someone who accepted a seat."""

    state: str
    closes_at: datetime
    decision_by: date
    outcome: str | None = None
    offer: str | None = None
    deadline: datetime | None = None
    lapses_at: datetime | None = None  # until when an offer may be answered; None while staff hold it
    place: int | None = None
    owed: int = 0
    correct_by: datetime | None = (
        None  # until when the person is asked to correct answers, while that may be done
    )
    refused: bool = False  # the guardian of a child refused, for whom a held file waits
    expected_at: datetime | None = None  # when the person is expected at an interview or a test
    to_choose: bool = False  # whether they are to choose when


JOINING, CORRECTION = "joining_candidate.form", "corrections_candidate.form"
APPOINTMENT = "interviews_candidate.appointment"
SHOW, FORM, OFFER = "applications_candidate.show", "applications_candidate.form", "selection_candidate.offer"


def turn_of(situation: FileSituation, now: datetime) -> Turn:
    """Return where a file stands and who acts next. `now` is in the programme's zone: its date is today's."""
    turn = _standing(situation, now)
    asked = situation.correct_by
    if asked is None or now >= asked or _is_sooner(situation, turn, asked):
        return turn
    what = N_("C’est à vous : corrigez ce qui est demandé avant le %(moment)s.")
    return replace(turn, kind="wait", next=Problem(what, {"moment": asked}), endpoint=CORRECTION, mine=True)


def _is_sooner(situation: FileSituation, turn: Turn, asked: datetime) -> bool:
    """Whether a seat waits for its answer until a moment before that of the correction."""
    return (
        turn.endpoint == OFFER and turn.mine and situation.deadline is not None and situation.deadline < asked
    )


def _standing(situation: FileSituation, now: datetime) -> Turn:
    if situation.state == "withdrawn":
        return Turn(N_("Retirée"), "neutral", Problem(N_("Vous avez retiré cette candidature.")), SHOW)
    if situation.state == "superseded":
        what = N_("Vous avez une autre candidature dans cette campagne : c’est elle qui est lue.")
        return Turn(N_("Mise de côté"), "neutral", Problem(what), SHOW)
    if situation.state == "draft":
        return _draft(situation, now)
    if situation.state == "held":
        return _held(situation)
    if situation.offer is not None:
        return _offer(situation, now)
    if situation.outcome == "waiting" and situation.place is None:
        what = N_("Plus aucune place n’est proposée pour cette campagne.")
        return Turn(N_("Liste d’attente close"), "neutral", Problem(what), OFFER)
    if situation.outcome == "waiting":
        what = N_(
            "Vous êtes au rang %(place)s de la liste d’attente. Nous vous écrivons si une place se libère."
        )
        return Turn(N_("Liste d’attente"), "info", Problem(what, {"place": situation.place}), OFFER)
    if situation.outcome == "refused":
        return Turn(N_("Non retenue"), "stop", Problem(N_("Lisez la réponse et ses raisons.")), OFFER)
    return _sent(situation, now)


def _sent(situation: FileSituation, now: datetime) -> Turn:
    if situation.to_choose:
        choose = Problem(N_("C’est à vous : choisissez un créneau."))
        return Turn(N_("Envoyée"), "wait", choose, APPOINTMENT, mine=True)
    if situation.expected_at is not None and situation.expected_at > now:
        expected = Problem(N_("Nous vous attendons le %(moment)s."), {"moment": situation.expected_at})
        return Turn(N_("Envoyée"), "info", expected, APPOINTMENT)
    what = N_("C’est à nous : réponse au plus tard le %(day)s.")
    if situation.decision_by < now.date():
        what = N_("C’est à nous : la réponse était promise pour le %(day)s.")
    return Turn(N_("Envoyée"), "done", Problem(what, {"day": situation.decision_by}), SHOW)


def _held(situation: FileSituation) -> Turn:
    if situation.refused:
        what = N_("Votre tuteur légal n’a pas donné son accord : le dossier n’est pas envoyé.")
        return Turn(N_("Non envoyée"), "stop", Problem(what), SHOW)
    return Turn(
        N_("Pas encore envoyée"), "wait", Problem(N_("En attente de l’accord de votre tuteur légal")), SHOW
    )


def _draft(situation: FileSituation, now: datetime) -> Turn:
    if now >= situation.closes_at:
        what = N_("La campagne est close depuis le %(moment)s ; cette candidature n’a pas été envoyée.")
        return Turn(N_("Non envoyée"), "neutral", Problem(what, {"moment": situation.closes_at}), SHOW)
    what = N_("C’est à vous : envoyez-la avant le %(moment)s.")
    return Turn(N_("En cours"), "wait", Problem(what, {"moment": situation.closes_at}), FORM, mine=True)


def _offer(situation: FileSituation, now: datetime) -> Turn:
    if situation.offer == "accepted" and situation.owed:
        what = N_("C’est à vous : il manque encore quelque chose pour votre inscription.")
        return Turn(N_("Place acceptée"), "wait", Problem(what), JOINING, mine=True)
    told = {
        "accepted": (N_("Place acceptée"), "done", N_("Vous avez accepté votre place.")),
        "declined": (N_("Renoncement"), "neutral", N_("Vous avez renoncé à cette place.")),
        "expired": (N_("Offre sans réponse"), "stop", N_("La date limite est passée sans réponse.")),
        "withdrawn": (N_("Offre retirée"), "stop", N_("Cette offre n’est plus valable.")),
    }
    # A lapsed offer is shown as expired at once. The worker records that within a minute, if it runs.
    ends = situation.lapses_at
    offer = "expired" if situation.offer == "sent" and ends is not None and ends <= now else situation.offer
    if offer in told:
        status, kind, text = told[offer]
        return Turn(status, kind, Problem(text), OFFER)
    return Turn(N_("À vous de répondre"), "wait", _asked_by(situation, now), OFFER, mine=True)


def _asked_by(situation: FileSituation, now: datetime) -> Problem:
    """Until when a seat waits for its person's answer."""
    if situation.deadline is None or now < situation.deadline:
        what = N_("Une place vous est proposée : répondez avant le %(moment)s.")
        return Problem(what, {"moment": situation.deadline})
    if situation.lapses_at is None:
        return Problem(N_("Le délai est passé, mais votre place est retenue : répondez dès que possible."))
    what = N_("Le délai est passé, mais vous pouvez encore répondre jusqu’au %(moment)s.")
    return Problem(what, {"moment": situation.lapses_at})
