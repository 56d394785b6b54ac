"""What a move by hand may say, where it stands, and why one is refused."""

from __future__ import annotations

from enum import StrEnum

from cohortmgr.base.errors import N_, NN_, Problem, Quantity, Refused
from cohortmgr.base.states import Stage, Table

LONGEST_MOVE_REASON = 1_000
_NO_REASON = N_("Dites pourquoi la commission en décide ainsi : le motif va au certificat.")
_TOO_LONG = N_("Écrivez %(most)s caractères au plus.")
_NO_DIRECTION = N_("Choisissez : donner une place, ne pas retenir, ou laisser la note décider.")
_NOTHING_NEW = N_("C’est déjà ce que la commission a décidé pour ce dossier : rien ne change.")
_NOTHING_TO_LIFT = N_("La commission n’a rien décidé pour ce dossier : la note décide déjà.")
_NOT_ELIGIBLE = N_(
    "Ce dossier ne remplit pas les conditions, ou personne ne l’a encore dit : la commission ne lui donne pas de place."
)
_NO_SEAT = N_(
    "Une place est déjà donnée, par droit ou à la main, à %(people)s : les règles scellées n’ont que %(places)s."
)
_PEOPLE = NN_("%(num)s personne", "%(num)s personnes")
_PLACES = NN_("%(num)s place", "%(num)s places")


class MoveDirection(StrEnum):
    """What a move does to a file; the last one undoes an earlier move."""

    IN = "in"
    OUT = "out"
    MARK = "mark"


class MoveState(StrEnum):
    """Where a move by hand stands."""

    ASKED = "asked"
    AGREED = "agreed"
    TAKEN_BACK = "taken_back"
    UNDONE = "undone"


MOVE_STATES = Table(
    {
        MoveState.ASKED: Stage(
            N_(
                "Cette décision à la main attend l’accord d’une deuxième personne ; elle ne change rien encore."
            ),
            to=(MoveState.AGREED, MoveState.TAKEN_BACK),
        ),
        MoveState.AGREED: Stage(
            N_("Deux personnes l’ont décidé : cela vaut, quelle que soit la note."), to=(MoveState.UNDONE,)
        ),
        MoveState.TAKEN_BACK: Stage(N_("La demande a été reprise avant l’accord.")),
        MoveState.UNDONE: Stage(N_("Une décision plus récente la remplace.")),
    }
)


def direction_said(text: str) -> MoveDirection:
    """The direction that a button sent. Raises Refused for anything else."""
    if text not in set(MoveDirection):
        raise Refused(Problem(_NO_DIRECTION))
    return MoveDirection(text)


def require_reason(said: str) -> None:
    """Raise Refused unless a cleaned reason says something, in as many characters as it may have."""
    if not said:
        raise Refused(Problem(_NO_REASON, {}, "reason"))
    if len(said) > LONGEST_MOVE_REASON:
        raise Refused(Problem(_TOO_LONG, {"most": LONGEST_MOVE_REASON}, "reason"))


def require_sense(direction: str, in_force: str | None, eligible: bool | None) -> None:
    """Raise Refused if a move would say what is in force already (None: nothing), or give a seat to a file that may not
    have one."""
    if direction == MoveDirection.MARK and in_force in (None, MoveDirection.MARK):
        raise Refused(Problem(_NOTHING_TO_LIFT))
    if direction == in_force:
        raise Refused(Problem(_NOTHING_NEW))
    if direction == MoveDirection.IN and not eligible:
        raise Refused(Problem(_NOT_ELIGIBLE))


def require_seat(held: int, seats: int) -> None:
    """Raise Refused if all sealed seats are `held` already, by right and by hand."""
    if held >= seats:
        values = {"people": Quantity(*_PEOPLE, held), "places": Quantity(*_PLACES, seats)}
        raise Refused(Problem(_NO_SEAT, values))
