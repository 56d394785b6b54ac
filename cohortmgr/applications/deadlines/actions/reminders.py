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
from cohortmgr.applications.deadlines.queries import DRAFT_REMINDER, DueReminder
from cohortmgr.applications.file.models import Application, Extension
from cohortmgr.applications.file.rules import ApplicationState
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotPermitted
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.queries import definition_of

# How many people are told in one transaction; the next run takes the next ones.
CHUNK = 500


def remind_drafts(viewer: Viewer, due: DueReminder) -> int:
    """Write the reminder to those whose draft ends then, who had it and that end before the reminder's time, and
    who have not been told yet. Returns how many are written to."""
    if not viewer.is_system:
        raise NotPermitted("recalling is the worker's")
    intake = due.intake
    people = db.session.execute(_unreminded(due)).all()
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
                "deadline": due.closes_at,
                "until": due.window.until,
                "reference": row.reference,
            },
            intake.institution_id,
            row.person_id,
            once=row.once,
        )
        for row in people
    ]
    return send_all(letters)


def _unreminded(due: DueReminder) -> sa.Select[*tuple[Any, ...]]:
    # The end is in the name: whoever was told of one end is told of the next one too.
    end = int(due.closes_at.timestamp())
    once = sa.literal(f"{DRAFT_REMINDER}:{due.window.hours}:{end}:") + Application.reference
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
        )
        .join(Person, Person.id == Application.person_id)
        .where(Application.intake_id == due.intake.id, Application.state == ApplicationState.DRAFT.value)
        .where(_ending_then(due), Application.created_at < due.window.since, ~recalled.exists())
        .where(
            sa.or_(
                Application.email.is_not(None), Person.email.is_not(None), Person.phone_sealed.is_not(None)
            )
        )
        .order_by(Application.id)
        .limit(CHUNK)
    )


def _ending_then(due: DueReminder) -> sa.ColumnElement[bool]:
    """The condition for the drafts that end at the reminder's end. An end that was given after the reminder's time
    was told of in a letter just then."""
    given = sa.select(Extension.id).where(
        Extension.application_id == Application.id, Extension.revoked_at.is_(None)
    )
    if due.closes_at == due.intake.closes_at:
        return ~given.where(Extension.until > due.closes_at).exists()
    return given.where(Extension.until == due.closes_at, Extension.at < due.window.since).exists()
