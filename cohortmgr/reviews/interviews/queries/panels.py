"""Reading what a panel hears: its days, who comes, and what they need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.queries.viewers import within
from cohortmgr.accounts.rules import Viewer, allows
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotFound, Withheld
from cohortmgr.programmes.models import Intake
from cohortmgr.reviews.interviews.models import (
    AccessRequest,
    InterviewDay,
    InterviewSlot,
    PanelMember,
    SlotBooking,
)
from cohortmgr.reviews.interviews.queries.days import HELD, concerned, intake_of
from cohortmgr.reviews.interviews.queries.hearing import unmarked_on
from cohortmgr.reviews.interviews.rules import DayState
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import WITHHELD, person_of, require_unconcerned
from cohortmgr.reviews.rules import GIVEN_BACK, OPEN


@dataclass(frozen=True)
class PanelDay:
    """A day that somebody hears: with its intake, and how many come."""

    day: InterviewDay
    intake: Intake
    people: int


def _mine(viewer: Viewer) -> sa.ColumnElement[bool]:
    heard = sa.select(PanelMember.id).where(
        PanelMember.day_id == InterviewDay.id, PanelMember.reader_id == viewer.person_id
    )
    return sa.and_(heard.exists(), within(viewer, "reviews.score", Intake.path))


def day_for(viewer: Viewer, reference: str) -> InterviewDay:
    """Return the day with this reference, to its panel and to who reads readings. Raises NotFound to anybody else, and
    Withheld to whoever has an interest in the intake."""
    wanted = sa.select(InterviewDay, _mine(viewer)).join(Intake, Intake.id == InterviewDay.intake_id)
    allowed = sa.or_(_mine(viewer), within(viewer, "reviews.read", Intake.path))
    row = db.session.execute(wanted.where(InterviewDay.reference == reference, allowed)).first()
    if row is None:
        raise NotFound(reference)
    intake = intake_of(row[0])
    if allows(viewer, "reviews.read", intake.path):
        require_unconcerned(viewer, intake)
    if row[1] and _is_concerned(viewer, intake):
        raise Withheld(WITHHELD)
    return row[0]


def _is_concerned(viewer: Viewer, intake: Intake) -> bool:
    return bool(concerned(intake, person_of(viewer)))


def member_of(viewer: Viewer, day: InterviewDay) -> PanelMember | None:
    """Return the viewer as a member of a day's panel; None if they only manage it."""
    mine = (PanelMember.day_id == day.id, PanelMember.reader_id == viewer.person_id)
    return db.session.scalar(sa.select(PanelMember).where(*mine))


def may_mark(viewer: Viewer, day: InterviewDay) -> bool:
    """Whether the viewer says who came on a day: its panel does, and who manages readings."""
    return member_of(viewer, day) is not None or allows(viewer, "reviews.assign", intake_of(day).path)


def unseen_on(viewer: Viewer, day: InterviewDay) -> set[int]:
    """Return the ids of the files that a member of a day's panel does not mark, and learns nothing of: neither who
    comes nor what they need. Whoever manages the day sees its people."""
    if member_of(viewer, day) is None or allows(viewer, "reviews.assign", intake_of(day).path):
        return set()
    return unmarked_on(viewer, day)


def booking_on(day: InterviewDay, reference: str) -> SlotBooking:
    """Return the slot with this reference that somebody has on a day. Raises NotFound."""
    wanted = sa.select(SlotBooking).join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
    wanted = wanted.where(InterviewSlot.day_id == day.id, SlotBooking.reference == reference)
    found = db.session.scalar(wanted.where(HELD))
    if found is None:
        raise NotFound(reference)
    return found


def own_readings(viewer: Viewer, day: InterviewDay, files: Iterable[int]) -> dict[int, Any]:
    """Return (reference, state, total) of the viewer's own readings of who comes on a day, by the file's id."""
    rows = sa.select(Review.application_id, Review.reference, Review.state, Review.total_thousandths).where(
        Review.application_id.in_(sorted(files)),
        Review.phase == day.phase,
        Review.reviewer_id == viewer.person_id,
        Review.state.not_in([state.value for state in GIVEN_BACK]),
    )
    return {row.application_id: row for row in db.session.execute(rows)}


def own_days(viewer: Viewer, since: date | None = None) -> Sequence[PanelDay]:
    """Return the days that the viewer hears and that take place, from a day on (today), the first one first."""
    people = (
        sa.select(sa.func.count(SlotBooking.id))
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .where(InterviewSlot.day_id == InterviewDay.id, HELD)
        .scalar_subquery()
    )
    rows = (
        sa.select(InterviewDay, Intake, people.label("people"))
        .join(Intake, Intake.id == InterviewDay.intake_id)
        .where(_mine(viewer), InterviewDay.state == DayState.OPEN.value)
        .where(InterviewDay.day >= (since or clock.today()))
        .order_by(InterviewDay.day, InterviewDay.begins, InterviewDay.id)
    )
    return [PanelDay(row[0], row[1], int(row[2])) for row in db.session.execute(rows)]


def to_mark(viewer: Viewer) -> Sequence[PanelDay]:
    """Return the days on which somebody came before the viewer whose marks they have not handed in, the first one
    first, with how many people these are."""
    mine = (Review.application_id == SlotBooking.application_id, Review.phase == SlotBooking.phase)
    people = (
        sa.select(InterviewSlot.day_id, sa.func.count().label("people"))
        .join(SlotBooking, SlotBooking.slot_id == InterviewSlot.id)
        .join(Review, sa.and_(*mine))
        .where(Review.reviewer_id == viewer.person_id, Review.state.in_([state.value for state in OPEN]))
        .where(InterviewSlot.starts_at <= clock.now(), HELD)
        .group_by(InterviewSlot.day_id)
        .subquery()
    )
    rows = sa.select(InterviewDay, Intake, people.c.people).join(people, people.c.day_id == InterviewDay.id)
    rows = rows.join(Intake, Intake.id == InterviewDay.intake_id)
    rows = rows.where(_mine(viewer), InterviewDay.state == DayState.OPEN.value)
    found = db.session.execute(rows.order_by(InterviewDay.day, InterviewDay.id))
    return [PanelDay(row[0], row[1], int(row[2])) for row in found]


def hears_anybody(viewer: Viewer) -> bool:
    """Whether the viewer is on the panel of a day to come."""
    wanted = sa.select(InterviewDay.id).join(Intake, Intake.id == InterviewDay.intake_id)
    wanted = wanted.where(_mine(viewer), InterviewDay.day >= clock.today())
    return db.session.scalar(wanted.limit(1)) is not None


def calendar_rows(viewer: Viewer, since: date) -> Sequence[Any]:
    """Return who comes to the viewer's days from a day on, as their calendar shows it: by number alone, with the slot,
    its end, the day and the intake."""
    more = sa.orm.aliased(InterviewSlot)
    rows = (
        sa.select(
            SlotBooking.reference,
            Application.number,
            InterviewSlot.starts_at,
            sa.func.coalesce(more.ends_at, InterviewSlot.ends_at).label("ends_at"),
            InterviewDay,
            Intake,
        )
        .join(InterviewSlot, InterviewSlot.id == SlotBooking.slot_id)
        .join(InterviewDay, InterviewDay.id == InterviewSlot.day_id)
        .join(Intake, Intake.id == InterviewDay.intake_id)
        .join(Application, Application.id == SlotBooking.application_id)
        .outerjoin(more, more.id == SlotBooking.more_slot_id)
        .where(_mine(viewer), InterviewDay.state == DayState.OPEN.value, InterviewDay.day >= since, HELD)
        .order_by(InterviewSlot.starts_at, Application.number)
    )
    found = db.session.execute(rows.add_columns(SlotBooking)).all()
    unmarked: dict[int, set[int]] = {}
    for row in found:
        if row.InterviewDay.intake_id not in unmarked:
            unmarked[row.InterviewDay.intake_id] = unmarked_on(viewer, row.InterviewDay)
    return [
        row for row in found if row.SlotBooking.application_id not in unmarked[row.InterviewDay.intake_id]
    ]


def said_since(day: InterviewDay, files: Iterable[int]) -> Any:
    """Return when the last of these people said what they need; None if nobody did."""
    wanted = sa.select(sa.func.max(AccessRequest.said_at))
    return db.session.scalar(wanted.where(AccessRequest.application_id.in_(sorted(files))))
