"""Reading moves by hand: those in force, those that wait for a second person, and what each says with both names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import names_of
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.duplicates.models import Merge
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import NAME
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound
from cohortmgr.programmes.models import Intake, Offering
from cohortmgr.reviews.queries import followed
from cohortmgr.selection import rules
from cohortmgr.selection.bounded import Absence, AbsentFile, HandMove
from cohortmgr.selection.models import Batch
from cohortmgr.selection.moves.models import MoveByHand
from cohortmgr.selection.moves.rules import MoveDirection, MoveState
from cohortmgr.selection.ranking import BY_HAND, BY_RIGHT
from cohortmgr.selection.sealing.queries import wished_seats

_SENT = Application.state == "submitted"
_SET_ASIDE = Application.state == "superseded"
_KNOWN = Application.state.in_(("submitted", "withdrawn", "superseded"))
_LIVE = tuple(state.value for state in rules.LIVE)
_PLACING = (MoveDirection.IN.value, MoveDirection.OUT.value)
_COUNTED = (MoveState.AGREED.value, MoveState.UNDONE.value)


def visible(viewer: Viewer, permission: str = "selection.read") -> sa.Select[MoveByHand]:
    """Select the moves in intakes whose selection the viewer follows, and in which they have no interest."""
    chosen = sa.select(MoveByHand).join(Intake, Intake.id == MoveByHand.intake_id)
    return chosen.where(followed(viewer, permission))


def moved_file(intake: Intake, reference: str) -> Application:
    """Return a file that was sent to an intake, withdrawn ones too. Raises NotFound if there is none."""
    wanted = sa.select(Application).where(Application.reference == reference, _KNOWN)
    wanted = wanted.where(Application.intake_id == intake.id).execution_options(populate_existing=True)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(reference)
    return found


def offering_of_file(application: Application) -> Offering:
    """Return the offering to which a file was sent; one that names none was sent to the intake's first."""
    wanted = sa.select(Offering).where(Offering.intake_id == application.intake_id).order_by(Offering.id)
    offerings = db.session.scalars(wanted).all()
    return next((each for each in offerings if each.id == application.offering_id), offerings[0])


def offering_of_move(row: MoveByHand) -> Offering:
    """Return the offering in which a move gives a seat, or whose file it keeps out."""
    return db.session.get_one(Offering, row.offering_id)


def open_of(application: Application) -> MoveByHand | None:
    """Return the move of a file that waits for a second person, or None."""
    return _one(application, MoveState.ASKED)


def agreed_of(application: Application) -> MoveByHand | None:
    """Return the move of a file to which two people agreed last, or None."""
    return _one(application, MoveState.AGREED)


def _one(application: Application, state: MoveState) -> MoveByHand | None:
    wanted = sa.select(MoveByHand).where(
        MoveByHand.application_id == application.id, MoveByHand.state == state.value
    )
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def by_reference(reference: str, *, lock: bool = False) -> MoveByHand | None:
    """Return a move for the worker, as it is now; None if there is none of this reference."""
    wanted = sa.select(MoveByHand).where(MoveByHand.reference == reference)
    wanted = wanted.with_for_update() if lock else wanted
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def number_of(row: MoveByHand) -> str:
    """Return the number of a move's file."""
    return db.session.scalars(sa.select(Application.number).where(Application.id == row.application_id)).one()


def moves_in_force(intake: Intake, offering: Offering | None = None) -> Mapping[str, HandMove]:
    """Return the moves to which two people agreed, by the numbers of their files: of an intake, or of the files of an
    offering. Those of files that were withdrawn count no more. One statement."""
    wanted = sa.select(Application.number, MoveByHand.direction, MoveByHand.reason, Offering.key)
    wanted = wanted.join(Application, Application.id == MoveByHand.application_id)
    wanted = wanted.join(Offering, Offering.id == MoveByHand.offering_id)
    wanted = wanted.where(MoveByHand.intake_id == intake.id, _SENT, *_IN_FORCE)
    if offering is not None:
        wanted = wanted.where(of_offering(intake, offering))
    rows = db.session.execute(wanted.order_by(Application.number))
    return {
        number: HandMove(direction == MoveDirection.IN, reason, key)
        for number, direction, reason, key in rows
    }


_IN_FORCE = (MoveByHand.state == MoveState.AGREED.value, MoveByHand.direction.in_(_PLACING))


def absent_in(intake: Intake, offering: Offering | None, right: Collection[str]) -> tuple[AbsentFile, ...]:
    """Return the files that enter by `right`, or of which the jury decided, and that cannot be ranked, by number: of an
    offering or of all, and those of the right that the intake does not have. A file that is sent and meets the
    conditions, or of which nobody said yet whether it does, is not among them. One statement."""
    kept = sa.orm.aliased(Application)
    direction = sa.select(MoveByHand.direction).where(MoveByHand.application_id == Application.id, *_IN_FORCE)
    own = sa.true() if offering is None else of_offering(intake, offering)
    wanted = (
        sa.select(Application.number, Application.state, Application.eligible, kept.number.label("kept"),
                  direction.limit(1).scalar_subquery().label("direction"), own.label("own"))
        .outerjoin(Merge, sa.and_(Merge.aside_id == Application.id, Merge.intake_id == Application.intake_id,
                                  Merge.undone_at.is_(None)))
        .outerjoin(kept, sa.and_(kept.id == Merge.kept_id, kept.intake_id == Application.intake_id))
        .where(Application.intake_id == intake.id)
        .where(sa.or_(Application.number.in_(sorted(right)), Application.id.in_(
            sa.select(MoveByHand.application_id).where(MoveByHand.intake_id == intake.id, *_IN_FORCE))))
    )  # fmt: skip
    rows = {row.number: row for row in db.session.execute(wanted)}
    found = [_absent(row) for row in rows.values() if row.own]
    unknown = [AbsentFile(each, BY_RIGHT, Absence.UNKNOWN) for each in set(right) - set(rows)]
    return tuple(sorted((*filter(None, found), *unknown), key=lambda each: each.number))


def _absent(row: sa.Row[Any]) -> AbsentFile | None:
    """Why a file that is named cannot be ranked; None if it can, or if it is to be kept out and is out anyway."""
    by = BY_HAND if row.direction else BY_RIGHT
    if row.state == ApplicationState.SUPERSEDED:
        return AbsentFile(row.number, by, Absence.SET_ASIDE, row.kept or "")
    if row.state != ApplicationState.SUBMITTED:
        return AbsentFile(row.number, by, Absence.LEFT)
    if row.eligible is False and row.direction != MoveDirection.OUT:
        return AbsentFile(row.number, by, Absence.NOT_ELIGIBLE)
    return None


def of_offering(intake: Intake, offering: Offering) -> sa.ColumnElement[bool]:
    """Whether a file of an intake is one of an offering's; one that names none is of the first."""
    first = sa.select(sa.func.min(Offering.id)).where(Offering.intake_id == intake.id).scalar_subquery()
    return sa.func.coalesce(Application.offering_id, first) == offering.id


def moves_number(offering_id: Any) -> sa.ColumnElement[int]:
    """Return how many moves of an offering were ever agreed to, for whatever rests on them: each one changes it."""
    return _agreed(MoveByHand.offering_id == offering_id)


def moves_number_in(intake_id: Any) -> sa.ColumnElement[int]:
    """The same of all offerings of an intake."""
    return _agreed(MoveByHand.intake_id == intake_id)


def _agreed(among: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    counted = sa.select(sa.func.count(MoveByHand.id))
    return counted.where(among, MoveByHand.state.in_(_COUNTED)).scalar_subquery()


def seats_held(intake: Intake, offering: Offering, right: Collection[str], but: str) -> int:
    """Return how many seats of an offering are given by right and by hand, to others than the file with the number
    `but`: to files that were sent and meet the conditions. Two statements at most."""
    hand = moves_in_force(intake, offering)
    given = {number for number, move in hand.items() if move.is_in} | (set(right) - set(hand))
    given.discard(but)
    if not given:
        return 0
    counted = sa.select(sa.func.count()).select_from(Application)
    counted = counted.where(Application.intake_id == intake.id, _SENT, Application.eligible.is_(True))
    counted = counted.where(Application.number.in_(sorted(given)), of_offering(intake, offering))
    return db.session.scalar(counted) or 0


def seats_held_jointly(intake: Intake, key: str, right: Collection[str], but: str) -> int:
    """The same of an offering, by its key, where seats of several are given by wishes. Four statements at most."""
    placed = seats_of(intake, set(right))
    given = sorted(number for number, offering in placed.items() if offering == key and number != but)
    if not given:
        return 0
    counted = sa.select(sa.func.count()).select_from(Application)
    counted = counted.where(Application.intake_id == intake.id, _SENT, Application.eligible.is_(True))
    return db.session.scalar(counted.where(Application.number.in_(given))) or 0


def seats_of(intake: Intake, right: Collection[str]) -> Mapping[str, str | None]:
    """Return in which offering, by its key, each file has a seat by right or by hand, by its number, where seats of
    several are given by wishes. Three statements."""
    rules = wished_seats(intake, right, moves_in_force(intake))
    return {number: rules.seat_of(number) for number in rules.outright}


@dataclass(frozen=True)
class ToldMove:
    """A move as staff read it: its file, what it does, why, and who asked for it, agreed to it or ended it, and when;
    `file_state` is where the file stands: of one that is not sent any more the move does not count. `offering` is the
    key of that in which it gives a seat."""

    reference: str
    direction: str
    state: str
    reason: str
    application: str
    number: str
    name: str
    asked_by: str
    asked_at: datetime
    agreed_by: str
    agreed_at: datetime | None
    ended_by: str
    ended_at: datetime | None
    file_state: str
    offering: str


def told_in(intake: Intake, offering: Offering | None) -> Sequence[ToldMove]:
    """Return the moves of an offering's files, or of all of an intake, that were agreed to last or wait for a second
    person, by number; those of files that are gone too. Two statements at most."""
    wanted = _told().where(MoveByHand.intake_id == intake.id)
    if offering is not None:
        wanted = wanted.where(of_offering(intake, offering))
    waits = MoveByHand.state == MoveState.ASKED.value
    return _with_names(wanted.where(sa.or_(waits, sa.and_(*_IN_FORCE))))


def told_among(references: Collection[str]) -> Sequence[ToldMove]:
    """Return the moves with these references, by number. Two statements at most, none without any."""
    if not references:
        return []
    return _with_names(_told().where(MoveByHand.reference.in_(sorted(references))))


def told_of(application_id: int) -> Sequence[ToldMove]:
    """Return every move of a file, the newest first. Two statements at most."""
    return _with_names(_told().where(MoveByHand.application_id == application_id))


def _told() -> sa.Select[Any]:
    return (
        sa.select(
            MoveByHand, Application.reference, Application.number, NAME, Application.state, Offering.key
        )
        .join(Application, Application.id == MoveByHand.application_id)
        .join(Offering, Offering.id == MoveByHand.offering_id)
        .order_by(Application.number, MoveByHand.id.desc())
    )


def _with_names(wanted: sa.Select[Any]) -> Sequence[ToldMove]:
    rows = db.session.execute(wanted).all()
    people = {each for row in rows for each in (row[0].asked_by, row[0].agreed_by, row[0].ended_by)}
    names = names_of(*people)
    return [_told_move(row[0], row[1:], names) for row in rows]


def _told_move(row: MoveByHand, file: Sequence[str], names: Mapping[str, str]) -> ToldMove:
    application, number, name, state, offering = file
    return ToldMove(
        row.reference,
        row.direction,
        row.state,
        row.reason,
        application,
        number,
        name,
        names.get(row.asked_by, ""),
        row.asked_at,
        names.get(row.agreed_by or "", ""),
        row.agreed_at,
        names.get(row.ended_by or "", ""),
        row.ended_at,
        state,
        offering,
    )


def references_in_force(intake: Intake, offering: Offering | None) -> Sequence[str]:
    """Return the references of the moves that count in an offering, or in all of an intake, for a batch that rests on
    them. One statement."""
    wanted = sa.select(MoveByHand.reference).join(Application, Application.id == MoveByHand.application_id)
    wanted = wanted.where(MoveByHand.intake_id == intake.id, _SENT, *_IN_FORCE)
    if offering is not None:
        wanted = wanted.where(of_offering(intake, offering))
    return db.session.scalars(wanted.order_by(MoveByHand.id)).all()


def awaiting(viewer: Viewer) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Return (intake, file's reference and number) of the moves to which the viewer may agree: those that others asked
    for, of files still there or set aside, while no batch of the offering rests on the ranking."""
    own = sa.or_(Batch.offering_id == MoveByHand.offering_id, Batch.offering_id.is_(None))
    live = sa.exists().where(Batch.intake_id == MoveByHand.intake_id, own, Batch.state.in_(_LIVE))
    chosen = visible(viewer, "selection.approve").join(
        Application, Application.id == MoveByHand.application_id
    )
    movable = sa.or_(_SENT, sa.and_(_SET_ASIDE, MoveByHand.direction == MoveDirection.MARK.value))
    chosen = chosen.where(MoveByHand.state == MoveState.ASKED.value, movable, ~live)
    chosen = chosen.where(MoveByHand.asked_by != viewer.reference)
    columns = (Intake, Application.reference.label("application"), Application.number)
    return db.session.execute(
        chosen.with_only_columns(*columns).order_by(MoveByHand.asked_at, MoveByHand.id)
    ).all()
