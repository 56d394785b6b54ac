"""Reading by which day readings are due: who is to be reminded, and who is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Account, Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.file.models import Application
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.definition.rules import IntakeState
from cohortmgr.programmes.definition.sections import Reminders, ReminderWindow
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.reviews.models import Review
from cohortmgr.reviews.queries import followed, late, owed, readers_of
from cohortmgr.reviews.rules import OPEN

READINGS_DUE = "readings_due"


@dataclass(frozen=True)
class DueReadings:
    """A reminder that is due for the readings of an intake that are to be handed in by a day."""

    intake: Intake
    day: date
    window: ReminderWindow


def due_reminders() -> list[DueReadings]:
    """Return the reminders that are due now, by intake and day; none of an intake that is archived. Two statements, and
    one of definitions each intake."""
    moment, waits = clock.now(), Review.state.in_([state.value for state in OPEN])
    days = sa.select(Review.intake_id, Review.due_on).where(waits, Review.due_on >= clock.today()).distinct()
    found, rows = [], db.session.execute(days.order_by(Review.intake_id, Review.due_on)).all()
    wanted = sa.select(Intake).where(Intake.id.in_({row.intake_id for row in rows}))
    wanted = wanted.where(Intake.state != IntakeState.ARCHIVED.value)
    intakes = {intake.id: intake for intake in db.session.scalars(wanted)} if rows else {}
    for number, day in ((row[0], row[1]) for row in rows if row[1] is not None and row[0] in intakes):
        hours = definition_of(intakes[number]).rubric.files.reminder_hours
        window = Reminders(hours).due(clock.instant(day + timedelta(days=1)), moment)
        if window is not None:
            found.append(DueReadings(intakes[number], day, window))
    return found


def unreminded(due: DueReadings) -> Sequence[Any]:
    """Return who has readings left to hand in by the day of a reminder, how many, and the name of the letter that they
    have not been sent: not those who were given all of it after its hour, nor who may not read there any longer."""
    once = (
        sa.literal(f"{READINGS_DUE}:{due.intake.reference}:{due.day:%Y%m%d}:{due.window.hours}:")
        + Person.reference
    )
    told = sa.select(Message.id).where(Message.once == once)
    people = (
        Person.id,
        Person.reference,
        Person.given_name,
        Person.family_name,
        Person.language,
        Person.email,
    )
    address = sa.func.coalesce(Account.email, Person.email).label("address")
    rows = (
        sa.select(
            *people,
            Person.id.label("person_id"),
            address,
            once.label("once"),
            sa.func.count().label("number"),
        )
        .select_from(Review)
        .join(Application, Application.id == Review.application_id)
        .join(Intake, Intake.id == Review.intake_id)
        .join(Person, Person.id == Review.reviewer_id)
        .join(Account, Account.person_id == Person.id)
        .where(Review.intake_id == due.intake.id, Review.due_on == due.day, *owed(), ~told.exists())
        .group_by(*people, Account.email)
        .having(sa.func.min(Review.assigned_at) < due.window.since)
    )
    able = {row.reference for row in readers_of(due.intake)}
    return [row for row in db.session.execute(rows.order_by(Person.id)).all() if row.reference in able]


def still_waiting(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each reminder of readings still holds when it leaves: something is awaited by the day of which it tells,
    from somebody who may read there, and the next reminder has not come. One statement for all, and those of
    `readers_of` for an intake."""
    moment = clock.now()
    rows = (
        sa.select(Intake, Person.reference, Review.due_on)
        .select_from(Review)
        .join(Application, Application.id == Review.application_id)
        .join(Intake, Intake.id == Review.intake_id)
        .join(Person, Person.id == Review.reviewer_id)
        .where(*owed())
        .where(Intake.reference.in_({each["reference"] for each in asked}))
        .where(Person.reference.in_({each["reader"] for each in asked}))
        .distinct()
    )
    found = db.session.execute(rows).all()
    able = {row[0].id: row[0] for row in found}
    readers = {number: {each.reference for each in readers_of(intake)} for number, intake in able.items()}
    waiting = {(row[0].reference, row[1], row[2]) for row in found if row[1] in readers[row[0].id]}
    return [
        moment < each["until"] and (each["reference"], each["reader"], each["day"]) in waiting
        for each in asked
    ]


def late_by_reader(viewer: Viewer, permission: str, most: int) -> Sequence[Any]:
    """Return (Intake, the reader's reference and names, how many readings are late, since which day) where the viewer
    holds the permission; who is late with most comes first."""
    rows = (
        sa.select(
            Intake,
            Person.reference,
            Person.given_name,
            Person.family_name,
            sa.func.count().label("number"),
            sa.func.min(Review.due_on).label("since"),
        )
        .select_from(Review)
        .join(Application, Application.id == Review.application_id)
        .join(Intake, Intake.id == Review.intake_id)
        .join(Person, Person.id == Review.reviewer_id)
        .where(followed(viewer, permission), *late())
        .group_by(Intake.id, Person.id)
        .order_by(sa.func.count().desc(), Intake.id, Person.id)
    )
    return db.session.execute(rows.limit(most)).all()


def next_days_of(viewer: Viewer) -> dict[int, date]:
    """Return by which day the viewer is to hand in a reading next, by the intake's id."""
    rows = sa.select(Review.intake_id, sa.func.min(Review.due_on)).group_by(Review.intake_id)
    rows = rows.join(Application, Application.id == Review.application_id)
    rows = rows.join(Intake, Intake.id == Review.intake_id)
    mine = (Review.reviewer_id == viewer.person_id, Review.due_on.is_not(None))
    found = db.session.execute(rows.where(*mine, *owed()))
    return {row[0]: row[1] for row in found if row[1] is not None}
