"""Moving a file by hand: one person asks with a reason, a second one agrees; either takes it back before that.

The jury is sovereign, the program proposes: a move counts whatever the mark, in an intake whose rules are sealed, until
another move replaces it, and no more once a batch of decisions rests on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from cohortmgr.accounts.rules import Viewer, allows, require, require_second_person
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.audit.actions import about, record
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import N_, Problem, Refused, Stale
from cohortmgr.base.text import clean, new_reference
from cohortmgr.jobs.actions import queue
from cohortmgr.jobs.queries import advance_of
from cohortmgr.programmes import queries as programmes
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.queries import require_unconcerned
from cohortmgr.selection import queries
from cohortmgr.selection.moves import queries as moves
from cohortmgr.selection.moves.effects import MoveEffect
from cohortmgr.selection.moves.models import MoveByHand
from cohortmgr.selection.moves.rules import (
    MOVE_STATES,
    MoveDirection,
    MoveState,
    direction_said,
    require_reason,
    require_seat,
    require_sense,
)
from cohortmgr.selection.sealing.queries import covers_all, rules_in_force, wishes_in
from cohortmgr.selection.standings.queries import kept as standings
from cohortmgr.selection.standings.queries.tried import tried

TRY = "selection.try_move"
_DECIDED = N_(
    "Un lot de décisions repose sur ce classement : annulez-le d’abord, tant qu’il n’est pas approuvé."
)
_UNSEALED = N_(
    "Les règles de cette campagne ne sont pas scellées : la commission décide à la main après le sceau."
)
_NO_SEATS_THERE = N_("Les règles scellées ne donnent pas de places à cette offre.")
_GONE = N_("Cette candidature est retirée : il n’y a plus rien à décider.")
_WAITS = N_("Une décision à la main attend déjà un accord pour ce dossier : reprenez-la d’abord.")
_NOT_ASKED = N_("Aucune décision à la main n’attend d’accord pour ce dossier.")
_CHANGED = N_(
    "Le classement a changé : ce que la décision y change se recalcule. Relisez-le, puis donnez votre accord."
)


@dataclass(frozen=True)
class _MovedFile:
    """The file of a move, with its intake and its offering; where seats of several are given by wishes (`is_joint`),
    with the one in which the move gives a seat."""

    intake: Intake
    application: Application
    offering: Offering
    is_joint: bool = False

    @property
    def scope(self) -> Offering | None:
        """Of which offering the ranking and the batch are that the move changes; None for all at once."""
        return None if self.is_joint else self.offering


def ask(
    viewer: Viewer,
    intake_reference: str,
    application_reference: str,
    direction: str,
    reason: str,
    offering_reference: str | None = None,
) -> MoveByHand:
    """Ask to give a file a seat ("in"), to keep it out ("out"), or to let its mark decide again ("mark"), whatever was
    decided by hand before. Nothing changes until a second person agrees. The same request twice is one. Where seats of
    several offerings are given by wishes, the seat is in the one that is named, or in that of the file.

    Of a file that was set aside for another the mark may decide again, and nothing else.

    Refused without sealed rules, without a reason, once a batch of the offering rests on the ranking, for a file that
    is withdrawn or for which another request waits, where nothing would change, and where no sealed seat is left."""
    file = _held(viewer, intake_reference, application_reference, "selection.propose")
    if file.is_joint and offering_reference:
        file = replace(file, offering=queries.offering_of(file.intake, offering_reference))
    way, said = direction_said(direction), clean(reason).strip()
    require_reason(said)
    known = moves.open_of(file.application)
    if known is not None:
        same = (known.asked_by, known.direction, known.reason, known.offering_id)
        if same == (viewer.reference, way, said, file.offering.id):
            return known
        raise Refused(_WAITS)
    _require_movable(file, way)
    row = MoveByHand(
        reference=new_reference(),
        institution_id=file.intake.institution_id,
        application_id=file.application.id,
        intake_id=file.intake.id,
        offering_id=file.offering.id,
        direction=way.value,
        state=MoveState.ASKED.value,
        reason=said,
        asked_by=viewer.reference,
        asked_at=clock.now(),
        effect={},
    )
    db.session.add(row)
    db.session.flush()
    if not standings.is_done_at_once(file.intake):
        _ask_worker(viewer, row)
    after = {"application": file.application.number, "act": row.direction, "reason": row.reason}
    record(viewer, "selection.ask_move", about(row), after=after)
    return row


def take_back(viewer: Viewer, intake_reference: str, application_reference: str) -> None:
    """Take a request back that waits for a second person, as whoever may ask or agree. Nothing happens if none does."""
    intake = programmes.get_intake(intake_reference)
    asks = allows(viewer, "selection.propose", intake.path)
    permission = "selection.propose" if asks else "selection.approve"
    file = _held(viewer, intake_reference, application_reference, permission)
    row = moves.open_of(file.application)
    if row is None:
        return
    row.state = MOVE_STATES.move(row.state, MoveState.TAKEN_BACK).value
    row.ended_by, row.ended_at = viewer.reference, clock.now()
    after = {"application": file.application.number, "act": row.direction}
    record(viewer, "selection.take_back_move", about(row), after=after)


def agree(viewer: Viewer, intake_reference: str, application_reference: str, version: int) -> MoveByHand:
    """Agree to a move as a second person: it is in force from now on, and the one before it of the file is undone. A
    second call of the same person changes nothing.

    Raises Stale if it is another one than the page showed, and Refused if the viewer asked for it, for whatever would
    refuse to ask for it now, and with the words of the conflict if hard bounds could not hold with it."""
    file = _held(viewer, intake_reference, application_reference, "selection.approve")
    row, before = moves.open_of(file.application), moves.agreed_of(file.application)
    if row is None:
        if before is not None and before.agreed_by == viewer.reference:
            return before
        raise Refused(_NOT_ASKED)
    require_second_person(row.asked_by, viewer.reference)
    if version != row.version:
        raise Stale(application_reference)
    if file.is_joint:
        file = replace(file, offering=db.session.get_one(Offering, row.offering_id))
    _require_movable(file, MoveDirection(row.direction))
    effect = _effect(file, row)
    if effect.breaks:
        raise Refused(*effect.conflict)
    if before is not None:
        before.state = MOVE_STATES.move(before.state, MoveState.UNDONE).value
        before.ended_by, before.ended_at = viewer.reference, clock.now()
        db.session.flush()  # one agreed move a file: the earlier one goes first
    row.state = MOVE_STATES.move(row.state, MoveState.AGREED).value
    row.agreed_by, row.agreed_at, row.effect = viewer.reference, clock.now(), effect.as_json()
    after = {"application": file.application.number, "act": row.direction, "reason": row.reason}
    record(viewer, "selection.agree_move", about(row), after=after)
    return row


def foresee(viewer: Viewer, intake: Intake, row: MoveByHand) -> None:
    """Let the worker find anew what a move of a large intake would change, unless it is about to."""
    require(viewer, "selection.read", intake.path)
    require_unconcerned(viewer, intake, "selection.read")
    found = moves.by_reference(row.reference, lock=True)
    if found is not None and found.state == MoveState.ASKED and not advance_of(found.job_reference).goes_on:
        _ask_worker(viewer, found)


def _ask_worker(viewer: Viewer, row: MoveByHand) -> None:
    row.job_reference = queue.request(viewer, TRY, {"move": row.reference}, row.institution_id)


def keep_effect(viewer: Viewer, reference: str, rests_on: str, effect: MoveEffect) -> None:
    """Keep what the worker found that a move would change, and of which state of the ranking."""
    row = moves.by_reference(reference, lock=True)
    if row is not None and row.state == MoveState.ASKED:
        row.effect, row.rests_on = effect.as_json(), rests_on


def _effect(file: _MovedFile, row: MoveByHand) -> MoveEffect:
    """What a move would change now; of a large intake, what the worker found if that still holds."""
    if standings.is_done_at_once(file.intake):
        way = MoveDirection(row.direction)
        return tried(file.intake, file.offering, file.application.number, [way]).effects[way]
    if not row.effect or row.rests_on != standings.state_of(file.intake, file.scope):
        raise Refused(_CHANGED)
    return MoveEffect.of_json(row.effect)


def _held(viewer: Viewer, intake_reference: str, application_reference: str, permission: str) -> _MovedFile:
    """Return a file of an intake in which nobody else moves, seals or proposes until the commit."""
    intake = programmes.get_intake(intake_reference)
    require(viewer, permission, intake.path)
    require_unconcerned(viewer, intake, permission)
    db.session.execute(sa.select(Intake.id).where(Intake.id == intake.id).with_for_update())
    application = moves.moved_file(intake, application_reference)
    return _MovedFile(intake, application, moves.offering_of_file(application), covers_all(intake))


def _require_movable(file: _MovedFile, direction: MoveDirection) -> None:
    """Raise Refused unless the file may be moved so as things stand."""
    rules = rules_in_force(file.intake)
    if rules is None:
        raise Refused(_UNSEALED)
    if not _is_movable(file.application.state, direction):
        raise Refused(_GONE)
    if queries.live_batch(file.intake, file.scope) is not None:
        raise Refused(_DECIDED)
    before = moves.agreed_of(file.application)
    in_force = before.direction if before is not None else None
    if before is not None and file.is_joint and direction is MoveDirection.IN:
        # A seat in another offering is another decision.
        in_force = in_force if before.offering_id == file.offering.id else None
    require_sense(direction, in_force, file.application.eligible)
    right = {each.application for each in rules.content.right}
    number = file.application.number
    if direction is MoveDirection.OUT or (direction is MoveDirection.MARK and number not in right):
        return
    if file.is_joint:
        _require_seat_of(file, direction, right, rules.content.seats)
        return
    held = moves.seats_held(file.intake, file.offering, right, number)
    require_seat(held, rules.content.seats.get(file.offering.key, file.offering.seats))


def _require_seat_of(
    file: _MovedFile, direction: MoveDirection, right: Collection[str], seats: Mapping[str, int]
) -> None:
    """Refuse unless the offering in which the file would have a seat has one left by the sealed rules."""
    number, key = file.application.number, file.offering.key
    if direction is MoveDirection.MARK:
        wishes = wishes_in(file.intake, programmes.offerings_of(file.intake), [number])
        key = next((each for each in wishes.get(number, ()) if each in seats), key)
    if key not in seats:
        raise Refused(Problem(_NO_SEATS_THERE))
    require_seat(moves.seats_held_jointly(file.intake, key, right, number), seats[key])


def _is_movable(state: str, direction: MoveDirection) -> bool:
    """Whether a file in this state may be moved so: what was decided of one that was set aside for another can be
    lifted alone."""
    lifted = state == ApplicationState.SUPERSEDED and direction is MoveDirection.MARK
    return lifted or state == ApplicationState.SUBMITTED
