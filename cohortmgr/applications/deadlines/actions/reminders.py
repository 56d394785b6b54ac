"""Reminds people who have begun an application, and not sent it, of the deadline.

The hours are in the definition. Nothing is planned ahead, so nothing must be corrected when somebody begins
late or sends meanwhile, or when the deadline moves. Each reminder has a name that only one message can have,
so that looking again writes nothing twice.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.deadlines.queries import DRAFT_REMINDER
from cohortmgr.applications.file.models import Application
from cohortmgr.applications.file.queries import EXTENDED
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotPermitted
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.definition.sections import ReminderWindow
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of

# How many people are told in one transaction; the next run takes the next ones.
CHUNK = 500


def remind_drafts(viewer: Viewer, intake: Intake, recall: ReminderWindow) -> int:
    """Write the reminder to those who had begun before its time and who have not had it. Returns how many are
    written to."""
    if not viewer.is_system:
        raise NotPermitted("recalling is the worker's")
    people = db.session.execute(_unreminded(intake, recall)).all()
    title = dict(definition_of(intake).title)
    letters = [
        Letter(
            DRAFT_REMINDER,
            row.person_reference,
            row.address or "",
            row.language,
            {
                "name": row.name,
                "programme": title,
                "intake": dict(intake.title),
                "deadline": max(intake.closes_at, row.extended or intake.closes_at),
                "until": recall.until,
                "reference": row.reference,
            },
            intake.institution_id,
            row.person_id,
            once=row.once,
        )
        for row in people
    ]
    return send_all(letters)


def _unreminded(intake: Intake, recall: ReminderWindow) -> sa.Select[*tuple[Any, ...]]:
    once = sa.literal(f"{DRAFT_REMINDER}:{recall.hours}:") + Application.reference
    recalled = sa.select(Message.id).where(Message.once == once)
    name = sa.func.trim(Person.given_name + " " + Person.family_name)
    return (
        sa.select(
            Application.reference,
            Application.language,
            Application.person_id,
            Person.reference.label("person_reference"),
            sa.func.coalesce(Application.email, Person.email).label("address"),
            sa.func.coalesce(sa.func.nullif(Application.name, ""), name).label("name"),
            once.label("once"),
            EXTENDED.label("extended"),
        )
        .join(Person, Person.id == Application.person_id)
        .where(Application.intake_id == intake.id, Application.state == ApplicationState.DRAFT.value)
        .where(Application.created_at < recall.since, ~recalled.exists())
        .where(
            sa.or_(
                Application.email.is_not(None), Person.email.is_not(None), Person.phone_sealed.is_not(None)
            )
        )
        .order_by(Application.id)
        .limit(CHUNK)
    )
