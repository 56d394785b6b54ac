"""Recalling the deadline to those who have begun an application and not sent it, at the hours of its definition.

Nothing is planned ahead: who comes late, who sends meanwhile and a deadline that moves need no mending. Each recall
has a name that one message bears, so that looking again writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cohortmgr.accounts.models import Person
from cohortmgr.accounts.rules import Viewer
from cohortmgr.applications.models import Application
from cohortmgr.applications.rules import State
from cohortmgr.base import clock
from cohortmgr.base.db import db
from cohortmgr.base.errors import NotPermitted
from cohortmgr.outbox.actions import Letter, send_all
from cohortmgr.outbox.models import Message
from cohortmgr.programmes.models import Intake
from cohortmgr.programmes.queries import definition_of
from cohortmgr.programmes.rules import IntakeState
from cohortmgr.programmes.sections import Recall

DRAFT_REMINDER = "draft_reminder"
# How many are told in one transaction; the next look takes the next ones.
CHUNK = 500


def due_recalls() -> list[tuple[Intake, Recall]]:
    """The open intakes in which a recall has its turn now."""
    moment = clock.now()
    running = (
        Intake.state == IntakeState.PUBLISHED.value,
        Intake.opens_at <= moment,
        Intake.closes_at > moment,
    )
    found = []
    for intake in db.session.scalars(sa.select(Intake).where(*running).order_by(Intake.id)):
        recall = definition_of(intake).reminders.due(intake.closes_at, moment)
        if recall is not None:
            found.append((intake, recall))
    return found


def recall_drafts(viewer: Viewer, intake: Intake, recall: Recall) -> int:
    """Write the reminder to those who had begun when its hour came and who have none yet; returns to how many."""
    if not viewer.is_system:
        raise NotPermitted("recalling is the worker's")
    people = db.session.execute(_unrecalled(intake, recall)).all()
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
                "deadline": intake.closes_at,
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


def _unrecalled(intake: Intake, recall: Recall) -> sa.Select[*tuple[Any, ...]]:
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
        )
        .join(Person, Person.id == Application.person_id)
        .where(Application.intake_id == intake.id, Application.state == State.DRAFT.value)
        .where(Application.created_at < recall.since, ~recalled.exists())
        .where(
            sa.or_(
                Application.email.is_not(None), Person.email.is_not(None), Person.phone_sealed.is_not(None)
            )
        )
        .order_by(Application.id)
        .limit(CHUNK)
    )


def still_unsent(asked: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Whether each reminder still holds when it leaves: its file is a draft, and neither the next one nor the end
    came. One statement for all."""
    moment = clock.now()
    names = sorted({variables["reference"] for variables in asked})
    draft = (Application.reference.in_(names), Application.state == State.DRAFT.value)
    drafts = set(db.session.scalars(sa.select(Application.reference).where(*draft)))
    return [moment < each["until"] and each["reference"] in drafts for each in asked]
